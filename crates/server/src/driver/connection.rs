//! One connection: its socket, what waits to be sent on it, and how it ends.

use super::session::{Received, Session, SessionError};
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

/// How long a peer that has connected may take to agree with us on TLS: less than it has for what comes then.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);

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
    /// Where it is secured.
    session: Option<Session>,
    phase: Phase,
    /// What is to be written before the first octet of TLS.
    before_tls: VecDeque<u8>,
    waiting: VecDeque<u8>,
    /// Whether the link has closed it or was told of its end; nothing of it goes to the link then.
    is_closing: bool,
    /// Whether it is not read for now, because the link takes nothing more.
    is_held: bool,
    /// Whether sending has failed. What the peer sent before it broke off is still read.
    is_deaf: bool,
    /// Whether the peer has sent its last.
    has_ended: bool,
    /// Whether it was there before it was secured.
    is_upgraded: bool,
    /// When it is given up.
    pub deadline: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// The peer has not answered yet.
    Opening,
    /// It is there, and TLS is being agreed on.
    Securing,
    /// Both sides may send.
    Open,
    /// All is sent and the peer has been told the end; its own is waited for, because to go before it could destroy
    /// what it has not read yet.
    Draining,
}

/// What reading brought.
#[derive(Debug)]
pub(super) enum Taken {
    /// So many octets lie in the buffer.
    Octets(usize),
    /// TLS is agreed on; it may be that there is more.
    Secured,
    /// There is nothing now.
    Nothing,
    /// The peer has closed its side in order.
    Ended,
    /// The connection is broken.
    Broken,
    /// TLS on it has failed.
    Insecure(SessionError),
}

impl Connection {
    /// Begins to connect, and then to agree on TLS where there is a session.
    pub fn open(peer: SocketAddr, local: Option<IpAddr>, session: Option<Session>) -> io::Result<Self> {
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
        Ok(Self { deadline, phase: Phase::Opening, ..Self::new(TcpStream::from(descriptor), session) })
    }

