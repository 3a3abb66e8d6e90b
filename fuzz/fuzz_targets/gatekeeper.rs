//! The gatekeeper as a whole: datagrams and connections of an endpoint that is registered and of a stranger, in any
//! order, with an engine behind it that grants everything.
//!
//! The input is a row of events: one octet that says what happens, two with a length, and as many octets of content.

#![no_main]

use codec::per::{self, FixedOctets};
use h323::alias::Alias;
use h323::gatekeeper::{Gatekeeper, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::{
    AdmissionRequest, CallIdentifier, EndpointIdentifier, FeatureSet, RasMessage, RegistrationRequest,
};
use herald_fuzz::{call_message, events, granted, ras_message, zone};
use link::{ChannelId, Closure, Command, Input, Link, Outcome, Output};
use model::{
    Address, Contact, ContactCard, ContactStatus, Credential, Delivery, Effect, GatewayId, Instant,
    InstantMessage, MessageId, Millis, NamedAddress, Now, Password, PasswordKey, ReceiptsWanted, Timestamp,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// The most outputs after one event: a loop inside would give more.
const OUTPUTS_MAX: usize = 10_000;

/// The most of each that there may be.
const REGISTRATIONS_MAX: usize = 6;
const CALLS_MAX: usize = 6;
const CONNECTIONS_MAX: usize = 6;

/// The call identifier of the recorded IM call.
const CALL: [u8; 16] = [0x4e, 0xa5, 0xc0, 0x1e, 0xb4, 0xe4, 0xf1, 0x11, 0x99, 0x1a, 0x02, 0xfc, 0, 0, 0, 1];

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut world = World::new();
    world.register();
    world.admit();
    for (what, content) in events(octets) {
        world.happens(what, content);
        world.check();
    }
    world.pass(Millis::seconds(600));
});

struct World {
    gatekeeper: Gatekeeper,
    now: Now,
    accepted: u32,
    /// Connections that the gatekeeper has, ours and those of others.
    connections: BTreeSet<ChannelId>,
    opened: Option<ChannelId>,
    /// Octets sent to the stranger since the last datagram, apart from GCF, RCF and the one indication.
    sent_to_stranger: usize,
    has_indicated_stranger: bool,
    /// What the gatekeeper calls alice.
    identifier: EndpointIdentifier,
}

impl World {
    fn new() -> Self {
        let mut settings = Settings::new(zone());
        settings.registrations_max = REGISTRATIONS_MAX;
        settings.calls_max = CALLS_MAX;
        settings.signalling.connections_max = CONNECTIONS_MAX;
        settings.outbox_max = 100;
        settings.call_signal_port = Some(1720);
        let mut gatekeeper = Gatekeeper::new(GatewayId(0), settings, [1; 32]);
        let now = Now { instant: Instant(1000), wall: Timestamp(1_800_000_000_000) };
        // Who registers as carol must sign; every token of whom nobody knows is looked at too.
        let password = Password::new("secret");
        let credential = Credential {
            name: "carol".into(),
            addresses: Box::new([Address::parse("carol@example.com").expect("an address")]),
            networks: Box::default(),
            key: PasswordKey::from_octets([7; 20]),
            password,
        };
        gatekeeper.command(now, Command::SetUser(Box::new(credential))).expect("the gatekeeper has users");
        Self {
            gatekeeper,
            now,
            accepted: 0,
            connections: BTreeSet::new(),
            opened: None,
            sent_to_stranger: 0,
            has_indicated_stranger: false,
            identifier: EndpointIdentifier::default(),
        }
    }

    fn register(&mut self) {
        let features = vec![Feature::Presence.advertised(), Feature::Messaging.advertised()];
        let request = RegistrationRequest {
            discovery_complete: true,
            call_signal_address: vec![alice().into()],
            ras_address: vec![alice().into()],
            terminal_alias: Alias::H323Id("alice".to_owned()).to_wire().map(|alias| vec![alias]),
            feature_set: Some(FeatureSet { supported_features: Some(features), ..FeatureSet::default() }),
            ..RegistrationRequest::default()
        };
        let octets = per::encode(&RasMessage::RegistrationRequest(request.into()));
        self.datagram(alice(), &octets.expect("a registration can be written"));
    }

