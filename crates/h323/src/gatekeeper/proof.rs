//! What may be sent to an address before it has shown that it is its own.
//!
//! Anybody can write anybody's address on a datagram, so a server that answers with more than it was sent can be
//! turned against others. An endpoint proves its address by what only who reads there can know: its endpoint
//! identifier, or the number of a request of ours. Until then no answer is larger than its request, apart from GCF
//! and RCF, which add little; one indication (SCI) is sent in all; and nothing is said at its end. Trusted networks
//! are believed.

use super::link::Gatekeeper;
use super::outstanding::Purpose;
use super::request::Asker;
use crate::wire::h225::RasMessage;
use codec::per;
use model::Now;
use std::net::{IpAddr, SocketAddr};

/// By how much a GCF or RCF may be larger than its request, besides the gatekeepers that it names.
const CONFIRM_SURPLUS_MAX: usize = 512;

/// The octets of one more gatekeeper in a GCF or RCF.
const ALTERNATE_MAX: usize = 288;

impl Gatekeeper {
    /// Encodes an answer; one for an address that is not proven is cut to what may be sent there. `None`, and it is
    /// counted, where nothing is left.
    pub(super) fn encode_answer(&mut self, asker: &Asker, message: &RasMessage) -> Option<Vec<u8>> {
        // Who has signed what was never seen before is no stranger's victim.
        if let Some(octets) = self.signed_answer(asker, message) {
            return Some(octets);
        }
        let Ok(octets) = per::encode(message) else {
            self.counters.oversized += 1;
            return None;
        };
        let room = match message {
            RasMessage::GatekeeperConfirm(_) | RasMessage::RegistrationConfirm(_) => {
                asker.octets + CONFIRM_SURPLUS_MAX + self.settings.alternates.len() * ALTERNATE_MAX
            }
            // The networks of neighbours are the operator's choice.
            RasMessage::LocationConfirm(_) if self.is_neighbour(asker.peer.address.ip()) => octets.len(),
            _ => asker.octets,
        };
        // The address is looked up only where it matters: an answer to a keep-alive has room.
        if octets.len() <= room || self.is_proven_address(asker.peer.address) {
            return Some(octets);
        }
        let cut = cut(message.clone()).and_then(|message| per::encode(&message).ok());
        let cut = cut.filter(|octets| octets.len() <= room);
        self.counters.amplifying += u64::from(cut.is_none());
        cut
    }

    /// Whether an address belongs to a trusted network, or to a registration that has shown it.
    fn is_proven_address(&self, address: SocketAddr) -> bool {
        self.registrations.by_peer(address).is_some_and(|registration| registration.is_proven)
            || self.is_trusted(address.ip())
    }

    /// Whether requests from there are believed and not limited.
    pub(super) fn is_trusted(&self, address: IpAddr) -> bool {
        self.settings.trusted.iter().any(|network| network.contains(address))
    }

    pub(super) fn is_neighbour(&self, address: IpAddr) -> bool {
        self.settings.neighbours.iter().any(|network| network.contains(address))
    }

    /// Whether a request of ours may be sent to an endpoint; the one indication that may be sent to an endpoint which
    /// has shown nothing yet is noted.
    pub(super) fn may_ask(&mut self, number: u64, purpose: Purpose) -> bool {
        let Some(registration) = self.registrations.get_mut(number) else { return false };
        let is_indication = matches!(
            purpose,
            Purpose::IncomingCall
                | Purpose::Presence
                | Purpose::Delivery
                | Purpose::Receipt
                | Purpose::Typing
                | Purpose::Carbon
        );
        if registration.is_proven || !is_indication {
            return registration.is_proven || purpose != Purpose::Unregister;
        }
        !std::mem::replace(&mut registration.was_indicated, true)
    }

    /// Whether an endpoint can be sent an indication now; else it can when it has proven its address.
    pub(super) fn may_indicate(&self, number: u64) -> bool {
        self.registrations.get(number).is_some_and(|one| one.is_proven || !one.was_indicated)
    }

    /// An endpoint has shown that it reads what is sent to its address: what waited for that is sent.
    pub(super) fn proven(&mut self, now: Now, number: u64) {
        let Some(registration) = self.registrations.get_mut(number) else { return };
        if !std::mem::replace(&mut registration.is_proven, true) {
            self.tell(now, number);
            self.give_receipts(now, number);
            self.begin_waiting(now, number);
        }
    }
}

/// The same answer with nothing in it that can be left out.
fn cut(message: RasMessage) -> Option<RasMessage> {
    Some(match message {
        RasMessage::RegistrationConfirm(mut confirm) => {
            // It was told which aliases it has when it registered them.
            confirm.terminal_alias = None;
            RasMessage::RegistrationConfirm(confirm)
        }
        RasMessage::GatekeeperReject(mut reject) => {
            reject.gatekeeper_identifier = None;
            RasMessage::GatekeeperReject(reject)
        }
        RasMessage::RegistrationReject(mut reject) => {
            reject.gatekeeper_identifier = None;
            RasMessage::RegistrationReject(reject)
        }
        RasMessage::UnknownMessageResponse(mut response) => {
            response.message_not_understood = None;
            RasMessage::UnknownMessageResponse(response)
        }
        _ => return None,
    })
}
