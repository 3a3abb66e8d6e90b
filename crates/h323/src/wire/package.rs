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

mod parameter;
mod part;
#[cfg(test)]
mod tests;

pub use part::{Assembly, Joined, divide};

use super::h225::{AliasAddress, GenericData};
use model::{MessageFailure, MessageId, ReceiptsWanted, Timestamp};
use parameter::{Reader, Writer};

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

/// The bits of [`Announcement::capabilities`].
pub mod capability {
    /// Receipts are understood and given.
    pub const RECEIPTS: u16 = 1;
    /// Typing is understood.
    pub const TYPING: u16 = 1 << 1;
    /// Presence documents are understood.
    pub const DOCUMENTS: u16 = 1 << 2;
    /// Messages over RAS are taken.
    pub const MESSAGES: u16 = 1 << 3;
    /// Bodies of the type `Message/CPIM` are understood.
    pub const CPIM: u16 = 1 << 4;
    /// Group conversations are understood.
    pub const GROUPS: u16 = 1 << 5;
}

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

/// That a peer speaks the package, and what of it; in the feature sets of GRQ, GCF, RRQ, RCF and of Setup.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Announcement {
    /// Which version; meanings never change, so a higher one is as good.
    pub version: u8,
    /// A sum of the constants in [`capability`].
    pub capabilities: u16,
}

/// A message, or a part of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PackageMessage {
    /// Its name; unique with the sender.
    pub id: MessageId,
    /// Who writes.
    pub from: Option<AliasAddress>,
    /// To whom, at most [`RECIPIENTS_MAX`]; none in a call, which says it.
    pub to: Vec<AliasAddress>,
    /// The text, at most [`TEXT_OCTETS_MAX`] octets of UTF-8.
    pub text: Option<String>,
    /// The media type, at most 255 characters of ASCII, and the body, at most [`TEXT_OCTETS_MAX`] octets.
    pub content: Option<(String, Vec<u8>)>,
    /// When it was written. On the wire RFC 3339, read and written to the millisecond.
    pub sent_at: Option<Timestamp>,
    /// Seconds after `sent_at` until it is no longer worth delivering.
    pub expires: Option<u32>,
    /// By how many servers it may still be relayed; at 0 a server refuses it.
    pub max_forwards: Option<u8>,
    /// The conversation it belongs to.
    pub thread: Option<[u8; 16]>,
    /// Which part it is; `None`: the whole.
    pub part: Option<Part>,
    /// What the sender wants to be told.
    pub wanted: ReceiptsWanted,
    /// The language of the text (RFC 5646), at most 64 characters of ASCII.
    pub language: Option<String>,
    /// Whether it comes out of storage.
    pub is_delayed: bool,
}

/// The place of a part in its message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Part {
    /// Which one, from 1 to `count`.
    pub number: u8,
    /// How many there are.
    pub count: u8,
}

/// What became of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PackageReceipt {
    /// Of which message.
    pub message: MessageId,
    /// What became of it.
    pub kind: ReceiptStage,
    /// Why it failed; only with [`ReceiptStage::Failed`], and `None` also for a reason of a later version.
    pub reason: Option<FailureReason>,
    /// Seconds after which it may be sent again.
    pub retry_after: Option<u16>,
    /// Which recipient it is about: the one that gives the receipt.
    pub from: Option<AliasAddress>,
    /// Whom it is for: the sender of the message.
    pub to: Option<AliasAddress>,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReceiptStage {
    /// The server has it for good.
    Accepted,
    /// A device of the recipient has it.
    Delivered,
    /// The recipient has seen it.
    Displayed,
    /// It was refused or given up.
    Failed,
    /// Accepted, and the recipient is away.
    Stored,
}

/// Why a message failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureReason {
    /// Nobody has that address.
    NoRecipient,
    /// The recipient or a policy refuses it.
    Refused,
    /// It was not delivered in time.
    Expired,
    /// It is too large.
    TooLarge,
    /// No device takes such a content.
    NotSupported,
    /// It was relayed too often.
    Loop,
    /// Not at present.
    Temporary,
    /// The network behind a gateway refuses it.
    BeyondGateway,
}

