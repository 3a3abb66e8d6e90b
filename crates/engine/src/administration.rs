//! What operators have done to a principal, through no gateway.

use crate::effects::Effects;
use crate::engine::Engine;
use model::{Administration, Effect, Now, Refusal, Ticket};

impl Engine {
    /// Does what an operator asks.
    pub(crate) fn administer(
        &mut self,
        now: Now,
        ticket: Ticket,
        administration: Administration,
        effects: &mut Effects,
    ) {
        let Some(id) = self.book.owner_of(administration.principal()) else {
            let done = Err(Refusal::NoSuchPrincipal);
            return effects.immediate.push(Effect::Administered { ticket, done });
        };
        match administration {
            Administration::KeepHistory { is_kept, .. } => self.keep_history(id, is_kept, effects),
            Administration::Erase { .. } => self.erase(now, id, effects),
        }
        effects.promised.push(Effect::Administered { ticket, done: Ok(()) });
    }
}
