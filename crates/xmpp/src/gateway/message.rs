//! Messages, their fates, and typing (interworking tables d.1 to d.5).

use super::sent::Note;
use super::tickets::{Asked, Written};
use super::{Gateway, Output};
use crate::streams::Outgoing;
use crate::translation::message::{self, Report};
use crate::wire::chat_state::ChatState;
use crate::wire::namespaces::{HINTS, MARKERS, RECEIPTS, STANZAS};
use crate::wire::{Condition, Element, Jid, stanza};
use model::{
    Address, Delivery, DeliveryOutcome, MessageFailure, MessageId, Now, Receipt, ReceiptKind, Request,
};
use std::collections::{HashMap, HashSet, VecDeque};

/// Messages under way, by tag.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    next: u64,
    messages: HashMap<u64, OnTheWay>,
    /// Those that could not be brought before, and are late now.
    late: HashSet<MessageId>,
    /// What users call conversations whose names have no room in H.323, the newest last.
    threads: VecDeque<([u8; 16], String)>,
}

impl UnderWay {
    /// Notes how a user calls a conversation, where that is not how we would.
    fn note_thread(&mut self, thread: [u8; 16], name: &str) {
        let is_known = self.threads.iter().any(|(known, _)| *known == thread);
        if is_known || message::thread_text(thread) == name || name.len() > THREAD_OCTETS_MAX {
            return;
        }
        if self.threads.len() >= THREADS_MAX {
            self.threads.pop_front();
        }
        self.threads.push_back((thread, name.to_owned()));
    }

    fn thread(&self, thread: [u8; 16]) -> String {
        let known = self.threads.iter().find(|(known, _)| *known == thread);
        known.map_or_else(|| message::thread_text(thread), |(_, name)| name.clone())
    }
}

#[derive(Debug)]
struct OnTheWay {
    user: Address,
    sender: Address,
    id: MessageId,
}

impl Gateway {
    /// A user writes to somebody of here, or says something about a message.
    pub(super) fn message(
        &mut self,
        now: Now,
        user: &Address,
        from: &Jid,
        contact: &Address,
        stanza: &Element,
    ) {
        let Some(agent) = self.agent(user) else { return };
        let read = message::read(stanza, user, contact, now.wall, self.random.octets());
        if let (Some(thread), Some(named)) = (read.thread, stanza.child("thread", STANZAS)) {
            self.under_way.note_thread(thread, named.text().trim());
        }
        if let Some(report) = read.report {
            self.reported_by(now, user, contact, report);
        }
        if let Some(state) = read.chat_state {
            if let Some(known) = self.users.get_mut(user) {
                known.shows_typing = true;
            }
            let recipient = contact.clone();
            match state {
                ChatState::Gone => {
                    let request = Request::EndSession { agent, peer: recipient };
                    self.outputs.push_back(Output::Request(request));
                }
                // What is written ends it by itself.
                _ if read.message.is_some() => {}
                state => {
                    let is_composing = state == ChatState::Composing;
                    let thread = read.thread;
                    let request = Request::Compose { agent, recipient, is_composing, thread };
                    self.outputs.push_back(Output::Request(request));
                }
            }
        }
        let Some(message) = read.message else { return };
        self.counters.messages_received += 1;
        let written = Written {
            from: from.to_string(),
            to: contact.clone(),
            stanza: stanza.attribute("id").map(str::to_owned),
            kind: if stanza.attribute("type") == Some("chat") { "chat" } else { "normal" },
            id: message.id,
        };
        if (message.wanted.delivered || message.wanted.displayed)
            && let Some(id) = &written.stanza
        {
            let Written { from, to, kind, .. } = written.clone();
            let note = Note { user: user.clone(), from, to, stanza: id.clone(), kind };
            self.sent.note(now.instant, message.id, note);
        }
        let ticket = self.tickets.issue_durable(now.instant, Asked::ToSend(Box::new(written)));
        self.ask(now, user, Request::Send { ticket, agent: Some(agent), message: Box::new(message) });
    }

    /// A user says what became of a message to it, or its server sent it back.
    fn reported_by(&mut self, now: Now, user: &Address, contact: &Address, report: Report) {
        let Some(agent) = self.agent(user) else { return };
        let (message, outcome) = match report {
            Report::Delivered(id) => (id, DeliveryOutcome::Delivered),
            Report::Displayed(id) => (id, DeliveryOutcome::Displayed),
            Report::Failed(id, failure) => (id, DeliveryOutcome::Failed(failure)),
        };
        // It is no answer to what was taken here unless it names a message of this sender.
        let sender = contact.clone();
        self.conclude_waiting(now, user, contact, message);
        self.outputs.push_back(Output::Request(Request::Conclude { agent, sender, message, outcome }));
    }

    /// The answer may come before it is known that the server has the message.
    fn conclude_waiting(&mut self, now: Now, user: &Address, sender: &Address, id: MessageId) {
        let is_it = |one: &OnTheWay| one.id == id && one.user == *user && one.sender == *sender;
        let tag = self.under_way.messages.iter().find(|(_, one)| is_it(one)).map(|(tag, _)| *tag);
        if let Some(tag) = tag {
            self.under_way.messages.remove(&tag);
            self.one_less(now, user);
        }
    }

