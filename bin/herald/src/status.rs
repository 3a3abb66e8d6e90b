//! `herald status`: how the server is.

use crate::arguments::StatusArguments;
use crate::exit::Failure;
use crate::{ask, print, time};
use link::LimitedSummary;
use server::control::{Answer, Question, Status};
use std::fmt::Write;
use std::path::Path;

/// Shows how the server is.
pub fn run(data: &Path, arguments: &StatusArguments) -> Result<(), Failure> {
    let status = ask::one(data, &Question::Status, |answer| match answer {
        Answer::Status(status) => Some(status),
        _ => None,
    })?;
    if arguments.json {
        return print::json(&status);
    }
    print::text(&show(&status, arguments.counters))
}

fn show(status: &Status, counters: bool) -> String {
    let mut text = format!(
        "Herald {}, process {}, running since {} ({})\n",
        status.version,
        status.process,
        time::moment(status.started_at),
        time::ago(status.started_at)
    );
    let counter = |name: &str| {
        status.counters.iter().find(|counter| counter.name == name).map_or(0, |counter| counter.value)
    };
    // Writing to a string can't fail.
    for problem in &status.problems {
        let _ = writeln!(text, "PROBLEM    {problem}");
    }
    let listening = status
        .heard
        .listening
        .iter()
        .map(|one| format!("udp {} (receive buffer {} KiB)", one.address, one.receive_buffer / 1024));
    let discovery = status.heard.discovery.iter().map(|address| format!("udp {address}"));
    let _ = writeln!(text, "RAS        {}", joined(listening));
    let _ = writeln!(text, "discovery  {}", joined(discovery));
    let secured = status.heard.tls_signalling.iter().map(|address| format!("tls {address}"));
    let signalling = status.heard.signalling.iter().map(|address| format!("tcp {address}")).chain(secured);
    let connections = counter("driver.connections");
    let _ = writeln!(text, "signalling {} ({connections} connections)", joined(signalling));
    let heard = &status.heard;
    let of_xmpp = heard.xmpp.iter().map(|address| format!("tcp {address}"));
    let of_xmpp = of_xmpp.chain(heard.tls_xmpp.iter().map(|address| format!("tls {address}")));
    let streams = counter("xmpp.streams.now");
    if !(heard.xmpp.is_empty() && heard.tls_xmpp.is_empty()) || streams > 0 {
        let _ = writeln!(text, "XMPP       {} ({streams} streams)", joined(of_xmpp));
    }
    let _ = writeln!(text, "zone       {}", status.domain);
    let _ = writeln!(text, "data       {}", status.data.display());
    let store = &status.store;
    let _ = writeln!(
        text,
        "store      {}, epoch {}, last shutdown {}, last commit {:.1} ms",
        store.state,
        store.epoch,
        store.last_shutdown,
        store.last_commit_us as f64 / 1000.0
    );
    let presence = |name: &str| status.presence.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    let _ = writeln!(
        text,
        "presence   {} known: {} available, {} on call, {} away, {} offline, {} unknown",
        presence("principals"),
        presence("available"),
        presence("onCall"),
        presence("away"),
        presence("offline"),
        presence("unknown")
    );
    let (registered, calls) = (counter("ras.registered"), counter("calls.now"));
    let _ = writeln!(text, "endpoints  {registered} registered, {calls} calls in progress");
    let refused: Vec<_> = REFUSED
        .iter()
        .map(|(name, word)| (counter(name), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let _ = writeln!(
        text,
        "refused    {}",
        if refused.is_empty() { "nothing".to_owned() } else { refused.join(", ") }
    );
    for line in limited(&status.limited) {
        let _ = writeln!(text, "limited    {line}");
    }
    if counters {
        let _ = writeln!(text);
        for counter in &status.counters {
            let _ = writeln!(text, "{:>12}  {:32}  {}", counter.value, counter.name, counter.help);
        }
    }
    text
}

/// Who is limited and why, a line for each; the rest in one more.
fn limited(all: &[LimitedSummary]) -> Vec<String> {
    let line = |one: &LimitedSummary| {
        let until = if one.is_over { format!("until {}", time::ago(one.last)) } else { "now".to_owned() };
        format!(
            "{}: {} of {} refused, since {}, {until}",
            one.source,
            one.refused,
            one.limit,
            time::moment(one.since)
        )
    };
    let mut lines: Vec<_> = all.iter().take(LIMITED_SHOWN).map(line).collect();
    if all.len() > LIMITED_SHOWN {
        lines.push(format!("and {} more; --json lists them", all.len() - LIMITED_SHOWN));
    }
    lines
}

/// So many of the limited are shown one by one.
const LIMITED_SHOWN: usize = 20;

/// The counters of bad input, with what they count in a word or two.
const REFUSED: [(&str, &str); 8] = [
    ("ras.malformed", "malformed"),
    ("driver.too_long", "too long"),
    ("ras.unknown_message", "not understood"),
    ("ras.unexpected_reply", "replies to nothing"),
    ("ras.not_for_many", "misplaced in multicast"),
    ("ras.forged", "forged"),
    ("ras.rate_limited", "over the rate limit"),
    ("driver.stuck", "connections not read"),
];

fn joined(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() { "off".to_owned() } else { items.join(", ") }
}
