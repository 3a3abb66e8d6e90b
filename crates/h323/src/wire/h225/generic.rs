//! The generic extensibility framework (H.460.1, H.225.0 clause 7.6).

use super::*;
use codec::per::{
    BmpString, BoundedList, ExtensibleInteger, Ia5String, Integer, ObjectIdentifier, OctetString,
};
use codec::{choice, sequence};

/// `FeatureDescriptor`, which is `GenericData`.
pub type FeatureDescriptor = GenericData;

sequence! {
    /// `GenericData`.
    GenericData {
        required "id" id: GenericIdentifier,
        optional "parameters" parameters: BoundedList<EnumeratedParameter, 1, 512>,
    } ... {}

    /// `EnumeratedParameter`.
    EnumeratedParameter {
        required "id" id: GenericIdentifier,
        optional "content" content: Content,
    } ... {}

    /// `FeatureSet`.
    FeatureSet {
        required "replacementFeatureSet" replacement_feature_set: bool,
        optional "neededFeatures" needed_features: Vec<FeatureDescriptor>,
        optional "desiredFeatures" desired_features: Vec<FeatureDescriptor>,
        optional "supportedFeatures" supported_features: Vec<FeatureDescriptor>,
    } ... {}
}

choice! {
    /// `GenericIdentifier`.
    GenericIdentifier {
        "standard" Standard(ExtensibleInteger<0, 16383>),
        "oid" Oid(ObjectIdentifier),
        "nonStandard" NonStandard(GloballyUniqueId),
    } ... {}

    /// `Content`.
    Content {
        "raw" Raw(OctetString),
        "text" Text(Ia5String),
        "unicode" Unicode(BmpString),
        "bool" Bool(bool),
        "number8" Number8(Integer<0, 255>),
        "number16" Number16(Integer<0, 65535>),
        "number32" Number32(Integer<0, 4294967295>),
        "id" Id(GenericIdentifier),
        "alias" Alias(AliasAddress),
        "transport" Transport(TransportAddress),
        "compound" Compound(BoundedList<EnumeratedParameter, 1, 512>),
        "nested" Nested(BoundedList<GenericData, 1, 16>),
    } ... {}
}
