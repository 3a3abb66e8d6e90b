use super::*;
use model::CallEnd;

pub(crate) fn call_record() -> CallDetailRecord {
    CallDetailRecord {
        call_identifier: "00112233445566778899aabbccddeeff".to_owned(),
        conference_identifier: None,
        caller: "alice".to_owned(),
        callee: "bob".to_owned(),
        caller_address: None,
        callee_address: None,
        admitted_at: Timestamp(1_000),
        answered_at: Some(Timestamp(2_000)),
        ended_at: Timestamp(3_500),
        end: CallEnd::Disengaged,
        reason: Some("normalDrop".to_owned()),
        bandwidth: 1280,
    }
}
