//! What is answered to who can't show who he is, and how our messages are signed.

use super::Signer;
use super::check::Insecure;
use crate::alias::{Alias, canonical};
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::request::{Asker, PROTOCOL_IDENTIFIER, answer_address};
use crate::security::token::set_tokens;
use crate::security::{Method, cat, password_hash, procedure1};
use crate::wire::h225::{
    AdmissionRejectReason, BandRejectReason, BandwidthReject, DisengageReject, DisengageRejectReason,
    GatekeeperReject, GatekeeperRejectReason, GatekeeperRequest, InfoRequestNak, InfoRequestNakReason,
    LocationReject, LocationRejectReason, ProtocolIdentifier, RasMessage, RegistrationRejectReason,
    SecurityErrors, ServiceControlResult, UnregRejectReason, UnregistrationReject,
};
use crate::wire::h235::{AuthenticationBes, AuthenticationMechanism, Identifier};
use codec::per::{self, BmpString, ObjectIdentifier};
use rand::Rng;
use std::net::SocketAddr;

/// The first edition of H.225.0 whose endpoints know `securityError`.
const EDITION_WITH_ERRORS: u8 = 4;

impl Gatekeeper {
    /// Refuses a message in the words of its kind. Who is no user and who has the wrong password read the same.
    pub(in crate::gatekeeper) fn refuse_sender(
        &mut self,
        mut asker: Asker,
        to_many: bool,
        message: &RasMessage,
        why: Insecure,
    ) {
        let request_seq_num = asker.sequence;
        let reject = match message {
            RasMessage::RegistrationRequest(request) => {
                let reason = match error(why, &request.protocol_identifier) {
                    Some(error) => RegistrationRejectReason::SecurityError(error),
                    None => RegistrationRejectReason::SecurityDenial,
                };
                return self.reject_registration(&asker, reason);
            }
            RasMessage::AdmissionRequest(_) => {
                return self.reject_admission(&asker, AdmissionRejectReason::SecurityDenial);
            }
            RasMessage::GatekeeperRequest(_) if to_many => return,
            RasMessage::GatekeeperRequest(request) => {
                redirect(&mut asker, request.ras_address.socket_address());
                self.refused_discovery(request, why)
            }
            RasMessage::UnregistrationRequest(_) => {
                self.counters.unregistrations_refused += 1;
                let reject_reason = UnregRejectReason::SecurityDenial;
                let reject = UnregistrationReject {
                    request_seq_num,
                    reject_reason,
                    ..UnregistrationReject::default()
                };
                RasMessage::UnregistrationReject(reject.into())
            }
            RasMessage::BandwidthRequest(_) => {
                self.counters.bandwidths_refused += 1;
                let reject_reason = BandRejectReason::SecurityDenial;
                let reject = BandwidthReject { request_seq_num, reject_reason, ..BandwidthReject::default() };
                RasMessage::BandwidthReject(reject.into())
            }
            RasMessage::DisengageRequest(_) => {
                self.counters.disengages_refused += 1;
                let reject_reason = DisengageRejectReason::SecurityDenial;
                let reject = DisengageReject { request_seq_num, reject_reason, ..DisengageReject::default() };
                RasMessage::DisengageReject(reject.into())
            }
            RasMessage::LocationRequest(request) => {
                self.counters.locations_refused += 1;
                // Neighbours whose presence it carries take no rejection (D-22).
                if to_many || request.destination_info.is_empty() {
                    return;
                }
                redirect(&mut asker, request.reply_address.socket_address());
                let reject_reason = LocationRejectReason::SecurityDenial;
                let reject = LocationReject { request_seq_num, reject_reason, ..LocationReject::default() };
                RasMessage::LocationReject(reject.into())
            }
            RasMessage::InfoRequestResponse(response) if response.need_response == Some(true) => {
                let nak_reason = InfoRequestNakReason::SecurityDenial;
                let nak = InfoRequestNak { request_seq_num, nak_reason, ..InfoRequestNak::default() };
                RasMessage::InfoRequestNak(nak.into())
            }
            RasMessage::ServiceControlIndication(_) => {
                return self.respond(&asker, Some(ServiceControlResult::Failed));
            }
            // Nothing says no to these.
            _ => return,
        };
        self.answer(&asker, &reject);
    }

    fn refused_discovery(&mut self, request: &GatekeeperRequest, why: Insecure) -> RasMessage {
        self.counters.discoveries_refused += 1;
        let reject_reason = match error(why, &request.protocol_identifier) {
            Some(error) => GatekeeperRejectReason::SecurityError(error),
            None => GatekeeperRejectReason::SecurityDenial,
        };
        let reject = GatekeeperReject {
            request_seq_num: request.request_seq_num,
            protocol_identifier: PROTOCOL_IDENTIFIER,
            reject_reason,
            ..GatekeeperReject::default()
        };
        RasMessage::GatekeeperReject(reject.into())
    }

    /// A registration stands of who has shown, or not, who he is.
    pub(in crate::gatekeeper) fn note_method(&mut self, asker: &Asker, number: u64) {
        let signer = asker.key.and_then(|key| self.replies.signer(key));
        match signer.map(|signer| signer.method) {
            Some(method) => self.security.note(number, method),
            None => self.security.forget(number),
        }
    }

