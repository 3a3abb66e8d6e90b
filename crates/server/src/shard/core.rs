//! A shard without thread, clock and store: batches of requests in, facts to commit and effects to release out.

use super::ShardCounters;
use super::promises::Promises;
use super::refusal::is_unwritten;
use crate::containment::{Containment, Panicked};
use engine::{Effects, Engine};
use model::{AgentId, AuditEvent, Batch, CallDetailRecord, Effect, Fact, Instant, Now, Request, SoftRecord};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::StoreError;

/// *Persist, then speak*: what the engine does on behalf of requests leaves when the disk has what it rests on.
///
/// One input, then drain: after each call of [`Self::end_batch`], [`Self::conclude`] or [`Self::keep_time`] take what
/// is to be committed from [`Self::poll_commit`] until it gives nothing, and then what is to be told from
/// [`Self::poll`] until it gives nothing. Come back with requests, with the end of a commit, or at
/// [`Self::deadline`].
pub struct Core {
    engine: Engine,
    pub(super) promises: Promises,
    pub(super) effects: Effects,
    /// Accounts of calls that ended in this batch.
    calls: Vec<Fact>,
    /// Refusals for the audit log.
    audited: Vec<AuditEvent>,
    /// Whether the engine was told something after its last batch that only the next one settles.
    is_unsettled: bool,
    containment: Containment,
    pub(super) counters: Arc<ShardCounters>,
}

/// Why a shard ended before it was told to: its engine failed again and again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Failed;

/// Whether a request was taken to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Taken {
    /// It was, and is answered.
    Whole,
    /// The engine failed on it. Nothing of it is said or kept, so whoever asked gets no answer.
    GivenUp,
}

