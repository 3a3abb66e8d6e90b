//! The loop that sends requests, takes answers, repeats what is lost, and counts.

use crate::error::BenchError;
use crate::flights::{Flight, Flights, Key, Micros, State};
use crate::interrupt;
use crate::progress::Progress;
use crate::socket::{self, BATCH_MAX, Batch, Port};
use crate::tally::Tally;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// The longest sleep, so that an interruption is noticed.
const SLEEP_MAX: Duration = Duration::from_millis(50);

/// What is said and what is understood; the loop does the rest.
pub(crate) trait Dialogue {
    /// What the next request at a socket is about; `None` where there is nothing to ask there now.
    fn next(&mut self, now: Micros, port: usize) -> Option<u32>;

    /// Appends the request; the same arguments give the same octets, also later.
    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>);

    /// Which request a datagram answers, and how; `None` where it is no answer.
    fn read(&mut self, octets: &[u8]) -> Option<Answer>;

    /// Whether a confirm is that of this request; what it says is kept.
    fn confirm(&mut self, now: Micros, subject: u32, octets: &[u8]) -> bool;

    /// A request was rejected, or nobody answered it.
    fn fail(&mut self, _now: Micros, _subject: u32, _reject: Option<&str>) {}

    /// What is no answer; whether it was understood. An answer to it goes into the batch.
    fn unasked(&mut self, _now: Micros, _octets: &[u8], _out: &mut Batch) -> bool {
        false
    }

    /// Does what there is to do on other connections; how much that was.
    fn turn(&mut self, _now: Micros) -> usize {
        0
    }

    /// What is counted there, and how much of it is under way, where that is what the measurement is about.
    fn elsewhere(&self) -> Option<(&Tally, usize)> {
        None
    }

    /// What is readable when [`Self::turn`] has something to do.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Whether [`Self::next`] may have something later though it has nothing now.
    fn waits(&self) -> bool {
        false
    }
}

/// What an answer says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub sequence: u16,
    pub word: Word,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Word {
    Confirm,
    Reject(String),
    /// The answer comes within this time.
    Wait(Duration),
}

/// How fast requests are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// So many are under way at a time; each answer lets the next one leave.
    Closed { window: usize },
    /// So many each second, whatever comes back.
    Open { rate: f64 },
}

/// When requests are given up, and when there are no new ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub timeout: Duration,
    pub repeats: u8,
    /// No request is begun later than this after the start.
    pub at_most: Option<Duration>,
}

/// The sockets of a measurement with one target.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub ports: Vec<Port>,
    pub target: SocketAddr,
    flights: Flights,
    epoch: Instant,
    batch: Batch,
}

/// One run of the loop.
struct Run<'a, D> {
    exchange: &'a mut Exchange,
    dialogue: &'a mut D,
    pace: Pace,
    rules: Rules,
    start: Micros,
    tally: Tally,
    /// When the last confirm came.
    last: Micros,
    /// Where the next request leaves.
    turn: usize,
}

impl Exchange {
    pub fn new(ports: Vec<Port>, target: SocketAddr) -> Self {
        let flights = Flights::new(ports.len());
        Self { ports, target, flights, epoch: Instant::now(), batch: Batch::default() }
    }

    /// The moment, in microseconds.
    pub fn now(&self) -> Micros {
        self.epoch.elapsed().as_micros() as Micros
    }

    /// Runs a dialogue until it has nothing more to ask or the time is over, and all answers are there or given up.
    ///
    /// # Errors
    /// Nobody listens at the target.
    pub fn run<D: Dialogue>(
        &mut self,
        dialogue: &mut D,
        pace: Pace,
        rules: Rules,
        progress: &mut Progress,
    ) -> Result<Tally, BenchError> {
        let start = self.now();
        let mut run = Run {
            exchange: self,
            dialogue,
            pace,
            rules,
            start,
            tally: Tally::default(),
            last: start,
            turn: 0,
        };
        run.run(progress)?;
        let mut tally = run.tally;
        let end =
            rules.at_most.map_or(run.last, |at_most| run.last.min(start + at_most.as_micros() as Micros));
        tally.elapsed = Duration::from_micros(end.saturating_sub(start));
        Ok(tally)
    }
}

