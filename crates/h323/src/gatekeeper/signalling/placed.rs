//! IM calls that Herald places: it is the caller (sheet sections 9.1, 9.2).

use super::connection::Role;
use super::conversation::{Conversation, Stage};
use super::delivery::Outbound;
use super::pdu::{Invitation, Marks};
use super::refusal::Release;
use super::traversal::Way;
use crate::alias::Alias;
use crate::gatekeeper::call::{Call, Side};
use crate::gatekeeper::link::Gatekeeper;
use crate::wire::tpkt;
use link::ChannelId;
use model::{Address, DeliveryOutcome, MessageFailure, Now};
use std::net::SocketAddr;

impl Gatekeeper {
    /// Calls an endpoint in the name of `peer`; `None` where that can't be done now.
    pub(super) fn place(
        &mut self,
        now: Now,
        number: u64,
        peer: Address,
        source: &Alias,
        asked_for: Option<&Address>,
    ) -> Option<ChannelId> {
        let limit = self.settings.signalling.connections_max;
        if self.signalling.len() >= limit {
            self.counters.connections_refused += 1;
            return None;
        }
        if !self.may_converse(number) {
            return None;
        }
        let registration = self.registrations.get(number)?;
        let to = registration.call_signal_address(registration.peer.address)?;
        if !self.may_connect(Some(number), to) {
            self.counters.addresses_not_dialled += 1;
            return None;
        }
        let way = self.way(Some(number), to)?;
        let registration = self.registrations.get(number)?;
        let to = if let Way::Outward { to, .. } = way { to } else { to };
        let local = registration.peer.local.ip();
        let asked = registration.names.iter().find(|name| Some(&name.address) == asked_for);
        let destination = asked.or(registration.names.first()).and_then(|name| name.alias.to_wire());
        let callee = Side { number: Some(number), label: registration.label(), ..Side::default() };
        let port = self.settings.call_signal_port.or(self.settings.tls_signal_port);
        let leg = self.new_leg();
        let invitation = Invitation {
            display: source.text(),
            source: source.to_wire()?,
            source_address: port.map(|port| SocketAddr::new(local, port).into()),
            destination,
            destination_address: to.into(),
        };
        let setup = tpkt::packet(&self.signed_setup(number, |token| leg.setup(invitation, token))?)?;
        self.counters.message_calls_placed += 1;
        self.calls.insert(Call {
            key: leg.identifier,
            conference_identifier: leg.conference,
            caller: Side { label: source.text(), ..Side::default() },
            callee: Side { address: Some(to), ..callee },
            recipient: None,
            lacks_bandwidth: false,
            admitted_at: now,
            ringing_at: None,
            answer: None,
            ended: None,
            messaging: true,
            conference: false,
            bandwidth: 0,
            check_interval: self.settings.answer_check,
            charged_to: None,
        });
        let mut conversation = Conversation::new(leg, number, peer, Stage::Connecting);
        conversation.setup = Some(setup);
        let channel = self.signalling.next_channel();
        let role = Role::Conversation(conversation.into());
        self.open_connection(now, (way, Some(local)), channel, (leg.identifier, role));
        Some(channel)
    }

    /// The connection is there: the Setup leaves.
    pub(super) fn placed_connected(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.stage = Stage::Called;
        let setup = conversation.setup.take();
        // Whom a sender waits for has less time: it has only to show that it takes messages.
        let limits = &self.settings.signalling;
        let patience =
            if conversation.partner.is_some() { limits.connect_timeout } else { limits.answer_timeout };
        self.send_packet(channel, setup);
        self.set_due_after(now, channel, patience);
    }

    /// Call Proceeding: with the IM feature the callee takes messages.
    pub(super) fn placed_proceeding(&mut self, now: Now, channel: ChannelId, marks: &Marks) {
        if marks.is_offered {
            self.callee_is_messenger(now, channel);
        }
    }

    /// Alerting: the callee is ready for the text, or, without the IM feature here and before, it rings like a
    /// telephone, which is to stop at once.
    pub(super) fn placed_alerting(&mut self, now: Now, channel: ChannelId, marks: &Marks) {
        if marks.is_offered {
            self.callee_is_messenger(now, channel);
        }
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        if conversation.stage != Stage::Called {
            return;
        }
        if !conversation.is_messenger {
            return self.not_supported(now, channel);
        }
        conversation.stage = Stage::Alerted;
        self.callee_is_ready(now, channel);
    }

    /// Connect: it opens the session. One that comes before that is of a callee that takes no messages (Q19), or of
    /// one that answers whatever comes and then takes them singly (Q30).
    pub(super) fn placed_connect(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        match conversation.stage {
            Stage::Opening => {
                conversation.stage = Stage::Open;
                conversation.has_session = true;
                self.session_opened(now, channel, false);
            }
            Stage::Called | Stage::Alerted if !conversation.is_messenger => self.not_supported(now, channel),
            Stage::Called | Stage::Alerted => {
                conversation.stage = Stage::Connected;
                self.callee_is_ready(now, channel);
            }
            _ => self.counters.signalling_ignored += 1,
        }
    }

    fn callee_is_ready(&mut self, now: Now, channel: ChannelId) {
        self.set_due_after(now, channel, self.settings.signalling.message_timeout);
        self.advance(now, channel);
    }

    /// The callee has shown that it takes messages.
    fn callee_is_messenger(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        if conversation.is_messenger {
            return;
        }
        conversation.is_messenger = true;
        let (number, partner) = (conversation.number, conversation.partner);
        self.messaging_learnt(number, true);
        if let Some(partner) = partner {
            self.partner_is_messenger(now, partner);
        }
    }

    /// The callee takes no messages: it is released at once.
    fn not_supported(&mut self, now: Now, channel: ChannelId) {
        self.learn_not_supported(now, channel);
        self.release(now, channel, Release::NORMAL);
    }

    /// The callee takes no messages in calls, now or later.
    pub(super) fn learn_not_supported(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        let (number, outbound) = (conversation.number, conversation.outbound.take());
        self.messaging_learnt(number, false);
        if let Some(outbound) = outbound
            && !self.deliver_by_package(now, number, &outbound.delivery)
        {
            let outcome = DeliveryOutcome::Failed(MessageFailure::NotSupported);
            self.conclude_message(number, &outbound.delivery.message, outcome);
        }
    }

    /// The callee has taken a single message and released the call. What is left of a long text goes by another.
    pub(super) fn single_delivered(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        let (number, outbound) = (conversation.number, conversation.outbound.take());
        self.finish(now, channel);
        if let Some(outbound) = outbound {
            self.deliver_rest(now, number, outbound);
        }
    }

    /// A part of a text has arrived; the rest of it goes on its own way.
    pub(super) fn deliver_rest(&mut self, now: Now, number: u64, mut outbound: Outbound) {
        self.counters.texts_delivered += 1;
        outbound.parts.pop_front();
        outbound.is_sent = false;
        if outbound.parts.is_empty() {
            // The deployed sign is that of a stack. Other networks take a receipt for that of a client, so none is given there.
            let is_ours = self.settings.zone.serves(&outbound.delivery.message.sender);
            let outcome = if is_ours { DeliveryOutcome::Delivered } else { DeliveryOutcome::Relayed };
            self.conclude_message(number, &outbound.delivery.message, outcome);
        } else {
            self.send_outbound(now, number, outbound);
        }
    }
}
