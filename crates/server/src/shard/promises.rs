//! Promises: effects that may leave only when the facts they rest on are durable.
//!
//! The commits of a shard stand in one queue, the first of them under way. While the store can't write, the engine
//! goes on and knows more than the store: what is missing there is [`Unwritten`].

use super::ShardCounters;
use super::unwritten::{Ground, Unwritten};
use crossbeam_channel::{Receiver, Sender, bounded};
use model::{Batch, Effect, Fact, Request};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::{StoreError, Writer};

/// Commits under way at one time.
const COMMITS_MAX: usize = 64;

/// Facts under way at one time; half of what the store's queue takes by default.
const FACTS_MAX: usize = 32_768;

/// Facts of one commit; a batch that has more is divided.
const COMMIT_FACTS_MAX: usize = 4096;

/// Facts and promises that may wait. A store that is behind gets no more until it has caught up; one that does not
/// write at all leaves new claims refused.
const WAITING_MAX: usize = 65_536;

/// How long a commit may take before the store counts as one that does not write.
const COMMIT_MAX: Duration = Duration::from_secs(5);

/// How long the end waits for a store that does not write.
const FINISH_MAX: Duration = Duration::from_secs(10);

/// Where batches go: [`Writer::submit`], or what a test puts in its place.
pub(crate) type BatchSink =
    Box<dyn Fn(Batch, Box<dyn FnOnce(Result<(), StoreError>) + Send>) -> Result<(), StoreError> + Send>;

/// How one commit ended. Commits end in the order they were begun.
pub(crate) struct Outcome(Result<(), StoreError>);

/// Commits, and what waits for them.
pub(crate) struct Promises {
    sink: BatchSink,
    ended: Sender<Outcome>,
    outcomes: Receiver<Outcome>,
    /// In order; the first [`Self::begun`] are under way.
    queue: VecDeque<Commit>,
    begun: usize,
    begun_facts: usize,
    /// Facts and promises in the queue.
    weight: usize,
    /// When a commit ended last, or the first of the queue was begun.
    progress_at: Instant,
    is_stalled: bool,
    /// The number of the last batch, and of the last of which a commit failed.
    last_batch: u64,
    failed_batch: u64,
    unwritten: Unwritten,
    /// Tells the other threads that the store does not write.
    failing: Arc<AtomicBool>,
}

struct Commit {
    /// Of which batch; one that has many facts has several commits.
    batch: u64,
    facts: Vec<Fact>,
    /// What rests on the facts of this batch.
    promised: Vec<Effect>,
    /// What came later and rests on all facts up to here.
    attached: Vec<Effect>,
    is_retry: bool,
}

/// Where the facts of a shard are written.
pub(crate) fn to_store(writer: Writer) -> BatchSink {
    Box::new(move |batch, done| writer.submit(batch, done))
}

impl Promises {
    /// Promises that rest on `sink`; `failing` tells other threads whether it does not write.
    pub fn new(sink: BatchSink, failing: Arc<AtomicBool>, counters: Arc<ShardCounters>) -> Self {
        // Room for every commit under way, so that the writer's thread never waits for us.
        let (ended, outcomes) = bounded(COMMITS_MAX);
        Self {
            sink,
            ended,
            outcomes,
            queue: VecDeque::new(),
            begun: 0,
            begun_facts: 0,
            weight: 0,
            progress_at: Instant::now(),
            is_stalled: false,
            last_batch: 0,
            failed_batch: 0,
            unwritten: Unwritten::new(counters),
            failing,
        }
    }

    /// Commits facts, and keeps effects until that is done; what may or must be said now comes back.
    pub fn promise(&mut self, mut facts: Vec<Fact>, promised: Vec<Effect>) -> Vec<Effect> {
        if facts.is_empty() {
            return promised.into_iter().flat_map(|effect| self.answer(effect)).collect();
        }
        self.last_batch += 1;
        if facts.len() > COMMIT_FACTS_MAX {
            // Messages last, so that they are in the commit that their acceptance waits for.
            facts.sort_by_key(|fact| matches!(fact, Fact::Message { .. }));
        }
        while facts.len() > COMMIT_FACTS_MAX {
            let rest = facts.split_off(COMMIT_FACTS_MAX);
            self.push(Commit::new(self.last_batch, facts, Vec::new()));
            facts = rest;
        }
        self.push(Commit::new(self.last_batch, facts, promised));
        self.go_on()
    }

    /// Keeps an effect that brought no facts until those before it are durable; comes back at once where all are.
    pub fn answer(&mut self, effect: Effect) -> Vec<Effect> {
        match self.queue.back_mut() {
            Some(last) => {
                last.attached.push(effect);
                self.weight += 1;
                Vec::new()
            }
            None => self.unwritten.judge(vec![effect], self.unwritten.ground()),
        }
    }

    /// Takes the end of the oldest commit; what may or must be said now comes back.
    pub fn conclude(&mut self, outcome: Outcome) -> Vec<Effect> {
        let Some(commit) = self.pop() else { return Vec::new() };
        self.begun = self.begun.saturating_sub(1);
        self.begun_facts = self.begun_facts.saturating_sub(commit.facts.len());
        self.progress_at = Instant::now();
        if self.is_stalled {
            self.is_stalled = false;
            tracing::info!(event = "store.goes_on", "The store writes again.");
        }
        let mut said = match outcome.0 {
            Ok(()) if commit.is_retry => {
                self.unwritten.written(commit.facts.len());
                Vec::new()
            }
            Ok(()) => {
                let is_whole = self.failed_batch != commit.batch;
                let ground = if is_whole { Ground::Written } else { Ground::Partly };
                let mut said = self.unwritten.judge(commit.promised, ground);
                said.extend(self.unwritten.judge(commit.attached, self.unwritten.ground()));
                if self.unwritten.is_failing() {
                    // A commit before it failed and is tried again: to keep the order, so is this one.
                    self.unwritten.keep(commit.facts);
                }
                said
            }
            Err(error) if commit.is_retry => {
                self.unwritten.failed_again(&error);
                Vec::new()
            }
            Err(error) => {
                self.unwritten.failed(&error);
                self.set_aside(commit)
            }
        };
        said.extend(self.go_on());
        self.tell();
        said
    }

