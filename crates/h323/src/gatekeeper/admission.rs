//! Admission: ARQ (H.225.0 clause 7.11). Call signalling is direct, except for callers that may speak instant messaging:
//! only their Setup shows whether it is a message, so they are routed to us (D-08).

use super::call::{Call, Side, reported_messages};
use super::limit::Limit;
use super::link::Gatekeeper;
use super::registration::{Kind, Registration};
use super::request::Asker;
use super::signalling::{Waiting, WaitingAdmission};
use super::timer::Due;
use crate::alias::{Alias, alternative, canonical};
use crate::wire::feature::Feature;
use crate::wire::h225::{
    AdmissionConfirm, AdmissionReject, AdmissionRejectReason, AdmissionRequest, AliasAddress, CallModel,
    CallType, Content, FeatureSet, RasMessage,
};
use crate::wire::signalling_security::SignallingSecurity;
use codec::per::Integer;
use model::{Address, MessageFailure, Now};
use std::net::{IpAddr, SocketAddr};

/// Where a call goes.
struct Destination {
    number: Option<u64>,
    label: String,
    /// `None`: nowhere unless it is a message, which is kept.
    address: Option<SocketAddr>,
    /// For whom a message would be.
    recipient: Option<Address>,
}

impl Gatekeeper {
    /// An endpoint wants to make or to answer a call.
    pub(super) fn admit(&mut self, now: Now, asker: Asker, request: &AdmissionRequest) {
        self.consider_admission(now, asker, request, None);
    }

    /// Decides an admission; `stored_for` is whom a message could be kept for, once the engine has said so.
    fn consider_admission(
        &mut self,
        now: Now,
        asker: Asker,
        request: &AdmissionRequest,
        stored_for: Option<Address>,
    ) {
        let Some(number) = self.identify(now, &asker.peer, &request.endpoint_identifier.to_string()) else {
            return self.reject_admission(&asker, AdmissionRejectReason::CallerNotRegistered);
        };
        let key = call_key(request.call_identifier.as_ref().map(|id| id.guid.0), request.conference_id.0);
        if self.calls.get(key).is_none() && !self.has_room_for_call(now, asker.peer.address.ip()) {
            return self.reject_admission(&asker, AdmissionRejectReason::ResourceUnavailable);
        }
        // An instant message takes no bandwidth (D-08).
        let is_message = is_messaging(request) || self.calls.get(key).is_some_and(|call| call.messaging);
        let bandwidth =
            if is_message { Some(request.band_width.get()) } else { self.grant_bandwidth(key, request) };
        if request.answer_call && is_messaging(request) {
            self.messaging_learnt(number, true);
        }
        match bandwidth {
            Some(bandwidth) if request.answer_call => {
                return self.admit_callee(now, &asker, request, number, key, bandwidth);
            }
            // Nothing is left for a call, and the Setup may still turn out to be a message.
            None if request.answer_call || !self.is_routed(number) => {
                return self.reject_admission(&asker, AdmissionRejectReason::RequestDenied);
            }
            _ => {}
        }
        let kept = |recipient: Address| Destination {
            number: None,
            label: recipient.to_string(),
            address: None,
            recipient: Some(recipient),
        };
        match (self.destination(&asker, request), stored_for) {
            (Ok(destination), _) => {
                self.admit_caller(now, &asker, request, (number, key), bandwidth, destination);
            }
            (Err(_), Some(recipient)) => {
                self.admit_caller(now, &asker, request, (number, key), bandwidth, kept(recipient));
            }
            (Err(AdmissionRejectReason::CalledPartyNotRegistered), None) if self.is_routed(number) => {
                self.ask_whether_kept(&asker, request, number);
            }
            (Err(reason), None) => self.reject_admission(&asker, reason),
        }
    }

    /// Whether one more call of this address may be in progress; if it has too many, that is noted.
    fn has_room_for_call(&mut self, now: Now, address: IpAddr) -> bool {
        let most = self.settings.limits.calls_max;
        if !self.is_trusted(address)
            && let Err(source) = self.calls.check(address, most)
        {
            self.counters.limited_calls += 1;
            self.offends(now, Limit::Calls, source);
            return false;
        }
        self.calls.len() < self.settings.calls_max
    }

    /// Whether the calls of an endpoint come to us.
    fn is_routed(&self, number: u64) -> bool {
        self.registrations.get(number).is_some_and(|caller| {
            let has_way = self.settings.call_signal_port.is_some() || self.takes_tls(caller);
            has_way && self.may_message(caller)
        })
    }

