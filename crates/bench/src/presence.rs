//! `herald bench presence`: states published, and told to everybody who watches.

use crate::acquaintance::Acquaintance;
use crate::arguments::PresenceArguments;
use crate::endpoints::PORT_FIRST;
use crate::error::BenchError;
use crate::exchange::{Pace, Rules};
use crate::indication::Indications;
use crate::interrupt;
use crate::progress::Progress;
use crate::publishing::{Notified, Publishing};
use crate::ras::Bench;
use crate::report::{Phase, Report};
use crate::tally::Tally;
use std::time::Duration;

/// How long what is on the way is waited for at the end.
const CLOSING: Duration = Duration::from_secs(12);

/// Who watches whom: the first endpoints are presentities, and those after them watch, so many each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circle {
    pub presentities: u32,
    /// Of each.
    pub watchers: u32,
}

impl Circle {
    /// All watchers.
    pub const fn watchers_all(self) -> u32 {
        self.presentities * self.watchers
    }

    /// All endpoints.
    pub const fn endpoints(self) -> u32 {
        self.presentities + self.watchers_all()
    }

    /// The endpoint of a watcher, which are counted from 0.
    pub const fn watcher(self, number: u32) -> u32 {
        self.presentities + number
    }

    /// Whom a watcher watches.
    pub const fn presentity_of(self, number: u32) -> u32 {
        number / self.watchers
    }

    /// The number of the watcher that this endpoint is, where it watches that presentity.
    pub fn number(self, endpoint: u32, presentity: u32) -> Option<u32> {
        let number = endpoint.checked_sub(self.presentities)?;
        let watches = number < self.watchers_all() && self.presentity_of(number) == presentity;
        watches.then_some(number)
    }
}

/// Measures how states are told.
pub(crate) fn run(arguments: &PresenceArguments) -> Result<Report, BenchError> {
    let common = &arguments.common;
    let circle = Circle { presentities: arguments.presentities, watchers: arguments.watchers };
    let endpoints = u64::from(circle.presentities) * (1 + u64::from(circle.watchers));
    if endpoints > ENDPOINTS_MAX {
        return Err(BenchError::Usage(format!(
            "{endpoints} endpoints are too many; {ENDPOINTS_MAX} are possible"
        )));
    }
    let mut bench = Bench::start(common, circle.endpoints(), 1, TIME_TO_LIVE, true, PORT_FIRST)?;
    let mut report = bench.report("presence", common)?;
    bench.register()?;
    let mut indications = Indications::new(&bench.registering.population)?;
    acquaint(&mut bench, &mut indications, circle)?;
    if !interrupt::happened() {
        report.phases.extend(publish(&mut bench, &mut indications, circle, arguments.rate)?);
    }
    bench.unregister()?;
    Ok(report)
}

/// Has everybody subscribe and be approved, unmeasured.
fn acquaint(bench: &mut Bench, indications: &mut Indications, circle: Circle) -> Result<(), BenchError> {
    let now = bench.exchange.now();
    let population = &bench.registering.population;
    let mut dialogue = Acquaintance::new(population, &bench.identifiers, indications, circle, now);
    let total = u64::from(circle.watchers_all()) * 2;
    let mut progress = Progress::new("subscriptions and approvals", Some(total));
    let tally = bench.exchange.run(&mut dialogue, bench.pace, bench.rules, &mut progress)?;
    let standing = dialogue.standing();
    if standing < circle.watchers_all() && !interrupt::happened() {
        return Err(BenchError::Unsupported(format!(
            "only {standing} of {} subscriptions came to stand ({} requests rejected, {} lost); does the gatekeeper \
             serve presence?",
            circle.watchers_all(),
            tally.rejects(),
            tally.lost
        )));
    }
    Ok(())
}

/// Publishes for a time, in an open loop at a rate or each state when the last is known to all.
fn publish(
    bench: &mut Bench,
    indications: &mut Indications,
    circle: Circle,
    rate: Option<f64>,
) -> Result<[Phase; 2], BenchError> {
    let pace = rate.map_or(bench.pace, |rate| Pace::Open { rate });
    let slice = Duration::from_secs_f64(f64::from(bench.seconds) / f64::from(bench.rounds));
    let (mut published, mut told, mut echoed) = (Tally::default(), Tally::default(), Tally::default());
    let mut sum = Notified::default();
    let mut behind = 0;
    let mut progress = Progress::new("publications", None);
    // Rounds go on with the same numbers, so that what is told late is known as such.
    let population = bench.registering.population.clone();
    let identifiers = std::mem::take(&mut bench.identifiers);
    let mut dialogue = Publishing::new(&population, &identifiers, indications, circle, rate.is_none());
    for _ in 0..bench.rounds {
        if interrupt::happened() {
            break;
        }
        let start = bench.exchange.now();
        progress.next_round(published.confirmed);
        dialogue.is_closing = false;
        let rules = Rules { at_most: Some(slice), ..bench.rules };
        let mut part = bench.exchange.run(&mut dialogue, pace, rules, &mut progress)?;
        dialogue.is_closing = true;
        let rules = Rules { at_most: Some(CLOSING), ..bench.rules };
        let rest = bench.exchange.run(&mut dialogue, pace, rules, &mut progress)?;
        let notified = std::mem::take(&mut dialogue.notified);
        let elapsed = Duration::from_micros(notified.last_at.saturating_sub(start).max(1));
        part.elapsed = elapsed;
        part.stray += rest.stray;
        part.duplicates += rest.duplicates;
        let states = notifications(&notified, elapsed, part.confirmed * u64::from(circle.watchers));
        let pace = rate.map_or(bench.pace, |_| Pace::Open { rate: states.rate() });
        echoed.add(&bench.echo(&states, elapsed.min(slice), pace)?);
        behind = dialogue.behind();
        published.add(&part);
        told.add(&states);
        sum.states += notified.states;
        sum.superseded += notified.superseded;
        sum.repeated += notified.repeated;
        sum.complete += notified.complete;
        sum.indications += notified.indications;
        sum.each.add(&notified.each);
    }
    drop(dialogue);
    bench.identifiers = identifiers;
    told.lost = behind;
    let each = sum.each.percentiles();
    let notifications = Phase::new("notifications", &told, bench.echo.is_some().then_some(&echoed))
        .with("presentities", circle.presentities)
        .with("watchersEach", circle.watchers)
        .with("publicationsKnownToAll", sum.complete)
        .with("superseded", sum.superseded)
        .with("repeatedStates", sum.repeated)
        .with("datagrams", sum.indications)
        .with("eachWatcherMsP50", each.p50)
        .with("eachWatcherMsP99", each.p99);
    Ok([Phase::new("publications", &published, None), notifications])
}

/// The notifications as if each was a request that was confirmed; the latency is that of the last watcher.
fn notifications(notified: &Notified, elapsed: Duration, due: u64) -> Tally {
    Tally {
        offered: due,
        confirmed: notified.states,
        duplicates: notified.repeated,
        wrong: notified.wrong,
        elapsed,
        latency: notified.last.clone(),
        // In the echo the confirm of a notification is what is sent, and the notification is the answer.
        request_octets: notified.confirm_octets,
        requests_sent: notified.indications,
        answer_octets: notified.octets,
        answers: notified.indications,
        ..Tally::default()
    }
}

/// The most endpoints.
const ENDPOINTS_MAX: u64 = 3_000_000;

/// The time to live that the endpoints ask for, in seconds.
const TIME_TO_LIVE: u32 = 3600;
