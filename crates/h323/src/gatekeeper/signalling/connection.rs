//! The connections of call signalling: what they bring, cut anywhere, and what becomes of them.

use super::commit::Waiting;
use super::conversation::Conversation;
use super::pdu::Leg;
use super::refusal::Release;
use super::relay::Relay;
use crate::gatekeeper::limit::{Flow, Holdings, Limit, Sources};
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::timer::Due;
use crate::wire::q931::{Q931, message_type};
use crate::wire::tpkt::{HEADER, Reassembly};
use link::{ChannelId, Closure, Input, Output};
use model::{Instant, Millis, Now, Ticket};
use std::collections::HashMap;
use std::net::SocketAddr;

/// The most packets of one connection that are taken before others have their turn.
const PACKETS_AT_ONCE: usize = 32;

/// How long the others have then.
const TURN: Millis = Millis(1);

/// All connections, and what is under way on them.
#[derive(Debug)]
pub(in crate::gatekeeper) struct Signalling {
    connections: HashMap<ChannelId, Connection>,
    /// How many of those that were accepted each address has.
    holdings: Holdings,
    /// A connection of each call.
    by_call: HashMap<[u8; 16], ChannelId>,
    /// The conversations of each registration, in the order in which they began.
    by_number: HashMap<u64, Vec<ChannelId>>,
    /// What the engine was asked and has not answered.
    pub(super) asked: HashMap<Ticket, Waiting>,
    opened: u32,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// Who is at the other end.
    pub peer: SocketAddr,
    pub role: Role,
    /// Whether the other end began it.
    is_accepted: bool,
    /// What is to be sent on it once the other end has begun it, where it was told to.
    pub awaited: Option<Vec<Vec<u8>>>,
    /// When something is due on it.
    due: Option<Instant>,
    /// The earliest timer that is set for it; one that fires too early is set again.
    timer: Option<Instant>,
    reassembly: Reassembly,
    /// Whether packets that have come wait for the next turn.
    is_behind: bool,
    /// Since when a packet has not been whole.
    incomplete_since: Option<Instant>,
    /// When the packets are looked at next.
    packets_timer: Option<Instant>,
}

/// What a connection is there for.
#[derive(Debug)]
pub(super) enum Role {
    /// Somebody connected; the Setup is awaited.
    Fresh,
    /// One side of an ordinary call.
    Relay(Relay),
    /// An IM call.
    Conversation(Box<Conversation>),
}

impl Signalling {
    pub fn new(sources: Sources) -> Self {
        Self {
            connections: HashMap::new(),
            holdings: Holdings::new(sources),
            by_call: HashMap::new(),
            by_number: HashMap::new(),
            asked: HashMap::new(),
            opened: 0,
        }
    }

    /// Adds a connection.
    pub(super) fn insert(&mut self, channel: ChannelId, peer: SocketAddr, role: Role) {
        let connection = Connection {
            peer,
            is_accepted: matches!(role, Role::Fresh),
            awaited: None,
            role,
            due: None,
            timer: None,
            reassembly: Reassembly::default(),
            is_behind: false,
            incomplete_since: None,
            packets_timer: None,
        };
        self.put(channel, connection);
    }

    /// Adds a connection that the other end is told to begin.
    pub(super) fn insert_awaited(&mut self, channel: ChannelId, peer: SocketAddr, role: Role) {
        self.insert(channel, peer, role);
        if let Some(connection) = self.connections.get_mut(&channel) {
            connection.awaited = Some(Vec::new());
        }
    }

    /// Makes a connection that of a call.
    pub(super) fn assign(&mut self, channel: ChannelId, role: Role) {
        let Some(connection) = self.remove(channel) else { return };
        self.put(channel, Connection { role, due: None, ..connection });
    }

    fn put(&mut self, channel: ChannelId, connection: Connection) {
        if connection.is_accepted {
            self.holdings.add(Limit::Connections, connection.peer.ip());
        }
        match &connection.role {
            Role::Fresh => self.holdings.add(Limit::FreshConnections, connection.peer.ip()),
            Role::Relay(relay) => {
                self.by_call.entry(relay.key).or_insert(channel);
            }
            Role::Conversation(conversation) => {
                self.by_call.entry(conversation.leg.identifier).or_insert(channel);
                self.by_number.entry(conversation.number).or_default().push(channel);
            }
        }
        self.connections.insert(channel, connection);
    }

