//! Discovery: the sockets on which endpoints look for a gatekeeper they have not been told of (H.225.0,
//! clause 7.3, and what deployed endpoints do instead: limited broadcast).

use super::interfaces;
use super::socket::{Arrival, Sharing, Socket};
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The multicast group of gatekeepers.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 1, 41);

/// The port of discovery.
pub const DISCOVERY_PORT: u16 = 1718;

/// The sockets of discovery. They only receive; answers leave from the sockets for RAS.
#[derive(Debug)]
pub(super) struct Discovery {
    /// The socket on port 1718 first, where there is one, then one for broadcasts to each RAS port.
    sockets: Vec<Socket>,
    has_group: bool,
    /// Interfaces on which the group is joined.
    joined: BTreeSet<Ipv4Addr>,
    /// Interfaces that were tried and could not, so that each is told of once.
    refused: BTreeSet<Ipv4Addr>,
    /// The addresses that RAS is heard on.
    listening: Vec<SocketAddr>,
}

impl Discovery {
    /// Opens what can be opened; what can't is told to the log, and endpoints that know our address come all the
    /// same.
    pub fn open(listening: &[SocketAddr], buffer_octets: usize) -> Self {
        let listening: Vec<_> = listening.iter().copied().filter(SocketAddr::is_ipv4).collect();
        let mut discovery = Self {
            sockets: Vec::new(),
            has_group: false,
            joined: BTreeSet::new(),
            refused: BTreeSet::new(),
            listening,
        };
        if discovery.listening.is_empty() {
            return discovery;
        }
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, DISCOVERY_PORT));
        if let Some(socket) = told(everywhere, buffer_octets) {
            discovery.sockets.push(socket);
            discovery.has_group = true;
            discovery.join_group();
        }
        let is_everywhere = |address: &SocketAddr| address.ip().is_unspecified();
        let ports: BTreeSet<_> = discovery.listening.iter().map(SocketAddr::port).collect();
        for port in ports {
            // A socket on all addresses receives broadcasts to its port itself.
            if !discovery.listening.iter().any(|address| address.port() == port && is_everywhere(address)) {
                let broadcast = SocketAddr::from((Ipv4Addr::BROADCAST, port));
                discovery.sockets.extend(told(broadcast, buffer_octets));
            }
        }
        discovery
    }

    /// Joins the group on every interface that RAS is heard on and that has not joined yet; called again from time
    /// to time, because interfaces come and go.
    pub fn join_group(&mut self) {
        let Some(socket) = self.sockets.first().filter(|_| self.has_group) else { return };
        let present: BTreeSet<_> = interfaces::addresses()
            .into_iter()
            .filter_map(|address| match address {
                IpAddr::V4(address) => Some(address),
                IpAddr::V6(_) => None,
            })
            .filter(|address| self.listening.iter().any(|listening| hears(listening.ip(), *address)))
            .collect();
        self.joined.retain(|address| present.contains(address));
        self.refused.retain(|address| present.contains(address));
        for interface in present {
            if self.joined.contains(&interface) {
                continue;
            }
            match socket.join(GROUP, interface) {
                // The interface has joined by another of its addresses.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    self.joined.insert(interface);
                }
                Ok(()) => {
                    tracing::debug!(event = "discovery.joined", %interface, "Endpoints can find us by multicast.");
                    self.joined.insert(interface);
                }
                Err(error) if self.refused.insert(interface) => tracing::warn!(
                    event = "discovery.not_joined",
                    %interface,
                    %error,
                    "The multicast group of gatekeepers can't be joined on this interface."
                ),
                Err(_) => {}
            }
        }
    }

    /// The sockets, for waiting.
    pub fn sockets(&self) -> &[Socket] {
        &self.sockets
    }

    /// Takes the next datagram of a socket.
    pub fn receive(&mut self, socket: usize, buffer: &mut [u8]) -> io::Result<Option<Arrival>> {
        match self.sockets.get_mut(socket) {
            Some(socket) => socket.receive(buffer),
            None => Ok(None),
        }
    }
}

/// Whether somebody who listens on `listening` hears what comes to `address`.
fn hears(listening: IpAddr, address: Ipv4Addr) -> bool {
    listening.is_unspecified() || listening == IpAddr::V4(address)
}

fn told(address: SocketAddr, buffer_octets: usize) -> Option<Socket> {
    Socket::bind(address, Sharing::Shared, buffer_octets)
        .inspect_err(|error| {
            tracing::warn!(
                event = "discovery.unavailable",
                %address,
                %error,
                "Endpoints can't find this gatekeeper here; those that know its address can register."
            );
        })
        .ok()
}
