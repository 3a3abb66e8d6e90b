//! Messages as message stanzas, and back (interworking d.1 to d.8).

use crate::wire::chat_state::{self, ChatState};
use crate::wire::namespaces::{DELAY, HINTS, IDS, MARKERS, OOB, RECEIPTS, STANZAS, XHTML_IM};
use crate::wire::{Condition, Element, Jid, Node, write_attribute, write_escaped};
use model::{Address, Delivery, InstantMessage, MessageFailure, MessageId, ReceiptsWanted, Timestamp};
use sha2::{Digest, Sha256};

/// What a message stanza says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// What is written to somebody.
    pub message: Option<InstantMessage>,
    /// What became of a message of ours.
    pub report: Option<Report>,
    /// Whether somebody is writing.
    pub chat_state: Option<ChatState>,
    /// The conversation.
    pub thread: Option<[u8; 16]>,
}

/// What became of a message of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Report {
    /// A client has it (XEP-0184).
    Delivered(MessageId),
    /// It was read (XEP-0333).
    Displayed(MessageId),
    /// It came back.
    Failed(MessageId, MessageFailure),
}

/// Reads a message of a sender to somebody of here. `fallback` names a message that has no id.
#[must_use]
pub fn read(stanza: &Element, from: &Address, to: &Address, now: Timestamp, fallback: [u8; 16]) -> Received {
    let thread = stanza.child("thread", STANZAS).map(|thread| thread_id(thread.text().trim()));
    if stanza.attribute("type") == Some("error") {
        let failure = failure(Condition::of(stanza));
        let id = stanza.attribute("id").and_then(own_id);
        return Received { report: id.map(|id| Report::Failed(id, failure)), ..Received::default() };
    }
    let reported = |name: &str, namespace: &str| {
        stanza.child(name, namespace).and_then(|report| report.attribute("id")).and_then(own_id)
    };
    let displayed = reported("displayed", MARKERS).map(Report::Displayed);
    let delivered = || {
        let received = reported("received", RECEIPTS).or_else(|| reported("received", MARKERS));
        received.map(Report::Delivered)
    };
    Received {
        message: written(stanza, from, to, now, thread, fallback),
        report: displayed.or_else(delivered),
        chat_state: chat_state::read(stanza),
        thread,
    }
}

fn written(
    stanza: &Element,
    from: &Address,
    to: &Address,
    now: Timestamp,
    thread: Option<[u8; 16]>,
    fallback: [u8; 16],
) -> Option<InstantMessage> {
    let (text, language) = text(stanza)?;
    let id = stanza.attribute("id");
    let origin = stanza.child("origin-id", IDS).and_then(|origin| origin.attribute("id"));
    let wants = |name: &str, namespace: &str| id.is_some() && stanza.child(name, namespace).is_some();
    let sent_at = stanza.child("delay", DELAY).and_then(|delay| delay.attribute("stamp"));
    let sent_at = sent_at.and_then(crate::wire::time::read).filter(|sent_at| *sent_at <= now);
    // A headline is for who is there, as is what asks not to be kept.
    let is_fleeting =
        stanza.attribute("type") == Some("headline") || stanza.child("no-store", HINTS).is_some();
    Some(InstantMessage {
        id: MessageId(origin.or(id).map_or(fallback, |id| digest(&[from.as_str(), id]))),
        sender: from.clone(),
        recipient: to.clone(),
        text,
        content: None,
        language,
        sent_at: sent_at.unwrap_or(now),
        expires_at: is_fleeting.then(|| now.after(model::Millis::seconds(FLEETING_SECONDS))),
        max_forwards: MAX_FORWARDS,
        thread,
        wanted: ReceiptsWanted {
            delivered: wants("request", RECEIPTS),
            displayed: wants("markable", MARKERS),
            failed: true,
        },
        in_session: stanza.attribute("type") == Some("chat"),
        is_report: false,
        is_ignored: false,
    })
}

