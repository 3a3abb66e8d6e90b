//! What a batch of requests leads to.

use model::{AuditEvent, Effect, Fact};

/// The outcome of one batch: facts to make durable, and effects to send.
#[derive(Debug, Default, PartialEq)]
pub struct Effects {
    /// To be committed together, in this order.
    pub facts: Vec<Fact>,
    /// Promises: they may leave only when [`Self::facts`] are durable, and not at all if the commit fails.
    pub promised: Vec<Effect>,
    /// May leave at once.
    pub immediate: Vec<Effect>,
    /// For the audit log: refusals. Nothing waits for them.
    pub audited: Vec<AuditEvent>,
}

impl Effects {
    /// Whether the batch leads to nothing.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.promised.is_empty() && self.immediate.is_empty()
    }

    /// Makes ready for the next batch and keeps the room.
    pub fn clear(&mut self) {
        self.facts.clear();
        self.promised.clear();
        self.immediate.clear();
        self.audited.clear();
    }

    /// Adds an answer that rests on the facts of this batch, whoever of the batch brought them.
    pub(crate) fn answer(&mut self, effect: Effect) {
        if self.facts.is_empty() {
            self.immediate.push(effect);
        } else {
            self.promised.push(effect);
        }
    }
}