    /// Whether an endpoint can call us over TLS.
    const fn takes_tls(&self, caller: &Registration) -> bool {
        self.settings.tls_signal_port.is_some() && caller.offer.has_tls
    }

    /// The destination is not registered. A message would perhaps be kept for it: the engine knows.
    fn ask_whether_kept(&mut self, asker: &Asker, request: &AdmissionRequest, number: u64) {
        let aliases = request.destination_info.iter().flatten();
        let Some(recipient) = aliases.filter_map(|alias| self.recipient_of(alias)).next() else {
            return self.reject_admission(asker, AdmissionRejectReason::CalledPartyNotRegistered);
        };
        let waiting =
            WaitingAdmission { asker: *asker, request: request.clone(), recipient: recipient.clone() };
        if !self.ask_route(number, recipient, Waiting::Admission(waiting.into())) {
            self.reject_admission(asker, AdmissionRejectReason::ResourceUnavailable);
        }
    }

    /// A message would be kept for a destination that is not registered.
    pub(super) fn admission_routed(&mut self, now: Now, waiting: WaitingAdmission) {
        let WaitingAdmission { asker, request, recipient } = waiting;
        self.subject = destination(&request);
        self.consider_admission(now, asker, &request, Some(recipient));
    }

    /// Nothing would be kept for a destination that is not registered.
    pub(super) fn admission_not_routed(&mut self, waiting: &WaitingAdmission, failure: MessageFailure) {
        let reason = match failure {
            MessageFailure::NoRecipient | MessageFailure::Expired | MessageFailure::Loop => {
                AdmissionRejectReason::CalledPartyNotRegistered
            }
            MessageFailure::Blocked | MessageFailure::TooLarge => AdmissionRejectReason::RequestDenied,
            MessageFailure::NotSupported => AdmissionRejectReason::NeededFeatureNotSupported,
            MessageFailure::Unavailable { .. } => AdmissionRejectReason::ResourceUnavailable,
        };
        self.subject = destination(&waiting.request);
        self.reject_admission(&waiting.asker, reason);
    }

    /// The calling side.
    fn admit_caller(
        &mut self,
        now: Now,
        asker: &Asker,
        request: &AdmissionRequest,
        (number, key): (u64, [u8; 16]),
        bandwidth: Option<u32>,
        destination: Destination,
    ) {
        let Some(caller) = self.registrations.get(number) else { return };
        let to_mcu = destination.number.and_then(|callee| self.registrations.get(callee)).is_some_and(is_mcu);
        let mut call =
            self.calls.get(key).cloned().unwrap_or_else(|| self.new_call(now, key, asker, request));
        call.caller = Side {
            number: Some(number),
            label: caller.label(),
            address: caller.call_signal_addresses.first().copied(),
            call_reference: request.call_reference_value.get() as u16,
            admitted: true,
            ..Side::default()
        };
        if call.callee.number.is_none() {
            call.callee = Side {
                number: destination.number,
                label: destination.label,
                address: destination.address,
                ..Side::default()
            };
        }
        call.recipient = destination.recipient;
        call.lacks_bandwidth = bandwidth.is_none();
        let bandwidth = bandwidth.unwrap_or_default();
        call.conference |= to_mcu;
        self.take_call(now, call, bandwidth);
        let may_relay = destination.address.is_none_or(|to| self.may_connect(destination.number, to));
        // Who can't be connected to is reached by us only.
        let is_hidden = destination.number.is_some_and(|callee| self.is_behind_translation(callee));
        let is_routed = may_relay && (is_hidden || self.is_routed(number));
        let has_tls = self.registrations.get(number).is_some_and(|caller| self.takes_tls(caller));
        let tls_port = self.settings.tls_signal_port.filter(|_| has_tls);
        let here = |port: u16| SocketAddr::new(asker.peer.local.ip(), port);
        // Where all must be secure there is no other address of ours than the secured one.
        let ours = self.settings.call_signal_port.or(tls_port).filter(|_| is_routed).map(here);
        match (ours, destination.address) {
            (Some(ours), _) => {
                let way = (CallModel::GatekeeperRouted, ours, tls_port.map(here));
                self.confirm_admission(asker, bandwidth, way);
            }
            (None, Some(address)) => {
                let secured = self.secured_address(destination.number, address);
                let secured = secured.and_then(|(to, is_secured)| (is_secured && has_tls).then_some(to));
                self.confirm_admission(asker, bandwidth, (CallModel::Direct, address, secured));
            }
            (None, None) => self.reject_admission(asker, AdmissionRejectReason::CalledPartyNotRegistered),
        }
    }

