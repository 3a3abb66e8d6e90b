//! What a decoder allocates is bounded by its input. A file of its own, because the allocator counts for the whole
//! program; one test, because tests run beside each other.

#![allow(clippy::unwrap_used)]

use codec::per;
use h323::wire::h225::{H323UserInformation, RasMessage};
use h323::wire::presence::PresenceElement;
use h323::wire::q931::Q931;
use peak_alloc::PeakAlloc;
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Octets allocated at most for each octet of input: the budget of 64 for elements and boxes, and strings.
const FACTOR: usize = 72;
/// Octets allocated at most beyond that, for an input however small.
const FLOOR: usize = 24 * 1024;

/// The most that was allocated at once while `decode` ran.
fn peak<T>(decode: impl FnOnce() -> T) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let value = decode();
    let peak = ALLOCATOR.peak_usage();
    drop(value);
    peak - before
}

/// The decoders, and what each allocates for these octets.
fn peaks(octets: &[u8]) -> [usize; 4] {
    [
        peak(|| per::decode::<RasMessage>(octets)),
        peak(|| per::decode::<H323UserInformation>(octets)),
        peak(|| per::decode::<PresenceElement>(octets)),
        peak(|| Q931::decode(octets)),
    ]
}

fn recorded() -> Vec<Vec<u8>> {
    let lines = include_str!("vectors/vectors.jsonl").lines();
    let octets = |line| {
        let vector: Value = serde_json::from_str(line).unwrap();
        let digits = vector["hex"].as_str().unwrap().to_owned();
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    };
    lines.map(octets).collect()
}

// covers: F-21
#[test]
fn a_decoder_allocates_at_most_a_small_multiple_of_its_input() {
    let mut worst = 0.0_f64;
    let mut try_octets = |octets: &[u8]| {
        for peak in peaks(octets) {
            assert!(peak <= FLOOR + FACTOR * octets.len(), "{peak} octets for {} of input", octets.len());
            if octets.len() > 1000 {
                worst = worst.max(peak as f64 / octets.len() as f64);
            }
        }
    };
    let recorded = recorded();
    for message in &recorded {
        try_octets(message);
        // Every octet once as the longest length that is not fragmented, and as all ones.
        for place in 0..message.len() {
            for damage in [&[0xbf, 0xff][..], &[0x7f], &[0xff], &[0x00]] {
                let mut octets = message.clone();
                let end = octets.len().min(place + damage.len());
                octets[place..end].copy_from_slice(&damage[..end - place]);
                try_octets(&octets);
            }
        }
    }
    // The length of the message that once became thirteen million elements elsewhere, and the longest datagram.
    for length in [201, 65_507] {
        for start in &recorded {
            for filling in [0x00, 0x01, 0x7f, 0x80, 0xbf, 0xff] {
                let mut octets = start.clone();
                octets.resize(length.max(start.len()), filling);
                try_octets(&octets);
                let half = octets.len().min(start.len() / 2);
                octets[half..].fill(filling);
                try_octets(&octets);
            }
        }
    }
    println!("at most {worst:.1} octets allocated for each octet of an input longer than 1,000");
}
