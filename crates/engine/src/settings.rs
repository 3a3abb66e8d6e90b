//! What the operator decides about the engine.

use crate::history::HistoryDomains;
use jiff::tz::TimeZone;
use model::address::Domain;
use model::{GatewayId, Handling, Millis};
use std::collections::BTreeSet;

/// Times and limits of one engine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// How long a call that has ended goes on counting, so that a transfer shows no gap (D-20). Default 2 s;
    /// zero: not at all.
    pub call_gap: Millis,
    /// How long after a start a principal of whom nothing was heard yet is shown as unknown rather than offline:
    /// one full refresh interval of the endpoints, and then some. Default 150 s.
    pub restart_interval: Millis,
    /// Instant messages.
    pub messages: MessageSettings,
    /// Whether what a person published of himself wins over an inferred call too (D-15, as some other products have
    /// it). Default no: a call is shown over "available".
    pub published_wins: bool,
    /// Who may watch a principal none of whose devices can be asked. Default: everybody.
    pub silent_devices: Treatment,
    /// Whether who is blocked is not told so, and sees somebody who is offline. Default no.
    pub polite_block: bool,
    /// How long a request to watch waits for a decision. Default 7 days.
    pub request_expires: Millis,
    /// What becomes of those of whom no rule says anything.
    pub defaults: Defaults,
    /// The zone of the hours in rules. Default UTC.
    pub time_zone: TimeZone,
    /// What gateways are called in rules.
    pub gateways: Vec<(GatewayId, String)>,
    /// The gateway that leads to everybody whose domain is not among [`Defaults::domains`]. Default: none does.
    pub elsewhere: Option<GatewayId>,
    /// Of whose messages a history is kept. Default: nobody's.
    pub history: HistoryDomains,
    /// The size of every table.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            call_gap: Millis::seconds(2),
            restart_interval: Millis::seconds(150),
            messages: MessageSettings::default(),
            published_wins: false,
            silent_devices: Treatment::Allow,
            polite_block: false,
            request_expires: Millis::seconds(7 * 24 * 3600),
            defaults: Defaults::default(),
            time_zone: TimeZone::UTC,
            gateways: Vec::new(),
            elsewhere: None,
            history: HistoryDomains::None,
            limits: Limits::default(),
        }
    }
}

/// What becomes of those of whom no rule says anything (F-01). Who does not say who it is may neither watch nor write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Defaults {
    /// The domains that count as our own; none: all.
    pub domains: BTreeSet<Domain>,
    /// Who of our own domains wants to watch. Default: the owner is asked.
    pub own_domain: Handling,
    /// Who of another domain wants to watch. Default: refused.
    pub other_domains: Handling,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { domains: BTreeSet::new(), own_domain: Handling::Confirm, other_domains: Handling::Block }
    }
}

/// What becomes of requests that nobody can decide.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Treatment {
    /// They are granted.
    #[default]
    Allow,
    /// They are refused.
    Refuse,
}

/// The most of everything. What is loaded from the store at start is never refused by them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Principals. Default 2,000,000.
    pub principals_max: usize,
    /// Names of all principals together. Default 8,000,000.
    pub names_max: usize,
    /// Names of one principal, and of one claim. Default 64.
    pub names_per_principal_max: usize,
    /// Agents of one principal at a time. Default 16.
    pub agents_per_principal_max: usize,
    /// Pieces of evidence about one agent at a time, which bounds the calls seen of it. Default 128.
    pub evidence_per_agent_max: usize,
    /// Subscriptions of all watchers, and entries of all contact lists, together. Default 20,000,000.
    pub subscriptions_max: usize,
    /// Names that are watched and belong to nobody yet. Default 100,000.
    pub unknown_names_max: usize,
    /// Whom one principal watches, has asked to watch, or blocks. Default 10,000.
    pub contacts_per_principal_max: usize,
    /// Requests of one watcher that wait for decisions. Default 100.
    pub pending_per_watcher_max: usize,
    /// Requests that wait for the decision of one presentity. Default 500.
    pub waiting_per_presentity_max: usize,
    /// Devices of one principal through which something is published, absent ones among them. Default 16.
    pub publications_per_principal_max: usize,
    /// Rules of all owners and the operator together. Default 1,000,000.
    pub rules_max: usize,
    /// Rules of one owner. Default 256.
    pub rules_per_principal_max: usize,
    /// Rules of the operator. Default 4096.
    pub operator_rules_max: usize,
    /// Groups. Default 100,000.
    pub groups_max: usize,
    /// Members of one group, those of groups in it left aside. Default 10,000.
    pub members_per_group_max: usize,
    /// Members of all groups together. Default 2,000,000.
    pub memberships_max: usize,
    /// Groups that may lie in each other. Default 8.
    pub group_depth_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            principals_max: 2_000_000,
            names_max: 8_000_000,
            names_per_principal_max: 64,
            agents_per_principal_max: 16,
            evidence_per_agent_max: 128,
            subscriptions_max: 20_000_000,
            unknown_names_max: 100_000,
            contacts_per_principal_max: 10_000,
            pending_per_watcher_max: 100,
            waiting_per_presentity_max: 500,
            publications_per_principal_max: 16,
            rules_max: 1_000_000,
            rules_per_principal_max: 256,
            operator_rules_max: 4096,
            groups_max: 100_000,
            members_per_group_max: 10_000,
            memberships_max: 2_000_000,
            group_depth_max: 8,
        }
    }
}

/// Times and limits of instant messages. What is loaded from the store at start is never refused by them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageSettings {
    /// Octets of the text and the content of one message together. Default 65,536.
    pub message_octets_max: usize,
    /// How long a message waits at most; its sender is then told. Default 30 days.
    pub message_age_max: Millis,
    /// How long the id of a message that has left its inbox is known at least, so that a repeat is not delivered
    /// again. Default 1 day.
    pub repeat_window: Millis,
    /// Messages that wait in one inbox. Default 1000.
    pub messages_per_inbox_max: usize,
    /// Octets that wait in one inbox. Default 4 MiB.
    pub octets_per_inbox_max: usize,
    /// Messages that wait in all inboxes. Default 1,000,000.
    pub messages_max: usize,
    /// Octets that wait in all inboxes. Default 512 MiB.
    pub octets_max: usize,
    /// Ids of messages that have left; the oldest are forgotten before their time. Default 1,000,000.
    pub repeats_max: usize,
    /// Copies of one message to a group, which bounds the members of groups that are written to. Default 60.
    pub group_copies_max: usize,
}

impl Default for MessageSettings {
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Self {
            message_octets_max: 65_536,
            message_age_max: Millis::seconds(30 * DAY),
            repeat_window: Millis::seconds(DAY),
            messages_per_inbox_max: 1000,
            octets_per_inbox_max: 4 << 20,
            messages_max: 1_000_000,
            octets_max: 512 << 20,
            repeats_max: 1_000_000,
            group_copies_max: 60,
        }
    }
}
