//! Transport addresses between the wire and the operating system.

use crate::wire::h225::{Ip6Address, IpAddress, TransportAddress};
use codec::per::{FixedOctets, Integer};
use std::net::{IpAddr, SocketAddr};

impl From<SocketAddr> for TransportAddress {
    fn from(address: SocketAddr) -> Self {
        let port = Integer::clamped(u32::from(address.port()));
        match address.ip().to_canonical() {
            IpAddr::V4(ip) => Self::IpAddress(IpAddress { ip: FixedOctets(ip.octets()), port }),
            IpAddr::V6(ip) => {
                Self::Ip6Address(Ip6Address { ip: FixedOctets(ip.octets()), port, ..Ip6Address::default() })
            }
        }
    }
}

impl TransportAddress {
    /// The address and port, where this is IPv4 or IPv6.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        match self {
            Self::IpAddress(IpAddress { ip, port }) => Some(SocketAddr::from((ip.0, port.get() as u16))),
            Self::Ip6Address(Ip6Address { ip, port, .. }) => {
                Some(SocketAddr::from((ip.0, port.get() as u16)))
            }
            _ => None,
        }
    }
}

/// The first address of a list that is of the same family as `like`, else the first.
pub fn of_family<'a>(
    mut addresses: impl Iterator<Item = &'a SocketAddr> + Clone,
    like: SocketAddr,
) -> Option<SocketAddr> {
    let same = addresses.clone().find(|address| address.is_ipv4() == like.is_ipv4());
    same.or_else(|| addresses.next()).copied()
}
