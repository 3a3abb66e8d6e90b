//! Service control: SCI, SCR (H.225.0 clause 7.20).

use super::*;
use crate::wire::h235;
use codec::{choice, sequence};

sequence! {
    /// `ServiceControlIndication`.
    ServiceControlIndication {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "serviceControl" service_control: Vec<ServiceControlSession>,
        optional "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        optional "callSpecific" call_specific: CallSpecific,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "integrityCheckValue" integrity_check_value: Icv,
        optional "featureSet" feature_set: FeatureSet,
        optional "genericData" generic_data: Vec<GenericData>,
    } ... {}

    /// `ServiceControlIndication.callSpecific`.
    CallSpecific {
        required "callIdentifier" call_identifier: CallIdentifier,
        required "conferenceID" conference_id: ConferenceIdentifier,
        required "answeredCall" answered_call: bool,
    } ... {}

    /// `ServiceControlResponse`.
    ServiceControlResponse {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        optional "result" result: ServiceControlResult,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "integrityCheckValue" integrity_check_value: Icv,
        optional "featureSet" feature_set: FeatureSet,
        optional "genericData" generic_data: Vec<GenericData>,
    } ... {}
}

choice! {
    /// `ServiceControlResponse.result`.
    ServiceControlResult {
        "started" Started,
        "failed" Failed,
        "stopped" Stopped,
        "notAvailable" NotAvailable,
        "neededFeatureNotSupported" NeededFeatureNotSupported,
    } ... {}
}
