//! Presence documents as presence stanzas, and back (interworking a.2, a.3, a.4).

use crate::wire::namespaces::{HERALD, IDLE, STANZAS};
use crate::wire::{Element, write_escaped};
use model::{AgentId, Note, PresenceDocument, PresenceState, PresenceTuple, Publication, Timestamp};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How a state is written (a.2, the column of XMPP).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Row {
    /// The state.
    pub state: PresenceState,
    /// `show`; empty for none.
    pub show: &'static str,
    /// What `status` says where the person says nothing; empty for nothing.
    pub status: &'static str,
    /// Whether the moment since when is told (XEP-0319).
    pub is_idle: bool,
}

/// All states that are told as available. Who is offline or hides is unavailable, and of whom nothing is known nothing
/// is told.
pub const ROWS: [Row; 15] = {
    const fn row(state: PresenceState, show: &'static str, status: &'static str) -> Row {
        Row { state, show, status, is_idle: matches!(state, PresenceState::Idle) }
    }
    use PresenceState::*;
    [
        row(Online, "", ""),
        row(Available, "", ""),
        row(Chat, "chat", ""),
        row(Away, "away", ""),
        row(Idle, "away", ""),
        row(Brb, "away", "Be right back"),
        row(Lunch, "away", "Out to lunch"),
        row(NotAvailable, "xa", ""),
        row(Vacation, "xa", "On vacation"),
        row(Busy, "dnd", "Busy"),
        row(Dnd, "dnd", ""),
        row(OnCall, "dnd", "On a call"),
        row(Meeting, "dnd", "In a meeting"),
        row(VoiceMail, "xa", "Calls are answered by a machine"),
        row(Custom, "", ""),
    ]
};

/// A document, ready for all who watch it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Encoded {
    /// One for each device that is there.
    pub devices: Vec<Device>,
    /// What a stanza of type `unavailable` has in it.
    pub absence: Vec<u8>,
    /// Whether anything is known.
    pub is_known: bool,
}

/// A device as a client of its person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Device {
    /// Its resource.
    pub resource: String,
    /// What its presence has in it.
    pub content: Vec<u8>,
}

/// Encodes a document; `nick` is what people call its person. `common` is what every presence of ours has in it.
#[must_use]
pub fn encode(document: &PresenceDocument, nick: Option<&str>, common: &[u8]) -> Encoded {
    let there = document.tuples.iter().filter_map(|tuple| {
        let row = ROWS.iter().find(|row| row.state == tuple.state)?;
        let mut content = Vec::with_capacity(256);
        write_tuple(tuple, row, &mut content);
        if let Some(nick) = nick {
            crate::wire::nick::element(nick).write(&mut content);
        }
        content.extend_from_slice(common);
        Some(Device { resource: resource(tuple.agent), content })
    });
    let is_offline = matches!(document.state, PresenceState::Offline | PresenceState::Hidden);
    let devices = if is_offline { Vec::new() } else { there.collect() };
    let mut absence = Vec::new();
    if is_offline {
        let deciding = document.deciding().and_then(|tuple| tuple.publication.as_deref());
        write_notes(deciding.map_or(&[], |publication| &publication.notes), "", &mut absence);
    }
    Encoded { devices, absence, is_known: document.state != PresenceState::Unknown }
}

/// The resource of a device: the same as long as it is registered, and nothing of where it is (b.4).
fn resource(agent: Option<AgentId>) -> String {
    let Some(agent) = agent else { return "herald".to_owned() };
    let mut hasher = DefaultHasher::new();
    (agent.gateway.0, agent.number).hash(&mut hasher);
    format!("herald-{:08x}", hasher.finish() >> 32)
}

