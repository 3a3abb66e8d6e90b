//! The channels of a datagram gateway: one for each address of ours that peers send to.

use super::DriverCounters;
use super::socket::{Arrival, Sharing, Socket};
use link::ChannelId;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The most channels; addresses beyond are answered from the address that the system chooses.
/// Connections are numbered from here on.
pub(super) const CHANNELS_MAX: usize = 4096;

/// The sockets and their channels.
///
/// The first channels are the sockets in the order of configuration. A socket on all addresses has one channel more
/// for each of them, so that answers and later requests leave from the address that the peer knows. Those of the
/// machine's interfaces are numbered at the start, in the order of the addresses, so that numbers in restored state
/// still fit after a restart; where they don't, the peer's next message mends it.
#[derive(Debug)]
pub(super) struct Channels {
    sockets: Vec<Socket>,
    channels: Vec<Channel>,
    numbers: HashMap<(usize, IpAddr), ChannelId>,
    counters: Arc<DriverCounters>,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    socket: usize,
    /// The address to send from; `None` where the socket knows it or the system chooses.
    from: Option<IpAddr>,
}

impl Channels {
    /// Numbers the channels of `sockets`, given the addresses of the machine's interfaces.
    pub fn new(sockets: Vec<Socket>, interfaces: &[IpAddr], counters: Arc<DriverCounters>) -> Self {
        let channels = (0..sockets.len()).map(|socket| Channel { socket, from: None }).collect();
        let mut all = Self { sockets, channels, numbers: HashMap::new(), counters };
        let mut interfaces = interfaces.to_vec();
        interfaces.sort_unstable();
        for socket in 0..all.sockets.len() {
            let bound = all.bound(socket).ip();
            for address in &interfaces {
                if bound.is_unspecified() && bound.is_ipv4() == address.is_ipv4() {
                    all.channel(socket, *address);
                }
            }
        }
        all
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

    /// The channel of what came in on a socket for one of our addresses, and that address with its port.
    pub fn channel(&mut self, socket: usize, local: IpAddr) -> (ChannelId, SocketAddr) {
        let bound = self.bound(socket);
        let address = SocketAddr::new(local, bound.port());
        let of_socket = ChannelId(u32::try_from(socket).unwrap_or(0));
        if !bound.ip().is_unspecified() || local.is_unspecified() {
            return (of_socket, address);
        }
        if let Some(number) = self.numbers.get(&(socket, local)) {
            return (*number, address);
        }
        if self.channels.len() >= CHANNELS_MAX {
            self.counters.channels_exhausted.fetch_add(1, Ordering::Relaxed);
            return (of_socket, address);
        }
        let number = ChannelId(u32::try_from(self.channels.len()).unwrap_or(0));
        self.channels.push(Channel { socket, from: Some(local) });
        self.numbers.insert((socket, local), number);
        (number, address)
    }

    /// The socket that answers what came by a discovery socket for an address of ours.
    pub fn socket_of(&self, local: IpAddr) -> Option<usize> {
        let is = |fits: &dyn Fn(IpAddr) -> bool| {
            self.sockets.iter().position(|socket| {
                let bound = socket.bound().ip();
                bound.is_ipv4() == local.is_ipv4() && fits(bound)
            })
        };
        is(&|bound| bound == local).or_else(|| is(&|bound| bound.is_unspecified()))
    }

    /// Sends a datagram on a channel; what can't be sent is counted, and the peer asks again.
    ///
    /// A number that no longer fits (state of an earlier process) falls back to any socket of the peer's family.
    pub fn send(&self, channel: ChannelId, peer: SocketAddr, octets: &[u8]) {
        let of_family = |channel: &&Channel| {
            self.sockets.get(channel.socket).is_some_and(|socket| socket.bound().is_ipv4() == peer.is_ipv4())
        };
        let channel = self.channels.get(channel.0 as usize).filter(of_family);
        let Some(channel) = channel.or_else(|| self.channels.iter().find(of_family)) else {
            self.counters.unsendable.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let sent = match self.sockets.get(channel.socket) {
            Some(socket) => socket.send(peer, channel.from, octets),
            None => return,
        };
        match sent {
            Ok(()) => self.counters.sent.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                tracing::debug!(event = "datagram.unsent", %peer, %error, "A datagram could not be sent.");
                self.counters.unsendable.fetch_add(1, Ordering::Relaxed)
            }
        };
    }

    fn bound(&self, socket: usize) -> SocketAddr {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        self.sockets.get(socket).map_or(nowhere, Socket::bound)
    }
}

/// Binds a socket to listen on.
pub(super) fn listen(address: SocketAddr, buffer_octets: usize) -> io::Result<Socket> {
    Socket::bind(address, Sharing::Alone, buffer_octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, UdpSocket};

    const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

    fn on(address: [u8; 4]) -> Channels {
        let socket = listen(SocketAddr::from((address, 0)), 1 << 20).unwrap();
        Channels::new(vec![socket], &[Ipv4Addr::LOCALHOST.into()], Arc::default())
    }

    #[test]
    fn the_same_address_keeps_its_channel() {
        let mut channels = on([0, 0, 0, 0]);
        let (first, address) = channels.channel(0, SECOND);
        assert_eq!(address.ip(), SECOND);
        assert_eq!(channels.channel(0, SECOND).0, first);
        assert_ne!(channels.channel(0, Ipv4Addr::LOCALHOST.into()).0, first);
    }

    #[test]
    fn the_addresses_of_interfaces_have_the_same_numbers_after_a_restart() {
        let interfaces = [Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::LOCALHOST.into()];
        let swapped = [interfaces[1], interfaces[0]];
        let number = |interfaces: &[IpAddr]| {
            let socket = listen(SocketAddr::from(([0, 0, 0, 0], 0)), 1 << 20).unwrap();
            Channels::new(vec![socket], interfaces, Arc::default()).channel(0, interfaces[0]).0
        };
        assert_eq!(number(&interfaces), ChannelId(2));
        assert_eq!(number(&swapped), ChannelId(1));
    }

    #[test]
    fn a_channel_sends_from_its_own_address_and_an_unknown_one_from_any() {
        let mut channels = on([0, 0, 0, 0]);
        let (channel, address) = channels.channel(0, SECOND);
        let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        channels.send(channel, peer.local_addr().unwrap(), b"a");
        channels.send(ChannelId(99), peer.local_addr().unwrap(), b"b");
        assert_eq!(peer.recv_from(&mut [0; 4]).unwrap().1, address);
        assert_eq!(peer.recv_from(&mut [0; 4]).unwrap().1.port(), address.port());
    }
}
