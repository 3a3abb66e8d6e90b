//! IM calls that endpoints place: Herald is the callee (sheet section 9.7).

use super::commit::Waiting;
use super::connection::Role;
use super::conversation::{Conversation, Stage};
use super::pdu::Leg;
use super::refusal::Release;
use crate::gatekeeper::link::Gatekeeper;
use link::ChannelId;
use model::{Address, AgentId, MessageFailure, NamedAddress, Now};

impl Gatekeeper {
    /// An endpoint calls with a message: the engine is asked where it would go.
    pub(super) fn answer_message_call(
        &mut self,
        now: Now,
        channel: ChannelId,
        leg: Leg,
        caller: u64,
        recipient: Option<Address>,
    ) {
        let Some(recipient) = recipient else {
            return self.refuse_call(now, channel, &leg, Release::NOT_REGISTERED);
        };
        if !self.may_converse(caller) {
            return self.refuse_call(now, channel, &leg, Release::RESOURCES);
        }
        self.counters.message_calls_answered += 1;
        let conversation = Conversation::new(leg, caller, recipient.clone(), Stage::Asked);
        self.signalling.assign(channel, Role::Conversation(conversation.into()));
        self.set_due_after(now, channel, self.settings.signalling.answer_timeout);
        if !self.ask_route(caller, recipient, Waiting::Setup(channel)) {
            self.release(now, channel, Release::RESOURCES);
        }
    }

    /// Whether an endpoint may have one more IM call.
    pub(super) fn may_converse(&mut self, number: u64) -> bool {
        let is_free = self.signalling.conversations_of(number).len()
            < self.settings.signalling.message_calls_per_endpoint_max;
        self.counters.message_calls_refused += u64::from(!is_free);
        is_free
    }

    /// A message would be taken. It is answered where an endpoint of the recipient takes messages as far as is known,
    /// or where it would be stored; else the endpoints that said nothing yet are asked first.
    pub(super) fn message_call_routed(&mut self, now: Now, channel: ChannelId, agents: &[AgentId]) {
        let knows = |agent: &AgentId| self.takes_messages(agent.number);
        let ours = |agent: &&AgentId| agent.gateway == self.id;
        let is_welcome = agents.is_empty()
            || agents.iter().any(|agent| agent.gateway != self.id || knows(agent) == Some(true));
        let unknown = agents.iter().filter(ours).filter(|agent| knows(agent).is_none());
        let unknown: Vec<_> = unknown.map(|agent| agent.number).collect();
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.candidates = unknown;
        if is_welcome {
            self.welcome(now, channel);
        } else {
            self.ask_next_candidate(now, channel, Release::of(MessageFailure::NotSupported));
        }
    }

    /// Calls the next endpoint of the recipient that may take messages, without a text yet; when there is none left
    /// the call is refused.
    fn ask_next_candidate(&mut self, now: Now, channel: ChannelId, refusal: Release) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.partner = None;
        let number = conversation.number;
        let Some(candidate) = conversation.candidates.pop() else {
            return self.release(now, channel, refusal);
        };
        let Some(caller) = self.registrations.get(number) else { return };
        let named = caller.names.first().map(|name| NamedAddress {
            address: name.address.clone(),
            kind: name.alias.kind().to_owned(),
            original: name.alias.text(),
        });
        let peer = caller.presentity.clone().or(named.as_ref().map(|named| named.address.clone()));
        let placed = match (named, peer) {
            (Some(named), Some(peer)) => {
                let source = self.answerable_alias(&named);
                self.place(now, candidate, peer, &source, None)
            }
            _ => None,
        };
        let Some(placed) = placed else { return self.ask_next_candidate(now, channel, Release::UNREACHABLE) };
        // Longer than the candidate has to connect and to show what it takes.
        self.set_due_after(now, channel, self.settings.signalling.answer_timeout);
        if let Some(call) = self.signalling.conversation_mut(placed) {
            call.partner = Some(channel);
        }
        if let Some(call) = self.signalling.conversation_mut(channel) {
            call.partner = Some(placed);
        }
    }

    /// The endpoint that was asked takes messages.
    pub(super) fn partner_is_messenger(&mut self, now: Now, channel: ChannelId) {
        if self.signalling.conversation(channel).is_some_and(|call| call.stage == Stage::Asked) {
            self.welcome(now, channel);
        }
    }

    /// The other one of an answered call and the placed one that was to show whether it is of any use is gone.
    pub(super) fn partner_gone(&mut self, now: Now, channel: ChannelId, gone: &Conversation) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        if conversation.leg.is_caller {
            conversation.partner = None;
            // The text that it was placed for comes at once, or never.
            if conversation.outbound.is_none() {
                self.set_due_after(now, channel, self.settings.signalling.linger);
            }
            return;
        }
        if conversation.stage == Stage::Asked {
            let takes_none =
                self.registrations.get(gone.number).is_some_and(|one| one.messaging == Some(false));
            let refusal =
                if takes_none { Release::of(MessageFailure::NotSupported) } else { Release::UNREACHABLE };
            self.ask_next_candidate(now, channel, refusal);
        }
    }

    /// What people call somebody: as it registered, else the address without our domain.
    pub(super) fn called(&self, somebody: &Address) -> String {
        let registered = self.registrations.holders(somebody).flat_map(|holder| &holder.names);
        let alias =
            registered.into_iter().find(|name| name.address == *somebody).map(|name| name.alias.text());
        let zone = &self.settings.zone;
        let address =
            || if zone.serves(somebody) { somebody.local().to_owned() } else { somebody.to_string() };
        alias.unwrap_or_else(address)
    }

    /// Answers: Call Proceeding and Alerting say that messages are taken here.
    fn welcome(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.stage = Stage::Answered;
        let (leg, peer) = (conversation.leg, conversation.peer.clone());
        let early = std::mem::take(&mut conversation.early);
        self.set_due_after(now, channel, self.settings.signalling.message_timeout);
        let callee = self.called(&peer);
        self.say(channel, leg.call_proceeding(&callee));
        self.say(channel, leg.alerting(&callee));
        for marks in early {
            self.take_marks(now, channel, marks);
        }
    }
}
