//! Which endpoints speak instant messaging, as far as is known.
//!
//! h323plus does not say so when it registers: it is learnt from calls.

use super::link::Gatekeeper;
use super::registration::Registration;

/// The capability of Herald's own package to take messages.
const PACKAGE_MESSAGES: u16 = 1 << 3;

impl Gatekeeper {
    /// Whether an endpoint may turn out to speak instant messaging, so that its calls are routed through us (D-08).
    pub(super) fn may_message(&self, registration: &Registration) -> bool {
        registration.messaging.unwrap_or(registration.has_presence || registration.package.is_some())
    }

    /// Whether an endpoint takes messages, by whatever means; `None` where nothing has shown it yet.
    pub(super) fn takes_messages(&self, number: u64) -> Option<bool> {
        let registration = self.registrations.get(number)?;
        let by_package = registration.package.is_some_and(|bits| bits & PACKAGE_MESSAGES != 0);
        if by_package { Some(true) } else { registration.messaging }
    }

    /// A call has shown whether an endpoint takes messages.
    pub(super) fn messaging_learnt(&mut self, number: u64, takes_messages: bool) {
        if let Some(registration) = self.registrations.get_mut(number) {
            registration.messaging = Some(takes_messages);
        }
    }
}
