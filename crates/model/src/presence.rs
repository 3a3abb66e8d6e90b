//! Presence information: the canonical states and the document a watcher sees (RFC 2778, RFC 3863).

use crate::{Address, AgentId, Publication, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The canonical states C0 to C17 of the interworking tables (a.1).
///
/// Every network's own states map to one of these and back by written tables; the order is that of the table
/// and carries no rank.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PresenceState {
    /// C0: no device.
    Offline,
    /// C1: has a device and wants to look offline.
    Hidden,
    /// C2: a device is registered and its user said nothing.
    Online,
    /// C3: the user says reachable.
    Available,
    /// C4: eager to talk.
    Chat,
    /// C5: not at the device.
    Away,
    /// C6: away, decided by a timer.
    Idle,
    /// C7: back soon.
    Brb,
    /// C8: at a meal.
    Lunch,
    /// C9: away for long, or does not want contact.
    NotAvailable,
    /// C10: absent for days.
    Vacation,
    /// C11: occupied, may be contacted.
    Busy,
    /// C12: asks not to be disturbed.
    Dnd,
    /// C13: in a call.
    OnCall,
    /// C14: in a conference or a calendar meeting.
    Meeting,
    /// C15: calls are answered by a machine.
    VoiceMail,
    /// C16: only free text.
    Custom,
    /// C17: nothing is known.
    Unknown,
}

impl PresenceState {
    /// Every state, in the order of the tables.
    pub const ALL: [Self; 18] = {
        use PresenceState::*;
        [
            Offline,
            Hidden,
            Online,
            Available,
            Chat,
            Away,
            Idle,
            Brb,
            Lunch,
            NotAvailable,
            Vacation,
            Busy,
            Dnd,
            OnCall,
            Meeting,
            VoiceMail,
            Custom,
            Unknown,
        ]
    };

    /// The code of the interworking tables, `C0` to `C17`.
    pub const fn code(self) -> &'static str {
        const CODES: [&str; 18] = [
            "C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13", "C14",
            "C15", "C16", "C17",
        ];
        CODES[self as usize]
    }

    /// Precedence among several devices of one principal (D-17, a.4 rule 9): the highest is shown.
    pub const fn interest(self) -> u8 {
        match self {
            Self::OnCall | Self::Meeting => 7,
            Self::Dnd => 6,
            Self::Busy => 5,
            Self::Available | Self::Chat | Self::Online | Self::Custom => 4,
            Self::Away | Self::Idle | Self::Brb | Self::Lunch => 3,
            Self::NotAvailable | Self::Vacation | Self::VoiceMail => 2,
            Self::Unknown => 1,
            Self::Offline | Self::Hidden => 0,
        }
    }

    /// What a room board shows for this state.
    pub const fn availability(self) -> Availability {
        match self {
            Self::Offline | Self::Hidden => Availability::Offline,
            Self::Online | Self::Available | Self::Chat | Self::Custom => Availability::Available,
            Self::OnCall | Self::Meeting => Availability::OnCall,
            Self::Unknown => Availability::Unknown,
            _ => Availability::Away,
        }
    }
}

/// The few words of a room board.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Availability {
    /// Can be reached now.
    Available,
    /// In a call.
    OnCall,
    /// Registered, its user is elsewhere or does not want contact.
    Away,
    /// Can't be reached.
    Offline,
    /// Nothing is known.
    Unknown,
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Available => "available",
            Self::OnCall => "on call",
            Self::Away => "away",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        })
    }
}

/// Reachability, RFC 3863 `<basic>`; never derived from the activity (C-27).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Basic {
    /// Ready to accept.
    Open,
    /// Not ready to accept.
    Closed,
}

/// One tuple of a document: one device (RFC 2778 "presence tuple").
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct PresenceTuple {
    /// The device, or `None` for what is known of the principal apart from any device.
    pub agent: Option<AgentId>,
    /// Its state.
    pub state: PresenceState,
    /// Its reachability.
    pub basic: Basic,
    /// Since when it has been in this state.
    pub since: Timestamp,
    /// In a few words why, for people.
    pub note: Option<String>,
    /// What its person published of himself through it, capabilities and location as last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<Box<Publication>>,
}

/// The version of a document: it only grows, and a watcher drops anything older.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
pub struct Version {
    /// Grows with each start of the owner.
    pub epoch: u32,
    /// Grows with each change within an epoch.
    pub version: u32,
}

/// Presence information of one presentity as one class of watchers may see it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct PresenceDocument {
    /// Whose.
    pub presentity: Address,
    /// Which edition.
    pub version: Version,
    /// The composed state (D-15, D-17).
    pub state: PresenceState,
    /// The composed reachability.
    pub basic: Basic,
    /// Since when the composed state has held.
    pub since: Timestamp,
    /// In a few words why, for people.
    pub note: Option<String>,
    /// One tuple for each device.
    pub tuples: Vec<PresenceTuple>,
}

impl PresenceDocument {
    /// The tuple that decides the composed state: of those in that state the one that began first.
    pub fn deciding(&self) -> Option<&PresenceTuple> {
        let in_state = self.tuples.iter().filter(|tuple| tuple.state == self.state);
        in_state.min_by(|one, other| one.since.cmp(&other.since).then_with(|| one.agent.cmp(&other.agent)))
    }
}
