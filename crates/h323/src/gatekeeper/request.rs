//! The way of a message in and out: decoding, repetition, dispatch, answers, and requests of our own.

use super::limit::Flow;
use super::link::Gatekeeper;
use super::outstanding::{Purpose, Request};
use super::presence::{Contents, descriptors};
use super::registration::{Peer, Registration};
use super::reply_cache::{RequestKey, Seen};
use super::timer::Due;
use crate::security::token::tokens;
use crate::wire::h225::{
    RasMessage, RequestInProgress, RequestSeqNum, ResourcesAvailableConfirm, ResourcesAvailableIndicate,
    UnknownMessageResponse,
};
use codec::per::{self, Integer, ObjectIdentifier, OctetString, UnknownAlternative};
use link::Output;
use model::{Millis, Now};
use std::net::SocketAddr;

/// { itu-t recommendation h 2250 version 7 }: the edition whose encodings we write.
pub(super) const PROTOCOL_IDENTIFIER: ObjectIdentifier =
    ObjectIdentifier::from_static(&[0x00, 0x08, 0x91, 0x4a, 0x00, 0x07]);

/// The time within which an endpoint should answer a request of ours, and how often it is repeated.
const ANSWER_WITHIN: Millis = Millis::seconds(3);
const REPEATS: u8 = 2;

/// A request while it is worked on: who asks, and under which key its answer is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub peer: Peer,
    pub sequence: RequestSeqNum,
    pub key: Option<RequestKey>,
    /// The length of the request.
    pub octets: usize,
}

impl Gatekeeper {
    /// Takes one datagram.
    pub(super) fn datagram(&mut self, now: Now, peer: Peer, to_many: bool, octets: &[u8]) {
        let message = match per::decode::<RasMessage>(octets) {
            Ok(message) => message,
            Err(error) => {
                self.trace_received(peer.address, None, octets);
                self.counters.malformed += 1;
                self.detail("ras.malformed", |_| format!("{} sent no RAS message: {error}", peer.address));
                return;
            }
        };
        self.trace_received(peer.address, Some(&message), octets);
        if to_many && !matches!(message, RasMessage::GatekeeperRequest(_) | RasMessage::LocationRequest(_)) {
            self.counters.not_for_many += 1;
            return;
        }
        // These have an effect, so a repetition must not have it again; and a token is good once.
        let is_once = match &message {
            RasMessage::RegistrationRequest(request) => {
                let descriptors = descriptors(request.feature_set.as_ref(), request.generic_data.as_deref());
                request.keep_alive != Some(true)
                    || Contents::are_in(&descriptors)
                    || !tokens(&message).is_empty()
            }
            RasMessage::UnregistrationRequest(_)
            | RasMessage::AdmissionRequest(_)
            | RasMessage::BandwidthRequest(_)
            | RasMessage::DisengageRequest(_)
            | RasMessage::ServiceControlIndication(_) => true,
            other => !tokens(other).is_empty(),
        };
        let mut key = None;
        if is_once {
            let this = self.replies.key(peer.address, octets);
            match self.replies.begin(now.instant, this) {
                Some(Seen::Answered(answer)) => {
                    self.counters.repeated += 1;
                    self.send(&peer, answer);
                    return;
                }
                Some(Seen::InProgress) => {
                    self.counters.in_progress += 1;
                    return;
                }
                None => key = Some(this),
            }
        }
        match self.check_message(&peer, &message, octets) {
            Ok(signer) => {
                if let (Some(key), Some(signer)) = (key, signer) {
                    self.replies.sign(key, signer);
                }
                self.dispatch(now, peer, to_many, key, message, octets);
            }
            Err(why) => {
                let asker = Asker { peer, sequence: sequence_in(&message), key, octets: octets.len() };
                self.refuse_sender(asker, to_many, &message, why);
            }
        }
    }

