//! A line on standard error now and then, so that a long run is not silent.

use crate::tally::Tally;
use std::time::{Duration, Instant};

/// Time between two lines.
const INTERVAL: Duration = Duration::from_secs(5);

/// Tells how far a phase is.
#[derive(Debug)]
pub(crate) struct Progress {
    phase: String,
    total: Option<u64>,
    /// Confirms of earlier rounds of this phase.
    before: u64,
    last: Instant,
    /// Since when the confirms are counted that make the rate.
    since: Instant,
    confirmed: u64,
    calls: u32,
}

impl Progress {
    pub fn new(phase: impl Into<String>, total: Option<u64>) -> Self {
        let now = Instant::now();
        Self { phase: phase.into(), total, before: 0, last: now, since: now, confirmed: 0, calls: 0 }
    }

    /// What is counted from now on comes on top of what was confirmed so far.
    pub fn next_round(&mut self, confirmed: u64) {
        self.before = confirmed;
        // The echo had its turn meanwhile, which is no time in which the target stood still.
        (self.confirmed, self.since) = (0, Instant::now());
    }

    /// Prints a line where it is time for one.
    pub fn show(&mut self, tally: &Tally, under_way: usize) {
        self.calls = self.calls.wrapping_add(1);
        if !self.calls.is_multiple_of(64) && under_way > 0 {
            return;
        }
        if self.last.elapsed() < INTERVAL {
            return;
        }
        let passed = self.since.elapsed().as_secs_f64().max(0.001);
        let rate = tally.confirmed.saturating_sub(self.confirmed) as f64 / passed;
        let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
        eprintln!(
            "{}: {}{of} confirmed, {rate:.0}/s now, {under_way} under way, {} rejected, {} told to wait, {} lost",
            self.phase,
            self.before + tally.confirmed,
            tally.rejects(),
            tally.asked_to_wait,
            tally.lost
        );
        let now = Instant::now();
        (self.last, self.since, self.confirmed) = (now, now, tally.confirmed);
    }
}