    /// The answering side: it rings from now on.
    fn admit_callee(
        &mut self,
        now: Now,
        asker: &Asker,
        request: &AdmissionRequest,
        number: u64,
        key: [u8; 16],
        bandwidth: u32,
    ) {
        let Some(callee) = self.registrations.get(number) else { return };
        let Some(address) = callee.call_signal_address(asker.peer.address) else { return };
        let mut call =
            self.calls.get(key).cloned().unwrap_or_else(|| self.new_call(now, key, asker, request));
        if call.caller.label.is_empty() {
            let named = request.src_info.iter().find_map(Alias::from_wire).map(|alias| alias.text());
            let address =
                request.src_call_signal_address.as_ref().and_then(|address| address.socket_address());
            let label = named.or_else(|| address.map(|address| address.to_string()));
            call.caller =
                Side { label: label.unwrap_or_else(|| "unknown".to_owned()), address, ..Side::default() };
        }
        call.callee = Side {
            number: Some(number),
            label: callee.label(),
            address: Some(address),
            call_reference: request.call_reference_value.get() as u16,
            admitted: true,
            ..Side::default()
        };
        call.conference |= is_mcu(callee);
        call.messaging |= is_messaging(request);
        call.ringing_at = Some(now);
        self.take_call(now, call, bandwidth);
        self.confirm_admission(asker, bandwidth, (CallModel::Direct, address, None));
    }

    fn new_call(&self, now: Now, key: [u8; 16], asker: &Asker, request: &AdmissionRequest) -> Call {
        let address = asker.peer.address.ip();
        Call {
            key,
            conference_identifier: request.conference_id.0,
            caller: Side::default(),
            callee: Side::default(),
            recipient: None,
            lacks_bandwidth: false,
            admitted_at: now,
            ringing_at: None,
            answer: None,
            ended: None,
            messaging: is_messaging(request),
            conference: request.active_mc || request.call_type != CallType::PointToPoint,
            bandwidth: 0,
            check_interval: self.settings.answer_check,
            charged_to: (!self.is_trusted(address)).then_some(address),
        }
    }

    fn take_call(&mut self, now: Now, mut call: Call, bandwidth: u32) {
        let key = call.key;
        if !call.messaging {
            call.bandwidth = call.bandwidth.max(bandwidth);
        }
        call.check_interval = self.settings.answer_check;
        self.counters.calls += u64::from(self.calls.get(key).is_none());
        self.calls.insert(call);
        self.changed.calls.insert(key);
        self.timers.set(now.instant.after(self.settings.answer_check), Due::Call(key));
    }

    /// Where a call goes: to the name it is made to, else to the transport address.
    fn destination(
        &self,
        asker: &Asker,
        request: &AdmissionRequest,
    ) -> Result<Destination, AdmissionRejectReason> {
        let aliases = request.destination_info.as_deref().unwrap_or_default();
        let found = aliases.iter().find_map(|alias| Some((self.find(alias)?, alias)));
        let to = |registration: &Registration, label: String, recipient: Option<Address>| {
            let address = registration.call_signal_address(asker.peer.address)?;
            let recipient = recipient.or_else(|| Some(registration.names.first()?.address.clone()));
            Some(Destination { number: Some(registration.number), label, address: Some(address), recipient })
        };
        if let Some((registration, alias)) = found {
            let label = Alias::from_wire(alias).map_or_else(|| registration.label(), |alias| alias.text());
            let recipient = self.recipient_of(alias);
            return to(registration, label, recipient).ok_or(AdmissionRejectReason::CalledPartyNotRegistered);
        }
        let address = request.dest_call_signal_address.as_ref().and_then(|address| address.socket_address());
        if let Some(address) = address {
            if let Some(registration) = self.registrations.by_call_signal(address) {
                return to(registration, registration.label(), None)
                    .ok_or(AdmissionRejectReason::CalledPartyNotRegistered);
            }
            if self.settings.unregistered_destinations {
                let label = address.to_string();
                return Ok(Destination { number: None, label, address: Some(address), recipient: None });
            }
        }
        let nothing = aliases.is_empty() && address.is_none();
        Err(if nothing {
            AdmissionRejectReason::IncompleteAddress
        } else {
            AdmissionRejectReason::CalledPartyNotRegistered
        })
    }

