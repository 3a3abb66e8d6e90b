//! Promises: effects that may leave only when the facts they rest on are durable.
//!
//! The commits of a shard stand in one queue, the first of them under way. While the store can't write, the engine
//! goes on and knows more than the store: what is missing there is [`Unwritten`]. There is no clock and no store in
//! here: what is to be committed comes out of [`Promises::poll_commit`], how that ended goes into
//! [`Promises::conclude`], and what may or must be said comes out of [`Promises::poll`].

use super::ShardCounters;
use super::unwritten::{Ground, Unwritten};
use model::{Batch, Effect, Fact, Instant, Millis, Request};
use std::collections::VecDeque;
use std::sync::Arc;
use store::StoreError;

/// Commits under way at one time.
pub(super) const COMMITS_MAX: usize = 64;

/// Facts under way at one time; half of what the store's queue takes by default.
const FACTS_MAX: usize = 32_768;

/// Facts of one commit; a batch that has more is divided.
const COMMIT_FACTS_MAX: usize = 4096;

/// Facts and promises that may wait. A store that is behind gets no more until it has caught up; one that does not
/// write at all leaves new claims refused.
const WAITING_MAX: usize = 65_536;

/// How long a commit may take before the store counts as one that does not write.
const COMMIT_MAX: Millis = Millis::seconds(5);

/// Commits, and what waits for them.
pub(super) struct Promises {
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
    /// What may or must be said, in order.
    said: VecDeque<Effect>,
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

impl Promises {
    pub fn new(counters: Arc<ShardCounters>) -> Self {
        Self {
            queue: VecDeque::new(),
            begun: 0,
            begun_facts: 0,
            weight: 0,
            progress_at: Instant(0),
            is_stalled: false,
            last_batch: 0,
            failed_batch: 0,
            unwritten: Unwritten::new(counters),
            said: VecDeque::new(),
        }
    }

