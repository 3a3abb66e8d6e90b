//! Whether an endpoint is still there (D-11, D-20).
//!
//! An endpoint that is silent for its time to live is asked by IRQ; one that answers none of the probes has a grace
//! time to come back, and only then ends. Any message from it, rightly identified, is a sign of life.

use super::link::Gatekeeper;
use super::outstanding::Purpose;
use super::register::presence_check;
use super::registration::{Liveness, Registration};
use super::timer::Due;
use crate::wire::h225::{RasMessage, UnregRequestReason, UnregistrationRequest};
use codec::per::BmpString;
use link::{Level, Output};
use model::{Millis, Now, Request};

/// When no request of ours can be sent, it is tried again after this time.
const TRY_AGAIN: Millis = Millis::seconds(1);

impl Gatekeeper {
    /// An endpoint has shown that it is there; whether its address was proven before.
    pub(super) fn heard(&mut self, now: Now, number: u64) -> bool {
        let Some(registration) = self.registrations.get_mut(number) else { return false };
        registration.heard_at = now;
        let is_proven = registration.is_proven;
        if registration.liveness != Liveness::Alive {
            registration.liveness = Liveness::Alive;
            let due = registration.silent_at();
            self.counters.returned += 1;
            self.timers.set(due, Due::Registration(number));
            self.detail("endpoint.returned", |this| {
                let label = this.registrations.get(number).map(Registration::label).unwrap_or_default();
                format!("{label} is back after it was silent")
            });
        }
        is_proven
    }

    /// The timer of a registration.
    pub(super) fn registration_due(&mut self, now: Now, number: u64) {
        let Some(registration) = self.registrations.get(number) else { return };
        match registration.liveness {
            Liveness::Alive if registration.silent_at() > now.instant => {
                self.timers.set(registration.silent_at(), Due::Registration(number));
            }
            Liveness::Alive => {
                if !self.ask(now, number, Purpose::Probe, presence_check) {
                    self.timers.set(now.instant.after(TRY_AGAIN), Due::Registration(number));
                    return;
                }
                self.counters.probes += 1;
                if let Some(registration) = self.registrations.get_mut(number) {
                    registration.liveness = Liveness::Probing;
                }
            }
            Liveness::Probing => {}
            Liveness::Grace { ends } if ends > now.instant => {
                self.timers.set(ends, Due::Registration(number))
            }
            Liveness::Grace { .. } => self.endpoint_lost(now, number),
        }
    }

    /// The last probe was not answered.
    pub(super) fn probe_failed(&mut self, now: Now, number: u64) {
        let ends = now.instant.after(self.settings.grace);
        let Some(registration) = self.registrations.get_mut(number) else { return };
        if registration.liveness == Liveness::Probing {
            registration.liveness = Liveness::Grace { ends };
            self.timers.set(ends, Due::Registration(number));
        }
    }

    fn endpoint_lost(&mut self, now: Now, number: u64) {
        let Some(registration) = self.registrations.get(number).cloned() else { return };
        self.counters.lost += 1;
        self.tell_unregistered(now, number, UnregRequestReason::TtlExpired);
        let silence = now.instant.since(registration.heard_at.instant).0 / 1000;
        let probes = self.settings.probes;
        let reason = format!("silent for {silence} s and did not answer {probes} probes");
        let text = format!("{} at {} is lost: {reason}", registration.label(), registration.peer.address);
        self.event(Level::Info, "endpoint.lost", text);
        self.end_registration(now, number, &reason);
    }

    /// Tells an endpoint that its registration has ended (URQ). It takes it only with both identifiers.
    pub(super) fn tell_unregistered(&mut self, now: Now, number: u64, reason: UnregRequestReason) {
        let gatekeeper_identifier = self.gatekeeper_identifier();
        self.ask(now, number, Purpose::Unregister, |request_seq_num, registration| {
            let addresses = registration.call_signal_addresses.iter();
            let request = UnregistrationRequest {
                request_seq_num,
                call_signal_address: addresses.map(|address| (*address).into()).collect(),
                endpoint_alias: Some(
                    registration.names.iter().filter_map(|name| name.alias.to_wire()).collect(),
                ),
                endpoint_identifier: BmpString::new(registration.identifier.as_str()),
                gatekeeper_identifier,
                reason: Some(reason),
                ..UnregistrationRequest::default()
            };
            RasMessage::UnregistrationRequest(request.into())
        });
    }

    /// Ends a registration, its calls and its presence, other than by the endpoint's own word.
    pub(super) fn end_registration(&mut self, now: Now, number: u64, reason: &str) {
        self.depart(now, number, reason, false);
    }

    /// Ends a registration; a farewell also ends what was published through it.
    pub(super) fn depart(&mut self, now: Now, number: u64, reason: &str, is_farewell: bool) {
        if self.registrations.get(number).is_none() {
            return;
        }
        self.end_conversations(now, number);
        for key in self.calls.of(number).to_vec() {
            self.side_lost(now, key, number);
        }
        self.forget_outbox(number);
        self.registrations.remove(number);
        self.packages.remove(number);
        self.security.forget(number);
        self.changed.registrations.insert(number);
        let (agent, reason) = (self.agent(number), reason.to_owned());
        self.outputs.push_back(Output::Request(Request::Depart { agent, at: now.wall, reason, is_farewell }));
    }
}
