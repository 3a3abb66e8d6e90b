//! A TCP connection of call signalling: one thread reads, one writes.

use super::input::{Input, spawn};
use h323::endpoint::ConnectionId;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many messages wait to be written; a peer that takes no more is given up.
const WRITES_MAX: usize = 64;

/// How many octets are read at once.
const READ_MAX: usize = 16 * 1024;

/// How long opening, or writing one message, may take.
const IO_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the other side may take to close when we have.
const LINGER: Duration = Duration::from_secs(1);

/// An open connection. Dropping it closes the connection once everything is written.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    writes: SyncSender<Vec<u8>>,
    writer: JoinHandle<()>,
}

impl Connection {
    /// Starts reading and writing.
    ///
    /// # Errors
    /// A thread or a descriptor can't be had.
    pub fn start(id: ConnectionId, stream: TcpStream, inputs: &SyncSender<Input>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(IO_TIMEOUT))?;
        let (reading, writing) = (stream.try_clone()?, stream.try_clone()?);
        let (writes, to_write) = sync_channel(WRITES_MAX);
        // Nothing is ever sent: its end tells that reading has ended.
        let (is_reading, reading_ended) = sync_channel::<()>(0);
        let sender = inputs.clone();
        spawn("reader", move || {
            read(id, reading, &sender);
            drop(is_reading);
        })?;
        let writer = thread::Builder::new().name("writer".to_owned());
        let writer = writer.spawn(move || write(writing, &to_write, &reading_ended))?;
        Ok(Self { stream, writes, writer })
    }

    /// Writes after all that waits to be written. A peer that takes too little is cut off; reading then ends too.
    pub fn send(&self, octets: Vec<u8>) {
        if self.writes.try_send(octets).is_err() {
            // It may be closed already, which is what is wanted.
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }

    /// Closes the connection; the thread that writes what is left.
    pub fn close(self) -> JoinHandle<()> {
        self.writer
    }
}

/// Opens a connection from an address of ours, in a thread of its own.
pub fn open(id: ConnectionId, from: IpAddr, to: SocketAddr, inputs: &SyncSender<Input>) {
    let sender = inputs.clone();
    let opening = spawn("opening", move || {
        let input = open_from(from, to).map_or(Input::Closed(id), |stream| Input::Opened(id, stream));
        // Nobody waits for it when the endpoint has ended.
        let _ = sender.send(input);
    });
    if opening.is_err() {
        let _ = inputs.try_send(Input::Closed(id));
    }
}

fn open_from(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let family = if to.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    // A connection that takes longer to open than a write may take is given up too.
    setsockopt(&socket, sockopt::SendTimeout, &TimeVal::seconds(IO_TIMEOUT.as_secs() as i64))?;
    if from.is_ipv4() == to.is_ipv4() {
        bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(from, 0)))?;
    }
    connect(socket.as_raw_fd(), &SockaddrStorage::from(to))?;
    Ok(TcpStream::from(socket))
}

fn read(id: ConnectionId, mut stream: TcpStream, inputs: &SyncSender<Input>) {
    let mut octets = vec![0; READ_MAX];
    loop {
        match stream.read(&mut octets) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(length) => {
                if inputs.send(Input::Received(id, octets[..length].to_vec())).is_err() {
                    return;
                }
            }
        }
    }
    // Nobody waits for it when the endpoint has ended.
    let _ = inputs.send(Input::Closed(id));
}

fn write(mut stream: TcpStream, writes: &Receiver<Vec<u8>>, reading_ended: &Receiver<()>) {
    let outcome = writes.iter().try_for_each(|octets| stream.write_all(&octets));
    // What can't be shut down is closed already.
    if outcome.is_ok() && stream.shutdown(Shutdown::Write).is_ok() {
        let _ = reading_ended.recv_timeout(LINGER);
    }
    let _ = stream.shutdown(Shutdown::Both);
}
