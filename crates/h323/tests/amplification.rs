//! Nobody is sent more than he sent before he has shown that his address is his own.

// A test that meets what it does not expect should stop there.
#![allow(clippy::unwrap_used)]

use arbitrary::{Arbitrary, Unstructured};
use codec::per::{self, BmpString};
use h323::alias::{Alias, Zone};
use h323::gatekeeper::{Gatekeeper, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use h323::wire::package::{Announcement, capability};
use link::{ChannelId, Input, Link, Output};
use model::address::{DialPlan, Domain, PseudonymKey};
use model::*;
use proptest::prelude::*;
use std::net::SocketAddr;
use std::sync::Arc;

/// By how much a GCF or RCF may be larger than its request.
const CONFIRM_SURPLUS_MAX: usize = 512;
/// The most octets of an indication.
const INDICATION_MAX: usize = 1200;

/// What a source sent, and what it was sent.
#[derive(Debug, Default)]
struct Account {
    received: usize,
    answers: usize,
    confirms: Vec<usize>,
    indications: Vec<Vec<u8>>,
    others: usize,
}

/// A gatekeeper whose engine has something to tell everybody.
struct World {
    gatekeeper: Gatekeeper,
    now: Now,
    source: SocketAddr,
    account: Account,
    /// The messages from and to the source, for whoever has to find a fault.
    said: Vec<String>,
}

impl World {
    fn new(source: &str) -> Self {
        let zone = Zone {
            domain: Domain::parse("example.com").unwrap(),
            foreign: Default::default(),
            dial_plan: DialPlan::default(),
            service_codes: Default::default(),
            configured: Default::default(),
            pseudonym_key: PseudonymKey::new([7; 32]),
        };
        let mut settings = Settings::new(zone);
        settings.gatekeeper_identifier = "G".repeat(128);
        settings.call_signal_port = Some(1720);
        Self {
            gatekeeper: Gatekeeper::new(GatewayId(0), settings, [1; 32]),
            now: Now { instant: Instant(1000), wall: Timestamp(1_700_000_000_000) },
            source: source.parse().unwrap(),
            account: Account::default(),
            said: Vec::new(),
        }
    }

    fn send(&mut self, octets: &[u8]) {
        let name = per::decode::<RasMessage>(octets).map(|message| name(&message));
        self.said.push(format!("<- {} {}", name.unwrap_or_default(), octets.len()));
        self.account.received += octets.len();
        let local = "192.0.2.1:1719".parse().unwrap();
        let input = Input::Datagram { peer: self.source, local, to_many: false, octets };
        self.gatekeeper.receive(self.now, ChannelId(0), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.gatekeeper.poll() {
            match output {
                Output::Datagram { peer, octets, .. } => {
                    assert_eq!(peer.ip(), self.source.ip(), "a third party is sent something");
                    self.sent(octets);
                }
                Output::Open { peer, channel, .. } => {
                    assert_eq!(peer.ip(), self.source.ip(), "a third party is connected to");
                    let how = link::Closure::Unreachable;
                    self.gatekeeper.receive(self.now, channel, Input::Closed { how });
                }
                Output::Request(request) => self.engine(request),
                _ => {}
            }
        }
    }

    fn sent(&mut self, octets: Vec<u8>) {
        let message = per::decode(&octets).unwrap();
        self.said.push(format!("-> {} {}", name(&message), octets.len()));
        match message {
            RasMessage::GatekeeperConfirm(_) | RasMessage::RegistrationConfirm(_) => {
                self.account.confirms.push(octets.len());
            }
            RasMessage::ServiceControlIndication(_) => self.account.indications.push(octets),
            RasMessage::InfoRequest(_) | RasMessage::UnregistrationRequest(_) => {
                self.account.others += octets.len()
            }
            _ => self.account.answers += octets.len(),
        }
    }

    fn engine(&mut self, request: Request) {
        let Some((ticket, agent)) = request.ticket() else {
            if let Request::Attend { agent } = request {
                self.attend(agent);
            }
            return;
        };
        let effect = match request {
            Request::Claim { claim, .. } => {
                let presentity = claim.aliases[0].address.clone();
                Effect::Claimed { ticket, agent: claim.agent, presentity, new_names: claim.aliases.len() }
            }
            Request::Send { .. } => Effect::Accepted { ticket, agent, is_stored: true },
            Request::Route { agent, .. } => Effect::Routed { ticket, agent, agents: Vec::new() },
            _ => Effect::Done { ticket, agent: agent.unwrap() },
        };
        self.gatekeeper.apply(self.now, effect);
    }

    /// There is much to be told: contacts and messages.
    fn attend(&mut self, agent: AgentId) {
        let name = |number: usize| NamedAddress {
            address: Address::parse(&format!("contact{number}@example.com")).unwrap(),
            kind: "h323-ID".to_owned(),
            original: format!("contact{number}"),
        };
        let contact = |number| Contact {
            name: name(number),
            status: ContactStatus::Subscribed,
            card: ContactCard::default(),
        };
        let contacts = (0..100).map(contact).collect();
        self.gatekeeper.apply(self.now, Effect::Listed { agent, contacts });
        for number in 0..10 {
            let message = InstantMessage {
                id: MessageId([number as u8; 16]),
                sender: name(number).address,
                recipient: Address::parse("victim@example.com").unwrap(),
                text: "a message ".repeat(50),
                content: None,
                language: None,
                sent_at: self.now.wall,
                expires_at: None,
                max_forwards: 1,
                thread: None,
                wanted: ReceiptsWanted::default(),
                in_session: false,
                is_report: false,
                is_ignored: false,
            };
            let delivery =
                Arc::new(Delivery { message, sender: name(number), is_delayed: true, group: None });
            self.gatekeeper.apply(self.now, Effect::Deliver { agent, delivery });
        }
    }

    fn pass(&mut self, length: Millis) {
        let end = self.now.instant.after(length);
        while let Some(next) = self.gatekeeper.deadline().filter(|next| *next <= end) {
            self.now = self.now.after(next.since(self.now.instant));
            self.gatekeeper.timeout(self.now);
            self.drain();
        }
        self.now = self.now.after(end.since(self.now.instant));
    }

    /// A source that never shows that its address is its own has caused little.
    fn check(mut self) -> Account {
        let answers = self.account.answers;
        assert!(answers <= self.account.received, "{answers} octets for {}", self.account.received);
        self.pass(Millis::seconds(4000));
        let account = self.account;
        let sum = account.answers + account.others;
        assert!(sum <= account.received, "{sum} octets for {}: {:?}", account.received, self.said);
        assert!(
            account.confirms.iter().sum::<usize>()
                <= account.received + account.confirms.len() * CONFIRM_SURPLUS_MAX
        );
        let mut indications = account.indications.clone();
        indications.dedup();
        assert!(indications.len() <= account.confirms.len(), "{} indications", indications.len());
        assert!(account.indications.len() <= 3 * account.confirms.len());
        assert!(account.indications.iter().all(|octets| octets.len() <= INDICATION_MAX));
        account
    }
}

fn name(message: &RasMessage) -> String {
    format!("{message:?}").split('(').next().unwrap().to_owned()
}

fn registration(signalling: &str) -> Vec<u8> {
    let announcement = Announcement { capabilities: capability::MESSAGES | capability::RECEIPTS, version: 1 };
    let features = vec![Feature::Presence.advertised(), announcement.write()];
    let address: SocketAddr = signalling.parse().unwrap();
    let request = RegistrationRequest {
        discovery_complete: true,
        call_signal_address: vec![address.into()],
        ras_address: vec![address.into()],
        terminal_alias: Alias::H323Id("victim".to_owned()).to_wire().map(|alias| vec![alias]),
        feature_set: Some(FeatureSet { supported_features: Some(features), ..FeatureSet::default() }),
        ..RegistrationRequest::default()
    };
    per::encode(&RasMessage::RegistrationRequest(request.into())).unwrap()
}

#[test]
fn a_registration_in_the_name_of_another_host_brings_it_one_indication_and_nothing_more() {
    let mut world = World::new("198.51.100.7:1719");
    world.send(&registration("198.51.100.7:1720"));
    let account = world.check();
    assert_eq!(account.confirms.len(), 1);
    assert_eq!(account.indications.len(), 3, "one, and its repetitions");
    assert!(account.indications.iter().all(|octets| *octets == account.indications[0]));
}

#[test]
fn a_third_party_that_a_registration_names_is_never_connected_to_or_written_to() {
    let mut world = World::new("198.51.100.7:1719");
    world.send(&registration("203.0.113.80:80"));
    world.check();
}

#[test]
fn an_endpoint_that_has_confirmed_is_told_everything_at_once() {
    let mut world = World::new("198.51.100.7:1719");
    world.send(&registration("198.51.100.7:1720"));
    for _ in 0..100 {
        for octets in std::mem::take(&mut world.account.indications) {
            let RasMessage::ServiceControlIndication(indication) = per::decode(&octets).unwrap() else {
                panic!()
            };
            let number = indication.request_seq_num;
            let response = ServiceControlResponse { request_seq_num: number, ..Default::default() };
            world.send(&per::encode(&RasMessage::ServiceControlResponse(response.into())).unwrap());
            world.account.others += 1;
        }
    }
    assert!(world.account.others > 10, "{} indications confirmed", world.account.others);
}

#[test]
fn a_guessed_confirmation_proves_nothing() {
    let mut world = World::new("198.51.100.7:1719");
    world.send(&registration("198.51.100.7:1720"));
    for number in 1..20 {
        let number = RequestSeqNum::clamped(number);
        let response = ServiceControlResponse { request_seq_num: number, ..Default::default() };
        world.send(&per::encode(&RasMessage::ServiceControlResponse(response.into())).unwrap());
    }
    assert_eq!(world.account.indications.len(), 1);
}

#[test]
fn recorded_requests_of_an_address_that_proves_nothing_are_answered_with_less() {
    let lines = include_str!("vectors/vectors.jsonl").lines();
    let mut count = 0;
    for vector in lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
        if vector["transport"] != "RAS over UDP" {
            continue;
        }
        let hex = vector["hex"].as_str().unwrap();
        let octets: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let mut world = World::new("198.51.100.7:1719");
        // Twice: a repetition is answered from memory.
        world.send(&octets);
        world.send(&octets);
        world.check();
        count += 1;
    }
    assert!(count > 20);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_requests_of_an_address_that_proves_nothing_are_answered_with_less(
        entropy in proptest::collection::vec(any::<u8>(), 0..3000),
        is_registered in any::<bool>(),
        seed_alias in "[a-z]{1,8}",
    ) {
        let mut world = World::new("198.51.100.7:1719");
        if is_registered {
            world.send(&registration("198.51.100.7:1720"));
        }
        let mut random = Unstructured::new(&entropy);
        for _ in 0..4 {
            let Ok(mut message) = RasMessage::arbitrary(&mut random) else { break };
            if let RasMessage::RegistrationRequest(request) = &mut message {
                // So that some get through.
                let address: SocketAddr = "198.51.100.7:1720".parse().unwrap();
                request.call_signal_address = vec![address.into()];
                request.ras_address = vec![address.into()];
                request.gatekeeper_identifier = BmpString::new("");
                request.terminal_alias = Alias::H323Id(seed_alias.clone()).to_wire().map(|alias| vec![alias]);
            }
            if let Ok(octets) = per::encode(&message) {
                world.send(&octets);
            }
        }
        world.check();
    }
}
