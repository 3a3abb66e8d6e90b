//! Release Complete (H.225.0 clause 7.3.9).

use super::*;
use crate::wire::h235;
use codec::{choice, sequence};

sequence! {
    /// `ReleaseComplete-UUIE`.
    ReleaseCompleteUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "reason" reason: ReleaseCompleteReason,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "busyAddress" busy_address: Vec<AliasAddress>,
        "presentationIndicator" presentation_indicator: PresentationIndicator,
        "screeningIndicator" screening_indicator: ScreeningIndicator,
        "capacity" capacity: CallCapacity,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "featureSet" feature_set: FeatureSet,
        "destinationInfo" destination_info: EndpointType,
        "displayName" display_name: Vec<DisplayName>,
    }
}

choice! {
    /// `ReleaseCompleteReason`.
    ReleaseCompleteReason {
        "noBandwidth" NoBandwidth,
        "gatekeeperResources" GatekeeperResources,
        "unreachableDestination" UnreachableDestination,
        "destinationRejection" DestinationRejection,
        "invalidRevision" InvalidRevision,
        "noPermission" NoPermission,
        "unreachableGatekeeper" UnreachableGatekeeper,
        "gatewayResources" GatewayResources,
        "badFormatAddress" BadFormatAddress,
        "adaptiveBusy" AdaptiveBusy,
        "inConf" InConf,
        "undefinedReason" UndefinedReason,
    } ... {
        "facilityCallDeflection" FacilityCallDeflection,
        "securityDenied" SecurityDenied,
        "calledPartyNotRegistered" CalledPartyNotRegistered,
        "callerNotRegistered" CallerNotRegistered,
        "newConnectionNeeded" NewConnectionNeeded,
        "nonStandardReason" NonStandardReason(NonStandardParameter),
        "replaceWithConferenceInvite" ReplaceWithConferenceInvite(ConferenceIdentifier),
        "genericDataReason" GenericDataReason,
        "neededFeatureNotSupported" NeededFeatureNotSupported,
        "tunnelledSignallingRejected" TunnelledSignallingRejected,
        "invalidCID" InvalidCid,
        "securityError" SecurityError(SecurityErrors),
        "hopCountExceeded" HopCountExceeded,
    }
}
