//! Subscriptions: who watches whom, who decides, and the contact list they make up (RFC 2778).

use crate::{Address, Capability, Note, PresenceState, Timestamp};
use serde::{Deserialize, Serialize};

/// A name in canonical form, and as the network it comes from writes it (D-28).
#[derive(Clone, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
pub struct NamedAddress {
    /// The canonical address it stands for.
    pub address: Address,
    /// The kind of alias in its protocol's own word, for example `h323-ID`.
    pub kind: String,
    /// The alias exactly as it was registered or written.
    pub original: String,
}

/// Somebody who is served here, as who looks for people is shown it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listing {
    /// Who, as it registered.
    pub name: NamedAddress,
    /// Whether it is a group.
    pub is_group: bool,
    /// How it is, where who looks may see that.
    pub state: Option<PresenceState>,
}

/// Names one subscription relation for ever (C-03): 128 bits, unguessable. Both directions of a mutual subscription
/// share one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
pub struct SubscriptionId(pub [u8; 16]);

/// Which request to watch is decided, or which subscription is ended.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub enum Decided {
    /// The one of this name; it may also be one that the agent's principal asked for itself.
    Subscription(SubscriptionId),
    /// That of this watcher.
    Watcher(Address),
}

/// What is noted on an entry of a contact list.
#[derive(Clone, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactCard {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<Note>,
    /// Where a picture is: a URL or a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// What kind of contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Capability>,
}

/// What one direction of watching means for the other (E-26). RFC 2778 knows directions; the deployed clients of H.323
/// show one contact for both.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Symmetry {
    /// Nothing.
    Never,
    /// Who agrees to be watched asks to watch in turn, and whose contact ends ends the other direction too.
    Ask,
    /// Who agrees to be watched watches in turn, and who asks agrees. With somebody of another network or of another
    /// domain, who need not know of that, it is as [`Self::Ask`].
    #[default]
    Auto,
}

/// A change that an agent makes to the contact list of its principal.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum ContactChange {
    /// Watch the contact, or ask to.
    Subscribe,
    /// Watch it no more.
    Unsubscribe,
    /// Let it neither watch nor write.
    Block,
    /// Take that back.
    Unblock,
}

/// How a contact stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum ContactStatus {
    /// It is watched.
    Subscribed,
    /// One of the two has asked and the other has not decided.
    Pending,
    /// It is blocked.
    Blocked,
    /// It is on the list no more.
    Removed,
    /// It is blocked no more, and not on the list.
    Unblocked,
}

/// An entry of a contact list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contact {
    /// Who, in the form in which the owner of the list wrote it, or else in which the contact registered.
    pub name: NamedAddress,
    /// How it stands.
    pub status: ContactStatus,
    /// What is noted on it.
    pub card: ContactCard,
}

/// A request of a watcher that waits for the decision of the presentity's principal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubscriptionRequest {
    /// Which; the decision names it.
    pub id: SubscriptionId,
    /// The name under which the presentity was asked for.
    pub presentity: Address,
    /// Who asks.
    pub watcher: NamedAddress,
    /// What the watcher noted of itself.
    pub card: ContactCard,
    /// When it asked first.
    pub asked_at: Timestamp,
}

/// A subscription as it is stored. Watcher and presentity are the addresses under which principals are filed; a
/// presentity that is not known yet is the address that was asked for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionRecord {
    /// Its name.
    pub id: SubscriptionId,
    /// Who watches.
    pub watcher: Address,
    /// Whom.
    pub presentity: Address,
    /// Whether the presentity's principal has agreed.
    pub is_active: bool,
    /// Whether a rule has agreed, and the principal was not asked.
    #[serde(default)]
    pub by_rule: bool,
    /// Since when the presentity has looked offline to the watcher, where a rule hides it.
    #[serde(default)]
    pub hidden_since: Option<Timestamp>,
    /// When it was asked for first.
    pub asked_at: Timestamp,
    /// How the watcher writes the presentity, as kind and text; `None`: as it registered.
    pub written: Option<(String, String)>,
    /// What the watcher noted.
    pub card: ContactCard,
}

/// A block as it is stored; the addresses as in [`SubscriptionRecord`].
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct BlockRecord {
    /// Whose rule it is.
    pub owner: Address,
    /// Who is blocked.
    pub blocked: Address,
    /// Since when the owner looks offline to it.
    pub since: Timestamp,
    /// How the owner writes it, as kind and text; `None`: as it registered.
    pub written: Option<(String, String)>,
    /// What the owner noted.
    pub card: ContactCard,
}