    /// Hands a message to a user's server.
    pub(super) fn deliver(&mut self, now: Now, user: &Address, delivery: &Delivery) {
        let Some(known) = self.users.get_mut(user) else { return };
        known.deliveries += 1;
        let is_late = delivery.is_delayed || self.under_way.late.remove(&delivery.message.id);
        let late = if is_late { Vec::new() } else { message::delay(delivery) };
        let thread = delivery.message.thread.map(|thread| self.under_way.thread(thread));
        let active = if known.shows_typing { ACTIVE } else { b"" };
        let octets = message::write(delivery, &known.jid, thread.as_deref(), is_late, active);
        let from = delivery.group.as_ref().unwrap_or(&delivery.sender).address.domain().to_owned();
        let to = known.jid.domain().to_owned();
        let tag = self.next_tag();
        let (sender, id) = (delivery.message.sender.clone(), delivery.message.id);
        self.under_way.messages.insert(tag, OnTheWay { user: user.clone(), sender, id });
        self.counters.messages_sent += 1;
        self.outputs.push_back(Output::Stanza(Outgoing { from, to, octets, tag: Some(tag), late }));
        self.touch(now, user);
    }

    /// A tag that nothing under way has.
    pub(super) const fn next_tag(&mut self) -> u64 {
        self.under_way.next += 1;
        self.under_way.next
    }

    /// The user's server has a message or a reply, or it could not be brought there.
    pub(crate) fn concluded(&mut self, now: Now, tag: u64, failed: Option<Condition>) {
        let Some(OnTheWay { user, sender, id }) = self.under_way.messages.remove(&tag) else {
            return self.reply_concluded(tag, failed);
        };
        let outcome = match failed {
            None => DeliveryOutcome::Relayed,
            // It may be there again before the message expires.
            Some(Condition::RemoteServerTimeout | Condition::ResourceConstraint) => {
                if self.under_way.late.len() < LATE_MAX {
                    self.under_way.late.insert(id);
                }
                DeliveryOutcome::Later
            }
            Some(condition) => DeliveryOutcome::Failed(message::failure(condition)),
        };
        if let Some(agent) = self.agent(&user) {
            let request = Request::Conclude { agent, sender, message: id, outcome };
            self.outputs.push_back(Output::Request(request));
        }
        self.one_less(now, &user);
    }

    fn one_less(&mut self, now: Now, user: &Address) {
        if let Some(known) = self.users.get_mut(user) {
            known.deliveries = known.deliveries.saturating_sub(1);
        }
        self.rest(now, user);
    }

    /// A message of a user was not taken.
    pub(super) fn refused(&mut self, written: &Written, failure: MessageFailure) {
        self.sent.take(written.id);
        self.send_error(&written.from, &written.to, written.stanza.as_deref(), failure);
    }

    /// What became of a message that a user wrote.
    pub(super) fn reported(&mut self, receipt: &Receipt) {
        let note = match receipt.kind {
            ReceiptKind::Delivered => self.sent.get(receipt.message).cloned(),
            ReceiptKind::Displayed | ReceiptKind::Failed(_) => self.sent.take(receipt.message),
        };
        let Some(Note { from, to, stanza, kind, .. }) = note else { return };
        match receipt.kind {
            ReceiptKind::Delivered => {
                let received = Element::new("received", RECEIPTS).with("id", &stanza);
                self.send_message(&to, &from, kind, &[received, Element::new("store", HINTS)]);
            }
            ReceiptKind::Displayed => {
                let displayed = Element::new("displayed", MARKERS).with("id", &stanza);
                self.send_message(&to, &from, kind, &[displayed, Element::new("store", HINTS)]);
            }
            ReceiptKind::Failed(failure) => self.send_error(&from, &to, Some(&stanza), failure),
        }
    }

    /// Somebody of here writes to a user, or stopped; `None`: has closed the session.
    pub(super) fn composing(
        &mut self,
        user: &Address,
        peer: &Address,
        state: ChatState,
        thread: Option<[u8; 16]>,
    ) {
        let Some(known) = self.users.get(user).filter(|known| known.shows_typing) else { return };
        let to = known.jid.to_string();
        let mut content = vec![state.element(), Element::new("no-store", HINTS)];
        content.extend(thread.map(|thread| message::thread_element(&self.under_way.thread(thread))));
        self.send_message(peer, &to, "chat", &content);
    }

    fn send_error(&mut self, to: &str, contact: &Address, id: Option<&str>, failure: MessageFailure) {
        let Ok(to) = to.parse::<Jid>() else { return };
        self.counters.messages_refused += 1;
        let error = message::condition(failure).element_with_text(&failure.to_string());
        let from = Jid::of(contact);
        let stanza = stanza::message("error", &from, &to, id, vec![error]);
        self.send(&stanza, contact.domain(), to.domain());
    }

    fn send_message(&mut self, from: &Address, to: &str, kind: &str, content: &[Element]) {
        let Ok(to) = to.parse::<Jid>() else { return };
        let id = self.random.identifier();
        let stanza = stanza::message(kind, &Jid::of(from), &to, Some(&id), content.to_vec());
        self.send(&stanza, from.domain(), to.domain());
    }
}

/// What tells a client that typing is understood here.
const ACTIVE: &[u8] = b"<active xmlns='http://jabber.org/protocol/chatstates'/>";

/// The most messages of which it is remembered that they are late.
const LATE_MAX: usize = 10_000;

/// The most conversations whose names are kept, and the most octets of one.
const THREADS_MAX: usize = 1024;
const THREAD_OCTETS_MAX: usize = 256;
