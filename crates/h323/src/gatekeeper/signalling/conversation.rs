//! An IM call with one endpoint, whoever placed it: what comes on it and what it takes to end it.

use super::connection::Role;
use super::delivery::Outbound;
use super::pdu::{Leg, Marks};
use super::refusal::Release;
use super::text;
use crate::gatekeeper::limit::Flow;
use crate::gatekeeper::link::Gatekeeper;
use crate::wire::h225::{H323UuPdu, MessageBody};
use crate::wire::q931::{Q931, Q931Error, message_type};
use link::{ChannelId, Output};
use model::{Address, CallEnd, Instant, Now, Request, Ticket};
use std::collections::VecDeque;

/// The most texts read on a call that the engine has not answered for, and their octets: a pasted page comes faster
/// than a disk.
const UNREAD_MAX: usize = 2048;
const UNREAD_OCTETS_MAX: usize = 256 * 1024;
/// The most packets that wait until what was read is committed.
const HELD_MAX: usize = 64;
/// The most messages that are kept of a caller who does not wait for the answer to its Setup.
const EARLY_MAX: usize = 4;

/// How far an IM call has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// Answered: the engine, or the recipient, is asked whether the message has somewhere to go.
    Asked,
    /// Answered: Alerting is sent, the first Facility is awaited.
    Answered,
    /// Answered: a text without a session was read; the call ends when it is committed.
    Single,
    /// Placed: the connection is awaited.
    Connecting,
    /// Placed: the Setup is sent.
    Called,
    /// Placed: the callee is ready for the first Facility.
    Alerted,
    /// Placed: the callee has answered without alerting, and takes single messages only (Q30).
    Connected,
    /// Placed: the session is offered, Connect is awaited.
    Opening,
    /// Placed: the text is sent, the release is awaited.
    Sent,
    /// The session is open.
    Open,
    /// The session was closed by us, the release is awaited.
    Closing,
}

/// An IM call.
#[derive(Debug)]
pub(super) struct Conversation {
    pub leg: Leg,
    /// The endpoint.
    pub number: u64,
    /// With whom it speaks, through us.
    pub peer: Address,
    pub stage: Stage,
    /// Whether the endpoint has shown that it takes messages.
    pub is_messenger: bool,
    /// Whether a session was opened, and its end is to be told to the other side.
    pub has_session: bool,
    /// Whether the other side has closed its session.
    pub is_over: bool,
    /// What the other side calls it, where it has a name there.
    pub thread: Option<[u8; 16]>,
    /// What was read and is not committed, the front one being so at present; and what the session is called it was
    /// written in.
    pub unread: VecDeque<(String, Option<[u8; 16]>)>,
    pub committing: Option<Ticket>,
    /// What is sent when everything that was read is committed, so that whatever we send says that it is.
    pub held: VecDeque<Vec<u8>>,
    /// How the call is released then.
    pub ending: Option<Release>,
    /// The text read last, and when.
    pub read_last: Option<(Vec<u16>, Instant)>,
    /// What the endpoint is to be told.
    pub outbound: Option<Outbound>,
    /// Whether a placed call is to become a session.
    pub wants_session: bool,
    /// The Setup, until it is sent.
    pub setup: Option<Vec<u8>>,
    /// When the text, or the part of it that waits for a sign, was sent.
    pub sent_at: Instant,
    /// How often the endpoint was asked in vain whether it has read the text.
    pub inquiries: u32,
    /// Status Inquiries whose answers have not come, and how many of those were sent before the text.
    pub unanswered: u32,
    pub stale: u32,
    /// Whether it has ever answered such a question.
    pub answers_inquiries: bool,
    /// The answered call that waits for what this placed one shows, or the other way round.
    pub partner: Option<ChannelId>,
    /// Endpoints of the recipient that can still be asked whether they take messages.
    pub candidates: Vec<u64>,
    /// What came before the Setup was answered.
    pub early: Vec<Marks>,
}

impl Conversation {
    pub fn new(leg: Leg, number: u64, peer: Address, stage: Stage) -> Self {
        Self {
            leg,
            number,
            peer,
            stage,
            is_messenger: !leg.is_caller,
            has_session: false,
            is_over: false,
            thread: None,
            unread: VecDeque::new(),
            committing: None,
            held: VecDeque::new(),
            ending: None,
            read_last: None,
            outbound: None,
            wants_session: false,
            setup: None,
            sent_at: Instant(0),
            inquiries: 0,
            unanswered: 0,
            stale: 0,
            answers_inquiries: false,
            partner: None,
            candidates: Vec::new(),
            early: Vec::new(),
        }
    }

    /// Whether all that was read is committed.
    pub fn is_settled(&self) -> bool {
        self.unread.is_empty() && self.committing.is_none()
    }

    /// Whether a text of ours was sent in the session and nothing shows yet that it was read.
    pub fn awaits_sign(&self) -> bool {
        self.stage == Stage::Open && self.outbound.as_ref().is_some_and(|outbound| outbound.is_sent)
    }
}

