//! Measures the gatekeeper alone: how long one core takes for a registration, a keep-alive and a notification, and how much
//! memory an endpoint takes. Nobody plays the engine: every claim is granted at once.
//!
//! `cargo run --release -p h323 --example throughput [endpoints] [watchers] [changes]`

use codec::per::{self, BmpString, ObjectIdentifier, OctetString};
use h323::alias::Zone;
use h323::gatekeeper::{Gatekeeper, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::{
    AliasAddress, EndpointType, FeatureSet, RasMessage, RegistrationRequest, RequestSeqNum,
    ServiceControlResponse, ServiceControlResult, TerminalInfo, TransportAddress, VendorIdentifier,
};
use link::{ChannelId, Input, Link, Output};
use model::address::{DialPlan, Domain, PseudonymKey};
use model::{
    Address, AgentId, Basic, Effect, GatewayId, Instant, NamedAddress, Now, PresenceDocument, PresenceState,
    Request, Timestamp, Version,
};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().unwrap_or(0));
    let endpoints: u32 = arguments.next().unwrap_or(200_000);
    let watchers: u32 = arguments.next().unwrap_or(1_000);
    let changes: u32 = arguments.next().unwrap_or(200);
    let mut bench = Bench::new();

    let requests: Vec<_> = (0..endpoints).map(|number| registration(number, None)).collect();
    let empty = resident_kib();
    bench.measure("first registrations", &requests);
    let octets = (resident_kib() - empty) * 1024 / u64::from(endpoints.max(1));
    println!("{octets} octets of memory for each endpoint, its answer that is kept for a minute included");
    let identifiers = std::mem::take(&mut bench.identifiers);
    let keep_alives = (0..).zip(&identifiers).map(|(number, known)| registration(number, Some(known)));
    let keep_alives: Vec<_> = keep_alives.collect();
    bench.measure("keep-alives", &keep_alives);
    bench.notify(u64::from(watchers.min(endpoints)), changes);
}

/// Where it is from, and its octets.
type Datagram = (SocketAddr, Vec<u8>);

struct Bench {
    gatekeeper: Gatekeeper,
    now: Now,
    /// What the endpoints were given, in the order of their registration.
    identifiers: Vec<BmpString<1, 128>>,
    sent: Vec<Datagram>,
}

