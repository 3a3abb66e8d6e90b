//! Location: LRQ (H.225.0 clause 7.13).

use super::link::Gatekeeper;
use super::request::{Asker, answer_address};
use crate::wire::h225::{LocationConfirm, LocationReject, LocationRejectReason, LocationRequest, RasMessage};

impl Gatekeeper {
    /// Somebody asks where an alias is: a registered endpoint or a neighbouring gatekeeper may.
    ///
    /// Where many hear the question, only who knows the answer speaks. A request without destination carries
    /// presence between gatekeepers and is never rejected (D-22).
    pub(super) fn locate(&mut self, mut asker: Asker, to_many: bool, request: &LocationRequest) {
        let source = asker.peer.address;
        let is_neighbour = self.is_neighbour(source.ip());
        let is_endpoint = request.endpoint_identifier.as_ref().is_some_and(|identifier| {
            let registration = self.registrations.by_identifier(&identifier.to_string());
            registration.is_some_and(|registration| registration.peer.address.ip() == source.ip())
        });
        asker.peer.address = answer_address(source, request.reply_address.socket_address());
        let may_ask = is_neighbour || is_endpoint;
        if request.destination_info.is_empty() || (to_many && !may_ask) {
            self.counters.locations_refused += 1;
            return;
        }
        let found = request.destination_info.iter().filter(|_| may_ask).find_map(|alias| self.find(alias));
        // Who is behind address translation takes no calls that do not pass through here.
        let found = found.filter(|registration| !registration.offer.has_traversal);
        let address = found.and_then(|registration| registration.call_signal_address(source));
        let Some(address) = address else {
            self.counters.locations_refused += 1;
            if to_many {
                return;
            }
            let reject_reason = if may_ask {
                LocationRejectReason::RequestDenied
            } else {
                LocationRejectReason::NotRegistered
            };
            let reject = LocationReject {
                request_seq_num: asker.sequence,
                reject_reason,
                ..LocationReject::default()
            };
            return self.answer(&asker, &RasMessage::LocationReject(reject.into()));
        };
        self.counters.locations += 1;
        let confirm = LocationConfirm {
            request_seq_num: asker.sequence,
            call_signal_address: address.into(),
            ras_address: asker.peer.local.into(),
            ..LocationConfirm::default()
        };
        self.answer(&asker, &RasMessage::LocationConfirm(confirm.into()));
    }
}
