//! The endpoint as a whole: what goes in, what comes out, and when it wants to be woken.

use super::call::Call;
use super::command::Command;
use super::connection::{Connection, ConnectionId};
use super::contact::Contacts;
use super::counter::Counters;
use super::event::{Event, digits};
use super::indication::Indications;
use super::package::Correspondence;
use super::presence::Presence;
use super::registration::Registration;
use super::request::{Due, Purpose, Requests};
use super::settings::{CALLS_MAX, QUIT_TIMEOUT, Settings};
use crate::wire::h225::{AliasAddress, RasMessage, RequestSeqNum};
use codec::per;
use model::{Instant, Now};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// One thing the endpoint wants done, or tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a datagram from the RAS address.
    Datagram {
        /// To whom; may be a multicast group or the limited broadcast address.
        peer: SocketAddr,
        /// Its content.
        octets: Vec<u8>,
    },
    /// Open a connection; then comes [`Endpoint::opened`], or [`Endpoint::closed`] where that fails.
    Open {
        /// The number it will have.
        id: ConnectionId,
        /// To whom.
        peer: SocketAddr,
    },
    /// Send over a connection, in order.
    Send {
        /// Over which.
        id: ConnectionId,
        /// What.
        octets: Vec<u8>,
    },
    /// Close a connection once everything is sent, or give up opening it. It is not heard of again.
    Close(ConnectionId),
    /// Tell whoever runs the endpoint.
    Event(Event),
    /// The endpoint has quit; nothing more will come.
    Finished,
}

/// An H.323 endpoint without IO and without media.
#[derive(Debug)]
pub struct Endpoint {
    pub(super) settings: Settings,
    /// Our names as they go on the wire.
    pub(super) aliases: Vec<AliasAddress>,
    pub(super) random: StdRng,
    /// The time of the last input, for what is signed.
    pub(super) now: Now,
    /// The number of the last token.
    pub(super) last_token: u32,
    pub(super) requests: Requests,
    pub(super) registration: Registration,
    /// The calls, by the connection they have or will have.
    pub(super) calls: BTreeMap<ConnectionId, Call>,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) last_connection: u32,
    pub(super) presence: Presence,
    pub(super) contacts: Contacts,
    pub(super) indications: Indications,
    pub(super) correspondence: Correspondence,
    /// Emptied by the caller after every input, which bounds it.
    pub(super) outputs: VecDeque<Output>,
    pub(super) counters: Counters,
    /// When quitting ends at the latest, once asked to quit.
    pub(super) quits_by: Option<Instant>,
}

impl Endpoint {
    /// An endpoint that has done nothing yet. Equal seeds and inputs give equal outputs.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let settings = Settings { calls: settings.calls.clamp(1, CALLS_MAX), ..settings };
        Self {
            aliases: settings.aliases.iter().filter_map(|alias| alias.to_wire()).collect(),
            settings,
            requests: Requests::new(random.random()),
            now: Now::default(),
            // Another process may have signed in this second.
            last_token: random.random(),
            random,
            registration: Registration::default(),
            calls: BTreeMap::new(),
            connections: BTreeMap::new(),
            last_connection: 0,
            presence: Presence::default(),
            contacts: Contacts::default(),
            indications: Indications::default(),
            correspondence: Correspondence::default(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
            quits_by: None,
        }
    }

    /// Does what a person or a script asks. What can't be done is told by [`Event::Error`].
    pub fn command(&mut self, now: Now, command: Command) {
        self.now = now;
        match command {
            Command::Register => self.register(now),
            Command::Unregister => self.unregister(now),
            Command::Call(alias) => self.place_call(now, &alias),
            Command::Answer(identifier) => self.answer_call(now, identifier),
            Command::HangUp(identifier) => self.hang_up(now, identifier),
            Command::Publish(presentity) => self.publish(now, *presentity),
            Command::ChangeContact(change, who) => self.change_contact(now, change, &who),
            Command::Decide { who, approved } => self.decide(now, &who, approved),
            Command::Contacts => self.tell_contacts(),
            Command::Send { to, text } => self.send_message(now, &to, &text),
            Command::Open(with) => self.open_session(now, &with),
            Command::Say { to, text } => self.say(now, &to, &text),
            Command::Close(with) => self.close_session(now, &with),
            Command::Typing { to, is_composing } => self.tell_typing(now, &to, is_composing),
            Command::Status => self.tell_status(),
            Command::Quit => {
                self.quits_by = Some(now.instant.after(QUIT_TIMEOUT));
                self.leave(now);
                self.finish_if_done(now);
            }
        }
    }

