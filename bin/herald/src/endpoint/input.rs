//! What the threads of an endpoint bring in.

use super::console;
use h323::endpoint::ConnectionId;
use nix::sys::signal::{SigSet, Signal};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

/// How many inputs wait for the endpoint; then the threads wait, and the system drops datagrams.
pub const QUEUE_MAX: usize = 256;

/// The most octets of a RAS datagram.
const DATAGRAM_MAX: usize = 65_535;

/// The pause after a failure that may last, for example when there are no more descriptors.
const FAILURE_PAUSE: Duration = Duration::from_millis(100);

/// One thing that happened.
#[derive(Debug)]
pub enum Input {
    /// A datagram came.
    Datagram(SocketAddr, Vec<u8>),
    /// Somebody opened a connection.
    Accepted(SocketAddr, TcpStream),
    /// A connection of ours is open.
    Opened(ConnectionId, TcpStream),
    /// Octets came over a connection.
    Received(ConnectionId, Vec<u8>),
    /// A connection is closed, broke, or could not be opened.
    Closed(ConnectionId),
    /// A line was typed.
    Line(String),
    /// There will be no more lines, or somebody wants us to stop.
    Quit,
}

/// Starts the threads that wait for datagrams, connections, lines and signals. They end with the process, or when
/// nobody takes what they bring.
///
/// # Errors
/// A thread can't be had.
pub fn start(ras: UdpSocket, signalling: TcpListener, inputs: &SyncSender<Input>) -> io::Result<()> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    // Before any thread starts, so that all inherit it and only the one that waits is told.
    signals.thread_block()?;
    let sender = inputs.clone();
    spawn("signals", move || while signals.wait().is_ok() && sender.send(Input::Quit).is_ok() {})?;
    let sender = inputs.clone();
    spawn("lines", move || console::read_lines(&sender))?;
    let sender = inputs.clone();
    spawn("ras", move || read_datagrams(&ras, &sender))?;
    let sender = inputs.clone();
    spawn("calls", move || accept_connections(&signalling, &sender))
}

fn read_datagrams(ras: &UdpSocket, inputs: &SyncSender<Input>) {
    let mut octets = vec![0; DATAGRAM_MAX];
    loop {
        let input = match ras.recv_from(&mut octets) {
            Ok((length, from)) => Input::Datagram(from, octets[..length].to_vec()),
            // An earlier datagram of ours was refused by its receiver; silence says the same.
            Err(_) => {
                thread::sleep(FAILURE_PAUSE);
                continue;
            }
        };
        if inputs.send(input).is_err() {
            return;
        }
    }
}

fn accept_connections(signalling: &TcpListener, inputs: &SyncSender<Input>) {
    loop {
        let input = match signalling.accept() {
            Ok((stream, from)) => Input::Accepted(from, stream),
            Err(_) => {
                thread::sleep(FAILURE_PAUSE);
                continue;
            }
        };
        if inputs.send(input).is_err() {
            return;
        }
    }
}

/// A thread with a name, which shows in debuggers.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}
