//! Call signalling packets out of captured TCP segments.
//!
//! Each direction of a connection is put together on its own: octets in order, octets sent again once, octets that
//! come early held until the gap before them is filled. When the capture lacks a segment for good, the stream goes on
//! at the next segment that starts like a packet.

use h323::wire::tpkt;
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

/// The port of call signalling.
const CALL_SIGNALLING: u16 = 1720;
/// How many directions of connections are followed; the one idle the longest makes room for a new one.
const STREAMS_MAX: usize = 1024;
/// How many segments after a gap are held. More than that in flight is unheard of in call signalling, so the gap
/// is then taken for one of the capture.
const EARLY_MAX: usize = 16;
/// How many octets after a gap are held.
const EARLY_OCTETS_MAX: usize = 64 * 1024;

/// One direction of a connection: from, to.
pub type Direction = (SocketAddr, SocketAddr);

/// What comes out of a stream.
#[derive(Debug, Eq, PartialEq)]
pub enum Piece {
    /// A packet with its TPKT header.
    Packet(Vec<u8>),
    /// So many octets are not in the capture.
    Missing(u32),
    /// The stream is not TPKT, or not any more.
    Foreign(Vec<u8>),
    /// The beginning of a packet whose rest never came.
    Unfinished(Vec<u8>),
}

/// A piece, where it was found, and the stamp of the segment that completed it.
#[derive(Debug, Eq, PartialEq)]
pub struct Found<S> {
    /// Which stream.
    pub direction: Direction,
    /// The stamp.
    pub stamp: S,
    /// The piece.
    pub piece: Piece,
}

/// A captured segment.
pub struct Segment<'a> {
    /// The number of its first octet.
    pub sequence: u32,
    /// Whether it opens the direction.
    pub opens: bool,
    /// Its content.
    pub octets: Cow<'a, [u8]>,
}

/// The streams of a capture. `S` is what each segment is stamped with.
pub struct Streams<S> {
    streams: HashMap<Direction, Stream<S>>,
    clock: u64,
    found: Vec<Found<S>>,
}

/// One direction.
struct Stream<S> {
    direction: Direction,
    /// The number of the first octet.
    first: u32,
    /// The number of the next octet in order.
    next: u32,
    /// Octets in order that are not a whole packet yet.
    begun: Vec<u8>,
    /// Segments after a gap, in order of their numbers.
    early: VecDeque<Early<S>>,
    state: State,
    used_at: u64,
}

struct Early<S> {
    stamp: S,
    sequence: u32,
    octets: Vec<u8>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    /// Nothing was read yet that shows whether this is call signalling.
    Undecided,
    /// It is, and the octets that come next start a packet or continue the one begun.
    InStep,
    /// It is, but something was missing: waiting for a segment that starts like a packet.
    OutOfStep,
}

impl<S: Copy> Streams<S> {
    /// No streams.
    pub fn new() -> Self {
        Self { streams: HashMap::new(), clock: 0, found: Vec::new() }
    }

    /// Takes a segment and hands out what it completes.
    pub fn feed(&mut self, stamp: S, direction: Direction, segment: Segment<'_>) -> Vec<Found<S>> {
        self.clock += 1;
        let mut sequence = segment.sequence;
        let known = self.streams.get(&direction);
        if segment.opens {
            sequence = sequence.wrapping_add(1);
            let is_repeated = known.is_some_and(|stream| stream.first == sequence);
            if !is_repeated {
                self.open(stamp, direction, sequence);
            }
        } else if known.is_none() && starts_packet(&segment.octets) == Some(true) {
            // The capture began after the connection did.
            self.open(stamp, direction, sequence);
        }
        if let Some(stream) = self.streams.get_mut(&direction) {
            stream.used_at = self.clock;
            stream.feed(stamp, sequence, segment.octets, &mut self.found);
            if stream.is_foreign() {
                if is_call_signalling(direction) {
                    stream.find(stamp, Piece::Foreign(stream.begun.clone()), &mut self.found);
                }
                self.streams.remove(&direction);
            }
        }
        std::mem::take(&mut self.found)
    }

    /// Gives up all streams and hands out what they held, in the order in which they were last used.
    pub fn finish(&mut self, stamp: S) -> Vec<Found<S>> {
        let mut streams: Vec<_> = self.streams.drain().map(|(_, stream)| stream).collect();
        streams.sort_by_key(|stream| stream.used_at);
        streams.into_iter().for_each(|stream| stream.finish(stamp, &mut self.found));
        std::mem::take(&mut self.found)
    }

    fn open(&mut self, stamp: S, direction: Direction, first: u32) {
        if let Some(former) = self.streams.remove(&direction) {
            former.finish(stamp, &mut self.found);
        }
        if self.streams.len() == STREAMS_MAX {
            let idle = self.streams.iter().min_by_key(|(_, stream)| stream.used_at);
            if let Some(idle) = idle.map(|(direction, _)| *direction)
                && let Some(former) = self.streams.remove(&idle)
            {
                former.finish(stamp, &mut self.found);
            }
        }
        let stream = Stream {
            direction,
            first,
            next: first,
            begun: Vec::new(),
            early: VecDeque::new(),
            state: State::Undecided,
            used_at: self.clock,
        };
        self.streams.insert(direction, stream);
    }
}

