//! What the endpoint says about itself on the wire.

use crate::wire::feature::Feature;
use crate::wire::h225::{
    Content, EndpointType, EnumeratedParameter, FeatureDescriptor, FeatureSet, ProtocolIdentifier,
    TerminalInfo, VendorIdentifier,
};
use codec::per::{BoundedList, Integer, OctetString};

/// H.225.0 version 7: 0.0.8.2250.0.7.
pub(super) const PROTOCOL: ProtocolIdentifier =
    ProtocolIdentifier::from_static(&[0x00, 0x08, 0x91, 0x4a, 0x00, 0x07]);

/// The version of Herald's package that this endpoint speaks.
const PACKAGE_VERSION: u32 = 1;

/// The capabilities of Herald's package that this endpoint has, by the bits of its specification.
const PACKAGE_CAPABILITIES: u32 = 0;

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

/// The features offered to a gatekeeper.
pub(super) fn registration_features() -> FeatureSet {
    supporting(vec![Feature::Presence.advertised(), package()])
}

/// The features offered to the other side of a call, as Setup carries them.
pub(super) fn call_features() -> Vec<FeatureDescriptor> {
    vec![Feature::Messaging.advertised(), package()]
}

/// A feature set with these supported features.
pub(super) fn supporting(features: Vec<FeatureDescriptor>) -> FeatureSet {
    FeatureSet { supported_features: Some(features), ..FeatureSet::default() }
}

/// The announcement of Herald's package.
fn package() -> FeatureDescriptor {
    let number = |number| Feature::Herald.parameter(number);
    let version = EnumeratedParameter::new(number(1), Content::Number8(Integer::clamped(PACKAGE_VERSION)));
    let capabilities =
        EnumeratedParameter::new(number(2), Content::Number16(Integer::clamped(PACKAGE_CAPABILITIES)));
    FeatureDescriptor {
        parameters: Some(BoundedList(vec![version, capabilities])),
        ..Feature::Herald.advertised()
    }
}