impl Core {
    /// A shard of this engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self::counting(engine, Arc::default())
    }

    pub(crate) fn counting(engine: Engine, counters: Arc<ShardCounters>) -> Self {
        Self {
            engine,
            promises: Promises::new(Arc::clone(&counters)),
            effects: Effects::default(),
            calls: Vec::new(),
            audited: Vec::new(),
            is_unsettled: false,
            containment: Containment::new("engine", Arc::clone(&counters.panics)),
            counters,
        }
    }

    /// Takes a request of a batch.
    ///
    /// # Errors
    /// The engine failed too often.
    pub fn request(&mut self, now: Now, request: Request) -> Result<Taken, Failed> {
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(refused) = self.refuse_unwritable(&request) {
            self.effects.immediate.push(refused);
            return Ok(Taken::Whole);
        }
        let Effects { facts, promised, immediate, audited } = &self.effects;
        let before = (facts.len(), promised.len(), immediate.len(), audited.len());
        match self.containment.run(now.instant, || self.engine.handle(now, request, &mut self.effects)) {
            Ok(()) => {
                // Messages to groups bring many facts each, and those of one must not come into two commits.
                if self.effects.facts.len() >= BATCH_FACTS_MAX {
                    self.file();
                }
                Ok(Taken::Whole)
            }
            Err(panicked) => {
                // Half of what a request leads to is worse than nothing; whoever asked asks again.
                self.effects.facts.truncate(before.0);
                self.effects.promised.truncate(before.1);
                self.effects.immediate.truncate(before.2);
                self.effects.audited.truncate(before.3);
                bear(Err(panicked)).map(|()| Taken::GivenUp)
            }
        }
    }

    /// Takes the account of a call that has ended, into this batch.
    pub fn call(&mut self, record: CallDetailRecord) {
        self.calls.push(Fact::Call(Box::new(record)));
    }

    /// Ends a batch, which may be empty: does what is due, composes every document that has changed once, and files
    /// facts and effects.
    ///
    /// # Errors
    /// The engine failed too often.
    pub fn end_batch(&mut self, now: Now) -> Result<(), Failed> {
        self.is_unsettled = false;
        if self.engine.deadline().is_some_and(|deadline| deadline <= now.instant) {
            self.think(now, |engine, _| engine.timeout(now))?;
        }
        self.think(now, |engine, effects| engine.settle(now, effects))?;
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        self.file();
        Ok(())
    }

    /// The next facts to hand to the store; where it does not take them, call [`Self::refused`].
    pub fn poll_commit(&mut self, now: Instant) -> Option<Batch> {
        self.promises.poll_commit(now)
    }

    /// Takes note that the store did not take what [`Self::poll_commit`] gave last.
    pub fn refused(&mut self, now: Instant, error: &StoreError) {
        self.promises.refused(now, error);
    }

    /// Takes the end of the oldest commit under way; commits end in the order in which they came out.
    pub fn conclude(&mut self, now: Instant, outcome: Result<(), StoreError>) {
        self.promises.conclude(now, outcome);
    }

    /// Tries again what the store did not take, if it is time.
    pub fn keep_time(&mut self, now: Instant) {
        self.promises.keep_time(now);
    }

    /// What was refused since the last call, for the audit log.
    pub fn take_audited(&mut self) -> Vec<AuditEvent> {
        std::mem::take(&mut self.audited)
    }

    /// The next effect to release.
    ///
    /// # Errors
    /// The engine failed too often when it was told what the store did not take.
    pub fn poll(&mut self, now: Now) -> Result<Option<Effect>, Failed> {
        for retract in self.promises.take_retracted() {
            self.is_unsettled = true;
            self.think(now, |engine, effects| engine.handle(now, retract, effects))?;
        }
        let Some(effect) = self.promises.poll() else { return Ok(None) };
        self.count_refusal(&effect);
        if let Effect::ClaimRefused { agent, refusal, .. } = &effect
            && is_unwritten(refusal)
        {
            self.forget(now, *agent)?;
        }
        Ok(Some(effect))
    }

    /// When to come back; a moment that has passed: at once.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if self.is_unsettled {
            return Some(Instant(0));
        }
        self.engine.deadline().into_iter().chain(self.promises.due()).min()
    }

    /// When [`Self::keep_time`] has something to do.
    #[must_use]
    pub fn retry_due(&self) -> Option<Instant> {
        self.promises.due()
    }

    /// Whether to take no more requests until a commit has ended, because the store is behind.
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        self.promises.is_behind()
    }

    /// Whether the store writes, as far as is known.
    #[must_use]
    pub const fn is_writing(&self) -> bool {
        self.promises.is_writing()
    }

    /// Whether no commit is under way and nothing is to be tried again.
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        self.promises.is_at_rest()
    }

    /// Counts and tells what the store did not take, at the end.
    pub fn give_up(&self) {
        self.promises.give_up();
    }

    /// The engine, to look at.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Lets somebody look at the engine who may be at fault.
    ///
    /// # Errors
    /// That failed too often.
    pub(super) fn look(&mut self, now: Now, look: impl FnOnce(&Engine)) -> Result<(), Failed> {
        self.think(now, |engine, _| look(engine))
    }

    /// The soft state of the engine that changed since the last call, at most `limit` records.
    ///
    /// # Errors
    /// The engine failed too often.
    pub fn snapshot(&mut self, now: Now, limit: usize) -> Result<Vec<SoftRecord>, Failed> {
        let mut records = Vec::new();
        self.think(now, |engine, _| records = engine.snapshot(limit))?;
        Ok(records)
    }

    /// Files what a batch led to: facts to be committed, promises behind them, and what need not wait.
    pub(super) fn file(&mut self) {
        let mut facts = std::mem::take(&mut self.effects.facts);
        facts.append(&mut self.calls);
        let promised = std::mem::take(&mut self.effects.promised);
        if !facts.is_empty() || !promised.is_empty() {
            self.promises.promise(facts, promised);
        }
        let mut immediate = std::mem::take(&mut self.effects.immediate);
        for effect in immediate.drain(..) {
            // What brings no news may rest on facts that an earlier batch brought.
            if self.waits_in_line(&effect) {
                self.promises.answer(effect);
            } else {
                self.promises.say(effect);
            }
        }
        // Its room serves the next batch.
        self.effects.immediate = immediate;
        self.audited.append(&mut self.effects.audited);
    }

    /// Takes back a claim that the engine granted and the store did not.
    fn forget(&mut self, now: Now, agent: AgentId) -> Result<(), Failed> {
        let request = Request::Depart {
            agent,
            at: now.wall,
            reason: "the server could not store its name".into(),
            is_farewell: false,
        };
        self.is_unsettled = true;
        self.think(now, |engine, effects| engine.handle(now, request, effects))
    }

    fn think(&mut self, now: Now, step: impl FnOnce(&mut Engine, &mut Effects)) -> Result<(), Failed> {
        let Self { engine, effects, containment, .. } = self;
        bear(containment.run(now.instant, || step(engine, effects)))
    }
}

/// Facts after which what a batch has led to so far is filed: half of what one commit takes, so that the copies of a
/// message to a group ([`engine::MessageSettings::group_copies_max`], at most 1000) come into the same.
const BATCH_FACTS_MAX: usize = 2048;

/// Goes on after a step that failed, unless too many have.
fn bear(outcome: Result<(), Panicked>) -> Result<(), Failed> {
    match outcome {
        Err(Panicked::Stop) => Err(Failed),
        Ok(()) | Err(Panicked::GoOn) => Ok(()),
    }
}