impl Bench {
    fn new() -> Self {
        let mut settings = Settings::new(Zone {
            domain: Domain::parse("example.com").expect("it is a domain"),
            foreign: Default::default(),
            dial_plan: DialPlan::default(),
            service_codes: Default::default(),
            configured: Default::default(),
            pseudonym_key: PseudonymKey::new([7; 32]),
        });
        settings.trusted = vec!["127.0.0.0/8".parse().expect("it is a network")];
        settings.tells_details = false;
        Self {
            gatekeeper: Gatekeeper::new(GatewayId(0), settings, [1; 32]),
            now: Now { instant: Instant(10), wall: Timestamp(1_000) },
            identifiers: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn receive(&mut self, (peer, octets): &Datagram) {
        let input = Input::Datagram { peer: *peer, local: SERVER, to_many: false, octets };
        self.gatekeeper.receive(self.now, ChannelId(0), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.gatekeeper.poll() {
            match output {
                Output::Request(Request::Claim { ticket, claim }) => {
                    let presentity = claim.aliases[0].address.clone();
                    let effect = Effect::Claimed { ticket, agent: claim.agent, presentity, new_names: 1 };
                    self.gatekeeper.apply(self.now, effect);
                }
                Output::Datagram { peer, octets, .. } => self.sent.push((peer, octets)),
                _ => {}
            }
        }
    }

    /// Sends requests, and notes the identifiers of endpoints in what is answered.
    fn measure(&mut self, what: &str, requests: &[Datagram]) {
        let (mut seconds, mut confirmed) = (0.0, 0);
        for requests in requests.chunks(BATCH) {
            let began = busy_seconds();
            requests.iter().for_each(|request| self.receive(request));
            seconds += busy_seconds() - began;
            for (_, octets) in self.sent.drain(..) {
                if let Ok(RasMessage::RegistrationConfirm(confirm)) = per::decode(&octets) {
                    self.identifiers.push(confirm.endpoint_identifier);
                    confirmed += 1;
                }
            }
        }
        let each = seconds * 1e6 / f64::from(confirmed.max(1));
        println!("{what}: {confirmed} confirmed, {each:.2} us each");
    }

    /// Tells the first so many endpoints that somebody's state changed, again and again.
    fn notify(&mut self, watchers: u64, changes: u32) {
        let (mut seconds, mut told) = (0.0, 0);
        for change in 0..changes {
            let document = document(change);
            let contact = NamedAddress {
                address: document.presentity.clone(),
                kind: "h323-ID".to_owned(),
                original: "Meeting Room".to_owned(),
            };
            self.now.instant.0 += 1_000;
            let began = busy_seconds();
            for number in 1..=watchers {
                let agent = AgentId { gateway: GatewayId(0), number };
                let (contact, document) = (contact.clone(), Arc::clone(&document));
                self.gatekeeper.apply(self.now, Effect::Inform { agent, contact, document });
                self.drain();
            }
            seconds += busy_seconds() - began;
            let answers: Vec<_> = self.sent.drain(..).filter_map(|sent| confirmed(&sent)).collect();
            let began = busy_seconds();
            answers.iter().for_each(|answer| self.receive(answer));
            seconds += busy_seconds() - began;
            told += answers.len();
        }
        let each = seconds * 1e6 / told.max(1) as f64;
        println!("notifications: {told} told and confirmed, {each:.2} us each");
    }
}

/// A registration as a full one, or as a keep-alive of the endpoint that was given this identifier.
fn registration(number: u32, identifier: Option<&BmpString<1, 128>>) -> Datagram {
    let host = Ipv4Addr::from(0x7f01_0000 + number / 60_000);
    let address = |port: u32| SocketAddr::from((host, port as u16));
    let name = format!("bench{number:08}");
    let vendor = VendorIdentifier {
        product_id: Some(OctetString(b"Herald bench".to_vec())),
        ..VendorIdentifier::default()
    };
    let features = FeatureSet {
        supported_features: Some(vec![Feature::Presence.advertised()]),
        ..FeatureSet::default()
    };
    let request = RegistrationRequest {
        request_seq_num: RequestSeqNum::clamped(1 + number % 60_000),
        protocol_identifier: PROTOCOL,
        discovery_complete: true,
        call_signal_address: vec![TransportAddress::from(address(2_000 + number % 60_000))],
        ras_address: vec![TransportAddress::from(address(1_719))],
        terminal_type: EndpointType {
            vendor: Some(vendor.clone()),
            terminal: Some(TerminalInfo::default()),
            ..EndpointType::default()
        },
        terminal_alias: identifier
            .is_none()
            .then(|| BmpString::new(&name).map(AliasAddress::H323Id))
            .flatten()
            .map(|alias| vec![alias]),
        endpoint_vendor: vendor,
        keep_alive: Some(identifier.is_some()),
        endpoint_identifier: identifier.cloned(),
        maintain_connection: Some(false),
        feature_set: Some(features),
        ..RegistrationRequest::default()
    };
    let octets = per::encode(&RasMessage::RegistrationRequest(request.into())).expect("it can be encoded");
    (address(1_719), octets)
}

/// The response to an indication.
fn confirmed((peer, octets): &Datagram) -> Option<Datagram> {
    let RasMessage::ServiceControlIndication(indication) = per::decode(octets).ok()? else { return None };
    let response = ServiceControlResponse {
        request_seq_num: indication.request_seq_num,
        result: Some(ServiceControlResult::Started),
        ..ServiceControlResponse::default()
    };
    Some((*peer, per::encode(&RasMessage::ServiceControlResponse(response.into())).ok()?))
}

/// What is known of one room; it is in a call and out of it by turns.
fn document(change: u32) -> Arc<PresenceDocument> {
    let state = if change.is_multiple_of(2) { PresenceState::OnCall } else { PresenceState::Online };
    Arc::new(PresenceDocument {
        presentity: Address::parse("meeting room@example.com").expect("it is an address"),
        version: Version { epoch: 1, version: change },
        state,
        basic: Basic::Open,
        since: Timestamp(1),
        note: None,
        tuples: Vec::new(),
    })
}

/// How long this thread has been running on a core, whoever else wants it; 0 where the system doesn't tell.
fn busy_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Resident memory of this process in KiB; 0 where the system doesn't tell.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}

/// Requests in a row before their answers are read.
const BATCH: usize = 1_024;

/// H.225.0 version 7: 0.0.8.2250.0.7.
const PROTOCOL: ObjectIdentifier = ObjectIdentifier::from_static(&[0x00, 0x08, 0x91, 0x4a, 0x00, 0x07]);

const SERVER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1719));
