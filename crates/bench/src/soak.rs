//! Half load for a long time: does the memory of the server stay flat?

use crate::endpoints::KeepAlives;
use crate::error::BenchError;
use crate::exchange::{Pace, Rules};
use crate::interrupt;
use crate::memory;
use crate::progress::Progress;
use crate::ras::Bench;
use crate::report::Phase;
use crate::tally::Tally;
use serde_json::{Value, json};
use std::time::Duration;

/// The most samples of memory.
const SAMPLES_MAX: f64 = 360.0;

/// Keeps all endpoints alive at a rate, and samples the memory of the server.
pub(crate) fn run(bench: &mut Bench, rate: f64, minutes: f64, pid: Option<u32>) -> Result<Phase, BenchError> {
    if rate <= 0.0 || minutes <= 0.0 {
        return Err(BenchError::Usage("a soak needs a rate and a length above zero".to_owned()));
    }
    let total = minutes * 60.0;
    let slice = (total / SAMPLES_MAX).max(1.0).min(total);
    let rules = Rules { at_most: Some(Duration::from_secs_f64(slice)), ..bench.rules };
    let mut progress = Progress::new("soak", Some((rate * total) as u64));
    let mut samples: Vec<Value> = Vec::new();
    let mut tally = Tally::default();
    let mut dialogue = KeepAlives::new(&bench.registering.population, &bench.identifiers)?;
    while tally.elapsed.as_secs_f64() + slice / 2.0 < total && !interrupt::happened() {
        progress.next_round(tally.confirmed);
        let mut part = bench.exchange.run(&mut dialogue, Pace::Open { rate }, rules, &mut progress)?;
        // A slice without any answer takes its time all the same.
        part.elapsed = part.elapsed.max(Duration::from_secs_f64(slice));
        tally.add(&part);
        if let Some(pid) = pid {
            let seconds = tally.elapsed.as_secs_f64();
            samples.push(json!({"seconds": seconds, "residentOctets": memory::resident(pid)?}));
        }
    }
    let phase = Phase::new("soak", &tally, None).with("offeredRate", rate);
    let octets = |sample: Option<&Value>| sample.and_then(|sample| sample["residentOctets"].as_u64());
    // The first tenth is the server's to warm up.
    let warm = samples.get(samples.len() / 10);
    Ok(match (octets(warm), octets(samples.last())) {
        (Some(warm), Some(last)) => {
            phase.with("growth", last as f64 / warm as f64).with("memory", Value::Array(samples))
        }
        _ => phase,
    })
}