    /// A connection that a listener accepted, on which TLS is agreed first where there is a session.
    pub fn accepted(stream: TcpStream, session: Option<Session>) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let accepted = Self::new(stream, session);
        Ok(match accepted.session {
            Some(_) => {
                let deadline = Some(Instant::now() + HANDSHAKE_MAX);
                Self { deadline, phase: Phase::Securing, ..accepted }
            }
            None => accepted,
        })
    }

    fn new(stream: TcpStream, session: Option<Session>) -> Self {
        // Messages are sent whole, so there is nothing to gather; a system that can't is only slower.
        let _ = stream.set_nodelay(true);
        let _ = keep_alive(&stream);
        let (waiting, phase) = (VecDeque::new(), Phase::Open);
        Self {
            stream,
            session,
            phase,
            before_tls: VecDeque::new(),
            waiting,
            is_closing: false,
            is_held: false,
            is_deaf: false,
            has_ended: false,
            is_upgraded: false,
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

    /// Takes note that the peer has answered, or not. Our end, where octets can be sent now and could not before.
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
        if self.session.is_some() {
            self.phase = Phase::Securing;
            return Ok(None);
        }
        let local = self.stream.local_addr()?;
        self.be_open();
        Ok(Some(local))
    }

    /// Agrees on TLS after what was sent. Gives back whether that can be.
    pub fn secure(&mut self, session: Session) -> bool {
        if self.phase != Phase::Open || self.session.is_some() || self.is_closing {
            return false;
        }
        self.before_tls = std::mem::take(&mut self.waiting);
        (self.session, self.phase, self.is_upgraded) = (Some(session), Phase::Securing, true);
        self.deadline = Some(Instant::now() + HANDSHAKE_MAX);
        self.flush();
        true
    }

    fn be_open(&mut self) {
        self.phase = Phase::Open;
        if !self.is_closing {
            self.deadline = None;
        }
    }

    /// Sends what can be sent now, and the end where the link wants it.
    pub fn flush(&mut self) {
        if !matches!(self.phase, Phase::Open | Phase::Securing) {
            return;
        }
        self.write();
        if self.is_deaf {
            self.waiting.clear();
        }
        if !self.is_closing || self.wants_write() {
            return;
        }
        if let Some(session) = self.session.as_mut().filter(|_| self.phase == Phase::Open) {
            session.close();
            self.write();
        }
        // Where this does not fit the peer is slow, and the end of the connection has to do.
        self.phase = Phase::Draining;
        if self.stream.shutdown(Shutdown::Write).is_err() {
            self.is_deaf = true;
        }
    }

    /// Writes what the peer takes.
    fn write(&mut self) {
        let mut plain = std::mem::take(&mut self.before_tls);
        self.write_plain(&mut plain);
        self.before_tls = plain;
        if !self.before_tls.is_empty() {
            return;
        }
        if let Some(session) = self.session.as_mut().filter(|_| !self.is_deaf) {
            self.is_deaf = session.send(&mut self.stream, &mut self.waiting).is_err();
            return;
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        self.write_plain(&mut waiting);
        self.waiting = waiting;
    }

    fn write_plain(&mut self, octets: &mut VecDeque<u8>) {
        while !octets.is_empty() && !self.is_deaf {
            match self.stream.write(octets.as_slices().0) {
                Ok(sent) => drop(octets.drain(..sent)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.is_deaf = true,
            }
        }
    }

    /// Whether there is something that could be written if the peer took it. What the link wants sent is not while TLS is
    /// being agreed on.
    fn wants_write(&self) -> bool {
        let of_tls = || self.session.as_ref().is_some_and(Session::wants_write);
        !self.is_deaf
            && match self.phase {
                Phase::Open => !self.waiting.is_empty() || of_tls(),
                Phase::Securing => !self.before_tls.is_empty() || of_tls(),
                Phase::Opening | Phase::Draining => false,
            }
    }

    /// Reads what is there, up to a buffer full.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Taken {
        if self.phase == Phase::Opening {
            return Taken::Nothing;
        }
        if self.session.is_some() {
            return self.receive_secured(buffer);
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

    /// As [`Self::receive`]: what is read may call for an answer of TLS, which is written.
    fn receive_secured(&mut self, buffer: &mut [u8]) -> Taken {
        let Some(session) = &mut self.session else { return Taken::Nothing };
        let received = session.receive(&mut self.stream, buffer);
        let taken = match received {
            Ok(Received::Octets(length)) => Taken::Octets(length),
            Ok(Received::Nothing) => Taken::Nothing,
            Ok(Received::Secured) => {
                if self.phase == Phase::Securing {
                    self.be_open();
                }
                Taken::Secured
            }
            Ok(Received::Ended) if self.is_deaf => Taken::Broken,
            Ok(Received::Ended) => {
                self.has_ended = true;
                Taken::Ended
            }
            // Whoever is closed has nothing more to lose.
            Err(SessionError::Broken(_)) => Taken::Broken,
            Err(_) if self.is_closing => Taken::Broken,
            Err(error) => Taken::Insecure(error),
        };
        // Also where it failed: the peer is told why, and nothing else any more.
        if matches!(taken, Taken::Broken | Taken::Insecure(_)) {
            self.waiting.clear();
        }
        self.flush();
        taken
    }

    /// What TLS has agreed on, where it has.
    pub fn agreed(&self) -> Option<String> {
        self.session.as_ref().map(Session::agreed)
    }

    /// TLS on it.
    pub const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Whether it was there before it was secured.
    pub const fn is_upgraded(&self) -> bool {
        self.is_upgraded
    }

    pub const fn is_secured(&self) -> bool {
        self.session.is_some()
    }

    /// The other end of it.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    /// Our end of it.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// The link wants nothing more of it: what waits is sent, for a while.
    pub fn close(&mut self) {
        if !self.is_closing {
            self.is_closing = true;
            if self.phase == Phase::Securing {
                // Nobody is owed the work of a handshake, and what waited for it is never sent without.
                self.waiting.clear();
                (self.session, self.phase) = (None, Phase::Open);
            }
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
            Phase::Open | Phase::Securing => false,
            Phase::Draining => self.has_ended,
        };
        self.is_closing && (self.is_deaf || is_over)
    }

    pub const fn is_opening(&self) -> bool {
        matches!(self.phase, Phase::Opening)
    }

    pub const fn is_securing(&self) -> bool {
        matches!(self.phase, Phase::Securing)
    }

    /// What it waits for.
    pub fn interest(&self) -> EpollFlags {
        let mut interest = EpollFlags::empty();
        let is_read = !self.is_held || self.is_closing;
        interest.set(EpollFlags::EPOLLIN, is_read && self.phase != Phase::Opening && !self.has_ended);
        interest.set(EpollFlags::EPOLLOUT, self.phase == Phase::Opening || self.wants_write());
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
        let opened = Connection::open(listener.local_addr().unwrap(), None, None).unwrap();
        let accepted = Connection::accepted(listener.accept().unwrap().0, None).unwrap();
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
