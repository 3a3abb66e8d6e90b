//! The gatekeeper itself: its state, the way of a datagram through it, and the [`Link`] it is.

use super::call::Calls;
use super::claims::Claims;
use super::counter::Counters;
use super::evidence::RegisteredDetails;
use super::limit::{Flow, Limits, Sources};
use super::outstanding::Outstanding;
use super::package::Packages;
use super::presence::{Outboxes, Received};
use super::registration::{EndpointIdentifier, Peer};
use super::registrations::Registrations;
use super::reply_cache::ReplyCache;
use super::security::Security;
use super::settings::Settings;
use super::signalling::Signalling;
use super::snapshot::Changed;
use super::timer::{Due, Timers};
use super::trace::Traces;
use crate::wire::h225::AliasAddress;
use link::{ChannelId, Command, CommandError, Input, Level, Link, Outcome, Output};
use model::{AgentId, Effect, GatewayId, Instant, Now, SoftRecord};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;

/// An H.323 gatekeeper without IO.
pub struct Gatekeeper {
    pub(super) id: GatewayId,
    pub(super) settings: Settings,
    pub(super) random: StdRng,
    pub(super) registrations: Registrations,
    pub(super) calls: Calls,
    pub(super) claims: Claims,
    pub(super) outstanding: Outstanding,
    pub(super) received: Received,
    pub(super) outboxes: Outboxes,
    pub(super) packages: Packages,
    pub(super) replies: ReplyCache,
    pub(super) security: Security,
    pub(super) limits: Limits,
    pub(super) timers: Timers,
    pub(super) counters: Counters,
    pub(super) changed: Changed,
    pub(super) registered_details: RegisteredDetails,
    pub(super) traces: Traces,
    pub(super) outputs: VecDeque<Output>,
    pub(super) signalling: Signalling,
    /// Whom the request that is worked on is about, for the audit log.
    pub(super) subject: Option<AliasAddress>,
}

impl Gatekeeper {
    /// A gatekeeper without registrations. `seed` is secret and random: endpoint identifiers come from it.
    pub fn new(id: GatewayId, settings: Settings, seed: [u8; 32]) -> Self {
        let mut random = StdRng::from_seed(seed);
        let secret = random.next_u64();
        let sources = Sources::new(&settings.limits);
        let limits = Limits::new(&settings.limits, random.next_u64());
        let mut nobody = [0; 20];
        random.fill_bytes(&mut nobody);
        let security = Security::new(&settings.authentication, nobody);
        Self {
            id,
            settings,
            random,
            registrations: Registrations::default(),
            calls: Calls::new(sources),
            claims: Claims::default(),
            outstanding: Outstanding::new(secret),
            received: Received::default(),
            outboxes: Outboxes::default(),
            packages: Packages::default(),
            replies: ReplyCache::default(),
            security,
            limits,
            timers: Timers::default(),
            counters: Counters::default(),
            changed: Changed::default(),
            registered_details: RegisteredDetails::default(),
            traces: Traces::default(),
            outputs: VecDeque::new(),
            signalling: Signalling::new(sources),
            subject: None,
        }
    }

    /// The engine's name for a registration.
    pub(super) const fn agent(&self, number: u64) -> AgentId {
        AgentId { gateway: self.id, number }
    }

    pub(super) fn event(&mut self, level: Level, name: &'static str, text: String) {
        self.outputs.push_back(Output::Event { level, name, text });
    }

    /// Tells who looks for a fault; the text is made only where somebody does.
    pub(super) fn detail(&mut self, name: &'static str, text: impl FnOnce(&Self) -> String) {
        if self.settings.tells_details {
            let text = text(self);
            self.event(Level::Debug, name, text);
        }
    }

    /// An identifier that can't be guessed.
    pub(super) fn random_identifier(&mut self) -> EndpointIdentifier {
        let bits = u128::from(self.random.next_u64()) << 64 | u128::from(self.random.next_u64());
        EndpointIdentifier::of_bits(bits)
    }
}

impl Link for Gatekeeper {
    fn receive(&mut self, now: Now, channel: ChannelId, input: Input<'_>) {
        self.traces.now = now.wall;
        self.security.now = now.wall;
        let Input::Datagram { peer, local, to_many, octets } = input else {
            return self.signalled(now, channel, input);
        };
        self.counters.datagrams += 1;
        if !self.is_within(now, Flow::Datagrams, peer.ip(), 1) {
            return;
        }
        self.datagram(now, Peer { channel, address: peer, local }, to_many, octets);
    }

    fn takes(&self, channel: ChannelId) -> bool {
        self.signalling.takes(channel)
    }

    fn apply(&mut self, now: Now, effect: Effect) {
        self.traces.now = now.wall;
        self.security.now = now.wall;
        match effect {
            Effect::Claimed { ticket, presentity, new_names, .. } => {
                self.claimed(now, ticket, presentity, new_names);
            }
            Effect::ClaimRefused { ticket, refusal, .. } => self.claim_refused(now, ticket, &refusal),
            Effect::Done { ticket, .. } => self.presence_answered(ticket, None),
            Effect::Refused { ticket, refusal, .. } => self.presence_answered(ticket, Some(&refusal)),
            Effect::Listed { agent, contacts } => self.tell_contacts(now, agent.number, contacts),
            Effect::Asked { agent, request } => self.tell_request(now, agent.number, *request),
            Effect::Inform { agent, contact, document } => {
                self.tell_state(now, agent.number, contact, document);
            }
            Effect::Routed { ticket, agents, .. } => self.routed(now, ticket, &agents),
            Effect::Accepted { ticket, agent, is_stored } => {
                self.message_answered(now, agent, ticket, Ok(is_stored));
            }
            Effect::MessageRefused { ticket, agent, failure } => {
                self.message_answered(now, agent, ticket, Err(failure));
            }
            Effect::Deliver { agent, delivery } => self.deliver(now, agent.number, delivery),
            Effect::Reported { agent, receipt } => self.report_by_package(now, agent.number, &receipt),
            Effect::Composing { agent, peer, is_composing, thread } => {
                self.compose_by_package(now, agent.number, &peer, is_composing, thread);
            }
            Effect::Carbon { agent, message, recipient } => {
                self.copy_by_package(now, agent.number, &message, &recipient);
            }
            Effect::SessionEnded { agent, peer } => self.session_ended(now, agent.number, &peer),
            // Nothing that endpoints of this gateway asked for.
            _ => {}
        }
    }

    fn timeout(&mut self, now: Now) {
        self.traces.now = now.wall;
        self.security.now = now.wall;
        while let Some(due) = self.timers.take(now.instant) {
            match due {
                Due::Registration(number) => self.registration_due(now, number),
                Due::Call(key) => self.call_due(now, key),
                Due::Request(sequence) => self.request_due(now, sequence),
                Due::Outbox(number) => self.tell(now, number),
                Due::Package(number) => self.package_due(now, number),
                Due::Claims => self.claim_waiting(),
                Due::Connection(channel) => self.connection_due(now, channel),
                Due::Offenders => self.offenders_due(now),
                Due::Packets(channel) => self.packets_due(now, channel),
            }
        }
    }

    fn command(&mut self, now: Now, command: Command) -> Result<Outcome, CommandError> {
        self.traces.now = now.wall;
        self.security.now = now.wall;
        self.operate(now, command)
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn snapshot(&mut self, now: Now, limit: usize) -> Vec<SoftRecord> {
        self.take_changed(now, limit)
    }

    fn restore(&mut self, now: Now, record: SoftRecord) {
        self.take_back(now, &record);
    }
}
