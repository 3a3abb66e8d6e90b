//! A gatekeeper, its endpoints and their clock.

use codec::per::{self, BmpString, FixedOctets, Integer};
use h323::alias::{Alias, Zone};
use h323::gatekeeper::{Gatekeeper, Settings};
use h323::wire::h225::*;
use link::{ChannelId, Command, Input, Link, Outcome, Output, Traced};
use model::address::{DialPlan, Domain, PseudonymKey};
use model::{
    AgentId, AuditEvent, CallDetailRecord, Claim, Conference, DeliveryOutcome, Effect, Evidence, EvidenceKey,
    GatewayId, Instant, InstantMessage, Millis, Now, PresenceState, Request, Source, Ticket, Timestamp,
};
use std::net::SocketAddr;

pub const SERVER: &str = "192.0.2.1:1719";

pub fn zone() -> Zone {
    Zone {
        domain: Domain::parse("example.com").unwrap(),
        foreign: Default::default(),
        dial_plan: DialPlan::default(),
        service_codes: Default::default(),
        configured: Default::default(),
        pseudonym_key: PseudonymKey::new([7; 32]),
    }
}

/// What the gatekeeper told the engine, in the words of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Claim(Vec<String>),
    Observe(u64, Source, PresenceState),
    Withdraw(u64, EvidenceKey),
    Depart(u64, String),
    /// Of whom, to whom, and what became of it.
    Conclude(u64, String, DeliveryOutcome),
    /// Who writes to whom, or stopped.
    Compose(u64, String, bool),
}

pub struct World {
    pub gatekeeper: Gatekeeper,
    pub now: Now,
    /// Datagrams that nobody has taken yet.
    pub sent: Vec<(SocketAddr, RasMessage)>,
    /// The octets of all datagrams, as they were sent.
    pub datagrams: Vec<Vec<u8>>,
    pub told: Vec<Told>,
    pub evidence: Vec<(u64, Evidence)>,
    pub accounts: Vec<CallDetailRecord>,
    /// What an operator who follows an endpoint is shown.
    pub traced: Vec<Traced>,
    /// Of each claim, whether presence is to be inferred.
    pub inferred: Vec<bool>,
    /// Messages that were sent and that no test has answered.
    pub messages: Vec<(Ticket, Option<AgentId>, InstantMessage)>,
    /// Requests about messages that no test has answered.
    pub requests: Vec<Request>,
    /// What was sent on connections, which were opened and which were closed, as far as no test has taken it.
    pub wires: Vec<(ChannelId, Vec<u8>)>,
    pub opened: Vec<(ChannelId, SocketAddr)>,
    pub closed: Vec<ChannelId>,
    /// Those that were opened to be secured by TLS.
    pub secured: Vec<ChannelId>,
    sequence: u32,
    /// Whether the engine answers claims.
    pub engine_answers: bool,
    /// Of how many names of a claim the engine says that nobody had them; `None`: of all.
    pub new_names: Option<usize>,
    /// The events of the log: their names and what they say.
    pub events: Vec<(&'static str, String)>,
    pub audited: Vec<AuditEvent>,
    /// The claims as they were made.
    pub claims: Vec<Claim>,
    /// What endpoints published, changed and decided.
    pub wishes: Vec<Request>,
    /// Whether the engine does at once what endpoints wish.
    pub engine_obeys: bool,
    /// Who wants to be told everything.
    pub attending: Vec<u64>,
    /// Who departed with a farewell.
    pub farewells: Vec<u64>,
    /// The rooms of MCUs, as the engine was told of them.
    pub convened: Vec<Vec<Conference>>,
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(zone());
        settings.trusted = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        change(&mut settings);
        Self {
            gatekeeper: Gatekeeper::new(GatewayId(0), settings, [1; 32]),
            now: Now { instant: Instant(1000), wall: Timestamp(1_700_000_000_000) },
            sent: Vec::new(),
            datagrams: Vec::new(),
            told: Vec::new(),
            evidence: Vec::new(),
            accounts: Vec::new(),
            traced: Vec::new(),
            inferred: Vec::new(),
            messages: Vec::new(),
            requests: Vec::new(),
            wires: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            secured: Vec::new(),
            sequence: 0,
            engine_answers: true,
            new_names: None,
            events: Vec::new(),
            audited: Vec::new(),
            claims: Vec::new(),
            wishes: Vec::new(),
            engine_obeys: true,
            attending: Vec::new(),
            farewells: Vec::new(),
            convened: Vec::new(),
        }
    }

    pub fn sequence(&mut self) -> RequestSeqNum {
        self.sequence += 1;
        Integer::clamped(self.sequence)
    }

