//! The requests that are under way, by socket and sequence number.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The most requests that are under way at one socket: a sequence number each, and some to spare.
pub(crate) const FLIGHTS_MAX: usize = 60_000;

/// A moment, in microseconds since the measurement began.
pub(crate) type Micros = u64;

/// Names a request under way: the socket and its sequence number there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Key {
    pub port: u16,
    pub sequence: u16,
}

/// One request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flight {
    pub subject: u32,
    pub state: State,
    /// How often it is still repeated.
    pub repeats_left: u8,
    /// When it was first due to be sent.
    pub begun: Micros,
    /// When it counts as unanswered.
    pub due: Micros,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum State {
    #[default]
    Unused,
    Waiting,
    Answered,
    GivenUp,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Flights {
    ports: Vec<Vec<Flight>>,
    last: Vec<u16>,
    waiting: Vec<usize>,
    /// In the order of their time, since all wait equally long.
    timeouts: VecDeque<(Micros, Key)>,
    /// Those that were asked for patience.
    postponed: BinaryHeap<Reverse<(Micros, Key)>>,
}

impl Flights {
    pub fn new(ports: usize) -> Self {
        Self {
            ports: vec![vec![Flight::default(); 1 << 16]; ports],
            last: vec![0; ports],
            waiting: vec![0; ports],
            timeouts: VecDeque::new(),
            postponed: BinaryHeap::new(),
        }
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.waiting.iter().sum()
    }

    /// Whether one more may be under way at a socket.
    pub fn has_room(&self, port: usize) -> bool {
        self.waiting[port] < FLIGHTS_MAX
    }

    /// Begins one; where there is room for it.
    pub fn begin(&mut self, port: usize, flight: Flight) -> Key {
        let slots = &mut self.ports[port];
        loop {
            self.last[port] = self.last[port].checked_add(1).unwrap_or(1);
            let slot = &mut slots[usize::from(self.last[port])];
            if slot.state != State::Waiting {
                *slot = Flight { state: State::Waiting, ..flight };
                break;
            }
        }
        self.waiting[port] += 1;
        let key = Key { port: port as u16, sequence: self.last[port] };
        self.timeouts.push_back((flight.due, key));
        key
    }

    pub fn get(&self, key: Key) -> &Flight {
        &self.ports[usize::from(key.port)][usize::from(key.sequence)]
    }

    fn get_mut(&mut self, key: Key) -> &mut Flight {
        &mut self.ports[usize::from(key.port)][usize::from(key.sequence)]
    }

    /// One that waits is over.
    pub fn end(&mut self, key: Key, state: State) {
        self.get_mut(key).state = state;
        self.waiting[usize::from(key.port)] -= 1;
    }

    /// One waits longer.
    pub fn postpone(&mut self, key: Key, due: Micros) {
        self.get_mut(key).due = due;
        self.postponed.push(Reverse((due, key)));
    }

    /// One is sent again, and waits anew; `false` where it was repeated often enough.
    pub fn repeat(&mut self, key: Key, due: Micros) -> bool {
        let flight = self.get_mut(key);
        let again = flight.repeats_left > 0;
        if again {
            flight.repeats_left -= 1;
            flight.due = due;
            self.timeouts.push_back((due, key));
        }
        again
    }

    /// The next that waits and whose time has come.
    pub fn due(&mut self, now: Micros) -> Option<Key> {
        loop {
            let postponed = self.postponed.peek().map(|Reverse(next)| *next);
            let (due, key) = match (self.timeouts.front().copied(), postponed) {
                (Some(first), second) if second.is_none_or(|second| first <= second) && first.0 <= now => {
                    self.timeouts.pop_front();
                    first
                }
                (_, Some(second)) if second.0 <= now => {
                    self.postponed.pop();
                    second
                }
                _ => return None,
            };
            let flight = self.get(key);
            // The entries of those that were answered, or whose time was moved, are still here.
            if flight.state == State::Waiting && flight.due == due {
                return Some(key);
            }
        }
    }

    /// When [`Self::due`] may have something next.
    pub fn deadline(&self) -> Option<Micros> {
        let first = self.timeouts.front().map(|(due, _)| *due);
        let second = self.postponed.peek().map(|Reverse((due, _))| *due);
        first.into_iter().chain(second).min()
    }
}
