//! Herald's own package: messages, receipts and typing as descriptors of the generic extensibility framework
//! (H.460.1), between peers that both announced it.
//!
//! A descriptor says one thing, told by the parameter that is there: see [`Package::read`]. Parameters that are not
//! known are ignored. One that is not what it has to be makes the whole descriptor an error: whoever reads counts
//! it and goes on as if the descriptor were not there.
//!
//! ```text
//! GenericData { id nonStandard ababeab3-473c-4036-953b-a32e8c03b325,
//!               parameters { id standard 10, content raw messageId }, … }
//! ```

mod announcement;
mod message;
mod parameter;
mod part;
mod receipt;
#[cfg(test)]
mod tests;
mod typing;

pub use announcement::{Announcement, StateTag, capability};
pub use message::{PackageMessage, Part};
pub use part::{Assembly, Joined, divide};
pub use receipt::{FailureReason, PackageReceipt, ReceiptStage};
pub use typing::Typing;

use super::h225::GenericData;
use model::MessageId;
use parameter::Reader;

/// The version of the package that this is.
pub const VERSION: u8 = 1;
/// The most octets of a text, and of a body, in one descriptor.
pub const TEXT_OCTETS_MAX: usize = 8000;
/// The most recipients of one message.
pub const RECIPIENTS_MAX: usize = 32;
/// The most parts of one message.
pub const PARTS_MAX: u8 = 16;
/// By how many servers a message may be relayed where nothing is said (C-14).
pub const MAX_FORWARDS: u8 = 110;
/// For how many seconds a typing indication is good.
pub const TYPING_SECONDS: u64 = 60;

/// One descriptor of the package that is about messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Package {
    /// A message, or a part of one.
    Message(Box<PackageMessage>),
    /// A receipt.
    Receipt(PackageReceipt),
    /// Somebody writes, or stopped.
    Typing(Typing),
}

/// Why a descriptor can't be read or written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PackageError {
    /// A parameter is not of its type, or has a value that it can't have.
    #[error("parameter {parameter} is not what it has to be")]
    Malformed {
        /// Its number.
        parameter: u8,
    },
    /// A parameter is longer than it may be.
    #[error("parameter {parameter} is longer than {limit}")]
    TooLong {
        /// Its number.
        parameter: u8,
        /// In octets, characters or entries.
        limit: usize,
    },
    /// A parameter is not there that must be with another one.
    #[error("parameter {parameter} is missing")]
    Missing {
        /// Its number.
        parameter: u8,
    },
}

impl Package {
    /// Reads a descriptor: a message where `messageId` is there, a receipt where `receiptFor` is, else typing;
    /// `None` for another feature's and for one that is about something else.
    ///
    /// # Errors
    /// It is one of these and malformed.
    pub fn read(descriptor: &GenericData) -> Result<Option<Self>, PackageError> {
        let Some(reader) = Reader::new(descriptor) else { return Ok(None) };
        if let Some(id) = reader.identifier(number::MESSAGE_ID)? {
            return Ok(Some(Self::Message(PackageMessage::from_parameters(&reader, MessageId(id))?.into())));
        }
        if let Some(message) = reader.identifier(number::RECEIPT_FOR)? {
            let receipt = PackageReceipt::from_parameters(&reader, MessageId(message))?;
            return Ok(Some(Self::Receipt(receipt)));
        }
        let composing = reader.number8(number::TYPING)?;
        composing.map(|value| Typing::from_parameters(&reader, value).map(Self::Typing)).transpose()
    }
}

/// The numbers of the parameters, by the names of the specification.
mod number {
    pub const VERSION: u8 = 1;
    pub const CAPABILITIES: u8 = 2;
    pub const MESSAGE_ID: u8 = 10;
    pub const FROM: u8 = 11;
    pub const TO: u8 = 12;
    pub const TEXT: u8 = 13;
    pub const CONTENT_TYPE: u8 = 14;
    pub const BODY: u8 = 15;
    pub const SENT_AT: u8 = 16;
    pub const EXPIRES: u8 = 17;
    pub const MAX_FORWARDS: u8 = 18;
    pub const THREAD: u8 = 19;
    pub const PART: u8 = 20;
    pub const WANTS: u8 = 21;
    pub const LANGUAGE: u8 = 22;
    pub const DELAYED: u8 = 23;
    pub const GROUP: u8 = 24;
    pub const CARBON: u8 = 25;
    pub const RECEIPT_FOR: u8 = 30;
    pub const RECEIPT: u8 = 31;
    pub const REASON: u8 = 32;
    pub const RETRY_AFTER: u8 = 33;
    pub const TYPING: u8 = 34;
    pub const STATE_TAG: u8 = 50;
}
