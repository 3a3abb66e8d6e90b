//! How the server is after a restart: until it answers, and until everybody's registration is known to stand.

use crate::arguments::CommonArguments;
use crate::discovery;
use crate::endpoints::KeepAlives;
use crate::error::BenchError;
use crate::interrupt;
use crate::progress::Progress;
use crate::ras::Bench;
use crate::report::Phase;
use crate::status;
use serde_json::Value;
use server::control::Status;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(20);

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
    let is_there = || discovery::is_there(target, from, Duration::from_millis(200));
    while is_there() && waited.elapsed() < PATIENCE && !interrupt::happened() {
        sleep(LOOK);
    }
    let gone = Instant::now();
    while !is_there() && waited.elapsed() < PATIENCE && !interrupt::happened() {
        sleep(LOOK);
    }
    let silent = gone.elapsed();
    if waited.elapsed() >= PATIENCE {
        let hint = " again after the restart";
        return Err(BenchError::NoAnswer { target, hint });
    }
    let back = Instant::now();
    let mut dialogue = KeepAlives::new(&bench.registering.population, &bench.identifiers)?.once();
    let total = u64::from(bench.registering.population.count);
    let mut progress = Progress::new("settle", Some(total));
    let tally = bench.exchange.run(&mut dialogue, bench.pace, bench.rules, &mut progress)?;
    let mut phase = Phase::new("settle", &tally, None)
        .with("secondsWithoutAnswer", silent.as_secs_f64())
        .with("secondsUntilAllRefreshed", back.elapsed().as_secs_f64());
    if let Some(before) = before {
        let known = |status: &Status| shown(status, &["available", "onCall", "away"]);
        let mut offline_max = 0;
        let mut after = status::of(data, target);
        while back.elapsed() < STATES && !interrupt::happened() {
            offline_max = offline_max.max(after.as_ref().map_or(0, |after| shown(after, &["offline"])));
            if after.as_ref().is_some_and(|after| known(after) >= known(&before)) {
                break;
            }
            sleep(Duration::from_millis(100));
            after = status::of(data, target);
        }
        let presence = |status: Option<&Status>| status.map_or(Value::Null, |status| status.presence.clone());
        phase = phase
            .with("secondsUntilStatesRight", back.elapsed().as_secs_f64())
            .with("offlineBefore", shown(&before, &["offline"]))
            .with("offlineMax", offline_max)
            .with("presenceBefore", before.presence.clone())
            .with("presenceAfter", presence(after.as_ref()));
    }
    Ok(phase)
}

/// How many are shown as one of these.
fn shown(status: &Status, states: &[&str]) -> u64 {
    states.iter().filter_map(|state| status.presence.get(*state)?.as_u64()).sum()
}