/// That somebody writes, or stopped; good for [`TYPING_SECONDS`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Typing {
    /// Who writes.
    pub from: Option<AliasAddress>,
    /// To whom.
    pub to: Option<AliasAddress>,
    /// Whether it writes.
    pub is_composing: bool,
    /// In which conversation.
    pub thread: Option<[u8; 16]>,
}

/// The canonical state in `Presentity.genericData`, on the wire for example `C5;desk`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StateTag {
    /// The code; neither it nor the qualifier has a semicolon.
    pub code: String,
    /// The finer value within the code.
    pub qualifier: Option<String>,
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

impl Announcement {
    /// Reads the announcement in a feature set; `None` where there is none.
    ///
    /// # Errors
    /// It is malformed.
    pub fn read(descriptor: &GenericData) -> Result<Option<Self>, PackageError> {
        let Some(reader) = Reader::new(descriptor) else { return Ok(None) };
        let Some(version) = reader.number8(number::VERSION)? else { return Ok(None) };
        if version == 0 {
            return Err(PackageError::Malformed { parameter: number::VERSION });
        }
        let capabilities = reader.number16(number::CAPABILITIES)?.unwrap_or_default();
        Ok(Some(Self { version, capabilities }))
    }

    /// The descriptor.
    pub fn write(&self) -> GenericData {
        let mut writer = Writer::default();
        writer.number8(number::VERSION, Some(self.version));
        writer.number16(number::CAPABILITIES, Some(self.capabilities));
        writer.finish()
    }

    /// Whether all these capabilities are announced.
    pub const fn has(&self, capabilities: u16) -> bool {
        self.capabilities & capabilities == capabilities
    }
}

impl PackageMessage {
    /// A message of which nothing is said but its name.
    pub fn new(id: MessageId) -> Self {
        Self {
            id,
            from: None,
            to: Vec::new(),
            text: None,
            content: None,
            sent_at: None,
            expires: None,
            max_forwards: None,
            thread: None,
            part: None,
            wanted: ReceiptsWanted::default(),
            language: None,
            is_delayed: false,
        }
    }

    fn from_parameters(reader: &Reader<'_>, id: MessageId) -> Result<Self, PackageError> {
        let media_type = reader.text(number::CONTENT_TYPE, MEDIA_TYPE_MAX)?;
        let body = reader.raw(number::BODY, TEXT_OCTETS_MAX)?;
        let content = match (media_type, body) {
            (Some(media_type), Some(body)) => Some((media_type, body.to_vec())),
            (None, None) => None,
            (None, Some(_)) => return Err(PackageError::Missing { parameter: number::CONTENT_TYPE }),
            (Some(_), None) => return Err(PackageError::Missing { parameter: number::BODY }),
        };
        let wanted = reader.number8(number::WANTS)?.unwrap_or_default();
        Ok(Self {
            id,
            from: reader.alias(number::FROM)?,
            to: reader.aliases(number::TO, RECIPIENTS_MAX)?,
            text: reader.utf8(number::TEXT, TEXT_OCTETS_MAX)?,
            content,
            sent_at: reader.time(number::SENT_AT)?,
            expires: reader.number32(number::EXPIRES)?,
            max_forwards: reader.number8(number::MAX_FORWARDS)?,
            thread: reader.identifier(number::THREAD)?,
            part: reader.part(number::PART)?,
            wanted: ReceiptsWanted {
                delivered: wanted & WANTS_DELIVERED != 0,
                displayed: wanted & WANTS_DISPLAYED != 0,
                failed: wanted & WANTS_FAILED != 0,
            },
            language: reader.text(number::LANGUAGE, LANGUAGE_MAX)?,
            is_delayed: reader.boolean(number::DELAYED)?.unwrap_or_default(),
        })
    }

