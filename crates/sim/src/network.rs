//! The network: datagrams that are lost, late, doubled and overtaken, and connections that are slow, cut anywhere, and
//! break.

use crate::random::Random;
use h323::endpoint::ConnectionId;
use link::ChannelId;
use model::{Instant, Millis};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

/// How the network is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Weather {
    /// So many of a hundred datagrams are lost.
    pub(crate) loss: u64,
    /// So many arrive twice.
    pub(crate) doubled: u64,
    /// How long anything is on its way at most; datagrams may overtake each other.
    pub(crate) delay: Millis,
    /// So many of a thousand pieces break their connection instead of arriving.
    pub(crate) broken: u64,
    /// Whether what is sent over connections arrives in small pieces.
    pub(crate) cut: bool,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Server(ChannelId),
    Terminal(usize, ConnectionId),
}

impl End {
    const fn terminal(self) -> Option<usize> {
        match self {
            Self::Terminal(number, _) => Some(number),
            Self::Server(_) => None,
        }
    }
}

/// Names a connection.
pub(crate) type WireId = u64;

/// What happens at one place.
#[derive(Debug)]
pub(crate) enum Arrival {
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        octets: Vec<u8>,
    },
    /// Somebody wants a connection.
    Call {
        wire: WireId,
        from: SocketAddr,
        to: SocketAddr,
    },
    /// The connection is there.
    Opened {
        end: End,
    },
    Octets {
        end: End,
        octets: Vec<u8>,
    },
    /// The other side closed in order.
    Ended {
        end: End,
    },
    /// It broke, or could not be had.
    Broken {
        end: End,
        is_refused: bool,
    },
}

/// All that is under way.
pub(crate) struct Network {
    pub(crate) weather: Weather,
    /// Endpoints that nothing reaches, and that reach nothing.
    pub(crate) cut_off: BTreeSet<usize>,
    random: Random,
    under_way: BTreeMap<(Instant, u64), Item>,
    last_item: u64,
    wires: BTreeMap<WireId, Wire>,
    last_wire: WireId,
    /// Endpoints of which a connection broke since somebody looked.
    pub(crate) broken: Vec<usize>,
}

enum Item {
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        octets: Vec<u8>,
    },
    /// The next piece for this side of a connection.
    Piece {
        wire: WireId,
        side: usize,
    },
    /// The system of one side finds that the machine of this endpoint does not answer.
    Silence {
        wire: WireId,
        number: usize,
    },
}

#[derive(Debug)]
enum Piece {
    Call { from: SocketAddr, to: SocketAddr },
    Opened,
    Octets(Vec<u8>),
    Ended,
    Broken { is_refused: bool },
}

/// A connection; side 0 called.
struct Wire {
    ends: [Option<End>; 2],
    /// Pieces under way to each side, in order, and when the last of them arrives.
    pieces: [VecDeque<Piece>; 2],
    last_at: [Instant; 2],
    /// Since when nothing comes through.
    stuck_since: Option<Instant>,
    /// Whose it is.
    terminals: Vec<usize>,
}

impl Network {
    pub(crate) const fn new(random: Random) -> Self {
        Self {
            weather: Weather { loss: 0, doubled: 0, delay: Millis(0), broken: 0, cut: false },
            cut_off: BTreeSet::new(),
            random,
            under_way: BTreeMap::new(),
            last_item: 0,
            wires: BTreeMap::new(),
            last_wire: 0,
            broken: Vec::new(),
        }
    }

    pub(crate) fn send_datagram(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, octets: Vec<u8>) {
        let copies = 1 + u64::from(self.random.percent(self.weather.doubled));
        for _ in 0..copies {
            if !self.random.percent(self.weather.loss) {
                let at = now.after(self.delay());
                self.put(at, Item::Datagram { from, to, octets: octets.clone() });
            }
        }
    }

