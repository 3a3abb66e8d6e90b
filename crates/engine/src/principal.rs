//! Principals: who has names and devices.

use crate::alias_book::NameId;
use crate::composition::{Said, Spell};
use crate::device::{Device, FOREVER};
use crate::published::{self, Published};
use crate::restart::Restart;
use crate::table::Table;
use model::{AgentId, Basic, Instant, PresenceDocument, PresenceState, PresenceTuple, Timestamp};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// A principal, numbered in the order in which they became known.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub(crate) struct PrincipalId(NonZeroU32);

impl PrincipalId {
    /// How many principals became known before it.
    pub(crate) const fn place(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// All principals. Only those of other networks ever leave, and their numbers are used again.
#[derive(Debug, Default)]
pub(crate) struct Principals {
    all: Table<Principal>,
    vacant: Vec<PrincipalId>,
}

impl Principals {
    /// The number that the next principal will have.
    pub(crate) fn next_id(&self) -> PrincipalId {
        if let Some(vacant) = self.vacant.last() {
            return *vacant;
        }
        let number = u32::try_from(self.all.len() + 1).expect("the limit on principals is below 2^32");
        PrincipalId(NonZeroU32::new(number).expect("a length plus one is not zero"))
    }

    /// Adds a principal under [`Self::next_id`].
    pub(crate) fn push(&mut self, principal: Principal) {
        match self.vacant.pop() {
            Some(id) => self[id] = principal,
            None => self.all.push(principal),
        }
    }

    /// Gives the number of a principal free that nothing refers to any more.
    pub(crate) fn vacate(&mut self, id: PrincipalId) {
        self[id].is_erased = true;
        self.vacant.push(id);
    }

    /// How many numbers were given out.
    pub(crate) fn numbers(&self) -> usize {
        self.all.len()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len() - self.vacant.len()
    }

    /// All numbers, in order, without the first `skipped`.
    pub(crate) fn ids_after(&self, skipped: usize) -> impl Iterator<Item = PrincipalId> + use<> {
        let numbers = u32::try_from(skipped).map_or(u32::MAX, |skipped| skipped + 1)..=self.all.len() as u32;
        numbers.filter_map(NonZeroU32::new).map(PrincipalId)
    }
}

impl Index<PrincipalId> for Principals {
    type Output = Principal;

    fn index(&self, id: PrincipalId) -> &Principal {
        &self.all[id.0.get() as usize - 1]
    }
}

impl IndexMut<PrincipalId> for Principals {
    fn index_mut(&mut self, id: PrincipalId) -> &mut Principal {
        &mut self.all[id.0.get() as usize - 1]
    }
}

/// One principal, and the newest document about it.
#[derive(Debug)]
pub(crate) struct Principal {
    /// The name under which it is filed in the store. It need not own that name any more.
    pub(crate) identity: NameId,
    /// The names it owns.
    pub(crate) names: Vec<NameId>,
    pub(crate) created_at: Timestamp,
    /// In the order of their agents.
    pub(crate) devices: Vec<Device>,
    /// How the last device left.
    pub(crate) departure: Option<Box<Departure>>,
    /// What was published last, restarts left aside.
    pub(crate) spell: Spell,
    /// When evidence about one of its devices ended last.
    pub(crate) ended_at: Timestamp,
    /// The newest document.
    pub(crate) document: Arc<PresenceDocument>,
    /// The number of the newest document within this epoch.
    pub(crate) version: u32,
    /// When the engine comes back to it; not later than its first piece of evidence expires.
    pub(crate) armed: Instant,
    /// Whether its document may be out of date.
    pub(crate) is_touched: bool,
    /// Whether its soft record is out of date.
    pub(crate) is_unsaved: bool,
    /// Whether the server has started and heard nothing of it yet.
    pub(crate) is_unsettled: bool,
    /// Whether none of its devices takes part in presence, or none did when the last one was there: nobody who could
    /// be asked for a decision.
    pub(crate) is_silent: bool,
    /// Whether it was erased, and only its number is left.
    pub(crate) is_erased: bool,
    /// Whether the store has it. All are stored that are served here.
    pub(crate) is_stored: bool,
    /// Whether it is of another network, whose own server tells what it publishes.
    pub(crate) is_foreign: bool,
}

impl Principal {
    /// A principal without names or devices, and its first document.
    pub(crate) fn new(identity: NameId, created_at: Timestamp, document: Arc<PresenceDocument>) -> Self {
        Self {
            identity,
            names: Vec::new(),
            created_at,
            devices: Vec::new(),
            departure: None,
            spell: Spell { state: PresenceState::Offline, since: created_at },
            ended_at: Timestamp::default(),
            version: document.version.version,
            document,
            armed: FOREVER,
            is_touched: false,
            is_unsaved: false,
            is_unsettled: false,
            is_silent: false,
            is_erased: false,
            is_stored: true,
            is_foreign: false,
        }
    }

    /// Its device of this agent.
    pub(crate) fn device_mut(&mut self, agent: AgentId) -> Option<&mut Device> {
        let place = self.devices.binary_search_by_key(&agent, |device| device.agent).ok()?;
        Some(&mut self.devices[place])
    }

    /// Its agents that take messages, in order.
    pub(crate) fn messaging_agents(&self) -> impl Iterator<Item = AgentId> {
        self.devices.iter().filter(|device| device.has_messaging).map(|device| device.agent)
    }

    /// Adds a device, in order.
    pub(crate) fn add_device(&mut self, device: Device) {
        if self.devices.is_empty() {
            // As with evidence: one is the rule.
            self.devices.reserve_exact(1);
        }
        let place = self.devices.partition_point(|other| other.agent < device.agent);
        self.devices.insert(place, device);
    }

    /// Takes a device away, and keeps how it left.
    pub(crate) fn remove_device(&mut self, agent: AgentId, departure: Departure) -> Option<Device> {
        let place = self.devices.binary_search_by_key(&agent, |device| device.agent).ok()?;
        self.depart(departure);
        let device = self.devices.remove(place);
        self.listen();
        Some(device)
    }

    /// Looks whether any of its devices takes part in presence; where there is none, what was known goes on.
    pub(crate) fn listen(&mut self) {
        if !self.devices.is_empty() {
            self.is_silent = self.devices.iter().all(|device| !device.has_presence);
        }
    }

    /// Keeps how a device left.
    pub(crate) fn depart(&mut self, departure: Departure) {
        self.is_unsettled = false;
        self.ended_at = self.ended_at.max(departure.at);
        self.departure = Some(Box::new(departure));
    }

    /// When the first piece of evidence about it expires; [`FOREVER`] where none does.
    pub(crate) fn deadline(&self) -> Instant {
        self.devices.iter().map(Device::deadline).min().unwrap_or(FOREVER)
    }

    /// Its tuples, never none: those of its devices, or the one that tells why there is no device.
    /// `published` is what was published through its devices.
    pub(crate) fn tuples(
        &self,
        restart: Option<&Restart>,
        now: Timestamp,
        published: &[Published],
        published_wins: bool,
    ) -> Vec<PresenceTuple> {
        // They are kept, and nearly always there is one; a vector that grows would make room for four.
        let mut tuples = Vec::with_capacity(self.devices.len().max(1));
        tuples.extend(self.devices.iter().filter_map(|device| {
            let said = Said {
                publication: published::of_device(published, &device.name),
                always_wins: published_wins,
            };
            device.tuple(now, said)
        }));
        if tuples.is_empty() {
            tuples.push(self.absence(restart));
        }
        tuples
    }

    /// The restart, while it is the reason for what is shown.
    pub(crate) fn restart<'a>(&self, restart: Option<&'a Restart>) -> Option<&'a Restart> {
        restart.filter(|_| self.is_unsettled)
    }