    /// Sends octets from `peer` and takes what comes back to it.
    pub fn octets(&mut self, peer: &str, to_many: bool, octets: &[u8]) -> Vec<RasMessage> {
        let peer = peer.parse().unwrap();
        let input = Input::Datagram { peer, local: SERVER.parse().unwrap(), to_many, octets };
        self.gatekeeper.receive(self.now, ChannelId(0), input);
        self.drain();
        self.take(peer)
    }

    pub fn send(&mut self, peer: &str, message: &RasMessage) -> Vec<RasMessage> {
        self.octets(peer, false, &per::encode(message).unwrap())
    }

    /// Sends a request and takes its one answer.
    pub fn ask(&mut self, peer: &str, message: &RasMessage) -> RasMessage {
        let (checks, mut answers): (Vec<_>, Vec<_>) = self
            .send(peer, message)
            .into_iter()
            .partition(|answer| matches!(answer, RasMessage::InfoRequest(_)));
        // Status requests that came before stay for who answers them.
        self.sent.extend(checks.into_iter().map(|check| (peer.parse().unwrap(), check)));
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers.remove(0)
    }

    /// What has been sent to `peer` and not taken yet.
    pub fn take(&mut self, peer: SocketAddr) -> Vec<RasMessage> {
        let (taken, left) = std::mem::take(&mut self.sent).into_iter().partition(|(to, _)| *to == peer);
        self.sent = left;
        let taken: Vec<(SocketAddr, RasMessage)> = taken;
        taken.into_iter().map(|(_, message)| message).collect()
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.gatekeeper.poll() {
            match output {
                Output::Datagram { peer, octets, .. } => {
                    self.sent.push((peer, per::decode(&octets).unwrap()));
                    self.datagrams.push(octets);
                }
                Output::Call(account) => self.accounts.push(account),
                Output::Event { name, text, .. } => self.events.push((name, text)),
                Output::Traced(traced) => self.traced.push(*traced),
                Output::Audited(event) => self.audited.push(*event),
                Output::Request(request) => self.engine(request),
                Output::Octets { channel, octets } => self.wires.push((channel, octets)),
                Output::Open { channel, peer, tls, .. } => {
                    let is_secured = tls.is_some();
                    self.opened.push((channel, peer));
                    self.secured.extend(is_secured.then_some(channel));
                }
                Output::Close { channel } => self.closed.push(channel),
                Output::Secure { .. } | Output::Resolve { .. } => panic!("nothing for call signalling"),
            }
        }
    }

    fn engine(&mut self, request: Request) {
        match request {
            Request::Claim { ticket, claim } => {
                self.inferred.push(claim.inferred);
                let addresses = claim.aliases.iter().map(|alias| alias.address.to_string());
                self.told.push(Told::Claim(addresses.collect()));
                self.claims.push(claim.clone());
                if self.engine_answers {
                    let new_names = self.new_names.unwrap_or(claim.aliases.len());
                    let presentity = claim.aliases[0].address.clone();
                    let effect = Effect::Claimed { ticket, agent: claim.agent, presentity, new_names };
                    self.gatekeeper.apply(self.now, effect);
                }
            }
            Request::Observe { agent, evidence } => {
                self.told.push(Told::Observe(agent.number, evidence.key.source, evidence.state));
                self.evidence.push((agent.number, evidence));
            }
            Request::Withdraw { agent, key, .. } => self.told.push(Told::Withdraw(agent.number, key)),
            Request::Depart { agent, reason, is_farewell, .. } => {
                self.told.push(Told::Depart(agent.number, reason));
                self.farewells.extend(is_farewell.then_some(agent.number));
            }
            Request::Attend { agent } => self.attending.push(agent.number),
            Request::Convene { conferences, .. } => self.convened.push(conferences),
            Request::Publish { .. } | Request::ChangeContact { .. } | Request::Decide { .. } => {
                let asked = request.ticket();
                self.wishes.push(request);
                if self.engine_obeys
                    && let Some((ticket, Some(agent))) = asked
                {
                    self.gatekeeper.apply(self.now, Effect::Done { ticket, agent });
                }
            }
            Request::Route { .. } | Request::EndSession { .. } => self.requests.push(request),
            Request::Send { ticket, agent, ref message } => {
                self.messages.push((ticket, agent, (**message).clone()));
                self.requests.push(request);
            }
            Request::Conclude { agent, ref sender, outcome, .. } => {
                self.told.push(Told::Conclude(agent.number, sender.to_string(), outcome));
                self.requests.push(request);
            }
            Request::Compose { agent, recipient, is_composing, .. } => {
                self.told.push(Told::Compose(agent.number, recipient.to_string(), is_composing));
            }
            other => panic!("the gatekeeper does not ask {other:?}"),
        }
    }

