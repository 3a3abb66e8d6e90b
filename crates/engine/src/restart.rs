//! Stops and starts: what the store gives back, what is kept of soft state, and the time until all is heard of
//! again.

use crate::composition::Spell;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::{Departure, PrincipalId};
use model::{Address, AgentId, AliasEntry, Instant, Now, PresenceState, SoftRecord, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

/// How the process before this one ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// It wrote all its soft state.
    Clean,
    /// It was killed: the last seconds before are not known.
    Unclean,
}

/// Why something from the store can't be taken.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LoadError {
    /// The alias belongs to a principal that was not loaded.
    #[error("the name {alias} belongs to {principal}, which the store does not hold")]
    PrincipalUnknown {
        /// The name.
        alias: Address,
        /// The address of the principal.
        principal: Address,
    },
    /// A publication, subscription or block is of somebody who was not loaded.
    #[error("something is stored of {party}, whom the store does not hold")]
    PartyUnknown {
        /// The address.
        party: Address,
    },
}

/// The time after a start in which silence means nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    pub(crate) since: Timestamp,
    pub(crate) expires: Instant,
    stop: Stop,
    /// How many principals have been looked at since it expired.
    swept: usize,
}

impl Restart {
    /// Whether who was offline before the stop is known.
    pub(crate) fn is_clean(&self) -> bool {
        self.stop == Stop::Clean
    }
}

/// The soft record of a principal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PresenceRecord {
    state: PresenceState,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    devices: Vec<DeviceRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    departure: Option<Departure>,
    /// Whether nobody could be asked for a decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_silent: bool,
    /// Since when it has looked offline though it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unseen_since: Option<Timestamp>,
}

/// The soft record of a device. Nearly always it is as its principal, and then nothing else is written.
#[derive(Debug, Serialize, Deserialize)]
struct DeviceRecord {
    #[serde(serialize_with = "as_pair")]
    agent: AgentId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<PresenceState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

/// Writes an agent without the names of its parts; it is read with and without them.
fn as_pair<S: Serializer>(agent: &AgentId, serializer: S) -> Result<S::Ok, S::Error> {
    (agent.gateway, agent.number).serialize(serializer)
}

impl Engine {
    /// Takes a principal from the store. Its address is a name of its own unless an alias loaded later says
    /// otherwise; all principals come before the aliases.
    pub fn load_principal(&mut self, address: &Address, created_at: Timestamp) {
        let identity = self.book.intern(address);
        if self.book.filed(identity).is_none() {
            let id = self.create(identity, created_at);
            self.principals[id].is_stored = true;
        }
    }

    /// Takes an alias from the store.
    ///
    /// # Errors
    /// [`LoadError::PrincipalUnknown`]; the engine is unchanged.
    pub fn load_alias(&mut self, entry: &AliasEntry) -> Result<(), LoadError> {
        let identity = self.book.id(&entry.principal);
        let Some((identity, id)) = identity.and_then(|name| Some((name, self.book.filed(name)?))) else {
            let (alias, principal) = (entry.address.clone(), entry.principal.clone());
            return Err(LoadError::PrincipalUnknown { alias, principal });
        };
        let name = match entry.address == entry.principal {
            true => identity,
            false => self.book.intern(&entry.address),
        };
        let before = self.book.owner(name);
        self.book.give(name, id, &entry.kind, &entry.original);
        if before != Some(id) {
            self.principals[id].names.push(name);
            if let Some(before) = before {
                self.principals[before].names.retain(|other| *other != name);
            }
        }
        Ok(())
    }

    /// Takes back a record of an earlier process, after the principals and before [`Self::resume`]. One that can't
    /// be read or is of nobody known is counted and dropped.
    pub fn restore(&mut self, record: &SoftRecord) {
        if self.take_back(record).is_none() {
            self.counts.records_dropped += 1;
        }
    }

    fn take_back(&mut self, record: &SoftRecord) -> Option<()> {
        let id = self.book.id_of_text(&record.key).and_then(|name| self.book.filed(name))?;
        let kept: PresenceRecord = serde_json::from_str(record.value.as_deref()?).ok()?;
        let principal = &mut self.principals[id];
        principal.spell = Spell { state: kept.state, since: kept.since };
        principal.ended_at = kept.since;
        principal.departure = kept.departure.map(Box::new);
        principal.is_silent = kept.is_silent;
        if let Some(since) = kept.unseen_since {
            self.showing.hide(id, since);
        }
        for device in kept.devices {
            let (state, since) = (device.state.unwrap_or(kept.state), device.since.unwrap_or(kept.since));
            self.restored.insert(device.agent, Spell { state, since });
        }
        Some(())
    }

