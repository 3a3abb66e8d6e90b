//! The TCP connections of call signalling, one for each call.

use super::machine::{Endpoint, Output};
use super::release::Ending;
use super::settings::{CALLS_MAX, MESSAGE_CALLS_MAX, PACKET_TIMEOUT, SETUP_TIMEOUT};
use crate::wire::tpkt::Reassembly;
use model::{Instant, Now};
use std::net::SocketAddr;

/// The most connections at once: those of the calls, and as many that have not said yet what they want.
pub const CONNECTIONS_MAX: usize = 2 * (CALLS_MAX + MESSAGE_CALLS_MAX);

/// A connection, numbered by the endpoint and never used again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct ConnectionId(pub u32);

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Connection {
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// What came in.
    reassembly: Reassembly,
    /// Until when the Setup, or the rest of a packet, must be there.
    patience: Option<Instant>,
}

impl Endpoint {
    /// Takes a connection that somebody opened; `None` where there are too many, and it is to be closed.
    pub fn accept(&mut self, now: Now, peer: SocketAddr) -> Option<ConnectionId> {
        self.now = now;
        if self.connections.len() >= CONNECTIONS_MAX || self.quits_by.is_some() {
            self.counters.refused_connections += 1;
            return None;
        }
        let id = self.next_connection();
        let patience = Some(now.instant.after(SETUP_TIMEOUT));
        self.connections.insert(id, Connection { peer, reassembly: Reassembly::default(), patience });
        Some(id)
    }

    /// Takes note that the connection asked for by [`Output::Open`] is open; whether it is still wanted, else it is to
    /// be closed.
    pub fn opened(&mut self, now: Now, id: ConnectionId) -> bool {
        self.now = now;
        let Some(peer) = self.calls.get(&id).and_then(|call| call.remote_address) else { return false };
        self.connections.insert(id, Connection { peer, reassembly: Reassembly::default(), patience: None });
        self.send_setup(now, id);
        true
    }

    /// Takes what came in over a connection.
    pub fn received(&mut self, now: Now, id: ConnectionId, octets: &[u8]) {
        self.now = now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let mut packets = Vec::new();
        let fed = connection.reassembly.feed(octets, |packet| packets.push(packet.to_vec()));
        if connection.reassembly.held() == 0 {
            connection.patience = connection.patience.filter(|_| !self.calls.contains_key(&id));
        } else if connection.patience.is_none() || !packets.is_empty() {
            connection.patience = Some(now.instant.after(PACKET_TIMEOUT));
        }
        for packet in packets {
            self.take_packet(now, id, &packet);
        }
        if fed.is_err() {
            self.break_off(now, id);
        }
    }

    /// Takes note that a connection was closed by the other side, broke, or could not be opened.
    pub fn closed(&mut self, now: Now, id: ConnectionId) {
        self.now = now;
        let was_open = self.connections.remove(&id).is_some();
        let ending = if was_open { Ending::CONNECTION_LOST } else { Ending::UNREACHABLE };
        self.end_call(now, id, ending);
    }

    /// Closes connections that kept us waiting too long.
    pub(super) fn close_slow_connections(&mut self, now: Now) {
        let is_late = |connection: &Connection| connection.patience.is_some_and(|by| by <= now.instant);
        let late = self.connections.iter().filter(|(_, connection)| is_late(connection));
        for id in late.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.break_off(now, id);
        }
    }

    /// When [`Self::close_slow_connections`] has something next.
    pub(super) fn connection_deadline(&self) -> Option<Instant> {
        self.connections.values().filter_map(|connection| connection.patience).min()
    }

    /// The Setup is there: the connection may stay.
    pub(super) fn keep_connection(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.patience = None;
        }
    }

    /// Closes a connection over which came no call signalling, or too slowly.
    fn break_off(&mut self, now: Now, id: ConnectionId) {
        if self.connections.contains_key(&id) {
            self.counters.broken_connections += 1;
            self.end_call(now, id, Ending::PROTOCOL_ERROR);
            self.close(id);
        }
    }

    /// Closes a connection once what was sent is out.
    pub(super) fn close(&mut self, id: ConnectionId) {
        if self.connections.remove(&id).is_some() {
            self.outputs.push_back(Output::Close(id));
        }
    }

    /// A number for a connection.
    pub(super) fn next_connection(&mut self) -> ConnectionId {
        self.last_connection = self.last_connection.wrapping_add(1);
        ConnectionId(self.last_connection)
    }
}