    /// Grants the claims from the one with this place on, where the engine has answered none of a new gatekeeper.
    pub fn grant(&mut self, from: usize) {
        for (place, claim) in self.claims.clone().into_iter().enumerate().skip(from) {
            let (ticket, presentity) = (Ticket(place as u64 + 1), claim.aliases[0].address.clone());
            self.apply(Effect::Claimed { ticket, agent: claim.agent, presentity, new_names: 1 });
        }
    }

    /// Lets the engine speak.
    pub fn apply(&mut self, effect: Effect) {
        self.gatekeeper.apply(self.now, effect);
        self.drain();
    }

    /// Feeds what happens on a connection.
    pub fn happens(&mut self, channel: ChannelId, input: Input<'_>) {
        self.gatekeeper.receive(self.now, channel, input);
        self.drain();
    }

    /// Moves the clock, stopping at every deadline on the way.
    pub fn pass(&mut self, length: Millis) {
        let end = self.now.instant.after(length);
        while let Some(deadline) = self.gatekeeper.deadline().filter(|deadline| *deadline <= end) {
            let step = deadline.since(self.now.instant);
            self.now = self.now.after(step);
            self.gatekeeper.timeout(self.now);
            self.drain();
        }
        self.now = self.now.after(end.since(self.now.instant));
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.pass(Millis::seconds(seconds));
    }

    pub fn command(&mut self, command: Command) -> Outcome {
        let outcome = self.gatekeeper.command(self.now, command).unwrap();
        self.drain();
        outcome
    }

    pub fn counter(&mut self, name: &str) -> u64 {
        let Outcome::Counters(counters) = self.command(Command::Counters) else { panic!("counters") };
        counters
            .iter()
            .find(|counter| counter.name == name)
            .unwrap_or_else(|| panic!("no counter {name}"))
            .value
    }

    /// How many endpoints are registered.
    pub fn registered(&mut self) -> u64 {
        self.counter("ras.registered")
    }
}

pub fn alias(text: &str) -> AliasAddress {
    Alias::parse_typed(text).unwrap().to_wire().unwrap()
}

pub fn transport(address: &str) -> TransportAddress {
    address.parse::<SocketAddr>().unwrap().into()
}

/// A room system: its RAS socket and the names it registers.
#[derive(Clone, Debug)]
pub struct Room {
    pub ras: String,
    /// The RAS address that it says it has, where that is another one.
    pub said: Option<String>,
    pub signalling: String,
    pub aliases: Vec<String>,
    pub identifier: Option<String>,
    pub time_to_live: Option<u32>,
    pub terminal_type: EndpointType,
    pub features: Vec<GenericData>,
    pub vendor: VendorIdentifier,
}

impl Room {
    pub fn new(host: &str, aliases: &[&str]) -> Self {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Self {
            ras: format!("{host}:32768"),
            said: None,
            signalling: format!("{host}:1720"),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            identifier: None,
            time_to_live: Some(60),
            terminal_type: EndpointType {
                terminal: Some(TerminalInfo::default()),
                ..EndpointType::default()
            },
            features: Vec::new(),
            vendor: VendorIdentifier::default(),
        }
    }

    pub fn registration(&self, world: &mut World) -> RegistrationRequest {
        let protocol_identifier = "0.0.8.2250.0.4".parse().unwrap();
        RegistrationRequest {
            request_seq_num: world.sequence(),
            protocol_identifier,
            call_signal_address: vec![transport(&self.signalling)],
            ras_address: vec![transport(self.said.as_ref().unwrap_or(&self.ras))],
            terminal_type: self.terminal_type.clone(),
            terminal_alias: Some(self.aliases.iter().map(|text| alias(text)).collect()),
            time_to_live: self.time_to_live.map(Integer::clamped),
            feature_set: (!self.features.is_empty()).then(|| FeatureSet {
                supported_features: Some(self.features.clone()),
                ..FeatureSet::default()
            }),
            endpoint_vendor: self.vendor.clone(),
            ..RegistrationRequest::default()
        }
    }

    /// Registers and expects a confirmation.
    pub fn register(&mut self, world: &mut World) -> Box<RegistrationConfirm> {
        let request = RasMessage::RegistrationRequest(self.registration(world).into());
        match world.ask(&self.ras, &request) {
            RasMessage::RegistrationConfirm(confirm) => {
                self.identifier = Some(confirm.endpoint_identifier.to_string());
                confirm
            }
            other => panic!("{other:?}"),
        }
    }

