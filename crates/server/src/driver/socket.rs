//! One datagram socket, with the address that each datagram was sent to.

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    self, AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, SockaddrStorage,
    sockopt,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// A bound, non-blocking UDP socket of one address family.
#[derive(Debug)]
pub(super) struct Socket {
    socket: UdpSocket,
    bound: SocketAddr,
    receive_buffer: usize,
    control: Vec<u8>,
}

/// What came in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Arrival {
    /// Who sent it.
    pub peer: SocketAddr,
    /// The address of ours at which the peer reaches us.
    pub local: IpAddr,
    /// Whether it was sent to that address, or to many.
    pub to_many: bool,
    /// How much of the buffer it fills; `None` where it is longer than the buffer.
    pub length: Option<usize>,
}

/// Whether others may bind the same port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sharing {
    /// Nobody else.
    Alone,
    /// All who ask for it; each gets what is sent to many.
    Shared,
}

impl Socket {
    /// Binds a socket and asks the system for buffers of a size; the system may give less.
    pub fn bind(address: SocketAddr, sharing: Sharing, buffer_octets: usize) -> io::Result<Self> {
        let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let descriptor = socket::socket(family, SockType::Datagram, flags, None)?;
        if sharing == Sharing::Shared {
            socket::setsockopt(&descriptor, sockopt::ReuseAddr, &true)?;
        }
        if address.is_ipv4() {
            socket::setsockopt(&descriptor, sockopt::Ipv4PacketInfo, &true)?;
        } else {
            socket::setsockopt(&descriptor, sockopt::Ipv6V6Only, &true)?;
            socket::setsockopt(&descriptor, sockopt::Ipv6RecvPacketInfo, &true)?;
        }
        // The first needs a privilege and passes the limit of the system, the second is cut to it; both may fail.
        let _ = socket::setsockopt(&descriptor, sockopt::RcvBufForce, &buffer_octets)
            .or_else(|_| socket::setsockopt(&descriptor, sockopt::RcvBuf, &buffer_octets));
        let _ = socket::setsockopt(&descriptor, sockopt::SndBufForce, &buffer_octets)
            .or_else(|_| socket::setsockopt(&descriptor, sockopt::SndBuf, &buffer_octets));
        socket::bind(descriptor.as_raw_fd(), &SockaddrStorage::from(address))?;
        // Linux doubles the size it was asked for to cover its own needs, and tells the double.
        let receive_buffer = socket::getsockopt(&descriptor, sockopt::RcvBuf).unwrap_or(0) / 2;
        let socket = UdpSocket::from(descriptor);
        let bound = socket.local_addr()?;
        Ok(Self { socket, bound, receive_buffer, control: cmsg_space!(libc::in6_pktinfo) })
    }

    /// Where it is bound.
    pub const fn bound(&self) -> SocketAddr {
        self.bound
    }

    /// The receive buffer that the system gave, in octets.
    pub const fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    /// Receives what is sent to a group on the interface with this address.
    pub fn join(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket.join_multicast_v4(&group, &interface)
    }

