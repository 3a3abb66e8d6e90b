//! Soft state as it is read back from the store: lines of a table's letter, a key and a value.

#![no_main]

use h323::gatekeeper::{Gatekeeper, SOFT_TABLES, Settings};
use herald_fuzz::{granted, zone};
use link::{Link, Output};
use model::{GatewayId, Instant, Millis, Now, SoftRecord, Timestamp};

const OUTPUTS_MAX: usize = 10_000;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let mut settings = Settings::new(zone());
    settings.call_signal_port = Some(1720);
    let mut gatekeeper = Gatekeeper::new(GatewayId(0), settings, [1; 32]);
    let mut now = Now { instant: Instant(1000), wall: Timestamp(1_800_000_000_000) };
    for line in text.lines().take(32) {
        let mut words = line.splitn(3, ' ');
        let (Some(table), Some(key), Some(value)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let table = SOFT_TABLES[usize::from(table == "c")];
        let record = SoftRecord { table, key: key.to_owned(), value: Some(value.to_owned()) };
        gatekeeper.restore(now, record);
    }
    drain(&mut gatekeeper, now);
    // What was taken back is written again, and that can be taken back too.
    let written = gatekeeper.snapshot(now, 1000);
    let mut second = Gatekeeper::new(GatewayId(0), Settings::new(zone()), [2; 32]);
    for record in written {
        second.restore(now, record);
    }
    drain(&mut second, now);
    // And it lives on until nothing is left to be done, or for a day.
    let end = now.instant.after(Millis::seconds(86_400));
    for _ in 0..OUTPUTS_MAX {
        let Some(next) = gatekeeper.deadline().filter(|next| *next <= end) else { return };
        now = now.after(next.since(now.instant));
        gatekeeper.timeout(now);
        drain(&mut gatekeeper, now);
    }
    panic!("the clock does not get on");
});

fn drain(gatekeeper: &mut Gatekeeper, now: Now) {
    for _ in 0..OUTPUTS_MAX {
        let Some(output) = gatekeeper.poll() else { return };
        if let Output::Request(request) = output
            && let Some(effect) = granted(request)
        {
            gatekeeper.apply(now, effect);
        }
    }
    panic!("more than {OUTPUTS_MAX} outputs");
}
