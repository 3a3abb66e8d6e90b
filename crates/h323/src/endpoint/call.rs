//! A call: what is known of it, and how it moves on.

use super::chat::{Chat, Kind};
use super::connection::ConnectionId;
use super::event::{CallStatus, Event, digits};
use super::machine::{Endpoint, Output};
use super::message;
use super::release::Ending;
use super::settings::{
    KEEP_ALIVE_INTERVAL, MESSAGE_CALLS_MAX, MESSAGE_TIMEOUT, RINGING_TIMEOUT, SETUP_TIMEOUT,
};
use crate::alias::Alias;
use crate::wire::h225::{AliasAddress, BandWidth, ReportedPdu, UuiesRequested};
use crate::wire::tpkt;
use model::{Instant, Millis, Now, Timestamp};
use rand::RngExt;
use std::net::SocketAddr;

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub is_caller: bool,
    pub identifier: [u8; 16],
    pub conference: [u8; 16],
    /// The call reference value, without its flag.
    pub reference: u16,
    /// The other side as people are shown it.
    pub remote: String,
    /// The other side as it goes on the wire.
    pub remote_aliases: Vec<AliasAddress>,
    /// Where the signalling of the other side is.
    pub remote_address: Option<SocketAddr>,
    pub stage: Stage,
    pub grant: Grant,
    pub alerted_at: Option<Timestamp>,
    pub connected_at: Option<Timestamp>,
    /// The Connect, for gatekeepers that ask for it later.
    pub connect: Option<ReportedPdu>,
    /// When the present stage has lasted too long.
    pub patience: Option<Instant>,
    /// When the silence is to be broken.
    pub keep_alive_at: Option<Instant>,
    /// When the next report to the gatekeeper is due.
    pub report_at: Option<Instant>,
    /// What it has to do with messages.
    pub chat: Chat,
}

/// How far a call has come. A caller goes through all stages, a called side has no `Opening` to `Proceeding`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Stage {
    /// The gatekeeper is asked.
    Admitting,
    /// The connection is being opened.
    Opening,
    /// Setup is sent.
    Calling,
    /// The other side works on it.
    Proceeding,
    /// It rings, here or there.
    Alerting,
    /// It is answered.
    Connected,
}

/// What the gatekeeper granted, and what it wants in return.
#[derive(Debug, Default)]
pub(super) struct Grant {
    /// Whether the gatekeeper was asked, and is to be told of the end.
    pub is_asked: bool,
    pub is_routed: bool,
    pub bandwidth: BandWidth,
    /// The messages it wants to see.
    pub uuies_requested: UuiesRequested,
    /// How often it wants a report.
    pub report_interval: Option<Millis>,
    /// Whether it answers reports.
    pub will_respond_to_irr: bool,
}

impl Call {
    /// A call that has not begun.
    pub fn new(is_caller: bool, identifier: [u8; 16], conference: [u8; 16], reference: u16) -> Self {
        Self {
            is_caller,
            identifier,
            conference,
            reference,
            remote: String::new(),
            remote_aliases: Vec::new(),
            remote_address: None,
            stage: Stage::Admitting,
            grant: Grant::default(),
            alerted_at: None,
            connected_at: None,
            connect: None,
            patience: None,
            keep_alive_at: None,
            report_at: None,
            chat: Chat::default(),
        }
    }

    /// Whether its signalling has begun, so that it may be reported.
    pub fn has_begun(&self) -> bool {
        !self.is_caller || self.stage >= Stage::Calling
    }

    /// The call as people are shown it.
    pub fn status(&self) -> CallStatus {
        CallStatus {
            call_identifier: digits(self.identifier),
            remote: self.remote.clone(),
            direction: if self.is_caller { "outgoing" } else { "incoming" },
            state: match self.stage {
                Stage::Admitting => "admitting",
                Stage::Opening => "opening",
                Stage::Calling => "calling",
                Stage::Proceeding => "proceeding",
                Stage::Alerting => "alerting",
                Stage::Connected => "connected",
            },
        }
    }
}

impl Endpoint {
    /// Calls somebody.
    pub(super) fn place_call(&mut self, now: Now, to: &Alias) {
        self.start_call(now, to, Kind::Talk);
    }