    /// Takes a datagram that came to the RAS address. What is malformed or nobody asked for is counted.
    pub fn datagram(&mut self, now: Now, peer: SocketAddr, octets: &[u8]) {
        self.now = now;
        match per::decode::<RasMessage>(octets) {
            Ok(message) if !self.is_from_gatekeeper(&message, octets) => self.counters.unsigned += 1,
            Ok(message) => self.take_message(now, peer, message, octets),
            Err(_) => self.counters.malformed_datagrams += 1,
        }
        self.finish_if_done(now);
    }

    /// Does what is due at [`Self::deadline`]; harmless when called early.
    pub fn timeout(&mut self, now: Now) {
        self.now = now;
        while let Some(due) = self.requests.due(now.instant) {
            match due {
                Due::Again(to, octets) => {
                    self.counters.retransmissions += 1;
                    self.send_datagrams(&to, &octets);
                }
                Due::Unanswered(purpose) => self.take_silence(now, purpose),
            }
        }
        self.refresh_registration(now);
        self.advance_calls(now);
        self.close_slow_connections(now);
        self.finish_if_done(now);
    }

    /// The next thing to do or to tell; `None` when there is nothing more for now.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::timeout`] is to be called; `None` when nothing is pending.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.requests.deadline(),
            self.registration.deadline(),
            self.call_deadline(),
            self.connection_deadline(),
            self.quits_by,
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Ends what there is: calls, then the registration.
    fn leave(&mut self, now: Now) {
        if self.registration.is_idle() {
            self.hang_up_all(now);
        } else {
            self.unregister(now);
        }
    }

    /// Finishes when asked to quit and everything is said, or the time for it is over.
    fn finish_if_done(&mut self, now: Now) {
        let is_done = self.registration.is_idle() && self.requests.is_empty();
        if self.quits_by.is_some_and(|by| is_done || by <= now.instant) {
            self.quits_by = None;
            self.requests.forget(|_| true);
            self.outputs.push_back(Output::Finished);
        }
    }

    /// Does what follows when nobody answers a request.
    pub(super) fn take_silence(&mut self, now: Now, purpose: Purpose) {
        self.counters.unanswered += 1;
        match purpose {
            Purpose::Discovery | Purpose::Registration | Purpose::Refresh => self.lose_gatekeeper(now),
            Purpose::Unregistration => self.end_registration(),
            Purpose::Admission(id) => self.take_no_admission(now, id),
            Purpose::Indication => self.take_no_indication_answer(now),
            Purpose::Disengagement | Purpose::Report => {}
        }
    }

    fn tell_status(&mut self) {
        let status = Event::Status {
            endpoint_identifier: self
                .registration
                .registered()
                .map(|registered| registered.identifier.to_string()),
            gatekeeper: self.registration.gatekeeper.as_ref().map(|gatekeeper| gatekeeper.address),
            calls: self.calls.values().map(Call::status).collect(),
            counters: self.counters,
        };
        self.tell(status);
    }

    /// Sends a request and waits for its answer.
    pub(super) fn ask(
        &mut self,
        now: Now,
        purpose: Purpose,
        to: Vec<SocketAddr>,
        message: impl FnOnce(&Self, RequestSeqNum) -> RasMessage,
    ) {
        let number = self.requests.number();
        let message = message(self, RequestSeqNum::clamped(u32::from(number)));
        let Some(octets) = self.encode(&message) else { return };
        self.send_datagrams(&to, &octets);
        self.requests.add(now.instant, number, purpose, to, octets);
    }

    /// Sends a message that is not waited for.
    pub(super) fn send(&mut self, to: SocketAddr, message: &RasMessage) {
        if let Some(octets) = self.encode(message) {
            self.send_datagrams(&[to], &octets);
        }
    }

    fn encode(&mut self, message: &RasMessage) -> Option<Vec<u8>> {
        let octets = self.encode_signed(message);
        self.counters.unwritable += u64::from(octets.is_none());
        octets
    }

    fn send_datagrams(&mut self, to: &[SocketAddr], octets: &[u8]) {
        let datagrams = to.iter().map(|peer| Output::Datagram { peer: *peer, octets: octets.to_vec() });
        self.outputs.extend(datagrams);
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn complain(&mut self, message: impl Into<String>) {
        self.tell(Event::Error { message: message.into() });
    }

    /// The connection of the call with this identifier.
    pub(super) fn connection_of(&self, identifier: [u8; 16]) -> Option<ConnectionId> {
        self.calls.iter().find(|(_, call)| call.identifier == identifier).map(|(id, _)| *id)
    }

    /// Complains that there is no call with this identifier.
    pub(super) fn complain_of_no_call(&mut self, identifier: [u8; 16]) {
        self.complain(format!("There is no call {}; `status` lists them.", digits(identifier)));
    }
}
