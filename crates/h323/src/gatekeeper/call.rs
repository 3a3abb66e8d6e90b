//! The calls in progress, from admission until both sides are through with them.

use super::limit::{Holdings, Limit, Sources};
use super::link::Gatekeeper;
use super::outstanding::Purpose;
use super::settings::Network;
use super::timer::Due;
use crate::wire::h225::{
    CallIdentifier, DisengageReason, DisengageRequest, InfoRequest, RasMessage, UuiesRequested,
};
use codec::per::{BmpString, FixedOctets, Integer};
use link::Output;
use model::{Address, CallDetailRecord, CallEnd, Millis, Now, Timestamp};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// How long the other side of a call has to report its end too.
const OTHER_SIDE_WITHIN: Millis = Millis::seconds(5);
/// An endpoint that says it does not know a call is asked once more after this time.
const ASK_AGAIN: Millis = Millis::seconds(1);
/// How often an endpoint must say that it does not know a call.
const DENIALS: u8 = 2;

/// How it became known that a call was answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum AnswerEvidence {
    /// Its Connect passed through us.
    Passed,
    /// An endpoint reported its Connect.
    Connect,
    /// An endpoint reported the time of its Connect.
    ConnectTime,
    /// An endpoint reported media.
    Media,
    /// Both sides still list it after the time for ringing.
    Presumed,
}

impl AnswerEvidence {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Passed => "its Connect passed through",
            Self::Connect => "an endpoint reported its Connect",
            Self::ConnectTime => "an endpoint reported when it was connected",
            Self::Media => "an endpoint reported media",
            Self::Presumed => "still listed long after ringing",
        }
    }
}

/// That a call was answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Answer {
    pub at: Timestamp,
    pub evidence: AnswerEvidence,
}

/// One side of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// Its registration, where it has one here.
    pub number: Option<u64>,
    pub label: String,
    pub address: Option<SocketAddr>,
    pub call_reference: u16,
    /// Whether it was admitted itself and so owes us the end.
    pub admitted: bool,
    /// Whether it has reported the end.
    pub ended: bool,
    /// How often in a row it said that it does not know the call.
    pub denials: u8,
}

/// The end of a call while the other side's report is awaited.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub at: Timestamp,
    pub end: CallEnd,
    pub reason: Option<String>,
}

/// A call in progress.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub key: [u8; 16],
    pub conference_identifier: [u8; 16],
    pub caller: Side,
    pub callee: Side,
    /// For whom a message on it would be: whom the calling side asked for.
    pub recipient: Option<Address>,
    /// Whether no bandwidth was left for it, so that it can only be a message.
    pub lacks_bandwidth: bool,
    pub admitted_at: Now,
    /// When the answering side was admitted: it rings since then.
    pub ringing_at: Option<Now>,
    pub answer: Option<Answer>,
    pub ended: Option<Ended>,
    /// An instant message, not a call (D-13).
    pub messaging: bool,
    /// More than two take part (D-14).
    pub conference: bool,
    pub bandwidth: u32,
    /// Time until the next check; grows while nothing changes.
    pub check_interval: Millis,
    /// The address whose call it is, unless that has no limit.
    pub charged_to: Option<IpAddr>,
}

impl Call {
    /// The call identifier in hexadecimal digits.
    pub fn identifier(&self) -> String {
        self.key.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// The side that is this registration.
    pub fn side_mut(&mut self, number: u64) -> Option<&mut Side> {
        [&mut self.callee, &mut self.caller].into_iter().find(|side| side.number == Some(number))
    }

    /// The registrations that are its sides.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        [self.caller.number, self.callee.number].into_iter().flatten()
    }

    fn sides(&self) -> [&Side; 2] {
        [&self.caller, &self.callee]
    }
}

/// All calls in progress.
#[derive(Debug)]
pub(super) struct Calls {
    calls: HashMap<[u8; 16], Call>,
    /// The calls of each registration.
    by_number: HashMap<u64, Vec<[u8; 16]>>,
    bandwidth: u64,
    holdings: Holdings,
}

impl Calls {
    pub fn new(sources: Sources) -> Self {
        let holdings = Holdings::new(sources);
        Self { calls: HashMap::new(), by_number: HashMap::new(), bandwidth: 0, holdings }
    }

    /// Whether an address may have one more, where it may have so many.
    ///
    /// # Errors
    /// It has as many as it may, or its network has: which of the two.
    pub fn check(&self, address: IpAddr, most: usize) -> Result<(), Network> {
        self.holdings.check(Limit::Calls, address, most)
    }

    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// What people call the two sides of a call.
    fn labels(&self, key: [u8; 16]) -> String {
        let both = |call: &Call| format!("{} and {}", call.caller.label, call.callee.label);
        self.calls.get(&key).map(both).unwrap_or_default()
    }

    /// How many are in progress; those that are over and wait for the word of a side are not.
    pub fn in_progress(&self) -> usize {
        self.calls.values().filter(|call| call.ended.is_none()).count()
    }

    /// Bandwidth of all calls in units of 100 bit/s.
    pub const fn bandwidth(&self) -> u64 {
        self.bandwidth
    }