    /// Begins a call: asks the gatekeeper first; without one only an address can be called.
    pub(super) fn start_call(&mut self, now: Now, to: &Alias, kind: Kind) {
        if self.is_full(kind != Kind::Talk) {
            return self.complain("There are no more calls at once; `hangup` first.");
        }
        let direct = if self.registration.registered().is_none() { direct_address(to) } else { None };
        if self.registration.registered().is_none() && direct.is_none() {
            return self.complain(
                "A call needs a registration; `register` first. Without one only ADDRESS:PORT or \
                 NAME@ADDRESS:PORT can be called.",
            );
        }
        let alias = match &direct {
            Some((alias, _)) => alias.clone(),
            None => Some(to.clone()),
        };
        let remote_aliases: Vec<_> = alias.iter().filter_map(Alias::to_wire).collect();
        if remote_aliases.is_empty() && alias.is_some() {
            return self.complain("This alias can't be called.");
        }
        let (identifier, conference) = (self.identifier(), self.identifier());
        let reference = self.random.random_range(1..0x8000);
        let mut call = Call::new(true, identifier, conference, reference);
        call.remote = to.text();
        call.remote_aliases = remote_aliases;
        call.chat.kind = kind;
        let id = self.next_connection();
        self.calls.insert(id, call);
        match direct {
            Some((_, peer)) => self.open_call(now, id, peer),
            None => self.ask_admission(now, id),
        }
    }

    /// Whether there are as many calls as may be: those for messages are counted apart from those of people.
    pub(super) fn is_full(&self, is_for_messages: bool) -> bool {
        let max = if is_for_messages { MESSAGE_CALLS_MAX } else { self.settings.calls };
        self.calls.values().filter(|call| call.chat.is_message_call() == is_for_messages).count() >= max
    }