    /// Begins to open a connection.
    pub(crate) fn open(&mut self, now: Instant, caller: End, from: SocketAddr, to: SocketAddr) {
        self.last_wire += 1;
        let wire = Wire {
            ends: [Some(caller), None],
            pieces: Default::default(),
            last_at: [now; 2],
            stuck_since: None,
            terminals: caller.terminal().into_iter().collect(),
        };
        self.wires.insert(self.last_wire, wire);
        self.push(now, self.last_wire, 1, Piece::Call { from, to });
    }

    /// The called side takes the connection, or does not.
    pub(crate) fn answer(&mut self, now: Instant, wire: WireId, called: Option<End>) {
        let Some(found) = self.wires.get_mut(&wire) else { return };
        found.ends[1] = called;
        found.terminals.extend(called.and_then(End::terminal));
        let piece = if called.is_some() { Piece::Opened } else { Piece::Broken { is_refused: true } };
        self.push(now, wire, 0, piece);
    }

    pub(crate) fn send(&mut self, now: Instant, from: End, mut octets: Vec<u8>) {
        let Some((wire, side)) = self.find(from) else { return };
        while self.weather.cut && octets.len() > 1 && self.random.percent(60) {
            let rest = octets.split_off(1 + self.random.below(octets.len() as u64 - 1) as usize);
            self.push(now, wire, 1 - side, Piece::Octets(std::mem::replace(&mut octets, rest)));
        }
        self.push(now, wire, 1 - side, Piece::Octets(octets));
    }

    /// One side closes: what it sent arrives first, and it hears nothing more.
    pub(crate) fn close(&mut self, now: Instant, end: End) {
        let Some((wire, side)) = self.find(end) else { return };
        if let Some(found) = self.wires.get_mut(&wire) {
            found.ends[side] = None;
        }
        self.push(now, wire, 1 - side, Piece::Ended);
    }

    /// Breaks every connection of which one end is such; the other end learns of it.
    pub(crate) fn break_all(&mut self, now: Instant, is_such: impl Fn(End) -> bool) {
        for wire in Vec::from_iter(self.wires.keys().copied()) {
            if self.wires[&wire].ends.into_iter().flatten().any(&is_such) {
                self.break_one(now, wire, &is_such);
            }
        }
    }

    /// The machine of an endpoint has no power from now on: its connections stay until somebody's system notices.
    pub(crate) fn fall_silent(&mut self, now: Instant, number: usize) {
        let is_its = |wire: &Wire| wire.terminals.contains(&number);
        let wires = Vec::from_iter(self.wires.iter().filter(|(_, wire)| is_its(wire)).map(|(id, _)| *id));
        for wire in wires {
            self.put(now.after(SILENT_MAX), Item::Silence { wire, number });
        }
    }

    /// When something arrives.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next thing that arrives by now.
    pub(crate) fn arrive(&mut self, now: Instant) -> Option<Arrival> {
        loop {
            let first = self.under_way.first_entry().filter(|first| first.key().0 <= now)?;
            match first.remove() {
                Item::Datagram { from, to, octets } => return Some(Arrival::Datagram { from, to, octets }),
                Item::Silence { wire, number } => {
                    let is_its = |end: End| end.terminal() == Some(number);
                    if self.wires.get(&wire).is_some_and(|wire| wire.ends.into_iter().flatten().any(is_its)) {
                        self.break_one(now, wire, is_its);
                    }
                }
                Item::Piece { wire, side } => {
                    if let Some(arrival) = self.take_piece(now, wire, side) {
                        return Some(arrival);
                    }
                }
            }
        }
    }

    /// Both ends of every connection; `None` where that end knows of it no more.
    pub(crate) fn connections(&self) -> Vec<[Option<End>; 2]> {
        self.wires.values().map(|wire| wire.ends).collect()
    }

