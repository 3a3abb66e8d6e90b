//! The writer: the handle everyone has, and the thread that commits.

use crate::commit::Database;
use crate::queue::{Queue, SoftRecords, Submitted, Work};
use crate::{ErrorKind, Options, Status, StoreError};
use model::{Batch, Fact, SoftRecord};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The way to write; clones share one queue.
#[derive(Clone)]
pub struct Writer {
    queue: Arc<Queue>,
}

impl Writer {
    pub(crate) const fn new(queue: Arc<Queue>) -> Self {
        Self { queue }
    }

    /// Hands in facts that become durable together or not at all, and returns at once.
    ///
    /// Batches become durable in the order they are handed in. `done` is called exactly once, in the writer's
    /// thread and in that order: with `Ok` after the disk has confirmed, else with the cause. It must not block,
    /// and must not close the store. Where this returns an error nothing was taken and `done` is never called:
    /// `QueueFull`, `BatchTooLarge`, `Closed`.
    pub fn submit(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.queue.submit(batch, done)
    }

    /// Hands in soft state, written within seconds and at the close of the store.
    ///
    /// The newest record of a key wins. A failed write is repeated and counted in [`Status::soft_failures`]. All
    /// records are taken or none: `QueueFull` (offer them again later), `Closed`.
    pub fn submit_soft(&self, records: Vec<SoftRecord>) -> Result<(), StoreError> {
        self.queue.submit_soft(records)
    }
}

/// The thread that owns the writing connection.
pub(crate) struct WriterThread {
    database: Database,
    queue: Arc<Queue>,
    status: Arc<Mutex<Status>>,
    soft_chunk_max: usize,
    calls_check_interval: Duration,
    /// Soft records on their way to the disk.
    soft: SoftRecords,
    /// Whether somebody was erased, and the write-ahead log may still have it.
    has_erased: bool,
    /// When accounts of calls and the audit log are looked at next.
    calls_check_at: Instant,
}

impl WriterThread {
    pub(crate) fn new(
        database: Database,
        queue: Arc<Queue>,
        status: Arc<Mutex<Status>>,
        options: &Options,
    ) -> Self {
        Self {
            database,
            queue,
            status,
            soft_chunk_max: options.soft_chunk_max.max(1),
            calls_check_interval: options.calls_check_interval,
            soft: SoftRecords::new(),
            has_erased: false,
            calls_check_at: Instant::now(),
        }
    }

    /// Writes until the queue is closed and empty, then marks a clean end where `clean` is asked and deserved.
    pub(crate) fn run(mut self, clean: impl FnOnce() -> bool) -> Result<(), StoreError> {
        let _abandon = AbandonOnExit { queue: Arc::clone(&self.queue), status: Arc::clone(&self.status) };
        loop {
            let until = if self.soft.is_empty() { self.calls_check_at } else { Instant::now() };
            let Work { group, soft, closed } = self.queue.take(until);
            let is_last = closed && group.is_empty();
            self.commit_group(group);
            self.accept_soft(soft);
            let soft_outcome = self.write_soft_chunk();
            if is_last {
                while !self.soft.is_empty() && soft_outcome.is_ok() {
                    self.write_soft_chunk()?;
                }
                soft_outcome?;
                return self.database.finish(clean());
            }
            self.remove_old();
        }
    }

    fn commit_group(&mut self, group: Vec<Submitted>) {
        if group.is_empty() {
            return;
        }
        let started = Instant::now();
        let is_erasure = |fact: &Fact| matches!(fact, Fact::Erased(_));
        self.has_erased |= group.iter().flat_map(|submitted| &submitted.batch.facts).any(is_erasure);
        let batches: Vec<&Batch> = group.iter().map(|submitted| &submitted.batch).collect();
        let committed = self.database.commit_group(&batches);
        let mut status = lock(&self.status);
        status.commits += committed.commits;
        status.last_commit = started.elapsed();
        status.group_facts_largest = status.group_facts_largest.max(committed.facts_largest);
        for (batch, outcome) in batches.iter().zip(&committed.outcomes) {
            match outcome {
                Ok(()) => status.facts += batch.facts.len() as u64,
                Err(error) => {
                    status.batches_failed += 1;
                    status.last_failure = Some(error.clone());
                }
            }
        }
        let refused = |outcome: &Result<(), StoreError>| {
            outcome.as_ref().is_err_and(|error| error.kind() != ErrorKind::Fault)
        };
        status.is_failing = committed.outcomes.iter().any(refused);
        // Whoever is told may ask for the status.
        drop(status);
        self.empty_log();
        for (submitted, outcome) in group.into_iter().zip(committed.outcomes) {
            submitted.promise.keep(outcome);
        }
    }

    /// Empties the write-ahead log after an erasure; while somebody reads, later.
    fn empty_log(&mut self) {
        if self.has_erased {
            self.has_erased = !self.database.empty_log().unwrap_or(false);
        }
    }

    /// Adds what is due to what is on its way; the newer record wins.
    fn accept_soft(&mut self, mut soft: SoftRecords) {
        self.soft.append(&mut soft);
    }

    /// Writes the next soft records; after a failure all of them go back to wait.
    fn write_soft_chunk(&mut self) -> Result<(), StoreError> {
        if self.soft.is_empty() {
            return Ok(());
        }
        let rest = match self.soft.keys().nth(self.soft_chunk_max).cloned() {
            Some(first_of_rest) => self.soft.split_off(&first_of_rest),
            None => SoftRecords::new(),
        };
        let chunk = std::mem::replace(&mut self.soft, rest);
        let outcome = self.database.commit_soft(&chunk);
        let mut status = lock(&self.status);
        status.is_failing = outcome.is_err();
        match &outcome {
            Ok(()) => status.soft_records += chunk.len() as u64,
            Err(error) => {
                status.soft_failures += 1;
                status.last_failure = Some(error.clone());
                drop(status);
                self.queue.put_back_soft(chunk);
                self.queue.put_back_soft(std::mem::take(&mut self.soft));
            }
        }
        outcome
    }

    /// Removes a few accounts of calls and rows of the audit log where it is time; comes back at once while there are
    /// more.
    fn remove_old(&mut self) {
        if Instant::now() < self.calls_check_at {
            return;
        }
        self.empty_log();
        let outcomes = [
            self.database.remove_old_calls(),
            self.database.remove_old_audit(),
            self.database.remove_old_history(),
        ];
        let mut status = lock(&self.status);
        let Status { calls_removed, audit_removed, history_removed, last_failure, .. } = &mut *status;
        let mut more = false;
        for (outcome, counter) in outcomes.into_iter().zip([calls_removed, audit_removed, history_removed]) {
            match outcome {
                Ok(removed) => {
                    *counter += removed.rows;
                    more |= removed.more;
                }
                Err(error) => *last_failure = Some(error),
            }
        }
        if !more {
            self.calls_check_at = Instant::now() + self.calls_check_interval;
        }
    }
}

/// Tells everyone who waits, should the thread end before its time.
struct AbandonOnExit {
    queue: Arc<Queue>,
    status: Arc<Mutex<Status>>,
}

impl Drop for AbandonOnExit {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.status).last_failure = Some(StoreError::Closed);
        }
        self.queue.abandon();
    }
}

fn lock(status: &Mutex<Status>) -> MutexGuard<'_, Status> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}
