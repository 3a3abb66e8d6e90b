//! `[limits]`: how much one address and one network may send and have.

use super::limit::Any;
use super::table::table;
use h323::gatekeeper::{LimitSettings, Rate};

table! {
    /// What one address may send and have, and, by a factor, the network that it is in. Networks in `[h323] trusted` have
    /// none of these limits; `herald status` shows who is limited. How many datagrams an address may send say
    /// `rate_limit` and `rate_burst` in `[h323]`.
    LimitsSettings as "limits" {
        /// How many bits of an IPv4 address name its network.
        network_prefix_v4: u8 = 24, "bits", 8..=32;
        /// How many bits of an IPv6 address name its network.
        network_prefix_v6: u8 = 64, "bits", 16..=128;
        /// How many times as much as one address a network may send, and have.
        network_factor: u32 = 32, "", 1..=1_000_000;
        /// Aliases that nobody had before, in the long run; each is kept for good.
        new_names: u32 = 30, "1/min", 1..=1_000_000;
        /// As many may come at once before the rate counts.
        new_names_burst: u32 = 500, "", 1..=1_000_000;
        /// Changes of contact lists, subscriptions among them, in the long run.
        contact_changes: u32 = 600, "1/min", 1..=1_000_000;
        /// As many may come at once before the rate counts.
        contact_changes_burst: u32 = 2000, "", 1..=1_000_000;
        /// Messages, in the long run.
        messages: u32 = 1200, "1/min", 1..=10_000_000;
        /// As many may come at once before the rate counts.
        messages_burst: u32 = 3000, "", 1..=10_000_000;
        /// Connections over TLS, in the long run.
        handshakes: u32 = 1200, "1/min", 1..=10_000_000;
        /// As many may come at once before the rate counts.
        handshakes_burst: u32 = 1000, "", 1..=10_000_000;
        /// The most calls in progress that endpoints at one address asked for first. Calls from before a restart do not
        /// count.
        calls_max: usize = 1024, "", 1..=1_000_000;
        /// The most connections for call signalling that were accepted.
        connections_max: usize = 1024, "", 1..=1_000_000;
        /// The most of them that have brought no Setup yet.
        fresh_connections_max: usize = 256, "", 1..=1_000_000;
        /// Time until the Setup must have come on a connection; of every address.
        setup_timeout: u64 = 10, "s", 1..=600;
        /// Time until a packet that was begun on a connection must be whole; of every address.
        packet_timeout: u64 = 10, "s", 1..=600;
        /// So many indications in a row, each sent three times, may stay unconfirmed by an endpoint before it is sent no
        /// more until it is heard, and then one; 0: no limit.
        unconfirmed_max: u8 = 2, "", Any("0 to 255");
    }
}

impl LimitsSettings {
    /// What the gatekeeper is told of it.
    pub fn gatekeeper(&self) -> LimitSettings {
        let rate = |each_minute: u32, burst: u32| Rate {
            each_minute: u64::from(each_minute),
            burst: u64::from(burst),
        };
        LimitSettings {
            network_prefixes: (self.network_prefix_v4, self.network_prefix_v6),
            network_factor: self.network_factor,
            new_names: rate(self.new_names, self.new_names_burst),
            contact_changes: rate(self.contact_changes, self.contact_changes_burst),
            messages: rate(self.messages, self.messages_burst),
            handshakes: rate(self.handshakes, self.handshakes_burst),
            calls_max: self.calls_max,
            connections_max: self.connections_max,
            fresh_connections_max: self.fresh_connections_max,
            ..LimitSettings::default()
        }
    }
}
