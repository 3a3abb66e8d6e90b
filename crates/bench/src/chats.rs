//! Writers and readers of messages: sessions that stay open, or a call for each message.

use crate::admission;
use crate::endpoints::{Identifiers, Population};
use crate::error::BenchError;
use crate::exchange::{Answer, Dialogue};
use crate::flights::Micros;
use crate::indication::Indications;
use crate::line::{Line, Packets, Stage};
use crate::signalling::{self, Heard, Invitation, Leg, NORMAL};
use crate::socket::Batch;
use crate::streams::{Happening, StreamId, Streams};
use crate::tally::{Latency, Tally};
use h323::wire::q931::message_type;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddrV4;
use std::os::fd::BorrowedFd;

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

    fn happened(&mut self, happening: Happening) -> Result<(), BenchError> {
        self.heard = self.now;
        match happening {
            Happening::Accepted(id, at) => {
                let pair = self.readers.get(&at).copied().unwrap_or_default();
                self.set_line(id, Line::answering(pair));
            }
            Happening::Closed(id) => {
                if self.lines.get(id).is_some_and(Option::is_some) {
                    let is_writer = self.lines[id].as_ref().is_some_and(|line| line.leg.is_caller);
                    self.delivered.broken += u64::from(is_writer);
                    self.give_up(id, "connectionLost");
                }
            }
            Happening::Packet(id, packet) => {
                let Some(Some(line)) = self.lines.get(id) else { return Ok(()) };
                match (line.leg.is_caller, signalling::message_type_of(&packet)) {
                    (true, Some(message_type::STATUS)) => self.accept(id, packet.len()),
                    (_, Some(message_type::STATUS_INQUIRY)) => self.streams.send(id, &line.packets.status),
                    (true, Some(_)) => self.writer(id, &packet)?,
                    (false, Some(_)) => self.reader(id, &packet)?,
                    (_, None) => self.tally.stray += 1,
                }
            }
        }
        Ok(())
    }

    /// A connection is over; what waited there is not accepted.
    fn give_up(&mut self, id: StreamId, reason: &str) {
        if let Some(Some(line)) = self.lines.get_mut(id) {
            let (pair, is_single) = (line.pair, matches!(line.stage, Stage::Calling | Stage::Sent));
            let waiting = std::mem::take(&mut line.waiting);
            if waiting.is_empty() && is_single && self.manner == Manner::Single {
                self.refuse(None, reason);
            }
            for (number, _) in waiting {
                self.refuse(Some((pair, number)), reason);
            }
        }
        self.end(id);
    }

    /// Forgets a connection; a call of ours is over for the gatekeeper too.
    fn end(&mut self, id: StreamId) {
        if let Some(line) = self.lines.get_mut(id).and_then(Option::take) {
            if line.leg.is_caller {
                self.requests[self.population.port_of(line.pair)].push_back(line.call * 2 + 1);
            }
            self.sessions.retain(|session| *session != id || line.stage != Stage::Open);
        }
        self.streams.close(id);
    }

    /// A packet for a writer.
    fn writer(&mut self, id: StreamId, packet: &[u8]) -> Result<(), BenchError> {
        let Some(heard) = signalling::read(packet) else {
            self.tally.stray += 1;
            return Ok(());
        };
        let Some(line) = self.lines.get_mut(id).and_then(Option::as_mut) else { return Ok(()) };
        match (heard.message_type, line.stage) {
            (message_type::ALERTING, Stage::Calling) if self.manner == Manner::Texts => {
                line.stage = Stage::Opening;
                let packet = line.leg.session(true)?;
                self.streams.send(id, &packet);
            }
            (message_type::ALERTING, Stage::Calling) => {
                line.stage = Stage::Sent;
                let number = &mut self.written[line.pair as usize];
                *number += 1;
                let begun = self.calls[line.call as usize].begun;
                line.waiting.push_back((*number, begun));
                self.undelivered.insert((line.pair, *number), begun);
                self.tally.requests_sent += 1;
                self.streams.with(id, |out| {
                    let start = out.len();
                    line.packets.append_text(line.pair, *number, out);
                    self.tally.request_octets += (out.len() - start) as u64;
                });
            }
            (message_type::CONNECT, Stage::Opening) => {
                line.stage = Stage::Open;
                self.sessions.push_back(id);
            }
            (message_type::RELEASE_COMPLETE, Stage::Sent) if heard.cause == Some(NORMAL) => {
                self.accept(id, packet.len());
                self.end(id);
            }
            (message_type::RELEASE_COMPLETE, _) => {
                self.give_up(id, &format!("cause {}", heard.cause.unwrap_or_default()));
            }
            (message_type::FACILITY, Stage::Open) => {
                if let Heard { text: Some(text), .. } = heard {
                    // A text that is refused is answered by a text that says so; its Status comes all the same.
                    self.tally.reject(&text.chars().take(60).collect::<String>());
                    self.tally.confirmed = self.tally.confirmed.saturating_sub(1);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A packet for a reader.
    fn reader(&mut self, id: StreamId, packet: &[u8]) -> Result<(), BenchError> {
        let Some(heard) = signalling::read(packet) else {
            self.tally.stray += 1;
            return Ok(());
        };
        let Some(line) = self.lines.get_mut(id).and_then(Option::as_mut) else { return Ok(()) };
        match heard.message_type {
            message_type::SETUP => {
                line.leg.reference = heard.reference;
                line.leg.identifier = heard.identifier;
                line.stage = Stage::Reading;
                line.packets = Packets::of_reader(&line.leg)?;
                let (proceeding, alerting) = (line.leg.call_proceeding()?, line.leg.alerting()?);
                self.streams.send(id, &proceeding);
                self.streams.send(id, &alerting);
            }
            message_type::FACILITY => {
                if heard.open == Some(true) {
                    let packet = line.leg.connect()?;
                    line.waiting.push_back((0, 0));
                    self.streams.send(id, &packet);
                }
                // That a session is open is noted by an entry of its own.
                let is_session = !line.waiting.is_empty();
                let (leg, is_closed) = (line.leg, heard.open == Some(false));
                if let Some(text) = heard.text {
                    self.came(&text, is_session);
                    if !is_session {
                        self.streams.send(id, &leg.release_complete(false)?);
                        self.end(id);
                    }
                }
                if is_closed {
                    self.streams.send(id, &leg.release_complete(false)?);
                    self.end(id);
                }
            }
            message_type::RELEASE_COMPLETE => self.end(id),
            _ => {}
        }
        Ok(())
    }

    /// A text has come to its reader.
    fn came(&mut self, text: &str, is_session: bool) {
        let Some((pair, number)) = signalling::numbers_of(text, &self.population.prefix) else {
            self.tally.stray += 1;
            return;
        };
        match self.undelivered.remove(&(pair, number)) {
            Some(since) => {
                self.delivered.count += 1;
                self.delivered.latency.record(self.now.saturating_sub(since));
            }
            None if self.written.get(pair as usize).is_some_and(|last| number <= *last) => {
                self.delivered.doubles += 1;
            }
            // Of an earlier run on the same names.
            None => self.tally.stray += 1,
        }
        // Single messages of one writer are under way together, so that there is no order among them.
        let has_order = is_session && self.manner == Manner::Texts;
        if let Some(last) = self.read.get_mut(pair as usize).filter(|_| has_order) {
            self.delivered.out_of_order += u64::from(number < *last);
            *last = number.max(*last);
        }
    }
}

impl Dialogue for Chats<'_> {
    fn next(&mut self, _now: Micros, port: usize) -> Option<u32> {
        self.requests[port].pop_front()
    }

    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>) {
        let Call { leg, pair, .. } = self.calls[subject as usize / 2];
        let message = match subject % 2 {
            0 => {
                let way = (pair, self.pairs + pair);
                admission::request(self.population, self.identifiers, &leg, way, sequence)
            }
            _ => admission::disengagement(self.identifiers, &leg, pair, sequence),
        };
        match message {
            Ok(octets) => out.extend_from_slice(&octets),
            Err(error) => self.failure = Some(error),
        }
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        admission::answer(octets)
    }

    fn confirm(&mut self, _now: Micros, subject: u32, octets: &[u8]) -> bool {
        if subject % 2 == 1 {
            return true;
        }
        let Some(to) = admission::destination(octets) else {
            self.failure = Some(BenchError::Unsupported(
                "the gatekeeper sends callers directly to each other: it keeps no messages in calls"
                    .to_owned(),
            ));
            return false;
        };
        if let Err(error) = self.connect(subject / 2, to) {
            self.failure = Some(error);
        }
        true
    }

    fn fail(&mut self, _now: Micros, subject: u32, reject: Option<&str>) {
        if subject.is_multiple_of(2) && self.manner == Manner::Single {
            self.refuse(None, reject.unwrap_or("no answer to ARQ"));
        }
    }

    fn unasked(&mut self, _now: Micros, octets: &[u8], out: &mut Batch) -> bool {
        self.indications.confirm(octets, out).is_some()
    }

    fn turn(&mut self, now: Micros) -> usize {
        self.now = now;
        let happenings = self.streams.take();
        let mut count = happenings.len();
        for happening in happenings {
            if let Err(error) = self.happened(happening) {
                self.failure = Some(error);
            }
        }
        count += self.write_messages();
        self.streams.flush();
        count
    }

    fn elsewhere(&self) -> Option<(&Tally, usize)> {
        Some((&self.tally, self.unaccepted))
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.streams.descriptor())
    }

    fn waits(&self) -> bool {
        if self.failure.is_some() {
            return false;
        }
        let is_opening = self.manner == Manner::Texts
            && self.sessions.len() < self.pairs as usize
            && self.now < self.heard + PATIENCE;
        let is_under_way = self.unaccepted > 0 || !self.undelivered.is_empty();
        is_opening || is_under_way || !matches!(self.offer, Offer::Nothing)
    }
}

/// After so long without news no more sessions are expected to open.
const PATIENCE: Micros = 10_000_000;
