//! The bare UDP echo that everything is compared with: what a server would reach that did nothing.
//!
//! It is a process of its own with one thread and one blocking socket, and makes one `recvfrom` and one `sendto` for
//! each datagram, like a plain server. The first two octets of a datagram say how long the answer is to be, so that
//! both directions have the sizes of what is measured.

use crate::arguments::EchoArguments;
use crate::error::BenchError;
use crate::exchange::{Answer, Dialogue, Exchange, Word};
use crate::flights::Micros;
use crate::socket::{self, Buffers, Port};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::process::parent_id;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The longest datagram.
const DATAGRAM_MAX: usize = 2048;

/// After such a silence the echo looks whether whoever started it is still there.
const IDLE: Duration = Duration::from_secs(1);

/// The head of a datagram: the length of the answer, then the sequence number.
const HEAD: usize = 4;

/// Answers until it is ended.
///
/// # Errors
/// The socket can't be had.
pub(crate) fn serve(arguments: &EchoArguments) -> Result<(), BenchError> {
    let address = arguments.listen;
    let socket =
        UdpSocket::bind(address).map_err(BenchError::system(format!("can't listen on {address}")))?;
    socket::enlarge(&socket);
    let bound = socket.local_addr().map_err(BenchError::system("can't tell where the echo listens"))?;
    let Buffers { receive, send } = socket::buffers(&socket);
    println!("echo {bound} {receive} {send}");
    let _ = std::io::stdout().flush();
    socket.set_read_timeout(Some(IDLE)).map_err(BenchError::system("can't prepare the echo's socket"))?;
    let parent = parent_id();
    let mut octets = [0; DATAGRAM_MAX];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut octets) else {
            // Nobody is left who would end it.
            if parent_id() != parent {
                return Ok(());
            }
            continue;
        };
        if length >= HEAD {
            let answer = usize::from(u16::from_be_bytes([octets[0], octets[1]])).clamp(HEAD, DATAGRAM_MAX);
            let _ = socket.send_to(&octets[..answer], peer);
        }
    }
}

/// An echo that runs beside a measurement, and ends with this value.
#[derive(Debug)]
pub(crate) struct Echo {
    child: Child,
    pub exchange: Exchange,
    pub buffers: Buffers,
}

impl Echo {
    /// Starts this program as an echo at an address of ours, and opens the sockets to it.
    pub fn start(address: Ipv4Addr, sockets: &[Ipv4Addr]) -> Result<Self, BenchError> {
        let failed = || BenchError::system("can't start the echo");
        let program = std::env::current_exe().map_err(failed())?;
        let mut child = Command::new(program)
            .args(["bench", "echo", "--listen", &format!("{address}:0")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed())?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(failed())?;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let (Some(target), Some(receive), Some(send)) =
            (parse::<SocketAddr>(&words, 1), parse(&words, 2), parse(&words, 3))
        else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(BenchError::Unsupported("the echo did not start".to_owned()));
        };
        let ports = sockets.iter().map(|local| Port::open(*local, target)).collect::<Result<Vec<_>, _>>();
        let ports = match ports {
            Ok(ports) => ports,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        Ok(Self { child, exchange: Exchange::new(ports, target), buffers: Buffers { receive, send } })
    }
}

fn parse<T: std::str::FromStr>(words: &[&str], at: usize) -> Option<T> {
    words.get(at)?.parse().ok()
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is said to the echo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echoing {
    request_octets: usize,
    answer_octets: usize,
    /// How many are still to be sent; none for no end.
    left: Option<u64>,
}

impl Echoing {
    /// Datagrams of these sizes.
    pub fn new(request_octets: usize, answer_octets: usize, left: Option<u64>) -> Self {
        let within = |octets: usize| octets.clamp(HEAD, DATAGRAM_MAX);
        Self { request_octets: within(request_octets), answer_octets: within(answer_octets), left }
    }
}

impl Dialogue for Echoing {
    fn next(&mut self, _now: Micros, _port: usize) -> Option<u32> {
        match &mut self.left {
            Some(0) => None,
            Some(left) => {
                *left -= 1;
                Some(0)
            }
            None => Some(0),
        }
    }

    fn write(&mut self, _subject: u32, sequence: u16, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&(self.answer_octets as u16).to_be_bytes());
        out.extend_from_slice(&sequence.to_be_bytes());
        out.resize(start + self.request_octets, 0);
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        let sequence = u16::from_be_bytes([*octets.get(2)?, *octets.get(3)?]);
        Some(Answer { sequence, word: Word::Confirm })
    }

    fn confirm(&mut self, _now: Micros, _subject: u32, octets: &[u8]) -> bool {
        octets.len() == self.answer_octets
    }
}
