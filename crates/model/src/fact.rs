//! Facts: what must survive a crash.

use crate::{
    Address, BlockRecord, CallDetailRecord, GroupRecord, InstantMessage, MemberRecord, MessageId,
    Publication, Rule, RuleKey, SubscriptionRecord, Timestamp, UserRecord,
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
    /// A user, in the place of the one of that name.
    User(Box<UserRecord>),
    /// There is no user of this name any more.
    UserRemoved {
        /// The name.
        name: String,
    },
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