impl Gatekeeper {
    /// Takes a message of an IM call.
    pub(super) fn converse(&mut self, now: Now, channel: ChannelId, message: &Q931) {
        let Some(conversation) = self.signalling.conversation(channel) else { return };
        let leg = conversation.leg;
        // An h323plus endpoint in whose call the other side opened the session ends it as if it had been called.
        let is_from_there = message.from_destination == leg.is_caller
            || message.message_type == message_type::RELEASE_COMPLETE;
        if message.call_reference != leg.reference || !is_from_there {
            self.counters.signalling_ignored += 1;
            return;
        }
        let pdu = match message.user_information() {
            Ok(information) => Some(information.h323_uu_pdu),
            Err(Q931Error::UserUser) => None,
            Err(_) => return self.break_off(now, channel, Release::MALFORMED),
        };
        let marks = pdu.as_ref().map(Marks::of).unwrap_or_default();
        match message.message_type {
            message_type::RELEASE_COMPLETE => self.released(now, channel, message, pdu.as_ref(), &marks),
            message_type::STATUS_INQUIRY => self.say(channel, leg.status()),
            message_type::STATUS => self.status_came(now, channel),
            message_type::FACILITY => self.facility(now, channel, marks),
            message_type::CALL_PROCEEDING if leg.is_caller => self.placed_proceeding(now, channel, &marks),
            message_type::ALERTING if leg.is_caller => self.placed_alerting(now, channel, &marks),
            message_type::CONNECT if leg.is_caller => self.placed_connect(now, channel),
            // H.245, H.450 and what else belongs to calls mean nothing here (D-43).
            _ => self.counters.signalling_ignored += 1,
        }
    }

    /// A Facility: it opens or closes the session, brings a text, or nothing (Q15).
    fn facility(&mut self, now: Now, channel: ChannelId, marks: Marks) {
        if marks.open.is_none() && marks.text.is_none() {
            self.counters.signalling_ignored += 1;
            return;
        }
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        if conversation.stage == Stage::Asked {
            if conversation.early.len() >= EARLY_MAX {
                return self.break_off(now, channel, Release::RESOURCES);
            }
            return conversation.early.push(marks);
        }
        // One that comes at once may have crossed the text.
        if conversation.awaits_sign() && conversation.inquiries > 0 {
            self.confirm(now, channel);
        }
        self.take_marks(now, channel, marks);
    }

