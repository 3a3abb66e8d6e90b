//! `[h323]`: the gatekeeper.

use super::limit::{Any, AtMost, IfSet, Units};
use super::limits::LimitsSettings;
use super::presence::PresenceSettings;
use super::table::table;
use super::value::any_address;
use super::{CALL_SIGNAL_PORT, ListenAddress, Problem, RAS_PORT, Written};
use h323::alias::Zone;
use h323::gatekeeper;
use model::{Millis, Symmetry};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

table! {
    /// The H.323 gatekeeper: where it listens, whom it serves and how it notices who is gone.
    H323Settings as "h323" {
        /// Addresses for RAS, with or without a port (1719 where none is given). `0.0.0.0` and `::` stand for all
        /// addresses of this machine. `--listen` takes the place of this list.
        listen: Vec<Written<ListenAddress>> =
            vec![any_address(Ipv4Addr::UNSPECIFIED.into()), any_address(Ipv6Addr::UNSPECIFIED.into())],
            "", AtMost(64, "addresses");
        /// Addresses for call signalling, with or without a port (1720 where none is given), all with one port: messages
        /// and the calls of endpoints that may write messages come here. Not set: the addresses of `listen` with port
        /// 1720, or with the port after theirs where that is not 1719. `[]`: nowhere; all calls are direct, and there are
        /// no messages in calls.
        signalling: Option<Vec<Written<ListenAddress<CALL_SIGNAL_PORT>>>> = None, "", IfSet(AtMost(64, "addresses"));
        /// Whether endpoints can find this gatekeeper by multicast (224.0.1.41, port 1718) and by broadcast.
        discovery: bool = true, "", Any("true or false");
        /// The gatekeeper identifier that endpoints are told and may ask for.
        gatekeeper_identifier: String = "Herald".to_owned(), "", Units(1..=128);
        /// Time to live of registrations that ask for none.
        time_to_live: u64 = 120, "s", 10..=86_400;
        /// The shortest time to live granted.
        time_to_live_min: u64 = 10, "s", 5..=86_400;
        /// The longest time to live granted.
        time_to_live_max: u64 = 3600, "s", 10..=86_400;
        /// The longest time to live of an endpoint behind address translation that offers signalling traversal (H.460.18).
        /// Its keep-alives hold the way open on which it is told of calls, to which it then connects. 0: it is not offered, and
        /// no call reaches such an endpoint.
        traversal_time_to_live: u64 = 20, "s", 0..=3600;
        /// Time between two probes (IRQ) of an endpoint that has fallen silent.
        probe_interval_ms: u64 = 2000, "ms", 500..=60_000;
        /// Probes of a silent endpoint before it counts as lost.
        probes: u8 = 3, "", 1..=10;
        /// Time between the failure of the last probe and the end of the registration; who comes back within it is
        /// never shown as offline.
        grace_ms: u64 = 5000, "ms", 0..=600_000;
        /// What happens to a second endpoint that registers a name which a live one holds: `refuse`, or `accept` as
        /// one more device of the same person.
        second_device: SecondDevice = SecondDevice::Refuse, "", Any("\"refuse\" or \"accept\"");
        /// Time after the admission of the answering side until it is asked whether the call is up.
        answer_check_ms: u64 = 1000, "ms", 200..=60_000;
        /// Time between two checks of a call in progress.
        call_check: u64 = 30, "s", 5..=3600;
        /// A call that no endpoint ever confirms or ends counts as ended after this time.
        call_timeout: u64 = 43_200, "s", 60..=604_800;
        /// A call whose answering side still lists it, and can't say whether it was answered, counts as answered
        /// after this time.
        presumed_answer: u64 = 90, "s", 5..=3600;
        /// Whether a caller may name a transport address that is not registered here.
        unregistered_destinations: bool = false, "", Any("true or false");
        /// Bandwidth of all calls together; not set: no limit.
        zone_bandwidth: Option<u32> = None, "100 bit/s", IfSet(Any("0 to 4294967295"));
        /// The most bandwidth of one call.
        call_bandwidth: u32 = 40_000, "100 bit/s", Any("0 to 4294967295");
        /// Gatekeepers that endpoints may turn to when this one is silent:
        /// `{ address = "192.0.2.2:1719", identifier = "second", priority = 0, need_to_register = true }`.
        alternates: Vec<Alternate> = Vec::new(), "", AtMost(16, "gatekeepers");
        /// Networks whose gatekeepers may ask where a name is (LRQ).
        neighbours: Vec<Written<gatekeeper::Network>> = Vec::new(), "", AtMost(1024, "networks");
        /// Networks without a rate limit. `--trust` adds to this list.
        trusted: Vec<Written<gatekeeper::Network>> = Vec::new(), "", AtMost(1024, "networks");
        /// Requests each second that one address outside the trusted networks may send.
        rate_limit: u32 = 50, "1/s", 1..=1_000_000;
        /// Requests that such an address may send at once before the rate counts.
        rate_burst: u32 = 200, "", 1..=1_000_000;
        /// Products that take messages in calls though they say nothing of it when they register; `*` stands for any
        /// text, and what an endpoint says it is counts.
        messaging_products: Vec<String> = vec!["*h323plus*".to_owned()], "", AtMost(1024, "patterns");
        /// What it means for the other direction that one watches another. `auto`: both watch each other, as the
        /// deployed clients of H.323 take it, and who agrees to somebody of another domain or network only asks to watch
        /// in turn; `ask`: who agrees asks in turn, always; `never`: nothing.
        symmetric: Symmetry = Symmetry::Auto, "", Any("\"auto\", \"ask\" or \"never\"");
        /// Endpoints, by product or alias, that are shown a state which is only free text as such. To all others it goes as
        /// the nearest plain state with the text beside it: the stock handler of h323plus can't read the other.
        generic_states_to: Vec<String> = Vec::new(), "", AtMost(1024, "patterns");
        /// The longest datagram with presence or a message that is sent to an endpoint; longer lists are divided.
        indication_octets_max: usize = 1200, "octets", 600..=1400;
        /// Time between two such datagrams to an endpoint that has not confirmed the first yet.
        indication_pace_ms: u64 = 10, "ms", 1..=1000;
        /// The most contacts, states and requests that wait to be told to one endpoint.
        outbox_max: usize = 25_000, "", 100..=1_000_000;
        /// Time until a call for messages must bring one.
        message_timeout: u64 = 30, "s", 5..=600;
        /// Time for which a session without texts stays open.
        session_idle: u64 = 3600, "s", 60..=86_400;
        /// Within this time a text that the called side of an h323plus session sends again is the same one; 0: never.
        repetition_window_ms: u64 = 50, "ms", 0..=1000;
        /// The most calls for messages that one endpoint has at a time.
        message_calls_per_endpoint_max: usize = 256, "", 1..=10_000;
        /// The most registrations.
        registrations_max: usize = 1_000_000, "", 1..=10_000_000;
        /// The most new registrations that wait when more come than can be decided at once. They are told how long it
        /// will take; the others are told to come again.
        registrations_waiting_max: usize = 65_536, "", 0..=1_000_000;
        /// The most calls in progress.
        calls_max: usize = 200_000, "", 1..=10_000_000;
        /// The most connections for call signalling. It may be less where the system allows too few open files.
        connections_max: usize = 16_000, "", 1..=1_000_000;
        /// The longest datagram that is read; longer ones are dropped and counted.
        datagram_octets_max: usize = 8192, "octets", 1500..=65_507;
        /// The socket buffer that the system is asked for; `herald status` shows what it gave.
        socket_buffer_octets: usize = 4_194_304, "octets", 65_536..=1_073_741_824;
    }
}

