//! Registration: RRQ, RCF, RRJ, and the endpoint's own URQ (H.323 clause 7.2.2).

use super::discovery::usable;
use super::event::{Event, Side};
use super::identity::{PROTOCOL, endpoint_type, registration_features, vendor};
use super::machine::Endpoint;
use super::request::Purpose;
use super::settings::{REGISTRATION_PAUSE, REREGISTRATION_PAUSE};
use crate::alias::Alias;
use crate::wire::h225::{
    AlternateGk, EndpointIdentifier, GatekeeperIdentifier, RasMessage, RasUsageInfoTypes,
    RegistrationConfirm, RegistrationReject, RegistrationRejectReason, RegistrationRequest, RequestSeqNum,
    TimeToLive, UnregistrationRequest,
};
use codec::per::{Json, Null};
use model::{Instant, Millis, Now};
use std::net::SocketAddr;

/// The most alternate gatekeepers that are remembered.
const ALTERNATES_MAX: usize = 8;

/// How often one registration may be sent elsewhere or back to its start before it counts as refused.
const DETOURS_MAX: u8 = 8;

/// Where this endpoint stands with its gatekeeper.
#[derive(Debug, Default)]
pub(super) struct Registration {
    /// The present gatekeeper, once found.
    pub gatekeeper: Option<Gatekeeper>,
    pub state: State,
    /// Why the last gatekeeper of a discovery that asked many refused.
    pub refusal: Option<String>,
    /// Where to turn when the present one is silent, the best first.
    alternates: Vec<Gatekeeper>,
    detours: u8,
    /// Whether the present gatekeeper has signed something with our password.
    pub is_signed: bool,
}

/// A gatekeeper.
#[derive(Clone, Debug)]
pub(super) struct Gatekeeper {
    pub address: SocketAddr,
    pub identifier: Option<GatekeeperIdentifier>,
}

#[derive(Debug, Default)]
pub(super) enum State {
    #[default]
    Idle,
    Discovering,
    Registering,
    Registered(Registered),
    Unregistering,
    /// Tries again at this instant: from the start, or with the present gatekeeper.
    Pausing {
        until: Instant,
        from_start: bool,
    },
}

/// A registration in force.
#[derive(Debug)]
pub(super) struct Registered {
    pub identifier: EndpointIdentifier,
    pub will_respond_to_irr: bool,
    /// The time between keep-alive requests; none where the gatekeeper set no time to live.
    refresh_interval: Option<Millis>,
    /// When the next one is due; none while one is under way.
    refresh_at: Option<Instant>,
}

impl Registration {
    /// The registration in force.
    pub const fn registered(&self) -> Option<&Registered> {
        if let State::Registered(registered) = &self.state { Some(registered) } else { None }
    }

    pub const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// When there is something to do next that no request waits for.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Registered(registered) => registered.refresh_at,
            State::Pausing { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// Remembers the alternates of a list, where there is one, the best first.
    pub fn set_alternates(&mut self, list: Option<&[AlternateGk]>) {
        let Some(list) = list else { return };
        let mut list: Vec<_> = list.iter().collect();
        list.sort_by_key(|alternate| alternate.priority.get());
        let present = self.gatekeeper.as_ref().map(|gatekeeper| gatekeeper.address);
        let alternates = list.into_iter().filter_map(|alternate| {
            let address = usable(&alternate.ras_address).filter(|address| Some(*address) != present)?;
            Some(Gatekeeper { address, identifier: alternate.gatekeeper_identifier.clone() })
        });
        self.alternates = alternates.take(ALTERNATES_MAX).collect();
    }

    /// Whether one more detour is allowed; it is then counted.
    fn may_detour(&mut self) -> bool {
        self.detours = self.detours.saturating_add(1);
        self.detours <= DETOURS_MAX
    }
}

impl Endpoint {
    /// Finds the gatekeeper and registers.
    pub(super) fn register(&mut self, now: Now) {
        match self.registration.state {
            State::Idle | State::Pausing { .. } => {
                self.registration.detours = 0;
                self.registration.alternates.clear();
                self.discover(now);
            }
            State::Registered(_) => self.complain("This endpoint is registered already."),
            _ => self.complain("A registration is under way already."),
        }
    }

    /// Sends a full RRQ to the present gatekeeper.
    pub(super) fn send_registration(&mut self, now: Now) {
        if let Some(gatekeeper) = &self.registration.gatekeeper {
            let to = vec![gatekeeper.address];
            self.registration.state = State::Registering;
            self.ask(now, Purpose::Registration, to, |endpoint, number| {
                let request = endpoint.registration_request(number);
                RasMessage::RegistrationRequest(Box::new(RegistrationRequest {
                    terminal_alias: Some(endpoint.aliases.clone()),
                    keep_alive: Some(false),
                    ..request
                }))
            });
        }
    }

    /// Sends a keep-alive RRQ when it is due, or tries again after a pause.
    pub(super) fn refresh_registration(&mut self, now: Now) {
        if self.registration.deadline().is_none_or(|at| at > now.instant) {
            return;
        }
        match self.registration.state {
            State::Pausing { from_start: true, .. } => self.discover(now),
            State::Pausing { .. } => self.send_registration(now),
            _ => self.send_refresh(now),
        }
    }