    /// Tries again what the store does not have, if it is time, and notices a store that has stopped to write.
    pub fn keep_time(&mut self) {
        if self.begun == 0
            && let Some(facts) = self.unwritten.take_due()
        {
            self.push(Commit { is_retry: true, ..Commit::new(0, facts, Vec::new()) });
            self.begin_next();
        }
        if self.begun > 0 && !self.is_stalled && self.progress_at.elapsed() >= COMMIT_MAX {
            self.is_stalled = true;
            tracing::error!(
                event = "store.stalled",
                "The store has not written for {} s; look at the disk. Presence goes on; what must be durable waits.",
                COMMIT_MAX.as_secs()
            );
        }
        self.tell();
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        match self.begun {
            0 => self.unwritten.due(),
            _ if self.is_stalled => None,
            _ => Some(self.progress_at + COMMIT_MAX),
        }
    }

    /// Waits for all commits, and for a while for a store that does not write. Every item is what may be said.
    pub fn finish(&mut self) -> Vec<Vec<Effect>> {
        let give_up = Instant::now() + FINISH_MAX;
        let mut said = Vec::new();
        while self.begun > 0 || self.unwritten.is_failing() {
            let next = self.due().unwrap_or(give_up).min(give_up);
            if let Ok(outcome) = self.outcomes.recv_deadline(next) {
                said.push(self.conclude(outcome));
            }
            if Instant::now() >= give_up {
                break;
            }
            self.keep_time();
        }
        let lost = self.queue.iter().map(|commit| commit.facts.len()).sum();
        self.unwritten.give_up(lost);
        said
    }

    /// The ends of commits.
    pub const fn outcomes(&self) -> &Receiver<Outcome> {
        &self.outcomes
    }

    /// Whether nothing more may be begun until the store has caught up.
    pub const fn is_behind(&self) -> bool {
        self.weight >= WAITING_MAX && !self.is_stalled && !self.unwritten.is_failing()
    }

    /// Whether no new claim may be taken, because the store does not write and enough waits for it.
    pub fn is_exhausted(&self) -> bool {
        let waiting = self.weight + self.unwritten.len();
        waiting >= WAITING_MAX && (self.is_stalled || self.unwritten.is_failing())
    }

    /// Whether the store writes, as far as we know.
    pub const fn is_writing(&self) -> bool {
        !self.is_stalled && !self.unwritten.is_failing()
    }

    /// The messages that the store did not take since the last call, for the engine to take back.
    pub fn take_retracted(&mut self) -> Vec<Request> {
        self.unwritten.take_retracted()
    }

    /// Begins what may be begun. While the store can't write, everything behind the commits under way is kept, and
    /// what may or must be said of it comes back.
    fn go_on(&mut self) -> Vec<Effect> {
        let mut said = Vec::new();
        loop {
            if !self.unwritten.is_failing() {
                let Some(next) = self.queue.get(self.begun) else { return said };
                let has_room = self.begun < COMMITS_MAX && self.begun_facts + next.facts.len() <= FACTS_MAX;
                if !has_room {
                    return said;
                }
                self.begin_next();
            } else if self.begun > 0 {
                return said;
            } else {
                let Some(commit) = self.pop() else { return said };
                said.extend(self.set_aside(commit));
            }
        }
    }

    /// Keeps what a commit brought that was not written; what must be said of it.
    fn set_aside(&mut self, commit: Commit) -> Vec<Effect> {
        self.failed_batch = commit.batch;
        self.unwritten.drop_messages(&commit.facts);
        self.unwritten.keep(commit.facts);
        let mut said = self.unwritten.judge(commit.promised, Ground::Unwritten);
        said.extend(self.unwritten.judge(commit.attached, Ground::Unwritten));
        said
    }

    /// Hands the next commit of the queue to the store.
    fn begin_next(&mut self) {
        let Some(next) = self.queue.get(self.begun) else { return };
        let ended = self.ended.clone();
        let batch = Batch { facts: next.facts.clone() };
        let done = Box::new(move |outcome| {
            let _ = ended.send(Outcome(outcome));
        });
        match (self.sink)(batch, done) {
            Ok(()) => {
                if self.begun == 0 {
                    self.progress_at = Instant::now();
                }
                self.begun += 1;
                self.begun_facts += next.facts.len();
            }
            Err(error) if next.is_retry => {
                self.pop();
                self.unwritten.failed_again(&error);
            }
            Err(error) => self.unwritten.failed(&error),
        }
    }

    fn push(&mut self, commit: Commit) {
        self.weight += commit.weight();
        self.queue.push_back(commit);
    }

    fn pop(&mut self) -> Option<Commit> {
        let commit = self.queue.pop_front()?;
        self.weight = self.weight.saturating_sub(commit.weight());
        Some(commit)
    }

    fn tell(&self) {
        self.failing.store(!self.is_writing(), Ordering::Relaxed);
    }
}

impl Commit {
    const fn new(batch: u64, facts: Vec<Fact>, promised: Vec<Effect>) -> Self {
        Self { batch, facts, promised, attached: Vec::new(), is_retry: false }
    }

    const fn weight(&self) -> usize {
        self.facts.len() + self.promised.len() + self.attached.len()
    }
}