    /// The registration that an alias names, or the gateway whose prefix it begins with.
    pub(super) fn find(&self, alias: &AliasAddress) -> Option<&Registration> {
        let alias = Alias::from_wire(alias)?;
        self.find_alias(&alias)
    }

    pub(super) fn find_alias(&self, alias: &Alias) -> Option<&Registration> {
        let zone = &self.settings.zone;
        let canonical = canonical(alias, zone).ok();
        let held = |address| self.registrations.holders(&address).next();
        if let Some(found) = canonical.and_then(held).or_else(|| alternative(alias, zone).and_then(held)) {
            return Some(found);
        }
        let Alias::DialedDigits(digits) = alias else { return None };
        let mut gateways: Vec<_> = self.registrations.by_prefix(digits).collect();
        gateways
            .sort_by_key(|gateway| (gateway.almost_out_of_resources, self.calls.of(gateway.number).len()));
        gateways.first().copied()
    }

    /// The bandwidth a side of a call gets in units of 100 bit/s: what it asks for, within the limit of a call and
    /// of what is left of the zone's; `None` where nothing is left. Both sides of a call share one grant.
    fn grant_bandwidth(&self, key: [u8; 16], request: &AdmissionRequest) -> Option<u32> {
        let already = self.calls.get(key).map_or(0, |call| call.bandwidth);
        let granted = request.band_width.get().min(self.settings.call_bandwidth);
        let left = self.bandwidth_left(already);
        (granted == 0 || left > 0).then(|| granted.min(left))
    }

    /// What a call that has `already` may have of the zone's bandwidth.
    pub(super) fn bandwidth_left(&self, already: u32) -> u32 {
        let Some(zone) = self.settings.zone_bandwidth else { return u32::MAX };
        let others = self.calls.bandwidth() - u64::from(already);
        u32::try_from(u64::from(zone).saturating_sub(others)).unwrap_or(u32::MAX)
    }

    /// Confirms an admission: how the call goes, where to, and where to over TLS.
    fn confirm_admission(
        &mut self,
        asker: &Asker,
        bandwidth: u32,
        (call_model, address, tls_address): (CallModel, SocketAddr, Option<SocketAddr>),
    ) {
        let secured = tls_address.map(|_| SignallingSecurity { has_tls: true, tls_address }.write());
        self.counters.admissions += 1;
        let confirm = AdmissionConfirm {
            request_seq_num: asker.sequence,
            band_width: Integer::clamped(bandwidth),
            call_model,
            dest_call_signal_address: address.into(),
            will_respond_to_irr: Some(false),
            uuies_requested: Some(reported_messages()),
            feature_set: secured.map(|secured| FeatureSet {
                supported_features: Some(vec![secured]),
                ..FeatureSet::default()
            }),
            ..AdmissionConfirm::default()
        };
        self.answer(asker, &RasMessage::AdmissionConfirm(confirm.into()));
    }

    pub(super) fn reject_admission(&mut self, asker: &Asker, reject_reason: AdmissionRejectReason) {
        self.counters.admissions_refused += 1;
        let text = |_: &Self| format!("a call of {} was refused: {reject_reason:?}", asker.peer.address);
        self.detail("call.refused", text);
        let reject =
            AdmissionReject { request_seq_num: asker.sequence, reject_reason, ..AdmissionReject::default() };
        self.answer(asker, &RasMessage::AdmissionReject(reject.into()));
    }
}

/// What names a call: its call identifier, or the conference where an endpoint of version 1 gives none.
pub(super) fn call_key(call_identifier: Option<[u8; 16]>, conference_identifier: [u8; 16]) -> [u8; 16] {
    call_identifier.filter(|guid| *guid != [0; 16]).unwrap_or(conference_identifier)
}

/// The first alias that is called.
pub(super) fn destination(request: &AdmissionRequest) -> Option<AliasAddress> {
    request.destination_info.as_ref()?.first().cloned()
}

fn is_mcu(registration: &Registration) -> bool {
    registration.kind == Kind::Mcu
}

/// Whether the request is for a call that carries an instant message: the answering side says so (D-08).
fn is_messaging(request: &AdmissionRequest) -> bool {
    let identifier = Feature::Messaging.identifier();
    let call_type = Feature::Messaging.parameter(1);
    request.generic_data.iter().flatten().any(|data| {
        let parameter = data.parameter(&call_type);
        data.id == identifier && matches!(parameter, Some(Content::Number8(value)) if value.get() == 1)
    })
}
