//! Messages that users wrote and want to hear of.

use model::{Address, Instant, MessageId, Millis};
use std::collections::{HashMap, VecDeque};

/// A limited number of messages, for a limited time: of what is forgotten nothing is told any more.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    messages: HashMap<MessageId, Note>,
    order: VecDeque<(Instant, MessageId)>,
}

/// What a user wants to be told of a message, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Note {
    /// Who wrote it.
    pub(crate) user: Address,
    /// The full JID it was written from.
    pub(crate) from: String,
    /// To whom of here.
    pub(crate) to: Address,
    /// The id of its stanza.
    pub(crate) stanza: String,
    /// The type of its stanza.
    pub(crate) kind: &'static str,
}

impl Sent {
    pub(crate) fn note(&mut self, now: Instant, id: MessageId, note: Note) {
        while self.order.front().is_some_and(|(at, _)| *at <= now || self.order.len() >= NOTES_MAX) {
            if let Some((_, oldest)) = self.order.pop_front() {
                self.messages.remove(&oldest);
            }
        }
        if self.messages.insert(id, note).is_none() {
            self.order.push_back((now.after(KEPT), id));
        }
    }

    pub(crate) fn get(&self, id: MessageId) -> Option<&Note> {
        self.messages.get(&id)
    }

    /// Nothing more is told of a message.
    pub(crate) fn take(&mut self, id: MessageId) -> Option<Note> {
        self.messages.remove(&id)
    }
}

/// Messages that are noted.
const NOTES_MAX: usize = 100_000;

/// For how long.
const KEPT: Millis = Millis::seconds(24 * 3600);
