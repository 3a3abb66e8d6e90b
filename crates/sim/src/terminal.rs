//! A person with an endpoint: what was typed, and what was shown.

use h323::alias::Alias;
use h323::endpoint::{Endpoint, Event, Offers, Settings};
use std::net::{Ipv4Addr, SocketAddr};

/// One endpoint and what it told so far.
pub(crate) struct Terminal {
    pub(crate) endpoint: Endpoint,
    settings: Settings,
    /// What was shown, in order; the oldest go when there is too much of it.
    pub(crate) shown: Vec<Event>,
    /// How much of it has been looked at.
    pub(crate) seen: usize,
    /// Vanished: hears nothing and says nothing.
    pub(crate) is_dead: bool,
    /// Hears no datagrams.
    pub(crate) is_deaf: bool,
    pub(crate) offers: Offers,
}

/// Where an endpoint takes RAS messages.
pub(crate) const RAS_PORT: u16 = 5000;

/// Where an endpoint takes calls.
pub(crate) const SIGNALLING_PORT: u16 = 1720;

/// The host of the endpoint with this number.
pub(crate) fn host(number: usize) -> Ipv4Addr {
    let [high, low] = u16::try_from(number + 1).expect("a play has a few endpoints").to_be_bytes();
    Ipv4Addr::new(10, 1, high, low)
}

impl Terminal {
    pub(crate) fn new(
        aliases: &[&str],
        number: usize,
        gatekeeper: SocketAddr,
        offers: Offers,
        seed: u64,
    ) -> Self {
        let alias = |text: &&str| Alias::parse_typed(text).expect("a play names endpoints by usable aliases");
        let settings = Settings {
            aliases: aliases.iter().map(alias).collect(),
            gatekeeper: Some(gatekeeper),
            ras_address: (host(number), RAS_PORT).into(),
            call_signal_address: (host(number), SIGNALLING_PORT).into(),
            credentials: None,
            time_to_live: 60,
            calls: 4,
            auto_answer: false,
            offers,
            by_call: !offers.package,
            features: None,
            location: None,
        };
        Self {
            endpoint: Endpoint::new(settings.clone(), seed),
            settings,
            shown: Vec::new(),
            seen: 0,
            is_dead: false,
            is_deaf: false,
            offers,
        }
    }

    /// Begins anew.
    pub(crate) fn switch_on(&mut self, seed: u64) {
        self.endpoint = Endpoint::new(self.settings.clone(), seed);
        self.is_dead = false;
        self.shown.clear();
        self.seen = 0;
    }

    pub(crate) fn show(&mut self, event: Event) {
        self.shown.push(event);
    }
}
