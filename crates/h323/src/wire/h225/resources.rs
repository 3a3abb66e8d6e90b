//! Resource availability and progress: RAI, RAC, RIP (H.225.0 clauses 7.18 and 7.19).

use super::*;
use crate::wire::h235;
use codec::per::Integer;
use codec::sequence;

sequence! {
    /// `RequestInProgress`.
    RequestInProgress {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "integrityCheckValue" integrity_check_value: Icv,
        required "delay" delay: Integer<1, 65535>,
    } ... {}

    /// `ResourcesAvailableIndicate`.
    ResourcesAvailableIndicate {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        required "protocols" protocols: Vec<SupportedProtocols>,
        required "almostOutOfResources" almost_out_of_resources: bool,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "integrityCheckValue" integrity_check_value: Icv,
    } ... {
        "capacity" capacity: CallCapacity,
        "genericData" generic_data: Vec<GenericData>,
    }

    /// `ResourcesAvailableConfirm`.
    ResourcesAvailableConfirm {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "integrityCheckValue" integrity_check_value: Icv,
    } ... {
        "genericData" generic_data: Vec<GenericData>,
    }
}
