//! Admission and its end: ARQ, ACF, ARJ, and the endpoint's own DRQ (H.323 clause 8.1).

use super::call::{Call, Grant};
use super::connection::ConnectionId;
use super::discovery::usable;
use super::event::{Event, Side, digits};
use super::identity::messaging;
use super::machine::Endpoint;
use super::message;
use super::registration::{Registered, State, reason_of};
use super::release::Ending;
use super::request::Purpose;
use crate::wire::h225::{
    AdmissionConfirm, AdmissionReject, AdmissionRejectReason, AdmissionRequest, BandWidth, CallModel,
    CallTerminationCause, DisengageReason, DisengageRequest, EndpointIdentifier, RasMessage,
};
use codec::per::{FixedOctets, Integer, OctetString};
use model::{Millis, Now};
use std::net::SocketAddr;

/// The bandwidth asked for, in units of 100 bit/s: audio of 64 kbit/s both ways.
const BANDWIDTH: BandWidth = BandWidth::clamped(1280);

impl Endpoint {
    /// Asks the gatekeeper whether the call may be made, or taken.
    pub(super) fn ask_admission(&mut self, now: Now, id: ConnectionId) {
        let (Some(registered), Some(gatekeeper), Some(call)) =
            (self.registration.registered(), &self.registration.gatekeeper, self.calls.get_mut(&id))
        else {
            return;
        };
        call.grant.is_asked = true;
        let ours = self.aliases.clone();
        let theirs = call.remote_aliases.clone();
        let (src_info, destination_info) = if call.is_caller { (ours, theirs) } else { (theirs, ours) };
        // The deployed endpoints mark the call only where they are called.
        let is_taken = !call.is_caller && call.chat.is_message_call();
        let request = AdmissionRequest {
            endpoint_identifier: registered.identifier.clone(),
            destination_info: Some(destination_info),
            dest_call_signal_address: (!call.is_caller).then(|| self.settings.call_signal_address.into()),
            src_info,
            src_call_signal_address: match call.is_caller {
                true => Some(self.settings.call_signal_address.into()),
                false => call.remote_address.map(Into::into),
            },
            band_width: BANDWIDTH,
            call_reference_value: Integer::clamped(u32::from(call.reference)),
            conference_id: FixedOctets(call.conference),
            answer_call: !call.is_caller,
            can_map_alias: Some(call.is_caller),
            call_identifier: Some(message::identifier(call)),
            gatekeeper_identifier: gatekeeper.identifier.clone(),
            will_supply_uuies: Some(true),
            generic_data: is_taken.then(|| vec![messaging(true)]),
            ..AdmissionRequest::default()
        };
        let to = vec![gatekeeper.address];
        self.ask(now, Purpose::Admission(id), to, |_, request_seq_num| {
            RasMessage::AdmissionRequest(Box::new(AdmissionRequest { request_seq_num, ..request }))
        });
    }

    pub(super) fn take_admission_confirm(&mut self, now: Now, from: SocketAddr, confirm: &AdmissionConfirm) {
        let fitting = |purpose| matches!(purpose, Purpose::Admission(_));
        let Some(Purpose::Admission(id)) = self.requests.take(confirm.request_seq_num, from, fitting) else {
            self.counters.stray_replies += 1;
            return;
        };
        let registered =
            self.registration.registered().is_some_and(|registered| registered.will_respond_to_irr);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let report_interval = confirm.irr_frequency.map(|seconds| Millis::seconds(u64::from(seconds.get())));
        call.grant = Grant {
            is_asked: true,
            is_routed: confirm.call_model == CallModel::GatekeeperRouted,
            bandwidth: confirm.band_width,
            uuies_requested: confirm.uuies_requested.clone().unwrap_or_default(),
            report_interval,
            will_respond_to_irr: confirm.will_respond_to_irr.unwrap_or(registered),
        };
        call.report_at = report_interval.map(|interval| now.instant.after(interval));
        if !call.is_caller {
            return self.ring(now, id);
        }
        if let Some(aliases) = confirm.destination_info.as_ref().filter(|aliases| !aliases.is_empty()) {
            call.remote_aliases.clone_from(aliases);
        }
        match usable(&confirm.dest_call_signal_address) {
            Some(peer) => self.open_call(now, id, peer),
            None => self.end_call(now, id, Ending::UNREACHABLE),
        }
    }

