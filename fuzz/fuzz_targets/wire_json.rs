//! JSON readings, as `herald wire encode` takes them from anybody.

#![no_main]

use h323::wire::reading;
use herald_fuzz::is_exact;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let Ok(reading) = serde_json::from_slice(text) else { return };
    if let Ok(octets) = reading::write(&reading) {
        is_exact(&octets);
    }
});
