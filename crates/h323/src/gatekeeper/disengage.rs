//! Disengage: DRQ (H.225.0 clause 7.14).

use super::admission::call_key;
use super::call::{Answer, AnswerEvidence};
use super::link::Gatekeeper;
use super::request::Asker;
use crate::wire::h225::{
    DisengageConfirm, DisengageReason, DisengageReject, DisengageRejectReason, DisengageRequest, RasMessage,
};
use codec::per::Json;
use model::{CallEnd, Now, Timestamp};

impl Gatekeeper {
    /// An endpoint is through with a call. A call that nobody knows here is confirmed: it is over in any case.
    pub(super) fn disengage(&mut self, now: Now, asker: Asker, request: &DisengageRequest) {
        let Some(number) = self.identify(now, &asker.peer, &request.endpoint_identifier.to_string()) else {
            return self.reject_disengage(&asker, DisengageRejectReason::NotRegistered);
        };
        let key = call_key(request.call_identifier.as_ref().map(|id| id.guid.0), request.conference_id.0);
        if let Some(call) = self.calls.get_mut(key) {
            if call.side_mut(number).is_none() {
                return self.reject_disengage(&asker, DisengageRejectReason::RequestToDropOther);
            }
            let usage = request.usage_information.as_ref();
            // The account is exact even where the answer was never seen; presence is not touched by it.
            if let Some(connected) = usage.and_then(|usage| usage.connect_time)
                && call.answer.is_none()
            {
                let at = Timestamp(i64::from(connected.get()) * 1000).within(call.admitted_at.wall, now.wall);
                call.answer = Some(Answer { at, evidence: AnswerEvidence::ConnectTime });
            }
            let reason = reason_of(request);
            self.side_ended_as(now, key, number, CallEnd::Disengaged, Some(reason));
        }
        self.counters.disengages += 1;
        let confirm = DisengageConfirm { request_seq_num: asker.sequence, ..DisengageConfirm::default() };
        self.answer(&asker, &RasMessage::DisengageConfirm(confirm.into()));
    }

    fn reject_disengage(&mut self, asker: &Asker, reject_reason: DisengageRejectReason) {
        self.counters.disengages_refused += 1;
        let reject =
            DisengageReject { request_seq_num: asker.sequence, reject_reason, ..DisengageReject::default() };
        self.answer(asker, &RasMessage::DisengageReject(reject.into()));
    }
}

/// The reason in the words of H.225.0; the termination cause says more where it is there.
fn reason_of(request: &DisengageRequest) -> String {
    use crate::wire::h225::CallTerminationCause;
    let name = |value: serde_json::Value| value.as_object().and_then(|choice| choice.keys().next().cloned());
    let cause = match &request.termination_cause {
        Some(CallTerminationCause::ReleaseCompleteReason(reason)) => name(reason.to_json()),
        Some(CallTerminationCause::ReleaseCompleteCauseIe(octets)) => {
            octets.0.get(1).map(|octet| format!("cause {}", octet & 0x7f))
        }
        _ => None,
    };
    let reason = match request.disengage_reason {
        DisengageReason::ForcedDrop => "forcedDrop",
        DisengageReason::NormalDrop => "normalDrop",
        _ => "undefinedReason",
    };
    cause.map_or_else(|| reason.to_owned(), |cause| format!("{reason}, {cause}"))
}