    pub(super) fn take_admission_reject(&mut self, now: Now, from: SocketAddr, reject: &AdmissionReject) {
        let fitting = |purpose| matches!(purpose, Purpose::Admission(_));
        let Some(Purpose::Admission(id)) = self.requests.take(reject.request_seq_num, from, fitting) else {
            self.counters.stray_replies += 1;
            return;
        };
        let is_caller = self.calls.get(&id).is_some_and(|call| call.is_caller);
        self.refuse_call(now, id, Ending::by_gatekeeper(reason_of(&reject.reject_reason)));
        let is_forgotten = match reject.reject_reason {
            AdmissionRejectReason::InvalidEndpointIdentifier => true,
            AdmissionRejectReason::CallerNotRegistered => is_caller,
            AdmissionRejectReason::CalledPartyNotRegistered => !is_caller,
            _ => false,
        };
        if is_forgotten && matches!(self.registration.state, State::Registered(_)) {
            self.register_again(now);
        }
    }

    /// The gatekeeper says nothing: the call can't be, and a keep-alive shows whether the gatekeeper is there.
    pub(super) fn take_no_admission(&mut self, now: Now, id: ConnectionId) {
        self.refuse_call(now, id, Ending::by_gatekeeper("noAnswer".to_owned()));
        self.send_refresh(now);
    }

    fn refuse_call(&mut self, now: Now, id: ConnectionId, ending: Ending) {
        let reason = ending.reason.clone().into_owned();
        let Some(call) = self.drop_call(now, id, ending.clone()) else { return };
        if call.chat.is_message_call() {
            self.tell_end_of_conversation(&call, &ending);
        } else {
            self.tell(Event::AdmissionRejected { call_identifier: digits(call.identifier), reason });
        }
    }

    /// Tells the gatekeeper that a call it was asked for is over, unless it ended the call itself.
    pub(super) fn disengage(&mut self, now: Now, id: ConnectionId, call: &Call, ending: &Ending) {
        self.requests.forget(|purpose| purpose == Purpose::Admission(id));
        let (Some(Registered { identifier, .. }), Some(gatekeeper)) =
            (self.registration.registered(), &self.registration.gatekeeper)
        else {
            return;
        };
        if !call.grant.is_asked || ending.by == Side::Gatekeeper {
            return;
        }
        let cause = ending.cause.map(|cause| OctetString(message::cause_octets(cause).to_vec()));
        let request = DisengageRequest {
            endpoint_identifier: identifier.clone(),
            conference_id: FixedOctets(call.conference),
            call_reference_value: Integer::clamped(u32::from(call.reference)),
            disengage_reason: DisengageReason::NormalDrop,
            call_identifier: Some(message::identifier(call)),
            gatekeeper_identifier: gatekeeper.identifier.clone(),
            answered_call: Some(!call.is_caller),
            usage_information: Some(call.usage(Some(now.wall))),
            termination_cause: cause.map(CallTerminationCause::ReleaseCompleteCauseIe),
            ..DisengageRequest::default()
        };
        let to = vec![gatekeeper.address];
        self.ask(now, Purpose::Disengagement, to, |_, request_seq_num| {
            RasMessage::DisengageRequest(Box::new(DisengageRequest { request_seq_num, ..request }))
        });
    }

    /// Whether a request of the gatekeeper is meant for this registration.
    pub(super) fn is_addressed(&self, identifier: Option<&EndpointIdentifier>) -> bool {
        match self.registration.registered() {
            Some(registered) => identifier.is_none_or(|identifier| *identifier == registered.identifier),
            None => false,
        }
    }
}
