//! What the operator decides about the gatekeeper.

use super::limit::Rate;
use super::security::AuthenticationSettings;
use crate::alias::Zone;
pub use model::Network;
use model::{Millis, Symmetry};
use std::net::SocketAddr;

/// A gatekeeper that endpoints may turn to when this one is silent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AlternateGatekeeper {
    /// Its RAS address.
    pub address: SocketAddr,
    /// Its identifier, where endpoints must name it.
    pub identifier: Option<String>,
    /// The lower, the sooner it is tried; 0 to 127.
    pub priority: u8,
    /// Whether endpoints must register there before they ask it anything.
    pub need_to_register: bool,
}

/// What happens when a second endpoint claims a name that a live one holds (D-32).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SecondDevice {
    /// It is refused with `duplicateAlias`.
    #[default]
    Refuse,
    /// It becomes a second device of the same principal.
    Accept,
}

/// Everything the operator decides about the gatekeeper.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The gatekeeperIdentifier; 1 to 128 UTF-16 units.
    pub gatekeeper_identifier: String,
    /// How aliases become addresses.
    pub zone: Zone,
    /// Whether somebody reads events at the level `debug`: to make their text costs as much as some answers do.
    pub tells_details: bool,
    /// The time to live of registrations that ask for none.
    pub time_to_live: Millis,
    /// The shortest and the longest time to live granted.
    pub time_to_live_range: (Millis, Millis),
    /// Time between two probes (IRQ) of a silent endpoint.
    pub probe_interval: Millis,
    /// Probes of a silent endpoint before it counts as lost.
    pub probes: u8,
    /// Time between the failure of the last probe and the end of the registration (D-20).
    pub grace: Millis,
    /// What happens when a second endpoint claims a name that a live one holds.
    pub second_device: SecondDevice,
    /// Time after admission of the answering side until it is asked (IRQ) whether the call is up.
    pub answer_check: Millis,
    /// Time between two checks of a call in progress.
    pub call_check: Millis,
    /// A call that no endpoint ever confirms or ends counts as ended after this time.
    pub call_timeout: Millis,
    /// A call whose answering side can't say whether it was answered, and still lists it, counts as answered after
    /// this time.
    pub presumed_answer: Millis,
    /// Whether a conference shows as a meeting instead of a call (D-14).
    pub conference_is_meeting: bool,
    /// Whether calls to destinations that are not registered here are admitted when the caller names a transport
    /// address.
    pub unregistered_destinations: bool,
    /// Bandwidth of the whole zone in units of 100 bit/s; `None`: without limit.
    pub zone_bandwidth: Option<u32>,
    /// The most bandwidth of one call in units of 100 bit/s.
    pub call_bandwidth: u32,
    /// Gatekeepers that endpoints are told of in GCF and RCF.
    pub alternates: Vec<AlternateGatekeeper>,
    /// Networks whose gatekeepers may ask where an alias is (LRQ).
    pub neighbours: Vec<Network>,
    /// Networks that are not rate limited.
    pub trusted: Vec<Network>,
    /// Who must show who he is, and how.
    pub authentication: AuthenticationSettings,
    /// How much addresses and networks outside the trusted ones may send.
    pub limits: LimitSettings,
    /// Whether presence is inferred at all.
    pub infer: bool,
    /// Aliases whose presence is never inferred; `*` stands for any text.
    pub infer_except: Vec<String>,
    /// Whether presence is also inferred for gateways, MCUs and gatekeepers.
    pub infer_infrastructure: bool,
    /// Products that take instant messages though they announce nothing of it, as patterns for what an endpoint says it
    /// is; `*` stands for any text.
    pub messaging_products: Vec<String>,
    /// What a subscription of an endpoint means for the other direction (E-26).
    pub symmetric: Symmetry,
    /// Endpoints that take the presence state `generic`, as patterns for their product or an alias. All others get the
    /// nearest plain state and the text beside it: the stock handler of h323plus reads `generic` wrongly.
    pub generic_states_to: Vec<String>,
    /// The most octets of a presence datagram (D-03); 600 to 1400.
    pub datagram_budget: usize,
    /// Time between two presence datagrams to one endpoint that has not confirmed the first yet (D-03).
    pub presence_pace: Millis,
    /// The most contacts, states and requests that wait to be told to one endpoint.
    pub outbox_max: usize,
    /// So many indications in a row, each repeated, may stay unconfirmed by an endpoint outside the trusted networks
    /// before it is sent no more until it is heard; zero: no limit.
    pub unconfirmed_max: u8,
    /// The TCP port at which the gatekeeper takes call signalling, at the addresses where it takes RAS; `None`: it does
    /// not, all calls are direct, and endpoints can write in Herald's own package only.
    pub call_signal_port: Option<u16>,
    /// The TCP port at which it takes call signalling over TLS, at the same addresses; `None`: it does not, and connects to
    /// nobody over TLS.
    pub tls_signal_port: Option<u16>,
    /// Whether it connects to endpoints over TLS only. Those that take no calls over TLS are sent no messages in calls.
    pub tls_required: bool,
    /// The longest time to live of an endpoint behind address translation, which its keep-alives must hold open; zero:
    /// such endpoints are treated as if they were not (H.460.18).
    pub traversal_time_to_live: Millis,
    /// The limits of call signalling.
    pub signalling: SignallingSettings,
    /// The most registrations.
    pub registrations_max: usize,
    /// The most new registrations that wait because more came than can be decided at once.
    pub registrations_waiting_max: usize,
    /// The most calls in progress.
    pub calls_max: usize,
}

