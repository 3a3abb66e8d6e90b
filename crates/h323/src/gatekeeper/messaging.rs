//! Which endpoints speak instant messaging, as far as is known.
//!
//! h323plus does not say so when it registers: it is learnt from calls.

use super::link::Gatekeeper;
use super::registration::Registration;

/// Whether an endpoint may turn out to speak instant messaging, so that its calls are routed through us (D-08).
pub(super) fn may_message(registration: &Registration) -> bool {
    registration.messaging.unwrap_or(registration.has_presence || registration.package.is_some())
}

impl Gatekeeper {
    /// A call has shown whether an endpoint takes messages.
    pub(super) fn messaging_learnt(&mut self, number: u64, takes_messages: bool) {
        if let Some(registration) = self.registrations.get_mut(number) {
            registration.messaging = Some(takes_messages);
        }
    }
}
