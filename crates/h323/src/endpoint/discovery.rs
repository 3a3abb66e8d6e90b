//! Discovery: GRQ, GCF, GRJ (H.323 clause 7.2.1).

use super::event::Event;
use super::identity::{PROTOCOL, endpoint_type, registration_features};
use super::machine::Endpoint;
use super::registration::{Gatekeeper, State, reason_of};
use super::request::Purpose;
use super::signature::Credentials;
use crate::wire::h225::{
    GatekeeperConfirm, GatekeeperReject, GatekeeperRequest, RasMessage, RequestSeqNum, TransportAddress,
};
use codec::per::Null;
use model::Now;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where gatekeepers listen for endpoints that know none: the group of H.323, and, as the deployed endpoints do it,
/// the limited broadcast address on both ports.
const EVERYWHERE: [SocketAddr; 3] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(224, 0, 1, 41)), 1718),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::BROADCAST), 1718),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::BROADCAST), 1719),
];

impl Endpoint {
    /// Asks the gatekeeper that is configured, or everyone.
    pub(super) fn discover(&mut self, now: Now) {
        let to = self.settings.gatekeeper.map_or(EVERYWHERE.to_vec(), |gatekeeper| vec![gatekeeper]);
        self.registration.gatekeeper = None;
        self.registration.refusal = None;
        self.registration.is_signed = false;
        self.registration.state = State::Discovering;
        self.ask(now, Purpose::Discovery, to, Self::gatekeeper_request);
    }

    fn gatekeeper_request(&self, number: RequestSeqNum) -> RasMessage {
        let (mechanism, algorithm) = self.settings.credentials.as_ref().map(Credentials::offer).unzip();
        RasMessage::GatekeeperRequest(Box::new(GatekeeperRequest {
            request_seq_num: number,
            protocol_identifier: PROTOCOL,
            ras_address: self.settings.ras_address.into(),
            endpoint_type: endpoint_type(),
            endpoint_alias: Some(self.aliases.clone()),
            supports_alt_gk: Some(Null),
            authentication_capability: mechanism.map(|mechanism| vec![mechanism]),
            algorithm_oids: algorithm.map(|algorithm| vec![algorithm]),
            feature_set: registration_features(self.settings.offers),
            ..GatekeeperRequest::default()
        }))
    }

    /// The first gatekeeper that answers is taken.
    pub(super) fn take_gatekeeper_confirm(
        &mut self,
        now: Now,
        from: SocketAddr,
        confirm: &GatekeeperConfirm,
    ) {
        if !self.take_answer(confirm.request_seq_num, from, Purpose::Discovery) {
            return;
        }
        let address = usable(&confirm.ras_address).unwrap_or(from);
        let identifier = confirm.gatekeeper_identifier.clone();
        self.tell(Event::Discovered {
            gatekeeper: address,
            gatekeeper_identifier: identifier.as_ref().map(ToString::to_string),
        });
        self.registration.gatekeeper = Some(Gatekeeper { address, identifier });
        self.registration.set_alternates(confirm.alternate_gatekeeper.as_deref());
        self.send_registration(now);
    }

    /// A gatekeeper that was asked alone and refuses ends the discovery; of many asked another may still answer.
    pub(super) fn take_gatekeeper_reject(&mut self, now: Now, from: SocketAddr, reject: &GatekeeperReject) {
        let reason = reason_of(&reject.reject_reason);
        let is_answer = self.requests.expects(reject.request_seq_num, from, Purpose::Discovery);
        if is_answer && self.settings.gatekeeper.is_none() {
            self.registration.refusal = Some(reason);
            return;
        }
        if self.take_answer(reject.request_seq_num, from, Purpose::Discovery) {
            self.registration
                .set_alternates(reject.alt_gk_info.as_ref().map(|info| &*info.alternate_gatekeeper));
            self.take_refusal(now, reason);
        }
    }
}

/// An address that datagrams can be sent to.
pub(super) fn usable(address: &TransportAddress) -> Option<SocketAddr> {
    let address = address.socket_address()?;
    let is_usable = !address.ip().is_unspecified() && !address.ip().is_multicast() && address.port() != 0;
    is_usable.then_some(address)
}