    /// Sends a keep-alive RRQ at once.
    pub(super) fn send_refresh(&mut self, now: Now) {
        let State::Registered(registered) = &mut self.registration.state else { return };
        registered.refresh_at = None;
        let identifier = registered.identifier.clone();
        if let Some(gatekeeper) = &self.registration.gatekeeper {
            let to = vec![gatekeeper.address];
            self.requests.forget(|purpose| purpose == Purpose::Refresh);
            self.ask(now, Purpose::Refresh, to, |endpoint, number| {
                let request = endpoint.registration_request(number);
                RasMessage::RegistrationRequest(Box::new(RegistrationRequest {
                    keep_alive: Some(true),
                    endpoint_identifier: Some(identifier),
                    ..request
                }))
            });
        }
    }

    /// What a full and a keep-alive RRQ have in common.
    fn registration_request(&self, number: RequestSeqNum) -> RegistrationRequest {
        let gatekeeper = self.registration.gatekeeper.as_ref();
        let usage = RasUsageInfoTypes {
            start_time: Some(Null),
            end_time: Some(Null),
            termination_cause: Some(Null),
            ..RasUsageInfoTypes::default()
        };
        RegistrationRequest {
            request_seq_num: number,
            protocol_identifier: PROTOCOL,
            discovery_complete: true,
            call_signal_address: vec![self.settings.call_signal_address.into()],
            ras_address: vec![self.settings.ras_address.into()],
            terminal_type: endpoint_type(),
            gatekeeper_identifier: gatekeeper.and_then(|gatekeeper| gatekeeper.identifier.clone()),
            endpoint_vendor: vendor(),
            time_to_live: Some(TimeToLive::clamped(self.settings.time_to_live)),
            will_supply_uuies: Some(true),
            maintain_connection: Some(false),
            supports_alt_gk: Some(Null),
            usage_reporting_capability: Some(usage),
            feature_set: registration_features(self.settings.offers),
            ..RegistrationRequest::default()
        }
    }

    pub(super) fn take_registration_confirm(
        &mut self,
        now: Now,
        from: SocketAddr,
        confirm: &RegistrationConfirm,
    ) {
        let fitting = |purpose| matches!(purpose, Purpose::Registration | Purpose::Refresh);
        let Some(purpose) = self.requests.take(confirm.request_seq_num, from, fitting) else {
            self.counters.stray_replies += 1;
            return;
        };
        let before = match std::mem::take(&mut self.registration.state) {
            // A keep-alive confirmed without a time to live leaves the one agreed on in force.
            State::Registered(registered) => registered.refresh_interval,
            _ => None,
        };
        let time_to_live = confirm.time_to_live.map(TimeToLive::get);
        let refresh_interval = time_to_live.map(refresh_interval).or(before);
        self.registration.state = State::Registered(Registered {
            identifier: confirm.endpoint_identifier.clone(),
            will_respond_to_irr: confirm.will_respond_to_irr == Some(true),
            refresh_interval,
            refresh_at: refresh_interval.map(|interval| now.instant.after(interval)),
        });
        self.registration.detours = 0;
        if let (Some(gatekeeper), Some(identifier)) =
            (&mut self.registration.gatekeeper, &confirm.gatekeeper_identifier)
        {
            gatekeeper.identifier = Some(identifier.clone());
        }
        self.registration.set_alternates(confirm.alternate_gatekeeper.as_deref());
        let is_new = purpose == Purpose::Registration;
        self.note_presence(confirm, is_new);
        self.note_package(confirm, is_new);
        if is_new {
            let aliases = confirm.terminal_alias.iter().flatten().filter_map(Alias::from_wire);
            let identifier =
                self.registration.gatekeeper.as_ref().and_then(|present| present.identifier.as_ref());
            self.tell(Event::Registered {
                endpoint_identifier: confirm.endpoint_identifier.to_string(),
                gatekeeper: from,
                gatekeeper_identifier: identifier.map(ToString::to_string),
                time_to_live,
                aliases: aliases.map(|alias| alias.text()).collect(),
                presence: self.has_presence(),
                messages: self.has_messages_over_ras(),
            });
        }
        self.take_presence(confirm.feature_set.as_ref(), confirm.generic_data.as_ref());
        self.resume_presence(now, is_new);
    }

    pub(super) fn take_registration_reject(
        &mut self,
        now: Now,
        from: SocketAddr,
        reject: &RegistrationReject,
    ) {
        let fitting = |purpose| matches!(purpose, Purpose::Registration | Purpose::Refresh);
        let Some(purpose) = self.requests.take(reject.request_seq_num, from, fitting) else {
            self.counters.stray_replies += 1;
            return;
        };
        let alternates = reject.alt_gk_info.as_ref().map(|info| &*info.alternate_gatekeeper);
        self.registration.set_alternates(alternates);
        match &reject.reject_reason {
            RegistrationRejectReason::FullRegistrationRequired if purpose == Purpose::Refresh => {
                self.send_registration(now);
            }
            RegistrationRejectReason::DiscoveryRequired if self.registration.may_detour() => {
                self.discover(now)
            }
            reason @ RegistrationRejectReason::ResourceUnavailable if alternates.is_none() => {
                self.tell(Event::RegistrationRejected { reason: reason_of(reason) });
                self.register_later(now);
            }
            _ if alternates.is_none() => self.refuse_registration(reason_of(&reject.reject_reason)),
            reason => self.take_refusal(now, reason_of(reason)),
        }
    }

