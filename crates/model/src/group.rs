//! Groups: addresses with members, which are principals or other groups.

use crate::{Address, Timestamp};
use serde::{Deserialize, Serialize};

/// Who keeps a group.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupSource {
    /// The operator, and those whom he made its owners.
    #[default]
    Operator,
    /// A directory: its members are replaced as a whole, and are changed nowhere else.
    Directory,
}

/// A room of an MCU.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conference {
    /// The name that is called to join it, which is one of the MCU's.
    pub address: Address,
    /// Who is in it, by a call that was answered.
    pub participants: Vec<Address>,
}

/// Who may write to a group that is a conversation.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Writers {
    /// Its members, and the operator.
    #[default]
    Members,
    /// Everybody.
    Anybody,
}

/// Who is told that a message did not reach a member of a group.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureReports {
    /// Who wrote it.
    #[default]
    Sender,
    /// The owners of the group.
    Owners,
    /// Nobody; it is only counted.
    Nobody,
}

/// A group as it is stored, without its members.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRecord {
    /// Its address, which is nobody's alias.
    pub address: Address,
    /// Its name for people.
    pub title: String,
    /// Who keeps it.
    pub source: GroupSource,
    /// Whether it is a principal that its members write to, and get what the others write.
    pub is_conversation: bool,
    /// Who may write to it.
    pub writers: Writers,
    /// Whether its members are told who joins and leaves.
    pub announces: bool,
    /// Who is told of failures.
    pub reports: FailureReports,
    /// Since when there is such a group.
    pub created_at: Timestamp,
}

impl GroupRecord {
    /// A group of the operator that is no conversation, by its address.
    #[must_use]
    pub fn of(address: Address, created_at: Timestamp) -> Self {
        Self {
            title: address.local().to_owned(),
            address,
            source: GroupSource::default(),
            is_conversation: false,
            writers: Writers::default(),
            announces: false,
            reports: FailureReports::default(),
            created_at,
        }
    }
}

/// What a member is in a group.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupRole {
    /// A member.
    #[default]
    Member,
    /// A member that may let others in and put them out.
    Owner,
}

/// One member of one group, as it is stored.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRecord {
    /// The address of the group.
    pub group: Address,
    /// Any name of a principal, also one that is not known yet, or the address of another group.
    pub member: Address,
    /// What it is there.
    pub role: GroupRole,
}

/// Somebody in a conversation, as the others there see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Occupant {
    /// Its name there, which no other has.
    pub nick: String,
    /// Its address.
    pub address: Address,
}

/// A change of groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GroupChange {
    /// There is a new group, without members.
    Create(GroupRecord),
    /// A group is another; its source and its age stay.
    Alter(GroupRecord),
    /// There is no such group any more.
    Remove(Address),
    /// Somebody joins, or is something else there.
    Join(MemberRecord),
    /// Somebody leaves.
    Leave {
        /// The group.
        group: Address,
        /// Who.
        member: Address,
    },
    /// These are all members of a directory's group, which is created where there is none. Those that would close a
    /// loop are left out.
    Replace {
        /// The group.
        group: Address,
        /// Its name for people.
        title: String,
        /// All its members.
        members: Vec<Address>,
    },
}

impl GroupChange {
    /// The group that is changed.
    #[must_use]
    pub const fn group(&self) -> &Address {
        match self {
            Self::Create(record) | Self::Alter(record) => &record.address,
            Self::Join(record) => &record.group,
            Self::Remove(group) | Self::Leave { group, .. } | Self::Replace { group, .. } => group,
        }
    }
}

/// Why a group was not changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GroupRefusal {
    /// There is no such group.
    #[error("there is no group {0}")]
    Unknown(Address),
    /// There is such a group.
    #[error("there is a group {0} already")]
    Known(Address),
    /// The name is somebody's.
    #[error("{0} is the name of a person, room or machine, and can't be that of a group")]
    NameTaken(Address),
    /// The one is no member of the other.
    #[error("{member} is not a member of {group}")]
    NotMember {
        /// The group.
        group: Address,
        /// Who.
        member: Address,
    },
    /// Somebody else goes by that name there.
    #[error("somebody is called {0} there already")]
    NickTaken(String),
    /// Only the operator and the owners of a group let others in.
    #[error("only an owner of the group may do that")]
    NotOwner,
    /// The members come from a directory.
    #[error("the members of {0} come from the directory; change them there")]
    OfDirectory(Address),
    /// The members do not come from a directory.
    #[error("the group {0} is kept by the operator, not by the directory")]
    OfOperator(Address),
    /// A group would be a member of itself.
    #[error("{} would be a member of itself: {}", .0.first().map_or("the group", Address::as_str), path(.0))]
    Loop(
        /// Each is a member of the one before, the last is the first again.
        Vec<Address>,
    ),
    /// Something is full.
    #[error("that is more than {limit} allows ({max})")]
    Full {
        /// What.
        limit: &'static str,
        /// How much it holds.
        max: usize,
    },
    /// The store is not writing.
    #[error("groups can't be changed at present: {limit}")]
    Unavailable {
        /// What is exhausted.
        limit: &'static str,
    },
}

fn path(groups: &[Address]) -> String {
    let names = groups.iter().map(Address::as_str);
    names.collect::<Vec<_>>().join(" has the member ")
}
