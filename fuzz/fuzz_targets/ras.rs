//! RAS datagrams.

#![no_main]

use h323::wire::h225::RasMessage;
use herald_fuzz::{is_exact, is_stable};

libfuzzer_sys::fuzz_target!(|datagram: &[u8]| {
    is_stable::<RasMessage>(datagram);
    is_exact(datagram);
});