    fn dispatch(
        &mut self,
        now: Now,
        peer: Peer,
        to_many: bool,
        key: Option<RequestKey>,
        message: RasMessage,
        octets: &[u8],
    ) {
        let asker = |sequence| Asker { peer, sequence, key, octets: octets.len() };
        self.note_subject(&message);
        match message {
            RasMessage::GatekeeperRequest(m) => self.discover(asker(m.request_seq_num), to_many, &m),
            RasMessage::RegistrationRequest(m) if m.keep_alive == Some(true) => {
                self.refresh(now, asker(m.request_seq_num), &m);
            }
            RasMessage::RegistrationRequest(m) => self.register(now, asker(m.request_seq_num), &m),
            RasMessage::UnregistrationRequest(m) => self.unregister(now, asker(m.request_seq_num), &m),
            RasMessage::AdmissionRequest(m) => self.admit(now, asker(m.request_seq_num), &m),
            RasMessage::BandwidthRequest(m) => self.change_bandwidth(now, asker(m.request_seq_num), &m),
            RasMessage::DisengageRequest(m) => self.disengage(now, asker(m.request_seq_num), &m),
            RasMessage::LocationRequest(m) => self.locate(asker(m.request_seq_num), to_many, &m),
            RasMessage::InfoRequestResponse(m) => self.report(now, asker(m.request_seq_num), &m),
            RasMessage::ResourcesAvailableIndicate(m) => self.resources(now, asker(m.request_seq_num), &m),
            RasMessage::ServiceControlIndication(m) => self.indicated(now, asker(m.request_seq_num), &m),
            RasMessage::ServiceControlResponse(m) => self.confirmed(now, &peer, m.request_seq_num),
            RasMessage::UnregistrationConfirm(m) => self.confirmed(now, &peer, m.request_seq_num),
            RasMessage::UnregistrationReject(m) => self.confirmed(now, &peer, m.request_seq_num),
            RasMessage::DisengageConfirm(m) => self.confirmed(now, &peer, m.request_seq_num),
            RasMessage::DisengageReject(m) => self.confirmed(now, &peer, m.request_seq_num),
            RasMessage::RequestInProgress(m) => self.postpone(now, &peer, &m),
            RasMessage::UnknownMessageResponse(m) => self.confirmed(now, &peer, m.request_seq_num),
            RasMessage::NonStandardMessage(m) => self.not_understood(&peer, m.request_seq_num, octets),
            RasMessage::InfoRequest(m) => self.not_understood(&peer, m.request_seq_num, octets),
            RasMessage::UnknownAlternative(unknown) => {
                self.not_understood(&peer, sequence_of(&unknown), octets)
            }
            // What is left are answers that only gatekeepers give.
            _ => self.counters.unexpected += 1,
        }
    }

    /// Answers a request with unknownMessageResponse (H.225.0 clause 7.17).
    fn not_understood(&mut self, peer: &Peer, sequence: RequestSeqNum, octets: &[u8]) {
        self.counters.unknown += 1;
        let response = UnknownMessageResponse {
            request_seq_num: sequence,
            message_not_understood: Some(OctetString(octets.to_vec())),
            ..UnknownMessageResponse::default()
        };
        let asker = Asker { peer: *peer, sequence, key: None, octets: octets.len() };
        self.answer(&asker, &RasMessage::UnknownMessageResponse(response.into()));
    }

    /// RAI: a gateway says whether it takes more calls.
    fn resources(&mut self, now: Now, asker: Asker, indication: &ResourcesAvailableIndicate) {
        let Some(number) = self.identify(now, &asker.peer, &indication.endpoint_identifier.to_string())
        else {
            return;
        };
        if let Some(registration) = self.registrations.get_mut(number) {
            registration.almost_out_of_resources = indication.almost_out_of_resources;
        }
        let confirm = ResourcesAvailableConfirm {
            request_seq_num: asker.sequence,
            protocol_identifier: PROTOCOL_IDENTIFIER,
            ..ResourcesAvailableConfirm::default()
        };
        self.answer(&asker, &RasMessage::ResourcesAvailableConfirm(confirm.into()));
    }

