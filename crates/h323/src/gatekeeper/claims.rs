//! Claims: registrations that the engine is yet to decide, and what becomes of those who come faster than it can.
//!
//! The engine is asked for so many at a time. Who comes on top of that is told how long it will take (RIP), again when it asks
//! again, and has its turn; when even the waiting room is full, it is told to come again (RRJ `resourceUnavailable`). So the
//! gateway goes on reading while the engine is behind; what comes faster than it can read is lost before it.

use super::candidate::Candidate;
use super::link::Gatekeeper;
use super::presence::Contents;
use super::request::Asker;
use super::timer::Due;
use model::{Instant, Millis, Now, Ticket};
use std::collections::{HashMap, VecDeque};

/// Claims that the engine is asked at a time. A million at once would take more room than the registrations, and let
/// everybody who comes meanwhile wait.
const ASKED_MAX: usize = 4096;

/// The time over which it is counted how many claims are decided.
const COUNTED_FOR: Millis = Millis::seconds(1);

/// The shortest and the longest time that an endpoint is asked to wait.
const DELAYS: (Millis, Millis) = (Millis::seconds(1), Millis::seconds(60));

/// Registrations that are not decided yet.
#[derive(Debug, Default)]
pub(super) struct Claims {
    last_ticket: u64,
    /// Claims the engine has not answered, with who is to be told.
    asked: HashMap<Ticket, (u64, Option<Registering>)>,
    /// New registrations whose turn has not come.
    waiting: VecDeque<(u64, Registering)>,
    /// Registrations from before a restart whose turn has not come: after those on whose answer somebody waits.
    restored: VecDeque<u64>,
    /// Registrations that wait until the holder of one of their names, by its number, has been asked.
    contested: HashMap<u64, Vec<(Asker, Box<Candidate>)>>,
    decided: Decided,
}

/// A full RRQ whose registration stands, but is not confirmed yet.
#[derive(Debug)]
pub(super) struct Registering {
    pub asker: Asker,
    /// How many of its names count as new until the engine has said which are.
    pub charged: usize,
    /// What it says of presence, which takes effect before it is confirmed.
    pub presence: Contents,
}

/// How many claims the engine decides.
#[derive(Debug)]
struct Decided {
    since: Instant,
    count: u64,
    /// When it was counted last.
    each_second: u64,
}

/// What is believed of the engine's speed before it was counted is what a slow machine does.
impl Default for Decided {
    fn default() -> Self {
        Self { since: Instant::default(), count: 0, each_second: 5_000 }
    }
}

impl Decided {
    fn one(&mut self, now: Instant) {
        self.count += 1;
        let time = now.since(self.since);
        // A longer time was not all of it filled with work.
        if (COUNTED_FOR.0..COUNTED_FOR.0 * 2).contains(&time.0) {
            self.each_second = self.count * 1000 / time.0;
        }
        if time >= COUNTED_FOR {
            self.count = 0;
            self.since = now;
        }
    }
}

impl Claims {
    /// Whether a new registration would have to wait where so many do.
    pub fn are_full(&self, waiting_max: usize) -> bool {
        self.asked.len() >= ASKED_MAX && self.waiting.len() >= waiting_max
    }

    /// Notes a question to the engine.
    pub fn ask(&mut self, ticket: Ticket, number: u64, registering: Option<Registering>) {
        self.asked.insert(ticket, (number, registering));
    }

    /// How many wait until this holder of a name has been asked.
    pub fn contenders(&self, holder: u64) -> usize {
        self.contested.get(&holder).map_or(0, Vec::len)
    }

    pub fn contest(&mut self, holder: u64, asker: Asker, candidate: Box<Candidate>) {
        self.contested.entry(holder).or_default().push((asker, candidate));
    }

    /// Those that waited for this holder of a name, which wait no more.
    pub fn contest_ends(&mut self, holder: u64) -> Vec<(Asker, Box<Candidate>)> {
        self.contested.remove(&holder).unwrap_or_default()
    }

    /// The time until the last that waits is decided, at the rate of the last second.
    fn delay(&self) -> Millis {
        let ahead = (self.asked.len() + self.waiting.len()) as u64;
        Millis(ahead * 1000 / self.decided.each_second.max(1)).clamp(DELAYS.0, DELAYS.1)
    }
}

impl Gatekeeper {
    /// Names a question to the engine.
    pub(super) const fn next_ticket(&mut self) -> Ticket {
        self.claims.last_ticket += 1;
        Ticket(self.claims.last_ticket)
    }

    /// A registration from before a restart is to be claimed when its turn comes.
    pub(super) fn claim_in_turn(&mut self, now: Now, number: u64) {
        if self.claims.restored.is_empty() {
            self.timers.set(now.instant, Due::Claims);
        }
        self.claims.restored.push_back(number);
    }

    /// Claims a new registration at once, or when its turn comes, which its endpoint is told.
    pub(super) fn claim_soon(&mut self, number: u64, registering: Registering) {
        if self.claims.asked.len() < ASKED_MAX {
            return self.claim(number, Some(registering));
        }
        self.counters.postponed += 1;
        self.in_progress(&registering.asker, self.claims.delay());
        self.claims.waiting.push_back((number, registering));
    }

    /// Claims what waits for it, as much as may be under way; each claim that is decided lets another follow.
    pub(super) fn claim_waiting(&mut self) {
        while self.claims.asked.len() < ASKED_MAX {
            if let Some((number, registering)) = self.claims.waiting.pop_front() {
                self.claim(number, Some(registering));
            } else if let Some(number) = self.claims.restored.pop_front() {
                if self.registrations.get(number).is_some_and(|registration| !registration.claimed) {
                    self.claim(number, None);
                }
            } else {
                return;
            }
        }
    }

    /// The engine has decided a claim: of which registration, and who is to be told.
    pub(super) fn decided(&mut self, now: Now, ticket: Ticket) -> Option<(u64, Option<Registering>)> {
        let decided = self.claims.asked.remove(&ticket)?;
        self.claims.decided.one(now.instant);
        self.claim_waiting();
        Some(decided)
    }
}
