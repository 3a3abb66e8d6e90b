//! Opens the sockets of a gateway.

use super::channels::listen;
use super::discovery::Discovery;
use super::port_owner::{Protocol, owner_of_port};
use super::socket::Socket;
use crate::tls::Keys;
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, sockopt};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;

/// Connections that the system holds until they are accepted; it may cut this down (`net.core.somaxconn`).
const BACKLOG: i32 = 1024;

/// The open sockets of a gateway.
pub(crate) struct Sockets {
    pub(super) listening: Vec<Socket>,
    pub(super) discovery: Option<Discovery>,
    pub(super) signalling: Vec<TcpListener>,
    /// Those whose connections are secured by TLS.
    pub(super) secured: Vec<TcpListener>,
    /// What they are secured with, and connections that we open.
    pub(super) keys: Option<Box<dyn Keys>>,
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
    /// Someone else has the port for calls.
    #[error(
        "TCP port {} on {} is in use by {}; stop that program, or let herald take calls elsewhere with \
         `signalling = [\"ADDRESS:PORT\"]` below `[h323]` in the configuration, or nowhere with `signalling = []`, or with `tls_port` below `[security]`",
        address.port(), address.ip(), owner.as_deref().unwrap_or("another program (`ss -tlpn` as root shows which)")
    )]
    SignallingInUse {
        /// Where.
        address: SocketAddr,
        /// Who, as far as the system lets us see.
        owner: Option<String>,
    },
    /// Someone else has the port for other servers.
    #[error(
        "TCP port {} on {} is in use by {}; stop that program, or let herald take other servers elsewhere with \
         `listen = [\"ADDRESS:PORT\"]` below `[xmpp]` in the configuration",
        address.port(), address.ip(), owner.as_deref().unwrap_or("another program (`ss -tlpn` as root shows which)")
    )]
    ServersInUse {
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
    #[error(
        "port {} is kept for root; choose a port above 1023 with `--listen ADDRESS:PORT`, or for calls with \
         `signalling` below `[h323]` in the configuration",
        address.port()
    )]
    Forbidden {
        /// Where.
        address: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("can't listen on {address}: {error}")]
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
        Ok(Self { listening, discovery, signalling: Vec::new(), secured: Vec::new(), keys: None })
    }

    /// Listens for connections of other servers: without TLS at first, and with it.
    pub fn for_servers(
        (plain, secured): (Vec<SocketAddr>, Vec<SocketAddr>),
        keys: Box<dyn Keys>,
    ) -> Result<Self, OpenError> {
        let listen = |addresses: &[SocketAddr]| accept_on_each(addresses).map_err(OpenError::of_servers);
        let (signalling, secured) = (listen(&plain)?, listen(&secured)?);
        Ok(Self { listening: Vec::new(), discovery: None, signalling, secured, keys: Some(keys) })
    }

    /// Listens for connections too, on each address; where the first is given no port, all have the one it gets.
    ///
    /// IPv6 on all addresses is passed over where this machine has no IPv6.
    pub fn listen_for_calls(&mut self, addresses: &[SocketAddr]) -> Result<(), OpenError> {
        self.signalling = accept_on_each(addresses)?;
        Ok(())
    }

    /// As [`Self::listen_for_calls`], for connections that are secured by TLS.
    pub fn listen_for_secured_calls(
        &mut self,
        addresses: &[SocketAddr],
        keys: Option<Box<dyn Keys>>,
    ) -> Result<(), OpenError> {
        self.secured = accept_on_each(addresses)?;
        self.keys = keys;
        Ok(())
    }

    /// Where connections are accepted.
    pub fn signalling(&self) -> Vec<SocketAddr> {
        self.signalling.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Where connections are accepted that are secured by TLS.
    pub fn secured(&self) -> Vec<SocketAddr> {
        self.secured.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// The ports at which they are, plain and secured; `None` where they are not.
    pub fn signal_ports(&self) -> (Option<u16>, Option<u16>) {
        let first = |addresses: Vec<SocketAddr>| addresses.first().map(SocketAddr::port);
        (first(self.signalling()), first(self.secured()))
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
            io::ErrorKind::AddrInUse => {
                Self::InUse { address, owner: owner_of_port(Protocol::Udp, address.port()) }
            }
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress { address },
            io::ErrorKind::PermissionDenied => Self::Forbidden { address },
            _ => Self::Refused { address, error },
        }
    }

    fn of_servers(self) -> Self {
        match self {
            Self::SignallingInUse { address, owner } => Self::ServersInUse { address, owner },
            other => other,
        }
    }
}

fn accept_on_each(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, OpenError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in addresses {
        let mut address = *address;
        let first = listeners.first().and_then(|listener| listener.local_addr().ok());
        if let Some(first) = first.filter(|_| address.port() == 0) {
            address.set_port(first.port());
        }
        match accept_on(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) if addresses.len() > 1 && is_without_ipv6(address, &error) => {}
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let owner = owner_of_port(Protocol::Tcp, address.port());
                return Err(OpenError::SignallingInUse { address, owner });
            }
            Err(error) => return Err(OpenError::new(address, error)),
        }
    }
    Ok(listeners)
}

/// A listener of one address family, so that one on all addresses of the other has room beside it.
fn accept_on(address: SocketAddr) -> io::Result<TcpListener> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let descriptor = socket::socket(family, SockType::Stream, flags, None)?;
    // Connections of an earlier process that are not quite over don't keep the port.
    socket::setsockopt(&descriptor, sockopt::ReuseAddr, &true)?;
    if address.is_ipv6() {
        socket::setsockopt(&descriptor, sockopt::Ipv6V6Only, &true)?;
    }
    socket::bind(descriptor.as_raw_fd(), &SockaddrStorage::from(address))?;
    socket::listen(&descriptor, Backlog::new(BACKLOG)?)?;
    Ok(TcpListener::from(descriptor))
}

fn is_without_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    let is_unknown = error.raw_os_error() == Some(Errno::EAFNOSUPPORT as i32);
    let is_everywhere = address.is_ipv6() && address.ip().is_unspecified();
    is_everywhere && (is_unknown || error.kind() == io::ErrorKind::AddrNotAvailable)
}
