//! Message/CPIM (RFC 3862): an object that is kept octet for octet, and a reading of it.

mod escape;
mod header;
mod instant;
mod mime;
mod names;
mod reading;
mod writing;

pub use header::{Header, Mailbox, Parameter};
pub use instant::{ConversionError, Envelope, from_instant_message, instant_message};
pub use mime::{ContentType, MimeHeader};
pub use names::{Name, is_known};
pub use reading::{Cause, MessageError, MessageLimits};
pub use writing::NewMessage;

use model::{Note, ReceiptsWanted, Timestamp};
use std::ops::Range;

/// The media type.
pub const MEDIA_TYPE: &str = "message/cpim";

/// A Message/CPIM object. Its octets are never changed (C-21); everything else is read from them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    octets: Box<[u8]>,
    headers: Vec<Header>,
    mime: Vec<MimeHeader>,
    content: Range<usize>,
}

impl Message {
    /// The object as it came: message headers, content headers, content.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Its message headers, in order.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The headers of its content, in order.
    pub fn content_headers(&self) -> &[MimeHeader] {
        &self.mime
    }

    /// The octets of its content, without their headers.
    pub fn content(&self) -> &[u8] {
        &self.octets[self.content.clone()]
    }

    /// The type of its content; without such a header `text/plain` in US-ASCII (RFC 2045, section 5.2). `None` where the
    /// header is none.
    pub fn content_type(&self) -> Option<ContentType> {
        mime::content_type(&self.mime)
    }

    /// Who it says that it is from.
    pub fn from(&self) -> Option<Mailbox> {
        self.mailboxes("From").next()
    }

    /// To whom, in order.
    pub fn to(&self) -> impl Iterator<Item = Mailbox> {
        self.mailboxes("To")
    }

    /// Who gets a copy, in order.
    pub fn cc(&self) -> impl Iterator<Item = Mailbox> {
        self.mailboxes("cc")
    }

    /// When it was written.
    pub fn date_time(&self) -> Option<Timestamp> {
        self.core("DateTime").find_map(|header| crate::time::moment(header.value.trim()))
    }

    /// What it is about, in each language.
    pub fn subjects(&self) -> impl Iterator<Item = Note> {
        self.core("Subject").map(|header| {
            let language = header.parameters.iter().find(|parameter| parameter.name == "lang");
            Note {
                language: language.map(|parameter| parameter.value.clone()),
                text: escape::read(&header.value),
            }
        })
    }

    /// What must be understood of it.
    pub fn required(&self) -> impl Iterator<Item = &Name> {
        self.headers.iter().flat_map(|header| &header.required)
    }

    /// Its identifier for notifications (RFC 5438).
    pub fn message_id(&self) -> Option<String> {
        self.of(crate::namespaces::IMDN, "Message-ID").next().map(|header| escape::read(&header.value))
    }

    /// What its sender wants to be told (RFC 5438).
    pub fn notifications(&self) -> ReceiptsWanted {
        let listed: Vec<_> = self.of(crate::namespaces::IMDN, "Disposition-Notification").collect();
        let wants = |word: &str| {
            let mut words = listed.iter().flat_map(|header| header.value.split(','));
            words.any(|listed| listed.trim() == word)
        };
        ReceiptsWanted {
            delivered: wants("positive-delivery"),
            displayed: wants("display"),
            failed: wants("negative-delivery"),
        }
    }

    /// The headers of a name in a namespace.
    pub fn of<'a>(&'a self, namespace: &'a str, local: &'a str) -> impl Iterator<Item = &'a Header> {
        self.headers.iter().filter(move |header| header.name.is(namespace, local))
    }

    fn core<'a>(&'a self, local: &'a str) -> impl Iterator<Item = &'a Header> {
        self.of(crate::namespaces::CPIM_HEADERS, local)
    }

    fn mailboxes<'a>(&'a self, local: &'a str) -> impl Iterator<Item = Mailbox> {
        self.core(local).filter_map(|header| Mailbox::read(&header.value))
    }
}
