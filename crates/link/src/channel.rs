//! Channels: the sockets and connections under a link.

use std::net::{IpAddr, SocketAddr};

/// A listening datagram socket or a connection, numbered by the server.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct ChannelId(pub u32);

/// One input from a channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Input<'a> {
    /// A datagram.
    Datagram {
        /// Who sent it.
        peer: SocketAddr,
        /// The address and port of ours at which that peer reaches us by unicast: where the datagram came in, or,
        /// for multicast and broadcast, the address that answers would leave from.
        local: SocketAddr,
        /// Whether it came by multicast or broadcast.
        to_many: bool,
        /// Its content.
        octets: &'a [u8],
    },
}

impl Input<'_> {
    /// The address of the peer.
    pub const fn peer(&self) -> IpAddr {
        match self {
            Self::Datagram { peer, .. } => peer.ip(),
        }
    }
}