    pub fn get(&self, key: [u8; 16]) -> Option<&Call> {
        self.calls.get(&key)
    }

    /// A call to change anything of but its bandwidth and whose sides they are.
    pub fn get_mut(&mut self, key: [u8; 16]) -> Option<&mut Call> {
        self.calls.get_mut(&key)
    }

    /// The calls that a registration is a side of.
    pub fn of(&self, number: u64) -> &[[u8; 16]] {
        self.by_number.get(&number).map_or(&[], Vec::as_slice)
    }

    /// Adds a call, or puts it in the place of the one with its key.
    pub fn insert(&mut self, call: Call) {
        self.remove(call.key);
        self.bandwidth += u64::from(call.bandwidth);
        if let Some(address) = call.charged_to {
            self.holdings.add(Limit::Calls, address);
        }
        for number in call.numbers() {
            let keys = self.by_number.entry(number).or_default();
            if !keys.contains(&call.key) {
                keys.push(call.key);
            }
        }
        self.calls.insert(call.key, call);
    }

    pub fn set_bandwidth(&mut self, key: [u8; 16], bandwidth: u32) {
        if let Some(call) = self.calls.get_mut(&key) {
            self.bandwidth = self.bandwidth - u64::from(call.bandwidth) + u64::from(bandwidth);
            call.bandwidth = bandwidth;
        }
    }

    pub fn remove(&mut self, key: [u8; 16]) -> Option<Call> {
        let call = self.calls.remove(&key)?;
        self.bandwidth -= u64::from(call.bandwidth);
        if let Some(address) = call.charged_to {
            self.holdings.remove(Limit::Calls, address);
        }
        for number in call.numbers() {
            let Some(keys) = self.by_number.get_mut(&number) else { continue };
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                self.by_number.remove(&number);
            }
        }
        Some(call)
    }

    /// All of them, the oldest first.
    pub fn sorted(&self) -> Vec<&Call> {
        let mut all: Vec<_> = self.calls.values().collect();
        all.sort_unstable_by_key(|call| (call.admitted_at.wall, call.key));
        all
    }
}

impl Gatekeeper {
    /// A call is known to be answered.
    pub(super) fn call_answered(&mut self, now: Now, key: [u8; 16], answer: Answer) {
        let Some(call) = self.calls.get_mut(key) else { return };
        // A session of instant messages is connected too, and no call (D-13).
        if call.answer.is_some() || call.ended.is_some() || call.messaging {
            return;
        }
        call.answer = Some(Answer { at: answer.at.within(call.admitted_at.wall, now.wall), ..answer });
        call.check_interval = self.settings.call_check;
        self.counters.answered += 1;
        self.changed.calls.insert(key);
        self.detail("call.answered", |this| {
            let labels = this.calls.labels(key);
            format!("{labels} are in a call; {}", answer.evidence.text())
        });
        self.observe_call(now, key, None);
        self.convene_call(now, key);
    }

    /// The timer of a call: a check of what became of it, or its end.
    pub(super) fn call_due(&mut self, now: Now, key: [u8; 16]) {
        let Some(call) = self.calls.get(key) else { return };
        if call.ended.is_some() {
            return self.finish_call(now, key);
        }
        if now.instant.since(call.admitted_at.instant) >= self.settings.call_timeout {
            self.end_call(now, key, CallEnd::Vanished, None);
            return self.finish_call(now, key);
        }
        // We are the other side of a call for messages, so its connection says what has become of it.
        let is_ours = call.messaging && self.signalling.has_call(key);
        let asked = call.sides().into_iter().filter(|side| side.admitted && !side.ended && !is_ours);
        let numbers: Vec<_> = asked.filter_map(|side| Some((side.number?, side.call_reference))).collect();
        for (number, call_reference) in numbers {
            if self.registrations.get(number).is_some() {
                self.check_call(now, key, number, call_reference);
            } else {
                // Its registration ended, and the call was taken up again from before that: nobody would ever say
                // that it is over.
                self.side_lost(now, key, number);
            }
        }
        let Some(call) = self.calls.get_mut(key).filter(|call| call.ended.is_none()) else { return };
        let interval = call.check_interval;
        call.check_interval = Millis(interval.0 * 2).min(self.settings.call_check);
        self.timers.set(now.instant.after(interval), Due::Call(key));
    }

    /// Asks a side what has become of a call (IRQ).
    fn check_call(&mut self, now: Now, key: [u8; 16], number: u64, call_reference: u16) {
        self.ask(now, number, Purpose::CallCheck(key), |request_seq_num, _| {
            let request = InfoRequest {
                request_seq_num,
                call_reference_value: Integer::clamped(u32::from(call_reference)),
                call_identifier: Some(CallIdentifier { guid: FixedOctets(key), ..CallIdentifier::default() }),
                uuies_requested: Some(reported_messages()),
                ..InfoRequest::default()
            };
            RasMessage::InfoRequest(request.into())
        });
    }

