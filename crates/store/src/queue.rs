//! What waits for the writer: batches in order, soft records merged by key.

use crate::{Options, StoreError, clock};
use model::{Batch, SoftRecord, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whom to tell how a batch ended; told exactly once, also when the promise is dropped on the way.
pub(crate) struct Promise(Option<Done>);

type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

impl Promise {
    /// Tells how it ended.
    pub(crate) fn keep(mut self, outcome: Result<(), StoreError>) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Result<(), StoreError>) {
        if let Some(done) = self.0.take() {
            // A panic of one caller must not stop the writer for all; the panic hook has reported it.
            let _ = catch_unwind(AssertUnwindSafe(|| done(outcome)));
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.tell(Err(StoreError::Closed));
    }
}

/// A batch that was accepted.
pub(crate) struct Submitted {
    pub(crate) batch: Batch,
    pub(crate) promise: Promise,
    at: Instant,
}

/// The newest word on one key of soft state.
#[derive(Clone, Debug)]
pub(crate) struct SoftValue {
    /// JSON text; `None` removes the key.
    pub(crate) value: Option<String>,
    pub(crate) updated_at: Timestamp,
}

/// Soft records by table and key; in order, so that neighbours in the database are written together.
pub(crate) type SoftRecords = BTreeMap<(&'static str, String), SoftValue>;

/// What the writer is to do next.
pub(crate) struct Work {
    /// Batches for one commit, in the order they were submitted.
    pub(crate) group: Vec<Submitted>,
    /// Soft records whose time to be merged is over.
    pub(crate) soft: SoftRecords,
    /// The queue is closed: what was not taken by now is all there will be.
    pub(crate) closed: bool,
}

/// The bounded queue between everyone who writes and the one thread that does.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    facts_max: usize,
    group_facts_max: usize,
    group_wait: Duration,
    soft_max: usize,
    soft_interval: Duration,
}

#[derive(Default)]
struct Waiting {
    batches: VecDeque<Submitted>,
    facts: usize,
    soft: SoftRecords,
    soft_since: Option<Instant>,
    refused: u64,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            facts_max: options.queue_facts_max,
            group_facts_max: options.group_facts_max.max(1),
            group_wait: options.group_wait,
            soft_max: options.soft_waiting_max,
            soft_interval: options.soft_interval,
        }
    }

    /// Takes a batch, or refuses it at once; a refused batch's `done` is not called.
    pub(crate) fn submit(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let facts = weight(&batch);
        let max = self.facts_max;
        if facts > max {
            return Err(StoreError::BatchTooLarge { facts, max });
        }
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(StoreError::Closed);
        }
        if waiting.facts + facts > max {
            waiting.refused += 1;
            return Err(StoreError::QueueFull { limit: "queue_facts_max", max });
        }
        let was_empty = waiting.batches.is_empty();
        waiting.facts += facts;
        waiting.batches.push_back(Submitted {
            batch,
            promise: Promise(Some(Box::new(done))),
            at: Instant::now(),
        });
        let wake = was_empty || waiting.facts >= self.group_facts_max;
        drop(waiting);
        // Between the first batch and a full group the writer's own timer wakes it.
        if wake {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Takes all records or none; a newer record of a key replaces one that waits.
    pub(crate) fn submit_soft(&self, records: Vec<SoftRecord>) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let updated_at = clock::now();
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(StoreError::Closed);
        }
        if waiting.soft.len() + records.len() > self.soft_max {
            waiting.refused += records.len() as u64;
            return Err(StoreError::QueueFull { limit: "soft_waiting_max", max: self.soft_max });
        }
        for SoftRecord { table, key, value } in records {
            waiting.soft.insert((table, key), SoftValue { value, updated_at });
        }
        let wake = waiting.soft_since.is_none();
        waiting.soft_since.get_or_insert_with(Instant::now);
        drop(waiting);
        if wake {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Puts records back that could not be written, for the next attempt; newer ones of the same key win.
    pub(crate) fn put_back_soft(&self, records: SoftRecords) {
        let mut waiting = self.lock();
        for (key, value) in records {
            waiting.soft.entry(key).or_insert(value);
        }
        waiting.soft_since = Some(Instant::now());
    }

    /// Waits until a group is complete, soft records are due, `until` has come, or the queue is closed.
    pub(crate) fn take(&self, until: Instant) -> Work {
        let mut waiting = self.lock();
        loop {
            let now = Instant::now();
            let group_at = waiting.group_due_at(self, now);
            let soft_at = waiting.soft_since.map(|since| since + self.soft_interval);
            let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
            if waiting.closed || is_due(group_at) || is_due(soft_at) || until <= now {
                let closed = waiting.closed;
                let group = if closed || is_due(group_at) {
                    waiting.take_group(self.group_facts_max)
                } else {
                    Vec::new()
                };
                let soft = if closed || is_due(soft_at) { waiting.take_soft() } else { SoftRecords::new() };
                return Work { group, soft, closed };
            }
            let next = [group_at, soft_at].into_iter().flatten().fold(until, Instant::min);
            waiting = self
                .arrived
                .wait_timeout(waiting, next.saturating_duration_since(now))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Accepts nothing more; what waits is still written.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Accepts nothing more and tells everyone who waits that the store is closed.
    pub(crate) fn abandon(&self) {
        let abandoned = {
            let mut waiting = self.lock();
            waiting.closed = true;
            waiting.facts = 0;
            std::mem::take(&mut waiting.batches)
        };
        // The promises are told here, outside the lock, because their owners may ask for the depth.
        drop(abandoned);
    }

    /// How many facts and soft records wait, and how many were refused.
    pub(crate) fn depth(&self) -> (usize, usize, u64) {
        let waiting = self.lock();
        (waiting.facts, waiting.soft.len(), waiting.refused)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn group_due_at(&self, queue: &Queue, now: Instant) -> Option<Instant> {
        let oldest = self.batches.front()?;
        Some(if self.facts >= queue.group_facts_max { now } else { oldest.at + queue.group_wait })
    }

    fn take_group(&mut self, facts_max: usize) -> Vec<Submitted> {
        let mut group = Vec::new();
        let mut facts = 0;
        while let Some(next) = self.batches.front() {
            let more = weight(&next.batch);
            if !group.is_empty() && facts + more > facts_max {
                break;
            }
            facts += more;
            group.extend(self.batches.pop_front());
        }
        self.facts -= facts;
        group
    }

    fn take_soft(&mut self) -> SoftRecords {
        self.soft_since = None;
        std::mem::take(&mut self.soft)
    }
}

/// What a batch counts in the queue: its facts, and one where it has none.
fn weight(batch: &Batch) -> usize {
    batch.facts.len().max(1)
}
