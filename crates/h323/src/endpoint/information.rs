//! Status reports: IRQ and IRR (H.225.0 clause 7.15).

use super::call::Call;
use super::connection::ConnectionId;
use super::discovery::usable;
use super::identity::endpoint_type;
use super::machine::Endpoint;
use super::message;
use super::request::Purpose;
use crate::wire::h225::{
    CallModel, CallType, InfoRequest, InfoRequestResponse, InfoRequestResponseStatus, PerCallInfo,
    RasMessage, RasUsageInformation, ReportedPdu, RequestSeqNum, TransportChannelInfo,
};
use crate::wire::h235::TimeStamp;
use codec::per::{FixedOctets, Integer};
use model::{Now, Timestamp};
use std::net::SocketAddr;

impl Call {
    /// When it rang, was answered and ended.
    pub(super) fn usage(&self, ended_at: Option<Timestamp>) -> RasUsageInformation {
        let seconds = |moment: Timestamp| TimeStamp::clamped(u32::try_from(moment.0 / 1000).unwrap_or(1));
        RasUsageInformation {
            alerting_time: self.alerted_at.map(seconds),
            connect_time: self.connected_at.map(seconds),
            end_time: ended_at.map(seconds),
            ..RasUsageInformation::default()
        }
    }
}

impl Endpoint {
    /// IRQ: about one call, or, where the call reference is 0, about all.
    pub(super) fn take_info_request(&mut self, from: SocketAddr, request: &InfoRequest) {
        let reference = request.call_reference_value.get() as u16;
        let identifier = request.call_identifier.as_ref().map(|identifier| identifier.guid.0);
        let meant: Vec<_> = match reference {
            0 => self.calls.keys().copied().collect(),
            reference => self.call_of(identifier, reference).into_iter().collect(),
        };
        let mut calls = Vec::new();
        for id in meant {
            let Some(call) = self.calls.get_mut(&id) else { continue };
            let mut wants_connect = false;
            if let Some(wanted) = &request.uuies_requested {
                wants_connect = wanted.connect;
                call.grant.uuies_requested = wanted.clone();
            }
            if call.has_begun() {
                let pdu = call.connect.clone().filter(|_| wants_connect);
                calls.extend(self.call_information(id, pdu));
            }
        }
        let is_unknown = reference != 0 && calls.is_empty();
        let status = match is_unknown {
            true => InfoRequestResponseStatus::InvalidCall,
            false => InfoRequestResponseStatus::Complete,
        };
        let Some(response) = self.information(calls) else { return };
        let to = request.reply_address.as_ref().and_then(usable).unwrap_or(from);
        let response = InfoRequestResponse {
            request_seq_num: request.request_seq_num,
            irr_status: Some(status),
            unsolicited: Some(false),
            ..response
        };
        self.send(to, &RasMessage::InfoRequestResponse(Box::new(response)));
    }

    /// Reports a call as often as the gatekeeper wants it.
    pub(super) fn report_call(&mut self, now: Now, id: ConnectionId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.report_at = call.grant.report_interval.map(|interval| now.instant.after(interval));
            self.send_report(now, id, None);
        }
    }

    /// Sends an unsolicited report about a call, with the message that is the reason for it, if one is.
    pub(super) fn send_report(&mut self, now: Now, id: ConnectionId, pdu: Option<ReportedPdu>) {
        let Some(call) = self.calls.get(&id) else { return };
        let need_response = call.grant.will_respond_to_irr;
        let calls = self.call_information(id, pdu).into_iter().collect();
        let (Some(response), Some(gatekeeper)) = (self.information(calls), &self.registration.gatekeeper)
        else {
            return;
        };
        let to = gatekeeper.address;
        let build = |request_seq_num| {
            RasMessage::InfoRequestResponse(Box::new(InfoRequestResponse {
                request_seq_num,
                need_response: Some(need_response),
                unsolicited: Some(true),
                ..response
            }))
        };
        if need_response {
            self.ask(now, Purpose::Report, vec![to], |_, number| build(number));
        } else {
            let number = RequestSeqNum::clamped(u32::from(self.requests.number()));
            self.send(to, &build(number));
        }
    }

    /// A report about these calls; `None` while not registered.
    fn information(&self, calls: Vec<PerCallInfo>) -> Option<InfoRequestResponse> {
        Some(InfoRequestResponse {
            endpoint_type: endpoint_type(),
            endpoint_identifier: self.registration.registered()?.identifier.clone(),
            ras_address: self.settings.ras_address.into(),
            call_signal_address: vec![self.settings.call_signal_address.into()],
            endpoint_alias: Some(self.aliases.clone()),
            per_call_info: (!calls.is_empty()).then_some(calls),
            need_response: Some(false),
            ..InfoRequestResponse::default()
        })
    }

    fn call_information(&self, id: ConnectionId, pdu: Option<ReportedPdu>) -> Option<PerCallInfo> {
        let call = self.calls.get(&id)?;
        let signalling = TransportChannelInfo {
            send_address: call.remote_address.map(Into::into),
            recv_address: Some(self.settings.call_signal_address.into()),
            ..TransportChannelInfo::default()
        };
        Some(PerCallInfo {
            call_reference_value: Integer::clamped(u32::from(call.reference)),
            conference_id: FixedOctets(call.conference),
            originator: Some(call.is_caller),
            call_signalling: signalling,
            call_type: CallType::PointToPoint,
            band_width: call.grant.bandwidth,
            call_model: if call.grant.is_routed { CallModel::GatekeeperRouted } else { CallModel::Direct },
            call_identifier: Some(message::identifier(call)),
            pdu: pdu.map(|pdu| vec![pdu]),
            usage_information: Some(call.usage(None)),
            ..PerCallInfo::default()
        })
    }
}
