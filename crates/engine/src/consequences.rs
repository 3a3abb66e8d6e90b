//! What a request for a publication or a contact list leads to, gathered until it is known to succeed.

use crate::effects::Effects;
use crate::engine::Engine;
use model::{AgentId, AuditEvent, Effect, Fact, Refusal, Ticket};

/// Facts, and what is told after the answer.
#[derive(Debug, Default)]
pub(crate) struct Consequences {
    pub(crate) facts: Vec<Fact>,
    /// In order.
    pub(crate) told: Vec<Effect>,
    /// What was refused on the way.
    pub(crate) audited: Vec<AuditEvent>,
}

impl Consequences {
    /// Adds them to those of the batch.
    pub(crate) fn join(self, effects: &mut Effects) {
        effects.facts.extend(self.facts);
        effects.audited.extend(self.audited);
        for effect in self.told {
            effects.answer(effect);
        }
    }
}

impl Engine {
    /// Answers a request: done, and then what follows from it; or refused, and then nothing does.
    pub(crate) fn answer(
        &mut self,
        ticket: Ticket,
        agent: AgentId,
        done: Result<(), Refusal>,
        Consequences { facts, told, audited }: Consequences,
        effects: &mut Effects,
    ) {
        effects.audited.extend(audited);
        match done {
            Ok(()) => {
                effects.facts.extend(facts);
                effects.answer(Effect::Done { ticket, agent });
                Consequences { told, ..Consequences::default() }.join(effects);
            }
            Err(refusal) => {
                if matches!(refusal, Refusal::Unavailable { .. }) {
                    self.counts.requests_refused += 1;
                }
                effects.immediate.push(Effect::Refused { ticket, agent, refusal });
            }
        }
    }
}
