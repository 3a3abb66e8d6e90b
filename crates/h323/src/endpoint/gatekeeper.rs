//! What a gatekeeper sends: answers to us, and requests of its own.

use super::event::{Event, Side};
use super::machine::Endpoint;
use super::registration::{State, reason_of};
use super::release::Ending;
use super::request::Purpose;
use crate::wire::h225::{
    BandRejectReason, BandwidthConfirm, BandwidthReject, BandwidthRequest, DisengageConfirm, DisengageReject,
    DisengageRejectReason, DisengageRequest, RasMessage, RequestInProgress, RequestSeqNum,
    UnknownMessageResponse, UnregRejectReason, UnregRequestReason, UnregistrationConfirm,
    UnregistrationReject, UnregistrationRequest,
};
use codec::per::OctetString;
use model::{Millis, Now};
use std::net::SocketAddr;

/// The most octets of a message that are quoted to say that it was not understood.
const QUOTE_MAX: usize = 512;

impl Endpoint {
    /// Takes a RAS message. An answer must belong to a request of ours; a request must come from the gatekeeper.
    pub(super) fn take_message(&mut self, now: Now, from: SocketAddr, message: RasMessage, octets: &[u8]) {
        match message {
            RasMessage::GatekeeperConfirm(confirm) => self.take_gatekeeper_confirm(now, from, &confirm),
            RasMessage::GatekeeperReject(reject) => self.take_gatekeeper_reject(now, from, &reject),
            RasMessage::RegistrationConfirm(confirm) => self.take_registration_confirm(now, from, &confirm),
            RasMessage::RegistrationReject(reject) => self.take_registration_reject(now, from, &reject),
            RasMessage::UnregistrationConfirm(confirm) => {
                self.take_unregistered(confirm.request_seq_num, from)
            }
            RasMessage::UnregistrationReject(reject) => self.take_unregistered(reject.request_seq_num, from),
            RasMessage::AdmissionConfirm(confirm) => self.take_admission_confirm(now, from, &confirm),
            RasMessage::AdmissionReject(reject) => self.take_admission_reject(now, from, &reject),
            RasMessage::DisengageConfirm(confirm) => {
                self.take_answer(confirm.request_seq_num, from, Purpose::Disengagement);
            }
            RasMessage::DisengageReject(reject) => {
                self.take_answer(reject.request_seq_num, from, Purpose::Disengagement);
            }
            RasMessage::InfoRequestAck(ack) => {
                self.take_answer(ack.request_seq_num, from, Purpose::Report);
            }
            RasMessage::InfoRequestNak(nak) => {
                self.take_answer(nak.request_seq_num, from, Purpose::Report);
            }
            RasMessage::ServiceControlResponse(response) => {
                self.take_indication_answer(now, from, &response);
            }
            RasMessage::RequestInProgress(progress) => self.take_in_progress(now, from, &progress),
            RasMessage::UnknownMessageResponse(response) => {
                match self.requests.take(response.request_seq_num, from, |_| true) {
                    Some(purpose) => self.take_silence(now, purpose),
                    None => self.counters.stray_replies += 1,
                }
            }
            RasMessage::BandwidthConfirm(_)
            | RasMessage::BandwidthReject(_)
            | RasMessage::LocationConfirm(_)
            | RasMessage::LocationReject(_)
            | RasMessage::ResourcesAvailableConfirm(_)
            | RasMessage::AdmissionConfirmSequence(_) => self.counters.stray_replies += 1,
            request => self.take_request(now, from, request, octets),
        }
    }

    fn take_request(&mut self, now: Now, from: SocketAddr, request: RasMessage, octets: &[u8]) {
        let gatekeeper = self.registration.gatekeeper.as_ref();
        if gatekeeper.is_none_or(|gatekeeper| gatekeeper.address.ip() != from.ip()) {
            self.counters.strangers += 1;
            return;
        }
        let not_understood = match request {
            RasMessage::UnregistrationRequest(request) => {
                return self.take_unregistration_request(now, from, &request);
            }
            RasMessage::DisengageRequest(request) => return self.take_disengage_request(now, from, &request),
            RasMessage::InfoRequest(request) => return self.take_info_request(from, &request),
            RasMessage::BandwidthRequest(request) => return self.take_bandwidth_request(from, &request),
            RasMessage::ServiceControlIndication(indication) => {
                return self.take_indication(now, from, &indication, octets);
            }
            RasMessage::GatekeeperRequest(request) => request.request_seq_num,
            RasMessage::RegistrationRequest(request) => request.request_seq_num,
            RasMessage::AdmissionRequest(request) => request.request_seq_num,
            RasMessage::LocationRequest(request) => request.request_seq_num,
            RasMessage::InfoRequestResponse(response) => response.request_seq_num,
            RasMessage::ResourcesAvailableIndicate(indication) => indication.request_seq_num,
            RasMessage::NonStandardMessage(message) => message.request_seq_num,
            // The number of a message of a newer edition can't be read; the quotation says which one is meant.
            _ => RequestSeqNum::default(),
        };
        let quote = octets.get(..QUOTE_MAX).unwrap_or(octets).to_vec();
        let response = UnknownMessageResponse {
            request_seq_num: not_understood,
            message_not_understood: Some(OctetString(quote)),
            ..UnknownMessageResponse::default()
        };
        self.send(from, &RasMessage::UnknownMessageResponse(Box::new(response)));
    }

