//! UDP with many datagrams in one system call.

use crate::error::BenchError;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{self, ControlMessage, MsgFlags, MultiHeaders, sockopt};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

/// The most datagrams of one system call.
pub(crate) const BATCH_MAX: usize = 64;

/// The longest datagram that is read.
const DATAGRAM_MAX: usize = 2048;

/// What each socket asks of the system for each direction, in octets.
const BUFFER_OCTETS: usize = 4 << 20;

/// A connected, non-blocking socket: what others than its peer send does not arrive.
#[derive(Debug)]
pub(crate) struct Port {
    socket: UdpSocket,
    headers: MultiHeaders<()>,
    space: Vec<u8>,
    lengths: Vec<usize>,
}

/// Datagrams to send together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub octets: Vec<u8>,
    ends: Vec<usize>,
}

/// The buffers that the system gave a socket, in octets.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Buffers {
    /// For what comes in.
    pub receive: usize,
    /// For what goes out.
    pub send: usize,
}

impl Batch {
    /// What was appended to the octets since the last call is one datagram.
    pub fn end(&mut self) {
        self.ends.push(self.octets.len());
    }

    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn clear(&mut self) {
        self.octets.clear();
        self.ends.clear();
    }

    fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.octets[start..*end])
    }
}

impl Port {
    /// A socket at an address of ours, connected to the target.
    pub fn open(local: Ipv4Addr, target: SocketAddr) -> Result<Self, BenchError> {
        let here = SocketAddr::from((local, 0));
        let failed =
            |doing: &str| BenchError::system(format!("can't {doing} a socket at {here} for {target}"));
        let socket = UdpSocket::bind(here).map_err(failed("open"))?;
        enlarge(&socket);
        socket.connect(target).map_err(failed("connect"))?;
        socket.set_nonblocking(true).map_err(failed("prepare"))?;
        Ok(Self {
            socket,
            headers: MultiHeaders::preallocate(BATCH_MAX, None),
            space: vec![0; BATCH_MAX * DATAGRAM_MAX],
            lengths: Vec::with_capacity(BATCH_MAX),
        })
    }

    /// Where it is bound.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub fn buffers(&self) -> Buffers {
        buffers(&self.socket)
    }

    /// Sends what it can of a batch; how many datagrams left.
    ///
    /// # Errors
    /// The system says so, as when nobody listens at the other end.
    pub fn send(&mut self, batch: &Batch) -> io::Result<usize> {
        let slices: Vec<[IoSlice; 1]> = batch.datagrams().map(|octets| [IoSlice::new(octets)]).collect();
        let addresses = [None::<()>; BATCH_MAX];
        let none: [ControlMessage; 0] = [];
        let mut sent = 0;
        while sent < slices.len() {
            let some = &slices[sent..slices.len().min(sent + BATCH_MAX)];
            let descriptor = self.socket.as_raw_fd();
            let to = &addresses[..some.len()];
            match socket::sendmmsg(descriptor, &mut self.headers, some, to, none, MsgFlags::empty()) {
                Ok(results) => sent += results.count(),
                Err(Errno::EAGAIN | Errno::EINTR | Errno::ENOBUFS) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sent)
    }

    /// Receives what has come, at most [`BATCH_MAX`] datagrams; [`Self::datagram`] shows them.
    ///
    /// # Errors
    /// The system says so, as when nobody listens at the other end.
    pub fn receive(&mut self) -> io::Result<usize> {
        self.lengths.clear();
        let mut slices: Vec<[IoSliceMut; 1]> =
            self.space.chunks_exact_mut(DATAGRAM_MAX).map(|space| [IoSliceMut::new(space)]).collect();
        let (descriptor, flags) = (self.socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
        match socket::recvmmsg(descriptor, &mut self.headers, &mut slices, flags, None) {
            Ok(results) => self.lengths.extend(results.map(|result| result.bytes)),
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(self.lengths.len())
    }

    /// One of the datagrams that were received last.
    pub fn datagram(&self, index: usize) -> &[u8] {
        let start = index * DATAGRAM_MAX;
        &self.space[start..start + self.lengths[index]]
    }
}

/// Waits until one of the sockets, or the other descriptor, has something, at most so long.
pub(crate) fn wait(ports: &[Port], other: Option<BorrowedFd<'_>>, at_most: Duration) {
    let sockets = ports.iter().map(|port| port.socket.as_fd());
    let mut descriptors: Vec<_> =
        sockets.chain(other).map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)).collect();
    // Rounded up, so that the wait is not turned into a spin.
    let milliseconds = at_most.as_micros().div_ceil(1000);
    let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
    // A signal ends the wait early, which does no harm.
    let _ = poll(&mut descriptors, timeout);
}

/// Asks the system for large buffers; it may give less.
pub(crate) fn enlarge(socket: &UdpSocket) {
    // The first needs a privilege and passes the limit of the system, the second is cut to it; both may fail.
    let _ = socket::setsockopt(socket, sockopt::RcvBufForce, &BUFFER_OCTETS)
        .or_else(|_| socket::setsockopt(socket, sockopt::RcvBuf, &BUFFER_OCTETS));
    let _ = socket::setsockopt(socket, sockopt::SndBufForce, &BUFFER_OCTETS)
        .or_else(|_| socket::setsockopt(socket, sockopt::SndBuf, &BUFFER_OCTETS));
}

/// The buffers that the system gave; Linux tells the double of what it was asked for.
pub(crate) fn buffers(socket: &UdpSocket) -> Buffers {
    Buffers {
        receive: socket::getsockopt(socket, sockopt::RcvBuf).unwrap_or(0) / 2,
        send: socket::getsockopt(socket, sockopt::SndBuf).unwrap_or(0) / 2,
    }
}