/// The text of a message, as readable as it gets, and its language: the body, else what is in XHTML; what is attached is
/// told by its address, and a subject comes first.
fn text(stanza: &Element) -> Option<(String, Option<String>)> {
    let bodies = || stanza.children_named("body", STANZAS);
    // The language of the stanza is the sender's own; others are translations.
    let body = bodies().find(|body| body.language().is_none()).or_else(|| bodies().next());
    let language = body.and_then(Element::language).or(stanza.language()).map(str::to_owned);
    let mut text = body.map(Element::text).unwrap_or_default();
    if text.trim().is_empty()
        && let Some(html) = stanza.child("html", XHTML_IM)
    {
        text.clear();
        flatten(html, &mut text, 0);
        text = text.trim().to_owned();
    }
    for attached in stanza.children_named("x", OOB).take(ATTACHMENTS_MAX) {
        let part = |name: &str| attached.child(name, OOB).map(Element::text).unwrap_or_default();
        let (url, about) = (part("url"), part("desc"));
        if !url.is_empty() && !text.contains(&url) {
            let about = if about.is_empty() { url } else { format!("{about}: {url}") };
            text = if text.is_empty() { about } else { format!("{text}\n{about}") };
        }
    }
    let subject = stanza.child("subject", STANZAS).map(Element::text).unwrap_or_default();
    if !subject.trim().is_empty() && !text.is_empty() {
        text = format!("{}: {text}", subject.trim());
    }
    (!text.is_empty()).then_some((text, language))
}

/// The text of XHTML (XEP-0071), a line for each block, with the addresses of links and pictures.
fn flatten(element: &Element, out: &mut String, depth: usize) {
    if depth > HTML_DEPTH_MAX {
        return;
    }
    let is_block =
        matches!(element.name(), "p" | "div" | "br" | "li" | "blockquote" | "pre" | "h1" | "h2" | "h3");
    if is_block && !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    let start = out.len();
    for node in element.nodes() {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Element(child) => flatten(child, out, depth + 1),
        }
    }
    match element.name() {
        "a" => {
            let target = element.attribute("href").unwrap_or_default();
            if !target.is_empty() && out.get(start..) != Some(target) {
                out.push_str(&format!(" ({target})"));
            }
        }
        "img" => out.push_str(element.attribute("alt").or(element.attribute("src")).unwrap_or_default()),
        _ => {}
    }
}

/// Writes a message to somebody, by the JID of whom it is for. Who answers it answers to the group it was written to,
/// where it was written to one; then the text begins with who wrote it.
#[must_use]
pub fn write(delivery: &Delivery, to: &Jid, thread: Option<&str>, is_late: bool, common: &[u8]) -> Vec<u8> {
    let message = &delivery.message;
    let from = delivery.group.as_ref().unwrap_or(&delivery.sender);
    let mut out = Vec::with_capacity(512 + message.text.len());
    let id = id_text(message.id);
    out.extend_from_slice(b"<message");
    write_attribute("from", Jid::of(&from.address).as_str(), &mut out);
    write_attribute("to", to.as_str(), &mut out);
    write_attribute("id", &id, &mut out);
    write_attribute(
        "type",
        if message.in_session || message.thread.is_some() { "chat" } else { "normal" },
        &mut out,
    );
    if let Some(language) = &message.language {
        write_attribute("xml:lang", language, &mut out);
    }
    out.extend_from_slice(b"><body>");
    if let Some(group) = &delivery.group
        && group.address != delivery.sender.address
    {
        write_escaped(&format!("{}: ", delivery.sender.original), &mut out);
    }
    write_escaped(&body(message), &mut out);
    out.extend_from_slice(b"</body>");
    if let Some(thread) = thread {
        thread_element(thread).write(&mut out);
    }
    Element::new("origin-id", IDS).with("id", &id).write(&mut out);
    if message.wanted.delivered && !message.is_report {
        Element::new("request", RECEIPTS).write(&mut out);
    }
    if message.wanted.displayed && !message.is_report {
        Element::new("markable", MARKERS).write(&mut out);
    }
    if is_late {
        out.extend_from_slice(&delay(delivery));
    }
    out.extend_from_slice(common);
    out.extend_from_slice(b"</message>");
    out
}

/// What tells when a message was written that comes late (XEP-0203).
#[must_use]
pub fn delay(delivery: &Delivery) -> Vec<u8> {
    let from = delivery.group.as_ref().unwrap_or(&delivery.sender).address.domain();
    let stamp = crate::wire::time::write(delivery.message.sent_at);
    let mut out = Vec::new();
    Element::new("delay", DELAY).with("from", from).with("stamp", stamp).write(&mut out);
    out
}

