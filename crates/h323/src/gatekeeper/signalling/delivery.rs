//! Messages for endpoints: the way that each takes, and its outcome.

use super::conversation::{Conversation, Stage};
use super::text;
use crate::alias::Alias;
use crate::gatekeeper::authorship::{attributed, correspondent};
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::naming::{presentable, shown, widened};
use crate::wire::package::capability;
use link::{ChannelId, Output};
use model::{Address, Delivery, DeliveryOutcome, InstantMessage, MessageFailure, NamedAddress, Now, Request};
use std::collections::VecDeque;
use std::sync::Arc;

/// The most code units of a text on the wire: its open type must stay below 16,384 octets, which the deployed stacks
/// can't divide.
pub(super) const UNITS_MAX: usize = 8150;

/// A message on its way over a call.
#[derive(Debug)]
pub(super) struct Outbound {
    pub delivery: Arc<Delivery>,
    /// The code units of the parts that are not known to be delivered.
    pub parts: VecDeque<Vec<u16>>,
    /// Whether the first of them was sent and waits for a sign.
    pub is_sent: bool,
}

impl Outbound {
    /// Whether it belongs into a session: it was written in one just now.
    pub fn wants_session(&self) -> bool {
        self.delivery.message.in_session && !self.delivery.is_delayed
    }
}

impl Gatekeeper {
    /// Delivers a message to an endpoint; there is one outcome, now or later.
    pub(in crate::gatekeeper) fn deliver(&mut self, now: Now, number: u64, delivery: Arc<Delivery>) {
        let Some(registration) = self.registrations.get(number) else {
            return self.conclude_message(number, &delivery.message, DeliveryOutcome::Later);
        };
        let messaging = registration.messaging;
        // What was written in a session just now opens one here too, so that both can answer in it.
        let in_session = delivery.message.in_session
            && !delivery.is_delayed
            && messaging != Some(false)
            && self.shares_session(number, &delivery.message.sender);
        if !in_session && self.deliver_by_package(now, number, &delivery) {
            return;
        }
        let units_max = self.settings.signalling.text_units_max.min(UNITS_MAX);
        let parts = text::parts(&attributed(&delivery), units_max);
        if messaging == Some(false) || parts.is_empty() {
            let outcome = DeliveryOutcome::Failed(MessageFailure::NotSupported);
            return self.conclude_message(number, &delivery.message, outcome);
        }
        let is_same = |conversation: &Conversation| {
            conversation.outbound.as_ref().is_some_and(|outbound| {
                // In the session with a group, one member has the word at a time.
                let has_word = conversation.stage == Stage::Open
                    && correspondent(&outbound.delivery) == correspondent(&delivery);
                has_word || outbound.delivery.message.sender == delivery.message.sender
            })
        };
        let mut under_way = self.signalling.conversations_of(number).iter();
        if under_way.any(|channel| self.signalling.conversation(*channel).is_some_and(is_same)) {
            self.counters.deliveries_out_of_turn += 1;
            return self.conclude_message(number, &delivery.message, DeliveryOutcome::Later);
        }
        self.send_outbound(now, number, Outbound { delivery, parts: parts.into(), is_sent: false });
    }

    /// Whether what somebody writes in a session goes into one with an endpoint, rather than over RAS where it takes that:
    /// one is open, or the sender is an endpoint, too. Other networks have no sessions that could be shared.
    fn shares_session(&self, number: u64, sender: &Address) -> bool {
        let is_endpoint = || self.registrations.holders(sender).next().is_some();
        !self.speaks_package(number, capability::MESSAGES)
            || is_endpoint()
            || self.usable_conversation(number, sender).is_some()
    }

