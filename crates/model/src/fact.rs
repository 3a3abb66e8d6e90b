//! Facts: what must survive a crash.

use crate::{
    Address, AuditRecord, BlockRecord, CallDetailRecord, Erasure, GroupRecord, HistoryOutcome, HistoryRecord,
    InboxRecord, InstantMessage, MemberRecord, MessageId, Publication, Rule, RuleKey, SubscriptionRecord,
    Timestamp, UserRecord,
};
use serde::{Deserialize, Serialize};

/// An entry of the alias book: one name of one principal.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct AliasEntry {
    /// The canonical address, unique in the book.
    pub address: Address,
    /// The kind of alias in its protocol's own word.
    pub kind: String,
    /// The alias exactly as it was registered first.
    pub original: String,
    /// The address of the principal it belongs to.
    pub principal: Address,
}

/// One durable fact. What is rare and large is boxed: facts are handed on by the thousand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fact {
    /// A principal exists (again): inserted, or left alone where it is known.
    Principal {
        /// Its presentity's address.
        address: Address,
        /// Since when.
        created_at: Timestamp,
    },
    /// A name belongs to a principal; replaces what the book said of that name.
    Alias(AliasEntry),
    /// A name is free again.
    AliasRemoved {
        /// The name.
        address: Address,
    },
    /// What a person published through a device; replaces what was published through it before.
    Published {
        /// The address of the principal.
        principal: Address,
        /// The name of the device ([`Claim::device`](crate::Claim::device)).
        device: String,
        /// What, merged with what was known.
        publication: Box<Publication>,
    },
    /// What was published through a device counts no more.
    PublicationEnded {
        /// The address of the principal.
        principal: Address,
        /// The name of the device.
        device: String,
    },
    /// A subscription; replaces the one of the same watcher and presentity.
    Subscription(Box<SubscriptionRecord>),
    /// A subscription has ended.
    SubscriptionEnded {
        /// Who watched.
        watcher: Address,
        /// Whom.
        presentity: Address,
    },
    /// A block; replaces the one of the same owner and blocked.
    Block(Box<BlockRecord>),
    /// A block has ended.
    BlockEnded {
        /// Whose.
        owner: Address,
        /// Who was blocked.
        blocked: Address,
    },
    /// A message is in an inbox.
    Message {
        /// The address of the principal whose inbox it is.
        inbox: Address,
        /// Its place: it only grows within an inbox.
        place: u64,
        /// What.
        message: Box<InstantMessage>,
    },
    /// A message has left its inbox. Its id stays known, so that a repeat is not delivered again; its text does not.
    MessageSettled {
        /// The address of the principal whose inbox it was in.
        inbox: Address,
        /// Whose message.
        sender: Address,
        /// Which.
        id: MessageId,
        /// When it left.
        at: Timestamp,
    },
    /// The ids of messages that left an inbox before a moment are forgotten.
    MessagesForgotten {
        /// The moment.
        before: Timestamp,
    },
    /// A call has ended; written once for each `call_identifier` and `admitted_at`.
    Call(Box<CallDetailRecord>),
    /// A rule, in the place of the one of the same key.
    Rule(Box<Rule>),
    /// There is no rule of this key any more.
    RuleEnded(Box<RuleKey>),
    /// A group; replaces what was known of it but its members.
    Group(Box<GroupRecord>),
    /// A group is no more, and has no members.
    GroupRemoved {
        /// Its address.
        address: Address,
    },
    /// A member of a group; replaces what it was there.
    GroupMember(Box<MemberRecord>),
    /// A member has left.
    GroupMemberRemoved {
        /// The address of the group.
        group: Address,
        /// The address of the member, as it joined.
        member: Address,
    },
    /// Something for the audit log, which numbers and chains it.
    Audited(Box<AuditRecord>),
    /// A message for the history of one of its parties; written once.
    Remembered(Box<HistoryRecord>),
    /// What became of a message, for the histories that have it.
    HistoryConcluded {
        /// The address under which its sender is filed, or its own where there is no such principal.
        sender: Address,
        /// Which message.
        id: MessageId,
        /// What became of it.
        outcome: HistoryOutcome,
    },
    /// Whether a history of a principal is kept, where its domain keeps any; what was kept stays.
    HistoryKept {
        /// The address of the principal.
        principal: Address,
        /// Whether.
        is_kept: bool,
    },
    /// Everything about a principal is removed.
    Erased(Box<Erasure>),
    /// The rules of an inbox; replaces those before, and removes them where they are as for everybody.
    InboxRules(Box<InboxRecord>),
    /// A user, in the place of the one of that name.
    User(Box<UserRecord>),
    /// There is no user of this name any more.
    UserRemoved {
        /// The name.
        name: String,
    },
}

impl Fact {
    /// What kind of fact it is, for the log: nothing of what it says.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Principal { .. } => "principal",
            Self::Alias(_) => "alias",
            Self::AliasRemoved { .. } => "alias removed",
            Self::Published { .. } => "published",
            Self::PublicationEnded { .. } => "publication ended",
            Self::Subscription(_) => "subscription",
            Self::SubscriptionEnded { .. } => "subscription ended",
            Self::Block(_) => "block",
            Self::BlockEnded { .. } => "block ended",
            Self::Message { .. } => "message",
            Self::MessageSettled { .. } => "message settled",
            Self::MessagesForgotten { .. } => "messages forgotten",
            Self::Call(_) => "call",
            Self::Audited(_) => "audited",
            Self::Remembered(_) => "remembered",
            Self::HistoryConcluded { .. } => "history concluded",
            Self::HistoryKept { .. } => "history kept",
            Self::Erased(_) => "erased",
            Self::User(_) => "user",
            Self::UserRemoved { .. } => "user removed",
            Self::InboxRules(_) => "inbox rules",
            Self::Rule(_) => "rule",
            Self::RuleEnded(_) => "rule ended",
            Self::Group(_) => "group",
            Self::GroupRemoved { .. } => "group removed",
            Self::GroupMember(_) => "group member",
            Self::GroupMemberRemoved { .. } => "group member removed",
        }
    }
}

/// Facts that become durable together or not at all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Batch {
    /// In order.
    pub facts: Vec<Fact>,
}

/// A piece of soft state: written lazily so that a restart resumes instead of forgetting.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SoftRecord {
    /// Which table of its owner, for example `h323.registration`.
    pub table: &'static str,
    /// Its key there.
    pub key: String,
    /// Its value as JSON text; `None` removes it.
    pub value: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::Fact;

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Fact>(), 80);
    }
}
