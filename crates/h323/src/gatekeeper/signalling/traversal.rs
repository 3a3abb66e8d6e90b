//! Who connects: we to the endpoint, or, where it is behind address translation, the endpoint to us (H.460.18).
//!
//! An endpoint behind address translation can't be connected to. It is told of the call over RAS, through the way that
//! its own requests keep open; it connects to us and names the call in a Facility; and then that connection is the one
//! that we would have opened. What was to be sent on it waits until then.

use super::connection::Role;
use super::relay::Relay;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::outstanding::Purpose;
use crate::gatekeeper::registration::Registration;
use crate::wire::h225::{
    CallIdentifier, GenericData, H323UuPdu, MessageBody, RasMessage, RequestSeqNum, ServiceControlIndication,
    ServiceControlReason, ServiceControlSession,
};
use crate::wire::signalling_security::SignallingSecurity;
use crate::wire::traversal::IncomingCallIndication;
use codec::per::FixedOctets;
use link::{ChannelId, Output, Tls};
use model::Now;
use std::net::{IpAddr, SocketAddr};

/// How a connection with an endpoint comes about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// We connect, over TLS or not.
    Outward { to: SocketAddr, is_secured: bool },
    /// The endpoint connects, when it is told of the call.
    Inward { number: u64 },
}

impl Gatekeeper {
    /// How a connection with an endpoint that takes calls at `to` comes about; `None` where there is no way that is
    /// secure enough.
    pub(super) fn way(&mut self, number: Option<u64>, to: SocketAddr) -> Option<Way> {
        if let Some(number) = number.filter(|number| self.is_behind_translation(*number)) {
            return Some(Way::Inward { number });
        }
        let way = self.secured_address(number, to);
        self.counters.addresses_insecure += u64::from(way.is_none());
        way.map(|(to, is_secured)| Way::Outward { to, is_secured })
    }

    /// Whether an endpoint connects to us rather than we to it.
    pub(in crate::gatekeeper) fn is_behind_translation(&self, number: u64) -> bool {
        self.registrations.get(number).is_some_and(|registration| registration.offer.has_traversal)
    }

    /// Has a connection for the call `key` made, and gives it a role.
    pub(super) fn open_connection(
        &mut self,
        now: Now,
        (way, local): (Way, Option<IpAddr>),
        channel: ChannelId,
        (key, role): ([u8; 16], Role),
    ) {
        match way {
            Way::Outward { to, is_secured } => {
                let local = local.filter(|local| !local.is_unspecified() && local.is_ipv4() == to.is_ipv4());
                self.signalling.insert(channel, to, role);
                let tls = is_secured.then_some(Tls::Signalling);
                self.outputs.push_back(Output::Open { channel, peer: to, local, tls });
            }
            Way::Inward { number } => {
                let Some(registration) = self.registrations.get(number) else { return };
                self.signalling.insert_awaited(channel, registration.peer.address, role);
                self.counters.calls_indicated += 1;
                let ports = (self.settings.call_signal_port, self.settings.tls_signal_port);
                let asked = self.ask(now, number, Purpose::IncomingCall, |sequence, registration| {
                    indication(registration, ports, key, sequence)
                });
                if !asked {
                    return self.set_due(channel, Some(now.instant));
                }
            }
        }
        self.set_due_after(now, channel, self.settings.signalling.connect_timeout);
    }

    /// A connection that an endpoint has opened for a call of which it was told; `false` where the first message of it
    /// is no such thing.
    pub(super) fn is_fetched(&mut self, now: Now, channel: ChannelId, pdu: &H323UuPdu) -> bool {
        let MessageBody::Facility(facility) = &pdu.h323_message_body else { return false };
        let Some(key) = facility.call_identifier.as_ref().map(|identifier| identifier.guid.0) else {
            return false;
        };
        let host = |address: SocketAddr| address.ip().to_canonical();
        let awaited = self.signalling.awaited(key);
        let (Some(awaited), Some(connection)) = (awaited, self.signalling.get(channel)) else { return false };
        let is_its = self.signalling.get(awaited).is_some_and(|one| host(one.peer) == host(connection.peer));
        if !is_its {
            return false;
        }
        self.counters.calls_fetched += 1;
        let held = self.signalling.take_over(awaited, channel);
        self.set_due_after(now, channel, self.settings.signalling.connect_timeout);
        for packet in held {
            self.put_packet(channel, packet);
        }
        self.connection_is_there(now, channel);
        true
    }

    /// The connection of a call that we have something to send on is there.
    pub(super) fn connection_is_there(&mut self, now: Now, channel: ChannelId) {
        match self.signalling.get(channel).map(|connection| &connection.role) {
            Some(Role::Relay(_)) => self.relay_connected(channel),
            Some(Role::Conversation(_)) => self.placed_connected(now, channel),
            _ => {}
        }
    }
}

impl super::Signalling {
    /// The connection of a call that its endpoint was told to open.
    fn awaited(&self, key: [u8; 16]) -> Option<ChannelId> {
        let first = self.of_call(key)?;
        let channel = match &self.get(first)?.role {
            Role::Relay(Relay { is_caller: true, other, .. }) => *other,
            _ => first,
        };
        self.get(channel)?.awaited.is_some().then_some(channel)
    }

    /// Gives the role of a connection that was awaited to the one that has come; what was to be sent on it.
    fn take_over(&mut self, awaited: ChannelId, come: ChannelId) -> Vec<Vec<u8>> {
        let Some(connection) = self.remove(awaited) else { return Vec::new() };
        match &connection.role {
            Role::Relay(relay) => {
                let other = relay.other;
                if let Some(Role::Relay(other)) = self.get_mut(other).map(|connection| &mut connection.role) {
                    other.other = come;
                }
            }
            Role::Conversation(conversation) => {
                let partner = conversation.partner;
                if let Some(partner) = partner.and_then(|partner| self.conversation_mut(partner)) {
                    partner.partner = Some(come);
                }
            }
            Role::Fresh => {}
        }
        self.assign(come, connection.role);
        connection.awaited.unwrap_or_default()
    }
}

/// The SCI that tells an endpoint of a call, as the deployed gatekeepers give it. Where both sides can, it is to come
/// over TLS, for which H.460.18 has no words, and H.460.22 does.
fn indication(
    registration: &Registration,
    (port, tls_port): (Option<u16>, Option<u16>),
    key: [u8; 16],
    request_seq_num: RequestSeqNum,
) -> RasMessage {
    let here = |port| SocketAddr::new(registration.peer.local.ip(), port);
    let tls_address = tls_port.filter(|_| registration.offer.has_tls).map(here);
    let incoming = IncomingCallIndication {
        call_signalling_address: port.map(here).or(tls_address).map(Into::into).unwrap_or_default(),
        call_id: CallIdentifier { guid: FixedOctets(key), ..CallIdentifier::default() },
        ..IncomingCallIndication::default()
    };
    let secured =
        tls_address.map(|address| SignallingSecurity { has_tls: true, tls_address: Some(address) }.write());
    let generic_data: Vec<GenericData> = incoming.write().into_iter().chain(secured).collect();
    let session =
        ServiceControlSession { reason: ServiceControlReason::Open, ..ServiceControlSession::default() };
    let indication = ServiceControlIndication {
        request_seq_num,
        service_control: vec![session],
        generic_data: Some(generic_data),
        ..ServiceControlIndication::default()
    };
    RasMessage::ServiceControlIndication(indication.into())
}
