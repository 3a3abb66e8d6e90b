//! Facility (H.225.0 clause 7.4).

use super::*;
use crate::wire::h235;
use codec::per::{Null, OctetString};
use codec::{choice, sequence};

sequence! {
    /// `Facility-UUIE`.
    FacilityUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "alternativeAddress" alternative_address: TransportAddress,
        optional "alternativeAliasAddress" alternative_alias_address: Vec<AliasAddress>,
        optional "conferenceID" conference_id: ConferenceIdentifier,
        required "reason" reason: FacilityReason,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "destExtraCallInfo" dest_extra_call_info: Vec<AliasAddress>,
        "remoteExtensionAddress" remote_extension_address: AliasAddress,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "conferences" conferences: Vec<ConferenceList>,
        "h245Address" h245_address: TransportAddress,
        "fastStart" fast_start: Vec<OctetString>,
        "multipleCalls" multiple_calls: bool,
        "maintainConnection" maintain_connection: bool,
        "fastConnectRefused" fast_connect_refused: Null,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "circuitInfo" circuit_info: CircuitInfo,
        "featureSet" feature_set: FeatureSet,
        "destinationInfo" destination_info: EndpointType,
        "h245SecurityMode" h245_security_mode: H245Security,
    }

    /// `ConferenceList`.
    ConferenceList {
        optional "conferenceID" conference_id: ConferenceIdentifier,
        optional "conferenceAlias" conference_alias: AliasAddress,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {}
}

choice! {
    /// `FacilityReason`.
    FacilityReason {
        "routeCallToGatekeeper" RouteCallToGatekeeper,
        "callForwarded" CallForwarded,
        "routeCallToMC" RouteCallToMc,
        "undefinedReason" UndefinedReason,
    } ... {
        "conferenceListChoice" ConferenceListChoice,
        "startH245" StartH245,
        "noH245" NoH245,
        "newTokens" NewTokens,
        "featureSetUpdate" FeatureSetUpdate,
        "forwardedElements" ForwardedElements,
        "transportedInformation" TransportedInformation,
    }
}
