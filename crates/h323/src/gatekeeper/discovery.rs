//! Discovery: GRQ (H.225.0 clause 7.8).

use super::link::Gatekeeper;
use super::presence::{Offer, descriptors};
use super::request::{Asker, PROTOCOL_IDENTIFIER, answer_address};
use crate::wire::h225::{
    AlternateGk, GatekeeperConfirm, GatekeeperIdentifier, GatekeeperReject, GatekeeperRejectReason,
    GatekeeperRequest, RasMessage,
};
use codec::per::{BmpString, Integer};

impl Gatekeeper {
    /// Answers a GRQ. One for another gatekeeper is left to that one where many hear it, else rejected.
    pub(super) fn discover(&mut self, mut asker: Asker, to_many: bool, request: &GatekeeperRequest) {
        let from = asker.peer.address;
        asker.peer.address = answer_address(from, request.ras_address.socket_address());
        if !self.is_for_us(request.gatekeeper_identifier.as_ref()) {
            if !to_many {
                self.counters.discoveries_refused += 1;
                let reject = GatekeeperReject {
                    request_seq_num: asker.sequence,
                    protocol_identifier: PROTOCOL_IDENTIFIER,
                    gatekeeper_identifier: self.gatekeeper_identifier(),
                    reject_reason: GatekeeperRejectReason::TerminalExcluded,
                    ..GatekeeperReject::default()
                };
                self.answer(&asker, &RasMessage::GatekeeperReject(reject.into()));
            }
            return;
        }
        self.counters.discoveries += 1;
        let (authentication_mode, algorithm_oid) = self.agreed_method(asker.peer.address, request).unzip();
        let offered = descriptors(request.feature_set.as_ref(), request.generic_data.as_deref());
        let mut offer = Offer::of(&offered);
        offer.has_traversal = self.takes_traversal(&offer, from, std::slice::from_ref(&request.ras_address));
        let confirm = GatekeeperConfirm {
            request_seq_num: asker.sequence,
            protocol_identifier: PROTOCOL_IDENTIFIER,
            gatekeeper_identifier: self.gatekeeper_identifier(),
            ras_address: asker.peer.local.into(),
            alternate_gatekeeper: self.alternate_gatekeepers(),
            authentication_mode,
            algorithm_oid,
            feature_set: offer.feature_set(self.settings.tls_signal_port.is_some()),
            ..GatekeeperConfirm::default()
        };
        self.answer(&asker, &RasMessage::GatekeeperConfirm(confirm.into()));
    }

    pub(super) fn gatekeeper_identifier(&self) -> Option<GatekeeperIdentifier> {
        BmpString::new(&self.settings.gatekeeper_identifier)
    }

    /// Whether a gatekeeper identifier in a request is ours, or leaves it open.
    pub(super) fn is_for_us(&self, identifier: Option<&GatekeeperIdentifier>) -> bool {
        identifier.is_none_or(|identifier| {
            let identifier = identifier.to_string();
            let identifier = identifier.trim_end_matches('\0');
            identifier.is_empty() || identifier == self.settings.gatekeeper_identifier
        })
    }

    pub(super) fn alternate_gatekeepers(&self) -> Option<Vec<AlternateGk>> {
        let alternates = &self.settings.alternates;
        let alternate = |alternate: &super::AlternateGatekeeper| AlternateGk {
            ras_address: alternate.address.into(),
            gatekeeper_identifier: alternate.identifier.as_deref().and_then(BmpString::new),
            need_to_register: alternate.need_to_register,
            priority: Integer::clamped(u32::from(alternate.priority)),
            ..AlternateGk::default()
        };
        (!alternates.is_empty()).then(|| alternates.iter().map(alternate).collect())
    }
}
