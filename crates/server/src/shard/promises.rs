//! Promises: effects that may leave only when the facts they rest on are durable.
//!
//! While the store can't write, the engine goes on and knows more than the store. What the store does not have is
//! kept in order and tried again; claims on those names are refused meanwhile, all others stand, and presence goes
//! on. When too much waits, no new claim is taken at all.

use super::{STORE_LIMIT, ShardCounters};
use crossbeam_channel::{Receiver, Sender, bounded};
use model::{Address, Batch, Effect, Fact, Refusal};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::{ErrorKind, StoreError, Writer};

/// Commits under way at one time.
const IN_FLIGHT_MAX: usize = 64;

/// Facts that may wait for a store that can't write.
const UNWRITTEN_MAX: usize = 65_536;

/// Facts tried again in one commit.
const RETRY_CHUNK: usize = 512;

/// How long the store is left alone after a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// How long the end waits for a store that can't write.
const FINISH_MAX: Duration = Duration::from_secs(10);

/// Where batches go: [`Writer::submit`], or what a test puts in its place.
pub(crate) type BatchSink =
    Box<dyn Fn(Batch, Box<dyn FnOnce(Result<(), StoreError>) + Send>) -> Result<(), StoreError> + Send>;

/// How one commit ended. Commits end in the order they were begun.
pub(crate) struct Outcome(Result<(), StoreError>);

/// Commits under way, and what waits for them.
pub(crate) struct Promises {
    sink: BatchSink,
    ended: Sender<Outcome>,
    outcomes: Receiver<Outcome>,
    in_flight: VecDeque<Commit>,
    /// Facts that the store does not have, in order.
    unwritten: VecDeque<Fact>,
    /// The principals they are about.
    affected: HashSet<Address>,
    retry_at: Option<Instant>,
    /// Facts in the next attempt; one at a time when the store has found one of them at fault.
    retry_chunk: usize,
    /// Tells the other threads.
    failing: Arc<AtomicBool>,
    counters: Arc<ShardCounters>,
}

struct Commit {
    facts: Vec<Fact>,
    promised: Vec<Effect>,
    is_retry: bool,
}

/// Where the facts of a shard are written.
pub(crate) fn to_store(writer: Writer) -> BatchSink {
    Box::new(move |batch, done| writer.submit(batch, done))
}

impl Promises {
    /// Promises that rest on `sink`; `failing` tells other threads whether it can't write.
    pub fn new(sink: BatchSink, failing: Arc<AtomicBool>, counters: Arc<ShardCounters>) -> Self {
        // Room for every commit under way, so that the writer's thread never waits for us.
        let (ended, outcomes) = bounded(IN_FLIGHT_MAX);
        Self {
            sink,
            ended,
            outcomes,
            in_flight: VecDeque::new(),
            unwritten: VecDeque::new(),
            affected: HashSet::new(),
            retry_at: None,
            retry_chunk: RETRY_CHUNK,
            failing,
            counters,
        }
    }

    /// Commits facts, and keeps effects until that is done; what may or must be said now comes back.
    pub fn promise(&mut self, facts: Vec<Fact>, promised: Vec<Effect>) -> Vec<Effect> {
        if self.is_failing() {
            self.keep(facts);
            return self.judge(promised);
        }
        if facts.is_empty() {
            return promised.into_iter().flat_map(|effect| self.answer(effect)).collect();
        }
        self.begin(Commit { facts, promised, is_retry: false })
    }

    /// Keeps an effect that brought no facts until those before it are durable; comes back at once where all are.
    pub fn answer(&mut self, effect: Effect) -> Vec<Effect> {
        match self.in_flight.back_mut() {
            Some(last) => {
                last.promised.push(effect);
                Vec::new()
            }
            None => self.judge(vec![effect]),
        }
    }

    /// Takes the end of the oldest commit; what may or must be said now comes back.
    pub fn conclude(&mut self, outcome: Outcome) -> Vec<Effect> {
        let Some(commit) = self.in_flight.pop_front() else { return Vec::new() };
        match outcome.0 {
            Ok(()) if commit.is_retry => {
                self.unwritten.drain(..commit.facts.len());
                self.settle_failure();
                Vec::new()
            }
            Ok(()) => {
                let said = self.judge(commit.promised);
                if self.is_failing() {
                    // A commit before it failed and is tried again: to keep the order, so is this one.
                    self.keep(commit.facts);
                }
                said
            }
            Err(error) => {
                self.failed(commit.facts, commit.is_retry, &error);
                self.judge(commit.promised)
            }
        }
    }

    /// Tries again what the store does not have, if it is time.
    pub fn retry_if_due(&mut self) {
        if self.retry_at.is_some_and(|at| at <= Instant::now()) && self.in_flight.is_empty() {
            self.retry_at = None;
            let facts: Vec<_> = self.unwritten.iter().take(self.retry_chunk).cloned().collect();
            let said = self.begin(Commit { facts, promised: Vec::new(), is_retry: true });
            debug_assert!(said.is_empty(), "nothing was promised");
        }
    }

