//! Ordinary calls of endpoints that are routed to us: passed on octet for octet, and only looked at.

use super::connection::{Connection, Role};
use super::pdu::{Leg, Marks};
use super::refusal::Release;
use crate::gatekeeper::call::{Answer, AnswerEvidence};
use crate::gatekeeper::link::Gatekeeper;
use crate::wire::q931::{Q931, message_type};
use crate::wire::tpkt::HEADER;
use link::{ChannelId, Closure};
use model::{CallEnd, Millis, Now};
use std::net::{IpAddr, SocketAddr};

/// The most octets for a called side that is not connected yet: many Facilities with H.245 of an early caller.
const WAITING_OCTETS_MAX: usize = 256 * 1024;
/// How long the sides of a released call have to close their connections.
const CLOSED_WITHIN: Millis = Millis::seconds(5);

/// One side of a call that is relayed.
#[derive(Debug)]
pub(super) struct Relay {
    pub key: [u8; 16],
    /// The connection of the other side.
    pub other: ChannelId,
    /// Whether this is the calling side.
    pub is_caller: bool,
    /// The call reference value of the Setup.
    reference: u16,
    /// Whether the connection is there.
    is_connected: bool,
    /// Octets that wait until it is.
    waiting: usize,
}

impl Gatekeeper {
    /// Passes a call on: connects to the called side and sends it the Setup.
    pub(super) fn relay(&mut self, now: Now, channel: ChannelId, leg: &Leg, to: SocketAddr, setup: Vec<u8>) {
        if self.signalling.len() >= self.settings.signalling.connections_max {
            self.counters.connections_refused += 1;
            return self.refuse_setup(channel, leg, &Release::RESOURCES);
        }
        let callee = self.calls.get(leg.identifier).and_then(|call| call.callee.number);
        let Some(way) = self.way(callee, to) else {
            return self.refuse_call(now, channel, leg, Release::UNREACHABLE);
        };
        self.counters.calls_relayed += 1;
        let side = |other, is_caller| {
            let (key, reference) = (leg.identifier, leg.reference);
            let waiting = 0;
            Role::Relay(Relay { key, other, is_caller, reference, is_connected: is_caller, waiting })
        };
        let local = self.local_address_for(to);
        let other = self.signalling.next_channel();
        self.signalling.assign(channel, side(other, true));
        self.open_connection(now, (way, local), other, (leg.identifier, side(channel, false)));
        self.relay_on(now, other, setup);
    }

    /// The address of ours that the endpoint at a call signalling address knows.
    fn local_address_for(&self, to: SocketAddr) -> Option<IpAddr> {
        Some(self.registrations.by_call_signal(to)?.peer.local.ip())
    }

    /// The connection to the called side is there.
    pub(super) fn relay_connected(&mut self, channel: ChannelId) {
        let Some(Connection { role: Role::Relay(relay), .. }) = self.signalling.get_mut(channel) else {
            return;
        };
        relay.is_connected = true;
        self.set_due(channel, None);
    }

    /// A packet of one side, which the other one gets as it is.
    pub(super) fn relay_packet(&mut self, now: Now, channel: ChannelId, packet: Vec<u8>) {
        let Some(Connection { role: Role::Relay(relay), .. }) = self.signalling.get(channel) else { return };
        let (key, other, is_caller) = (relay.key, relay.other, relay.is_caller);
        let message = packet.get(HEADER..).and_then(|content| Q931::decode(content).ok());
        self.relay_on(now, other, packet);
        if let Some(message) = message {
            self.observe_passing(now, key, is_caller, &message, [channel, other]);
        }
    }

    fn relay_on(&mut self, now: Now, channel: ChannelId, packet: Vec<u8>) {
        let Some(Connection { role: Role::Relay(relay), .. }) = self.signalling.get_mut(channel) else {
            return;
        };
        if !relay.is_connected {
            relay.waiting += packet.len();
            if relay.waiting > WAITING_OCTETS_MAX {
                return self.break_off(now, channel, Release::RESOURCES);
            }
        }
        self.put_packet(channel, packet);
    }

    /// Learns from a message that passes what a gatekeeper that is not in between has to ask for (D-12).
    fn observe_passing(
        &mut self,
        now: Now,
        key: [u8; 16],
        is_caller: bool,
        message: &Q931,
        both: [ChannelId; 2],
    ) {
        match message.message_type {
            message_type::CONNECT if !is_caller => {
                let answer = Answer { at: now.wall, evidence: AnswerEvidence::Passed };
                self.call_answered(now, key, answer);
            }
            message_type::RELEASE_COMPLETE => {
                // The DRQ that follows says why.
                self.end_call(now, key, CallEnd::Disengaged, None);
                for channel in both {
                    self.set_due_after(now, channel, CLOSED_WITHIN);
                }
            }
            message_type::CALL_PROCEEDING | message_type::ALERTING if !is_caller => {
                let callee = self.calls.get(key).and_then(|call| call.callee.number);
                let pdu = message.user_information().ok().map(|information| information.h323_uu_pdu);
                if let (Some(callee), Some(pdu)) = (callee, pdu)
                    && Marks::of(&pdu).is_offered
                {
                    self.messaging_learnt(callee, true);
                }
            }
            _ => {}
        }
    }

    /// One side is gone: so is the other.
    pub(super) fn relay_closed(&mut self, now: Now, channel: ChannelId, how: Closure) {
        let Some(Connection { role: Role::Relay(relay), .. }) = self.signalling.get(channel) else { return };
        let unreached = how == Closure::Unreachable || !relay.is_connected;
        if unreached {
            self.counters.callees_unreachable += 1;
            return self.end_relay(now, channel, Release::UNREACHABLE);
        }
        let (key, other) = (relay.key, relay.other);
        self.signalling.remove(channel);
        self.drop_connection(other);
        self.end_call(now, key, CallEnd::Disengaged, None);
    }

    /// The called side is not connected in time, or a released call is still there.
    pub(super) fn relay_due(&mut self, now: Now, channel: ChannelId) {
        let Some(Connection { role: Role::Relay(relay), .. }) = self.signalling.get(channel) else { return };
        if relay.is_connected {
            let other = relay.other;
            self.drop_connection(channel);
            return self.drop_connection(other);
        }
        self.counters.callees_unreachable += 1;
        self.end_relay(now, channel, Release::UNREACHABLE);
    }

    /// Releases a call towards both sides, as far as they are there.
    pub(super) fn end_relay(&mut self, now: Now, channel: ChannelId, release: Release) {
        let Some(Connection { role: Role::Relay(relay), .. }) = self.signalling.get(channel) else { return };
        let (key, other) = (relay.key, relay.other);
        for side in [channel, other] {
            let Some(Connection { role: Role::Relay(relay), .. }) = self.signalling.get(side) else {
                continue;
            };
            let leg = Leg {
                reference: relay.reference,
                is_caller: !relay.is_caller,
                identifier: key,
                conference: [0; 16],
            };
            if relay.is_connected {
                self.send_packet(side, leg.release_complete(&release, false));
            }
            self.drop_connection(side);
        }
        self.end_call(now, key, CallEnd::Disengaged, None);
    }
}
