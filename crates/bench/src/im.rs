//! `herald bench im`: texts in open sessions, and single messages, each accepted when it is durable.

use crate::arguments::MessageArguments;
use crate::chats::{Chats, Delivered, Manner, Offer};
use crate::endpoints::PORT_FIRST_LISTENING;
use crate::error::BenchError;
use crate::exchange::{Pace, Rules};
use crate::indication::Indications;
use crate::interrupt;
use crate::progress::Progress;
use crate::ras::Bench;
use crate::report::{Phase, Report};
use crate::status;
use crate::tally::Tally;
use std::path::Path;
use std::time::Duration;

/// How long what is on the way is waited for at the end.
const CLOSING: Duration = Duration::from_secs(20);

/// The time to live that the endpoints ask for, in seconds.
const TIME_TO_LIVE: u32 = 3600;

/// The addresses of ours, so that there are ports for many short connections.
const ADDRESSES: u32 = 8;

/// Measures messages.
pub(crate) fn run(arguments: &MessageArguments, data: &Path) -> Result<Report, BenchError> {
    let common = &arguments.common;
    let pairs = arguments.sessions;
    let mut bench = Bench::start(common, pairs * 2, ADDRESSES, TIME_TO_LIVE, true, PORT_FIRST_LISTENING)?;
    let mut report = bench.report("im", common)?;
    bench.register()?;
    let population = bench.registering.population.clone();
    let identifiers = std::mem::take(&mut bench.identifiers);
    let indications = Indications::new(&population)?;
    let mut chats = Chats::new(&population, &identifiers, &indications, pairs)?;
    if !arguments.without_sessions {
        open(&mut bench, &mut chats, pairs)?;
        let phase = measure(&mut bench, &mut chats, "texts", arguments.rate, data)?;
        report.phases.push(phase.with("sessions", pairs));
        chats.close_sessions();
    }
    if !arguments.without_single && !interrupt::happened() {
        chats.manner = Manner::Single;
        report.phases.push(measure(&mut bench, &mut chats, "singleMessages", arguments.single_rate, data)?);
    }
    drop(chats);
    bench.identifiers = identifiers;
    bench.unregister()?;
    Ok(report)
}

/// Opens all sessions, unmeasured.
fn open(bench: &mut Bench, chats: &mut Chats<'_>, pairs: u32) -> Result<(), BenchError> {
    chats.open_sessions(bench.exchange.now());
    let mut progress = Progress::new("sessions", Some(u64::from(pairs)));
    let tally = bench.exchange.run(chats, bench.pace, bench.rules, &mut progress)?;
    chats.failure()?;
    if chats.open() < pairs as usize && !interrupt::happened() {
        return Err(BenchError::Unsupported(format!(
            "only {} of {pairs} sessions opened ({} admissions rejected, {} lost); does the gatekeeper keep messages?",
            chats.open(),
            tally.rejects(),
            tally.lost
        )));
    }
    Ok(())
}

/// Sends messages in rounds, and waits for each to be accepted and to come.
fn measure(
    bench: &mut Bench,
    chats: &mut Chats<'_>,
    name: &'static str,
    rate: Option<f64>,
    data: &Path,
) -> Result<Phase, BenchError> {
    let Pace::Closed { window } = bench.pace else { return Err(BenchError::Usage("no window".to_owned())) };
    let slice = Duration::from_secs_f64(f64::from(bench.seconds) / f64::from(bench.rounds));
    let (mut sum, mut echoed) = (Tally::default(), Tally::default());
    let mut delivered = Delivered::default();
    let mut unconfirmed = (0, 0);
    let before = status::of(data, bench.exchange.target);
    // What is asked by RAS leaves at once; the messages have their own pace.
    let at_once = Pace::Closed { window: usize::MAX };
    let mut progress = Progress::new(name, None);
    for _ in 0..bench.rounds {
        if interrupt::happened() {
            break;
        }
        let start = bench.exchange.now();
        progress.next_round(sum.confirmed);
        chats.tally = Tally::default();
        chats.delivered = Delivered::default();
        chats.offer = rate.map_or(Offer::Window(window), |rate| Offer::Rate(rate, start));
        let rules = Rules { at_most: Some(slice), ..bench.rules };
        let first = bench.exchange.run(chats, at_once, rules, &mut progress)?;
        chats.offer = Offer::Nothing;
        let rules = Rules { at_most: Some(CLOSING), ..bench.rules };
        let rest = bench.exchange.run(chats, at_once, rules, &mut progress)?;
        chats.failure()?;
        let mut part = std::mem::take(&mut chats.tally);
        let some = std::mem::take(&mut chats.delivered);
        unconfirmed = chats.under_way();
        part.elapsed = Duration::from_micros(some.last_accepted.saturating_sub(start).max(1));
        part.timeouts += first.timeouts + rest.timeouts;
        part.repeated += first.repeated + rest.repeated;
        part.stray += first.stray + rest.stray;
        let pace = rate.map_or(bench.pace, |rate| Pace::Open { rate });
        echoed.add(&bench.echo(&part, slice, pace)?);
        sum.add(&part);
        delivered.count += some.count;
        delivered.doubles += some.doubles;
        delivered.out_of_order += some.out_of_order;
        delivered.broken += some.broken;
        delivered.latency.add(&some.latency);
    }
    sum.lost += unconfirmed.0 as u64;
    let latency = delivered.latency.percentiles();
    let mut phase = Phase::new(name, &sum, bench.echo.is_some().then_some(&echoed))
        .with("delivered", delivered.count)
        .with("notDelivered", unconfirmed.1)
        .with("deliveredTwice", delivered.doubles)
        .with("outOfOrder", delivered.out_of_order)
        .with("connectionsLost", delivered.broken)
        .with("deliveryMsP50", latency.p50)
        .with("deliveryMsP99", latency.p99)
        .with("deliveryMsMax", latency.max);
    if let (Some(before), Some(after)) = (before, status::of(data, bench.exchange.target)) {
        let grown = |name| status::counter(&after, name).saturating_sub(status::counter(&before, name));
        let each = |count: u64| count as f64 / sum.confirmed.max(1) as f64;
        let (commits, facts) = (grown("store.commits"), grown("store.facts"));
        phase =
            phase.with("commits", commits).with("commitsEach", each(commits)).with("factsEach", each(facts));
    }
    Ok(phase)
}