    /// Waits for all commits under way, and tries for a while to write what is left. Every item is what may be said.
    pub fn finish(&mut self) -> Vec<Vec<Effect>> {
        let give_up = Instant::now() + FINISH_MAX;
        let mut said = Vec::new();
        loop {
            if self.in_flight.is_empty() {
                if self.unwritten.is_empty() || Instant::now() >= give_up {
                    break;
                }
                if let Some(at) = self.retry_at {
                    std::thread::sleep(at.saturating_duration_since(Instant::now()));
                }
                self.retry_if_due();
                continue;
            }
            match self.outcomes.recv() {
                Ok(outcome) => said.push(self.conclude(outcome)),
                Err(_) => break,
            }
        }
        if !self.unwritten.is_empty() {
            let lost = self.unwritten.len() as u64;
            self.counters.facts_lost.fetch_add(lost, Ordering::Relaxed);
            tracing::error!(
                event = "store.facts_lost",
                lost,
                "The store did not write; these facts are lost."
            );
        }
        said
    }

    /// The ends of commits.
    pub const fn outcomes(&self) -> &Receiver<Outcome> {
        &self.outcomes
    }

    /// When to try again.
    pub const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Whether no further commit may begin.
    pub fn is_full(&self) -> bool {
        self.in_flight.len() >= IN_FLIGHT_MAX
    }

    /// Whether no new claim may be taken.
    pub fn is_exhausted(&self) -> bool {
        self.unwritten.len() >= UNWRITTEN_MAX
    }

    fn is_failing(&self) -> bool {
        !self.unwritten.is_empty()
    }

    fn begin(&mut self, commit: Commit) -> Vec<Effect> {
        let ended = self.ended.clone();
        let batch = Batch { facts: commit.facts.clone() };
        let done = Box::new(move |outcome| {
            let _ = ended.send(Outcome(outcome));
        });
        match (self.sink)(batch, done) {
            Ok(()) => {
                self.in_flight.push_back(commit);
                Vec::new()
            }
            Err(error) => {
                self.failed(commit.facts, commit.is_retry, &error);
                self.judge(commit.promised)
            }
        }
    }

    /// Says what was promised, except what rests on names that the store does not have.
    fn judge(&self, promised: Vec<Effect>) -> Vec<Effect> {
        let judge = |effect| match effect {
            Effect::Claimed { ticket, agent, presentity } if self.affected.contains(&presentity) => {
                Effect::ClaimRefused { ticket, agent, refusal: Refusal::Unavailable { limit: STORE_LIMIT } }
            }
            effect => effect,
        };
        promised.into_iter().map(judge).collect()
    }

    fn failed(&mut self, facts: Vec<Fact>, is_retry: bool, error: &StoreError) {
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::error!(
                event = "store.failed",
                %error,
                "The store can't write. Presence goes on; new names are refused until it writes again."
            );
        }
        if !is_retry {
            self.keep(facts);
        }
        if error.kind() == ErrorKind::Fault {
            // One of them contradicts the store: it is found by trying one after the other, and given up.
            if is_retry && self.retry_chunk == 1 {
                let fact = self.unwritten.pop_front();
                self.counters.facts_lost.fetch_add(1, Ordering::Relaxed);
                tracing::error!(event = "store.fact_refused", ?fact, %error, "A fact was given up.");
                self.retry_chunk = RETRY_CHUNK;
                self.settle_failure();
                return;
            }
            self.retry_chunk = 1;
        }
        self.retry_at = Some(Instant::now() + RETRY_INTERVAL);
    }

    fn settle_failure(&mut self) {
        if self.unwritten.is_empty() {
            self.affected.clear();
            self.retry_chunk = RETRY_CHUNK;
            self.retry_at = None;
            self.failing.store(false, Ordering::Relaxed);
            tracing::info!(event = "store.recovered", "The store writes again, and has all it missed.");
        } else {
            self.retry_at = Some(Instant::now());
        }
    }

    fn keep(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            if let Fact::Call(_) = fact
                && self.is_exhausted()
            {
                self.counters.facts_lost.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            match &fact {
                Fact::Principal { address, .. } | Fact::AliasRemoved { address } => {
                    self.affected.insert(address.clone());
                }
                Fact::Alias(entry) => {
                    self.affected.insert(entry.address.clone());
                    self.affected.insert(entry.principal.clone());
                }
                Fact::Call(_) => {}
            }
            self.unwritten.push_back(fact);
        }
        if self.retry_at.is_none() && self.in_flight.is_empty() && !self.unwritten.is_empty() {
            self.retry_at = Some(Instant::now() + RETRY_INTERVAL);
        }
    }
}
