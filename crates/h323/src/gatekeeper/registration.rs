//! The registered endpoints and the ways to find them.

use super::presence::Offer;
use crate::alias::Alias;
use link::ChannelId;
use model::{Address, Instant, Millis, Now, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// What an endpoint says it is (H.225.0 `EndpointType`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    Terminal,
    Gateway,
    Mcu,
    Gatekeeper,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Gateway => "gateway",
            Self::Mcu => "mcu",
            Self::Gatekeeper => "gatekeeper",
        }
    }
}

/// Where an endpoint's messages come from and answers go.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub(super) struct Peer {
    pub channel: ChannelId,
    pub address: SocketAddr,
    /// Our address that it reaches.
    pub local: SocketAddr,
}

/// Whether an endpoint is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Liveness {
    /// Heard within its time to live.
    Alive,
    /// Silent for longer, and asked.
    Probing,
    /// No probe was answered; it ends at that time unless it comes back.
    Grace { ends: Instant },
}

/// One name of an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Name {
    pub alias: Alias,
    pub address: Address,
}

/// One registered endpoint.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    /// Herald's number for it; survives a re-registration.
    pub number: u64,
    /// The endpointIdentifier it was given.
    pub identifier: String,
    pub peer: Peer,
    /// The name of its presentity first; empty only where every alias is unusable.
    pub names: Vec<Name>,
    /// The transport addresses it takes calls at, at least one.
    pub call_signal_addresses: Vec<SocketAddr>,
    pub kind: Kind,
    pub prefixes: Vec<String>,
    pub product: Option<String>,
    pub features: Vec<String>,
    /// What it offered of the features that Herald speaks with it.
    pub offer: Offer,
    /// Whether it takes messages, once that was seen.
    pub messaging: Option<bool>,
    pub time_to_live: Millis,
    pub registered_at: Timestamp,
    pub heard_at: Now,
    pub liveness: Liveness,
    /// Set by the engine's answer to the claim.
    pub presentity: Option<Address>,
    /// Whether the engine has confirmed the claim.
    pub claimed: bool,
    /// Whether it is in a trusted network.
    pub is_trusted: bool,
    /// Whether it has shown that its address is its own.
    pub is_proven: bool,
    /// Whether it was sent an indication before that.
    pub was_indicated: bool,
    /// A gateway's word that it takes no more calls (RAI).
    pub almost_out_of_resources: bool,
}

impl Registration {
    /// When it falls silent unless it is heard before.
    pub fn silent_at(&self) -> Instant {
        self.heard_at.instant.after(self.time_to_live)
    }

    /// What people call it.
    pub fn label(&self) -> String {
        self.names.first().map_or_else(|| self.peer.address.to_string(), |name| name.alias.text())
    }

    /// The transport address a call from `caller` is sent to.
    pub fn call_signal_address(&self, caller: SocketAddr) -> Option<SocketAddr> {
        crate::transport::of_family(self.call_signal_addresses.iter(), caller)
    }
}

/// All registrations; every index is kept in step by [`Self::insert`] and [`Self::remove`].
#[derive(Debug, Default)]
pub(super) struct Registrations {
    by_number: HashMap<u64, Registration>,
    by_identifier: HashMap<String, u64>,
    by_address: HashMap<Address, Vec<u64>>,
    by_call_signal: HashMap<SocketAddr, u64>,
    by_peer: HashMap<SocketAddr, u64>,
    by_prefix: BTreeMap<String, Vec<u64>>,
    last_number: u64,
}

impl Registrations {
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    /// A number that no registration of this process had.
    pub fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Adds a registration, or puts it in the place of the one with its number.
    pub fn insert(&mut self, registration: Registration) {
        self.remove(registration.number);
        let number = registration.number;
        self.last_number = self.last_number.max(number);
        self.by_identifier.insert(registration.identifier.clone(), number);
        for name in &registration.names {
            let holders = self.by_address.entry(name.address.clone()).or_default();
            if !holders.contains(&number) {
                holders.push(number);
            }
        }
        for address in &registration.call_signal_addresses {
            self.by_call_signal.insert(*address, number);
        }
        self.by_peer.insert(registration.peer.address, number);
        for prefix in &registration.prefixes {
            self.by_prefix.entry(prefix.clone()).or_default().push(number);
        }
        self.by_number.insert(number, registration);
    }

    pub fn remove(&mut self, number: u64) -> Option<Registration> {
        let registration = self.by_number.remove(&number)?;
        self.by_identifier.remove(&registration.identifier);
        for name in &registration.names {
            leave(self.by_address.get_mut(&name.address), number);
            if self.by_address.get(&name.address).is_some_and(Vec::is_empty) {
                self.by_address.remove(&name.address);
            }
        }
        for address in &registration.call_signal_addresses {
            if self.by_call_signal.get(address) == Some(&number) {
                self.by_call_signal.remove(address);
            }
        }
        if self.by_peer.get(&registration.peer.address) == Some(&number) {
            self.by_peer.remove(&registration.peer.address);
        }
        for prefix in &registration.prefixes {
            leave(self.by_prefix.get_mut(prefix), number);
            if self.by_prefix.get(prefix).is_some_and(Vec::is_empty) {
                self.by_prefix.remove(prefix);
            }
        }
        Some(registration)
    }

    pub fn get(&self, number: u64) -> Option<&Registration> {
        self.by_number.get(&number)
    }

    /// A registration to change anything of that no index is made from.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut Registration> {
        self.by_number.get_mut(&number)
    }

    pub fn by_identifier(&self, identifier: &str) -> Option<&Registration> {
        self.get(*self.by_identifier.get(identifier)?)
    }

    pub fn by_call_signal(&self, address: SocketAddr) -> Option<&Registration> {
        self.get(*self.by_call_signal.get(&address)?)
    }

    pub fn by_peer(&self, address: SocketAddr) -> Option<&Registration> {
        self.get(*self.by_peer.get(&address)?)
    }

    /// The registrations that hold a name, in the order in which they took it.
    pub fn holders(&self, address: &Address) -> impl Iterator<Item = &Registration> {
        self.by_address.get(address).into_iter().flatten().filter_map(|number| self.get(*number))
    }

    /// The gateways with the longest prefix of these digits.
    pub fn by_prefix(&self, digits: &str) -> impl Iterator<Item = &Registration> {
        let longest = (1..=digits.len()).rev().find_map(|end| self.by_prefix.get(digits.get(..end)?));
        longest.into_iter().flatten().filter_map(|number| self.get(*number))
    }

    /// All of them in the order of their numbers.
    pub fn sorted(&self) -> Vec<&Registration> {
        let mut all: Vec<_> = self.by_number.values().collect();
        all.sort_unstable_by_key(|registration| registration.number);
        all
    }

    /// An endpoint that moved to another source port keeps its registration.
    pub fn move_peer(&mut self, number: u64, peer: Peer) {
        let Some(registration) = self.by_number.get_mut(&number) else { return };
        if self.by_peer.get(&registration.peer.address) == Some(&number) {
            self.by_peer.remove(&registration.peer.address);
        }
        registration.peer = peer;
        self.by_peer.insert(peer.address, number);
    }
}

fn leave(holders: Option<&mut Vec<u64>>, number: u64) {
    if let Some(holders) = holders {
        holders.retain(|holder| *holder != number);
    }
}