    /// The octets of an answer to a request that was signed, signed with the same key; `None` where it was not.
    pub(in crate::gatekeeper) fn signed_answer(
        &mut self,
        asker: &Asker,
        message: &RasMessage,
    ) -> Option<Vec<u8>> {
        let signer = asker.key.and_then(|key| self.replies.signer(key)).cloned()?;
        if signer.method != Method::Procedure1 {
            return None;
        }
        let ours = signer.general_id.clone().or_else(|| self.our_identifier());
        // h323plus takes its new identifier for its own before it checks the RCF that gives it.
        let theirs = match message {
            RasMessage::RegistrationConfirm(confirm) => Some(confirm.endpoint_identifier.clone()),
            _ => signer.senders_id.clone(),
        };
        self.sign(&signer, theirs, ours, message)
    }

    /// The octets of a request of ours, signed where its endpoint expects that.
    pub(in crate::gatekeeper) fn encode_request(
        &mut self,
        number: u64,
        message: &RasMessage,
    ) -> Option<Vec<u8>> {
        let signer = self.signer_for(number);
        let Some(signer) = signer else { return per::encode(message).ok() };
        let theirs = self.registrations.get(number).and_then(|it| BmpString::new(it.identifier.as_str()));
        let ours = self.our_identifier();
        self.sign(&signer, theirs, ours, message)
    }

    /// A request of ours that is sent again, signed anew: its endpoint takes no token twice, and may have answered.
    pub(in crate::gatekeeper) fn signed_again(&mut self, number: u64, octets: Vec<u8>) -> Vec<u8> {
        if self.signer_for(number).is_none() {
            return octets;
        }
        let message = per::decode(&octets).ok();
        message.and_then(|message| self.encode_request(number, &message)).unwrap_or(octets)
    }

    /// Signs a message to somebody, from us.
    fn sign(
        &mut self,
        signer: &Signer,
        to: Option<Identifier>,
        from: Option<Identifier>,
        message: &RasMessage,
    ) -> Option<Vec<u8>> {
        let (claim, marker) = self.our_claim(to, from);
        let mut message = message.clone();
        let encode = |token| {
            set_tokens(&mut message, Vec::new(), vec![token]);
            per::encode(&message)
        };
        procedure1::sign(&claim, &signer.credential.key, marker, encode).ok()
    }

    /// What a token of ours says now, and what stands in the place of its hash until that is made.
    pub(super) fn our_claim(
        &mut self,
        to: Option<Identifier>,
        from: Option<Identifier>,
    ) -> (procedure1::Claim, [u8; procedure1::HASH_LENGTH]) {
        let mut marker = [0; procedure1::HASH_LENGTH];
        self.random.fill_bytes(&mut marker);
        let claim = procedure1::Claim {
            general_id: to,
            senders_id: from,
            time_stamp: u32::try_from(self.security.seconds()).unwrap_or(u32::MAX),
            random: i64::from(self.security.next_random()),
        };
        (claim, marker)
    }

    /// What an endpoint that discovers us is asked to sign with, of what it offers: mechanism and algorithm. Nothing where
    /// all its names are nobody's, who need not sign.
    pub(in crate::gatekeeper) fn agreed_method(
        &self,
        from: SocketAddr,
        request: &GatekeeperRequest,
    ) -> Option<(AuthenticationMechanism, ObjectIdentifier)> {
        let mode = self.settings.authentication.of(from.ip());
        let aliases = request.endpoint_alias.as_deref().unwrap_or_default();
        let owner = aliases.iter().find_map(|alias| {
            self.security.owner(&canonical(&Alias::from_wire(alias)?, &self.settings.zone).ok()?)
        });
        let owner = owner.or_else(|| self.security.of_network(from.ip()));
        if !self.security.asks(mode, owner.is_some(), aliases.is_empty()) {
            return None;
        }
        let mechanisms = request.authentication_capability.as_deref().unwrap_or_default();
        let algorithms = request.algorithm_oids.as_deref().unwrap_or_default();
        let methods = Method::ALL.into_iter().filter(|method| {
            self.settings.authentication.methods.contains(method)
                && owner.is_none_or(|owner| crate::security::can(owner, *method))
        });
        methods.into_iter().find_map(|method| {
            let algorithm = algorithms.iter().find(|algorithm| match method {
                Method::Procedure1 => procedure1::is_algorithm(algorithm),
                Method::Md5 => **algorithm == password_hash::MD5,
                Method::Cat => **algorithm == cat::CAT,
            })?;
            let mechanism = mechanisms.iter().find(|mechanism| match method {
                Method::Procedure1 | Method::Md5 => matches!(mechanism, AuthenticationMechanism::PwdHash),
                Method::Cat => {
                    matches!(mechanism, AuthenticationMechanism::AuthenticationBes(AuthenticationBes::Radius))
                }
            })?;
            Some((mechanism.clone(), algorithm.clone()))
        })
    }
}

/// An answer goes to the address that the request names, where that is of the same host.
fn redirect(asker: &mut Asker, named: Option<SocketAddr>) {
    asker.peer.address = answer_address(asker.peer.address, named);
}

/// The reason in the words of those editions that have them.
fn error(why: Insecure, edition: &ProtocolIdentifier) -> Option<SecurityErrors> {
    let is_known = edition.octets().last().is_some_and(|edition| *edition >= EDITION_WITH_ERRORS);
    match why {
        Insecure::Skew if is_known => Some(SecurityErrors::SecurityWrongSyncTime),
        Insecure::Replay if is_known => Some(SecurityErrors::SecurityReplay),
        _ => None,
    }
}
