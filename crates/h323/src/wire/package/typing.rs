//! Typing indications.

use super::parameter::{Reader, Writer};
use super::{PackageError, RECIPIENTS_MAX, number};
use crate::wire::h225::{AliasAddress, GenericData};

/// That somebody writes, or stopped; good for [`super::TYPING_SECONDS`].
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

impl Typing {
    pub(super) fn from_parameters(reader: &Reader<'_>, value: u8) -> Result<Self, PackageError> {
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