    fn absence(&self, restart: Option<&Restart>) -> PresenceTuple {
        let (state, since, note) = match (self.restart(restart), &self.departure) {
            (Some(restart), _) => (PresenceState::Unknown, restart.since, RESTARTED),
            (None, Some(departure)) => (PresenceState::Offline, departure.at, &*departure.reason),
            (None, None) if self.is_foreign => (PresenceState::Unknown, self.created_at, UNHEARD_OF),
            (None, None) => (PresenceState::Offline, self.created_at, NEVER_REGISTERED),
        };
        PresenceTuple {
            agent: None,
            state,
            basic: Basic::Closed,
            since,
            note: Some(note.to_owned()),
            publication: None,
        }
    }
}

/// How a device left.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Departure {
    /// Which; `None`: it is not known, it was missed after a restart.
    pub(crate) agent: Option<AgentId>,
    pub(crate) at: Timestamp,
    pub(crate) reason: Box<str>,
}

/// The note of a principal of whom no device was ever seen.
pub(crate) const NEVER_REGISTERED: &str = "no device has registered yet";

/// The note of somebody of another network of whom nothing was heard.
pub(crate) const UNHEARD_OF: &str = "its server has told nothing of it yet";

/// The note of a principal of whom nothing was heard since the start.
pub(crate) const RESTARTED: &str = "the server has just started and not heard of it yet";

#[cfg(test)]
mod tests {
    use super::{Principal, PrincipalId};

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Principal>(), 120);
        assert_eq!(size_of::<Option<PrincipalId>>(), 4);
    }
}