    /// Alice may call bob: the call of the recorded Setups.
    fn admit(&mut self) {
        let request = AdmissionRequest {
            endpoint_identifier: self.identifier.clone(),
            destination_info: Alias::H323Id("bob".to_owned()).to_wire().map(|alias| vec![alias]),
            call_identifier: Some(CallIdentifier { guid: FixedOctets(CALL), ..CallIdentifier::default() }),
            ..AdmissionRequest::default()
        };
        let octets = per::encode(&RasMessage::AdmissionRequest(request.into()));
        self.datagram(alice(), &octets.expect("an admission can be written"));
    }

    fn happens(&mut self, what: u8, content: &[u8]) {
        // Mostly the newest connection; the upper bits reach back to older ones.
        let channel = ChannelId((1000 + self.accepted).saturating_sub(u32::from(what >> 4)));
        match what % 16 {
            0 => self.datagram(alice(), content),
            1 => self.datagram(stranger(), content),
            2 => self.accept(alice(), content),
            8 => self.accept(stranger(), content),
            9 => self.tell(alice(), ras_message(content)),
            10 => self.tell(stranger(), ras_message(content)),
            11 => self.octets(channel, &call_message(content).unwrap_or_default()),
            12 => {
                let channel = self.opened.unwrap_or(channel);
                self.octets(channel, &call_message(content).unwrap_or_default());
            }
            13 => self.inform(content),
            14 => self.closed(channel),
            15 => self.pass(Millis(u64::from(content.first().copied().unwrap_or(1)))),
            3 => self.octets(channel, content),
            4 => self.octets(self.opened.unwrap_or(channel), content),
            5 => self.pass(Millis(u64::from(content.first().copied().unwrap_or(1)) * 500)),
            6 => self.closed(self.opened.unwrap_or(channel)),
            _ => self.deliver(content),
        }
    }

    fn accept(&mut self, peer: SocketAddr, content: &[u8]) {
        self.accepted += 1;
        let channel = ChannelId(1000 + self.accepted);
        self.connections.insert(channel);
        self.feed(channel, Input::Accepted { peer, local: server(), is_secured: false });
        self.octets(channel, content);
    }

    fn closed(&mut self, channel: ChannelId) {
        if self.connections.remove(&channel) {
            self.feed(channel, Input::Closed { how: Closure::Broken });
        }
    }

    /// A message of any kind, with the identifier that its sender was given where it has one.
    fn tell(&mut self, peer: SocketAddr, mut message: RasMessage) {
        if peer == alice() {
            match &mut message {
                RasMessage::RegistrationRequest(m) => m.endpoint_identifier = Some(self.identifier.clone()),
                RasMessage::UnregistrationRequest(m) => m.endpoint_identifier = Some(self.identifier.clone()),
                RasMessage::AdmissionRequest(m) => m.endpoint_identifier = self.identifier.clone(),
                RasMessage::BandwidthRequest(m) => m.endpoint_identifier = self.identifier.clone(),
                RasMessage::DisengageRequest(m) => m.endpoint_identifier = self.identifier.clone(),
                RasMessage::InfoRequestResponse(m) => m.endpoint_identifier = self.identifier.clone(),
                _ => {}
            }
        }
        if let Ok(octets) = per::encode(&message) {
            self.datagram(peer, &octets);
        }
    }

    /// The engine tells alice of her contacts.
    fn inform(&mut self, content: &[u8]) {
        let agent = model::AgentId { gateway: GatewayId(0), number: 1 };
        let contact = |number: &u8| Contact {
            name: NamedAddress {
                address: address(&format!("contact{number}@example.com")),
                kind: "h323-ID".to_owned(),
                original: format!("contact{number}"),
            },
            status: if number % 2 == 0 { ContactStatus::Subscribed } else { ContactStatus::Removed },
            card: ContactCard::default(),
        };
        let contacts = content.iter().take(40).map(contact).collect();
        self.gatekeeper.apply(self.now, Effect::Listed { agent, contacts });
        self.drain();
    }

    /// No table is larger than it may be, and nothing is due that was done.
    fn check(&mut self) {
        let counters = match self.gatekeeper.command(self.now, Command::Counters) {
            Ok(Outcome::Counters(counters)) => counters,
            other => panic!("{other:?}"),
        };
        let count =
            |name: &str| counters.iter().find(|one| one.name == name).map_or(0, |one| one.value as usize);
        assert!(count("ras.registered") <= REGISTRATIONS_MAX);
        assert!(count("calls.now") <= CALLS_MAX + CONNECTIONS_MAX);
        assert!(self.connections.len() <= CONNECTIONS_MAX, "{} connections", self.connections.len());
    }

