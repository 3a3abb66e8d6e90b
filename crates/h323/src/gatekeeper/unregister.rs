//! Unregistration by the endpoint: URQ (H.225.0 clause 7.10).

use super::link::Gatekeeper;
use super::registration::{Name, Peer, Registration};
use super::request::Asker;
use crate::alias::{Alias, canonical};
use crate::wire::h225::{
    RasMessage, UnregRejectReason, UnregistrationConfirm, UnregistrationReject, UnregistrationRequest,
};
use model::{Address, Now};

impl Gatekeeper {
    /// An endpoint ends its registration, or gives up some of its aliases.
    pub(super) fn unregister(&mut self, now: Now, asker: Asker, request: &UnregistrationRequest) {
        let Some(number) = self.unregistering(now, &asker.peer, request) else {
            self.counters.unregistrations_refused += 1;
            let reject = UnregistrationReject {
                request_seq_num: asker.sequence,
                reject_reason: UnregRejectReason::NotCurrentlyRegistered,
                ..UnregistrationReject::default()
            };
            return self.answer(&asker, &RasMessage::UnregistrationReject(reject.into()));
        };
        self.counters.unregistrations += 1;
        let given_up = self.given_up(number, request);
        match given_up {
            Some(left) => self.keep_names(number, left),
            None => {
                self.detail("endpoint.unregistered", |this| {
                    let label = this.registrations.get(number).map(Registration::label).unwrap_or_default();
                    format!("{label} unregistered")
                });
                self.depart(now, number, "unregistered by itself", true);
            }
        }
        let confirm =
            UnregistrationConfirm { request_seq_num: asker.sequence, ..UnregistrationConfirm::default() };
        self.answer(&asker, &RasMessage::UnregistrationConfirm(confirm.into()));
    }

    /// Who unregisters. Without an identifier only the very socket that registered can, naming its own call
    /// signalling address: anybody knows that address. The same goes for an identifier that nobody has: h323plus
    /// says goodbye with the first one it was given, after a second registration too.
    fn unregistering(&mut self, now: Now, peer: &Peer, request: &UnregistrationRequest) -> Option<u64> {
        let identifier = request.endpoint_identifier.as_ref().map(ToString::to_string);
        if let Some(known) =
            identifier.filter(|identifier| self.registrations.by_identifier(identifier).is_some())
        {
            return self.identify(now, peer, &known);
        }
        let registration = self.registrations.by_peer(peer.address);
        let names_itself = registration.filter(|registration| {
            let addresses = request.call_signal_address.iter().filter_map(|address| address.socket_address());
            // What an endpoint behind address translation calls its own is not what we know.
            registration.offer.has_traversal
                || addresses.into_iter().any(|address| registration.call_signal_addresses.contains(&address))
        });
        if names_itself.is_none() {
            self.counters.forged += 1;
        }
        names_itself.map(|registration| registration.number)
    }

    /// The names that are left when an endpoint gives up only some of its aliases; `None` where all go.
    fn given_up(&self, number: u64, request: &UnregistrationRequest) -> Option<Vec<Name>> {
        let aliases = request.endpoint_alias.as_deref().filter(|aliases| !aliases.is_empty())?;
        let registration = self.registrations.get(number)?;
        let gone: Vec<Address> = aliases
            .iter()
            .filter_map(Alias::from_wire)
            .filter_map(|alias| canonical(&alias, &self.settings.zone).ok())
            .collect();
        let left: Vec<_> =
            registration.names.iter().filter(|name| !gone.contains(&name.address)).cloned().collect();
        (!left.is_empty()).then_some(left)
    }

    fn keep_names(&mut self, number: u64, names: Vec<Name>) {
        let Some(mut registration) = self.registrations.get(number).cloned() else { return };
        registration.names = names.into();
        registration.claimed = false;
        self.registrations.insert(registration);
        self.changed.registrations.insert(number);
        self.claim(number, None);
    }
}
