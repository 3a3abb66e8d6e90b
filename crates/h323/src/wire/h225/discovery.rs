//! Gatekeeper discovery: GRQ, GCF, GRJ (H.225.0 clause 7.8).

use super::*;
use crate::wire::h235;
use codec::per::{Null, ObjectIdentifier};
use codec::{choice, sequence};

sequence! {
    /// `GatekeeperRequest`.
    GatekeeperRequest {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "rasAddress" ras_address: TransportAddress,
        required "endpointType" endpoint_type: EndpointType,
        optional "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        optional "callServices" call_services: QseriesOptions,
        optional "endpointAlias" endpoint_alias: Vec<AliasAddress>,
    } ... {
        "alternateEndpoints" alternate_endpoints: Vec<Endpoint>,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "authenticationCapability" authentication_capability: Vec<h235::AuthenticationMechanism>,
        "algorithmOIDs" algorithm_oids: Vec<ObjectIdentifier>,
        "integrity" integrity: Vec<IntegrityMechanism>,
        "integrityCheckValue" integrity_check_value: Icv,
        "supportsAltGK" supports_alt_gk: Null,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "supportsAssignedGK" supports_assigned_gk: bool,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
    }

    /// `GatekeeperConfirm`.
    GatekeeperConfirm {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        required "rasAddress" ras_address: TransportAddress,
    } ... {
        "alternateGatekeeper" alternate_gatekeeper: Vec<AlternateGk>,
        "authenticationMode" authentication_mode: h235::AuthenticationMechanism,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "algorithmOID" algorithm_oid: ObjectIdentifier,
        "integrity" integrity: Vec<IntegrityMechanism>,
        "integrityCheckValue" integrity_check_value: Icv,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
        "rehomingModel" rehoming_model: RehomingModel,
    }

    /// `GatekeeperReject`.
    GatekeeperReject {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        required "rejectReason" reject_reason: GatekeeperRejectReason,
    } ... {
        "altGKInfo" alt_gk_info: AltGkInfo,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
    }
}

choice! {
    /// `RehomingModel`.
    RehomingModel {
        "gatekeeperBased" GatekeeperBased,
        "endpointBased" EndpointBased,
    }

    /// `GatekeeperRejectReason`.
    GatekeeperRejectReason {
        "resourceUnavailable" ResourceUnavailable,
        "terminalExcluded" TerminalExcluded,
        "invalidRevision" InvalidRevision,
        "undefinedReason" UndefinedReason,
    } ... {
        "securityDenial" SecurityDenial,
        "genericDataReason" GenericDataReason,
        "neededFeatureNotSupported" NeededFeatureNotSupported,
        "securityError" SecurityError(SecurityErrors),
    }
}
