//! What happened, in order: for the checkers, for who reads a trace, and as one number to compare two runs by.

use h323::endpoint::Event;
use model::{Effect, Now, Request};
use std::fmt::Write;

/// Something that could be seen.
#[allow(dead_code, reason = "some of it is only for who reads a trace, which is its debug form")]
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// The gateway, or the operator, asked the engine.
    Asked(Box<Request>),
    /// The gateway, or the operator, was told by the engine.
    Told(Box<Effect>),
    /// A person typed a line.
    Typed(usize, String),
    /// A person was shown something.
    Shown(usize, Box<Event>),
    /// An endpoint was switched on, or off.
    Switched(usize, bool),
    /// A datagram of an endpoint has reached the server.
    Heard(usize),
    /// A connection broke, with the number of the endpoint.
    Broken(usize),
    /// The server has started.
    Started,
    /// The server has ended, in order or not.
    Ended,
    /// The disk is another: whether it writes, and how it is.
    Disk(bool, String),
    /// Something else, for who reads a trace.
    Note(String),
}

/// What was seen since the checkers looked.
pub(crate) struct Journal {
    pub(crate) seen: Vec<(Now, Seen)>,
    hash: u64,
    length: u64,
    /// Whether each line is printed.
    pub(crate) is_printed: bool,
    line: String,
}

impl Journal {
    pub(crate) const fn new() -> Self {
        Self {
            seen: Vec::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            length: 0,
            is_printed: false,
            line: String::new(),
        }
    }

    pub(crate) fn see(&mut self, now: Now, seen: Seen) {
        self.line.clear();
        let _ = write!(self.line, "{:>9}.{:03}  {seen:?}", now.instant.0 / 1000, now.instant.0 % 1000);
        if self.is_printed && !matches!(seen, Seen::Heard(_)) {
            println!("{}", self.line);
        }
        // FNV-1a.
        for octet in self.line.bytes() {
            self.hash = (self.hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        }
        self.length += 1;
        self.seen.push((now, seen));
    }

    /// One number for all that was seen.
    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    /// How much was seen.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }
}