    /// Takes facts to be committed, and keeps effects until they are.
    pub fn promise(&mut self, mut facts: Vec<Fact>, promised: Vec<Effect>) {
        if facts.is_empty() {
            return promised.into_iter().for_each(|effect| self.answer(effect));
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
        self.set_aside_what_waits();
    }

    /// Keeps an effect that brought no facts until those before it are durable; where all are, it is said now.
    pub fn answer(&mut self, effect: Effect) {
        match self.queue.back_mut() {
            Some(last) => {
                last.attached.push(effect);
                self.weight += 1;
            }
            None => self.said.extend(self.unwritten.judge(effect, self.unwritten.ground())),
        }
    }

    /// Says an effect that waits for nothing, after what was said before.
    pub fn say(&mut self, effect: Effect) {
        self.said.push_back(effect);
    }

    /// The next facts to hand to the store, which count as under way from here on. Where it does not take them at
    /// all, tell [`Self::refused`] before the next call of anything else.
    pub fn poll_commit(&mut self, now: Instant) -> Option<Batch> {
        let next = self.queue.get(self.begun)?;
        let may_begin = match next.is_retry {
            true => self.begun == 0,
            false => !self.unwritten.is_failing(),
        };
        let has_room = self.begun < COMMITS_MAX && self.begun_facts + next.facts.len() <= FACTS_MAX;
        if !may_begin || !has_room {
            return None;
        }
        if self.begun == 0 {
            self.progress_at = now;
        }
        self.begun += 1;
        self.begun_facts += next.facts.len();
        Some(Batch { facts: next.facts.clone() })
    }

    /// Takes back what [`Self::poll_commit`] gave last: the store did not take it.
    pub fn refused(&mut self, now: Instant, error: &StoreError) {
        self.begun = self.begun.saturating_sub(1);
        let Some(commit) = self.queue.get(self.begun) else { return };
        self.begun_facts = self.begun_facts.saturating_sub(commit.facts.len());
        if commit.is_retry {
            let attempt = self.pop();
            self.unwritten.failed_again(now, error);
            self.say_attached(attempt.map(|attempt| attempt.attached).unwrap_or_default());
        } else {
            self.unwritten.failed(now, error);
        }
        self.set_aside_what_waits();
    }

    /// Takes the end of the oldest commit that is under way.
    pub fn conclude(&mut self, now: Instant, outcome: Result<(), StoreError>) {
        let Some(commit) = self.pop() else { return };
        self.begun = self.begun.saturating_sub(1);
        self.begun_facts = self.begun_facts.saturating_sub(commit.facts.len());
        self.progress_at = now;
        if self.is_stalled {
            self.is_stalled = false;
            tracing::info!(event = "store.goes_on", "The store writes again.");
        }
        match outcome {
            Ok(()) if commit.is_retry => {
                self.unwritten.written(now, commit.facts.len());
                self.say_attached(commit.attached);
            }
            Ok(()) => self.keep_promise(commit),
            Err(error) if commit.is_retry => {
                self.unwritten.failed_again(now, &error);
                self.say_attached(commit.attached);
            }
            Err(error) => {
                self.unwritten.failed(now, &error);
                self.set_aside(commit);
            }
        }
        self.set_aside_what_waits();
    }

    /// Tries again what the store does not have, if it is time, and notices a store that has stopped to write.
    pub fn keep_time(&mut self, now: Instant) {
        if self.begun == 0
            && let Some(facts) = self.unwritten.take_due(now)
        {
            self.push(Commit { is_retry: true, ..Commit::new(0, facts, Vec::new()) });
        }
        if self.begun > 0 && !self.is_stalled && self.progress_at.after(COMMIT_MAX) <= now {
            self.is_stalled = true;
            tracing::error!(
                event = "store.stalled",
                "The store has not written for {} s; look at the disk. Presence goes on; what must be durable waits.",
                COMMIT_MAX.0 / 1000
            );
        }
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        match self.begun {
            0 => self.unwritten.due(),
            _ if self.is_stalled => None,
            _ => Some(self.progress_at.after(COMMIT_MAX)),
        }
    }

    /// The next thing that may or must be said.
    pub fn poll(&mut self) -> Option<Effect> {
        self.said.pop_front()
    }

    /// Whether nothing waits for the store.
    pub const fn is_at_rest(&self) -> bool {
        self.begun == 0 && !self.unwritten.is_failing()
    }

    /// Counts and tells what the store does not have, at the end.
    pub fn give_up(&self) {
        let waiting = self.queue.iter().filter(|commit| !commit.is_retry);
        self.unwritten.give_up(waiting.map(|commit| commit.facts.len()).sum());
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

    /// Says what rests on a commit that was written.
    fn keep_promise(&mut self, commit: Commit) {
        let is_whole = self.failed_batch != commit.batch;
        let ground = if is_whole { Ground::Written } else { Ground::Partly };
        let unwritten = &self.unwritten;
        self.said.extend(commit.promised.into_iter().filter_map(|effect| unwritten.judge(effect, ground)));
        self.say_attached(commit.attached);
        if self.unwritten.is_failing() {
            // A commit before it failed and is tried again: to keep the order, so is this one.
            self.unwritten.keep(commit.facts);
        }
    }

    /// Says what came after a commit, brought no facts, and rests on all before it.
    fn say_attached(&mut self, attached: Vec<Effect>) {
        let (unwritten, ground) = (&self.unwritten, self.unwritten.ground());
        self.said.extend(attached.into_iter().filter_map(|effect| unwritten.judge(effect, ground)));
    }

    /// While the store can't write, everything behind the commits under way is kept, and said what must be.
    fn set_aside_what_waits(&mut self) {
        while self.unwritten.is_failing()
            && self.begun == 0
            && self.queue.front().is_some_and(|commit| !commit.is_retry)
        {
            let Some(commit) = self.pop() else { return };
            self.set_aside(commit);
        }
    }

    /// Keeps what a commit brought that was not written, and says what must be said of it.
    fn set_aside(&mut self, commit: Commit) {
        self.failed_batch = commit.batch;
        self.unwritten.drop_messages(&commit.facts);
        self.unwritten.keep(commit.facts);
        let unwritten = &self.unwritten;
        let promised = commit.promised.into_iter().chain(commit.attached);
        self.said.extend(promised.filter_map(|effect| unwritten.judge(effect, Ground::Unwritten)));
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
}

impl Commit {
    const fn new(batch: u64, facts: Vec<Fact>, promised: Vec<Effect>) -> Self {
        Self { batch, facts, promised, attached: Vec::new(), is_retry: false }
    }

    const fn weight(&self) -> usize {
        self.facts.len() + self.promised.len() + self.attached.len()
    }
}