fn write_tuple(tuple: &PresenceTuple, row: &Row, out: &mut Vec<u8>) {
    if !row.show.is_empty() {
        write_text("show", None, row.show, out);
    }
    let publication = tuple.publication.as_deref().filter(|said| said.state == tuple.state);
    let custom = publication.map_or(&[][..], |said| &said.custom);
    let notes = publication.map_or(&[][..], |said| &said.notes);
    write_notes(if notes.is_empty() { custom } else { notes }, row.status, out);
    write_text("priority", None, PRIORITY, out);
    if row.is_idle {
        out.extend_from_slice(b"<idle xmlns='");
        out.extend_from_slice(IDLE.as_bytes());
        out.extend_from_slice(b"' since='");
        out.extend_from_slice(crate::wire::time::write(tuple.since).as_bytes());
        out.extend_from_slice(b"'/>");
    }
    out.extend_from_slice(b"<state xmlns='");
    out.extend_from_slice(HERALD.as_bytes());
    out.extend_from_slice(b"' code='");
    out.extend_from_slice(tuple.state.code().as_bytes());
    if let Some(qualifier) = publication.and_then(|said| said.qualifier.as_deref()) {
        out.extend_from_slice(b"' qualifier='");
        write_escaped(qualifier, out);
    }
    out.extend_from_slice(b"'/>");
}

fn write_notes(notes: &[Note], canned: &str, out: &mut Vec<u8>) {
    for note in notes.iter().filter(|note| !note.text.is_empty()) {
        write_text("status", note.language.as_deref(), &note.text, out);
    }
    if notes.is_empty() && !canned.is_empty() {
        write_text("status", None, canned, out);
    }
}

fn write_text(name: &str, language: Option<&str>, text: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    if let Some(language) = language {
        crate::wire::write_attribute("xml:lang", language, out);
    }
    out.push(b'>');
    write_escaped(text, out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// Reads what a client says in a presence without a type, or of type `unavailable` (a.3).
#[must_use]
pub fn read(stanza: &Element, now: Timestamp) -> Publication {
    let show = stanza.child("show", STANZAS).map(Element::text).unwrap_or_default();
    let idle = stanza.child("idle", IDLE);
    let tag = stanza.child("state", HERALD);
    let tagged = tag.and_then(|tag| tag.attribute("code")).and_then(|code| {
        // What is not told by a tag: who is not there is unavailable, and who hides does so.
        ROWS.iter().map(|row| row.state).find(|state| state.code() == code)
    });
    let state = tagged.unwrap_or(match show.trim() {
        "chat" => PresenceState::Chat,
        "away" if idle.is_some() => PresenceState::Idle,
        "away" => PresenceState::Away,
        "xa" => PresenceState::NotAvailable,
        "dnd" => PresenceState::Dnd,
        _ => PresenceState::Available,
    });
    let qualifier = tag.filter(|_| tagged.is_some()).and_then(|tag| tag.attribute("qualifier"));
    let canned = ROWS.iter().find(|row| row.state == state).map_or("", |row| row.status);
    let language = stanza.language();
    let notes = stanza.children_named("status", STANZAS).take(NOTES_MAX).filter_map(|status| {
        let text = cut(&status.text());
        // Words of ours that only say the state again.
        let is_said = text.is_empty() || tagged.is_some() && text == canned;
        let language = status.language().or(language).map(str::to_owned);
        (!is_said).then_some(Note { language, text })
    });
    let notes: Vec<Note> = notes.collect();
    let since = idle.and_then(|idle| idle.attribute("since")).and_then(crate::wire::time::read);
    let is_custom = state == PresenceState::Custom;
    Publication {
        state,
        qualifier: qualifier.map(cut),
        custom: if is_custom { notes.clone() } else { Vec::new() },
        notes: if is_custom { Vec::new() } else { notes },
        capabilities: None,
        location: None,
        extensions: Box::default(),
        at: since.filter(|since| *since <= now).unwrap_or(now),
    }
}

/// Cuts a text that is longer than anything a person writes of himself.
fn cut(text: &str) -> String {
    let text = text.trim();
    let end = (0..=text.len().min(TEXT_OCTETS_MAX)).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

/// The priority of a device: in the middle of what is above nothing (a.4, rule 8).
const PRIORITY: &str = "64";

/// The most texts of one presence.
const NOTES_MAX: usize = 8;

/// The most octets of one text.
const TEXT_OCTETS_MAX: usize = 1024;
