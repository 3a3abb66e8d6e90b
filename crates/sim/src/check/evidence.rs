//! No state outlives its evidence: who is not heard is not shown as there for longer than a registration lives.

use super::{Checker, View, Violation, address};
use crate::journal::Seen;
use crate::world::World;
use model::{Availability, Instant, Millis, Request};

/// How long after an endpoint was heard last it may count as there: its time to live, and what it takes to ask it.
const LIFE: Millis = Millis::seconds(60 + 60);

/// How long after it signed off.
const FAREWELL: Millis = Millis::seconds(10);

/// How old the soft state is at most that a restart resumes from, while the disk is well.
const SOFT_AGE: Millis = Millis::seconds(20);

#[derive(Default)]
pub(super) struct EvidenceCheck {
    /// Until when each person may be shown as there.
    until: Vec<Instant>,
    ended_at: Instant,
    /// Since when the disk has not written all that it was given.
    unwell_since: Option<Instant>,
    /// When it was well last.
    well_at: Instant,
}

impl EvidenceCheck {
    pub(super) fn see(&mut self, view: &View<'_>, seen: &Seen) {
        self.until.resize(view.people.len(), Instant(0));
        match seen {
            Seen::Heard(number) => self.until[*number] = view.now.after(LIFE),
            Seen::Asked(request) => {
                if let Request::Depart { agent, is_farewell: true, .. } = &**request
                    && let Some(number) = view.parties.of(*agent)
                {
                    self.until[number] = view.now.after(FAREWELL);
                }
            }
            Seen::Disk(true, _) => {
                let was_unwell = self.unwell_since.take().is_some();
                self.well_at = if was_unwell { view.now } else { self.well_at };
            }
            Seen::Disk(false, _) => drop(self.unwell_since.get_or_insert(view.now)),
            Seen::Ended => self.ended_at = view.now,
            Seen::Started => {
                // Whoever was there at the time of the soft state has one whole time to live to be heard.
                // A disk that failed after the end kept nothing from being written before it.
                let unwell_since = self.unwell_since.filter(|since| *since < self.ended_at);
                let resumed = unwell_since.unwrap_or(self.ended_at).0.saturating_sub(SOFT_AGE.0);
                let was_unwell = self.well_at.after(SOFT_AGE) >= self.ended_at;
                for until in &mut self.until {
                    if until.0 >= resumed || was_unwell {
                        *until = (*until).max(view.now.after(LIFE));
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn look(&self, world: &World) -> Result<(), Violation> {
        let Some(server) = &world.server else { return Ok(()) };
        let now = world.now.instant;
        for (number, until) in self.until.iter().enumerate() {
            if *until >= now {
                continue;
            }
            let document = server.core().engine().document(&address(world, number));
            let Some(document) = document else { continue };
            let is_there =
                !matches!(document.state.availability(), Availability::Offline | Availability::Unknown);
            if is_there {
                let text = format!("p{number} is {:?}, and nobody can know", document.state);
                return Err(Violation { checker: Checker::Evidence, at: now, text });
            }
        }
        Ok(())
    }
}
