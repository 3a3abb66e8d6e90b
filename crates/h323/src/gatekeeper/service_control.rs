//! Service control by an endpoint: SCI (H.225.0 clause 7.20), which carries presence.

use super::link::Gatekeeper;
use super::presence::{Confirmation, Contents, descriptors};
use super::request::Asker;
use crate::wire::h225::{RasMessage, ServiceControlIndication, ServiceControlResponse, ServiceControlResult};
use model::{AuditEvent, Now};

impl Gatekeeper {
    /// An endpoint indicates something. Deployed ones leave out their identifier, so that only the very socket that
    /// registered says who it is.
    pub(super) fn indicated(&mut self, now: Now, asker: Asker, indication: &ServiceControlIndication) {
        let number = match &indication.endpoint_identifier {
            Some(identifier) => self.identify(now, &asker.peer, &identifier.to_string()),
            None => self.registrations.by_peer(asker.peer.address).map(|registration| registration.number),
        };
        let descriptors = descriptors(indication.feature_set.as_ref(), indication.generic_data.as_deref());
        let presence = Contents::of(&descriptors);
        let Some(number) = number else {
            self.packages_received(now, None, &descriptors);
            let is_refused = !presence.is_empty();
            self.counters.presence_strangers += u64::from(is_refused);
            if is_refused {
                self.refuse(&asker, AuditEvent::refused("presence", "notRegistered"));
            }
            return self.respond(&asker, is_refused.then_some(ServiceControlResult::NotAvailable));
        };
        self.heard(now, number);
        self.take_presence(now, asker, number, presence, Confirmation::Response);
        self.packages_received(now, Some(number), &descriptors);
    }

    /// Answers an indication (SCR); without a result all is well.
    pub(super) fn respond(&mut self, asker: &Asker, result: Option<ServiceControlResult>) {
        let response = ServiceControlResponse {
            request_seq_num: asker.sequence,
            result,
            ..ServiceControlResponse::default()
        };
        self.answer(asker, &RasMessage::ServiceControlResponse(response.into()));
    }
}
