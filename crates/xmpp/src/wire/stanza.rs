//! Stanzas (RFC 6120 section 8).

use super::condition::Condition;
use super::element::Element;
use super::jid::Jid;
use super::namespaces::STANZAS;

/// What kind of stanza an element is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `message`.
    Message,
    /// `presence`.
    Presence,
    /// `iq`.
    Iq,
}

impl Kind {
    /// That of an element; `None`: it is no stanza.
    #[must_use]
    pub fn of(element: &Element) -> Option<Self> {
        match element.name() {
            _ if element.namespace() != STANZAS => None,
            "message" => Some(Self::Message),
            "presence" => Some(Self::Presence),
            "iq" => Some(Self::Iq),
            _ => None,
        }
    }
}

/// A message of a type, with what is in it.
#[must_use]
pub fn message(kind: &str, from: &Jid, to: &Jid, id: Option<&str>, content: Vec<Element>) -> Element {
    let message = Element::new("message", STANZAS).with("from", from.as_str()).with("to", to.as_str());
    message.with_some("id", id).with("type", kind).with_children(content)
}

/// The answer to a request, with what is in it.
#[must_use]
pub fn result(request: &Element, content: Option<Element>) -> Element {
    answer(request, "result").with_children(content)
}

/// The answer to a stanza that was not handled; `None` for one that must not be answered so.
#[must_use]
pub fn refusal(stanza: &Element, condition: Condition, text: Option<&str>) -> Option<Element> {
    if matches!(stanza.attribute("type"), Some("error" | "result")) {
        return None;
    }
    let error = match text {
        Some(text) => condition.element_with_text(text),
        None => condition.element(),
    };
    Some(answer(stanza, "error").with_child(error))
}

fn answer(stanza: &Element, kind: &str) -> Element {
    Element::new(stanza.name(), STANZAS)
        .with_some("from", stanza.attribute("to"))
        .with_some("to", stanza.attribute("from"))
        .with_some("id", stanza.attribute("id"))
        .with("type", kind)
}
