//! What the endpoint says about itself on the wire.

use super::settings::Offers;
use crate::wire::feature::Feature;
use crate::wire::h225::{
    Content, EndpointType, EnumeratedParameter, FeatureDescriptor, FeatureSet, ProtocolIdentifier,
    TerminalInfo, VendorIdentifier,
};
use crate::wire::package::{Announcement, VERSION, capability};
use codec::per::{BoundedList, Integer, OctetString};

/// H.225.0 version 7: 0.0.8.2250.0.7.
pub(super) const PROTOCOL: ProtocolIdentifier =
    ProtocolIdentifier::from_static(&[0x00, 0x08, 0x91, 0x4a, 0x00, 0x07]);

/// The capabilities of Herald's package towards a gatekeeper.
const PACKAGE_CAPABILITIES: u16 = capability::RECEIPTS
    | capability::TYPING
    | capability::MESSAGES
    | capability::GROUPS
    | capability::CARBONS;

/// The capabilities of Herald's package in calls: its receipts and messages go over RAS.
const PACKAGE_CAPABILITIES_IN_CALLS: u16 = 0;

/// Who made the endpoint. No manufacturer code is assigned to Herald; the product says it.
pub(super) fn vendor() -> VendorIdentifier {
    VendorIdentifier {
        product_id: Some(OctetString(b"Herald endpoint".to_vec())),
        version_id: Some(OctetString(env!("CARGO_PKG_VERSION").as_bytes().to_vec())),
        ..VendorIdentifier::default()
    }
}

/// A terminal.
pub(super) fn endpoint_type() -> EndpointType {
    EndpointType {
        vendor: Some(vendor()),
        terminal: Some(TerminalInfo::default()),
        ..EndpointType::default()
    }
}

/// The features offered to a gatekeeper; `None` without any, since an empty list would still be one.
pub(super) fn registration_features(offers: Offers) -> Option<FeatureSet> {
    let presence = offers.presence.then(|| Feature::Presence.advertised());
    let package = offers.package.then(|| package(PACKAGE_CAPABILITIES));
    let features: Vec<_> = presence.into_iter().chain(package).collect();
    (!features.is_empty()).then(|| supporting(features))
}

/// The features offered to the other side of a call, as Setup carries them; `None` without any.
pub(super) fn call_features(offers: Offers, is_for_messages: bool) -> Option<Vec<FeatureDescriptor>> {
    let messaging = offers.messaging.then(|| messaging(is_for_messages));
    let package = offers.package.then(|| package(PACKAGE_CAPABILITIES_IN_CALLS));
    let features: Vec<_> = messaging.into_iter().chain(package).collect();
    (!features.is_empty()).then_some(features)
}

/// The announcement of messages; in a call that is for messages and nothing else it says so.
pub(super) fn messaging(is_for_messages: bool) -> FeatureDescriptor {
    let call_type = EnumeratedParameter::new(
        Feature::Messaging.parameter(MESSAGE_CALL_TYPE),
        Content::Number8(Integer::clamped(MESSAGE_CALL)),
    );
    FeatureDescriptor {
        parameters: is_for_messages.then(|| BoundedList(vec![call_type])),
        ..Feature::Messaging.advertised()
    }
}

/// The parameter of the IM feature that says what a call is for.
pub(super) const MESSAGE_CALL_TYPE: u8 = 1;

/// The type of a call that is for messages.
pub(super) const MESSAGE_CALL: u32 = 1;

/// A feature set with these supported features.
pub(super) fn supporting(features: Vec<FeatureDescriptor>) -> FeatureSet {
    FeatureSet { supported_features: Some(features), ..FeatureSet::default() }
}

/// The announcement of Herald's package.
fn package(capabilities: u16) -> FeatureDescriptor {
    Announcement { version: VERSION, capabilities }.write()
}
