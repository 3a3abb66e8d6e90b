//! What a domain keeps of the messages of its people, where its operator has switched that on.

use crate::{Address, MessageContent, MessageId, Timestamp};
use serde::{Deserialize, Serialize};

/// One message as the history of one of its two parties has it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryRecord {
    /// Whose history: the address of a principal.
    pub principal: Address,
    /// The other party.
    pub peer: Address,
    /// Whether the principal wrote it; else it was written to it.
    pub is_sent: bool,
    /// The conversation it belongs to.
    pub thread: Option<[u8; 16]>,
    /// When it was accepted.
    pub at: Timestamp,
    /// Its name, among those of its sender.
    pub id: MessageId,
    /// The text.
    pub text: String,
    /// The content, where it was more than text.
    pub content: Option<MessageContent>,
    /// What became of it.
    pub outcome: HistoryOutcome,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HistoryOutcome {
    /// It was accepted, and waits or is under way.
    Accepted,
    /// The recipient's server has it.
    Relayed,
    /// An agent of the recipient has it.
    Delivered,
    /// It failed.
    Failed,
}

impl HistoryOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Relayed, Self::Delivered, Self::Failed];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Relayed => "relayed",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}
