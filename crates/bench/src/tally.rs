//! What was counted in a measurement.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The most different reasons of rejects that are told apart.
const REASONS_MAX: usize = 32;

/// What came of a number of requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Requests that were begun.
    pub offered: u64,
    /// Those that were confirmed, by the right answer.
    pub confirmed: u64,
    /// Those that were rejected, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Those that nobody answered, repetitions included.
    pub lost: u64,
    /// Times that an answer did not come in time.
    pub timeouts: u64,
    /// Datagrams that were sent again.
    pub repeated: u64,
    /// Times that the server asked for patience.
    pub asked_to_wait: u64,
    /// Answers to what had been answered.
    pub duplicates: u64,
    /// Answers to what had been given up.
    pub late: u64,
    /// Confirms that are not what was asked for.
    pub wrong: u64,
    /// Datagrams that belong to nothing, or can't be read.
    pub stray: u64,
    /// What could not leave when it was due, since too many were under way (open loop).
    pub held_back: u64,
    pub elapsed: Duration,
    pub latency: Latency,
    pub request_octets: u64,
    pub requests_sent: u64,
    pub answer_octets: u64,
    pub answers: u64,
}

/// Times in microseconds, to three digits, up to ten minutes.
#[derive(Clone, Debug)]
pub(crate) struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are in the library's range"))
    }
}

impl Latency {
    pub fn record(&mut self, microseconds: u64) {
        self.0.saturating_record(microseconds.max(1));
    }

    pub fn add(&mut self, other: &Self) {
        // Both have the same bounds, so that nothing can be out of them.
        let _ = self.0.add(&other.0);
    }

    /// The percentiles, in milliseconds.
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        Percentiles {
            count: self.0.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        }
    }
}

/// Percentiles of a latency, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Percentiles {
    /// How many were measured.
    pub count: u64,
    /// The median.
    pub p50: f64,
    /// 90 of 100 are below.
    pub p90: f64,
    /// 99 of 100 are below.
    pub p99: f64,
    /// 999 of 1000 are below.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Tally {
    pub fn reject(&mut self, reason: &str) {
        let is_known = self.rejected.len() < REASONS_MAX || self.rejected.contains_key(reason);
        *self.rejected.entry(if is_known { reason } else { "other" }.to_owned()).or_default() += 1;
    }

    pub fn rejects(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Confirms each second.
    pub fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.confirmed as f64 / seconds } else { 0.0 }
    }

    /// The mean size of a request.
    pub fn request_size(&self) -> usize {
        self.request_octets.checked_div(self.requests_sent).unwrap_or(0) as usize
    }

    /// The mean size of an answer.
    pub fn answer_size(&self) -> usize {
        self.answer_octets.checked_div(self.answers).unwrap_or(0) as usize
    }

    /// Adds a later part of the same measurement.
    pub fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.confirmed += other.confirmed;
        for (reason, count) in &other.rejected {
            *self.rejected.entry(reason.clone()).or_default() += count;
        }
        self.lost += other.lost;
        self.timeouts += other.timeouts;
        self.repeated += other.repeated;
        self.asked_to_wait += other.asked_to_wait;
        self.duplicates += other.duplicates;
        self.late += other.late;
        self.wrong += other.wrong;
        self.stray += other.stray;
        self.held_back += other.held_back;
        self.elapsed += other.elapsed;
        self.latency.add(&other.latency);
        self.request_octets += other.request_octets;
        self.requests_sent += other.requests_sent;
        self.answer_octets += other.answer_octets;
        self.answers += other.answers;
    }

    /// The figures, for people and programs.
    pub fn figures(&self) -> Figures {
        Figures {
            seconds: self.elapsed.as_secs_f64(),
            rate: self.rate(),
            offered: self.offered,
            confirmed: self.confirmed,
            rejected: self.rejected.clone(),
            lost: self.lost,
            timeouts: self.timeouts,
            repeated: self.repeated,
            asked_to_wait: self.asked_to_wait,
            duplicates: self.duplicates,
            late: self.late,
            wrong: self.wrong,
            stray: self.stray,
            held_back: self.held_back,
            request_octets: self.request_size(),
            answer_octets: self.answer_size(),
            latency_ms: self.latency.percentiles(),
        }
    }
}

/// The figures of one measurement.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// How long it took.
    pub seconds: f64,
    /// Confirms each second.
    pub rate: f64,
    /// Requests begun.
    pub offered: u64,
    /// Requests confirmed by the right answer.
    pub confirmed: u64,
    /// Requests rejected, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Requests never answered, repetitions included.
    pub lost: u64,
    /// Answers that did not come in time.
    pub timeouts: u64,
    /// Datagrams sent again.
    pub repeated: u64,
    /// Requests in progress (RIP).
    pub asked_to_wait: u64,
    /// Answers that came twice.
    pub duplicates: u64,
    /// Answers to requests that were given up.
    pub late: u64,
    /// Confirms of something else.
    pub wrong: u64,
    /// Datagrams that belong to nothing.
    pub stray: u64,
    /// Requests that were due and could not leave, since too many were under way.
    pub held_back: u64,
    /// The mean size of a request.
    pub request_octets: usize,
    /// The mean size of an answer.
    pub answer_octets: usize,
    /// From the first sending, or in an open loop from the moment it was due, to the confirm.
    pub latency_ms: Percentiles,
}
