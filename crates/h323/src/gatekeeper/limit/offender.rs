//! Who is over a limit, for the operator.

use super::Limit;
use crate::gatekeeper::settings::Network;
use link::LimitedSummary;
use model::{Instant, Millis, Now, Timestamp};
use std::collections::BTreeMap;

/// The most that are listed. While all of them go on, nobody takes the place of another.
const LISTED_MAX: usize = 256;

/// Who was refused nothing for so long keeps to his limits again.
const QUIET: Millis = Millis::seconds(60);

/// For so long he stays listed.
const LISTED: Millis = Millis::seconds(600);

/// Who is over a limit, or was a short time ago.
#[derive(Debug, Default)]
pub(in crate::gatekeeper) struct Offenders(BTreeMap<(Limit, Network), Offence>);

#[derive(Clone, Copy, Debug)]
struct Offence {
    since: Timestamp,
    last: Now,
    refused: u64,
    is_over: bool,
}

impl Offenders {
    /// Notes that something was refused; whether that is news which is listed.
    pub fn note(&mut self, now: Now, limit: Limit, source: Network) -> bool {
        let is_full = self.0.len() >= LISTED_MAX;
        if let Some(offence) = self.0.get_mut(&(limit, source)) {
            offence.last = now;
            offence.refused += 1;
            let is_news = offence.is_over;
            if is_news {
                *offence = Offence { since: now.wall, last: now, refused: 1, is_over: false };
            }
            return is_news;
        }
        if is_full {
            let over = self.0.iter().filter(|(_, offence)| offence.is_over);
            let Some((oldest, _)) = over.min_by_key(|(_, offence)| offence.last.instant) else {
                return false;
            };
            let oldest = *oldest;
            self.0.remove(&oldest);
        }
        let offence = Offence { since: now.wall, last: now, refused: 1, is_over: false };
        self.0.insert((limit, source), offence);
        true
    }

    /// Ends the offences of who kept quiet, and drops those that ended long ago: what has ended, and how much was
    /// refused.
    pub fn end(&mut self, now: Instant) -> Vec<(Limit, Network, u64)> {
        self.0.retain(|_, offence| now.since(offence.last.instant) < LISTED);
        let quiet = self
            .0
            .iter_mut()
            .filter(|(_, offence)| !offence.is_over && now.since(offence.last.instant) >= QUIET);
        quiet
            .map(|((limit, source), offence)| {
                offence.is_over = true;
                (*limit, *source, offence.refused)
            })
            .collect()
    }

    /// When to look again.
    pub fn due(&self, now: Instant) -> Instant {
        now.after(QUIET)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that are listed: those who go on first, and the most refused of them.
    pub fn list(&self) -> Vec<LimitedSummary> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(_, offence)| (offence.is_over, std::cmp::Reverse(offence.refused)));
        let summary = |((limit, source), offence): (&(Limit, Network), &Offence)| LimitedSummary {
            source: source.to_string(),
            limit: limit.name().to_owned(),
            refused: offence.refused,
            since: offence.since,
            last: offence.last.wall,
            is_over: offence.is_over,
        };
        all.into_iter().map(summary).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Now {
        Now { instant: Instant(second * 1000), wall: Timestamp(second as i64 * 1000) }
    }

    #[test]
    fn an_offence_is_news_once_and_ends_once_and_may_begin_again() {
        let mut offenders = Offenders::default();
        let source = "203.0.113.1".parse().unwrap();
        assert!(offenders.note(at(0), Limit::Connections, source));
        assert!((1..50).all(|second| !offenders.note(at(second), Limit::Connections, source)));
        assert!(offenders.end(at(100).instant).is_empty());
        assert_eq!(offenders.end(at(110).instant), [(Limit::Connections, source, 50)]);
        assert!(offenders.end(at(120).instant).is_empty());
        assert!(offenders.list()[0].is_over);
        assert!(offenders.note(at(130), Limit::Connections, source));
        assert_eq!(offenders.list()[0].refused, 1);
        offenders.end(at(1000).instant);
        assert!(offenders.is_empty());
    }

    #[test]
    fn the_list_is_bounded_and_nobody_who_goes_on_is_pushed_out() {
        let mut offenders = Offenders::default();
        let source = |number: u32| Network::of(std::net::IpAddr::from(number.to_be_bytes()), 32);
        assert!((0..256).all(|number| offenders.note(at(0), Limit::Connections, source(number))));
        assert!(!offenders.note(at(1), Limit::Connections, source(1000)));
        assert!((1..256).all(|number| !offenders.note(at(50), Limit::Connections, source(number))));
        assert_eq!(offenders.end(at(61).instant).len(), 1);
        assert!(offenders.note(at(62), Limit::Connections, source(1000)));
        assert_eq!(offenders.list().len(), 256);
    }
}