impl<S: Copy> Stream<S> {
    fn feed(&mut self, stamp: S, sequence: u32, octets: Cow<'_, [u8]>, found: &mut Vec<Found<S>>) {
        if self.is_behind(sequence) {
            self.hold(Early { stamp, sequence, octets: octets.into_owned() });
            let held: usize = self.early.iter().map(|early| early.octets.len()).sum();
            if self.early.len() > EARLY_MAX || held > EARLY_OCTETS_MAX {
                self.pass_gap(found);
            }
        } else {
            self.take(stamp, sequence, &octets, found);
        }
        while let Some(early) = self.take_due() {
            self.take(stamp, early.sequence, &early.octets, found);
        }
    }

    /// Whether octets before `sequence` have not come.
    const fn is_behind(&self, sequence: u32) -> bool {
        (sequence.wrapping_sub(self.next) as i32) > 0
    }

    fn hold(&mut self, segment: Early<S>) {
        let is_before = |held: &Early<S>| (held.sequence.wrapping_sub(segment.sequence) as i32) < 0;
        let place = self.early.partition_point(is_before);
        match self.early.get_mut(place) {
            Some(held) if held.sequence == segment.sequence => {
                if segment.octets.len() > held.octets.len() {
                    *held = segment;
                }
            }
            _ => self.early.insert(place, segment),
        }
    }

    /// The first early segment, when the gap before it is filled.
    fn take_due(&mut self) -> Option<Early<S>> {
        let is_due = !self.is_behind(self.early.front()?.sequence);
        is_due.then(|| self.early.pop_front())?
    }

    /// Gives up the octets before the first early segment, and goes on with that one.
    fn pass_gap(&mut self, found: &mut Vec<Found<S>>) {
        let Some(Early { stamp, sequence, octets }) = self.early.pop_front() else { return };
        if self.state != State::Undecided {
            self.give_up(stamp, found);
            self.find(stamp, Piece::Missing(sequence.wrapping_sub(self.next)), found);
            self.state = State::OutOfStep;
        }
        self.begun.clear();
        self.next = sequence;
        self.take(stamp, sequence, &octets, found);
    }

    /// Takes a segment that leaves no gap; what came before is passed over.
    fn take(&mut self, stamp: S, sequence: u32, octets: &[u8], found: &mut Vec<Found<S>>) {
        let known = self.next.wrapping_sub(sequence) as usize;
        let Some(octets) = octets.get(known..).filter(|octets| !octets.is_empty()) else { return };
        self.next = self.next.wrapping_add(octets.len() as u32);
        if self.state == State::OutOfStep {
            if starts_packet(octets) != Some(true) {
                return;
            }
            self.state = State::InStep;
        }
        self.begun.extend_from_slice(octets);
        if self.state == State::Undecided {
            let keep_alives = self.begun.len() - after_keep_alives(&self.begun).len();
            self.begun.drain(..keep_alives);
            if starts_packet(&self.begun) == Some(true) {
                self.state = State::InStep;
            }
        }
        if self.state == State::InStep {
            self.cut(stamp, found);
        }
    }

    /// Hands out the whole packets of what has begun; keep-alives, which have no content, are passed over.
    fn cut(&mut self, stamp: S, found: &mut Vec<Found<S>>) {
        let mut start = 0;
        loop {
            let rest = &self.begun[start..];
            match tpkt::length(rest) {
                Ok(Some(length)) if length <= rest.len() => {
                    if length > tpkt::HEADER {
                        self.find(stamp, Piece::Packet(rest[..length].to_vec()), found);
                    }
                    start += length;
                }
                Ok(_) => break,
                Err(_) => {
                    self.find(stamp, Piece::Foreign(rest.to_vec()), found);
                    start = self.begun.len();
                    self.state = State::OutOfStep;
                }
            }
        }
        self.begun.drain(..start);
    }

    fn give_up(&mut self, stamp: S, found: &mut Vec<Found<S>>) {
        if self.state == State::InStep && !self.begun.is_empty() {
            let begun = std::mem::take(&mut self.begun);
            self.find(stamp, Piece::Unfinished(begun), found);
        }
    }

    fn finish(mut self, stamp: S, found: &mut Vec<Found<S>>) {
        while !self.early.is_empty() {
            self.pass_gap(found);
            while let Some(early) = self.take_due() {
                self.take(early.stamp, early.sequence, &early.octets, found);
            }
        }
        self.give_up(stamp, found);
    }

    fn find(&self, stamp: S, piece: Piece, found: &mut Vec<Found<S>>) {
        found.push(Found { direction: self.direction, stamp, piece });
    }

    fn is_foreign(&self) -> bool {
        self.state == State::Undecided && starts_packet(&self.begun) == Some(false)
    }
}

fn is_call_signalling((source, destination): Direction) -> bool {
    source.port() == CALL_SIGNALLING || destination.port() == CALL_SIGNALLING
}

/// What follows the empty packets at the start.
fn after_keep_alives(mut octets: &[u8]) -> &[u8] {
    while tpkt::length(octets) == Ok(Some(tpkt::HEADER)) {
        octets = octets.get(tpkt::HEADER..).unwrap_or_default();
    }
    octets
}

/// Whether this is the start of a TPKT packet with a Q.931 message of H.225.0 (whose call references have two
/// octets); `None` while too little is there to tell.
fn starts_packet(octets: &[u8]) -> Option<bool> {
    let octets = after_keep_alives(octets);
    if tpkt::length(octets).is_err() {
        return Some(false);
    }
    match octets.get(tpkt::HEADER..)? {
        [0x08, 2, ..] => Some(true),
        [] | [0x08] => None,
        _ => Some(false),
    }
}