    /// A side says that it does not know a call: asked once more, then believed.
    pub(super) fn call_denied(&mut self, now: Now, key: [u8; 16], number: u64) {
        let Some(call) = self.calls.get_mut(key).filter(|call| call.ended.is_none()) else { return };
        let Some(side) = call.side_mut(number) else { return };
        side.denials += 1;
        if side.denials < DENIALS {
            call.check_interval = ASK_AGAIN;
            self.timers.set(now.instant.after(ASK_AGAIN), Due::Call(key));
            return;
        }
        self.counters.healed += 1;
        self.side_ended_as(now, key, number, CallEnd::Vanished, None);
    }

    /// A side has confirmed the end of a call that we asked for, or did not answer.
    pub(super) fn side_ended(&mut self, now: Now, key: [u8; 16], number: u64) {
        self.side_ended_as(now, key, number, CallEnd::Disconnected, None);
    }

    /// A side is gone.
    pub(super) fn side_lost(&mut self, now: Now, key: [u8; 16], number: u64) {
        self.side_ended_as(now, key, number, CallEnd::EndpointLost, None);
    }

    /// A side is through with a call. That ends the call; its account is written when the other side has said so
    /// too, or had the time to.
    pub(super) fn side_ended_as(
        &mut self,
        now: Now,
        key: [u8; 16],
        number: u64,
        end: CallEnd,
        reason: Option<String>,
    ) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let Some(side) = call.side_mut(number) else { return };
        side.ended = true;
        if let Some(ended) = &mut call.ended
            && ended.reason.is_none()
        {
            ended.reason = reason.clone();
        }
        self.end_call(now, key, end, reason);
        let Some(call) = self.calls.get(key) else { return };
        if call.sides().into_iter().all(|side| side.ended || !side.admitted) {
            self.finish_call(now, key);
        }
    }

    /// A call is over as of now, for both sides.
    pub(super) fn end_call(&mut self, now: Now, key: [u8; 16], end: CallEnd, reason: Option<String>) {
        let Some(call) = self.calls.get_mut(key).filter(|call| call.ended.is_none()) else { return };
        call.ended = Some(Ended { at: now.wall, end, reason });
        self.changed.calls.insert(key);
        self.timers.set(now.instant.after(OTHER_SIDE_WITHIN), Due::Call(key));
        self.detail("call.ended", |this| format!("the call of {} has ended", this.calls.labels(key)));
        self.withdraw_call(now, key);
    }

    /// Forgets a call that is over and writes its account.
    fn finish_call(&mut self, now: Now, key: [u8; 16]) {
        let Some(call) = self.calls.remove(key) else { return };
        self.changed.calls.insert(key);
        if call.messaging {
            return;
        }
        let ended =
            call.ended.clone().unwrap_or(Ended { at: now.wall, end: CallEnd::Vanished, reason: None });
        let both = call.sides().into_iter().filter(|side| side.admitted).all(|side| side.ended);
        let one_sided = ended.end == CallEnd::Disengaged && !both;
        self.outputs.push_back(Output::Call(CallDetailRecord {
            call_identifier: call.identifier(),
            conference_identifier: Some(
                call.conference_identifier.iter().map(|o| format!("{o:02x}")).collect(),
            ),
            caller_address: call.caller.address.map(|address| address.to_string()),
            callee_address: call.callee.address.map(|address| address.to_string()),
            caller: call.caller.label,
            callee: call.callee.label,
            admitted_at: call.admitted_at.wall,
            answered_at: call.answer.map(|answer| answer.at),
            ended_at: ended.at,
            end: if one_sided { CallEnd::OneSided } else { ended.end },
            reason: ended.reason,
            bandwidth: call.bandwidth,
        }));
    }

    /// Ends a call on demand: both sides are told (DRQ), and it is over whatever they say.
    pub(super) fn disconnect(&mut self, now: Now, key: [u8; 16]) {
        let Some(call) = self.calls.get(key).cloned() else { return };
        self.end_call(now, key, CallEnd::Disconnected, Some("forcedDrop".to_owned()));
        for (side, answered) in [(&call.caller, false), (&call.callee, true)] {
            let Some(number) = side.number.filter(|_| !side.ended) else { continue };
            let gatekeeper_identifier = self.gatekeeper_identifier();
            self.ask(now, number, Purpose::Disengage(key), |request_seq_num, registration| {
                let request = DisengageRequest {
                    request_seq_num,
                    endpoint_identifier: BmpString::new(registration.identifier.as_str()).unwrap_or_default(),
                    conference_id: FixedOctets(call.conference_identifier),
                    call_reference_value: Integer::clamped(u32::from(side.call_reference)),
                    disengage_reason: DisengageReason::ForcedDrop,
                    call_identifier: Some(CallIdentifier {
                        guid: FixedOctets(key),
                        ..CallIdentifier::default()
                    }),
                    gatekeeper_identifier,
                    answered_call: Some(answered),
                    ..DisengageRequest::default()
                };
                RasMessage::DisengageRequest(request.into())
            });
        }
    }
}

/// The call signalling messages that endpoints are asked to report: those that answer and end a call.
pub(super) fn reported_messages() -> UuiesRequested {
    UuiesRequested { connect: true, release_complete: true, ..UuiesRequested::default() }
}
