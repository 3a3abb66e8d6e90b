//! Registration: RRQ (H.225.0 clause 7.9).
//!
//! A full RRQ becomes a [`Registration`] in four steps: it is read and checked; the registration it renews and those
//! it conflicts with are found; the engine is asked for the names, which it makes durable; then it is confirmed. A
//! conflict with a live endpoint waits until that endpoint has been asked whether it is still there.

use super::candidate::Candidate;
use super::claims::Registering;
use super::limit::Flow;
use super::link::Gatekeeper;
use super::outstanding::Purpose;
use super::presence::{Confirmation, Contents, Offer, descriptors};
use super::registration::{Liveness, Name, Registration};
use super::request::{Asker, PROTOCOL_IDENTIFIER};
use super::settings::SecondDevice;
use super::timer::Due;
use crate::wire::h225::{
    InfoRequest, RasMessage, RegistrationConfirm, RegistrationReject, RegistrationRejectReason,
    RegistrationRequest, RequestSeqNum,
};
use codec::per::{BmpString, Integer, Null};
use link::Output;
use model::{Address, Claim, Millis, NamedAddress, Now, Refusal, Request, Ticket};
use std::net::SocketAddr;

/// The most registrations that wait until the holder of one name has been asked.
const CONTENDERS_MAX: usize = 4;
/// How long an endpoint is asked to wait while the holder of its name is asked.
const CONTEST_DELAY: Millis = Millis::seconds(4);

impl Gatekeeper {
    /// A full registration.
    pub(super) fn register(&mut self, now: Now, asker: Asker, request: &RegistrationRequest) {
        match self.read_registration(request, asker.peer.address) {
            Ok(candidate) => self.consider(now, asker, Box::new(candidate)),
            Err(reason) => self.reject_registration(&asker, reason),
        }
    }

    /// Finds what a candidate renews and what stands in its way.
    fn consider(&mut self, now: Now, asker: Asker, mut candidate: Box<Candidate>) {
        let own = self.own_registration(&asker, &candidate);
        if candidate.additive {
            let Some(registration) = own.and_then(|number| self.registrations.get(number)) else {
                return self.reject_registration(&asker, RegistrationRejectReason::FullRegistrationRequired);
            };
            let known = registration
                .names
                .iter()
                .filter(|old| candidate.names.iter().all(|new| new.address != old.address));
            let known: Vec<_> = known.cloned().collect();
            candidate.names.extend(known);
        }
        if self.settings.second_device == SecondDevice::Refuse {
            let holders = candidate.names.iter().flat_map(|name| self.registrations.holders(&name.address));
            let in_the_way = holders.map(|holder| holder.number).find(|number| Some(*number) != own);
            if let Some(holder) = in_the_way {
                return self.contest(now, asker, candidate, holder);
            }
        }
        let is_overloaded = self.claims.are_full(self.settings.registrations_waiting_max);
        if own.is_none() && (is_overloaded || self.registrations.len() >= self.settings.registrations_max) {
            self.counters.overloaded += u64::from(is_overloaded);
            return self.reject_registration(&asker, RegistrationRejectReason::ResourceUnavailable);
        }
        self.accept(now, asker, *candidate, own);
    }

    /// The registration that a candidate renews: the one whose identifier it names, or that takes calls at its
    /// address; and comes from the same host.
    fn own_registration(&self, asker: &Asker, candidate: &Candidate) -> Option<u64> {
        let named = candidate
            .identifier
            .as_deref()
            .and_then(|identifier| self.registrations.by_identifier(identifier));
        let at = |address: &SocketAddr| self.registrations.by_call_signal(*address);
        let own = named.or_else(|| candidate.call_signal_addresses.iter().find_map(at));
        own.filter(|own| own.peer.address.ip() == asker.peer.address.ip()).map(|own| own.number)
    }

    /// Another registration holds a name: it is asked whether it is still there.
    fn contest(&mut self, now: Now, asker: Asker, candidate: Box<Candidate>, holder: u64) {
        let Some(registration) = self.registrations.get(holder) else { return };
        if matches!(registration.liveness, Liveness::Grace { .. }) {
            self.end_registration(now, holder, "its name was taken over while it was silent");
            return self.consider(now, asker, candidate);
        }
        let contenders = self.claims.contenders(holder);
        if contenders >= CONTENDERS_MAX {
            return self.reject_registration(&asker, RegistrationRejectReason::ResourceUnavailable);
        }
        if contenders == 0 && !self.ask(now, holder, Purpose::Contest, presence_check) {
            return self.reject_registration(&asker, RegistrationRejectReason::ResourceUnavailable);
        }
        self.in_progress(&asker, CONTEST_DELAY);
        self.claims.contest(holder, asker, candidate);
    }

