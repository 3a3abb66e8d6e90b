//! How the server is after a restart: until it answers, and until everybody's registration is known to stand.

use crate::arguments::CommonArguments;
use crate::discovery;
use crate::endpoints::{KeepAlives, Population};
use crate::error::BenchError;
use crate::exchange::Rules;
use crate::interrupt;
use crate::progress::Progress;
use crate::ras::Bench;
use crate::report::Phase;
use crate::status;
use serde_json::Value;
use server::control::Status;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Time between two looks at how many are shown as what.
const LOOK_AT_STATES: Duration = Duration::from_secs(1);

/// How long an answer may take while it is looked whether there is one.
const ANSWER: Duration = Duration::from_millis(500);

/// How long a restart may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long the states may take to be right again.
const STATES: Duration = Duration::from_secs(120);

/// Waits for a restart by somebody else; then asks for everybody's registration.
pub(crate) fn run(bench: &mut Bench, common: &CommonArguments, data: &Path) -> Result<Phase, BenchError> {
    let (target, from) = (common.target, common.from);
    let before = status::of(data, target);
    eprintln!("settle: end the server now, and start it again");
    let waited = Instant::now();
    // Gone since the last answer, and not since one was missed: the server may be back before that is noticed.
    let mut gone = Instant::now();
    while discovery::is_there(target, from, ANSWER) && waited.elapsed() < PATIENCE && !interrupt::happened() {
        gone = Instant::now();
        sleep(LOOK);
    }
    while !answers(bench)? && waited.elapsed() < PATIENCE && !interrupt::happened() {
        sleep(LOOK);
    }
    let silent = gone.elapsed();
    if waited.elapsed() >= PATIENCE {
        let hint = " again after the restart";
        return Err(BenchError::NoAnswer { target, hint });
    }
    thread::scope(|scope| {
        // Beside the keep-alives, so that nobody is offline unseen.
        let states = before.map(|before| scope.spawn(move || States::settle(data, target, gone, before)));
        let back = Instant::now();
        let mut dialogue = KeepAlives::new(&bench.registering.population, &bench.identifiers)?.once();
        let total = u64::from(bench.registering.population.count);
        let mut progress = Progress::new("settle", Some(total));
        let tally = bench.exchange.run(&mut dialogue, bench.pace, bench.rules, &mut progress)?;
        let phase = Phase::new("settle", &tally, None)
            .with("secondsWithoutAnswer", silent.as_secs_f64())
            .with("secondsUntilAllRefreshed", back.elapsed().as_secs_f64());
        Ok(match states.and_then(|states| states.join().ok()) {
            Some(states) => states.told(phase),
            None => phase,
        })
    })
}

/// Whether a registered endpoint's keep-alive is answered.
fn answers(bench: &mut Bench) -> Result<bool, BenchError> {
    // The first endpoint stands for all; who was not registered would wait in vain.
    let population = Population { count: 1, ..bench.registering.population.clone() };
    let mut dialogue = KeepAlives::new(&population, &bench.identifiers)?.once();
    let rules = Rules { timeout: ANSWER, repeats: 0, at_most: None };
    let mut progress = Progress::new("settle", None);
    match bench.exchange.run(&mut dialogue, bench.pace, rules, &mut progress) {
        Ok(tally) => Ok(tally.confirmed > 0),
        Err(BenchError::NoAnswer { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What is shown of everybody since a restart.
struct States {
    before: Status,
    after: Option<Status>,
    /// Since the server was gone; `None` where they were not right in time.
    seconds_until_right: Option<f64>,
    offline_max: u64,
}

impl States {
    /// Looks until as many are there as before.
    fn settle(data: &Path, target: SocketAddr, gone: Instant, before: Status) -> Self {
        let known = |status: &Status| shown(status, &["available", "onCall", "away"]);
        let mut states = Self { before, after: None, seconds_until_right: None, offline_max: 0 };
        while gone.elapsed() < STATES && !interrupt::happened() {
            if let Some(after) = status::of(data, target) {
                states.offline_max = states.offline_max.max(shown(&after, &["offline"]));
                let is_right = known(&after) >= known(&states.before);
                states.after = Some(after);
                if is_right {
                    states.seconds_until_right = Some(gone.elapsed().as_secs_f64());
                    break;
                }
            }
            sleep(LOOK_AT_STATES);
        }
        states
    }

    fn told(self, phase: Phase) -> Phase {
        let offline_before = shown(&self.before, &["offline"]);
        phase
            .with("secondsUntilStatesRight", self.seconds_until_right)
            .with("offlineBefore", offline_before)
            .with("offlineMax", self.offline_max)
            .with("offlineMeanwhile", self.offline_max.saturating_sub(offline_before))
            .with("presenceBefore", self.before.presence)
            .with("presenceAfter", self.after.map_or(Value::Null, |after| after.presence))
    }
}

/// How many are shown as one of these.
fn shown(status: &Status, states: &[&str]) -> u64 {
    states.iter().filter_map(|state| status.presence.get(*state)?.as_u64()).sum()
}