    /// Somebody writes to alice.
    fn deliver(&mut self, content: &[u8]) {
        let bob = address("bob@example.com");
        let message = InstantMessage {
            id: MessageId([content.len() as u8; 16]),
            sender: bob.clone(),
            recipient: address("alice@example.com"),
            text: String::from_utf8_lossy(content).into_owned(),
            content: None,
            language: None,
            sent_at: self.now.wall,
            expires_at: None,
            max_forwards: 1,
            thread: None,
            wanted: ReceiptsWanted::default(),
            in_session: content.len() % 2 == 1,
            is_report: false,
            is_ignored: false,
        };
        let sender = NamedAddress { address: bob, kind: "h323-ID".to_owned(), original: "bob".to_owned() };
        let delivery = Arc::new(Delivery { message, sender, group: None, is_delayed: false });
        let agent = model::AgentId { gateway: GatewayId(0), number: 1 };
        self.gatekeeper.apply(self.now, Effect::Deliver { agent, delivery });
        self.drain();
    }

    fn datagram(&mut self, peer: SocketAddr, octets: &[u8]) {
        self.sent_to_stranger = 0;
        self.feed(ChannelId(0), Input::Datagram { peer, local: server(), to_many: false, octets });
        assert!(
            peer != stranger() || self.sent_to_stranger <= octets.len(),
            "a stranger is sent more than he sent"
        );
    }

    fn octets(&mut self, channel: ChannelId, octets: &[u8]) {
        if !octets.is_empty() && self.connections.contains(&channel) {
            self.feed(channel, Input::Octets { octets });
        }
    }

    fn feed(&mut self, channel: ChannelId, input: Input<'_>) {
        self.gatekeeper.receive(self.now, channel, input);
        self.drain();
    }

    fn pass(&mut self, length: Millis) {
        let end = self.now.instant.after(length);
        for _ in 0..OUTPUTS_MAX {
            let Some(next) = self.gatekeeper.deadline().filter(|next| *next <= end) else {
                self.now = self.now.after(end.since(self.now.instant));
                return;
            };
            self.now = self.now.after(next.since(self.now.instant));
            self.gatekeeper.timeout(self.now);
            self.drain();
            assert!(self.gatekeeper.deadline().is_none_or(|next| next > self.now.instant), "still due");
        }
        panic!("the clock does not get on");
    }

    fn sent(&mut self, peer: SocketAddr, octets: &[u8]) {
        match per::decode(octets).expect("the gatekeeper sends RAS messages") {
            RasMessage::RegistrationConfirm(confirm) if peer == alice() => {
                self.identifier = confirm.endpoint_identifier.clone();
            }
            RasMessage::RegistrationConfirm(_) | RasMessage::GatekeeperConfirm(_) => {}
            RasMessage::ServiceControlIndication(_) if peer == stranger() && !self.has_indicated_stranger => {
                self.has_indicated_stranger = true;
            }
            _ if peer == stranger() => self.sent_to_stranger += octets.len(),
            _ => {}
        }
    }

    /// Does what the gatekeeper wants, and grants everything.
    fn drain(&mut self) {
        for _ in 0..OUTPUTS_MAX {
            let Some(output) = self.gatekeeper.poll() else { return };
            match output {
                Output::Open { channel, .. } => {
                    self.opened = Some(channel);
                    self.connections.insert(channel);
                    self.gatekeeper.receive(self.now, channel, Input::Connected { local: server() });
                }
                Output::Close { channel } => drop(self.connections.remove(&channel)),
                Output::Datagram { peer, octets, .. } => self.sent(peer, &octets),
                Output::Request(request) => {
                    if let Some(effect) = granted(request) {
                        self.gatekeeper.apply(self.now, effect);
                    }
                }
                _ => {}
            }
        }
        panic!("one event leads to more than {OUTPUTS_MAX} outputs");
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("this is an address")
}

fn alice() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10], 1720))
}

fn stranger() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 9], 5000))
}

fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 1719))
}