    /// The registration with this identifier, when the message comes from its address; it has been heard then.
    pub(super) fn identify(&mut self, now: Now, peer: &Peer, identifier: &str) -> Option<u64> {
        let registration = self.registrations.by_identifier(identifier)?;
        let number = registration.number;
        if registration.peer.address.ip() != peer.address.ip() {
            self.counters.forged += 1;
            let text = |_: &Self| format!("{} used the endpoint identifier of another address", peer.address);
            self.detail("ras.forged", text);
            return None;
        }
        if !self.heard(now, number) {
            self.proven(now, number);
        }
        Some(number)
    }

    /// Sends the answer of a request and keeps it for repetitions.
    pub(super) fn answer(&mut self, asker: &Asker, message: &RasMessage) {
        self.audit_answer(asker, message);
        let Some(octets) = self.encode_answer(asker, message) else { return };
        if let Some(key) = asker.key {
            self.replies.answer(key, &octets);
        }
        self.send(&asker.peer, octets);
    }

    /// Tells an endpoint that its request takes longer (RIP), at most 65,535 ms; the answer comes later.
    pub(super) fn in_progress(&mut self, asker: &Asker, delay: Millis) {
        let progress = RequestInProgress {
            request_seq_num: asker.sequence,
            delay: Integer::clamped(u32::try_from(delay.0).unwrap_or(u32::MAX)),
            ..RequestInProgress::default()
        };
        // Kept as its answer until there is another: an endpoint that asks again has not read it.
        self.answer(asker, &RasMessage::RequestInProgress(progress.into()));
    }

    pub(super) fn send(&mut self, peer: &Peer, octets: Vec<u8>) {
        self.trace_sent(peer.address, &octets);
        self.outputs.push_back(Output::Datagram { channel: peer.channel, peer: peer.address, octets });
    }

    /// Sends a request of ours to an endpoint and repeats it until it is answered; `false` while too many wait, or
    /// where its address is not proven and this may not be sent there.
    pub(super) fn ask(
        &mut self,
        now: Now,
        number: u64,
        purpose: Purpose,
        message: impl FnOnce(RequestSeqNum, &Registration) -> RasMessage,
    ) -> bool {
        if !self.may_ask(number, purpose) {
            return false;
        }
        let Some(registration) = self.registrations.get(number) else { return false };
        let Some(sequence) = self.outstanding.next() else { return false };
        let peer = registration.peer;
        let message = message(Integer::clamped(u32::from(sequence)), registration);
        let Some(octets) = self.encode_request(number, &message) else {
            self.counters.oversized += 1;
            return false;
        };
        let (interval, repeats) = match purpose {
            Purpose::Probe => (self.settings.probe_interval, self.settings.probes.saturating_sub(1)),
            Purpose::Contest => (Millis(1000), 2),
            Purpose::Typing | Purpose::Carbon => (ANSWER_WITHIN, 0),
            _ => (ANSWER_WITHIN, REPEATS),
        };
        let due = now.instant.after(interval);
        self.limits.refund(Flow::Datagrams, peer.address.ip(), 1);
        self.send(&peer, octets.clone());
        self.outstanding.insert(sequence, Request { purpose, number, peer, octets, interval, repeats, due });
        self.timers.set(due, Due::Request(sequence));
        true
    }