    /// The descriptor.
    ///
    /// # Errors
    /// A member breaks its limit.
    pub fn write(&self) -> Result<GenericData, PackageError> {
        let mut writer = Writer::default();
        let wanted = u8::from(self.wanted.delivered) * WANTS_DELIVERED
            + u8::from(self.wanted.displayed) * WANTS_DISPLAYED
            + u8::from(self.wanted.failed) * WANTS_FAILED;
        writer.raw(number::MESSAGE_ID, Some(&self.id.0), self.id.0.len())?;
        writer.alias(number::FROM, self.from.as_ref());
        writer.aliases(number::TO, &self.to, RECIPIENTS_MAX)?;
        writer.raw(number::TEXT, self.text.as_deref().map(str::as_bytes), TEXT_OCTETS_MAX)?;
        if let Some((media_type, body)) = &self.content {
            writer.text(number::CONTENT_TYPE, Some(media_type), MEDIA_TYPE_MAX)?;
            writer.raw(number::BODY, Some(body), TEXT_OCTETS_MAX)?;
        }
        writer.time(number::SENT_AT, self.sent_at)?;
        writer.number32(number::EXPIRES, self.expires);
        writer.number8(number::MAX_FORWARDS, self.max_forwards);
        writer.raw(number::THREAD, self.thread.as_ref().map(<[u8; 16]>::as_slice), 16)?;
        writer.part(number::PART, self.part)?;
        writer.number8(number::WANTS, (wanted != 0).then_some(wanted));
        writer.text(number::LANGUAGE, self.language.as_deref(), LANGUAGE_MAX)?;
        writer.boolean(number::DELAYED, self.is_delayed.then_some(true));
        Ok(writer.finish())
    }
}

impl PackageReceipt {
    /// A receipt that names nobody.
    pub const fn new(message: MessageId, kind: ReceiptStage) -> Self {
        Self { message, kind, reason: None, retry_after: None, from: None, to: None }
    }

    fn from_parameters(reader: &Reader<'_>, message: MessageId) -> Result<Self, PackageError> {
        let value =
            reader.number8(number::RECEIPT)?.ok_or(PackageError::Missing { parameter: number::RECEIPT })?;
        let kind = STAGES.into_iter().find(|(code, _)| *code == value).map(|(_, kind)| kind);
        let kind = kind.ok_or(PackageError::Malformed { parameter: number::RECEIPT })?;
        let reason = reader.number16(number::REASON)?;
        let reason = reason.and_then(|value| REASONS.into_iter().find(|(code, _)| *code == value));
        Ok(Self {
            message,
            kind,
            reason: reason.map(|(_, reason)| reason).filter(|_| kind == ReceiptStage::Failed),
            retry_after: reader.number16(number::RETRY_AFTER)?,
            from: reader.alias(number::FROM)?,
            to: reader.first_alias(number::TO, RECIPIENTS_MAX)?,
        })
    }

    /// The descriptor.
    pub fn write(&self) -> GenericData {
        let mut writer = Writer::default();
        let kind = STAGES.into_iter().find(|(_, kind)| *kind == self.kind).map(|(code, _)| code);
        let reason = self.reason.filter(|_| self.kind == ReceiptStage::Failed);
        let reason = reason.and_then(|reason| REASONS.into_iter().find(|(_, value)| *value == reason));
        writer.octets(number::RECEIPT_FOR, &self.message.0);
        writer.number8(number::RECEIPT, kind);
        writer.number16(number::REASON, reason.map(|(code, _)| code));
        writer.number16(number::RETRY_AFTER, self.retry_after);
        writer.alias(number::FROM, self.from.as_ref());
        writer.recipient(number::TO, self.to.as_ref());
        writer.finish()
    }
}

impl Typing {
    fn from_parameters(reader: &Reader<'_>, value: u8) -> Result<Self, PackageError> {
        if value > 1 {
            return Err(PackageError::Malformed { parameter: number::TYPING });
        }
        Ok(Self {
            from: reader.alias(number::FROM)?,
            to: reader.first_alias(number::TO, RECIPIENTS_MAX)?,
            is_composing: value == 1,
            thread: reader.identifier(number::THREAD)?,
        })
    }

