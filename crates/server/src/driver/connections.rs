//! The connections of a gateway: those it accepts, those its link opens, and one descriptor to wait for them all.
//!
//! Behind that descriptor is epoll, so that a wait costs the same with one connection and with many thousands.
//! Nothing here blocks, and nothing calls the link: what has ended is noted, and the driver tells it.

use super::DriverCounters;
use super::connection::{Connection, Taken};
use super::session::{Session, SessionError};
use crate::tls::Keys;
use link::{ChannelId, Closure, PeerCertificate, Tls};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Sockets that are looked at before others have their turn.
const EVENTS_AT_ONCE: usize = 256;

/// How long accepting pauses when there is no room, unless a connection ends before.
const PAUSE: Duration = Duration::from_secs(1);

/// The mark of a listener in the word that epoll keeps for a socket; without it the word is a channel.
const LISTENER: u64 = 1 << 32;

/// All connections of a driver.
#[derive(Debug)]
pub(super) struct Connections {
    epoll: Epoll,
    listeners: Vec<TcpListener>,
    /// The first of the listeners whose connections are secured by TLS.
    first_secured: usize,
    /// What they are secured with, and those that the link wants secured.
    keys: Option<Box<dyn Keys>>,
    table: HashMap<ChannelId, Entry>,
    /// When which connection is given up.
    deadlines: BTreeSet<(Instant, ChannelId)>,
    /// Ends that the link has not been told of.
    ended: VecDeque<(ChannelId, Closure)>,
    /// Connections that are not read for now.
    held: HashSet<ChannelId>,
    /// The number that the next accepted connection gets, unless it is in use.
    next: u32,
    /// The first number that accepted connections may have.
    first: u32,
    connections_max: usize,
    /// Since when accepting pauses, and until when.
    paused_until: Option<Instant>,
    counters: Arc<DriverCounters>,
}

#[derive(Debug)]
struct Entry {
    connection: Connection,
    /// What epoll was told that it waits for.
    interest: EpollFlags,
    /// Its place among the deadlines.
    deadline: Option<Instant>,
}

/// What reading brought for the link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Read {
    /// So many octets lie in the buffer.
    Octets(usize),
    /// It is secured now.
    Secured {
        /// Our end, where it is one that the link opened, and so it is there now.
        connected: Option<SocketAddr>,
        /// What the peer has shown, where the link is told.
        certificate: Option<PeerCertificate>,
    },
}

/// A socket that something can be done with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ready {
    /// A listener, by its place; somebody wants to connect.
    Listener(usize),
    /// A connection.
    Connection {
        channel: ChannelId,
        /// Whether it can be read, or has ended.
        is_readable: bool,
        /// Whether it can be written, or has failed to open.
        is_writable: bool,
    },
}

