//! Channels: the sockets and connections under a link.

use crate::PeerCertificate;
use std::net::SocketAddr;

/// A listening datagram socket or a connection.
///
/// Sockets and accepted connections are numbered by the server, below [`ChannelId::OPENED`]; connections that a link
/// opens are numbered by the link, from there on. No number of a connection is used again while the process runs and
/// fewer than 2^30 have been.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct ChannelId(pub u32);

impl ChannelId {
    /// The first number of those that a link gives to connections it opens.
    pub const OPENED: u32 = 0x8000_0000;
}

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
    /// A peer has connected; the channel is a new one.
    Accepted {
        /// Who.
        peer: SocketAddr,
        /// Our end.
        local: SocketAddr,
        /// Whether it will be secured by TLS before anything comes on it. Nothing has been done for that yet.
        is_secured: bool,
    },
    /// TLS is agreed on for a domain ([`Tls::ToDomain`](crate::Tls::ToDomain), [`Tls::ForDomain`](crate::Tls::ForDomain), or
    /// an accepted connection of a listener that is secured from the start): from here on all is secured.
    Secured {
        /// What the peer has shown.
        certificate: &'a PeerCertificate,
    },
    /// A connection that the link opened is there.
    Connected {
        /// Our end.
        local: SocketAddr,
    },
    /// Octets of a connection, in order, cut anywhere.
    Octets {
        /// The octets, at least one.
        octets: &'a [u8],
    },
    /// A connection is gone, or could not be had, and its channel means nothing from now on. Not given for one that
    /// the link closed itself.
    Closed {
        /// How.
        how: Closure,
    },
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Closure {
    /// The peer closed it in order.
    Ended,
    /// The peer broke it, or it broke on the way.
    Broken,
    /// It could not be opened.
    Unreachable,
    /// The peer did not read what was sent to it, and the connection was given up.
    Stuck,
}