/// What happens to a second endpoint that registers a name which a live one holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondDevice {
    /// It is refused with `duplicateAlias`.
    Refuse,
    /// It becomes one more device of the same person.
    Accept,
}

/// A gatekeeper that endpoints may turn to when this one is silent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternate {
    /// Its RAS address with its port.
    pub address: SocketAddr,
    /// Its identifier, where endpoints must name it.
    #[serde(default)]
    pub identifier: Option<String>,
    /// The lower, the sooner it is tried; 0 to 127.
    #[serde(default)]
    pub priority: u8,
    /// Whether endpoints must register there before they ask it anything.
    #[serde(default = "yes")]
    pub need_to_register: bool,
}

impl H323Settings {
    /// What is wrong beyond the single values.
    pub(super) fn check_together(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(self.time_to_live_min..=self.time_to_live_max).contains(&self.time_to_live) {
            let text = "must lie between time_to_live_min and time_to_live_max";
            problems.push(Problem::at("h323", "time_to_live", text.to_owned()));
        }
        if self.listen.is_empty() {
            let text = "names no address; leave it out to listen on all addresses";
            problems.push(Problem::at("h323", "listen", text.to_owned()));
        }
        let signalling: Vec<_> =
            self.signalling.iter().flatten().map(|address| address.value().0.port()).collect();
        if signalling.windows(2).any(|ports| ports[0] != ports[1]) {
            let text = "has addresses with different ports; endpoints are told one port for all of them";
            problems.push(Problem::at("h323", "signalling", text.to_owned()));
        }
        if self.alternates.iter().any(|alternate| alternate.priority > 127) {
            let text = "has a priority above 127";
            problems.push(Problem::at("h323", "alternates", text.to_owned()));
        }
        problems
    }

