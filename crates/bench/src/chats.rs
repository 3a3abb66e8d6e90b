//! Writers and readers of messages: sessions that stay open, or a call for each message.

mod conversation;
mod dialogue;

use crate::admission;
use crate::endpoints::{Identifiers, Population};
use crate::error::BenchError;
use crate::flights::Micros;
use crate::indication::Indications;
use crate::line::{Line, Packets, Stage};
use crate::signalling::{Invitation, Leg};
use crate::streams::{StreamId, Streams};
use crate::tally::{Latency, Tally};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddrV4;

/// The most texts of one session that are not accepted: the server may hold only so many answers back.
const UNACCEPTED_MAX: usize = 32;

/// How messages are sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Manner {
    /// In sessions that are open.
    Texts,
    /// By a call each.
    Single,
}

/// How fast.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Offer {
    /// None.
    Nothing,
    /// So many are not accepted at a time.
    Window(usize),
    /// So many each second, since a moment.
    Rate(f64, Micros),
}

/// A call of ours.
#[derive(Clone, Copy, Debug)]
struct Call {
    leg: Leg,
    pair: u32,
    begun: Micros,
}

/// What became of the messages, in addition to the tally.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    pub count: u64,
    pub doubles: u64,
    pub out_of_order: u64,
    pub latency: Latency,
    /// When the last message was accepted.
    pub last_accepted: Micros,
    /// Connections that ended when they should not.
    pub broken: u64,
}

/// All conversations. The writer of pair `n` is the endpoint `n`, its reader the endpoint `pairs + n`.
#[derive(Debug)]
pub(crate) struct Chats<'a> {
    population: &'a Population,
    identifiers: &'a Identifiers,
    indications: &'a Indications,
    pairs: u32,
    pub manner: Manner,
    pub offer: Offer,
    streams: Streams,
    lines: Vec<Option<Line>>,
    readers: HashMap<SocketAddrV4, u32>,
    calls: Vec<Call>,
    /// What is to be asked by RAS at each socket: twice the call, and one more for its end.
    requests: Vec<VecDeque<u32>>,
    /// The open sessions, in turn.
    sessions: VecDeque<StreamId>,
    /// Of each pair the number of its last text, and of the last that came.
    written: Vec<u32>,
    read: Vec<u32>,
    undelivered: HashMap<(u32, u32), Micros>,
    unaccepted: usize,
    pub tally: Tally,
    pub delivered: Delivered,
    failure: Option<BenchError>,
    heard: Micros,
    now: Micros,
}

impl<'a> Chats<'a> {
    pub fn new(
        population: &'a Population,
        identifiers: &'a Identifiers,
        indications: &'a Indications,
        pairs: u32,
    ) -> Result<Self, BenchError> {
        let mut streams = Streams::new()?;
        let mut readers = HashMap::new();
        for pair in 0..pairs {
            let address = population.call_signal_address(pairs + pair);
            streams.listen(address)?;
            readers.insert(address, pair);
        }
        Ok(Self {
            population,
            identifiers,
            indications,
            pairs,
            manner: Manner::Texts,
            offer: Offer::Nothing,
            streams,
            lines: Vec::new(),
            readers,
            calls: Vec::new(),
            requests: vec![VecDeque::new(); population.sockets.len()],
            sessions: VecDeque::new(),
            written: vec![0; pairs as usize],
            read: vec![0; pairs as usize],
            undelivered: HashMap::new(),
            unaccepted: 0,
            tally: Tally::default(),
            delivered: Delivered::default(),
            failure: None,
            heard: 0,
            now: 0,
        })
    }

    /// Opens a session for each pair, from now on.
    pub fn open_sessions(&mut self, now: Micros) {
        (self.manner, self.heard, self.now) = (Manner::Texts, now, now);
        for pair in 0..self.pairs {
            self.call(pair);
        }
    }

    /// How many sessions are open.
    pub fn open(&self) -> usize {
        self.sessions.len()
    }

    /// Closes all sessions.
    pub fn close_sessions(&mut self) {
        for id in std::mem::take(&mut self.sessions) {
            if let Some(line) = self.lines.get(id).and_then(Option::as_ref)
                && let Ok(packet) = line.leg.release_complete(true)
            {
                self.streams.send(id, &packet);
            }
            self.end(id);
        }
    }

    /// What went wrong for good.
    pub fn failure(&mut self) -> Result<(), BenchError> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// How many messages are not accepted, and how many have not come.
    pub fn under_way(&self) -> (usize, usize) {
        (self.unaccepted, self.undelivered.len())
    }

