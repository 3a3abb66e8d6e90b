//! Limits by source: how much one address, and one network, may send, begin and hold.
//!
//! There is one mechanism for everything. What comes at a rate is metered ([`Meters`]); of what lasts, it is counted
//! how many there are. Each limit holds for an address, and a multiple of it for the network that the address is in.
//! Trusted networks have none. Who is over a limit is noted ([`Offenders`]), so that an operator sees who and why.

mod holding;
mod meter;
mod offender;

use super::link::Gatekeeper;
use super::settings::{LimitSettings, Network};
use super::timer::Due;
pub(super) use holding::Holdings;
use link::{Level, LimitedSummary};
use meter::Meters;
use model::{Instant, Now};
use offender::Offenders;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

/// Sources whose datagrams have a meter of their own, and whose other things have.
const DATAGRAM_PLACES: usize = 65_536;
const OTHER_PLACES: usize = 8_192;

/// How much may come in the long run and at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// In the long run.
    pub each_minute: u64,
    /// At once, before the rate counts.
    pub burst: u64,
}

/// What comes at a rate.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Flow {
    /// Datagrams.
    Datagrams,
    /// Aliases that nobody had before: each is kept for good.
    NewNames,
    /// Changes of contact lists, subscriptions among them.
    ContactChanges,
    /// Messages for somebody's inbox.
    Messages,
    /// Connections that are to be secured by TLS, each of which costs us arithmetic before it has brought anything.
    Handshakes,
}

/// What somebody is over.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Limit {
    /// More came than may.
    Flow(Flow),
    /// Connections.
    Connections,
    /// Connections that have brought no Setup yet.
    FreshConnections,
    /// Calls.
    Calls,
    /// Indications that an endpoint never confirms.
    Unconfirmed,
}

impl Limit {
    /// What is limited, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flow(Flow::Datagrams) => "datagrams",
            Self::Flow(Flow::NewNames) => "new aliases",
            Self::Flow(Flow::ContactChanges) => "contact changes",
            Self::Flow(Flow::Messages) => "messages",
            Self::Flow(Flow::Handshakes) => "connections over TLS",
            Self::Connections => "connections",
            Self::FreshConnections => "connections without a Setup",
            Self::Calls => "calls",
            Self::Unconfirmed => "unconfirmed indications",
        }
    }
}

/// What counts as a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources {
    /// How many bits of an address name its network, for IPv4 and for IPv6.
    prefixes: (u8, u8),
    /// How much more than an address a network may.
    factor: u32,
}

impl Sources {
    pub fn new(settings: &LimitSettings) -> Self {
        Self { prefixes: settings.network_prefixes, factor: settings.network_factor.max(1) }
    }

    /// An address and its network.
    fn of(&self, address: IpAddr) -> [Network; 2] {
        let address = address.to_canonical();
        let prefix = if address.is_ipv4() { self.prefixes.0 } else { self.prefixes.1 };
        [Network::of(address, u8::MAX), Network::of(address, prefix)]
    }
}

/// The meters of all sources outside the trusted networks.
#[derive(Debug)]
pub(super) struct Limits {
    secret: u64,
    sources: Sources,
    /// For each flow the meters of addresses and those of networks.
    meters: [[Meters; 2]; 5],
    pub offenders: Offenders,
}

impl Limits {
    pub fn new(settings: &LimitSettings, secret: u64) -> Self {
        let sources = Sources::new(settings);
        let factor = u64::from(sources.factor);
        let both = |rate: Rate, places| {
            let Rate { each_minute, burst } = rate;
            let burst = burst.max(1);
            let network =
                Rate { each_minute: each_minute.saturating_mul(factor), burst: burst.saturating_mul(factor) };
            [Meters::new(Rate { each_minute, burst }, places), Meters::new(network, places)]
        };
        Self {
            secret,
            sources,
            meters: [
                both(settings.datagrams, DATAGRAM_PLACES),
                both(settings.new_names, OTHER_PLACES),
                both(settings.contact_changes, OTHER_PLACES),
                both(settings.messages, OTHER_PLACES),
                both(settings.handshakes, OTHER_PLACES),
            ],
            offenders: Offenders::default(),
        }
    }

    /// Counts so much more from an address.
    ///
    /// # Errors
    /// It is over the limit, or its network is: which of the two.
    fn admit(&mut self, now: Instant, flow: Flow, address: IpAddr, cost: u64) -> Result<(), Network> {
        for (level, source) in self.sources.of(address).into_iter().enumerate() {
            let hash = self.hash(source);
            if !self.meters[flow as usize][level].admit(now, hash, cost) {
                return Err(source);
            }
        }
        Ok(())
    }

    /// What was counted, or will be, counts not.
    pub fn refund(&mut self, flow: Flow, address: IpAddr, cost: u64) {
        for (level, source) in self.sources.of(address).into_iter().enumerate() {
            let hash = self.hash(source);
            self.meters[flow as usize][level].refund(hash, cost);
        }
    }

    fn hash(&self, source: Network) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.secret, source).hash(&mut hasher);
        hasher.finish()
    }
}