    /// A keep-alive registration and its answer.
    pub fn refresh(&self, world: &mut World) -> RasMessage {
        let request = RegistrationRequest {
            request_seq_num: world.sequence(),
            ras_address: vec![transport(self.said.as_ref().unwrap_or(&self.ras))],
            keep_alive: Some(true),
            endpoint_identifier: Some(self.endpoint_identifier()),
            ..RegistrationRequest::default()
        };
        world.ask(&self.ras, &RasMessage::RegistrationRequest(request.into()))
    }

    pub fn endpoint_identifier(&self) -> EndpointIdentifier {
        BmpString::new(self.identifier.as_deref().expect("registered before")).unwrap()
    }

    pub fn unregistration(&self, world: &mut World) -> RasMessage {
        let request = UnregistrationRequest {
            request_seq_num: world.sequence(),
            call_signal_address: vec![transport(&self.signalling)],
            endpoint_identifier: Some(self.endpoint_identifier()),
            ..UnregistrationRequest::default()
        };
        RasMessage::UnregistrationRequest(request.into())
    }

    pub fn admission(
        &self,
        world: &mut World,
        call: u8,
        answer: bool,
        destination: &str,
    ) -> AdmissionRequest {
        AdmissionRequest {
            request_seq_num: world.sequence(),
            endpoint_identifier: self.endpoint_identifier(),
            destination_info: Some(vec![alias(destination)]),
            src_info: vec![alias(&self.aliases[0])],
            band_width: Integer::clamped(1280),
            call_reference_value: Integer::clamped(u32::from(call) + 100),
            conference_id: FixedOctets([call; 16]),
            answer_call: answer,
            call_identifier: Some(call_identifier(call)),
            ..AdmissionRequest::default()
        }
    }

    pub fn admit(&self, world: &mut World, call: u8, answer: bool, destination: &str) -> RasMessage {
        let request = self.admission(world, call, answer, destination);
        world.ask(&self.ras, &RasMessage::AdmissionRequest(request.into()))
    }

    pub fn disengage(&self, world: &mut World, call: u8) -> RasMessage {
        let request = DisengageRequest {
            request_seq_num: world.sequence(),
            endpoint_identifier: self.endpoint_identifier(),
            conference_id: FixedOctets([call; 16]),
            call_reference_value: Integer::clamped(u32::from(call) + 100),
            disengage_reason: DisengageReason::NormalDrop,
            call_identifier: Some(call_identifier(call)),
            ..DisengageRequest::default()
        };
        world.ask(&self.ras, &RasMessage::DisengageRequest(request.into()))
    }

    /// A status report with these calls.
    pub fn status(&self, sequence: RequestSeqNum, calls: Vec<PerCallInfo>) -> RasMessage {
        let invalid = calls.is_empty().then_some(InfoRequestResponseStatus::InvalidCall);
        let response = InfoRequestResponse {
            request_seq_num: sequence,
            endpoint_identifier: self.endpoint_identifier(),
            ras_address: transport(&self.ras),
            call_signal_address: vec![transport(&self.signalling)],
            per_call_info: (!calls.is_empty()).then_some(calls),
            irr_status: invalid,
            ..InfoRequestResponse::default()
        };
        RasMessage::InfoRequestResponse(response.into())
    }

    /// Answers every IRQ that has come with the same report; says how many there were.
    pub fn answer_status(&self, world: &mut World, calls: &[PerCallInfo]) -> usize {
        let requests = world.take(self.ras.parse().unwrap());
        let mut answered = 0;
        for request in requests {
            let RasMessage::InfoRequest(request) = request else { panic!("{request:?}") };
            assert!(world.send(&self.ras, &self.status(request.request_seq_num, calls.to_vec())).is_empty());
            answered += 1;
        }
        answered
    }
}

pub fn call_identifier(call: u8) -> CallIdentifier {
    CallIdentifier { guid: FixedOctets([call; 16]), ..CallIdentifier::default() }
}

/// A call in a status report, as an endpoint lists it that reports usage.
pub fn listed(call: u8, connect_time: Option<i64>) -> PerCallInfo {
    let seconds = |time: i64| Integer::clamped((time / 1000) as u32);
    PerCallInfo {
        call_reference_value: Integer::clamped(u32::from(call) + 100),
        conference_id: FixedOctets([call; 16]),
        call_identifier: Some(call_identifier(call)),
        usage_information: Some(RasUsageInformation {
            connect_time: connect_time.map(seconds),
            ..RasUsageInformation::default()
        }),
        ..PerCallInfo::default()
    }
}
