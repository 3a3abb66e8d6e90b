//! Unregistration: URQ, UCF, URJ (H.225.0 clause 7.10).

use super::*;
use crate::wire::h235;
use codec::{choice, sequence};

sequence! {
    /// `UnregistrationRequest`.
    UnregistrationRequest {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "callSignalAddress" call_signal_address: Vec<TransportAddress>,
        optional "endpointAlias" endpoint_alias: Vec<AliasAddress>,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
    } ... {
        "alternateEndpoints" alternate_endpoints: Vec<Endpoint>,
        "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "reason" reason: UnregRequestReason,
        "endpointAliasPattern" endpoint_alias_pattern: Vec<AddressPattern>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
        "alternateGatekeeper" alternate_gatekeeper: Vec<AlternateGk>,
        "genericData" generic_data: Vec<GenericData>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
    }

    /// `UnregistrationConfirm`.
    UnregistrationConfirm {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "genericData" generic_data: Vec<GenericData>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
    }

    /// `UnregistrationReject`.
    UnregistrationReject {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "rejectReason" reject_reason: UnregRejectReason,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "altGKInfo" alt_gk_info: AltGkInfo,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "genericData" generic_data: Vec<GenericData>,
    }
}

choice! {
    /// `UnregRequestReason`.
    UnregRequestReason {
        "reregistrationRequired" ReregistrationRequired,
        "ttlExpired" TtlExpired,
        "securityDenial" SecurityDenial,
        "undefinedReason" UndefinedReason,
    } ... {
        "maintenance" Maintenance,
        "securityError" SecurityError(SecurityErrors2),
        "registerWithAssignedGK" RegisterWithAssignedGk,
    }

    /// `UnregRejectReason`.
    UnregRejectReason {
        "notCurrentlyRegistered" NotCurrentlyRegistered,
        "callInProgress" CallInProgress,
        "undefinedReason" UndefinedReason,
    } ... {
        "permissionDenied" PermissionDenied,
        "securityDenial" SecurityDenial,
        "securityError" SecurityError(SecurityErrors2),
    }
}