    /// Where connections are accepted.
    pub fn signalling_addresses(&self) -> Vec<SocketAddr> {
        if let Some(signalling) = &self.signalling {
            return signalling.iter().map(|address| address.value().0).collect();
        }
        let port = match self.listen.first().map_or(RAS_PORT, |first| first.value().0.port()) {
            RAS_PORT => CALL_SIGNAL_PORT,
            0 => 0,
            moved => moved.checked_add(1).unwrap_or(CALL_SIGNAL_PORT),
        };
        let mut addresses = Vec::new();
        for address in &self.listen {
            let address = SocketAddr::new(address.value().0.ip(), port);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// What the gatekeeper is told; connections are accepted at `call_signal_port`.
    pub fn gatekeeper(
        &self,
        zone: Zone,
        presence: &PresenceSettings,
        limits: &LimitsSettings,
        call_signal_port: Option<u16>,
    ) -> gatekeeper::Settings {
        let networks =
            |written: &[Written<gatekeeper::Network>]| written.iter().map(|one| *one.value()).collect();
        gatekeeper::Settings {
            gatekeeper_identifier: self.gatekeeper_identifier.clone(),
            time_to_live: Millis::seconds(self.time_to_live),
            time_to_live_range: (
                Millis::seconds(self.time_to_live_min),
                Millis::seconds(self.time_to_live_max),
            ),
            traversal_time_to_live: Millis::seconds(self.traversal_time_to_live),
            probe_interval: Millis(self.probe_interval_ms),
            probes: self.probes,
            grace: Millis(self.grace_ms),
            second_device: match self.second_device {
                SecondDevice::Refuse => gatekeeper::SecondDevice::Refuse,
                SecondDevice::Accept => gatekeeper::SecondDevice::Accept,
            },
            answer_check: Millis(self.answer_check_ms),
            call_check: Millis::seconds(self.call_check),
            call_timeout: Millis::seconds(self.call_timeout),
            presumed_answer: Millis::seconds(self.presumed_answer),
            conference_is_meeting: presence.conference_is_meeting,
            unregistered_destinations: self.unregistered_destinations,
            zone_bandwidth: self.zone_bandwidth,
            call_bandwidth: self.call_bandwidth,
            alternates: self.alternates.iter().map(Alternate::gatekeeper).collect(),
            neighbours: networks(&self.neighbours),
            trusted: networks(&self.trusted),
            limits: gatekeeper::LimitSettings {
                datagrams: gatekeeper::Rate {
                    each_minute: u64::from(self.rate_limit) * 60,
                    burst: u64::from(self.rate_burst),
                },
                ..limits.gatekeeper()
            },
            infer: presence.infer,
            infer_except: presence.infer_except.clone(),
            infer_infrastructure: presence.infer_infrastructure,
            messaging_products: self.messaging_products.clone(),
            symmetric: self.symmetric,
            generic_states_to: self.generic_states_to.clone(),
            datagram_budget: self.indication_octets_max,
            presence_pace: Millis(self.indication_pace_ms),
            outbox_max: self.outbox_max,
            unconfirmed_max: limits.unconfirmed_max,
            signalling: gatekeeper::SignallingSettings {
                // Both sides of a relayed call have one.
                connections_max: self.connections_max.saturating_mul(2),
                message_calls_per_endpoint_max: self.message_calls_per_endpoint_max,
                message_timeout: Millis::seconds(self.message_timeout),
                session_idle: Millis::seconds(self.session_idle),
                setup_timeout: Millis::seconds(limits.setup_timeout),
                packet_timeout: Millis::seconds(limits.packet_timeout),
                repetition_window: Millis(self.repetition_window_ms),
                ..gatekeeper::SignallingSettings::default()
            },
            registrations_max: self.registrations_max,
            registrations_waiting_max: self.registrations_waiting_max,
            calls_max: self.calls_max,
            call_signal_port,
            tells_details: tracing::enabled!(tracing::Level::DEBUG),
            ..gatekeeper::Settings::new(zone)
        }
    }
}

impl Alternate {
    fn gatekeeper(&self) -> gatekeeper::AlternateGatekeeper {
        gatekeeper::AlternateGatekeeper {
            address: self.address,
            identifier: self.identifier.clone(),
            priority: self.priority,
            need_to_register: self.need_to_register,
        }
    }
}

const fn yes() -> bool {
    true
}