    /// Opening, text, closing: in this order where they come together (sheet section 9.2).
    pub(super) fn take_marks(&mut self, now: Now, channel: ChannelId, marks: Marks) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        let is_ready =
            matches!(conversation.stage, Stage::Answered | Stage::Alerted | Stage::Connected | Stage::Sent);
        let opens = marks.open == Some(true) && is_ready;
        let was_sent = conversation.stage == Stage::Sent;
        if opens {
            conversation.stage = Stage::Open;
            conversation.has_session = true;
        }
        let units = marks.text.filter(|units| !text::read(units).is_empty());
        if conversation.stage == Stage::Answered && units.is_some() {
            conversation.stage = Stage::Single;
            self.set_due(channel, None);
        }
        if let Some(units) = units {
            self.read_text(now, channel, units);
        }
        if opens {
            self.session_opened(now, channel, was_sent);
        }
        if marks.open == Some(false) {
            self.end_when_settled(now, channel, Release::NORMAL);
        }
    }

    /// A text came. Whatever is sent on this call from now on waits until it is committed.
    fn read_text(&mut self, now: Now, channel: ChannelId, units: Vec<u16>) {
        if self.is_repeated(now, channel, &units) {
            self.counters.texts_repeated += 1;
            return;
        }
        let Some(source) = self.signalling.get(channel).map(|connection| connection.peer.ip()) else {
            return;
        };
        if !self.is_within(now, Flow::Messages, source, 1) {
            return self.break_off(now, channel, Release::RESOURCES);
        }
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        let octets = || conversation.unread.iter().map(|(text, _)| text.len()).sum::<usize>();
        if conversation.unread.len() >= UNREAD_MAX || octets() > UNREAD_OCTETS_MAX {
            return self.break_off(now, channel, Release::RESOURCES);
        }
        let thread =
            conversation.has_session.then(|| conversation.thread.unwrap_or(conversation.leg.identifier));
        conversation.unread.push_back((text::read(&units), thread));
        conversation.read_last = Some((units, now.instant));
        self.counters.texts_read += 1;
        self.commit_next(now, channel);
    }

    /// Whether this is the second of the two copies that the callee of an h323plus session sends (Q17).
    fn is_repeated(&self, now: Now, channel: ChannelId, units: &[u16]) -> bool {
        let Some(conversation) = self.signalling.conversation(channel) else { return false };
        let Some((last, at)) = &conversation.read_last else { return false };
        let window = self.settings.signalling.repetition_window;
        let is_h323plus = || {
            let product = self.registrations.get(conversation.number).and_then(|one| one.product.as_deref());
            product.is_some_and(|product| product.to_ascii_lowercase().contains("h323plus"))
        };
        conversation.leg.is_caller && units == last && now.instant.since(*at) < window && is_h323plus()
    }

    /// Sends a packet once everything that was read is committed.
    pub(super) fn say(&mut self, channel: ChannelId, packet: Option<Vec<u8>>) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        match packet {
            Some(packet) if !conversation.is_settled() => {
                if conversation.held.len() >= HELD_MAX {
                    self.counters.signalling_ignored += 1;
                } else {
                    conversation.held.push_back(packet);
                }
            }
            packet => self.send_packet(channel, packet),
        }
    }

    /// Everything that was read may be committed now: what waited for it is sent.
    pub(super) fn settle(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        if !conversation.is_settled() {
            return;
        }
        let held = std::mem::take(&mut conversation.held);
        // An endpoint that closes still reads: the text that crossed its close is waited for.
        let ending = if conversation.awaits_sign() { None } else { conversation.ending.take() };
        for packet in held {
            self.put_packet(channel, packet);
        }
        match ending {
            Some(release) => self.release(now, channel, release),
            None => self.advance(now, channel),
        }
    }

    /// Releases a call once everything that was read is committed.
    pub(super) fn end_when_settled(&mut self, now: Now, channel: ChannelId, release: Release) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.ending.get_or_insert(release);
        self.settle(now, channel);
    }

    /// Releases a call now. What was read and is not with the engine yet is not taken, and the peer is told nothing
    /// else.
    pub(super) fn release(&mut self, now: Now, channel: ChannelId, release: Release) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.unread.clear();
        let is_open = matches!(conversation.stage, Stage::Open | Stage::Opening);
        let connected = conversation.stage != Stage::Connecting;
        let packet = conversation.leg.release_complete(&release, is_open);
        if connected {
            self.send_packet(channel, packet);
        }
        self.finish(now, channel);
    }

    /// The peer has released the call.
    fn released(
        &mut self,
        now: Now,
        channel: ChannelId,
        message: &Q931,
        pdu: Option<&H323UuPdu>,
        marks: &Marks,
    ) {
        let Some(conversation) = self.signalling.conversation(channel) else { return };
        let reason = match pdu.map(|pdu| &pdu.h323_message_body) {
            Some(MessageBody::ReleaseComplete(release)) => release.reason.as_ref(),
            _ => None,
        };
        let cause = message.cause();
        let is_orderly = cause == Some(16) || marks.open == Some(false);
        match conversation.stage {
            // The release by the callee is the confirmation (sheet section 9.1).
            Stage::Sent if cause == Some(16) => return self.single_delivered(now, channel),
            Stage::Open if is_orderly && conversation.awaits_sign() && !conversation.answers_inquiries => {
                self.confirm_last(now, channel);
            }
            Stage::Called | Stage::Alerted | Stage::Connected
                if !conversation.is_messenger && Release::means_not_supported(cause, reason) =>
            {
                self.learn_not_supported(now, channel);
            }
            _ => {}
        }
        self.finish(now, channel);
    }

    /// The connection is gone.
    pub(super) fn conversation_lost(&mut self, now: Now, channel: ChannelId) {
        if let Some(conversation) = self.signalling.conversation_mut(channel)
            && conversation.leg.is_caller
        {
            // The next text opens another session; the other side need not know, unless it was closed.
            conversation.has_session &= conversation.ending.is_some();
        }
        self.finish(now, channel);
    }

    /// Ends an IM call: its connection, its admission, and what was under way on it.
    pub(super) fn finish(&mut self, now: Now, channel: ChannelId) {
        let Some(connection) = self.signalling.remove(channel) else { return };
        if connection.awaited.is_none() {
            self.outputs.push_back(Output::Close { channel });
        }
        let Role::Conversation(mut conversation) = connection.role else { return };
        self.end_call(now, conversation.leg.identifier, CallEnd::Disengaged, None);
        self.commit_rest(now, &mut conversation);
        let agent = self.agent(conversation.number);
        if conversation.has_session && !conversation.is_over {
            let peer = conversation.peer.clone();
            self.outputs.push_back(Output::Request(Request::EndSession { agent, peer }));
        }
        if let Some(outbound) = conversation.outbound.take() {
            self.postpone_delivery(conversation.number, &outbound);
        }
        if let Some(partner) = conversation.partner {
            self.partner_gone(now, partner, &conversation);
        }
    }

    /// Ends the IM calls of an endpoint whose registration has ended.
    pub(in crate::gatekeeper) fn end_conversations(&mut self, now: Now, number: u64) {
        for channel in self.signalling.conversations_of(number).to_vec() {
            self.release(now, channel, Release::TEMPORARY);
        }
    }
}
