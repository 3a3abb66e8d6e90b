//! What is asked of the engine: where a message would go, and to take one.

use super::conversation::{Conversation, Stage};
use super::pdu::Leg;
use super::refusal::Release;
use super::text;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::request::Asker;
use crate::wire::h225::AdmissionRequest;
use link::{ChannelId, Output};
use model::{
    Address, AgentId, InstantMessage, MessageFailure, MessageId, Now, ReceiptsWanted, Request, Ticket,
};
use rand::Rng;

/// By how many servers a message may be relayed (C-14).
const FORWARDS_MAX: u8 = 110;
/// The most questions that the engine has not answered; those for texts have their own limits.
const QUESTIONS_MAX: usize = 50_000;

/// What an answer of the engine is for.
#[derive(Debug)]
pub(in crate::gatekeeper) enum Waiting {
    /// An admission.
    Admission(Box<WaitingAdmission>),
    /// The Setup of an IM call.
    Setup(ChannelId),
    /// A text on an IM call.
    Text(ChannelId),
}

/// An admission that waits for where a message would go.
#[derive(Debug)]
pub(in crate::gatekeeper) struct WaitingAdmission {
    pub asker: Asker,
    pub request: AdmissionRequest,
    pub recipient: Address,
}

impl Gatekeeper {
    /// Asks the engine where a message would go; `false` while too many questions wait.
    pub(in crate::gatekeeper) fn ask_route(
        &mut self,
        number: u64,
        recipient: Address,
        waiting: Waiting,
    ) -> bool {
        if self.signalling.asked.len() >= QUESTIONS_MAX {
            self.counters.routes_refused += 1;
            return false;
        }
        let (ticket, agent) = (self.next_ticket(), self.agent(number));
        self.signalling.asked.insert(ticket, waiting);
        self.outputs.push_back(Output::Request(Request::Route { ticket, agent, recipient }));
        true
    }

    /// A message would be accepted.
    pub(in crate::gatekeeper) fn routed(&mut self, now: Now, ticket: Ticket, agents: &[AgentId]) {
        match self.signalling.asked.remove(&ticket) {
            Some(Waiting::Admission(waiting)) => self.admission_routed(now, *waiting),
            Some(Waiting::Setup(channel)) => self.message_call_routed(now, channel, agents),
            Some(Waiting::Text(_)) | None => {}
        }
    }

    /// A text is durable.
    pub(in crate::gatekeeper) fn accepted(&mut self, now: Now, ticket: Ticket) {
        let Some(Waiting::Text(channel)) = self.signalling.asked.remove(&ticket) else { return };
        self.counters.texts_accepted += 1;
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.committing = None;
        conversation.unread.pop_front();
        if conversation.stage == Stage::Single {
            conversation.ending.get_or_insert(Release::NORMAL);
        }
        self.commit_next(now, channel);
        self.settle(now, channel);
    }

    /// A message is refused, or would be. Nobody is left in the dark: a single message is refused with its call, in
    /// a session the sender reads why.
    pub(in crate::gatekeeper) fn message_refused(
        &mut self,
        now: Now,
        ticket: Ticket,
        failure: MessageFailure,
    ) {
        let channel = match self.signalling.asked.remove(&ticket) {
            Some(Waiting::Admission(waiting)) => return self.admission_not_routed(&waiting, failure),
            Some(Waiting::Setup(channel)) => return self.release(now, channel, Release::of(failure)),
            Some(Waiting::Text(channel)) => channel,
            None => return,
        };
        self.counters.texts_refused += 1;
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.committing = None;
        conversation.unread.pop_front();
        let leg = conversation.leg;
        if conversation.stage == Stage::Single {
            return self.release(now, channel, Release::of(failure));
        }
        let units = text::parts(&format!("[not delivered: {failure}]"), usize::MAX).concat();
        if let Some(notice) = leg.text(units) {
            conversation.held.push_back(notice);
        }
        self.commit_next(now, channel);
        self.settle(now, channel);
    }

    /// Gives the engine the next text that was read on a call: one at a time, in order.
    pub(super) fn commit_next(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation(channel) else { return };
        if conversation.committing.is_some() {
            return;
        }
        let Some((text, thread)) = conversation.unread.front().cloned() else { return };
        let (number, recipient) = (conversation.number, conversation.peer.clone());
        let Some(ticket) = self.send_message(now, number, recipient, text, thread) else { return };
        self.signalling.asked.insert(ticket, Waiting::Text(channel));
        if let Some(conversation) = self.signalling.conversation_mut(channel) {
            conversation.committing = Some(ticket);
        }
    }

    /// Gives the engine what was read on a call that the peer has ended. There is nobody left to be answered.
    pub(super) fn commit_rest(&mut self, now: Now, conversation: &mut Conversation) {
        let already = usize::from(conversation.committing.is_some());
        for (text, thread) in conversation.unread.drain(..).skip(already) {
            self.send_message(now, conversation.number, conversation.peer.clone(), text, thread);
        }
    }

    fn send_message(
        &mut self,
        now: Now,
        number: u64,
        recipient: Address,
        text: String,
        thread: Option<[u8; 16]>,
    ) -> Option<Ticket> {
        let registration = self.registrations.get(number)?;
        let named = || registration.names.first().map(|name| name.address.clone());
        let sender = registration.presentity.clone().or_else(named)?;
        let (ticket, agent, id) = (self.next_ticket(), Some(self.agent(number)), self.message_id(now));
        let message = InstantMessage {
            id,
            sender,
            recipient,
            text,
            content: None,
            language: None,
            sent_at: now.wall,
            expires_at: None,
            max_forwards: FORWARDS_MAX,
            thread,
            wanted: ReceiptsWanted::default(),
            in_session: thread.is_some(),
            is_report: false,
            is_ignored: false,
        };
        let message = Box::new(message);
        self.outputs.push_back(Output::Request(Request::Send { ticket, agent, message }));
        Some(ticket)
    }

    /// A name for a message: a UUID of version 7 (RFC 9562 clause 5.7).
    pub(in crate::gatekeeper) fn message_id(&mut self, now: Now) -> MessageId {
        let time = u128::from(now.wall.0.cast_unsigned()) << 80;
        let random = u128::from(self.random.next_u64()) << 64 | u128::from(self.random.next_u64());
        let random = random & 0x0fff_3fff_ffff_ffff_ffff;
        MessageId((time | random | 0x7000_8000_0000_0000_0000).to_be_bytes())
    }

    /// Random names for a call of ours.
    pub(super) fn new_leg(&mut self) -> Leg {
        let mut octets = [0; 34];
        self.random.fill_bytes(&mut octets);
        let mut leg = Leg { reference: 0, is_caller: true, identifier: [0; 16], conference: [0; 16] };
        leg.identifier.copy_from_slice(&octets[..16]);
        leg.conference.copy_from_slice(&octets[16..32]);
        leg.reference = (u16::from(octets[32]) << 8 | u16::from(octets[33])) & 0x7fff;
        leg.reference = leg.reference.max(1);
        leg
    }
}