    /// Forgets a connection.
    pub(super) fn remove(&mut self, channel: ChannelId) -> Option<Connection> {
        let connection = self.connections.remove(&channel)?;
        if connection.is_accepted {
            self.holdings.remove(Limit::Connections, connection.peer.ip());
        }
        match &connection.role {
            Role::Fresh => self.holdings.remove(Limit::FreshConnections, connection.peer.ip()),
            Role::Relay(relay) => self.forget_call(relay.key, channel),
            Role::Conversation(conversation) => {
                self.forget_call(conversation.leg.identifier, channel);
                if let Some(channels) = self.by_number.get_mut(&conversation.number) {
                    channels.retain(|other| *other != channel);
                    if channels.is_empty() {
                        self.by_number.remove(&conversation.number);
                    }
                }
            }
        }
        Some(connection)
    }

    fn forget_call(&mut self, key: [u8; 16], channel: ChannelId) {
        if self.by_call.get(&key) == Some(&channel) {
            self.by_call.remove(&key);
        }
    }

    /// A number for a connection that we open.
    pub(super) fn next_channel(&mut self) -> ChannelId {
        let channel = ChannelId(ChannelId::OPENED | self.opened);
        self.opened = (self.opened + 1) & !ChannelId::OPENED;
        channel
    }

    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(in crate::gatekeeper) fn has_call(&self, key: [u8; 16]) -> bool {
        self.by_call.contains_key(&key)
    }

    /// The first connection of a call.
    pub(super) fn of_call(&self, key: [u8; 16]) -> Option<ChannelId> {
        self.by_call.get(&key).copied()
    }

    /// Whether all that came on a connection was taken, so that more may come.
    pub(in crate::gatekeeper) fn takes(&self, channel: ChannelId) -> bool {
        self.connections.get(&channel).is_none_or(|connection| !connection.is_behind)
    }

    /// Who is at the other end of a connection.
    pub(in crate::gatekeeper) fn peer_of(&self, channel: ChannelId) -> Option<SocketAddr> {
        self.get(channel).map(|connection| connection.peer)
    }

    pub(super) fn get(&self, channel: ChannelId) -> Option<&Connection> {
        self.connections.get(&channel)
    }

    pub(super) fn get_mut(&mut self, channel: ChannelId) -> Option<&mut Connection> {
        self.connections.get_mut(&channel)
    }

    pub(super) fn conversation(&self, channel: ChannelId) -> Option<&Conversation> {
        match &self.connections.get(&channel)?.role {
            Role::Conversation(conversation) => Some(conversation),
            _ => None,
        }
    }

    pub(super) fn conversation_mut(&mut self, channel: ChannelId) -> Option<&mut Conversation> {
        match &mut self.connections.get_mut(&channel)?.role {
            Role::Conversation(conversation) => Some(conversation),
            _ => None,
        }
    }

    /// The conversations of a registration.
    pub(super) fn conversations_of(&self, number: u64) -> &[ChannelId] {
        self.by_number.get(&number).map_or(&[], Vec::as_slice)
    }
}

impl Gatekeeper {
    /// Takes what happened on a connection.
    pub(in crate::gatekeeper) fn signalled(&mut self, now: Now, channel: ChannelId, input: Input<'_>) {
        match input {
            Input::Accepted { peer, is_secured, .. } => {
                self.accept_connection(now, channel, peer, is_secured);
            }
            Input::Connected { .. } => self.connection_is_there(now, channel),
            Input::Octets { octets } => self.take_octets(now, channel, octets),
            Input::Closed { how } => self.connection_closed(now, channel, how),
            Input::Datagram { .. } | Input::Secured { .. } => {}
        }
    }