    /// Turns to an alternate that the refusing gatekeeper named; without one the registration has failed.
    pub(super) fn take_refusal(&mut self, now: Now, reason: String) {
        if self.registration.alternates.is_empty() || !self.registration.may_detour() {
            self.refuse_registration(reason);
        } else {
            self.registration.gatekeeper = Some(self.registration.alternates.remove(0));
            self.send_registration(now);
        }
    }

    fn refuse_registration(&mut self, reason: String) {
        self.registration.state = State::Idle;
        self.drop_indications();
        self.tell(Event::RegistrationRejected { reason });
    }

    /// The gatekeeper is silent: turns to an alternate, or tries again from the start after a pause.
    pub(super) fn lose_gatekeeper(&mut self, now: Now) {
        if let Some(reason) = self.registration.refusal.take() {
            self.tell(Event::RegistrationRejected { reason });
            return self.register_later(now);
        }
        self.drop_indications();
        let lost = self.registration.gatekeeper.take().map(|gatekeeper| gatekeeper.address);
        let gatekeeper = lost.or(self.settings.gatekeeper);
        if self.registration.alternates.is_empty() {
            self.tell(Event::GatekeeperLost { gatekeeper, next: None });
            return self.register_later(now);
        }
        let next = self.registration.alternates.remove(0);
        self.tell(Event::GatekeeperLost { gatekeeper, next: Some(next.address) });
        self.registration.gatekeeper = Some(next);
        self.send_registration(now);
    }

    /// Ends every call, then the registration.
    pub(super) fn unregister(&mut self, now: Now) {
        self.hang_up_all(now);
        let (State::Registered(Registered { identifier, .. }), Some(gatekeeper)) =
            (&self.registration.state, &self.registration.gatekeeper)
        else {
            let is_under_way = |purpose| matches!(purpose, Purpose::Discovery | Purpose::Registration);
            self.requests.forget(is_under_way);
            return match self.registration.state {
                State::Idle => self.complain("This endpoint is not registered."),
                State::Unregistering => {}
                _ => self.end_registration(),
            };
        };
        let (identifier, gatekeeper) = (identifier.clone(), gatekeeper.clone());
        self.registration.state = State::Unregistering;
        self.requests.forget(|purpose| purpose == Purpose::Refresh);
        self.ask(now, Purpose::Unregistration, vec![gatekeeper.address], |endpoint, number| {
            RasMessage::UnregistrationRequest(Box::new(UnregistrationRequest {
                request_seq_num: number,
                call_signal_address: vec![endpoint.settings.call_signal_address.into()],
                endpoint_alias: Some(endpoint.aliases.clone()),
                endpoint_identifier: Some(identifier),
                gatekeeper_identifier: gatekeeper.identifier,
                ..UnregistrationRequest::default()
            }))
        });
    }

    /// A gatekeeper that no longer knows us, and one that is silent, are left like one that confirms.
    pub(super) fn end_registration(&mut self) {
        self.registration.state = State::Idle;
        self.drop_indications();
        self.tell(Event::Unregistered { by: Side::Endpoint, reason: None });
    }

    /// Registers again with the present gatekeeper after a short pause, because it wants it.
    pub(super) fn register_again(&mut self, now: Now) {
        self.requests.forget(|purpose| purpose == Purpose::Refresh);
        let until = now.instant.after(REREGISTRATION_PAUSE);
        self.registration.state = State::Pausing { until, from_start: false };
    }

    /// Starts from the beginning after a longer pause.
    pub(super) fn register_later(&mut self, now: Now) {
        let until = now.instant.after(REGISTRATION_PAUSE);
        self.registration.state = State::Pausing { until, from_start: true };
    }

    /// Takes the request that an answer belongs to; an answer to nothing is counted.
    pub(super) fn take_answer(&mut self, number: RequestSeqNum, from: SocketAddr, to: Purpose) -> bool {
        let is_answer = self.requests.take(number, from, |purpose| purpose == to).is_some();
        self.counters.stray_replies += u64::from(!is_answer);
        is_answer
    }
}

/// The time between keep-alive requests: five seconds less than the time to live, or half of a short one.
fn refresh_interval(time_to_live: u32) -> Millis {
    let seconds = u64::from(time_to_live);
    if seconds > 10 { Millis::seconds(seconds - 5) } else { Millis(seconds * 500) }
}

/// The name of the alternative that gives a reason, as H.225.0 spells it.
pub(super) fn reason_of(reason: &impl Json) -> String {
    let reason = reason.to_json();
    let name = reason.as_object().and_then(|choice| choice.keys().next());
    name.cloned().unwrap_or_else(|| "undefinedReason".to_owned())
}