    /// The descriptor.
    pub fn write(&self) -> GenericData {
        let mut writer = Writer::default();
        writer.alias(number::FROM, self.from.as_ref());
        writer.recipient(number::TO, self.to.as_ref());
        if let Some(thread) = &self.thread {
            writer.octets(number::THREAD, thread);
        }
        writer.number8(number::TYPING, Some(u8::from(self.is_composing)));
        writer.finish()
    }
}

impl StateTag {
    /// Reads the tag in a descriptor; `None` where there is none.
    ///
    /// # Errors
    /// It is malformed.
    pub fn read(descriptor: &GenericData) -> Result<Option<Self>, PackageError> {
        let Some(reader) = Reader::new(descriptor) else { return Ok(None) };
        let Some(text) = reader.text(number::STATE_TAG, STATE_TAG_MAX)? else { return Ok(None) };
        let (code, qualifier) = match text.split_once(';') {
            Some((code, qualifier)) => (code, Some(qualifier.to_owned())),
            None => (text.as_str(), None),
        };
        let is_clean = |text: &str| !text.is_empty() && !text.contains(';');
        if !is_clean(code) || !qualifier.as_deref().is_none_or(is_clean) {
            return Err(PackageError::Malformed { parameter: number::STATE_TAG });
        }
        Ok(Some(Self { code: code.to_owned(), qualifier }))
    }

    /// The descriptor.
    ///
    /// # Errors
    /// It is empty, too long, or has characters that are not ASCII or a semicolon.
    pub fn write(&self) -> Result<GenericData, PackageError> {
        let parts = [Some(self.code.as_str()), self.qualifier.as_deref()];
        if parts.iter().flatten().any(|part| part.is_empty() || part.contains(';')) {
            return Err(PackageError::Malformed { parameter: number::STATE_TAG });
        }
        let mut writer = Writer::default();
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(";");
        writer.text(number::STATE_TAG, Some(&text), STATE_TAG_MAX)?;
        Ok(writer.finish())
    }
}

impl From<MessageFailure> for FailureReason {
    fn from(failure: MessageFailure) -> Self {
        match failure {
            MessageFailure::NoRecipient => Self::NoRecipient,
            MessageFailure::Blocked => Self::Refused,
            MessageFailure::Expired => Self::Expired,
            MessageFailure::TooLarge => Self::TooLarge,
            MessageFailure::NotSupported => Self::NotSupported,
            MessageFailure::Loop => Self::Loop,
            MessageFailure::Unavailable { .. } => Self::Temporary,
        }
    }
}

const WANTS_DELIVERED: u8 = 1;
const WANTS_DISPLAYED: u8 = 2;
const WANTS_FAILED: u8 = 4;

/// The most characters of a media type, a language tag and a state tag.
const MEDIA_TYPE_MAX: usize = 255;
const LANGUAGE_MAX: usize = 64;
const STATE_TAG_MAX: usize = 64;

const STAGES: [(u8, ReceiptStage); 5] = [
    (1, ReceiptStage::Accepted),
    (2, ReceiptStage::Delivered),
    (3, ReceiptStage::Displayed),
    (4, ReceiptStage::Failed),
    (5, ReceiptStage::Stored),
];

const REASONS: [(u16, FailureReason); 8] = [
    (1, FailureReason::NoRecipient),
    (2, FailureReason::Refused),
    (3, FailureReason::Expired),
    (4, FailureReason::TooLarge),
    (5, FailureReason::NotSupported),
    (6, FailureReason::Loop),
    (7, FailureReason::Temporary),
    (8, FailureReason::BeyondGateway),
];

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
    pub const RECEIPT_FOR: u8 = 30;
    pub const RECEIPT: u8 = 31;
    pub const REASON: u8 = 32;
    pub const RETRY_AFTER: u8 = 33;
    pub const TYPING: u8 = 34;
    pub const STATE_TAG: u8 = 50;
}