    /// The holder of a name has answered, or not.
    pub(super) fn contest_decided(&mut self, now: Now, holder: u64, is_there: bool) {
        let contenders = self.claims.contest_ends(holder);
        if !is_there {
            self.end_registration(now, holder, "it did not answer when another endpoint claimed its name");
        }
        for (asker, candidate) in contenders {
            self.subject = candidate.names.first().and_then(|name| name.alias.to_wire());
            if is_there {
                let held = |name: &&Name| {
                    self.registrations.holders(&name.address).any(|other| other.number == holder)
                };
                let duplicates =
                    candidate.names.iter().filter(held).filter_map(|name| name.alias.to_wire()).collect();
                self.reject_registration(&asker, RegistrationRejectReason::DuplicateAlias(duplicates));
            } else {
                self.consider(now, asker, candidate);
            }
        }
    }

    /// Takes a candidate without conflict, and asks the engine for names that are new.
    fn accept(&mut self, now: Now, asker: Asker, candidate: Candidate, own: Option<u64>) {
        let old = own.and_then(|number| self.registrations.get(number));
        let identifier = old.map(|old| old.identifier);
        let identifier = identifier.filter(|known| candidate.identifier.as_deref() == Some(known.as_str()));
        // Who knows the identifier was told it there; and an address stays proven.
        let is_proven = identifier.is_some() || old.is_some_and(|old| old.is_proven);
        let held =
            |name: &&Name| old.is_some_and(|old| old.names.iter().any(|one| one.address == name.address));
        let charged = candidate.names.iter().filter(|name| !held(name)).count();
        let is_trusted = self.is_trusted(asker.peer.address.ip());
        let old = old.cloned();
        if charged > 0 && !self.is_within(now, Flow::NewNames, asker.peer.address.ip(), charged) {
            return self.reject_registration(&asker, RegistrationRejectReason::ResourceUnavailable);
        }
        let identifier = identifier.unwrap_or_else(|| self.random_identifier());
        let number = own.unwrap_or_else(|| self.registrations.next_number());
        // What was seen of another product, or another version, says nothing of this one; and who took no messages
        // may do so after it was set up anew.
        let same_product = old.as_ref().filter(|old| old.product.as_deref() == candidate.product.as_deref());
        let messaging = same_product.and_then(|old| old.messaging).filter(|takes_messages| *takes_messages);
        let mut registration = Registration {
            number,
            identifier,
            peer: asker.peer,
            names: candidate.names.into(),
            call_signal_addresses: candidate.call_signal_addresses.into(),
            kind: candidate.kind,
            prefixes: candidate.prefixes.into(),
            product: candidate.product.map(String::into_boxed_str),
            features: candidate.features.into(),
            offer: candidate.offer,
            messaging,
            time_to_live: candidate.time_to_live,
            registered_at: old.as_ref().map_or(now.wall, |old| old.registered_at),
            heard_at: now,
            liveness: Liveness::Alive,
            presentity: old.as_ref().and_then(|old| old.presentity.clone()),
            claimed: false,
            is_trusted,
            is_proven: is_proven || is_trusted,
            strength: self.strength_of(&asker),
            was_indicated: false,
            almost_out_of_resources: false,
        };
        let keeps_claim = old.is_some_and(|old| old.claimed && self.claims_the_same(&old, &registration));
        registration.claimed = keeps_claim;
        let silent_at = registration.silent_at();
        self.registrations.insert(registration);
        self.note_method(&asker, number);
        self.timers.set(silent_at, Due::Registration(number));
        self.changed.registrations.insert(number);
        let registering = Registering { asker, charged, presence: candidate.presence };
        if keeps_claim {
            self.registered(now, registering, number);
        } else {
            self.claim_soon(number, registering);
        }
    }

    /// Whether a registration claims what its predecessor did.
    fn claims_the_same(&self, old: &Registration, new: &Registration) -> bool {
        let same = |new: &Name| old.names.iter().any(|name| name.address == new.address);
        old.names.len() == new.names.len()
            && new.names.iter().all(same)
            && old.offer.has_presence == new.offer.has_presence
            && self.may_message(old) == self.may_message(new)
            && device(old) == device(new)
            && old.strength == new.strength
    }