impl Connections {
    /// A table that accepts from listeners, plain ones and such for TLS, and numbers what it accepts from `first` on.
    pub fn new(
        [plain, secured]: [Vec<TcpListener>; 2],
        keys: Option<Box<dyn Keys>>,
        first: u32,
        connections_max: usize,
        counters: Arc<DriverCounters>,
    ) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let first_secured = plain.len();
        let listeners: Vec<_> = plain.into_iter().chain(secured).collect();
        for (place, listener) in listeners.iter().enumerate() {
            epoll.add(listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER | place as u64))?;
        }
        Ok(Self {
            epoll,
            listeners,
            first_secured,
            keys,
            table: HashMap::new(),
            deadlines: BTreeSet::new(),
            ended: VecDeque::new(),
            held: HashSet::new(),
            next: first,
            first,
            connections_max,
            paused_until: None,
            counters,
        })
    }

    /// What can be done something with now.
    pub fn ready(&self) -> Vec<Ready> {
        let mut events = [EpollEvent::empty(); EVENTS_AT_ONCE];
        // An interrupted look is made again with the next turn.
        let count = self.epoll.wait(&mut events, EpollTimeout::ZERO).unwrap_or(0);
        events.iter().take(count).map(Ready::of).collect()
    }

    /// Takes the next connection of a listener: its channel, the peer and our end.
    pub fn accept(&mut self, listener: usize) -> Option<(ChannelId, SocketAddr, SocketAddr)> {
        if self.paused_until.is_some() {
            return None;
        }
        if self.table.len() >= self.connections_max {
            self.pause();
            return None;
        }
        let accepted = self.listeners.get(listener)?.accept().and_then(|(stream, peer)| {
            let session =
                self.is_secured(listener).then(|| self.session(|keys| keys.accept())).transpose()?;
            let (local, channel) = (stream.local_addr()?, self.next_channel());
            self.add(channel, Connection::accepted(stream, session)?)?;
            Ok((channel, peer, local))
        });
        match accepted {
            Ok(accepted) => {
                self.counters.accepting_pauses.store(0, Ordering::Relaxed);
                self.counters.accepted.fetch_add(1, Ordering::Relaxed);
                Some(accepted)
            }
            Err(error) => {
                if is_without_room(&error) {
                    self.pause();
                } else {
                    // There is none, or the peer has gone again; with the next turn there may be another.
                    self.counters.accepting_pauses.store(0, Ordering::Relaxed);
                }
                None
            }
        }
    }

    /// Whether the connections of a listener are secured by TLS.
    pub const fn is_secured(&self, listener: usize) -> bool {
        listener >= self.first_secured
    }

    fn session(
        &self,
        side: impl FnOnce(&dyn Keys) -> Result<rustls::Connection, rustls::Error>,
    ) -> io::Result<Session> {
        let keys = self.keys.as_deref().ok_or(io::ErrorKind::Unsupported)?;
        Ok(Session::new(side(keys).map_err(io::Error::other)?))
    }

    /// Reads the certificate again where it has changed.
    pub fn renew_keys(&mut self) {
        self.keys.iter_mut().for_each(|keys| keys.renew());
    }

    /// Begins to connect, over TLS or not; what comes of it shows later.
    pub fn open(&mut self, channel: ChannelId, peer: SocketAddr, local: Option<IpAddr>, tls: Option<&Tls>) {
        let is_free = channel.0 >= ChannelId::OPENED && !self.table.contains_key(&channel);
        let opened = if !is_free || self.table.len() >= self.connections_max {
            Err(io::Error::from(Errno::EMFILE))
        } else {
            let session = tls.map(|tls| self.session(|keys| keys.secure(tls, peer.ip(), true))).transpose();
            session
                .and_then(|session| Connection::open(peer, local, session))
                .and_then(|connection| self.add(channel, connection))
        };
        match opened {
            Ok(()) => drop(self.counters.opened.fetch_add(1, Ordering::Relaxed)),
            Err(error) => {
                tracing::debug!(event = "connection.unopened", %peer, %error, "A connection could not be opened.");
                self.counters.unreachable.fetch_add(1, Ordering::Relaxed);
                self.ended.push_back((channel, Closure::Unreachable));
            }
        }
    }

    /// Secures a connection by TLS after what was sent on it.
    pub fn secure(&mut self, channel: ChannelId, tls: &Tls) {
        let Some(peer) = self.table.get(&channel).map(|entry| entry.connection.peer()) else { return };
        let session = peer.ok_or_else(|| io::ErrorKind::NotConnected.into());
        let session = session.and_then(|peer| self.session(|keys| keys.secure(tls, peer.ip(), false)));
        let Some(entry) = self.table.get_mut(&channel) else { return };
        if session.is_ok_and(|session| entry.connection.secure(session)) {
            self.settle(channel);
        } else {
            self.end(channel, Closure::Broken);
        }
    }

    /// Sends octets, or keeps them until they can be sent.
    pub fn send(&mut self, channel: ChannelId, octets: &[u8]) {
        let Some(entry) = self.table.get_mut(&channel) else { return };
        if entry.connection.send(octets) {
            self.settle(channel);
        } else {
            self.counters.stuck.fetch_add(1, Ordering::Relaxed);
            self.end(channel, Closure::Stuck);
        }
    }

    /// Closes a connection after what was sent on it.
    pub fn close(&mut self, channel: ChannelId) {
        // An end that the link was not told of yet is one that it brought about itself.
        self.ended.retain(|(ended, _)| *ended != channel);
        if let Some(entry) = self.table.get_mut(&channel) {
            entry.connection.close();
            self.settle(channel);
        }
    }

    /// Does what a writable connection allows; our end, where it has just been opened.
    pub fn write(&mut self, channel: ChannelId) -> Option<SocketAddr> {
        let entry = self.table.get_mut(&channel)?;
        let is_quiet = entry.connection.is_closing();
        match entry.connection.finish_opening() {
            Ok(news) => {
                entry.connection.flush();
                self.settle(channel);
                news.filter(|_| !is_quiet)
            }
            Err(error) => {
                tracing::debug!(event = "connection.unopened", %error, "A connection could not be opened.");
                self.counters.unreachable.fetch_add(1, Ordering::Relaxed);
                self.end(channel, Closure::Unreachable);
                None
            }
        }
    }

    /// Reads a connection into a buffer: what there is for the link.
    pub fn read(&mut self, channel: ChannelId, buffer: &mut [u8]) -> Option<Read> {
        let entry = self.table.get_mut(&channel)?;
        let was_securing = entry.connection.is_securing();
        let taken = entry.connection.receive(buffer);
        let is_closing = entry.connection.is_closing();
        // Reading may have had TLS write, or be through with its handshake.
        if entry.connection.is_secured() && matches!(taken, Taken::Octets(_) | Taken::Nothing) {
            self.settle(channel);
        }
        match taken {
            Taken::Octets(length) => Some(Read::Octets(length)).filter(|_| !is_closing),
            Taken::Nothing => None,
            Taken::Secured => self.secured(channel),
            Taken::Insecure(error) => {
                self.note_insecure(channel, &error);
                self.end(channel, if was_securing { Closure::Unreachable } else { Closure::Broken });
                None
            }
            Taken::Ended if !is_closing => {
                // What waits may still be read by a peer that has only said its last.
                self.table.get_mut(&channel)?.connection.close();
                self.ended.push_back((channel, Closure::Ended));
                self.settle(channel);
                None
            }
            Taken::Ended => {
                self.settle(channel);
                None
            }
            Taken::Broken => {
                self.end(channel, Closure::Broken);
                None
            }
        }
    }

    /// TLS is agreed on. There may be more to be read: what came with the peer's last word on that.
    fn secured(&mut self, channel: ChannelId) -> Option<Read> {
        self.counters.tls_secured.fetch_add(1, Ordering::Relaxed);
        self.settle(channel);
        let connection = &self.table.get(&channel)?.connection;
        let agreed = connection.agreed();
        tracing::debug!(event = "tls.secured", agreed, "A connection is secured.");
        let is_new = channel.0 >= ChannelId::OPENED && !connection.is_upgraded();
        let connected = is_new.then(|| connection.local().ok()).flatten();
        let certificate = self.keys.as_ref().zip(connection.session());
        let certificate = certificate.and_then(|(keys, session)| keys.shown(session.tls()));
        Some(Read::Secured { connected, certificate }).filter(|_| !connection.is_closing())
    }

    fn note_insecure(&self, channel: ChannelId, error: &SessionError) {
        let counter = match error {
            SessionError::Truncated => &self.counters.tls_truncated,
            _ => &self.counters.tls_refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let peer = self.table.get(&channel).and_then(|entry| entry.connection.peer());
        tracing::debug!(event = "tls.failed", ?peer, %error, "A connection was ended because TLS on it failed.");
    }

    /// Leaves what comes on a connection to the system until [`Self::release`].
    pub fn hold(&mut self, channel: ChannelId) {
        let Some(entry) = self.table.get_mut(&channel) else { return };
        entry.connection.hold(true);
        self.settle(channel);
        self.held.insert(channel);
    }

    /// Reads those of the held connections again of which `may` says so.
    pub fn release(&mut self, may: impl Fn(ChannelId) -> bool) {
        for channel in self.held.extract_if(|channel| may(*channel)).collect::<Vec<_>>() {
            if let Some(entry) = self.table.get_mut(&channel) {
                entry.connection.hold(false);
                self.settle(channel);
            }
        }
    }

    /// Whether nothing of a connection goes to the link, so that it may be read while the link takes nothing.
    pub fn is_closing(&self, channel: ChannelId) -> bool {
        self.table.get(&channel).is_some_and(|entry| entry.connection.is_closing())
    }

    /// Gives up what has waited too long, and accepts again after a pause.
    pub fn keep_time(&mut self) {
        let now = Instant::now();
        while let Some(&(at, channel)) = self.deadlines.first().filter(|(at, _)| *at <= now) {
            self.deadlines.remove(&(at, channel));
            let Some(entry) = self.table.get(&channel) else { continue };
            if entry.connection.is_opening() {
                self.counters.unreachable.fetch_add(1, Ordering::Relaxed);
            }
            if entry.connection.is_securing() && !entry.connection.is_closing() {
                self.counters.tls_silent.fetch_add(1, Ordering::Relaxed);
            }
            self.end(channel, Closure::Unreachable);
        }
        if self.paused_until.is_some_and(|until| until <= now) {
            self.go_on();
        }
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        let deadline = self.deadlines.first().map(|(at, _)| *at);
        if !self.ended.is_empty() {
            return Some(Instant::now());
        }
        deadline.into_iter().chain(self.paused_until).min()
    }

    /// The next end that the link has not been told of.
    pub fn take_ended(&mut self) -> Option<(ChannelId, Closure)> {
        self.ended.pop_front()
    }

    fn add(&mut self, channel: ChannelId, connection: Connection) -> io::Result<()> {
        let (interest, deadline) = (connection.interest(), connection.deadline);
        self.epoll.add(&connection, EpollEvent::new(interest, u64::from(channel.0)))?;
        self.deadlines.extend(deadline.map(|at| (at, channel)));
        self.table.insert(channel, Entry { connection, interest, deadline });
        self.counters.connections.store(self.table.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Brings what is noted about a connection in line with it.
    fn settle(&mut self, channel: ChannelId) {
        let Some(entry) = self.table.get_mut(&channel) else { return };
        if entry.connection.is_done() {
            return self.remove(channel);
        }
        let interest = entry.connection.interest();
        if interest != entry.interest {
            entry.interest = interest;
            let mut event = EpollEvent::new(interest, u64::from(channel.0));
            // It was added, so this can't fail.
            let _ = self.epoll.modify(&entry.connection, &mut event);
        }
        if entry.deadline != entry.connection.deadline {
            if let Some(at) = entry.deadline {
                self.deadlines.remove(&(at, channel));
            }
            entry.deadline = entry.connection.deadline;
            self.deadlines.extend(entry.deadline.map(|at| (at, channel)));
        }
    }

    /// Ends a connection at once; the link is told unless it has closed it.
    fn end(&mut self, channel: ChannelId, how: Closure) {
        if !self.is_closing(channel) {
            self.ended.push_back((channel, how));
        }
        self.remove(channel);
    }

    fn remove(&mut self, channel: ChannelId) {
        let Some(entry) = self.table.remove(&channel) else { return };
        if let Some(at) = entry.deadline {
            self.deadlines.remove(&(at, channel));
        }
        self.counters.connections.store(self.table.len() as u64, Ordering::Relaxed);
        // Its descriptor is free from here on.
        drop(entry);
        if self.paused_until.is_some() {
            self.go_on();
        }
    }

    fn pause(&mut self) {
        if self.paused_until.is_none() {
            self.counters.accepting_paused.fetch_add(1, Ordering::Relaxed);
            self.counters.accepting_pauses.store(1, Ordering::Relaxed);
            self.listen_for(EpollFlags::empty());
        }
        self.paused_until = Some(Instant::now() + PAUSE);
    }

    fn go_on(&mut self) {
        self.paused_until = None;
        self.listen_for(EpollFlags::EPOLLIN);
    }

    fn listen_for(&self, interest: EpollFlags) {
        for (place, listener) in self.listeners.iter().enumerate() {
            let mut event = EpollEvent::new(interest, LISTENER | place as u64);
            let _ = self.epoll.modify(listener, &mut event);
        }
    }

    /// A number that no open connection has. It comes again when all others have had their turn.
    fn next_channel(&mut self) -> ChannelId {
        loop {
            let channel = ChannelId(self.next);
            self.next += 1;
            if self.next >= ChannelId::OPENED {
                self.next = self.first;
            }
            if !self.table.contains_key(&channel) {
                return channel;
            }
        }
    }
}

impl AsFd for Connections {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

impl Ready {
    fn of(event: &EpollEvent) -> Self {
        let (word, flags) = (event.data(), event.events());
        if word & LISTENER != 0 {
            return Self::Listener((word & !LISTENER) as usize);
        }
        let failed = EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP;
        Self::Connection {
            channel: ChannelId(word as u32),
            is_readable: flags.intersects(EpollFlags::EPOLLIN | failed),
            is_writable: flags.intersects(EpollFlags::EPOLLOUT | failed),
        }
    }
}

/// Whether it was not the peer's fault that a connection could not be accepted: no descriptor or no memory is left.
fn is_without_room(error: &io::Error) -> bool {
    let number = error.raw_os_error().map(Errno::from_raw);
    matches!(number, Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM | Errno::ENOSPC))
}
