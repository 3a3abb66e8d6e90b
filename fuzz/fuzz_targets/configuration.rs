//! Configuration files: each is taken, or refused with its lines, and what is taken can be used.

#![no_main]

use h323::gatekeeper::Gatekeeper;
use model::GatewayId;
use model::address::PseudonymKey;
use server::settings::Settings;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    match Settings::parse(text) {
        Ok(settings) => {
            let _ = settings.h323.signalling_addresses();
            let _ = settings.presence.engine();
            let _ = settings.messages.engine();
            let Ok(zone) = settings.zone.zone(PseudonymKey::new([7; 32])) else { return };
            let settings = settings.h323.gatekeeper(zone, &settings.presence, &settings.limits, Some(1720));
            drop(Gatekeeper::new(GatewayId(0), settings, [1; 32]));
        }
        Err(problems) => assert!(!problems.is_empty(), "a refusal says why"),
    }
});