    /// Goes on with an admitted call: opens the connection.
    pub(super) fn open_call(&mut self, now: Now, id: ConnectionId, peer: SocketAddr) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.remote_address = Some(peer);
            call.stage = Stage::Opening;
            call.patience = Some(now.instant.after(SETUP_TIMEOUT));
            if !call.chat.is_message_call() {
                let (call_identifier, to) = (digits(call.identifier), call.remote.clone());
                self.tell(Event::Calling { call_identifier, to });
            }
            self.outputs.push_back(Output::Open { id, peer });
        }
    }

    /// The connection is open: sends Setup.
    pub(super) fn send_setup(&mut self, now: Now, id: ConnectionId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Calling;
        let message = message::setup(call, &self.aliases, &self.settings, self.registration.registered());
        self.signal(now, id, message);
    }

    /// Lets an admitted call ring here.
    pub(super) fn ring(&mut self, now: Now, id: ConnectionId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Alerting;
        call.alerted_at = Some(now.wall);
        call.patience = Some(now.instant.after(RINGING_TIMEOUT));
        let (call_identifier, from) = (digits(call.identifier), call.remote.clone());
        let is_message_call = call.chat.is_message_call();
        if is_message_call {
            call.patience = Some(now.instant.after(MESSAGE_TIMEOUT));
        }
        let message = message::alerting(call, &self.settings);
        self.signal(now, id, message);
        if is_message_call {
            return;
        }
        self.tell(Event::Incoming { call_identifier, from });
        if self.settings.auto_answer {
            self.connect(now, id);
        }
    }

    /// Answers a call that rings here.
    pub(super) fn answer_call(&mut self, now: Now, identifier: Option<[u8; 16]>) {
        let rings =
            |call: &Call| !call.is_caller && call.stage == Stage::Alerting && !call.chat.is_message_call();
        let is_meant = |call: &Call| identifier.is_none_or(|identifier| call.identifier == identifier);
        let ringing = self.calls.iter().find(|(_, call)| rings(call) && is_meant(call));
        match (ringing.map(|(id, _)| *id), identifier) {
            (Some(id), _) => self.connect(now, id),
            (None, Some(identifier)) => self.complain_of_no_call(identifier),
            (None, None) => self.complain("No call rings here."),
        }
    }

    /// Sends Connect.
    pub(super) fn connect(&mut self, now: Now, id: ConnectionId) {
        if let Some(call) = self.calls.get_mut(&id) {
            // The report of the Connect already tells when it was.
            call.connected_at = Some(now.wall);
            let message = message::connect(call);
            self.signal(now, id, message);
            self.be_connected(now, id);
        }
    }

    /// The call is answered, here or there.
    pub(super) fn be_connected(&mut self, now: Now, id: ConnectionId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Connected;
        call.connected_at = Some(now.wall);
        call.patience = None;
        if call.chat.is_message_call() {
            return;
        }
        call.keep_alive_at = Some(now.instant.after(KEEP_ALIVE_INTERVAL));
        let event =
            Event::Connected { call_identifier: digits(call.identifier), remote: call.remote.clone() };
        self.tell(event);
    }

    /// The other side says how far it has come; a stage already passed is not entered again.
    pub(super) fn take_progress(&mut self, now: Now, id: ConnectionId, stage: Stage) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !call.is_caller || stage <= call.stage {
            return;
        }
        if call.chat.is_message_call() {
            return self.take_conversation_progress(now, id, stage);
        }
        match stage {
            Stage::Connected => self.be_connected(now, id),
            Stage::Alerting => {
                call.alerted_at = Some(now.wall);
                let (call_identifier, remote) = (digits(call.identifier), call.remote.clone());
                self.tell(Event::Alerting { call_identifier, remote });
            }
            _ => {}
        }
        if stage < Stage::Connected
            && let Some(call) = self.calls.get_mut(&id)
        {
            call.stage = stage;
            call.patience = Some(now.instant.after(RINGING_TIMEOUT));
        }
    }

    /// Ends calls that waited too long, sends empty packets and reports that are due.
    pub(super) fn advance_calls(&mut self, now: Now) {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now.instant);
        for id in self.calls.keys().copied().collect::<Vec<_>>() {
            let Some(call) = self.calls.get_mut(&id) else { continue };
            if is_due(call.patience) {
                let ending = match call.stage {
                    _ if call.chat.is_spent() => Ending::HANG_UP,
                    _ if call.chat.kind == Kind::Taken => Ending::SILENT,
                    Stage::Admitting | Stage::Opening | Stage::Calling => Ending::UNREACHABLE,
                    _ => Ending::NO_ANSWER,
                };
                self.end_call(now, id, ending);
                continue;
            }
            if is_due(call.keep_alive_at) {
                call.keep_alive_at = Some(now.instant.after(KEEP_ALIVE_INTERVAL));
                self.keep_call_alive(now, id);
            }
            if self.calls.get(&id).is_some_and(|call| is_due(call.report_at)) {
                self.report_call(now, id);
            }
        }
    }

    /// Breaks the silence: with an empty packet, or, since a gatekeeper between would keep that to itself, with a
    /// Facility that says nothing.
    fn keep_call_alive(&mut self, now: Now, id: ConnectionId) {
        if self.calls.get(&id).is_some_and(|call| call.grant.is_routed) {
            self.signal(now, id, message::nothing());
        } else if let Some(octets) = tpkt::packet(&[]) {
            self.outputs.push_back(Output::Send { id, octets });
        }
    }

    /// When [`Self::advance_calls`] has something next.
    pub(super) fn call_deadline(&self) -> Option<Instant> {
        let times = |call: &Call| [call.patience, call.keep_alive_at, call.report_at];
        self.calls.values().flat_map(times).flatten().min()
    }

    /// The call a gatekeeper means: by its identifier, or by its reference where it gives none.
    pub(super) fn call_of(&self, identifier: Option<[u8; 16]>, reference: u16) -> Option<ConnectionId> {
        match identifier.filter(|identifier| *identifier != [0; 16]) {
            Some(identifier) => self.connection_of(identifier),
            None => self.calls.iter().find(|(_, call)| call.reference == reference).map(|(id, _)| *id),
        }
    }

    /// A globally unique identifier: a random UUID.
    fn identifier(&mut self) -> [u8; 16] {
        let mut octets: [u8; 16] = self.random.random();
        octets[6] = octets[6] & 0x0f | 0x40;
        octets[8] = octets[8] & 0x3f | 0x80;
        octets
    }
}

/// The address in an alias that is one, with the name before it where there is one.
fn direct_address(alias: &Alias) -> Option<(Option<Alias>, SocketAddr)> {
    let text = alias.text();
    let (name, address) = match text.rsplit_once('@') {
        Some((name, address)) => (Some(Alias::parse_typed(name).ok()?), address),
        None => (None, text.as_str()),
    };
    Some((name, address.parse().ok()?))
}