/// The text of a message; of one that is something else, that it is.
fn body(message: &InstantMessage) -> String {
    match &message.content {
        Some(content) if message.text.is_empty() => {
            format!("[{}, {} octets]", content.media_type, content.body.len())
        }
        _ => message.text.replace("\r\n", "\n").replace('\r', "\n"),
    }
}

/// `thread` of a conversation.
#[must_use]
pub fn thread_element(name: &str) -> Element {
    Element::new("thread", STANZAS).with_text(name)
}

/// A conversation of a thread: a UUID as it is, else its digest (d.3).
fn thread_id(thread: &str) -> [u8; 16] {
    let digits: String = thread.chars().filter(|c| *c != '-').collect();
    let is_uuid = digits.len() == 32 && matches!(thread.len(), 32 | 36);
    is_uuid.then(|| octets(&digits)).flatten().unwrap_or_else(|| digest(&["thread", thread]))
}

/// How we call a conversation: a UUID (d.3).
#[must_use]
pub fn thread_text(thread: [u8; 16]) -> String {
    let hex = hexadecimal(thread);
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

/// The id of a stanza with a message of ours.
#[must_use]
pub fn id_text(id: MessageId) -> String {
    hexadecimal(id.0)
}

/// The message of ours that an id names; `None`: it is none of ours.
fn own_id(text: &str) -> Option<MessageId> {
    (text.len() == 32).then(|| octets(text)).flatten().map(MessageId)
}

fn hexadecimal(octets: [u8; 16]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets(digits: &str) -> Option<[u8; 16]> {
    let number = u128::from_str_radix(digits, 16).ok()?;
    (!digits.starts_with('+')).then(|| number.to_be_bytes())
}

/// What names a message or a conversation that has a name of its own (e.3).
fn digest(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut octets = [0; 16];
    octets.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    octets
}

/// Why a message of ours came back (d.8).
#[must_use]
pub const fn failure(condition: Condition) -> MessageFailure {
    match condition {
        Condition::ItemNotFound
        | Condition::Gone
        | Condition::Redirect
        | Condition::JidMalformed
        | Condition::RemoteServerNotFound => MessageFailure::NoRecipient,
        Condition::Forbidden
        | Condition::NotAllowed
        | Condition::NotAuthorized
        | Condition::RegistrationRequired
        | Condition::SubscriptionRequired
        | Condition::PolicyViolation
        | Condition::ServiceUnavailable => MessageFailure::Blocked,
        Condition::NotAcceptable | Condition::FeatureNotImplemented | Condition::BadRequest => {
            MessageFailure::NotSupported
        }
        Condition::RemoteServerTimeout => MessageFailure::Expired,
        Condition::RecipientUnavailable => {
            MessageFailure::Unavailable { limit: "the recipient is not there" }
        }
        Condition::ResourceConstraint => {
            MessageFailure::Unavailable { limit: "the recipient's server is full" }
        }
        Condition::Conflict
        | Condition::InternalServerError
        | Condition::UndefinedCondition
        | Condition::UnexpectedRequest => MessageFailure::Unavailable { limit: "the recipient's server" },
    }
}

/// How a failure is told (d.8).
#[must_use]
pub const fn condition(failure: MessageFailure) -> Condition {
    match failure {
        MessageFailure::NoRecipient => Condition::ItemNotFound,
        MessageFailure::Blocked => Condition::Forbidden,
        MessageFailure::Expired => Condition::RemoteServerTimeout,
        MessageFailure::TooLarge => Condition::PolicyViolation,
        MessageFailure::NotSupported => Condition::NotAcceptable,
        MessageFailure::Loop => Condition::NotAcceptable,
        MessageFailure::Unavailable { .. } => Condition::ResourceConstraint,
    }
}

/// By how many servers a message may be relayed.
const MAX_FORWARDS: u8 = 70;
/// How long a message waits that is only for who is there.
const FLEETING_SECONDS: u64 = 60;
/// The most attachments that are told.
const ATTACHMENTS_MAX: usize = 8;
/// How deep XHTML is looked into.
const HTML_DEPTH_MAX: usize = 24;