    fn take_piece(&mut self, now: Instant, wire: WireId, side: usize) -> Option<Arrival> {
        let is_cut = self.is_cut(wire);
        let found = self.wires.get_mut(&wire)?;
        if is_cut && !matches!(found.pieces[side].front(), Some(Piece::Broken { .. })) {
            // It is sent again and again, and given up after a while.
            let since = *found.stuck_since.get_or_insert(now);
            if now.since(since) < STUCK_MAX {
                self.put(now.after(Millis(250)), Item::Piece { wire, side });
            } else {
                self.break_one(now, wire, |_| false);
            }
            return None;
        }
        found.stuck_since = None;
        let is_octets = matches!(found.pieces[side].front(), Some(Piece::Octets(_)));
        if is_octets && self.random.below(1000) < self.weather.broken {
            self.break_one(now, wire, |_| false);
            return None;
        }
        let found = self.wires.get_mut(&wire)?;
        let piece = found.pieces[side].pop_front()?;
        let end = found.ends[side];
        match (piece, end) {
            (Piece::Call { from, to }, _) => Some(Arrival::Call { wire, from, to }),
            (Piece::Opened, Some(end)) => Some(Arrival::Opened { end }),
            (Piece::Octets(octets), Some(end)) => Some(Arrival::Octets { end, octets }),
            (Piece::Ended, end) => {
                self.wires.remove(&wire);
                end.map(|end| Arrival::Ended { end })
            }
            (Piece::Broken { is_refused }, end) => {
                // The other side may still have to learn of it.
                if found.ends[1 - side].is_none() || is_refused {
                    self.wires.remove(&wire);
                } else {
                    found.ends[side] = None;
                }
                end.map(|end| Arrival::Broken { end, is_refused })
            }
            (Piece::Opened | Piece::Octets(_), None) => None,
        }
    }

    fn break_one(&mut self, now: Instant, wire: WireId, is_gone: impl Fn(End) -> bool) {
        let Some(found) = self.wires.get_mut(&wire) else { return };
        self.broken.extend(&found.terminals);
        let mut has_listener = false;
        for side in 0..2 {
            found.pieces[side].clear();
            if found.ends[side].is_some_and(&is_gone) {
                found.ends[side] = None;
            }
            has_listener |= found.ends[side].is_some();
        }
        if !has_listener {
            self.wires.remove(&wire);
            return;
        }
        for side in 0..2 {
            if self.wires[&wire].ends[side].is_some() {
                self.push(now, wire, side, Piece::Broken { is_refused: false });
            }
        }
    }

    fn push(&mut self, now: Instant, wire: WireId, side: usize, piece: Piece) {
        let delay = self.delay();
        let Some(found) = self.wires.get_mut(&wire) else { return };
        let at = now.after(delay).max(found.last_at[side]);
        found.last_at[side] = at;
        found.pieces[side].push_back(piece);
        self.put(at, Item::Piece { wire, side });
    }

    fn put(&mut self, at: Instant, item: Item) {
        self.last_item += 1;
        self.under_way.insert((at, self.last_item), item);
    }

    fn delay(&mut self) -> Millis {
        Millis(self.random.below(self.weather.delay.0 + 1))
    }

    fn find(&self, end: End) -> Option<(WireId, usize)> {
        self.wires.iter().find_map(|(id, wire)| {
            let side = wire.ends.iter().position(|other| *other == Some(end))?;
            Some((*id, side))
        })
    }

    fn is_cut(&self, wire: WireId) -> bool {
        let ends = self.wires.get(&wire).map(|wire| wire.ends).into_iter().flatten().flatten();
        ends.into_iter().any(|end| match end {
            End::Terminal(number, _) => self.cut_off.contains(&number),
            End::Server(_) => false,
        })
    }
}

/// How long a connection bears that nothing comes through.
const STUCK_MAX: Millis = Millis::seconds(20);

/// How long a connection to a machine without power stays, as the server sets it.
const SILENT_MAX: Millis = Millis::seconds(120);