    /// What was published of an agent before the restart; the room for these is given back as they are taken.
    pub(crate) fn take_restored(&mut self, agent: AgentId) -> Option<Spell> {
        let spell = self.restored.remove(&agent);
        if self.restored.len() < self.restored.capacity() / 8 {
            self.restored.shrink_to_fit();
        }
        spell
    }

    /// Begins again after a stop, when all is loaded and before the links offer what they restored.
    ///
    /// Nobody is declared offline because of the stop: until [`Settings::restart_interval`](crate::Settings) has
    /// passed, those of whom nothing is heard are unknown. After a clean stop this is so only for those who were
    /// there before; who was offline stays so, since when and why it was. Nobody's state begins anew.
    pub fn resume(&mut self, now: Now, stop: Stop) {
        let expires = now.instant.after(self.settings.restart_interval);
        self.restart = Some(Restart { since: now.wall, expires, stop, swept: 0 });
        for id in self.principals.ids_after(0) {
            let principal = &mut self.principals[id];
            principal.is_unsettled = stop == Stop::Unclean || principal.spell.state != PresenceState::Offline;
            // There are no watchers yet, so nothing comes of it but the document.
            self.publish(now.wall, id, &mut Effects::default());
        }
        self.showing.forget();
        self.resume_requests(now);
        self.summon_all();
        self.resume_rules(now);
    }

    /// Ends the time after a start, a bounded number of principals at a time.
    pub(crate) fn end_restart(&mut self, now: Now) {
        let Some(restart) = self.restart.as_mut().filter(|restart| restart.expires <= now.instant) else {
            return;
        };
        let swept = restart.swept;
        restart.swept += PRINCIPALS_SWEPT_PER_TURN;
        for id in self.principals.ids_after(swept).take(PRINCIPALS_SWEPT_PER_TURN) {
            let principal = &mut self.principals[id];
            if !principal.is_unsettled {
                continue;
            }
            principal.is_unsettled = false;
            if principal.spell.state != PresenceState::Offline {
                principal.depart(Departure { agent: None, at: now.wall, reason: MISSED.into() });
                self.outdate(id);
            }
            self.touch(id);
        }
        if swept + PRINCIPALS_SWEPT_PER_TURN >= self.principals.numbers() {
            self.restart = None;
            self.restored = std::collections::HashMap::new();
        }
    }

    /// The soft state that changed since the last call, at most `limit` records; what is left over comes next time.
    /// One record for each principal: its state and since when, the same of its devices, and the last departure.
    pub fn snapshot(&mut self, limit: usize) -> Vec<SoftRecord> {
        let ids = Vec::from_iter(self.unsaved.drain(..limit.min(self.unsaved.len())));
        let record = |id| {
            self.principals[id].is_unsaved = false;
            self.record(id)
        };
        ids.into_iter().map(record).collect()
    }

    fn record(&self, id: PrincipalId) -> SoftRecord {
        let principal = &self.principals[id];
        let devices = principal.devices.iter().filter_map(|device| {
            let Spell { state, since } = device.spell?;
            let is_as_principal = state == principal.spell.state && since == principal.spell.since;
            let (state, since) = (!is_as_principal).then_some((state, since)).unzip();
            Some(DeviceRecord { agent: device.agent, state, since })
        });
        let record = PresenceRecord {
            state: principal.spell.state,
            since: principal.spell.since,
            devices: devices.collect(),
            departure: principal.departure.as_deref().cloned(),
            is_silent: principal.is_silent,
            unseen_since: self.showing.unseen_since(id),
        };
        let value = (!principal.is_erased)
            .then(|| serde_json::to_string(&record).expect("a record of numbers and texts is always JSON"));
        SoftRecord { table: PRESENCE_TABLE, key: self.book.address(principal.identity).to_string(), value }
    }
}

/// The table of the engine's soft records, by the address of the principal.
pub const PRESENCE_TABLE: &str = "engine.presence";

/// The most principals looked at in one call of [`Engine::timeout`] when the time after a start ends.
const PRINCIPALS_SWEPT_PER_TURN: usize = 16_384;

/// The reason where a principal did not come back after a restart.
const MISSED: &str = "not heard of since the server restarted";