    /// Has a call admitted; what it is for follows from the manner.
    fn call(&mut self, pair: u32) {
        let call = self.calls.len() as u32;
        let mut identifier = [0; 16];
        identifier[..4].copy_from_slice(&call.to_be_bytes());
        identifier[4..8].copy_from_slice(&pair.to_be_bytes());
        // Names that an earlier run used may still be known.
        let socket = self.population.sockets.first().map_or(0, SocketAddrV4::port);
        identifier[8..10].copy_from_slice(&socket.to_be_bytes());
        identifier[12..].copy_from_slice(&std::process::id().to_be_bytes());
        let leg = Leg { reference: (call % 32_767 + 1) as u16, identifier, is_caller: true };
        self.calls.push(Call { leg, pair, begun: self.now });
        self.requests[self.population.port_of(pair)].push_back(call * 2);
    }

    /// Opens the connection of an admitted call, and sends its Setup.
    fn connect(&mut self, number: u32, to: SocketAddrV4) -> Result<(), BenchError> {
        let Call { leg, pair, .. } = self.calls[number as usize];
        let from_address = self.population.call_signal_address(pair);
        let name = |endpoint: u32| self.population.alias(&format!("{endpoint:08}"));
        let setup = leg.setup(Invitation {
            from: name(pair)?,
            to: name(self.pairs + pair)?,
            from_address,
            to_address: to,
            endpoint: admission::endpoint_identifier(self.identifiers, pair),
        })?;
        let packets = Packets::of_writer(&leg, &self.population.prefix)?;
        let id = self.streams.connect(*from_address.ip(), to)?;
        self.streams.send(id, &setup);
        let (stage, waiting) = (Stage::Calling, VecDeque::new());
        self.set_line(id, Line { leg, stage, pair, call: number, packets, waiting });
        Ok(())
    }

    fn set_line(&mut self, id: StreamId, line: Line) {
        if self.lines.len() <= id {
            self.lines.resize_with(id + 1, || None);
        }
        self.lines[id] = Some(line);
    }

    /// Begins as many messages as the offer allows.
    fn write_messages(&mut self) -> usize {
        let mut begun = 0;
        let mut idle = 0;
        while self.may_write() && idle <= self.sessions.len() {
            let written = match self.manner {
                Manner::Texts => self.write_text(),
                Manner::Single => {
                    let pair = (self.tally.offered % u64::from(self.pairs)) as u32;
                    self.call(pair);
                    true
                }
            };
            if written {
                self.tally.offered += 1;
                self.unaccepted += 1;
                begun += 1;
                idle = 0;
            } else {
                idle += 1;
            }
        }
        begun
    }

    fn may_write(&self) -> bool {
        match self.offer {
            Offer::Nothing => false,
            Offer::Window(window) => self.unaccepted < window,
            Offer::Rate(rate, since) => {
                (self.now.saturating_sub(since)) as f64 * rate / 1e6 >= (self.tally.offered + 1) as f64
            }
        }
    }

    /// Writes a text in the session whose turn it is; whether it takes one.
    fn write_text(&mut self) -> bool {
        let Some(id) = self.sessions.pop_front() else { return false };
        self.sessions.push_back(id);
        let Some(line) = self.lines.get_mut(id).and_then(Option::as_mut) else { return false };
        if line.waiting.len() >= UNACCEPTED_MAX {
            self.tally.held_back += 1;
            return false;
        }
        let number = &mut self.written[line.pair as usize];
        *number += 1;
        line.waiting.push_back((*number, self.now));
        self.undelivered.insert((line.pair, *number), self.now);
        self.streams.with(id, |out| {
            let start = out.len();
            line.packets.append_text(line.pair, *number, out);
            self.tally.request_octets += (out.len() - start) as u64;
            out.extend_from_slice(&line.packets.inquiry);
        });
        self.tally.requests_sent += 1;
        true
    }

    /// The oldest message of a connection is accepted.
    fn accept(&mut self, id: StreamId, octets: usize) {
        let Some(line) = self.lines.get_mut(id).and_then(Option::as_mut) else { return };
        let Some((_, since)) = line.waiting.pop_front() else {
            self.tally.stray += 1;
            return;
        };
        self.unaccepted -= 1;
        self.tally.confirmed += 1;
        self.tally.answers += 1;
        self.tally.answer_octets += octets as u64;
        self.tally.latency.record(self.now.saturating_sub(since));
        self.delivered.last_accepted = self.now;
    }

    /// A message that was begun is not accepted.
    fn refuse(&mut self, key: Option<(u32, u32)>, reason: &str) {
        if let Some(key) = key {
            self.undelivered.remove(&key);
        }
        self.unaccepted = self.unaccepted.saturating_sub(1);
        self.tally.reject(reason);
    }
}