impl Gatekeeper {
    /// Whether so much more from an address is within its limits; if so, it is counted, else that is noted.
    pub(super) fn is_within(&mut self, now: Now, flow: Flow, address: IpAddr, cost: usize) -> bool {
        if self.is_trusted(address) {
            return true;
        }
        let Err(source) = self.limits.admit(now.instant, flow, address, cost as u64) else { return true };
        match flow {
            Flow::Datagrams => self.counters.limited += 1,
            Flow::NewNames => self.counters.limited_names += 1,
            Flow::ContactChanges => self.counters.limited_contacts += 1,
            Flow::Messages => self.counters.limited_messages += 1,
            Flow::Handshakes => self.counters.limited_handshakes += 1,
        }
        self.offends(now, Limit::Flow(flow), source);
        false
    }

    /// Somebody is over a limit. The operator is told once, and once when it is over.
    pub(super) fn offends(&mut self, now: Now, limit: Limit, source: Network) {
        if !self.limits.offenders.note(now, limit, source) {
            return;
        }
        let text = format!("{source} is over its limit of {}; more is refused", limit.name());
        self.event(Level::Info, "limit.begins", text);
        self.audit_limit(limit, source, None);
        self.timers.set(self.limits.offenders.due(now.instant), Due::Offenders);
    }

    /// Looks who has kept within the limits again.
    pub(super) fn offenders_due(&mut self, now: Now) {
        for (limit, source, refused) in self.limits.offenders.end(now.instant) {
            let text =
                format!("{source} keeps to its limit of {} again; {refused} were refused", limit.name());
            self.event(Level::Info, "limit.ends", text);
            self.audit_limit(limit, source, Some(refused));
        }
        if !self.limits.offenders.is_empty() {
            self.timers.set(self.limits.offenders.due(now.instant), Due::Offenders);
        }
    }

    /// Who is limited, or was a short time ago, the most refused first.
    pub(super) fn limited(&self) -> Vec<LimitedSummary> {
        self.limits.offenders.list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(each_minute: u64, burst: u64) -> Limits {
        let datagrams = Rate { each_minute, burst };
        Limits::new(&LimitSettings { datagrams, network_factor: 4, ..LimitSettings::default() }, 7)
    }

    fn admitted(limits: &mut Limits, at: u64, address: &str, tries: usize) -> usize {
        let address = address.parse().unwrap();
        (0..tries).filter(|_| limits.admit(Instant(at), Flow::Datagrams, address, 1).is_ok()).count()
    }

    #[test]
    fn an_address_gets_its_burst_and_then_its_rate() {
        let mut limits = limits(600, 5);
        assert_eq!(admitted(&mut limits, 1000, "203.0.113.1", 20), 5);
        assert_eq!(admitted(&mut limits, 1099, "203.0.113.1", 20), 0);
        assert_eq!(admitted(&mut limits, 1300, "203.0.113.1", 20), 3);
        assert_eq!(admitted(&mut limits, 1300, "::ffff:203.0.113.1", 20), 0, "however it is written");
    }

    #[test]
    fn a_network_gets_a_multiple_of_it_and_one_address_can_not_use_that_up() {
        let mut limits = limits(60, 10);
        assert_eq!(admitted(&mut limits, 0, "203.0.113.1", 1000), 10);
        assert_eq!(admitted(&mut limits, 0, "203.0.113.2", 10), 10);
        let rest: usize = (3..9).map(|host| admitted(&mut limits, 0, &format!("203.0.113.{host}"), 10)).sum();
        assert_eq!(rest, 20);
        assert_eq!(admitted(&mut limits, 0, "203.0.114.1", 10), 10, "another network");
        let hosts = |limits: &mut Limits, network: &str| -> usize {
            (1..9).map(|host| admitted(limits, 0, &format!("{network}::{host}"), 10)).sum()
        };
        assert_eq!(hosts(&mut limits, "2001:db8:0:1"), 40);
        assert_eq!(hosts(&mut limits, "2001:db8:0:2"), 40);
    }

    #[test]
    fn an_answer_that_was_asked_for_costs_nothing() {
        let mut limits = limits(60, 2);
        for _ in 0..10 {
            limits.refund(Flow::Datagrams, "203.0.113.1".parse().unwrap(), 1);
            assert_eq!(admitted(&mut limits, 0, "203.0.113.1", 1), 1);
        }
    }

    // A million sources that never were: nobody is forgotten for them, and nobody refused.
    #[test]
    fn a_flood_of_invented_addresses_frees_no_offender_and_refuses_nobody() {
        let mut limits = limits(3000, 200);
        assert_eq!(admitted(&mut limits, 0, "203.0.113.1", 1000), 200);
        for number in 0..1_000_000_u32 {
            let address = IpAddr::from(number.wrapping_mul(2_654_435_761).to_be_bytes());
            let _ = limits.admit(Instant(u64::from(number) / 1000), Flow::Datagrams, address, 1);
        }
        assert!(admitted(&mut limits, 1000, "203.0.113.1", 1000) <= 50, "what a second brings");
        let neighbours = (0..250).map(|host| admitted(&mut limits, 1000, &format!("192.0.2.{host}"), 1));
        assert_eq!(neighbours.sum::<usize>(), 250);
    }
}