    fn accept_connection(&mut self, now: Now, channel: ChannelId, peer: SocketAddr, is_secured: bool) {
        let limits = &self.settings.limits;
        let most = [
            (Limit::Connections, limits.connections_max),
            (Limit::FreshConnections, limits.fresh_connections_max),
        ];
        let is_trusted = self.is_trusted(peer.ip());
        let over = most.into_iter().filter(|_| !is_trusted).find_map(|(limit, most)| {
            let source = self.signalling.holdings.check(limit, peer.ip(), most).err()?;
            Some((limit, source))
        });
        if let Some((limit, source)) = over {
            self.offends(now, limit, source);
        }
        let is_too_much =
            over.is_some() || (is_secured && !self.is_within(now, Flow::Handshakes, peer.ip(), 1));
        if is_too_much || self.signalling.len() >= self.settings.signalling.connections_max {
            self.counters.connections_refused += 1;
            self.outputs.push_back(Output::Close { channel });
            return;
        }
        self.counters.connections += 1;
        let due = now.instant.after(self.settings.signalling.setup_timeout);
        self.signalling.insert(channel, peer, Role::Fresh);
        self.set_due(channel, Some(due));
    }

    fn take_octets(&mut self, now: Now, channel: ChannelId, octets: &[u8]) {
        let Some(connection) = self.signalling.get_mut(channel) else { return };
        connection.reassembly.hold(octets);
        if !connection.is_behind {
            self.take_packets(now, channel);
        }
    }

    /// Takes the packets that have come, so many that others have their turn too.
    fn take_packets(&mut self, now: Now, channel: ChannelId) {
        let Some(connection) = self.signalling.get_mut(channel) else { return };
        let mut packets = Vec::new();
        let released = connection.reassembly.release(PACKETS_AT_ONCE, |packet| packets.push(packet.to_vec()));
        connection.is_behind = released == Ok(true);
        let is_incomplete = !connection.is_behind && connection.reassembly.held() > 0;
        if !is_incomplete {
            connection.incomplete_since = None;
        } else if !packets.is_empty() || connection.incomplete_since.is_none() {
            connection.incomplete_since = Some(now.instant);
        }
        if connection.is_behind {
            self.set_packets_timer(channel, now.instant.after(TURN));
        } else if is_incomplete {
            self.set_packets_timer(channel, now.instant.after(self.settings.signalling.packet_timeout));
        }
        for packet in packets {
            self.take_packet(now, channel, packet);
        }
        if released.is_err() {
            self.break_off(now, channel, Release::MALFORMED);
        }
    }

    /// Time for the packets that wait for their turn, or for one that is not whole yet.
    pub(in crate::gatekeeper) fn packets_due(&mut self, now: Now, channel: ChannelId) {
        let Some(connection) = self.signalling.get_mut(channel) else { return };
        if connection.packets_timer.is_some_and(|timer| timer <= now.instant) {
            connection.packets_timer = None;
        }
        if connection.is_behind {
            return self.take_packets(now, channel);
        }
        let Some(since) = connection.incomplete_since else { return };
        let due = since.after(self.settings.signalling.packet_timeout);
        if due > now.instant {
            return self.set_packets_timer(channel, due);
        }
        self.counters.connections_stalled += 1;
        self.break_off(now, channel, Release::TIMEOUT);
    }

    fn set_packets_timer(&mut self, channel: ChannelId, at: Instant) {
        let Some(connection) = self.signalling.get_mut(channel) else { return };
        if connection.packets_timer.is_none_or(|timer| timer > at) {
            connection.packets_timer = Some(at);
            self.timers.set(at, Due::Packets(channel));
        }
    }

    /// Takes one packet, header included. Its connection may be gone by now.
    fn take_packet(&mut self, now: Now, channel: ChannelId, packet: Vec<u8>) {
        self.trace_packet(channel, true, &packet);
        match self.signalling.get(channel).map(|connection| &connection.role) {
            None => {}
            Some(Role::Relay(_)) => self.relay_packet(now, channel, packet),
            Some(role) => {
                let is_fresh = matches!(role, Role::Fresh);
                // An empty packet is a keep-alive.
                let Some(content) = packet.get(HEADER..).filter(|content| !content.is_empty()) else {
                    return;
                };
                match Q931::decode(content) {
                    Ok(message) if message.message_type == message_type::EMPTY => {}
                    Ok(message) if is_fresh => self.take_setup(now, channel, &message, packet),
                    Ok(message) => self.converse(now, channel, &message),
                    Err(_) => self.break_off(now, channel, Release::MALFORMED),
                }
            }
        }
    }

