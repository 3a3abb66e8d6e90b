//! Service control indications: SCI and SCR, which carry presence and Herald's package (H.225.0 clause 7.15a).
//!
//! Ours go out at once and in order: the next leaves when the one before is answered, so that a repetition never
//! overtakes what came after it.

use super::event::Event;
use super::machine::Endpoint;
use super::registration::reason_of;
use super::request::Purpose;
use crate::wire::h225::{
    GenericData, RasMessage, RequestSeqNum, ServiceControlIndication, ServiceControlResponse,
    ServiceControlResult,
};
use model::{Instant, MessageId, Millis, Now};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// The most indications of ours that wait for their turn.
const WAITING_MAX: usize = 64;

/// The most indications of the gatekeeper that are remembered to know a repetition: when a slow network is well again,
/// many come before the repetition of an old one.
const HEARD_MAX: usize = 512;

/// How long a sequence number with the same octets is a repetition.
const REPETITION_MAX: Millis = Millis::seconds(60);

/// The indications of both directions.
#[derive(Debug, Default)]
pub(super) struct Indications {
    /// Ours in their order; the first is under way where `is_under_way`.
    waiting: VecDeque<Indication>,
    is_under_way: bool,
    heard: VecDeque<(Instant, RequestSeqNum, Vec<u8>)>,
}

/// An indication of ours.
#[derive(Clone, Debug)]
pub(super) struct Indication {
    /// The command it carries out.
    pub command: &'static str,
    /// Whom it is about.
    pub alias: Option<String>,
    pub then: Then,
    pub data: GenericData,
}

/// What follows when an indication is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Then {
    /// It is told.
    Tell,
    /// It is told, and the request with this identifier is decided.
    Decided([u8; 16]),
    /// It was a part of this message, of which receipts tell; only a failure is told.
    Sent(MessageId),
    /// It is not told.
    Nothing,
}

impl Indications {
    /// Whether the gatekeeper said the same before; remembers it.
    fn is_repetition(&mut self, now: Instant, number: RequestSeqNum, octets: &[u8]) -> bool {
        self.heard.retain(|(at, _, _)| now.since(*at) < REPETITION_MAX);
        let is_repetition = self.heard.iter().any(|(_, known, same)| *known == number && same == octets);
        if !is_repetition {
            if self.heard.len() == HEARD_MAX {
                self.heard.pop_front();
            }
            self.heard.push_back((now, number, octets.to_vec()));
        }
        is_repetition
    }
}

impl Endpoint {
    /// Sends an indication when its turn comes.
    pub(super) fn indicate(&mut self, now: Now, indication: Indication) {
        if self.indications.waiting.len() >= WAITING_MAX {
            self.counters.overflows += 1;
            return self.complain("Too much waits for the gatekeeper's answer; try again later.");
        }
        self.indications.waiting.push_back(indication);
        self.send_indication(now);
    }

    /// Sends the next indication, where none is under way.
    pub(super) fn send_indication(&mut self, now: Now) {
        let (Some(registered), Some(gatekeeper), Some(next), false) = (
            self.registration.registered(),
            &self.registration.gatekeeper,
            self.indications.waiting.front(),
            self.indications.is_under_way,
        ) else {
            return;
        };
        let message = ServiceControlIndication {
            endpoint_identifier: Some(registered.identifier.clone()),
            generic_data: Some(vec![next.data.clone()]),
            ..ServiceControlIndication::default()
        };
        let to = vec![gatekeeper.address];
        self.indications.is_under_way = true;
        self.ask(now, Purpose::Indication, to, |_, request_seq_num| {
            RasMessage::ServiceControlIndication(Box::new(ServiceControlIndication {
                request_seq_num,
                ..message
            }))
        });
    }

    /// The gatekeeper answers an indication.
    pub(super) fn take_indication_answer(
        &mut self,
        now: Now,
        from: SocketAddr,
        answer: &ServiceControlResponse,
    ) {
        if !self.take_answer(answer.request_seq_num, from, Purpose::Indication) {
            return;
        }
        let refusal = match &answer.result {
            None | Some(ServiceControlResult::Started | ServiceControlResult::Stopped) => None,
            Some(result) => Some(reason_of(result)),
        };
        self.end_indication(now, |indication| {
            let Indication { command, alias, .. } = indication;
            match refusal {
                None => Event::Confirmed { command, alias },
                Some(reason) => Event::Refused { command, alias, reason },
            }
        });
    }

    /// Nobody answers an indication.
    pub(super) fn take_no_indication_answer(&mut self, now: Now) {
        let tell = |Indication { command, alias, .. }| Event::Unanswered { command, alias };
        self.end_indication(now, tell);
    }

    fn end_indication(&mut self, now: Now, tell: impl FnOnce(Indication) -> Event) {
        self.indications.is_under_way = false;
        if let Some(indication) = self.indications.waiting.pop_front() {
            let then = indication.then;
            let event = tell(indication);
            self.tell_answer(then, event);
        }
        self.send_indication(now);
    }

    fn tell_answer(&mut self, then: Then, event: Event) {
        match (then, event) {
            (Then::Nothing, _) | (Then::Sent(_), Event::Confirmed { .. }) => {}
            (Then::Sent(id), event) => {
                // The other parts are worth nothing without this one.
                self.indications.waiting.retain(|other| other.then != Then::Sent(id));
                let reason =
                    if let Event::Refused { reason, .. } = event { reason } else { "noAnswer".to_owned() };
                self.fail_message(id, reason);
            }
            (then, event) => {
                if let (Then::Decided(identifier), Event::Confirmed { .. }) = (then, &event) {
                    self.contacts.decided(identifier);
                }
                self.tell(event);
            }
        }
    }

    /// The registration is over: what waits will not be answered. What was heard stays known: its repetition may come
    /// after the next registration, and nothing in it tells of which one it is.
    pub(super) fn drop_indications(&mut self) {
        self.requests.forget(|purpose| purpose == Purpose::Indication);
        self.indications.is_under_way = false;
        for Indication { command, alias, then, .. } in std::mem::take(&mut self.indications.waiting) {
            self.tell_answer(then, Event::Unanswered { command, alias });
        }
    }

    /// SCI of the gatekeeper: confirmed always, read once.
    pub(super) fn take_indication(
        &mut self,
        now: Now,
        from: SocketAddr,
        indication: &ServiceControlIndication,
        octets: &[u8],
    ) {
        let request_seq_num = indication.request_seq_num;
        let response = ServiceControlResponse { request_seq_num, ..ServiceControlResponse::default() };
        self.send(from, &RasMessage::ServiceControlResponse(Box::new(response)));
        if self.indications.is_repetition(now.instant, request_seq_num, octets) {
            self.counters.repeated_indications += 1;
            return;
        }
        let (set, data) = (indication.feature_set.as_ref(), indication.generic_data.as_ref());
        self.take_presence(set, data);
        self.take_package(now, set, data);
    }
}
