//! What happens to requests and effects while the store does not write.

use super::Core;
use model::{Effect, GroupRefusal, MessageFailure, Refusal, Request};
use std::sync::atomic::Ordering;

/// What a request is told that was refused because the store does not write.
pub(super) const STORE_LIMIT: &str = "the store is not writing";

/// Whether something was refused because the store does not write.
pub(super) fn is_unwritten(refusal: &Refusal) -> bool {
    *refusal == Refusal::Unavailable { limit: STORE_LIMIT }
}

impl Core {
    /// The refusal of a request that needs the store while it does not write. Claims are taken for longer, because
    /// most of them bring nothing new.
    pub(super) fn refuse_unwritable(&self, request: &Request) -> Option<Effect> {
        let refusal = Refusal::Unavailable { limit: STORE_LIMIT };
        match (request, request.ticket()?) {
            (Request::Claim { .. }, (ticket, Some(agent))) if self.promises.is_exhausted() => {
                Some(Effect::ClaimRefused { ticket, agent, refusal })
            }
            (
                Request::Publish { .. } | Request::ChangeContact { .. } | Request::Decide { .. },
                (ticket, Some(agent)),
            ) if !self.promises.is_writing() => Some(Effect::Refused { ticket, agent, refusal }),
            (Request::Operate { .. }, (ticket, _)) if !self.promises.is_writing() => {
                Some(Effect::Operated { ticket, outcome: Err(refusal) })
            }
            (Request::Send { .. }, (ticket, agent)) if !self.promises.is_writing() => {
                let failure = MessageFailure::Unavailable { limit: STORE_LIMIT };
                Some(Effect::MessageRefused { ticket, agent, failure })
            }
            (Request::RuleInbox { .. }, (ticket, agent)) if !self.promises.is_writing() => {
                let failure = MessageFailure::Unavailable { limit: STORE_LIMIT };
                Some(Effect::InboxRuled { ticket, agent, outcome: Err(failure) })
            }
            (Request::ChangeGroup { .. }, (ticket, agent)) if !self.promises.is_writing() => {
                let refusal = GroupRefusal::Unavailable { limit: STORE_LIMIT };
                Some(Effect::GroupRefused { ticket, agent, refusal })
            }
            _ => None,
        }
    }

    /// Whether an effect must not overtake what waits for the disk. While the store writes nothing that an agent is
    /// told does, so that its contact list and states come in order; while it does not, presence goes on.
    pub(super) const fn waits_in_line(&self, effect: &Effect) -> bool {
        match effect {
            Effect::Claimed { .. }
            | Effect::Done { .. }
            | Effect::Accepted { .. }
            | Effect::Operated { .. }
            | Effect::GroupChanged { .. }
            | Effect::InboxRuled { .. }
            | Effect::Carbon { .. }
            | Effect::Deliver { .. }
            | Effect::Reported { .. } => true,
            other => self.promises.is_writing() && other.agent().is_some(),
        }
    }

    /// Counts what is refused because the store does not write.
    pub(super) fn count_refusal(&self, effect: &Effect) {
        let counter = match effect {
            Effect::ClaimRefused { refusal, .. } if is_unwritten(refusal) => &self.counters.refused,
            Effect::Refused { refusal, .. } | Effect::Operated { outcome: Err(refusal), .. }
                if is_unwritten(refusal) =>
            {
                &self.counters.requests_refused
            }
            Effect::GroupRefused { refusal: GroupRefusal::Unavailable { limit: STORE_LIMIT }, .. } => {
                &self.counters.requests_refused
            }
            Effect::MessageRefused {
                failure: MessageFailure::Unavailable { limit: STORE_LIMIT }, ..
            } => &self.counters.requests_refused,
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
