//! Runs one seed and prints everything that is seen: `cargo run -p sim --example seed SEED [FAULT]`; or, with a number of
//! runs as `COUNT=n`, that many seeds from there on, printing only how they end.

use sim::{Fault, Run};
use std::time::Instant;

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let seed: u64 = arguments.next().ok_or("which seed?")?.parse().map_err(|error| format!("{error}"))?;
    let fault = arguments.next().map(|name| name.parse::<Fault>()).transpose()?;
    let count = std::env::var("COUNT").ok().and_then(|count| count.parse::<u64>().ok());
    let started = Instant::now();
    let mut simulated = 0;
    for seed in seed..seed + count.unwrap_or(1) {
        let report = sim::run(Run { seed, fault, is_printed: count.is_none() });
        simulated += report.simulated.0;
        match &report.violation {
            Some(violation) => println!("seed {seed}: {violation}"),
            None if count.is_none() => println!("seed {seed}: nothing found. {report:?}"),
            None => {}
        }
    }
    let took = started.elapsed().as_secs_f64();
    println!("{} runs, {:.1} simulated hours in {took:.1} s", count.unwrap_or(1), simulated as f64 / 3.6e6);
    Ok(())
}
