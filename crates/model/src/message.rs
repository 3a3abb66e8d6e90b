//! Instant messages (RFC 2778, RFC 3860) and what becomes of them.

use crate::{Address, NamedAddress, Timestamp};
use serde::{Deserialize, Serialize};

/// Names a message of one sender; the pair of sender and id is unique, a repeat is answered and not stored again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
pub struct MessageId(pub [u8; 16]);

/// What a sender wants to be told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
pub struct ReceiptsWanted {
    /// That it was delivered.
    pub delivered: bool,
    /// That it was displayed.
    pub displayed: bool,
    /// That it failed. Who does not want this in the form of a receipt is told by a message.
    pub failed: bool,
}

/// The body of a message that is more than text, kept octet for octet (C-15).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageContent {
    /// Its media type.
    pub media_type: String,
    /// Its octets.
    pub body: Vec<u8>,
}

/// An instant message.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstantMessage {
    /// Its name.
    pub id: MessageId,
    /// The presentity address of the sender; the engine puts it in the place of what a link writes here.
    pub sender: Address,
    /// To whom; the engine keeps the name that was written.
    pub recipient: Address,
    /// The text; empty only where there is a content.
    pub text: String,
    /// The content, where it is more than text.
    pub content: Option<MessageContent>,
    /// The language of the text (RFC 5646).
    pub language: Option<String>,
    /// When it was written.
    pub sent_at: Timestamp,
    /// When it is no longer worth delivering.
    pub expires_at: Option<Timestamp>,
    /// By how many servers it may still be relayed (C-14).
    pub max_forwards: u8,
    /// The conversation it belongs to.
    pub thread: Option<[u8; 16]>,
    /// What the sender wants to be told.
    pub wanted: ReceiptsWanted,
    /// Whether it was written in a session, which the recipient's link opens too where it can.
    pub in_session: bool,
    /// Whether it tells the fate of another message; nothing is ever told of such a one.
    pub is_report: bool,
    /// Whether its sender was turned away and is not to know: it is never delivered, and fails when one to somebody who
    /// stays away would (F-02). The engine's to say; what it says is not kept.
    pub is_ignored: bool,
}

/// A message on its way to an agent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// The message.
    pub message: InstantMessage,
    /// The sender as it registered.
    pub sender: NamedAddress,
    /// The group that it was written to, where it was written to one: who answers it answers to the group.
    pub group: Option<NamedAddress>,
    /// Whether it comes out of storage: the recipient was away when it was accepted.
    pub is_delayed: bool,
}

/// What a link says of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum DeliveryOutcome {
    /// The agent has it.
    Delivered,
    /// Its user has seen it.
    Displayed,
    /// The server behind the agent has it and answers for it from now on; what it tells of it may follow as
    /// [`Self::Delivered`], [`Self::Displayed`] or [`Self::Failed`].
    Relayed,
    /// It could not be delivered at present; it is tried again.
    Later,
    /// This agent can't take it, now or later.
    Failed(MessageFailure),
}

/// Why a message was refused, or failed after it was accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, thiserror::Error)]
pub enum MessageFailure {
    /// Nobody has that address.
    #[error("there is no such recipient")]
    NoRecipient,
    /// The recipient, or a rule, does not want it.
    #[error("the recipient does not take messages from this sender")]
    Blocked,
    /// It was not delivered in time.
    #[error("it was not delivered in time")]
    Expired,
    /// It is too large.
    #[error("it is too large")]
    TooLarge,
    /// No device of the recipient takes such a message.
    #[error("no device of the recipient takes messages")]
    NotSupported,
    /// It was relayed too often.
    #[error("it was relayed too often")]
    Loop,
    /// Not at present: the inbox is full, or the store does not write.
    #[error("it can't be taken at present: {limit}")]
    Unavailable {
        /// What is exhausted.
        limit: &'static str,
    },
}

/// What a sender is told of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum ReceiptKind {
    /// An agent of the recipient has it.
    Delivered,
    /// The recipient has seen it.
    Displayed,
    /// It failed.
    Failed(MessageFailure),
}

/// A receipt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// For which message.
    pub message: MessageId,
    /// The recipient as the sender wrote it, or as it registered.
    pub recipient: NamedAddress,
    /// What became of it.
    pub kind: ReceiptKind,
}