impl Settings {
    /// The defaults for a zone.
    pub fn new(zone: Zone) -> Self {
        Self {
            gatekeeper_identifier: "Herald".to_owned(),
            zone,
            tells_details: true,
            time_to_live: Millis::seconds(120),
            time_to_live_range: (Millis::seconds(10), Millis::seconds(3600)),
            probe_interval: Millis::seconds(2),
            probes: 3,
            grace: Millis::seconds(5),
            second_device: SecondDevice::Refuse,
            answer_check: Millis::seconds(1),
            call_check: Millis::seconds(30),
            call_timeout: Millis::seconds(12 * 3600),
            presumed_answer: Millis::seconds(90),
            conference_is_meeting: true,
            unregistered_destinations: false,
            zone_bandwidth: None,
            call_bandwidth: 40_000,
            alternates: Vec::new(),
            neighbours: Vec::new(),
            trusted: Vec::new(),
            authentication: AuthenticationSettings::default(),
            limits: LimitSettings::default(),
            infer: true,
            infer_except: Vec::new(),
            infer_infrastructure: false,
            messaging_products: vec!["*h323plus*".to_owned()],
            symmetric: Symmetry::Auto,
            generic_states_to: Vec::new(),
            datagram_budget: 1200,
            presence_pace: Millis(10),
            outbox_max: 25_000,
            unconfirmed_max: 2,
            call_signal_port: None,
            tls_signal_port: None,
            tls_required: false,
            traversal_time_to_live: Millis::seconds(20),
            signalling: SignallingSettings::default(),
            registrations_max: 1_000_000,
            registrations_waiting_max: 65_536,
            calls_max: 200_000,
        }
    }
}

/// How much one address outside the trusted networks may send; the network that it is in may send a multiple.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LimitSettings {
    /// How many bits of an address name its network, for IPv4 and for IPv6.
    pub network_prefixes: (u8, u8),
    /// How many times as much as an address a network may send, and have.
    pub network_factor: u32,
    /// Datagrams.
    pub datagrams: Rate,
    /// Aliases that nobody had before.
    pub new_names: Rate,
    /// Changes of contact lists.
    pub contact_changes: Rate,
    /// Messages.
    pub messages: Rate,
    /// Connections over TLS.
    pub handshakes: Rate,
    /// The most calls in progress that endpoints at one address asked for first.
    pub calls_max: usize,
    /// The most connections, with a call on them or not.
    pub connections_max: usize,
    /// The most connections that have brought no Setup yet.
    pub fresh_connections_max: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            network_prefixes: (24, 64),
            network_factor: 32,
            datagrams: Rate { each_minute: 3000, burst: 200 },
            new_names: Rate { each_minute: 30, burst: 500 },
            contact_changes: Rate { each_minute: 600, burst: 2000 },
            messages: Rate { each_minute: 1200, burst: 3000 },
            handshakes: Rate { each_minute: 1200, burst: 1000 },
            calls_max: 1024,
            connections_max: 1024,
            fresh_connections_max: 256,
        }
    }
}

/// The limits of call signalling, and of the instant messages on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignallingSettings {
    /// The most connections at a time, both sides of relayed calls counted.
    pub connections_max: usize,
    /// The most calls for messages that one endpoint has at a time, from it and to it.
    pub message_calls_per_endpoint_max: usize,
    /// Time until the Setup must have come on a connection.
    pub setup_timeout: Millis,
    /// Time until a packet that was begun must be whole.
    pub packet_timeout: Millis,
    /// Time until a connection that is opened must be there.
    pub connect_timeout: Millis,
    /// Time until an endpoint must have answered, opened the session, or taken a single message.
    pub answer_timeout: Millis,
    /// Time until a call for messages must bring one (Q15).
    pub message_timeout: Millis,
    /// Time between two questions whether a text in a session was read.
    pub confirm_timeout: Millis,
    /// Time until an endpoint must have released a session that was closed.
    pub close_timeout: Millis,
    /// Time for which a session without texts stays open.
    pub session_idle: Millis,
    /// Time for which a call waits for one more text after the other side is through.
    pub linger: Millis,
    /// Within this time a text that an h323plus callee sends again is the same one (Q17); zero: never.
    pub repetition_window: Millis,
    /// The most UTF-16 units of one text on the wire; longer ones are divided. At most 8,150.
    pub text_units_max: usize,
}

impl Default for SignallingSettings {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            message_calls_per_endpoint_max: 256,
            setup_timeout: Millis::seconds(10),
            packet_timeout: Millis::seconds(10),
            connect_timeout: Millis::seconds(10),
            answer_timeout: Millis::seconds(30),
            message_timeout: Millis::seconds(30),
            confirm_timeout: Millis::seconds(5),
            close_timeout: Millis::seconds(5),
            session_idle: Millis::seconds(3600),
            linger: Millis::seconds(2),
            repetition_window: Millis(50),
            text_units_max: 8100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_that_share_its_prefix() {
        let contains = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(contains("192.0.2.0/24", "192.0.2.255"));
        assert!(!contains("192.0.2.0/24", "192.0.3.0"));
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(contains("127.0.0.1", "127.0.0.1"));
        assert!("192.0.2.0/33".parse::<Network>().is_err());
    }
}