    /// Takes the next datagram; `None` where there is none now.
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<Arrival>> {
        let mut slices = [IoSliceMut::new(buffer)];
        let message = match socket::recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut self.control),
            MsgFlags::empty(),
        ) {
            Ok(message) => message,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(peer) = message.address.as_ref().and_then(address) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a datagram without a source address"));
        };
        let bound = self.bound.ip();
        let (sent_to, local) = message
            .cmsgs()?
            .find_map(|information| match information {
                ControlMessageOwned::Ipv4PacketInfo(information) => Some((
                    IpAddr::V4(from_network(information.ipi_addr)),
                    IpAddr::V4(from_network(information.ipi_spec_dst)),
                )),
                ControlMessageOwned::Ipv6PacketInfo(information) => {
                    let sent_to = IpAddr::V6(Ipv6Addr::from(information.ipi6_addr.s6_addr));
                    Some((sent_to, sent_to))
                }
                _ => None,
            })
            .unwrap_or((bound, bound));
        let length = (!message.flags.contains(MsgFlags::MSG_TRUNC)).then_some(message.bytes);
        Ok(Some(Arrival { peer, local, to_many: sent_to != local || sent_to.is_multicast(), length }))
    }

    /// Sends a datagram, from one of our addresses where one is given.
    pub fn send(&self, peer: SocketAddr, from: Option<IpAddr>, octets: &[u8]) -> io::Result<()> {
        let sent = match from {
            None => self.socket.send_to(octets, peer).map(drop),
            Some(IpAddr::V4(from)) => self.send_with(
                peer,
                octets,
                &ControlMessage::Ipv4PacketInfo(&libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: to_network(from),
                    ipi_addr: to_network(Ipv4Addr::UNSPECIFIED),
                }),
            ),
            Some(IpAddr::V6(from)) => self.send_with(
                peer,
                octets,
                &ControlMessage::Ipv6PacketInfo(&libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr { s6_addr: from.octets() },
                    ipi6_ifindex: 0,
                }),
            ),
        };
        match sent {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.send(peer, None, octets),
            sent => sent,
        }
    }

    fn send_with(&self, peer: SocketAddr, octets: &[u8], control: &ControlMessage<'_>) -> io::Result<()> {
        let peer = SockaddrStorage::from(peer);
        let slices = [IoSlice::new(octets)];
        let control = [*control];
        socket::sendmsg(self.socket.as_raw_fd(), &slices, &control, MsgFlags::empty(), Some(&peer))?;
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|address| SocketAddrV4::from(*address).into());
    v4.or_else(|| storage.as_sockaddr_in6().map(|address| SocketAddrV6::from(*address).into()))
}

fn from_network(address: libc::in_addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from_be(address.s_addr))
}

fn to_network(address: Ipv4Addr) -> libc::in_addr {
    libc::in_addr { s_addr: u32::from(address).to_be() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    fn receive(socket: &mut Socket, buffer: &mut [u8]) -> Arrival {
        loop {
            if let Some(arrival) = socket.receive(buffer).unwrap() {
                return arrival;
            }
        }
    }

    #[test]
    fn a_socket_on_all_addresses_tells_which_one_a_datagram_was_sent_to_and_answers_from_it() {
        let mut socket = Socket::bind((Ipv4Addr::UNSPECIFIED, 0).into(), Sharing::Alone, 1 << 20).unwrap();
        let second = Ipv4Addr::new(127, 0, 0, 2);
        let peer = UdpSocket::bind(loopback(0)).unwrap();
        peer.send_to(b"hello", (second, socket.bound().port())).unwrap();
        let mut buffer = [0; 16];
        let arrival = receive(&mut socket, &mut buffer);
        let peer_address = peer.local_addr().unwrap();
        assert_eq!(
            arrival,
            Arrival { peer: peer_address, local: second.into(), to_many: false, length: Some(5) }
        );

        socket.send(peer_address, Some(second.into()), b"there").unwrap();
        let (_, from) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!(from, SocketAddr::from((second, socket.bound().port())));
    }

    #[test]
    fn a_datagram_to_a_group_is_marked_and_has_our_own_address() {
        let mut socket = Socket::bind((Ipv4Addr::UNSPECIFIED, 0).into(), Sharing::Shared, 1 << 20).unwrap();
        let group = Ipv4Addr::new(224, 0, 1, 41);
        socket.join(group, Ipv4Addr::LOCALHOST).unwrap();
        let peer = UdpSocket::bind(loopback(0)).unwrap();
        peer.send_to(b"anyone?", (group, socket.bound().port())).unwrap();
        let arrival = receive(&mut socket, &mut [0; 16]);
        assert_eq!((arrival.to_many, arrival.local), (true, Ipv4Addr::LOCALHOST.into()));
    }

    #[test]
    fn a_datagram_longer_than_the_buffer_is_told_from_one_that_fits() {
        let mut socket = Socket::bind(loopback(0), Sharing::Alone, 1 << 20).unwrap();
        let peer = UdpSocket::bind(loopback(0)).unwrap();
        peer.send_to(&[0; 9], socket.bound()).unwrap();
        peer.send_to(&[0; 8], socket.bound()).unwrap();
        assert_eq!(receive(&mut socket, &mut [0; 8]).length, None);
        assert_eq!(receive(&mut socket, &mut [0; 8]).length, Some(8));
    }
}
