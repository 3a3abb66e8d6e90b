//! Messages and parts of them.

use super::parameter::{Reader, Writer};
use super::{PackageError, RECIPIENTS_MAX, TEXT_OCTETS_MAX, number};
use crate::wire::h225::{AliasAddress, GenericData};
use model::{MessageId, ReceiptsWanted, Timestamp};

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
    /// The group that it was written to, where answers go.
    pub group: Option<AliasAddress>,
    /// Whether the recipient wrote it itself, on another of its devices.
    pub is_carbon: bool,
}

/// The place of a part in its message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Part {
    /// Which one, from 1 to `count`.
    pub number: u8,
    /// How many there are.
    pub count: u8,
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
            group: None,
            is_carbon: false,
        }
    }

    pub(super) fn from_parameters(reader: &Reader<'_>, id: MessageId) -> Result<Self, PackageError> {
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
            group: reader.alias(number::GROUP)?,
            is_carbon: reader.boolean(number::CARBON)?.unwrap_or_default(),
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
        writer.alias(number::GROUP, self.group.as_ref());
        writer.boolean(number::CARBON, self.is_carbon.then_some(true));
        Ok(writer.finish())
    }
}

const WANTS_DELIVERED: u8 = 1;
const WANTS_DISPLAYED: u8 = 2;
const WANTS_FAILED: u8 = 4;

/// The most characters of a media type and of a language tag.
const MEDIA_TYPE_MAX: usize = 255;
const LANGUAGE_MAX: usize = 64;
