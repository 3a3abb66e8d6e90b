//! Receipts.

use super::parameter::{Reader, Writer};
use super::{PackageError, RECIPIENTS_MAX, number};
use crate::wire::h225::{AliasAddress, GenericData};
use model::{MessageFailure, MessageId};

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

impl PackageReceipt {
    /// A receipt that names nobody.
    pub const fn new(message: MessageId, kind: ReceiptStage) -> Self {
        Self { message, kind, reason: None, retry_after: None, from: None, to: None }
    }

    pub(super) fn from_parameters(reader: &Reader<'_>, message: MessageId) -> Result<Self, PackageError> {
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

pub(super) const STAGES: [(u8, ReceiptStage); 5] = [
    (1, ReceiptStage::Accepted),
    (2, ReceiptStage::Delivered),
    (3, ReceiptStage::Displayed),
    (4, ReceiptStage::Failed),
    (5, ReceiptStage::Stored),
];

pub(super) const REASONS: [(u16, FailureReason); 8] = [
    (1, FailureReason::NoRecipient),
    (2, FailureReason::Refused),
    (3, FailureReason::Expired),
    (4, FailureReason::TooLarge),
    (5, FailureReason::NotSupported),
    (6, FailureReason::Loop),
    (7, FailureReason::Temporary),
    (8, FailureReason::BeyondGateway),
];
