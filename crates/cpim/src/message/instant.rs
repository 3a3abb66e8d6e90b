//! Between Message/CPIM and the messages of `model`.

use super::mime::{self, ContentType};
use super::{MEDIA_TYPE, Mailbox, Message, MessageError, MessageLimits, NewMessage};
use crate::namespaces::HERALD;
use model::address::{Domain, im_pres, tel};
use model::{Address, InstantMessage, MessageContent, MessageId, Timestamp};
use std::fmt::Write;

/// What is known of a message apart from the object: who sends it to whom by the network it came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// Its name among those of the sender; a gateway translates names that are not of 16 octets.
    pub id: MessageId,
    /// Who sends it, as it was authenticated.
    pub sender: Address,
    /// To whom.
    pub recipient: Address,
    /// When it came.
    pub received_at: Timestamp,
    /// By how many servers it may still be relayed.
    pub max_forwards: u8,
}

/// Why an object is no message for the engine.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConversionError {
    /// It can't be read, or requires what nobody here understands.
    #[error("{0}")]
    Message(#[from] MessageError),
    /// It says that it is from somebody else. It can't be put right: its headers are not changed.
    #[error("it says that it is from {from}, but {sender} sends it")]
    Forged {
        /// Whom it names.
        from: String,
        /// Who sends it.
        sender: Address,
    },
}

/// Writes a message as the body of a Message/CPIM. One that is such a body already comes out octet for octet.
pub fn from_instant_message(message: &InstantMessage) -> Vec<u8> {
    let (content_headers, content) = match &message.content {
        Some(content) if is_cpim(&content.media_type) => return content.body.clone(),
        Some(content) => (content_type(&content.media_type), content.body.clone()),
        None => (content_type("text/plain; charset=utf-8"), message.text.clone().into_bytes()),
    };
    let language = message.language.as_ref().filter(|_| message.content.is_none());
    let language = language.map(|language| ("Content-Language".to_owned(), printable(language)));
    let mailbox = |address: &Address| Mailbox { formal_name: String::new(), uri: uri(address) };
    let new = NewMessage {
        from: mailbox(&message.sender),
        to: vec![mailbox(&message.recipient)],
        date_time: Some(message.sent_at),
        message_id: Some(hexadecimal(&message.id.0)),
        notifications: message.wanted,
        thread: message.thread.as_ref().map(hexadecimal),
        content_headers: content_headers.into_iter().chain(language).collect(),
        content,
        ..NewMessage::default()
    };
    new.to_octets()
}

fn content_type(media_type: &str) -> Vec<(String, String)> {
    vec![("Content-Type".to_owned(), printable(media_type))]
}

/// A value that can't begin another header.
fn printable(value: &str) -> String {
    value.chars().filter(|character| !character.is_control()).collect()
}

/// Makes a message of the body of a Message/CPIM: the whole of it is the content, octet for octet, and its text is what
/// people can read of it without a key; none where it is encrypted.
///
/// # Errors
/// [`ConversionError`]; nothing of the object is changed to make it fit.
pub fn instant_message(
    body: &[u8],
    envelope: Envelope,
    limits: &MessageLimits,
) -> Result<InstantMessage, ConversionError> {
    let message = Message::read(body, limits)?;
    let Envelope { id, sender, recipient, received_at, max_forwards } = envelope;
    if let Some(Mailbox { uri, .. }) = message.from() {
        let is_sender = address(&uri, &sender).is_some_and(|from| from == sender);
        if !is_sender {
            return Err(ConversionError::Forged { from: uri, sender });
        }
    }
    let thread = message.of(HERALD, "Thread").next().and_then(|header| octets(&header.value));
    let language = mime::value(message.content_headers(), "Content-Language").map(str::to_owned);
    Ok(InstantMessage {
        id,
        sender,
        recipient,
        text: readable(message.content_headers(), message.content(), limits, DEPTH_MAX).unwrap_or_default(),
        language,
        // A clock ahead of ours must not keep a message from expiring.
        sent_at: message.date_time().map_or(received_at, |at| at.min(received_at)),
        expires_at: None,
        max_forwards,
        thread,
        wanted: message.notifications(),
        in_session: false,
        is_report: message.content_type().is_some_and(|kind| kind.is("message", "imdn+xml")),
        is_ignored: false,
        content: Some(MessageContent { media_type: MEDIA_TYPE.to_owned(), body: body.to_vec() }),
    })
}

/// Whether a media type is Message/CPIM, whatever its parameters.
fn is_cpim(media_type: &str) -> bool {
    ContentType::read(media_type).is_some_and(|kind| kind.is("message", "cpim"))
}

/// How many multipart bodies within each other are looked into.
const DEPTH_MAX: usize = 3;

/// The text of a content that is text in UTF-8, or the first part of a signed or alternative one that is.
fn readable(
    headers: &[super::MimeHeader],
    content: &[u8],
    limits: &MessageLimits,
    depth: usize,
) -> Option<String> {
    let encoding = mime::value(headers, "Content-Transfer-Encoding").unwrap_or("8bit").to_ascii_lowercase();
    if !["7bit", "8bit", "binary"].contains(&&*encoding) {
        return None;
    }
    let kind = mime::content_type(headers)?;
    if kind.is("text", "plain") && matches!(kind.charset()?.as_str(), "utf-8" | "us-ascii") {
        return std::str::from_utf8(content).ok().map(str::to_owned);
    }
    let is_multipart =
        kind.kind == "multipart" && ["signed", "alternative", "mixed"].contains(&&*kind.subtype);
    let boundary = kind.parameter("boundary").filter(|boundary| is_multipart && !boundary.is_empty())?;
    let part = first_part(content, boundary)?;
    let (headers, start) = mime::read(part, 0, limits, &mut 0).ok()?;
    readable(&headers, &part[start..], limits, depth.checked_sub(1)?)
}

/// The first part of a multipart content.
fn first_part<'a>(content: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    let delimiter = format!("\r\n--{boundary}");
    let first = content.strip_prefix(&delimiter.as_bytes()[2..]).map_or_else(
        || find(content, delimiter.as_bytes()).map(|at| &content[at + delimiter.len()..]),
        Some,
    )?;
    let start = find(first, b"\r\n")? + 2;
    // A part without headers begins with the empty line.
    let end = find(&first[start..], delimiter.as_bytes())? + start;
    Some(&first[start..end])
}

/// Where octets stand first. A boundary is short and begins with CRLF, so few places are looked at twice.
fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len()).position(|window| window == wanted)
}

/// An address as an `im:` URI.
fn uri(address: &Address) -> String {
    format!("im:{}@{}", im_pres::escape(address.local()), address.domain())
}

/// The address that a URI names; `None` for one of a scheme that names nobody here.
fn address(uri: &str, home: &Address) -> Option<Address> {
    let (scheme, rest) = uri.split_once(':')?;
    match &*scheme.to_ascii_lowercase() {
        "tel" => tel::address(uri, &Domain::parse(home.domain()).ok()?).ok(),
        "im" | "pres" | "sip" | "sips" | "xmpp" | "h323" => {
            let (local, domain) = rest.split(['?', ';']).next()?.rsplit_once('@')?;
            Address::new(&im_pres::unescape(local).ok()?, &Domain::parse(domain).ok()?).ok()
        }
        _ => None,
    }
}

fn hexadecimal(octets: &[u8; 16]) -> String {
    octets.iter().fold(String::with_capacity(32), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

fn octets(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}