    fn take_in_progress(&mut self, now: Now, from: SocketAddr, progress: &RequestInProgress) {
        let delay = Millis(u64::from(progress.delay.get()));
        let is_known = self.requests.wait_longer(now.instant, progress.request_seq_num, from, delay);
        self.counters.stray_replies += u64::from(!is_known);
    }

    fn take_unregistered(&mut self, number: RequestSeqNum, from: SocketAddr) {
        if self.take_answer(number, from, Purpose::Unregistration) {
            self.end_registration();
        }
    }

    /// URQ: the registration is over; what follows depends on the reason. Calls go on.
    fn take_unregistration_request(&mut self, now: Now, from: SocketAddr, request: &UnregistrationRequest) {
        let request_seq_num = request.request_seq_num;
        if !self.is_addressed(request.endpoint_identifier.as_ref()) {
            let reject = UnregistrationReject {
                request_seq_num,
                reject_reason: UnregRejectReason::NotCurrentlyRegistered,
                ..UnregistrationReject::default()
            };
            return self.send(from, &RasMessage::UnregistrationReject(Box::new(reject)));
        }
        let confirm = UnregistrationConfirm { request_seq_num, ..UnregistrationConfirm::default() };
        self.send(from, &RasMessage::UnregistrationConfirm(Box::new(confirm)));
        if self.registration.registered().is_none() {
            return;
        }
        let reason = request.reason.as_ref().map(reason_of);
        self.tell(Event::Unregistered { by: Side::Gatekeeper, reason: reason.clone() });
        self.requests.forget(|purpose| purpose == Purpose::Refresh);
        self.registration.state = State::Idle;
        self.drop_indications();
        match &request.reason {
            Some(UnregRequestReason::SecurityDenial | UnregRequestReason::SecurityError(_)) => {}
            Some(UnregRequestReason::ReregistrationRequired | UnregRequestReason::TtlExpired) => {
                self.register_again(now);
            }
            _ if request.alternate_gatekeeper.is_some() => {
                self.registration.set_alternates(request.alternate_gatekeeper.as_deref());
                self.take_refusal(now, reason.unwrap_or_default());
            }
            _ => self.register_later(now),
        }
    }

    /// DRQ: the call is over. A call that is over already is confirmed too.
    fn take_disengage_request(&mut self, now: Now, from: SocketAddr, request: &DisengageRequest) {
        let request_seq_num = request.request_seq_num;
        if !self.is_addressed(Some(&request.endpoint_identifier)) {
            let reject = DisengageReject {
                request_seq_num,
                reject_reason: DisengageRejectReason::NotRegistered,
                ..DisengageReject::default()
            };
            return self.send(from, &RasMessage::DisengageReject(Box::new(reject)));
        }
        let identifier = request.call_identifier.as_ref().map(|identifier| identifier.guid.0);
        let id = self.call_of(identifier, request.call_reference_value.get() as u16);
        let call = id.and_then(|id| self.calls.get(&id));
        let usage_information = call.map(|call| call.usage(Some(now.wall)));
        let confirm = DisengageConfirm { request_seq_num, usage_information, ..DisengageConfirm::default() };
        self.send(from, &RasMessage::DisengageConfirm(Box::new(confirm)));
        if let Some(id) = id {
            self.end_call(now, id, Ending::by_gatekeeper(reason_of(&request.disengage_reason)));
        }
    }

    /// BRQ: any bandwidth will do for a call without media.
    fn take_bandwidth_request(&mut self, from: SocketAddr, request: &BandwidthRequest) {
        let identifier = request.call_identifier.as_ref().map(|identifier| identifier.guid.0);
        let id = self.call_of(identifier, request.call_reference_value.get() as u16);
        let request_seq_num = request.request_seq_num;
        let message = match id.and_then(|id| self.calls.get_mut(&id)) {
            Some(call) => {
                call.grant.bandwidth = request.band_width;
                let band_width = request.band_width;
                let confirm = BandwidthConfirm { request_seq_num, band_width, ..BandwidthConfirm::default() };
                RasMessage::BandwidthConfirm(Box::new(confirm))
            }
            None => RasMessage::BandwidthReject(Box::new(BandwidthReject {
                request_seq_num,
                reject_reason: BandRejectReason::InvalidConferenceId,
                ..BandwidthReject::default()
            })),
        };
        self.send(from, &message);
    }
}
