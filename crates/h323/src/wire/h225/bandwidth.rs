//! Bandwidth: BRQ, BCF, BRJ (H.225.0 clause 7.12).

use super::*;
use crate::wire::h235;
use codec::{choice, sequence};

sequence! {
    /// `BandwidthRequest`.
    BandwidthRequest {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        required "conferenceID" conference_id: ConferenceIdentifier,
        required "callReferenceValue" call_reference_value: CallReferenceValue,
        optional "callType" call_type: CallType,
        required "bandWidth" band_width: BandWidth,
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
        "usageInformation" usage_information: RasUsageInformation,
        "bandwidthDetails" bandwidth_details: Vec<BandwidthDetails>,
        "genericData" generic_data: Vec<GenericData>,
        "transportQOS" transport_qos: TransportQos,
    }

    /// `BandwidthDetails`.
    BandwidthDetails {
        required "sender" sender: bool,
        required "multicast" multicast: bool,
        required "bandwidth" bandwidth: BandWidth,
        required "rtcpAddresses" rtcp_addresses: TransportChannelInfo,
    } ... {}

    /// `TransportChannelInfo`.
    TransportChannelInfo {
        optional "sendAddress" send_address: TransportAddress,
        optional "recvAddress" recv_address: TransportAddress,
    } ... {}

    /// `BandwidthConfirm`.
    BandwidthConfirm {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "bandWidth" band_width: BandWidth,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "capacity" capacity: CallCapacity,
        "genericData" generic_data: Vec<GenericData>,
        "transportQOS" transport_qos: TransportQos,
    }

    /// `BandwidthReject`.
    BandwidthReject {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "rejectReason" reject_reason: BandRejectReason,
        required "allowedBandWidth" allowed_band_width: BandWidth,
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
    /// `BandRejectReason`.
    BandRejectReason {
        "notBound" NotBound,
        "invalidConferenceID" InvalidConferenceId,
        "invalidPermission" InvalidPermission,
        "insufficientResources" InsufficientResources,
        "invalidRevision" InvalidRevision,
        "undefinedReason" UndefinedReason,
    } ... {
        "securityDenial" SecurityDenial,
        "securityError" SecurityError(SecurityErrors2),
    }
}
