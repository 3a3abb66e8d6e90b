//! Following an endpoint: an operator sees every message from and to it, decoded, as it happens.
//!
//! A message belongs to an endpoint whose registration holds the name that is followed. Before and after a
//! registration the addresses count from which that name was used in a GRQ or an RRQ. Messages are read only for who
//! follows: without a trace this costs one look at an empty list.

use super::link::Gatekeeper;
use super::registration::Registration;
use crate::alias::{Alias, alternative, canonical};
use crate::wire::h225::{AliasAddress, RasMessage};
use crate::wire::reading;
use codec::per::{Json, OctetString};
use link::{CommandError, Output, Traced};
use model::{Address, Timestamp};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// The most endpoints that are followed at a time.
const TRACES_MAX: usize = 8;

/// Addresses that one trace remembers; the oldest is forgotten for one more.
const PEERS_MAX: usize = 16;

/// What operators follow.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// The moment of the input that is worked on.
    pub now: Timestamp,
    traces: Vec<Trace>,
}

#[derive(Debug)]
struct Trace {
    number: u64,
    /// What the name may stand for.
    addresses: Vec<Address>,
    /// Where it was used by somebody who need not be registered.
    peers: VecDeque<SocketAddr>,
}

impl Traces {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.traces.len()
    }

    fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }
}

impl Trace {
    fn is_of(&self, registration: Option<&Registration>, peer: SocketAddr) -> bool {
        match registration {
            Some(registration) => {
                registration.names.iter().any(|name| self.addresses.contains(&name.address))
            }
            None => self.peers.contains(&peer),
        }
    }

    fn remember(&mut self, peer: SocketAddr) {
        if self.peers.contains(&peer) {
            return;
        }
        if self.peers.len() >= PEERS_MAX {
            self.peers.pop_front();
        }
        self.peers.push_back(peer);
    }
}

impl Gatekeeper {
    /// Begins to follow whoever has a name, or will have it.
    pub(super) fn trace(&mut self, number: u64, name: &str) -> Result<(), CommandError> {
        let zone = &self.settings.zone;
        let alias = Alias::parse_typed(name).map_err(|_| CommandError::NoEndpoint(name.to_owned()))?;
        let addresses: Vec<_> =
            canonical(&alias, zone).ok().into_iter().chain(alternative(&alias, zone)).collect();
        if addresses.is_empty() {
            return Err(CommandError::NoEndpoint(name.to_owned()));
        }
        if self.traces.traces.len() >= TRACES_MAX {
            return Err(CommandError::TracesExhausted);
        }
        self.traces.traces.push(Trace { number, addresses, peers: VecDeque::new() });
        Ok(())
    }

    /// Ends a trace.
    pub(super) fn untrace(&mut self, number: u64) {
        self.traces.traces.retain(|trace| trace.number != number);
    }

    /// Shows a RAS message that came to us.
    pub(super) fn trace_received(&mut self, peer: SocketAddr, message: Option<&RasMessage>, octets: &[u8]) {
        if self.traces.is_empty() {
            return;
        }
        let (aliases, answers_to) = match message {
            Some(RasMessage::GatekeeperRequest(m)) => {
                (m.endpoint_alias.as_deref().unwrap_or_default(), m.ras_address.socket_address())
            }
            Some(RasMessage::RegistrationRequest(m)) => {
                (m.terminal_alias.as_deref().unwrap_or_default(), None)
            }
            _ => (&[][..], None),
        };
        let named = self.addresses_of(aliases);
        let followers = self.followers(None, peer, &named);
        for trace in &mut self.traces.traces {
            if followers.contains(&trace.number) {
                [Some(peer), answers_to].into_iter().flatten().for_each(|peer| trace.remember(peer));
            }
        }
        self.show(&followers, "RAS", peer, true, octets);
    }

    /// Shows a RAS message that we send.
    pub(super) fn trace_sent(&mut self, peer: SocketAddr, octets: &[u8]) {
        if !self.traces.is_empty() {
            let followers = self.followers(None, peer, &[]);
            self.show(&followers, "RAS", peer, false, octets);
        }
    }

    /// Shows a whole TPKT packet of a call signalling connection; `number` is the registration at its other end, where
    /// that is known.
    pub(super) fn trace_signalling(
        &mut self,
        number: Option<u64>,
        peer: SocketAddr,
        is_received: bool,
        octets: &[u8],
    ) {
        if !self.traces.is_empty() {
            let followers = self.followers(number, peer, &[]);
            self.show(&followers, "H.225.0", peer, is_received, octets);
        }
    }

    /// The traces that a message of or to `peer` belongs to.
    fn followers(&self, number: Option<u64>, peer: SocketAddr, named: &[Address]) -> Vec<u64> {
        let registration = match number {
            Some(number) => self.registrations.get(number),
            None => self.registrations.by_peer(peer).or_else(|| self.registrations.by_call_signal(peer)),
        };
        let traces = self.traces.traces.iter().filter(|trace| {
            trace.is_of(registration, peer) || named.iter().any(|name| trace.addresses.contains(name))
        });
        traces.map(|trace| trace.number).collect()
    }

    fn show(
        &mut self,
        followers: &[u64],
        protocol: &str,
        peer: SocketAddr,
        is_received: bool,
        octets: &[u8],
    ) {
        if followers.is_empty() {
            return;
        }
        let reading = reading::read(octets).unwrap_or_else(|error| {
            let hex = OctetString::<0>(octets.to_vec()).to_json()["hex"].take();
            json!({ "message": "unreadable", "error": error.to_string(), "hex": hex })
        });
        let name = reading.get("message").and_then(Value::as_str).unwrap_or("unknown").to_owned();
        for trace in followers {
            self.outputs.push_back(Output::Traced(Box::new(Traced {
                trace: *trace,
                at: self.traces.now,
                is_received,
                protocol: protocol.to_owned(),
                peer: peer.to_string(),
                name: name.clone(),
                reading: reading.clone(),
            })));
        }
    }

    fn addresses_of(&self, aliases: &[AliasAddress]) -> Vec<Address> {
        let readable = aliases.iter().filter_map(Alias::from_wire);
        readable.filter_map(|alias| canonical(&alias, &self.settings.zone).ok()).collect()
    }
}
