//! Users who may not register: those whom a directory has disabled, or has no more.
//!
//! Their addresses are nobody's meanwhile, also where nobody is asked who he is.

use super::Security;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::registration::{Peer, Registration};
use crate::wire::h225::{RasMessage, UnregRequestReason};
use link::Level;
use model::{Address, Now};

impl Security {
    pub(super) fn disable(&mut self, name: &str, addresses: Box<[Address]>) {
        self.remove(name);
        for address in &addresses {
            *self.barred.entry(address.clone()).or_default() += 1;
        }
        self.disabled.insert(name.into(), addresses);
    }

    pub(super) fn enable(&mut self, name: &str) {
        let addresses = self.disabled.remove(name).unwrap_or_default();
        for address in &addresses {
            if let Some(users) = self.barred.get_mut(address) {
                *users -= 1;
                if *users == 0 {
                    self.barred.remove(address);
                }
            }
        }
    }

    pub(super) fn is_barred(&self, address: &Address) -> bool {
        self.barred.contains_key(address)
    }
}

impl Gatekeeper {
    /// A user may not register any more; who is registered is told so, and is not.
    pub(in crate::gatekeeper) fn disable_user(&mut self, now: Now, name: String, addresses: Box<[Address]>) {
        let is_of_it = |registration: &&Registration| {
            let names = registration.names.iter().map(|name| &name.address);
            registration.presentity.iter().chain(names).any(|address| addresses.contains(address))
        };
        let sorted = self.registrations.sorted().into_iter();
        let ended = Vec::from_iter(sorted.filter(is_of_it).map(|registration| registration.number));
        self.security.disable(&name, addresses);
        for number in &ended {
            self.tell_unregistered(now, *number, UnregRequestReason::SecurityDenial);
            self.end_registration(now, *number, "disabled");
        }
        if !ended.is_empty() {
            self.event(
                Level::Info,
                "endpoint.removed",
                format!("{name} is disabled, and registered no more"),
            );
        }
    }

    /// Whether a message registers an address of a user who is disabled; it is counted.
    pub(super) fn registers_what_is_barred(&mut self, peer: &Peer, message: &RasMessage) -> bool {
        let RasMessage::RegistrationRequest(request) = message else { return false };
        if self.security.barred.is_empty() {
            return false;
        }
        let aliases = request.terminal_alias.as_deref().unwrap_or_default();
        let is_barred = self.names_in(aliases).iter().any(|name| self.security.is_barred(name));
        if is_barred {
            self.counters.disabled += 1;
            self.detail("security.denied", |_| format!("{} registers a user who is disabled", peer.address));
        }
        is_barred
    }
}
