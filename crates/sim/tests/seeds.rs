//! Random plays: the seeds that once failed, and new ones each time for as long as `HERALD_SECONDS` says, from the
//! moment of the start on, or from `HERALD_FIRST`. `HERALD_SEED` names one seed to run alone, with everything that is
//! seen printed.

// A list that can't be read fails its test.
#![allow(clippy::unwrap_used)]

use sim::{Report, Run, Tally};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn run(seed: u64) -> Report {
    sim::run(Run { seed, fault: None, is_printed: false })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// A seed that no run has begun with: the milliseconds since 1970, of which a run takes as many as it has seeds.
fn new_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

fn complain(seed: u64, report: &Report) -> Option<String> {
    let violation = report.violation.as_ref()?;
    Some(format!(
        "{violation}\n  again: HERALD_SEED={seed} cargo test -p sim --test seeds promise -- --nocapture"
    ))
}

#[test]
fn equal_seeds_give_equal_runs_and_others_do_not() {
    let (one, again, other) = (run(7), run(7), run(8));
    assert_eq!((one.hash, one.seen), (again.hash, again.seen));
    assert_ne!(one.hash, other.hash);
}

#[test]
fn no_seed_that_once_failed_fails_again() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios/seeds.txt");
    let text = std::fs::read_to_string(list).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let seeds: Vec<u64> =
        lines.map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect();
    assert!(!seeds.is_empty());
    let failed: Vec<_> = seeds.iter().filter_map(|seed| complain(*seed, &run(*seed))).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

// covers: C-09
#[test]
fn no_new_seed_breaks_a_promise() {
    if let Some(seed) = number("HERALD_SEED") {
        let report = sim::run(Run { seed, fault: None, is_printed: true });
        assert_eq!(complain(seed, &report), None);
        return;
    }
    let length = Duration::from_secs(number("HERALD_SECONDS").unwrap_or(1));
    let started = Instant::now();
    let first = number("HERALD_FIRST").unwrap_or_else(new_seed);
    println!("seeds from {first} on");
    let (next, simulated) = (AtomicU64::new(first), AtomicU64::new(0));
    let (failed, tally) = (Mutex::new(Vec::new()), Mutex::new(Tally::default()));
    let work = || {
        while started.elapsed() < length && failed.lock().unwrap().is_empty() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let report = run(seed);
            simulated.fetch_add(report.simulated.0, Ordering::Relaxed);
            tally.lock().unwrap().add(report.tally);
            failed.lock().unwrap().extend(complain(seed, &report));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (runs, tally) = (next.into_inner() - first, tally.into_inner().unwrap());
    let (took, hours) = (started.elapsed().as_secs_f64(), simulated.into_inner() as f64 / 3.6e6);
    println!("{runs} runs, {hours:.1} hours of the world in {took:.1} s: {tally}");
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(tally.accepted > 0 && tally.shown > 0 && tally.states > 0, "nothing happened: {tally}");
}
