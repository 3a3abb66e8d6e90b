//! One connection: its socket, what waits to be sent on it, and how it ends.

use nix::errno::Errno;
use nix::sys::epoll::EpollFlags;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage, sockopt};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

/// How long a peer may take to answer a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long a connection that the link closed may take to send what waits and to hear the peer's end.
const CLOSE_MAX: Duration = Duration::from_secs(5);

/// How many seconds a connection is silent before the system asks the machine at the other end whether it is there, how
/// many between the questions, and how many of them go unanswered before it is broken. A machine that lost its power
/// says no end, and it may be that nothing is ever sent to it that would show it.
const SILENT_MAX_S: u32 = 60;
const PROBE_INTERVAL_S: u32 = 15;
const PROBES: u32 = 4;

/// How long what was sent may stay without an acknowledgement of that machine.
const UNACKNOWLEDGED_MAX_MS: u32 = 120_000;

/// The most octets that may wait for a peer to read them.
pub(super) const WAITING_OCTETS_MAX: usize = 1024 * 1024;

/// A non-blocking TCP connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    phase: Phase,
    waiting: VecDeque<u8>,
    /// Whether the link has closed it or was told of its end; nothing of it goes to the link then.
    is_closing: bool,
    /// Whether it is not read for now, because the link takes nothing more.
    is_held: bool,
    /// Whether sending has failed. What the peer sent before it broke off is still read.
    is_deaf: bool,
    /// Whether the peer has sent its last.
    has_ended: bool,
    /// When it is given up.
    pub deadline: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// The peer has not answered yet.
    Opening,
    /// Both sides may send.
    Open,
    /// All is sent and the peer has been told the end; its own is waited for, because to go before it could destroy
    /// what it has not read yet.
    Draining,
}

/// What reading brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    /// So many octets lie in the buffer.
    Octets(usize),
    /// There is nothing now.
    Nothing,
    /// The peer has closed its side in order.
    Ended,
    /// The connection is broken.
    Broken,
}

impl Connection {
    /// Begins to connect.
    pub fn open(peer: SocketAddr, local: Option<IpAddr>) -> io::Result<Self> {
        let family = if peer.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let descriptor = socket::socket(family, SockType::Stream, flags, None)?;
        if let Some(local) = local {
            // The port is chosen when the peer is known, or the ports would be used up by the connections of all peers.
            let _ = socket::setsockopt(&descriptor, sockopt::IpBindAddressNoPort, &true);
            socket::bind(descriptor.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(local, 0)))?;
        }
        match socket::connect(descriptor.as_raw_fd(), &SockaddrStorage::from(peer)) {
            Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let deadline = Some(Instant::now() + CONNECT_MAX);
        Ok(Self { deadline, phase: Phase::Opening, ..Self::new(TcpStream::from(descriptor)) })
    }

