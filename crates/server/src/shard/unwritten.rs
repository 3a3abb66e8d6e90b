//! What the engine knows and the store does not have.
//!
//! It is kept in order and tried again. Meanwhile claims on the names concerned are refused and all others stand, and
//! what was done or accepted is refused instead. Messages alone are not kept: their senders are told so, and send them
//! again.

use super::ShardCounters;
use super::refusal::STORE_LIMIT;
use model::{
    Address, Effect, Fact, GroupRefusal, Instant, InstantMessage, MessageFailure, MessageId, Millis, Refusal,
    Request,
};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::{ErrorKind, StoreError};

/// Accounts of calls that may wait; those that come beyond are lost. Names are bounded by who is let in.
const CALLS_MAX: usize = 65_536;

/// Facts tried again in one commit.
const CHUNK: usize = 512;

/// How long the store is left alone after a failure.
const INTERVAL: Millis = Millis::seconds(1);

/// What became of the facts that a promise rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ground {
    /// All are written.
    Written,
    /// Those of its own commit are written, and another commit of its batch failed.
    Partly,
    /// They are not written, or nobody can tell.
    Unwritten,
}

/// Facts that the store does not have.
pub(super) struct Unwritten {
    facts: VecDeque<Fact>,
    /// The names they are about.
    affected: HashSet<Address>,
    /// Messages that were not written, by sender, recipient and name, and what the engine is to be told of them.
    dropped: HashSet<(Address, Address, MessageId)>,
    retracted: Vec<Request>,
    /// When to try again; the store counts as failing while this is set or an attempt is under way.
    due: Option<Instant>,
    is_failing: bool,
    /// Facts in the next attempt: one at a time when the store has found one of them at fault.
    chunk: usize,
    counters: Arc<ShardCounters>,
}

impl Unwritten {
    pub fn new(counters: Arc<ShardCounters>) -> Self {
        Self {
            facts: VecDeque::new(),
            affected: HashSet::new(),
            dropped: HashSet::new(),
            retracted: Vec::new(),
            due: None,
            is_failing: false,
            chunk: CHUNK,
            counters,
        }
    }

    /// Whether the store can't write, as far as we know.
    pub const fn is_failing(&self) -> bool {
        self.is_failing
    }

    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// What an effect rests on that has no facts of its own and waits for none.
    pub const fn ground(&self) -> Ground {
        if self.is_failing { Ground::Unwritten } else { Ground::Written }
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
                // It is either written, or dropped.
                Fact::Message { .. } | Fact::Remembered(_) => continue,
                Fact::Call(_) if self.facts.len() >= CALLS_MAX => {
                    self.counters.facts_lost.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                _ => {}
            }
            self.facts.push_back(fact);
        }
    }

    /// Drops the messages of a commit that failed: nobody was told that they are accepted, and now nobody will be.
    pub fn drop_messages(&mut self, facts: &[Fact]) {
        for fact in facts {
            if let Fact::Message { inbox, message, .. } = fact {
                let recipient = message.recipient.clone();
                let (inbox, sender, message) = (inbox.clone(), message.sender.clone(), message.id);
                self.dropped.insert((sender.clone(), recipient, message));
                self.retracted.push(Request::Retract { inbox, sender, message });
            }
        }
    }

    /// What the engine is to be told of dropped messages.
    pub fn take_retracted(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.retracted)
    }

    /// What is said of a promise: itself, or the refusal of what rests on facts that the store does not have.
    pub fn judge(&self, effect: Effect, ground: Ground) -> Option<Effect> {
        let refusal = Refusal::Unavailable { limit: STORE_LIMIT };
        Some(match effect {
            Effect::Claimed { ticket, agent, presentity, .. } if self.affected.contains(&presentity) => {
                Effect::ClaimRefused { ticket, agent, refusal }
            }
            Effect::Done { ticket, agent } if ground != Ground::Written => {
                Effect::Refused { ticket, agent, refusal }
            }
            Effect::Operated { ticket, outcome: Ok(()) } if ground != Ground::Written => {
                Effect::Operated { ticket, outcome: Err(refusal) }
            }
            Effect::InboxRuled { ticket, agent, outcome: Ok(()) } if ground != Ground::Written => {
                let failure = MessageFailure::Unavailable { limit: STORE_LIMIT };
                Effect::InboxRuled { ticket, agent, outcome: Err(failure) }
            }
            // What is not accepted was not written.
            Effect::Carbon { .. } if ground == Ground::Unwritten => return None,
            Effect::GroupChanged { ticket, agent, .. } if ground != Ground::Written => {
                let refusal = GroupRefusal::Unavailable { limit: STORE_LIMIT };
                Effect::GroupRefused { ticket, agent, refusal }
            }
            Effect::Accepted { ticket, agent, .. } if ground == Ground::Unwritten => {
                let failure = MessageFailure::Unavailable { limit: STORE_LIMIT };
                Effect::MessageRefused { ticket, agent, failure }
            }
            Effect::Deliver { ref delivery, .. } if self.is_dropped(&delivery.message) => return None,
            effect => effect,
        })
    }

    fn is_dropped(&self, message: &InstantMessage) -> bool {
        let InstantMessage { sender, recipient, id, .. } = message;
        !self.dropped.is_empty() && self.dropped.contains(&(sender.clone(), recipient.clone(), *id))
    }

    /// Takes note of a commit that failed; its facts are then [kept](Self::keep).
    pub fn failed(&mut self, now: Instant, error: &StoreError) {
        if !self.is_failing {
            self.is_failing = true;
            tracing::error!(
                event = "store.failed",
                %error,
                "The store can't write. Presence goes on; what must be durable is refused until it writes again."
            );
        }
        if error.kind() == ErrorKind::Fault {
            self.chunk = 1;
        }
        self.due = Some(now.after(INTERVAL));
    }

    /// Takes note of an attempt that failed. A fact that contradicts the store is found by trying one after the
    /// other, and given up, because it would keep all others waiting for ever.
    pub fn failed_again(&mut self, now: Instant, error: &StoreError) {
        let is_found = error.kind() == ErrorKind::Fault && self.chunk == 1 && !self.facts.is_empty();
        self.failed(now, error);
        if is_found {
            let fact = self.facts.pop_front();
            self.counters.facts_lost.fetch_add(1, Ordering::Relaxed);
            // What a fact says may be what somebody wrote.
            let fact = fact.as_ref().map_or("none", Fact::kind);
            tracing::error!(event = "store.fact_refused", fact, %error, "A fact was given up. Please report this.");
            self.chunk = CHUNK;
            self.settle(now);
        }
    }

    /// The facts of the next attempt, if it is time; none may be under way.
    pub fn take_due(&mut self, now: Instant) -> Option<Vec<Fact>> {
        self.due.take_if(|due| *due <= now)?;
        // With nothing to catch up on the attempt is empty: only a write shows that the store writes again.
        Some(self.facts.iter().take(self.chunk).cloned().collect())
    }

    /// Takes note of an attempt that wrote so many facts.
    pub fn written(&mut self, now: Instant, facts: usize) {
        self.facts.drain(..facts.min(self.facts.len()));
        self.settle(now);
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

    fn settle(&mut self, now: Instant) {
        if self.facts.is_empty() {
            self.affected.clear();
            self.dropped.clear();
            (self.chunk, self.due, self.is_failing) = (CHUNK, None, false);
            tracing::info!(event = "store.recovered", "The store writes again, and has all it missed.");
        } else {
            self.due = Some(now);
        }
    }
}