    /// Asks the engine for the names of a registration.
    pub(super) fn claim(&mut self, number: u64, registering: Option<Registering>) {
        let Some(registration) = self.registrations.get(number) else { return };
        let alias = |name: &Name| NamedAddress {
            address: name.address.clone(),
            kind: name.alias.kind().to_owned(),
            original: name.alias.text(),
        };
        let claim = Claim {
            agent: self.agent(number),
            aliases: registration.names.iter().map(alias).collect(),
            inferred: self.is_inferred(registration),
            has_presence: registration.offer.has_presence,
            has_messaging: self.may_message(registration),
            strength: registration.strength,
            device: device(registration),
            description: description(registration),
        };
        let ticket = self.next_ticket();
        self.claims.ask(ticket, number, registering);
        self.outputs.push_back(Output::Request(Request::Claim { ticket, claim }));
    }

    /// The engine has given a registration its names.
    pub(super) fn claimed(&mut self, now: Now, ticket: Ticket, presentity: Address, new_names: usize) {
        let Some((number, registering)) = self.decided(now, ticket) else { return };
        self.refund_names(registering.as_ref(), new_names);
        if let Some(Registering { asker, .. }) = &registering
            && !self.may_be(asker, &presentity)
        {
            self.end_registration(now, number, "it has not shown that it is the user whose name it has");
            return self.reject_registration(asker, RegistrationRejectReason::SecurityDenial);
        }
        let Some(registration) = self.registrations.get_mut(number) else { return };
        let was_claimed = std::mem::replace(&mut registration.claimed, true);
        // The engine's text of the name is kept in the place of ours: after a restart there are two.
        if let Some(name) = registration.names.iter_mut().find(|name| name.address == presentity) {
            name.address = presentity.clone();
        }
        registration.presentity = Some(presentity);
        self.write_claimed(number, registering.is_none() && !was_claimed);
        self.observe_registration(number);
        self.observe_calls_of(now, number);
        self.convene_around(now, number);
        match registering {
            Some(registering) => self.registered(now, registering, number),
            // After a restart, or after it gave up names, the endpoint does not ask by itself.
            None if !was_claimed => self.attend(number),
            None => {}
        }
    }

    /// Names that somebody had before do not count as new.
    fn refund_names(&mut self, registering: Option<&Registering>, new_names: usize) {
        if let Some(Registering { asker, charged, .. }) = registering {
            let known = charged.saturating_sub(new_names) as u64;
            self.limits.refund(Flow::NewNames, asker.peer.address.ip(), known);
        }
    }

    /// A full registration stands; it is confirmed once what it published is durable.
    fn registered(&mut self, now: Now, registering: Registering, number: u64) {
        let Registering { asker, presence, .. } = registering;
        self.take_presence(now, asker, number, presence, Confirmation::Registration);
    }

    /// Asks the engine for all that an endpoint is to be told; what was on the way to it is dropped.
    fn attend(&mut self, number: u64) {
        self.forget_outbox(number);
        let Some(registration) = self.registrations.get(number) else { return };
        if registration.offer.has_presence || self.may_message(registration) {
            let agent = self.agent(number);
            self.outputs.push_back(Output::Request(Request::Attend { agent }));
        }
    }

    /// The engine can't take a registration.
    pub(super) fn claim_refused(&mut self, now: Now, ticket: Ticket, refusal: &Refusal) {
        let Some((number, registering)) = self.decided(now, ticket) else { return };
        self.refund_names(registering.as_ref(), 0);
        let names = self.registrations.get(number).map(|registration| &registration.names);
        self.subject = names.and_then(|names| names.first()?.alias.to_wire());
        self.end_registration(now, number, &refusal.to_string());
        if let Some(Registering { asker, .. }) = registering {
            self.reject_registration(&asker, RegistrationRejectReason::ResourceUnavailable);
        }
    }

    /// Confirms a full registration.
    pub(super) fn confirm_registration(&mut self, asker: &Asker, number: u64) {
        let Some(registration) = self.registrations.get(number) else {
            return self.reject_registration(asker, RegistrationRejectReason::ResourceUnavailable);
        };
        self.counters.registrations += 1;
        let confirm = self.registration_confirm(asker, registration, true);
        self.detail("endpoint.registered", |this| {
            let label = this.registrations.get(number).map(Registration::label).unwrap_or_default();
            format!("{label} registered from {}", asker.peer.address)
        });
        self.answer(asker, &RasMessage::RegistrationConfirm(confirm.into()));
        self.attend(number);
    }