    /// A connection that a listener accepted.
    pub fn accepted(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::new(stream))
    }

    fn new(stream: TcpStream) -> Self {
        // Messages are sent whole, so there is nothing to gather; a system that can't is only slower.
        let _ = stream.set_nodelay(true);
        let _ = keep_alive(&stream);
        let (waiting, phase) = (VecDeque::new(), Phase::Open);
        Self {
            stream,
            phase,
            waiting,
            is_closing: false,
            is_held: false,
            is_deaf: false,
            has_ended: false,
            deadline: None,
        }
    }

    /// Takes octets to send; `false` where too many wait already.
    pub fn send(&mut self, octets: &[u8]) -> bool {
        if self.is_closing || self.is_deaf {
            return true;
        }
        self.waiting.extend(octets);
        if self.phase == Phase::Open {
            self.flush();
        }
        self.waiting.len() <= WAITING_OCTETS_MAX
    }

    /// Takes note that the peer has answered, or not. Our end, where this is news.
    pub fn finish_opening(&mut self) -> io::Result<Option<SocketAddr>> {
        if self.phase != Phase::Opening {
            return Ok(None);
        }
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        // Woken too early.
        if self.stream.peer_addr().is_err() {
            return Ok(None);
        }
        let local = self.stream.local_addr()?;
        self.phase = Phase::Open;
        if !self.is_closing {
            self.deadline = None;
        }
        Ok(Some(local))
    }

    /// Sends what can be sent now, and the end where the link wants it.
    pub fn flush(&mut self) {
        if self.phase != Phase::Open {
            return;
        }
        while !self.waiting.is_empty() && !self.is_deaf {
            match self.stream.write(self.waiting.as_slices().0) {
                Ok(sent) => drop(self.waiting.drain(..sent)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.is_deaf = true,
            }
        }
        if self.is_deaf {
            self.waiting.clear();
        }
        if self.is_closing {
            self.phase = Phase::Draining;
            if self.stream.shutdown(Shutdown::Write).is_err() {
                self.is_deaf = true;
            }
        }
    }

    /// Reads what is there, up to a buffer full.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Taken {
        if self.phase == Phase::Opening {
            return Taken::Nothing;
        }
        loop {
            return match self.stream.read(buffer) {
                Ok(0) if self.is_deaf => Taken::Broken,
                Ok(0) => {
                    self.has_ended = true;
                    Taken::Ended
                }
                Ok(length) => Taken::Octets(length),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Taken::Nothing,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => Taken::Broken,
            };
        }
    }

    /// The link wants nothing more of it: what waits is sent, for a while.
    pub fn close(&mut self) {
        if !self.is_closing {
            self.is_closing = true;
            self.deadline = Some(Instant::now() + CLOSE_MAX);
            self.flush();
        }
    }

    /// Leaves what comes to the system, or reads it again.
    pub const fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Whether nothing of it goes to the link any more.
    pub const fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Whether nothing is left to be done for a connection that is closing.
    pub fn is_done(&self) -> bool {
        let is_over = match self.phase {
            Phase::Opening => self.waiting.is_empty(),
            Phase::Open => false,
            Phase::Draining => self.has_ended,
        };
        self.is_closing && (self.is_deaf || is_over)
    }

    pub const fn is_opening(&self) -> bool {
        matches!(self.phase, Phase::Opening)
    }

    /// What it waits for.
    pub fn interest(&self) -> EpollFlags {
        let mut interest = EpollFlags::empty();
        let is_read = !self.is_held || self.is_closing;
        interest.set(EpollFlags::EPOLLIN, is_read && self.phase != Phase::Opening && !self.has_ended);
        interest.set(EpollFlags::EPOLLOUT, self.phase == Phase::Opening || !self.waiting.is_empty());
        interest
    }
}

/// Has the system notice a peer that is gone without a word.
fn keep_alive(stream: &TcpStream) -> nix::Result<()> {
    socket::setsockopt(stream, sockopt::TcpKeepIdle, &SILENT_MAX_S)?;
    socket::setsockopt(stream, sockopt::TcpKeepInterval, &PROBE_INTERVAL_S)?;
    socket::setsockopt(stream, sockopt::TcpKeepCount, &PROBES)?;
    socket::setsockopt(stream, sockopt::TcpUserTimeout, &UNACKNOWLEDGED_MAX_MS)?;
    socket::setsockopt(stream, sockopt::KeepAlive, &true)
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn a_peer_that_is_gone_without_a_word_is_noticed_whoever_connected() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let opened = Connection::open(listener.local_addr().unwrap(), None).unwrap();
        let accepted = Connection::accepted(listener.accept().unwrap().0).unwrap();
        for connection in [opened, accepted] {
            assert!(socket::getsockopt(&connection, sockopt::KeepAlive).unwrap());
            let probing = socket::getsockopt(&connection, sockopt::TcpKeepInterval).unwrap()
                * socket::getsockopt(&connection, sockopt::TcpKeepCount).unwrap();
            let silent = socket::getsockopt(&connection, sockopt::TcpKeepIdle).unwrap();
            assert_eq!(silent + probing, 120);
            assert_eq!(socket::getsockopt(&connection, sockopt::TcpUserTimeout).unwrap(), 120_000);
        }
    }
}