    fn connection_closed(&mut self, now: Now, channel: ChannelId, how: Closure) {
        match self.signalling.get(channel).map(|connection| &connection.role) {
            None => {}
            Some(Role::Fresh) => {
                self.signalling.remove(channel);
            }
            Some(Role::Relay(_)) => self.relay_closed(now, channel, how),
            Some(Role::Conversation(_)) => self.conversation_lost(now, channel),
        }
    }

    /// The timer of a connection.
    pub(in crate::gatekeeper) fn connection_due(&mut self, now: Now, channel: ChannelId) {
        let Some(connection) = self.signalling.get_mut(channel) else { return };
        if connection.timer.is_some_and(|timer| timer <= now.instant) {
            connection.timer = None;
        }
        match connection.due {
            None => return,
            Some(due) if due > now.instant => return self.set_due(channel, Some(due)),
            Some(_) => connection.due = None,
        }
        match connection.role {
            Role::Fresh => {
                self.counters.connections_silent += 1;
                self.drop_connection(channel);
            }
            Role::Relay(_) => self.relay_due(now, channel),
            Role::Conversation(_) => self.conversation_due(now, channel),
        }
    }

    /// Ends a connection that brought what can't be read, or too much; the call on it is released.
    pub(super) fn break_off(&mut self, now: Now, channel: ChannelId, release: Release) {
        self.counters.connections_broken += 1;
        match self.signalling.get(channel).map(|connection| &connection.role) {
            None => {}
            Some(Role::Fresh) => self.drop_connection(channel),
            Some(Role::Relay(_)) => self.end_relay(now, channel, release),
            Some(Role::Conversation(_)) => self.release(now, channel, release),
        }
    }

    /// Refuses a Setup on a connection that has no call yet.
    pub(super) fn refuse_setup(&mut self, channel: ChannelId, leg: &Leg, release: &Release) {
        self.audit_release(channel, release);
        self.send_packet(channel, leg.release_complete(release, false));
        self.drop_connection(channel);
    }

    /// Closes a connection after what was sent on it.
    pub(super) fn drop_connection(&mut self, channel: ChannelId) {
        if self.signalling.remove(channel).is_some_and(|connection| connection.awaited.is_none()) {
            self.outputs.push_back(Output::Close { channel });
        }
    }

    /// Sends a packet of ours, where it could be written.
    pub(super) fn send_packet(&mut self, channel: ChannelId, packet: Option<Vec<u8>>) {
        match packet {
            Some(octets) => self.put_packet(channel, octets),
            None => self.counters.oversized += 1,
        }
    }

    /// Puts a packet on a connection, or with what waits until that is there.
    pub(super) fn put_packet(&mut self, channel: ChannelId, packet: Vec<u8>) {
        let connection = self.signalling.get_mut(channel);
        if let Some(held) = connection.and_then(|connection| connection.awaited.as_mut()) {
            return held.push(packet);
        }
        self.trace_packet(channel, false, &packet);
        self.outputs.push_back(Output::Octets { channel, octets: packet });
    }

    /// Shows a packet to operators who follow the endpoint at the other end.
    fn trace_packet(&mut self, channel: ChannelId, is_received: bool, packet: &[u8]) {
        let Some(connection) = self.signalling.get(channel) else { return };
        let number = match &connection.role {
            Role::Fresh => None,
            Role::Relay(relay) => self
                .calls
                .get(relay.key)
                .and_then(|call| if relay.is_caller { call.caller.number } else { call.callee.number }),
            Role::Conversation(conversation) => Some(conversation.number),
        };
        self.trace_signalling(number, connection.peer, is_received, packet);
    }

    /// Sets when something is due on a connection, in place of what was.
    pub(super) fn set_due(&mut self, channel: ChannelId, due: Option<Instant>) {
        let Some(connection) = self.signalling.get_mut(channel) else { return };
        connection.due = due;
        if let Some(due) = due
            && connection.timer.is_none_or(|timer| timer > due)
        {
            connection.timer = Some(due);
            self.timers.set(due, Due::Connection(channel));
        }
    }

    pub(super) fn set_due_after(&mut self, now: Now, channel: ChannelId, length: Millis) {
        self.set_due(channel, Some(now.instant.after(length)));
    }
}
