//! Opens the sockets of a datagram gateway.

use super::channels::listen;
use super::discovery::Discovery;
use super::port_owner::owner_of_udp_port;
use super::socket::Socket;
use nix::errno::Errno;
use std::io;
use std::net::SocketAddr;

/// The open sockets of a gateway.
pub(crate) struct Sockets {
    pub(super) listening: Vec<Socket>,
    pub(super) discovery: Option<Discovery>,
}

/// Why a gateway can't listen.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Someone else has the port.
    #[error(
        "UDP port {} on {} is in use by {}; stop that program, or let herald listen elsewhere with \
         `--listen ADDRESS:PORT`",
        address.port(), address.ip(), owner.as_deref().unwrap_or("another program (`ss -ulpn` as root shows which)")
    )]
    InUse {
        /// Where.
        address: SocketAddr,
        /// Who, as far as the system lets us see.
        owner: Option<String>,
    },
    /// This machine has no such address.
    #[error(
        "this machine has no address {}; `ip address` lists those it has, and 0.0.0.0 stands for all of them",
        address.ip()
    )]
    NoSuchAddress {
        /// Which.
        address: SocketAddr,
    },
    /// A port below 1024 without the right to it.
    #[error("port {} is kept for root; choose a port above 1023 with `--listen ADDRESS:PORT`", address.port())]
    Forbidden {
        /// Where.
        address: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("can't listen on UDP {address}: {error}")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// The system's words.
        error: io::Error,
    },
}

impl Sockets {
    /// Opens a socket for each address, and those for discovery where that is wanted.
    ///
    /// IPv6 on all addresses is passed over where this machine has no IPv6.
    pub fn open(addresses: &[SocketAddr], discovery: bool, buffer_octets: usize) -> Result<Self, OpenError> {
        let mut listening = Vec::new();
        for address in addresses {
            match listen(*address, buffer_octets) {
                Ok(socket) => listening.push(socket),
                Err(error) if addresses.len() > 1 && is_without_ipv6(*address, &error) => {
                    tracing::info!(
                        event = "node.no_ipv6",
                        "This machine has no IPv6; listening on IPv4 only."
                    );
                }
                Err(error) => return Err(OpenError::new(*address, error)),
            }
        }
        let bound: Vec<_> = listening.iter().map(Socket::bound).collect();
        let discovery = discovery.then(|| Discovery::open(&bound, buffer_octets));
        Ok(Self { listening, discovery })
    }

    /// Where it listens, and the receive buffer that the system gave, in octets.
    pub fn listening(&self) -> Vec<(SocketAddr, usize)> {
        self.listening.iter().map(|socket| (socket.bound(), socket.receive_buffer())).collect()
    }

    /// Where endpoints can find us without knowing our address.
    pub fn discovery(&self) -> Vec<SocketAddr> {
        self.discovery.iter().flat_map(Discovery::sockets).map(Socket::bound).collect()
    }
}

impl OpenError {
    fn new(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address, owner: owner_of_udp_port(address.port()) },
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress { address },
            io::ErrorKind::PermissionDenied => Self::Forbidden { address },
            _ => Self::Refused { address, error },
        }
    }
}

fn is_without_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    let is_unknown = error.raw_os_error() == Some(Errno::EAFNOSUPPORT as i32);
    let is_everywhere = address.is_ipv6() && address.ip().is_unspecified();
    is_everywhere && (is_unknown || error.kind() == io::ErrorKind::AddrNotAvailable)
}
