//! Disengage: DRQ, DCF, DRJ (H.225.0 clause 7.14).

use super::*;
use crate::wire::h235;
use codec::{choice, sequence};

sequence! {
    /// `DisengageRequest`.
    DisengageRequest {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        required "conferenceID" conference_id: ConferenceIdentifier,
        required "callReferenceValue" call_reference_value: CallReferenceValue,
        required "disengageReason" disengage_reason: DisengageReason,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "answeredCall" answered_call: bool,
        "callLinkage" call_linkage: CallLinkage,
        "capacity" capacity: CallCapacity,
        "circuitInfo" circuit_info: CircuitInfo,
        "usageInformation" usage_information: RasUsageInformation,
        "terminationCause" termination_cause: CallTerminationCause,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "genericData" generic_data: Vec<GenericData>,
    }

    /// `DisengageConfirm`.
    DisengageConfirm {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "capacity" capacity: CallCapacity,
        "circuitInfo" circuit_info: CircuitInfo,
        "usageInformation" usage_information: RasUsageInformation,
        "genericData" generic_data: Vec<GenericData>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
    }

    /// `DisengageReject`.
    DisengageReject {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "rejectReason" reject_reason: DisengageRejectReason,
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
    /// `DisengageReason`.
    DisengageReason {
        "forcedDrop" ForcedDrop,
        "normalDrop" NormalDrop,
        "undefinedReason" UndefinedReason,
    } ... {}

    /// `DisengageRejectReason`.
    DisengageRejectReason {
        "notRegistered" NotRegistered,
        "requestToDropOther" RequestToDropOther,
    } ... {
        "securityDenial" SecurityDenial,
        "securityError" SecurityError(SecurityErrors2),
    }
}
