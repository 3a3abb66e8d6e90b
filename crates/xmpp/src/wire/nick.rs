//! Nicknames (XEP-0172).

use super::element::Element;
use super::namespaces::NICK;

/// That in a stanza.
#[must_use]
pub fn read(stanza: &Element) -> Option<String> {
    let nick = stanza.child("nick", NICK)?.text();
    let nick: String = nick.trim().chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect();
    (!nick.is_empty()).then_some(nick)
}

/// Its element.
#[must_use]
pub fn element(nick: &str) -> Element {
    Element::new("nick", NICK).with_text(nick)
}

/// The most characters of a nickname.
const CHARACTERS_MAX: usize = 128;
