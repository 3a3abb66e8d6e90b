//! The way of soft state from its owner to the store.

use crate::settings::StoreSettings;
use model::SoftRecord;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use store::{Store, StoreError};

/// Records taken from their owner at one time, so that its other work never waits long.
pub(crate) const CHUNK: usize = 1024;

/// How long a shutdown waits for a store that is behind.
const FINAL_WAIT_MAX: Duration = Duration::from_secs(10);

/// How often it asks again meanwhile.
const FINAL_RETRY: Duration = Duration::from_millis(5);

/// Takes from its owner what changed, chunk by chunk, every few seconds.
pub(crate) struct SoftFlow {
    sink: Box<dyn Fn(Vec<SoftRecord>) -> Result<(), StoreError> + Send>,
    interval: Duration,
    records_max: usize,
    /// What the store did not take yet; nothing newer is taken from the owner before it does.
    waiting: Vec<SoftRecord>,
    due: Instant,
    /// How many more records this time may bring; 0 between two times.
    left: usize,
    deferred: Arc<AtomicU64>,
}

impl SoftFlow {
    /// The way to a store, as the operator wants it; counts in `deferred` how often the store took nothing.
    pub fn of(settings: &StoreSettings, store: &Store, deferred: Arc<AtomicU64>) -> Self {
        let writer = store.writer();
        let sink = Box::new(move |records| writer.submit_soft(records));
        Self::into_sink(sink, settings.snapshot_interval(), settings.snapshot_records_max, deferred)
    }

    pub(crate) fn into_sink(
        sink: Box<dyn Fn(Vec<SoftRecord>) -> Result<(), StoreError> + Send>,
        interval: Duration,
        records_max: usize,
        deferred: Arc<AtomicU64>,
    ) -> Self {
        let due = Instant::now() + interval;
        Self { sink, interval, records_max, waiting: Vec::new(), due, left: 0, deferred }
    }

    /// When [`Self::step`] has something to do.
    pub fn due(&self) -> Instant {
        if self.left > 0 { Instant::now() } else { self.due }
    }

    /// Moves one chunk if it is time; `take` gives at most so many records.
    pub fn step(&mut self, take: impl FnOnce(usize) -> Vec<SoftRecord>) {
        let now = Instant::now();
        if self.left == 0 {
            if now < self.due {
                return;
            }
            self.due = now + self.interval;
            self.left = self.records_max;
        }
        let wanted = self.left.min(CHUNK);
        self.left = match self.move_chunk(wanted, take) {
            Ok(moved) if moved == wanted => self.left - wanted,
            Ok(_) | Err(_) => 0,
        };
    }

    /// Moves all that is left, before the end.
    pub fn finish(&mut self, mut take: impl FnMut(usize) -> Vec<SoftRecord>) {
        let give_up = Instant::now() + FINAL_WAIT_MAX;
        loop {
            match self.move_chunk(CHUNK, &mut take) {
                Ok(0) => return,
                Ok(_) => {}
                Err(StoreError::QueueFull { .. }) if Instant::now() < give_up => thread::sleep(FINAL_RETRY),
                Err(error) => {
                    tracing::warn!(
                        event = "snapshot.incomplete",
                        %error,
                        "Not all of the state could be written; the next start resumes with an older one."
                    );
                    return;
                }
            }
        }
    }

    /// How many records were handed to the store: what waited, or else a new chunk.
    fn move_chunk(
        &mut self,
        wanted: usize,
        take: impl FnOnce(usize) -> Vec<SoftRecord>,
    ) -> Result<usize, StoreError> {
        if self.waiting.is_empty() {
            self.waiting = take(wanted);
        }
        if self.waiting.is_empty() {
            return Ok(0);
        }
        // The store takes all or nothing and keeps what it is given, so a copy stays here until it has agreed.
        match (self.sink)(self.waiting.clone()) {
            Ok(()) => Ok(std::mem::take(&mut self.waiting).len()),
            Err(error) => {
                self.deferred.fetch_add(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn record(key: usize) -> SoftRecord {
        SoftRecord { table: "test", key: key.to_string(), value: None }
    }

    #[test]
    fn records_that_the_store_refuses_are_offered_again_before_newer_ones() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let refuse = Arc::new(Mutex::new(true));
        let sink = {
            let (written, refuse) = (Arc::clone(&written), Arc::clone(&refuse));
            move |records: Vec<SoftRecord>| {
                if std::mem::take(&mut *refuse.lock().unwrap()) {
                    return Err(StoreError::QueueFull { limit: "soft_waiting_max", max: 1 });
                }
                written.lock().unwrap().extend(records.into_iter().map(|record| record.key));
                Ok(())
            }
        };
        let deferred = Arc::default();
        let mut flow = SoftFlow::into_sink(Box::new(sink), Duration::ZERO, 10, Arc::clone(&deferred));
        flow.step(|_| vec![record(1)]);
        assert!(written.lock().unwrap().is_empty());
        flow.step(|_| unreachable!("the old ones come first"));
        flow.step(|_| vec![record(2)]);
        assert_eq!(*written.lock().unwrap(), ["1", "2"]);
        assert_eq!(deferred.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_end_moves_everything() {
        let written = Arc::new(Mutex::new(0));
        let count = Arc::clone(&written);
        let sink = move |records: Vec<SoftRecord>| {
            *count.lock().unwrap() += records.len();
            Ok(())
        };
        let mut flow = SoftFlow::into_sink(Box::new(sink), Duration::from_secs(3600), 10, Arc::default());
        let mut left = 3 * CHUNK + 1;
        flow.finish(|wanted| {
            let records = (0..left.min(wanted)).map(record).collect();
            left = left.saturating_sub(wanted);
            records
        });
        assert_eq!(*written.lock().unwrap(), 3 * CHUNK + 1);
    }
}
