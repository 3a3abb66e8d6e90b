//! Chat states (XEP-0085).

use super::element::Element;
use super::namespaces::CHAT_STATES;

/// Whether somebody writes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChatState {
    /// Pays attention.
    Active,
    /// Writes.
    Composing,
    /// Has stopped writing.
    Paused,
    /// Pays no attention.
    Inactive,
    /// Has left the conversation.
    Gone,
}

const WORDS: [(ChatState, &str); 5] = [
    (ChatState::Active, "active"),
    (ChatState::Composing, "composing"),
    (ChatState::Paused, "paused"),
    (ChatState::Inactive, "inactive"),
    (ChatState::Gone, "gone"),
];

/// That of a message.
#[must_use]
pub fn read(stanza: &Element) -> Option<ChatState> {
    let mut states = stanza.children().filter(|child| child.namespace() == CHAT_STATES);
    let name = states.next()?.name();
    WORDS.iter().find(|(_, word)| *word == name).map(|(state, _)| *state)
}

impl ChatState {
    /// Its element.
    #[must_use]
    pub fn element(self) -> Element {
        let word = WORDS.iter().find(|(state, _)| *state == self).map_or("active", |(_, word)| word);
        Element::new(word, CHAT_STATES)
    }
}
