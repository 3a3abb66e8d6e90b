//! What the gatekeeper tells the engine: the evidence for inferred presence (D-11 to D-18).

use super::call::Call;
use super::link::Gatekeeper;
use super::pattern::matches;
use super::registration::{Kind, Registration};
use link::Output;
use model::{Evidence, EvidenceKey, Millis, Now, PresenceState, Request, Source};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is said of registrations, once for each time to live: nearly all have the same.
#[derive(Debug, Default)]
pub(super) struct RegisteredDetails(BTreeMap<u64, Arc<str>>);

impl RegisteredDetails {
    fn of(&mut self, time_to_live: Millis) -> Arc<str> {
        if self.0.len() > DETAILS_MAX {
            self.0.clear();
        }
        let seconds = time_to_live.0 / 1000;
        let detail = || format!("registered, heard at least every {seconds} s").into();
        Arc::clone(self.0.entry(seconds).or_insert_with(detail))
    }
}

/// Times to live of which the words are kept; beyond it they are made anew.
const DETAILS_MAX: usize = 256;

impl Gatekeeper {
    /// Whether presence is inferred for an endpoint (D-18).
    pub(super) fn is_inferred(&self, registration: &Registration) -> bool {
        let excepted = registration.names.iter().any(|name| {
            let text = name.alias.text();
            let patterns = &self.settings.infer_except;
            patterns.iter().any(|pattern| matches(pattern, &text) || matches(pattern, name.address.as_str()))
        });
        let of_a_person_or_room = registration.kind == Kind::Terminal || self.settings.infer_infrastructure;
        self.settings.infer && of_a_person_or_room && !excepted
    }

    /// An endpoint is registered.
    pub(super) fn observe_registration(&mut self, number: u64) {
        let Some(registration) = self.registrations.get(number) else { return };
        let evidence = Evidence {
            key: EvidenceKey { source: Source::Registration, id: String::new() },
            state: PresenceState::Online,
            since: registration.registered_at,
            expires: None,
            detail: self.registered_details.of(registration.time_to_live),
        };
        self.outputs.push_back(Output::Request(Request::Observe { agent: self.agent(number), evidence }));
    }

    /// The answered calls of an endpoint, after the engine has (again) given it its names.
    pub(super) fn observe_calls_of(&mut self, now: Now, number: u64) {
        for key in self.calls.of(number).to_vec() {
            self.observe_call(now, key, Some(number));
        }
    }

    /// A call is answered: its sides, or the one of them that is named, are on call.
    pub(super) fn observe_call(&mut self, now: Now, key: [u8; 16], only: Option<u64>) {
        let Some(call) = self.calls.get(key) else { return };
        let Some(answer) = &call.answer else { return };
        // An instant message is no call (D-13), and a call that is over is no evidence.
        if call.messaging || call.ended.is_some() {
            return;
        }
        let meeting = call.conference && self.settings.conference_is_meeting;
        let state = if meeting { PresenceState::Meeting } else { PresenceState::OnCall };
        for (side, other) in [(&call.caller, &call.callee), (&call.callee, &call.caller)] {
            let Some(number) = side.number.filter(|number| only.is_none_or(|only| only == *number)) else {
                continue;
            };
            let evidence = Evidence {
                key: call_evidence(call),
                state,
                since: answer.at,
                expires: Some(now.instant.after(self.settings.call_timeout)),
                detail: format!("in a call with {}; {}", other.label, answer.evidence.text()).into(),
            };
            self.outputs.push_back(Output::Request(Request::Observe { agent: self.agent(number), evidence }));
        }
    }

    /// A call is over.
    pub(super) fn withdraw_call(&mut self, now: Now, key: [u8; 16]) {
        let Some(call) = self.calls.get(key) else { return };
        if call.answer.is_none() || call.messaging {
            return;
        }
        for number in call.numbers() {
            let (agent, key) = (self.agent(number), call_evidence(call));
            self.outputs.push_back(Output::Request(Request::Withdraw { agent, key, at: now.wall }));
        }
        self.convene_call(now, key);
    }
}

fn call_evidence(call: &Call) -> EvidenceKey {
    EvidenceKey { source: Source::Call, id: call.identifier() }
}
