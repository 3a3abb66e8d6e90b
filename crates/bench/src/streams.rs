//! Many TCP connections in one thread: what comes is cut into packets, what is to leave waits for its turn.

use crate::error::BenchError;
use h323::wire::tpkt::Reassembly;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn, sockopt};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// Names a connection; a number is used again after its connection was closed.
pub(crate) type StreamId = usize;

/// What happened.
#[derive(Debug)]
pub(crate) enum Happening {
    /// Somebody connected to this address of ours.
    Accepted(StreamId, SocketAddrV4),
    /// A packet came, without its header.
    Packet(StreamId, Vec<u8>),
    /// The connection is gone.
    Closed(StreamId),
}

/// All connections.
#[derive(Debug)]
pub(crate) struct Streams {
    epoll: Epoll,
    streams: Vec<Option<Stream>>,
    free: Vec<StreamId>,
    /// Numbers that were given up in this turn, and must not be used again before its end.
    freed: Vec<StreamId>,
    listeners: Vec<(TcpListener, SocketAddrV4)>,
    /// Those that have something to send.
    dirty: Vec<StreamId>,
    space: Vec<u8>,
}

#[derive(Debug)]
struct Stream {
    socket: TcpStream,
    reassembly: Reassembly,
    out: Vec<u8>,
    is_dirty: bool,
}

/// The most events of one turn.
const EVENTS_MAX: usize = 256;

/// Marks the events of listeners.
const LISTENER: u64 = 1 << 32;

impl Streams {
    pub fn new() -> Result<Self, BenchError> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map_err(|errno| BenchError::system("can't watch connections")(errno.into()))?;
        Ok(Self {
            epoll,
            streams: Vec::new(),
            free: Vec::new(),
            freed: Vec::new(),
            listeners: Vec::new(),
            dirty: Vec::new(),
            space: vec![0; 64 * 1024],
        })
    }

    /// What is readable when something happened.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }

    /// Takes connections at an address of ours.
    pub fn listen(&mut self, at: SocketAddrV4) -> Result<(), BenchError> {
        let failed = || BenchError::system(format!("can't take calls at {at}"));
        let listener = TcpListener::bind(at).map_err(failed())?;
        listener.set_nonblocking(true).map_err(failed())?;
        let event = EpollEvent::new(EpollFlags::EPOLLIN, LISTENER | self.listeners.len() as u64);
        self.epoll.add(&listener, event).map_err(|errno| failed()(errno.into()))?;
        self.listeners.push((listener, at));
        Ok(())
    }

    /// Begins a connection from an address of ours; what is sent meanwhile leaves when it is there.
    pub fn connect(&mut self, from: Ipv4Addr, to: SocketAddrV4) -> Result<StreamId, BenchError> {
        let failed =
            |errno: Errno| BenchError::system(format!("can't connect from {from} to {to}"))(errno.into());
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket::socket(AddressFamily::Inet, SockType::Stream, flags, None).map_err(failed)?;
        socket::setsockopt(&socket, sockopt::ReuseAddr, &true).map_err(failed)?;
        // The port is chosen when it is known where the connection goes, so that each destination has all of them. Older
        // systems don't know this, and have fewer connections.
        let _ = socket::setsockopt(&socket, sockopt::IpBindAddressNoPort, &true);
        let here = SockaddrIn::from(SocketAddrV4::new(from, 0));
        socket::bind(socket.as_raw_fd(), &here).map_err(failed)?;
        match socket::connect(socket.as_raw_fd(), &SockaddrIn::from(to)) {
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(errno) => return Err(failed(errno)),
        }
        self.add(TcpStream::from(socket)).map_err(failed)
    }

    fn add(&mut self, socket: TcpStream) -> Result<StreamId, Errno> {
        // Latency is what is measured; without it the numbers are worse, not wrong.
        let _ = socket.set_nodelay(true);
        let id = self.free.pop().unwrap_or_else(|| {
            self.streams.push(None);
            self.streams.len() - 1
        });
        let events =
            EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET | EpollFlags::EPOLLRDHUP;
        self.epoll.add(&socket, EpollEvent::new(events, id as u64))?;
        let (reassembly, out) = (Reassembly::default(), Vec::new());
        self.streams[id] = Some(Stream { socket, reassembly, out, is_dirty: false });
        Ok(id)
    }

    /// Has octets leave at the end of the turn.
    pub fn send(&mut self, id: StreamId, octets: &[u8]) {
        self.with(id, |out| out.extend_from_slice(octets));
    }

    /// Has what is appended leave at the end of the turn.
    pub fn with(&mut self, id: StreamId, append: impl FnOnce(&mut Vec<u8>)) {
        let Some(Some(stream)) = self.streams.get_mut(id) else { return };
        append(&mut stream.out);
        if !std::mem::replace(&mut stream.is_dirty, true) {
            self.dirty.push(id);
        }
    }

    /// Sends what waits, as far as the system takes it.
    pub fn flush(&mut self) {
        for id in std::mem::take(&mut self.dirty) {
            self.flush_one(id);
        }
        self.free.append(&mut self.freed);
    }

    fn flush_one(&mut self, id: StreamId) {
        let Some(Some(stream)) = self.streams.get_mut(id) else { return };
        stream.is_dirty = false;
        while !stream.out.is_empty() {
            match stream.socket.write(&stream.out) {
                Ok(written) => drop(stream.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It is told when there is room again, or that the connection is gone.
                Err(_) => return,
            }
        }
    }

    /// Sends what waits and ends a connection.
    pub fn close(&mut self, id: StreamId) {
        self.flush_one(id);
        if let Some(stream) = self.streams.get_mut(id).and_then(Option::take) {
            drop(stream);
            self.freed.push(id);
        }
    }

    /// What has happened since the last call.
    pub fn take(&mut self) -> Vec<Happening> {
        let mut events = [EpollEvent::empty(); EVENTS_MAX];
        let count = self.epoll.wait(&mut events, EpollTimeout::ZERO).unwrap_or(0);
        let mut happenings = Vec::new();
        for event in &events[..count] {
            match event.data() {
                data if data & LISTENER != 0 => self.accept((data ^ LISTENER) as usize, &mut happenings),
                data => {
                    let id = data as usize;
                    if event.events().contains(EpollFlags::EPOLLOUT) {
                        self.flush_one(id);
                    }
                    self.read(id, &mut happenings);
                }
            }
        }
        happenings
    }

    fn accept(&mut self, listener: usize, happenings: &mut Vec<Happening>) {
        let Some((listener, at)) = self.listeners.get(listener) else { return };
        let at = *at;
        let mut sockets = Vec::new();
        while let Ok((socket, _)) = listener.accept() {
            sockets.push(socket);
        }
        for socket in sockets {
            if socket.set_nonblocking(true).is_ok()
                && let Ok(id) = self.add(socket)
            {
                happenings.push(Happening::Accepted(id, at));
                self.read(id, happenings);
            }
        }
    }

    fn read(&mut self, id: StreamId, happenings: &mut Vec<Happening>) {
        let Some(Some(stream)) = self.streams.get_mut(id) else { return };
        loop {
            let read = match stream.socket.read(&mut self.space) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // A connection that is not there yet says so, and not that it is gone.
                Err(error) if error.kind() == ErrorKind::NotConnected => return,
                Err(_) => 0,
            };
            let packets = |packet: &[u8]| happenings.push(Happening::Packet(id, packet.to_vec()));
            let is_whole = stream.reassembly.feed(&self.space[..read], packets).is_ok();
            if read == 0 || !is_whole {
                happenings.push(Happening::Closed(id));
                return;
            }
        }
    }
}