    /// Confirms a keep-alive registration.
    pub(super) fn confirm_refresh(&mut self, asker: &Asker, number: u64) {
        let Some(registration) = self.registrations.get(number) else {
            return self.reject_registration(asker, RegistrationRejectReason::FullRegistrationRequired);
        };
        let confirm = self.registration_confirm(asker, registration, false);
        self.counters.refreshes += 1;
        self.answer(asker, &RasMessage::RegistrationConfirm(confirm.into()));
    }

    /// The RCF for a registration; its aliases only where it is a full one.
    fn registration_confirm(
        &self,
        asker: &Asker,
        registration: &Registration,
        full: bool,
    ) -> RegistrationConfirm {
        let aliases = || registration.names.iter().filter_map(|name| name.alias.to_wire()).collect();
        RegistrationConfirm {
            request_seq_num: asker.sequence,
            protocol_identifier: PROTOCOL_IDENTIFIER,
            terminal_alias: full.then(aliases),
            gatekeeper_identifier: self.gatekeeper_identifier(),
            endpoint_identifier: BmpString::new(registration.identifier.as_str()).unwrap_or_default(),
            alternate_gatekeeper: self.alternate_gatekeepers(),
            time_to_live: Some(Integer::clamped((registration.time_to_live.0 / 1000) as u32)),
            will_respond_to_irr: Some(false),
            maintain_connection: Some(false),
            supports_additive_registration: full.then_some(Null),
            feature_set: registration.offer.feature_set(self.settings.tls_signal_port.is_some()),
            ..RegistrationConfirm::default()
        }
    }

    /// A keep-alive registration.
    pub(super) fn refresh(&mut self, now: Now, asker: Asker, request: &RegistrationRequest) {
        let identifier = request.endpoint_identifier.as_ref().map(ToString::to_string).unwrap_or_default();
        let number = self.identify(now, &asker.peer, &identifier);
        let Some(number) = number.filter(|_| self.is_for_us(request.gatekeeper_identifier.as_ref())) else {
            return self.reject_registration(&asker, RegistrationRejectReason::FullRegistrationRequired);
        };
        let longest = if self.is_behind_translation(number) {
            self.settings.traversal_time_to_live
        } else {
            self.settings.time_to_live_range.1
        };
        let asked =
            request.time_to_live.map(|seconds| self.grant_time_to_live(Some(seconds.get())).min(longest));
        let Some(registration) = self.registrations.get_mut(number) else { return };
        let changed = asked.filter(|asked| *asked != registration.time_to_live);
        if let Some(time_to_live) = changed {
            registration.time_to_live = time_to_live;
            let silent_at = registration.silent_at();
            self.timers.set(silent_at, Due::Registration(number));
        }
        if registration.peer != asker.peer {
            self.registrations.move_peer(number, asker.peer);
            self.changed.registrations.insert(number);
        }
        let descriptors = descriptors(request.feature_set.as_ref(), request.generic_data.as_deref());
        self.offered(number, Offer::of(&descriptors));
        self.take_presence(now, asker, number, Contents::of(&descriptors), Confirmation::Refresh);
        self.tell_lagging(now, number);
    }

    pub(super) fn reject_registration(&mut self, asker: &Asker, reject_reason: RegistrationRejectReason) {
        self.counters.registrations_refused += 1;
        let text = |_: &Self| format!("{} was refused: {reject_reason:?}", asker.peer.address);
        self.detail("endpoint.refused", text);
        let reject = RegistrationReject {
            request_seq_num: asker.sequence,
            protocol_identifier: PROTOCOL_IDENTIFIER,
            reject_reason,
            gatekeeper_identifier: self.gatekeeper_identifier(),
            ..RegistrationReject::default()
        };
        self.answer(asker, &RasMessage::RegistrationReject(reject.into()));
    }
}

/// An IRQ about the endpoint itself: call reference 0 asks for all calls (H.225.0 clause 7.15.1).
pub(super) fn presence_check(request_seq_num: RequestSeqNum, _: &Registration) -> RasMessage {
    RasMessage::InfoRequest(InfoRequest { request_seq_num, ..InfoRequest::default() }.into())
}

/// What names the device of a registration among those of its principal.
fn device(registration: &Registration) -> String {
    registration.call_signal_addresses.first().map(ToString::to_string).unwrap_or_default()
}

/// What an endpoint is, for people.
fn description(registration: &Registration) -> String {
    let product = registration.product.as_deref().map(|product| format!(", {product}")).unwrap_or_default();
    format!("{} at {}{product}", registration.kind.name(), registration.peer.address)
}
