//! Presence elements: what the octet string of the presence feature holds.

#![no_main]

use h323::wire::presence::PresenceElement;
use herald_fuzz::is_stable;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| is_stable::<PresenceElement>(octets));
