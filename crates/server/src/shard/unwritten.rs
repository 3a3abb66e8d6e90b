//! What the engine knows and the store does not have.
//!
//! It is kept in order and tried again. Meanwhile claims on the names concerned are refused and all others stand.

use super::{STORE_LIMIT, ShardCounters};
use model::{Address, Effect, Fact, Refusal};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use store::{ErrorKind, StoreError};

/// Accounts of calls that may wait; those that come beyond are lost. Names are bounded by who is let in.
const CALLS_MAX: usize = 65_536;

/// Facts tried again in one commit.
const CHUNK: usize = 512;

/// How long the store is left alone after a failure.
const INTERVAL: Duration = Duration::from_secs(1);

/// Facts that the store does not have.
pub(super) struct Unwritten {
    facts: VecDeque<Fact>,
    /// The names they are about.
    affected: HashSet<Address>,
    /// When to try again; the store counts as failing while this is set or an attempt is under way.
    due: Option<Instant>,
    is_failing: bool,
    /// Facts in the next attempt: one at a time when the store has found one of them at fault.
    chunk: usize,
    counters: Arc<ShardCounters>,
}

impl Unwritten {
    pub fn new(counters: Arc<ShardCounters>) -> Self {
        let (facts, affected) = (VecDeque::new(), HashSet::new());
        Self { facts, affected, due: None, is_failing: false, chunk: CHUNK, counters }
    }

    /// Whether the store can't write, as far as we know.
    pub const fn is_failing(&self) -> bool {
        self.is_failing
    }

    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// When [`Self::take_due`] has something.
    pub const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Keeps what a commit brought that failed, or that came after one that failed.
    pub fn keep(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            match &fact {
                Fact::Principal { address, .. } | Fact::AliasRemoved { address } => {
                    self.affected.insert(address.clone());
                }
                Fact::Alias(entry) => {
                    self.affected.insert(entry.address.clone());
                    self.affected.insert(entry.principal.clone());
                }
                Fact::Call(_) if self.facts.len() >= CALLS_MAX => {
                    self.counters.facts_lost.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                _ => {}
            }
            self.facts.push_back(fact);
        }
    }

    /// Says what was promised, except what rests on names that the store does not have.
    pub fn judge(&self, promised: Vec<Effect>) -> Vec<Effect> {
        let judge = |effect| match effect {
            Effect::Claimed { ticket, agent, presentity } if self.affected.contains(&presentity) => {
                Effect::ClaimRefused { ticket, agent, refusal: Refusal::Unavailable { limit: STORE_LIMIT } }
            }
            effect => effect,
        };
        promised.into_iter().map(judge).collect()
    }

    /// Takes note of a commit that failed; its facts are then [kept](Self::keep).
    pub fn failed(&mut self, error: &StoreError) {
        if !self.is_failing {
            self.is_failing = true;
            tracing::error!(
                event = "store.failed",
                %error,
                "The store can't write. Presence goes on; new names are refused until it writes again."
            );
        }
        if error.kind() == ErrorKind::Fault {
            self.chunk = 1;
        }
        self.due = Some(Instant::now() + INTERVAL);
    }

    /// Takes note of an attempt that failed. A fact that contradicts the store is found by trying one after the
    /// other, and given up, because it would keep all others waiting for ever.
    pub fn failed_again(&mut self, error: &StoreError) {
        let is_found = error.kind() == ErrorKind::Fault && self.chunk == 1;
        self.failed(error);
        if is_found {
            let fact = self.facts.pop_front();
            self.counters.facts_lost.fetch_add(1, Ordering::Relaxed);
            tracing::error!(event = "store.fact_refused", ?fact, %error, "A fact was given up. Please report this.");
            self.chunk = CHUNK;
            self.settle();
        }
    }

    /// The facts of the next attempt, if it is time; none may be under way.
    pub fn take_due(&mut self) -> Option<Vec<Fact>> {
        self.due.take_if(|due| *due <= Instant::now())?;
        if self.facts.is_empty() {
            self.settle();
            return None;
        }
        Some(self.facts.iter().take(self.chunk).cloned().collect())
    }

    /// Takes note of an attempt that wrote so many facts.
    pub fn written(&mut self, facts: usize) {
        self.facts.drain(..facts.min(self.facts.len()));
        self.settle();
    }

    /// Gives up what is left, and `more` facts that were not even tried.
    pub fn give_up(&self, more: usize) {
        let lost = self.facts.len() + more;
        if lost > 0 {
            self.counters.facts_lost.fetch_add(lost as u64, Ordering::Relaxed);
            tracing::error!(
                event = "store.facts_lost",
                lost,
                "The store did not write; these facts are lost."
            );
        }
    }

    fn settle(&mut self) {
        if self.facts.is_empty() {
            self.affected.clear();
            (self.chunk, self.due, self.is_failing) = (CHUNK, None, false);
            tracing::info!(event = "store.recovered", "The store writes again, and has all it missed.");
        } else {
            self.due = Some(Instant::now());
        }
    }
}