    /// A request of ours has waited long enough: it is repeated, or given up.
    pub(super) fn request_due(&mut self, now: Now, sequence: u16) {
        let Some(request) = self.outstanding.get_mut(sequence) else { return };
        if request.due > now.instant {
            let due = request.due;
            self.timers.set(due, Due::Request(sequence));
            return;
        }
        if request.repeats > 0 {
            request.repeats -= 1;
            request.due = now.instant.after(request.interval);
            let (number, peer, octets, due) =
                (request.number, request.peer, request.octets.clone(), request.due);
            self.timers.set(due, Due::Request(sequence));
            let octets = self.signed_again(number, octets);
            self.limits.refund(Flow::Datagrams, peer.address.ip(), 1);
            self.send(&peer, octets);
            return;
        }
        let Some(request) = self.outstanding.remove(sequence) else { return };
        match request.purpose {
            Purpose::Probe => self.probe_failed(now, request.number),
            Purpose::Contest => self.contest_decided(now, request.number, false),
            Purpose::Session
            | Purpose::CallCheck(_)
            | Purpose::Unregister
            | Purpose::IncomingCall
            | Purpose::Receipt
            | Purpose::Typing
            | Purpose::Carbon => {}
            Purpose::Disengage(key) => self.side_ended(now, key, request.number),
            Purpose::Presence => self.presence_unconfirmed(now, request.number, sequence),
            Purpose::Delivery => self.package_unconfirmed(now, request.number, sequence),
        }
    }

    /// An endpoint has confirmed or rejected a request of ours.
    fn confirmed(&mut self, now: Now, peer: &Peer, sequence: RequestSeqNum) {
        let answered = self.outstanding.answered(sequence.get() as u16, peer);
        if let Some(request) = &answered {
            self.proven(now, request.number);
        }
        match answered {
            Some(Request { purpose: Purpose::Disengage(key), number, .. }) => {
                self.side_ended(now, key, number)
            }
            Some(Request { purpose: Purpose::Presence, number, .. }) => {
                self.presence_confirmed(now, number, sequence.get() as u16);
            }
            Some(Request { purpose: Purpose::Delivery, number, .. }) => {
                self.package_confirmed(now, number, sequence.get() as u16);
            }
            Some(_) => {}
            None => self.counters.unexpected += 1,
        }
    }

    /// An endpoint asks us to be patient.
    fn postpone(&mut self, now: Now, peer: &Peer, progress: &RequestInProgress) {
        let sequence = progress.request_seq_num.get() as u16;
        match self.outstanding.get_mut(sequence) {
            Some(request) if request.peer.address.ip() == peer.address.ip() => {
                request.due = now.instant.after(Millis(u64::from(progress.delay.get())));
            }
            _ => self.counters.unexpected += 1,
        }
    }
}

/// The sequence number of a request that must come from a certain user.
fn sequence_in(message: &RasMessage) -> RequestSeqNum {
    match message {
        RasMessage::GatekeeperRequest(m) => m.request_seq_num,
        RasMessage::RegistrationRequest(m) => m.request_seq_num,
        RasMessage::UnregistrationRequest(m) => m.request_seq_num,
        RasMessage::AdmissionRequest(m) => m.request_seq_num,
        RasMessage::BandwidthRequest(m) => m.request_seq_num,
        RasMessage::DisengageRequest(m) => m.request_seq_num,
        RasMessage::LocationRequest(m) => m.request_seq_num,
        RasMessage::InfoRequestResponse(m) => m.request_seq_num,
        RasMessage::ServiceControlIndication(m) => m.request_seq_num,
        // Nothing answers the others.
        _ => RequestSeqNum::default(),
    }
}

/// The sequence number of a message of a newer edition: every message so far has it after one octet of preamble.
fn sequence_of(unknown: &UnknownAlternative) -> RequestSeqNum {
    match unknown.octets.as_slice() {
        [_, high, low, ..] => Integer::clamped((u32::from(*high) << 8 | u32::from(*low)) + 1),
        _ => Integer::clamped(1),
    }
}

/// Where the answer to a request with an address of its own goes: there, unless that is another host's.
pub(super) fn answer_address(peer: SocketAddr, named: Option<SocketAddr>) -> SocketAddr {
    named.filter(|named| named.ip() == peer.ip() && named.port() != 0).unwrap_or(peer)
}
