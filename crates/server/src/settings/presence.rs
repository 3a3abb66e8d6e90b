//! `[presence]`: what is inferred and shown.

use super::limit::{Any, AtMost};
use super::table::table;
use engine::Treatment;
use model::Millis;

table! {
    /// What is inferred and published of people and rooms, who may see it, and the lists of contacts.
    PresenceSettings as "presence" {
        /// Whether presence is inferred at all.
        infer: bool = true, "", Any("true or false");
        /// Aliases whose presence is never inferred; `*` stands for any text.
        infer_except: Vec<String> = Vec::new(), "", AtMost(1024, "patterns");
        /// Whether presence is also inferred for gateways, MCUs and gatekeepers.
        infer_infrastructure: bool = false, "", Any("true or false");
        /// Whether a conference shows as a meeting instead of a call.
        conference_is_meeting: bool = true, "", Any("true or false");
        /// Whether what a person says of himself also wins over a call that is seen, as on some other products; else
        /// somebody who is "available" and in a call shows as in a call.
        published_wins: bool = false, "", Any("true or false");
        /// Whether everybody may watch endpoints that can't be asked because they have no presence; else nobody may.
        watch_silent_devices: bool = true, "", Any("true or false");
        /// Whether somebody who is blocked is not told so but sees the other one as offline for good.
        polite_block: bool = false, "", Any("true or false");
        /// How long a request to watch somebody waits for a decision.
        request_expires: u64 = 604_800, "s", 60..=31_536_000;
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
        /// The most subscriptions of all watchers, and entries of all contact lists, together.
        subscriptions_max: usize = 20_000_000, "", 1..=200_000_000;
        /// The most names that are watched and belong to nobody yet.
        unknown_names_max: usize = 100_000, "", 1..=10_000_000;
        /// The most contacts of one person: watched, asked for or blocked.
        contacts_per_principal_max: usize = 10_000, "", 1..=100_000;
        /// The most requests to watch of one person that wait for decisions.
        pending_per_watcher_max: usize = 100, "", 1..=10_000;
        /// The most requests to watch that wait for the decision of one person.
        waiting_per_presentity_max: usize = 500, "", 1..=10_000;
        /// The most devices through which one person has published something, absent ones among them.
        publications_per_principal_max: usize = 16, "", 1..=1024;
    }
}

impl PresenceSettings {
    /// What the engine is told of presence.
    pub fn engine(&self) -> engine::Settings {
        engine::Settings {
            call_gap: Millis(self.call_gap_ms),
            restart_interval: Millis::seconds(self.restart_interval),
            published_wins: self.published_wins,
            silent_devices: if self.watch_silent_devices { Treatment::Allow } else { Treatment::Refuse },
            polite_block: self.polite_block,
            request_expires: Millis::seconds(self.request_expires),
            limits: engine::Limits {
                principals_max: self.principals_max,
                names_max: self.names_max,
                names_per_principal_max: self.names_per_principal_max,
                agents_per_principal_max: self.devices_per_principal_max,
                evidence_per_agent_max: self.evidence_per_device_max,
                subscriptions_max: self.subscriptions_max,
                unknown_names_max: self.unknown_names_max,
                contacts_per_principal_max: self.contacts_per_principal_max,
                pending_per_watcher_max: self.pending_per_watcher_max,
                waiting_per_presentity_max: self.waiting_per_presentity_max,
                publications_per_principal_max: self.publications_per_principal_max,
                ..engine::Limits::default()
            },
            ..engine::Settings::default()
        }
    }
}