impl<D: Dialogue> Run<'_, D> {
    fn run(&mut self, progress: &mut Progress) -> Result<(), BenchError> {
        loop {
            let mut came = 0;
            for port in 0..self.exchange.ports.len() {
                came += self.receive(port)?;
            }
            let now = self.exchange.now();
            came += self.dialogue.turn(now);
            self.repeat(now)?;
            let is_over = interrupt::happened()
                || self.rules.at_most.is_some_and(|most| now >= self.start + most.as_micros() as Micros);
            let offered = if is_over { Some(0) } else { self.offer(now)? };
            let sent = offered.unwrap_or(0);
            let is_through = is_over || offered == Some(0) && !self.dialogue.waits();
            if self.exchange.flights.len() == 0 && is_through {
                return Ok(());
            }
            if interrupt::happened() && came == 0 {
                return Ok(());
            }
            let here = (&self.tally, self.exchange.flights.len());
            let (tally, under_way) = self.dialogue.elsewhere().unwrap_or(here);
            progress.show(tally, under_way);
            if came == 0 && sent == 0 {
                socket::wait(&self.exchange.ports, self.dialogue.descriptor(), self.sleep(now));
            }
        }
    }

    /// How long there is nothing to do unless something comes.
    fn sleep(&self, now: Micros) -> Duration {
        let timeout = self.exchange.flights.deadline().map(|due| due.saturating_sub(now));
        let next = match self.pace {
            Pace::Closed { .. } => None,
            Pace::Open { rate } => Some((1e6 / rate) as Micros),
        };
        let waits = self.dialogue.waits().then_some(1000);
        let micros = timeout.into_iter().chain(next).chain(waits).min();
        micros.map_or(SLEEP_MAX, Duration::from_micros).min(SLEEP_MAX)
    }

    fn receive(&mut self, port: usize) -> Result<usize, BenchError> {
        let count = match self.exchange.ports[port].receive() {
            Ok(count) => count,
            Err(error) => return self.unreachable(error).map(|()| 0),
        };
        if count == 0 {
            return Ok(0);
        }
        let now = self.exchange.now();
        let mut answers = Batch::default();
        for index in 0..count {
            let octets = self.exchange.ports[port].datagram(index);
            match self.dialogue.read(octets) {
                Some(Answer { sequence, word }) => {
                    let key = Key { port: port as u16, sequence };
                    let flights = &mut self.exchange.flights;
                    self.tally.answers += 1;
                    self.tally.answer_octets += octets.len() as u64;
                    if take(flights, &mut self.tally, self.dialogue, now, key, word, octets) {
                        self.last = now;
                    }
                }
                None if self.dialogue.unasked(now, octets, &mut answers) => {}
                None => self.tally.stray += 1,
            }
        }
        if answers.len() > 0 {
            // What does not leave is lost like a datagram on the way.
            let _ = self.exchange.ports[port].send(&answers);
        }
        Ok(count)
    }

    /// Sends again what was not answered in time, or gives it up.
    fn repeat(&mut self, now: Micros) -> Result<(), BenchError> {
        let timeout = self.rules.timeout.as_micros() as Micros;
        while let Some(key) = self.exchange.flights.due(now) {
            self.tally.timeouts += 1;
            let subject = self.exchange.flights.get(key).subject;
            if !interrupt::happened() && self.exchange.flights.repeat(key, now + timeout) {
                self.tally.repeated += 1;
                self.exchange.batch.clear();
                self.dialogue.write(subject, key.sequence, &mut self.exchange.batch.octets);
                self.exchange.batch.end();
                self.send(usize::from(key.port))?;
            } else {
                self.exchange.flights.end(key, State::GivenUp);
                self.tally.lost += 1;
                self.dialogue.fail(now, subject, None);
            }
        }
        Ok(())
    }

    /// Begins as many requests as the pace allows; how many, and `None` where it allows none now.
    fn offer(&mut self, now: Micros) -> Result<Option<usize>, BenchError> {
        let room = match self.pace {
            Pace::Closed { window } => window.saturating_sub(self.exchange.flights.len()),
            Pace::Open { rate } => {
                let due = ((now - self.start) as f64 * rate / 1e6) as u64;
                due.saturating_sub(self.tally.offered) as usize
            }
        };
        if room == 0 {
            return Ok(None);
        }
        let mut begun = 0;
        let ports = self.exchange.ports.len();
        let mut idle = 0;
        while begun < room && idle < ports {
            self.turn = (self.turn + 1) % ports;
            let some = self.offer_at(now, self.turn, (room - begun).min(BATCH_MAX))?;
            begun += some;
            idle = if some == 0 { idle + 1 } else { 0 };
            // What comes meanwhile must not wait for the whole window.
            if begun >= 4 * BATCH_MAX {
                break;
            }
        }
        Ok(Some(begun))
    }

    fn offer_at(&mut self, now: Micros, port: usize, most: usize) -> Result<usize, BenchError> {
        let due = now + self.rules.timeout.as_micros() as Micros;
        self.exchange.batch.clear();
        while self.exchange.batch.len() < most {
            if !self.exchange.flights.has_room(port) {
                self.tally.held_back += 1;
                break;
            }
            let Some(subject) = self.dialogue.next(now, port) else { break };
            let begun = match self.pace {
                Pace::Closed { .. } => now,
                // When it should have left; that it left late is part of what a user waits.
                Pace::Open { rate } => self.start + (self.tally.offered as f64 * 1e6 / rate) as Micros,
            };
            let flight =
                Flight { subject, begun, due, repeats_left: self.rules.repeats, ..Flight::default() };
            let key = self.exchange.flights.begin(port, flight);
            self.dialogue.write(subject, key.sequence, &mut self.exchange.batch.octets);
            self.exchange.batch.end();
            self.tally.offered += 1;
        }
        let begun = self.exchange.batch.len();
        self.send(port)?;
        Ok(begun)
    }

    /// Sends the batch; what the system does not take is lost like a datagram on the way.
    fn send(&mut self, port: usize) -> Result<(), BenchError> {
        let batch = &self.exchange.batch;
        self.tally.requests_sent += batch.len() as u64;
        self.tally.request_octets += batch.octets.len() as u64;
        if batch.len() == 0 {
            return Ok(());
        }
        match self.exchange.ports[port].send(batch) {
            Ok(_) => Ok(()),
            Err(error) => self.unreachable(error),
        }
    }

    /// An error of a socket. That nobody listens is fatal only as long as nobody ever answered: a server that is
    /// started again is silent for a while.
    fn unreachable(&self, error: std::io::Error) -> Result<(), BenchError> {
        match error.kind() {
            ErrorKind::ConnectionRefused if self.tally.answers > 0 || self.dialogue.waits() => Ok(()),
            ErrorKind::ConnectionRefused => {
                Err(BenchError::NoAnswer { target: self.exchange.target, hint: ": nothing listens there" })
            }
            _ => Err(BenchError::system(format!("can't reach {}", self.exchange.target))(error)),
        }
    }
}

/// Takes an answer; whether it is the confirm of a request that waits.
fn take<D: Dialogue>(
    flights: &mut Flights,
    tally: &mut Tally,
    dialogue: &mut D,
    now: Micros,
    key: Key,
    word: Word,
    octets: &[u8],
) -> bool {
    let Flight { subject, state, begun, .. } = *flights.get(key);
    match (state, word) {
        (State::Unused, _) => tally.stray += 1,
        (State::Answered, _) => tally.duplicates += 1,
        (State::GivenUp, _) => tally.late += 1,
        (State::Waiting, Word::Wait(delay)) => {
            tally.asked_to_wait += 1;
            flights.postpone(key, now + delay.as_micros() as Micros);
        }
        (State::Waiting, Word::Reject(reason)) => {
            tally.reject(&reason);
            flights.end(key, State::Answered);
            dialogue.fail(now, subject, Some(&reason));
        }
        (State::Waiting, Word::Confirm) => {
            // One that is wrong leaves the request open: the right one may still come.
            if !dialogue.confirm(now, subject, octets) {
                tally.wrong += 1;
                return false;
            }
            flights.end(key, State::Answered);
            tally.confirmed += 1;
            tally.latency.record(now.saturating_sub(begun));
            return true;
        }
    }
    false
}
