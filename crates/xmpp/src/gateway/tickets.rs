//! What the engine was asked, until it answers.

use super::services::Searching;
use crate::wire::{Element, Jid};
use model::{Address, Instant, MessageId, Millis, Ticket};
use std::collections::BTreeMap;

/// Open requests, by their tickets. A limited number: the oldest is forgotten, and its answer then means nothing.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    next: u64,
    open: BTreeMap<u64, Asked>,
    /// Requests that are to outlive a crash, until the engine has answered: then they are kept.
    unsettled: BTreeMap<u64, Instant>,
}

/// What was asked, as far as the answer matters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Asked {
    /// Nothing follows from the answer.
    Nothing,
    /// To take somebody in.
    ToClaim(Address),
    /// For a user to watch somebody of here.
    ToWatch { user: Address, contact: Address },
    /// For the newest of somebody of here.
    ToFetch { user: Address, contact: Address },
    /// Why somebody is shown as it is, by a command.
    ToExplain { command: Box<Element> },
    /// To enter a room.
    ToEnter { client: Jid, group: Address, nick: String },
    /// Who can be found.
    ToBrowse(Box<Searching>),
    /// To take a message.
    ToSend(Box<Written>),
}

/// A message that a user has written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Written {
    /// The full JID it was written from.
    pub(crate) from: String,
    /// To whom of here.
    pub(crate) to: Address,
    /// Its id on the wire.
    pub(crate) stanza: Option<String>,
    /// Its type.
    pub(crate) kind: &'static str,
    pub(crate) id: MessageId,
}

impl Tickets {
    pub(crate) fn issue(&mut self, asked: Asked) -> Ticket {
        self.next += 1;
        if asked != Asked::Nothing {
            if self.open.len() >= OPEN_MAX {
                self.open.pop_first();
            }
            self.open.insert(self.next, asked);
        }
        Ticket(self.next)
    }

    /// A ticket for something that is to outlive a crash.
    pub(crate) fn issue_durable(&mut self, now: Instant, asked: Asked) -> Ticket {
        let ticket = self.issue(asked);
        self.unsettled.insert(ticket.0, now);
        if self.unsettled.len() > OPEN_MAX {
            self.unsettled.pop_first();
        }
        ticket
    }

    /// The engine has answered.
    pub(crate) fn settle(&mut self, ticket: Ticket) {
        self.unsettled.remove(&ticket.0);
    }

    /// What has been asked for up to now.
    pub(crate) fn mark(&self) -> u64 {
        self.next
    }

    /// Whether all that was asked for up to a mark is kept, or will never be answered.
    pub(crate) fn is_settled(&mut self, now: Instant, mark: u64) -> bool {
        while let Some((ticket, at)) = self.unsettled.first_key_value() {
            if *ticket > mark {
                break;
            }
            if at.after(ANSWERED_WITHIN) > now {
                return false;
            }
            self.unsettled.pop_first();
        }
        true
    }

    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Asked> {
        self.open.remove(&ticket.0)
    }
}

/// How long the engine may take.
const ANSWERED_WITHIN: Millis = Millis::seconds(30);

/// Requests that may be open; the engine answers each in milliseconds.
const OPEN_MAX: usize = 65_536;
