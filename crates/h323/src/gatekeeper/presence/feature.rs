//! Negotiation: what an endpoint offers is confirmed to it, and nothing else (H.460.1).

use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::registration::Registration;
use crate::wire::feature::Feature;
use crate::wire::h225::{FeatureSet, GenericData};
use crate::wire::package::{Announcement, VERSION, capability};
use crate::wire::signalling_security::SignallingSecurity;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// What of Herald's package we do.
const CAPABILITIES: u16 = capability::RECEIPTS
    | capability::TYPING
    | capability::MESSAGES
    | capability::GROUPS
    | capability::CARBONS;

/// What an endpoint offers of the features that Herald speaks with it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::gatekeeper) struct Offer {
    /// Presence in the revision deployed today; the one before it counts as none.
    pub has_presence: bool,
    /// The capabilities of Herald's package, where it was announced.
    pub package: Option<u16>,
    /// Whether it can call over TLS (H.460.22).
    pub has_tls: bool,
    /// Whether calls reach it by connections that it opens (H.460.18), because it is behind address translation.
    pub has_traversal: bool,
    /// The port at which it takes calls over TLS, at its address for calls: we connect to no other host on its word.
    pub tls_port: Option<NonZeroU16>,
}

impl Offer {
    /// What is offered by these descriptors, wherever they stood.
    pub fn of(descriptors: &[&GenericData]) -> Self {
        let has = |feature| descriptors.iter().any(|data| Feature::of(&data.id) == Some(feature));
        let announcement = |data: &&GenericData| Announcement::read(data).ok().flatten();
        let secured = descriptors.iter().find_map(|data| SignallingSecurity::read(data));
        Self {
            has_presence: has(Feature::Presence),
            package: descriptors.iter().rev().find_map(announcement).map(|announced| announced.capabilities),
            has_tls: secured.is_some_and(|secured| secured.has_tls),
            has_traversal: has(Feature::SignallingTraversal),
            tls_port: secured
                .and_then(|secured| secured.tls_address)
                .and_then(|address| NonZeroU16::new(address.port())),
        }
    }

    /// What either of two offers holds; the newer word on the package counts. How calls reach an endpoint is agreed on
    /// when it registers, and stays.
    pub fn with(self, newer: Self) -> Self {
        Self {
            has_presence: self.has_presence || newer.has_presence,
            package: newer.package.or(self.package),
            has_tls: self.has_tls || newer.has_tls,
            has_traversal: self.has_traversal,
            tls_port: newer.tls_port.or(self.tls_port),
        }
    }

    /// The feature set that confirms it. Deployed endpoints stop presence for good when a GCF or an RCF, be it that
    /// of a keep-alive, comes without it (Q5). `takes_tls` says whether we take call signalling over TLS.
    pub fn feature_set(self, takes_tls: bool) -> Option<FeatureSet> {
        let presence = self.has_presence.then(|| Feature::Presence.advertised());
        let announcement = Announcement { version: VERSION, capabilities: CAPABILITIES };
        let package = self.package.map(|_| announcement.write());
        let secured = (self.has_tls && takes_tls).then(|| Feature::SignallingSecurity.advertised());
        let traversal = self.has_traversal.then(|| Feature::SignallingTraversal.advertised());
        let supported: Vec<_> = presence.into_iter().chain(package).chain(secured).chain(traversal).collect();
        (!supported.is_empty())
            .then(|| FeatureSet { supported_features: Some(supported), ..FeatureSet::default() })
    }
}

impl Gatekeeper {
    /// A keep-alive registration offers something; what was offered before stays.
    pub(in crate::gatekeeper) fn offered(&mut self, number: u64, offer: Offer) {
        let known = self.registrations.get(number).map(|registration| registration.offer);
        if known.is_none_or(|known| known.with(offer) == known) {
            // A keep-alive nearly always says nothing new, and they are most of all there is.
            return;
        }
        self.relearn(number, |registration| {
            let merged = registration.offer.with(offer);
            // One that takes part from now on is to be told everything.
            registration.claimed &= merged.has_presence == registration.offer.has_presence;
            registration.offer = merged;
        });
    }

    /// Changes what is known of an endpoint, and claims again what follows from it.
    pub(in crate::gatekeeper) fn relearn(&mut self, number: u64, change: impl FnOnce(&mut Registration)) {
        let Some(old) = self.registrations.get(number).cloned() else { return };
        let Some(registration) = self.registrations.get_mut(number) else { return };
        change(registration);
        let (offer, messaging) = (registration.offer, registration.messaging);
        if (offer, messaging) == (old.offer, old.messaging) {
            return;
        }
        self.changed.registrations.insert(number);
        let Some(registration) = self.registrations.get(number) else { return };
        if offer.has_presence != old.offer.has_presence
            || self.may_message(registration) != self.may_message(&old)
        {
            self.claim(number, None);
        }
    }
}
