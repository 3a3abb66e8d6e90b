//! Which endpoints speak instant messaging, as far as is known.
//!
//! h323plus does not say so when it registers: it is learnt from calls.

use super::link::Gatekeeper;
use super::pattern::matches;
use super::registration::Registration;
use crate::wire::package::capability;
use model::{AgentId, MessageFailure, Now, Ticket};
use std::net::{IpAddr, SocketAddr};

impl Gatekeeper {
    /// Whether an endpoint may turn out to speak instant messaging, so that its calls are routed through us (D-08): it
    /// was seen to, or offered what goes with it, or is a product that does.
    pub(super) fn may_message(&self, registration: &Registration) -> bool {
        let package = registration.offer.package;
        if package.is_some_and(|capabilities| capabilities & capability::MESSAGES != 0) {
            return true;
        }
        if self.settings.tls_required && !registration.offer.has_tls {
            return false;
        }
        let offered = registration.offer.has_presence || package.is_some();
        let is_known =
            |product: &str| self.settings.messaging_products.iter().any(|pattern| matches(pattern, product));
        registration
            .messaging
            .unwrap_or_else(|| offered || registration.product.as_deref().is_some_and(is_known))
    }

    /// Whether we connect to a call signalling address ourselves: it is at the host that registered it, or in a network
    /// that is trusted. Else anybody could register the address of somebody else and have us call there.
    pub(super) fn may_connect(&self, number: Option<u64>, to: SocketAddr) -> bool {
        let registration = number.and_then(|number| self.registrations.get(number));
        let host = |address: IpAddr| address.to_canonical();
        registration.is_some_and(|one| host(one.peer.address.ip()) == host(to.ip()))
            || self.settings.trusted.iter().any(|network| network.contains(host(to.ip())))
    }

    /// Where we connect to an endpoint that takes calls at `to`, and whether over TLS: it is where both sides can. `None`
    /// where it must be and can't. There is no second try without it, or who is in between could have us do without.
    pub(super) fn secured_address(&self, number: Option<u64>, to: SocketAddr) -> Option<(SocketAddr, bool)> {
        let registration = number.and_then(|number| self.registrations.get(number));
        let port = registration.and_then(|registration| registration.offer.tls_port);
        match port.filter(|_| self.settings.tls_signal_port.is_some()) {
            Some(port) => Some((SocketAddr::new(to.ip(), port.get()), true)),
            None => (!self.settings.tls_required).then_some((to, false)),
        }
    }

    /// Whether an endpoint takes messages, by whatever means; `None` where nothing has shown it yet.
    pub(super) fn takes_messages(&self, number: u64) -> Option<bool> {
        if self.speaks_package(number, capability::MESSAGES) {
            return Some(true);
        }
        self.registrations.get(number)?.messaging
    }

    /// The engine has accepted a message, and stored it for later or not, or refuses it: whoever of us asked goes on.
    pub(super) fn message_answered(
        &mut self,
        now: Now,
        agent: Option<AgentId>,
        ticket: Ticket,
        answer: Result<bool, MessageFailure>,
    ) {
        if self.package_answered(now, agent, ticket, answer) {
            return;
        }
        match answer {
            Ok(_) => self.accepted(now, ticket),
            Err(failure) => self.message_refused(now, ticket, failure),
        }
    }

    /// An endpoint was seen to take instant messages, or not to; the engine is told where that is news.
    pub(super) fn messaging_learnt(&mut self, number: u64, takes_messages: bool) {
        self.relearn(number, |registration| registration.messaging = Some(takes_messages));
    }
}