    /// Sends what is left of a message: in the session that is open with its sender, on a call that is on its way
    /// there, or on a new one.
    pub(super) fn send_outbound(&mut self, now: Now, number: u64, outbound: Outbound) {
        let (message, from) = (&outbound.delivery.message, correspondent(&outbound.delivery));
        let channel = match self.usable_conversation(number, &from.address) {
            Some(channel) => Some(channel),
            None => {
                let group = outbound.delivery.group.as_ref();
                let group = group.and_then(|group| shown(group, &self.settings.zone));
                let group = group.as_ref().and_then(Alias::from_wire);
                let source = group.unwrap_or_else(|| self.answerable_alias(from));
                let recipient = message.recipient.clone();
                self.place(now, number, from.address.clone(), &source, Some(&recipient))
            }
        };
        let conversation = channel.and_then(|channel| self.signalling.conversation_mut(channel));
        let (Some(channel), Some(conversation)) = (channel, conversation) else {
            return self.postpone_delivery(number, &outbound);
        };
        if conversation.leg.is_caller {
            conversation.wants_session |= outbound.wants_session();
        }
        conversation.thread = outbound.delivery.message.thread.or(conversation.thread);
        conversation.outbound = Some(outbound);
        self.advance(now, channel);
    }

    /// The conversation of an endpoint that a text of `sender` can be sent in: an open session first.
    fn usable_conversation(&self, number: u64, sender: &Address) -> Option<ChannelId> {
        let fits = |channel: &&ChannelId, is_open: bool| {
            self.signalling.conversation(**channel).is_some_and(|conversation| {
                let stage = match conversation.stage {
                    Stage::Open => is_open,
                    Stage::Connecting | Stage::Called | Stage::Alerted | Stage::Connected => !is_open,
                    _ => false,
                };
                let is_free = conversation.outbound.is_none() && conversation.ending.is_none();
                stage && is_free && self.is_same_person(&conversation.peer, sender)
            })
        };
        let channels = self.signalling.conversations_of(number);
        let open = channels.iter().find(|channel| fits(channel, true));
        open.or_else(|| channels.iter().find(|channel| fits(channel, false))).copied()
    }

    /// Whether a name that an endpoint used is one of a presentity.
    pub(super) fn is_same_person(&self, name: &Address, presentity: &Address) -> bool {
        let mut holders = self.registrations.holders(name);
        name == presentity || holders.any(|holder| holder.presentity.as_ref() == Some(presentity))
    }

    /// The alias under which an endpoint can answer: as the sender registered, unless there is a `%` in it, at which
    /// h323plus would cut it (sheet section 11), or it is a name of another network.
    pub(super) fn answerable_alias(&self, sender: &NamedAddress) -> Alias {
        let registered = Alias::restore(&sender.kind, &sender.original).ok().and_then(presentable);
        let others = || {
            let holder = self.registrations.holders(&sender.address).next()?;
            holder.names.iter().map(|name| name.alias.clone()).find_map(presentable)
        };
        let address = || Alias::parse_typed(sender.address.as_str()).ok().and_then(presentable);
        let elsewhere =
            || shown(sender, &self.settings.zone).as_ref().and_then(Alias::from_wire).and_then(presentable);
        let answerable = registered.or_else(others).or_else(elsewhere).or_else(address);
        answerable.map_or_else(|| widened(&sender.address), |(alias, _)| alias)
    }

    /// It could not be delivered now.
    pub(super) fn postpone_delivery(&mut self, number: u64, outbound: &Outbound) {
        self.conclude_message(number, &outbound.delivery.message, DeliveryOutcome::Later);
    }

    /// Tells the engine what became of a message.
    pub(super) fn conclude_message(
        &mut self,
        number: u64,
        message: &InstantMessage,
        outcome: DeliveryOutcome,
    ) {
        match outcome {
            DeliveryOutcome::Later => self.counters.deliveries_postponed += 1,
            DeliveryOutcome::Failed(_) => self.counters.deliveries_failed += 1,
            DeliveryOutcome::Relayed | DeliveryOutcome::Delivered | DeliveryOutcome::Displayed => {
                self.counters.deliveries += 1;
            }
        }
        let agent = self.agent(number);
        let (sender, message) = (message.sender.clone(), message.id);
        self.outputs.push_back(Output::Request(Request::Conclude { agent, sender, message, outcome }));
    }
}
