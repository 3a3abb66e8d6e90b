//! `[presence]`: what is inferred and shown.

use super::limit::{Any, AtMost};
use super::table::table;
use model::Millis;

table! {
    /// Presence of endpoints that speak none: it is inferred from registrations and calls.
    PresenceSettings as "presence" {
        /// Whether presence is inferred at all.
        infer: bool = true, "", Any("true or false");
        /// Aliases whose presence is never inferred; `*` stands for any text.
        infer_except: Vec<String> = Vec::new(), "", AtMost(1024, "patterns");
        /// Whether presence is also inferred for gateways, MCUs and gatekeepers.
        infer_infrastructure: bool = false, "", Any("true or false");
        /// Whether a conference shows as a meeting instead of a call.
        conference_is_meeting: bool = true, "", Any("true or false");
        /// How long a call that has ended goes on counting, so that a transfer shows no gap.
        call_gap_ms: u64 = 2000, "ms", 0..=60_000;
        /// How long after a start somebody of whom nothing was heard yet is shown as unknown rather than offline.
        /// More than the time to live of most registrations.
        restart_interval: u64 = 150, "s", 1..=86_400;
        /// The most persons, rooms and machines.
        principals_max: usize = 2_000_000, "", 1..=20_000_000;
        /// The most names of all of them together.
        names_max: usize = 8_000_000, "", 1..=80_000_000;
        /// The most names of one.
        names_per_principal_max: usize = 64, "", 1..=1024;
        /// The most devices of one at a time.
        devices_per_principal_max: usize = 16, "", 1..=1024;
        /// The most pieces of evidence about one device at a time, which bounds the calls seen of it.
        evidence_per_device_max: usize = 128, "", 8..=16_384;
        /// The most subscriptions of all watchers together.
        subscriptions_max: usize = 20_000_000, "", 1..=200_000_000;
        /// The most names that are watched and belong to nobody yet.
        unknown_names_max: usize = 100_000, "", 1..=10_000_000;
    }
}

impl PresenceSettings {
    /// What the engine is told of presence.
    pub fn engine(&self) -> engine::Settings {
        engine::Settings {
            call_gap: Millis(self.call_gap_ms),
            restart_interval: Millis::seconds(self.restart_interval),
            limits: engine::Limits {
                principals_max: self.principals_max,
                names_max: self.names_max,
                names_per_principal_max: self.names_per_principal_max,
                agents_per_principal_max: self.devices_per_principal_max,
                evidence_per_agent_max: self.evidence_per_device_max,
                subscriptions_max: self.subscriptions_max,
                unknown_names_max: self.unknown_names_max,
            },
            ..engine::Settings::default()
        }
    }
}
