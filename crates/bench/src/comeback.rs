//! Everyone comes back at once: an open loop at twice what the server can do, by endpoints that behave.

use crate::endpoints::{Identifiers, Registering};
use crate::error::BenchError;
use crate::exchange::{Answer, Dialogue, Pace, Rules};
use crate::flights::Micros;
use crate::progress::Progress;
use crate::ras::Bench;
use crate::reply;
use crate::report::Phase;
use crate::tally::Latency;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

/// The time within which an endpoint expects an answer, and how often it repeats, as Herald's own endpoint does.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
const REPEATS: u8 = 2;

/// A registration that takes this much longer than the ideal is not waited for.
const LONGEST: f64 = 10.0;

/// How soon an endpoint registers again that is told to.
const AGAIN: Micros = 1_000_000;

/// Endpoints that register at their time, wait when they are told to, and try again when they may.
#[derive(Debug)]
struct Comeback<'a> {
    registering: &'a mut Registering,
    identifiers: &'a mut Identifiers,
    /// Since when they come.
    start: Micros,
    /// How many come each second.
    rate: f64,
    /// The next newcomer of each socket.
    next: Vec<u32>,
    /// Those that try again, by socket.
    again: Vec<BinaryHeap<Reverse<(Micros, u32)>>>,
    pause: Micros,
    pauses: u64,
    /// Rejected for a reason that does not go away.
    refused: BTreeMap<String, u64>,
    /// From when each was to come until it was in.
    waited: Latency,
    last: Micros,
}

impl Comeback<'_> {
    /// When an endpoint comes.
    fn due(&self, endpoint: u32) -> Micros {
        self.start + (f64::from(endpoint) * 1e6 / self.rate) as Micros
    }

    fn try_again(&mut self, at: Micros, endpoint: u32) {
        let port = self.registering.population.port_of(endpoint);
        self.again[port].push(Reverse((at, endpoint)));
    }
}

impl Dialogue for Comeback<'_> {
    fn next(&mut self, now: Micros, port: usize) -> Option<u32> {
        if let Some(Reverse((at, endpoint))) = self.again[port].peek().copied()
            && at <= now
        {
            self.again[port].pop();
            return Some(endpoint);
        }
        let endpoint = self.next[port];
        if endpoint >= self.registering.population.count || self.due(endpoint) > now {
            return None;
        }
        self.next[port] += self.next.len() as u32;
        Some(endpoint)
    }

    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>) {
        self.registering.write(subject, sequence, out);
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        reply::registration_answer(octets)
    }

    fn confirm(&mut self, now: Micros, subject: u32, octets: &[u8]) -> bool {
        let is_right = self.registering.confirm(subject, octets, self.identifiers);
        if is_right {
            self.waited.record(now.saturating_sub(self.due(subject)));
            self.last = now;
        }
        is_right
    }

    fn fail(&mut self, now: Micros, subject: u32, reject: Option<&str>) {
        match reject {
            Some("fullRegistrationRequired" | "discoveryRequired") => self.try_again(now + AGAIN, subject),
            None | Some("resourceUnavailable" | "undefinedReason") => {
                self.pauses += 1;
                // Up to a tenth more, different for each: endpoints do not pause in step.
                let more = self.pause / 10 * Micros::from(subject % 97) / 97;
                self.try_again(now + self.pause + more, subject);
            }
            Some(reason) => *self.refused.entry(reason.to_owned()).or_default() += 1,
        }
    }

    fn waits(&self) -> bool {
        let count = self.registering.population.count;
        self.again.iter().any(|again| !again.is_empty()) || self.next.iter().any(|next| *next < count)
    }
}

/// Lets all endpoints come back at `overload` times the rate `steady`; they pause for `pause` seconds where nobody answers
/// or the server has no resources.
pub(crate) fn run(bench: &mut Bench, steady: f64, overload: f64, pause: u32) -> Result<Phase, BenchError> {
    if steady <= 0.0 {
        return Err(BenchError::Unsupported("there was no rate of registrations to return at".to_owned()));
    }
    if !overload.is_finite() || overload <= 0.0 {
        return Err(BenchError::Usage("--overload must be more than nothing".to_owned()));
    }
    let sockets = bench.exchange.ports.len();
    let count = bench.registering.population.count;
    let ideal = f64::from(count) / steady;
    let start = bench.exchange.now();
    let mut dialogue = Comeback {
        registering: &mut bench.registering,
        identifiers: &mut bench.identifiers,
        start,
        rate: steady * overload,
        next: (0..sockets as u32).collect(),
        again: vec![BinaryHeap::new(); sockets],
        pause: Micros::from(pause) * 1_000_000,
        pauses: 0,
        refused: BTreeMap::new(),
        waited: Latency::default(),
        last: start,
    };
    let longest = Duration::from_secs_f64(ideal * LONGEST + 4.0 * f64::from(pause));
    let rules = Rules { timeout: ANSWER_WITHIN, repeats: REPEATS, at_most: Some(longest) };
    let mut progress = Progress::new("return", Some(u64::from(count)));
    let tally =
        bench.exchange.run(&mut dialogue, Pace::Closed { window: usize::MAX }, rules, &mut progress)?;
    let seconds = (dialogue.last - start) as f64 / 1e6;
    let waited = dialogue.waited.percentiles();
    let phase = Phase::new("return", &tally, None)
        .with("steadyRate", steady)
        .with("offeredRate", steady * overload)
        .with("toldToWait", tally.asked_to_wait)
        .with("pauses", dialogue.pauses)
        .with("refusedForGood", dialogue.refused.values().sum::<u64>())
        .with("notBack", u64::from(count).saturating_sub(tally.confirmed))
        .with("secondsUntilLast", seconds)
        .with("idealSeconds", ideal)
        .with("factor", seconds / ideal)
        .with("waitedMsP50", waited.p50)
        .with("waitedMsP99", waited.p99)
        .with("waitedMsMax", waited.max);
    Ok(phase)
}
