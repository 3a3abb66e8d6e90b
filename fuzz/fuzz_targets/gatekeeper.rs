//! The gatekeeper as a whole: datagrams and connections of an endpoint that is registered and of a stranger, in any
//! order, with an engine behind it that grants everything.
//!
//! The input is a row of events: one octet that says what happens, two with a length, and as many octets of content.

#![no_main]

use codec::per::{self, FixedOctets};
use h323::alias::{Alias, Zone};
use h323::gatekeeper::{Gatekeeper, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::{
    AdmissionRequest, CallIdentifier, EndpointIdentifier, FeatureSet, RasMessage, RegistrationRequest,
};
use link::{ChannelId, Closure, Input, Link, Output};
use model::address::{DialPlan, Domain, PseudonymKey};
use model::{
    Address, Delivery, Effect, GatewayId, Instant, InstantMessage, MessageId, Millis, NamedAddress, Now,
    ReceiptsWanted, Request, Timestamp,
};
use std::net::SocketAddr;
use std::sync::Arc;

/// The most outputs after one event: a loop inside would give more.
const OUTPUTS_MAX: usize = 10_000;

/// The call identifier of the recorded IM call.
const CALL: [u8; 16] = [0x4e, 0xa5, 0xc0, 0x1e, 0xb4, 0xe4, 0xf1, 0x11, 0x99, 0x1a, 0x02, 0xfc, 0, 0, 0, 1];

/// The most events of one input.
const EVENTS_MAX: usize = 64;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut world = World::new();
    world.register();
    world.admit();
    let mut rest = octets;
    for _ in 0..EVENTS_MAX {
        let [what, high, low, content @ ..] = rest else { break };
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(content.len());
        let (content, others) = content.split_at(length);
        rest = others;
        world.happens(*what, content);
    }
    world.pass(Millis::seconds(600));
});

struct World {
    gatekeeper: Gatekeeper,
    now: Now,
    accepted: u32,
    opened: Option<ChannelId>,
    /// What the gatekeeper calls alice.
    identifier: EndpointIdentifier,
}

impl World {
    fn new() -> Self {
        let zone = Zone {
            domain: Domain::parse("example.com").expect("this is a domain"),
            foreign: Default::default(),
            dial_plan: DialPlan::default(),
            service_codes: Default::default(),
            configured: Default::default(),
            pseudonym_key: PseudonymKey::new([7; 32]),
        };
        let mut settings = Settings::new(zone);
        settings.call_signal_port = Some(1720);
        Self {
            gatekeeper: Gatekeeper::new(GatewayId(0), settings, [1; 32]),
            now: Now { instant: Instant(1000), wall: Timestamp(1_800_000_000_000) },
            accepted: 0,
            opened: None,
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
        let channel = ChannelId(1000 + self.accepted);
        match what % 8 {
            0 => self.datagram(alice(), content),
            1 => self.datagram(stranger(), content),
            2 => {
                self.accepted += 1;
                let channel = ChannelId(1000 + self.accepted);
                self.feed(channel, Input::Accepted { peer: alice(), local: server() });
                self.octets(channel, content);
            }
            3 => self.octets(channel, content),
            4 => self.octets(self.opened.unwrap_or(channel), content),
            5 => self.pass(Millis(u64::from(content.first().copied().unwrap_or(1)) * 500)),
            6 => self.feed(self.opened.unwrap_or(channel), Input::Closed { how: Closure::Broken }),
            _ => self.deliver(content),
        }
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
        };
        let sender = NamedAddress { address: bob, kind: "h323-ID".to_owned(), original: "bob".to_owned() };
        let delivery = Arc::new(Delivery { message, sender, is_delayed: false });
        let agent = model::AgentId { gateway: GatewayId(0), number: 1 };
        self.gatekeeper.apply(self.now, Effect::Deliver { agent, delivery });
        self.drain();
    }

    fn datagram(&mut self, peer: SocketAddr, octets: &[u8]) {
        self.feed(ChannelId(0), Input::Datagram { peer, local: server(), to_many: false, octets });
    }

    fn octets(&mut self, channel: ChannelId, octets: &[u8]) {
        if !octets.is_empty() {
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
        }
        panic!("the clock does not get on");
    }

    /// Does what the gatekeeper wants, and grants everything.
    fn drain(&mut self) {
        for _ in 0..OUTPUTS_MAX {
            let Some(output) = self.gatekeeper.poll() else { return };
            match output {
                Output::Open { channel, .. } => {
                    self.opened = Some(channel);
                    self.gatekeeper.receive(self.now, channel, Input::Connected { local: server() });
                }
                Output::Datagram { octets, .. } => {
                    if let Ok(RasMessage::RegistrationConfirm(confirm)) = per::decode(&octets) {
                        self.identifier = confirm.endpoint_identifier.clone();
                    }
                }
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

fn granted(request: Request) -> Option<Effect> {
    let (ticket, agent) = request.ticket()?;
    Some(match request {
        Request::Claim { claim, .. } => {
            let presentity = claim.aliases.first()?.address.clone();
            Effect::Claimed { ticket, agent: claim.agent, presentity, new_names: claim.aliases.len() }
        }
        Request::Route { agent, .. } => Effect::Routed { ticket, agent, agents: Vec::new() },
        Request::Send { .. } => Effect::Accepted { ticket, agent, is_stored: false },
        _ => Effect::Done { ticket, agent: agent? },
    })
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
