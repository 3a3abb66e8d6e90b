//! The plays of `tests/scenarios`, acted out with seed 1, or with as many as `HERALD_SEEDS` says.

// A play that can't be read fails its test.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

fn plays(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut plays: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "play")).collect();
    plays.sort();
    plays
}

#[test]
fn every_play_happens_as_it_is_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios/h323");
    let plays = plays(&directory);
    assert!(!plays.is_empty());
    let seeds: u64 = std::env::var("HERALD_SEEDS").map_or(1, |seeds| seeds.parse().unwrap());
    let mut failed = Vec::new();
    for path in plays {
        let text = std::fs::read_to_string(&path).unwrap();
        for seed in 1..=seeds {
            if let Err(error) = sim::play::act(&text, seed) {
                failed.push(format!("{} with seed {seed}: {error}", path.file_name().unwrap().display()));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
