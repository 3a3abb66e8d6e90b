//! The figures, for people and for programs.

use crate::socket::Buffers;
use crate::tally::{Figures, Tally};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;

/// What one run of `herald bench` found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was measured.
    pub bench: &'static str,
    /// The gatekeeper.
    pub target: SocketAddr,
    /// How many endpoints there were.
    pub endpoints: u32,
    /// The sockets that they shared.
    pub sockets: usize,
    /// The most requests under way at a time, in a closed loop.
    pub window: u32,
    /// After this time a request counted as unanswered.
    pub timeout_ms: u32,
    /// How often an unanswered request was sent again.
    pub repeats: u8,
    /// What the system gave each of our sockets.
    pub buffers: Buffers,
    /// What it gave the echo.
    pub echo_buffers: Option<Buffers>,
    /// Whether somebody stopped it before its end.
    pub interrupted: bool,
    /// What was done, in order.
    pub phases: Vec<Phase>,
}

/// One phase, with the echo beside it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// What was done.
    pub name: &'static str,
    /// What the gatekeeper did.
    pub target: Figures,
    /// What the echo did with datagrams of the same sizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo: Option<Figures>,
    /// The rate of the gatekeeper in the rate of the echo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// What is special about this phase.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<&'static str, Value>,
}

impl Phase {
    pub(crate) fn new(name: &'static str, target: &Tally, echo: Option<&Tally>) -> Self {
        let ratio = echo.map(Tally::rate).filter(|rate| *rate > 0.0).map(|rate| target.rate() / rate);
        let details = BTreeMap::new();
        Self { name, target: target.figures(), echo: echo.map(Tally::figures), ratio, details }
    }

    /// Adds something that only this phase has.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.details.insert(name, value.into());
        self
    }
}

impl Report {
    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let kib = |octets: usize| octets / 1024;
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{} endpoints at {} sockets, {} at {}; at most {} under way; unanswered after {} ms, sent again {} times",
            self.endpoints, self.sockets, self.bench, self.target, self.window, self.timeout_ms, self.repeats
        );
        let _ = write!(
            text,
            "socket buffers: ours receive {} KiB, send {} KiB each",
            kib(self.buffers.receive),
            kib(self.buffers.send)
        );
        match self.echo_buffers {
            Some(echo) => {
                let _ = writeln!(text, "; the echo's {} KiB, {} KiB", kib(echo.receive), kib(echo.send));
            }
            None => text.push('\n'),
        }
        if self.interrupted {
            let _ = writeln!(text, "interrupted: these are the figures until then");
        }
        let _ = writeln!(
            text,
            "\n{:<22}{:>12}{:>11}{:>9}{:>8}{:>8}{:>10}{:>10}{:>10}{:>9}",
            "", "confirmed", "each s", "lost", "again", "reject", "p50 ms", "p99 ms", "max ms", "octets"
        );
        for phase in &self.phases {
            row(&mut text, phase.name, &phase.target);
            if let Some(echo) = &phase.echo {
                row(&mut text, "  echo", echo);
            }
            if let Some(ratio) = phase.ratio {
                let _ = writeln!(text, "  ratio               {ratio:>23.3}");
            }
            notes(&mut text, &phase.target);
            for (name, value) in
                phase.details.iter().filter(|(_, value)| !value.is_array() && !value.is_object())
            {
                let _ = match value.as_f64().filter(|_| value.is_f64()) {
                    Some(number) => writeln!(text, "  {name}: {number:.3}"),
                    None => writeln!(text, "  {name}: {value}"),
                };
            }
        }
        text
    }
}

fn row(text: &mut String, name: &str, figures: &Figures) {
    let latency = &figures.latency_ms;
    let _ = writeln!(
        text,
        "{name:<22}{:>12}{:>11.0}{:>9}{:>8}{:>8}{:>10.3}{:>10.3}{:>10.3}{:>9}",
        figures.confirmed,
        figures.rate,
        figures.lost,
        figures.repeated,
        figures.rejected.values().sum::<u64>(),
        latency.p50,
        latency.p99,
        latency.max,
        format!("{}/{}", figures.request_octets, figures.answer_octets)
    );
}

/// What is not as it should be, each on a line.
fn notes(text: &mut String, figures: &Figures) {
    let counts = [
        (figures.timeouts, "answers did not come in time"),
        (figures.asked_to_wait, "requests were told to wait (RIP)"),
        (figures.duplicates, "answers came twice"),
        (figures.late, "answers came after they were given up"),
        (figures.wrong, "confirms were of something else"),
        (figures.stray, "datagrams belonged to nothing"),
        (figures.held_back, "times a request was due and too many were under way"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        let _ = writeln!(text, "  {count} {what}");
    }
    for (reason, count) in &figures.rejected {
        let _ = writeln!(text, "  {count} rejected: {reason}");
    }
}
