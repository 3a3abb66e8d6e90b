//! Status reports: IRR (H.225.0 clause 7.15), asked for or not.
//!
//! They are how a gatekeeper that is not in the signalling path learns that a call was answered, and that one is
//! over whose DRQ was lost (D-12).

use super::admission::call_key;
use super::call::{Answer, AnswerEvidence};
use super::link::Gatekeeper;
use super::outstanding::{Purpose, Request};
use super::request::Asker;
use crate::wire::h225::{
    InfoRequestAck, InfoRequestNak, InfoRequestNakReason, InfoRequestResponse, InfoRequestResponseStatus,
    MessageBody, PerCallInfo, RasMessage,
};
use model::{CallEnd, Now, Timestamp};

/// The most calls that are taken from one report.
const CALLS_MAX: usize = 256;

impl Gatekeeper {
    /// An endpoint reports on itself and its calls.
    pub(super) fn report(&mut self, now: Now, asker: Asker, response: &InfoRequestResponse) {
        let number = self.identify(now, &asker.peer, &response.endpoint_identifier.to_string());
        if response.need_response == Some(true) {
            self.acknowledge(&asker, number.is_some());
        }
        let Some(number) = number else {
            self.counters.unexpected += 1;
            return;
        };
        self.counters.reports += 1;
        let calls = response.per_call_info.as_deref().unwrap_or_default();
        for info in calls.iter().take(CALLS_MAX) {
            self.call_reported(now, number, info);
        }
        let request = self.outstanding.answered(asker.sequence.get() as u16, &asker.peer);
        match request {
            Some(Request { purpose: Purpose::Contest, number, .. }) => {
                self.contest_decided(now, number, true)
            }
            Some(Request { purpose: Purpose::CallCheck(key), number: asked, .. }) if asked == number => {
                let is_listed = calls.iter().any(|info| key_of(info) == key);
                let is_whole = !matches!(
                    response.irr_status,
                    Some(InfoRequestResponseStatus::Incomplete | InfoRequestResponseStatus::Segment(_))
                );
                if !is_listed && is_whole {
                    self.call_denied(now, key, number);
                }
            }
            _ => {}
        }
    }

    /// What an endpoint says of one of its calls.
    fn call_reported(&mut self, now: Now, number: u64, info: &PerCallInfo) {
        let key = key_of(info);
        let presumed_answer = self.settings.presumed_answer;
        let Some(call) = self.calls.get_mut(key) else { return };
        let ringing_at = call.ringing_at;
        let Some(side) = call.side_mut(number) else { return };
        side.denials = 0;
        let bodies = info.pdu.iter().flatten().map(|pdu| &pdu.h323pdu.h323_message_body);
        let (mut connected, mut released) = (false, false);
        for body in bodies {
            connected |= matches!(body, MessageBody::Connect(_));
            released |= matches!(body, MessageBody::ReleaseComplete(_));
        }
        let usage = info.usage_information.as_ref();
        let connect_time =
            usage.and_then(|usage| usage.connect_time).map(|time| i64::from(time.get()) * 1000);
        let has_media = [&info.audio, &info.video].into_iter().flatten().any(|sessions| !sessions.is_empty());
        let long_listed = ringing_at.is_some_and(|since| now.instant.since(since.instant) >= presumed_answer);
        let answer = if connected {
            Some(Answer { at: now.wall, evidence: AnswerEvidence::Connect })
        } else if let Some(time) = connect_time {
            Some(Answer { at: Timestamp(time), evidence: AnswerEvidence::ConnectTime })
        } else if usage.is_none() && has_media {
            Some(Answer { at: now.wall, evidence: AnswerEvidence::Media })
        } else if usage.is_none() && long_listed {
            Some(Answer { at: now.wall, evidence: AnswerEvidence::Presumed })
        } else {
            None
        };
        if let Some(answer) = answer {
            self.call_answered(now, key, answer);
        }
        if released || usage.is_some_and(|usage| usage.end_time.is_some()) {
            // The DRQ that follows says why.
            self.end_call(now, key, CallEnd::Disengaged, None);
        }
    }

    /// Confirms a report whose sender wants that (IACK), or tells it that it is not registered (INAK).
    fn acknowledge(&mut self, asker: &Asker, is_registered: bool) {
        let message = if is_registered {
            let ack = InfoRequestAck { request_seq_num: asker.sequence, ..InfoRequestAck::default() };
            RasMessage::InfoRequestAck(ack.into())
        } else {
            let nak = InfoRequestNak {
                request_seq_num: asker.sequence,
                nak_reason: InfoRequestNakReason::NotRegistered,
                ..InfoRequestNak::default()
            };
            RasMessage::InfoRequestNak(nak.into())
        };
        self.answer(asker, &message);
    }
}

fn key_of(info: &PerCallInfo) -> [u8; 16] {
    call_key(info.call_identifier.as_ref().map(|id| id.guid.0), info.conference_id.0)
}
