//! The messages between Setup and release (H.225.0 clause 7.3).

use super::*;
use crate::wire::h235;
use codec::per::{Ia5String, Null, OctetString};
use codec::sequence;

sequence! {
    /// `CallProceeding-UUIE`.
    CallProceedingUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        required "destinationInfo" destination_info: EndpointType,
        optional "h245Address" h245_address: TransportAddress,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "h245SecurityMode" h245_security_mode: H245Security,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "fastStart" fast_start: Vec<OctetString>,
        "multipleCalls" multiple_calls: bool,
        "maintainConnection" maintain_connection: bool,
        "fastConnectRefused" fast_connect_refused: Null,
        "featureSet" feature_set: FeatureSet,
    }

    /// `Connect-UUIE`.
    ConnectUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "h245Address" h245_address: TransportAddress,
        required "destinationInfo" destination_info: EndpointType,
        required "conferenceID" conference_id: ConferenceIdentifier,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "h245SecurityMode" h245_security_mode: H245Security,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "fastStart" fast_start: Vec<OctetString>,
        "multipleCalls" multiple_calls: bool,
        "maintainConnection" maintain_connection: bool,
        "language" language: Vec<Ia5String<1, 32>>,
        "connectedAddress" connected_address: Vec<AliasAddress>,
        "presentationIndicator" presentation_indicator: PresentationIndicator,
        "screeningIndicator" screening_indicator: ScreeningIndicator,
        "fastConnectRefused" fast_connect_refused: Null,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "capacity" capacity: CallCapacity,
        "featureSet" feature_set: FeatureSet,
        "displayName" display_name: Vec<DisplayName>,
    }

    /// `Alerting-UUIE`.
    AlertingUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        required "destinationInfo" destination_info: EndpointType,
        optional "h245Address" h245_address: TransportAddress,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "h245SecurityMode" h245_security_mode: H245Security,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "fastStart" fast_start: Vec<OctetString>,
        "multipleCalls" multiple_calls: bool,
        "maintainConnection" maintain_connection: bool,
        "alertingAddress" alerting_address: Vec<AliasAddress>,
        "presentationIndicator" presentation_indicator: PresentationIndicator,
        "screeningIndicator" screening_indicator: ScreeningIndicator,
        "fastConnectRefused" fast_connect_refused: Null,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "capacity" capacity: CallCapacity,
        "featureSet" feature_set: FeatureSet,
        "displayName" display_name: Vec<DisplayName>,
    }

    /// `Information-UUIE`.
    InformationUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "fastStart" fast_start: Vec<OctetString>,
        "fastConnectRefused" fast_connect_refused: Null,
        "circuitInfo" circuit_info: CircuitInfo,
    }

    /// `Progress-UUIE`.
    ProgressUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        required "destinationInfo" destination_info: EndpointType,
        optional "h245Address" h245_address: TransportAddress,
        required "callIdentifier" call_identifier: CallIdentifier,
        optional "h245SecurityMode" h245_security_mode: H245Security,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "fastStart" fast_start: Vec<OctetString>,
    } ... {
        "multipleCalls" multiple_calls: bool,
        "maintainConnection" maintain_connection: bool,
        "fastConnectRefused" fast_connect_refused: Null,
    }

    /// `Status-UUIE`.
    StatusUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        required "callIdentifier" call_identifier: CallIdentifier,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
    } ... {}

    /// `StatusInquiry-UUIE`.
    StatusInquiryUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        required "callIdentifier" call_identifier: CallIdentifier,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
    } ... {}

    /// `SetupAcknowledge-UUIE`.
    SetupAcknowledgeUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        required "callIdentifier" call_identifier: CallIdentifier,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
    } ... {}

    /// `Notify-UUIE`.
    NotifyUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        required "callIdentifier" call_identifier: CallIdentifier,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
    } ... {
        "connectedAddress" connected_address: Vec<AliasAddress>,
        "presentationIndicator" presentation_indicator: PresentationIndicator,
        "screeningIndicator" screening_indicator: ScreeningIndicator,
        "destinationInfo" destination_info: EndpointType,
        "displayName" display_name: Vec<DisplayName>,
    }
}
