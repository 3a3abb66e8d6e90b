//! Status: IRQ, IRR, IACK, INAK (H.225.0 clause 7.15).

use super::*;
use crate::wire::h235;
use codec::per::{Ia5String, Integer, Null};
use codec::{choice, sequence};

sequence! {
    /// `InfoRequest`.
    InfoRequest {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "callReferenceValue" call_reference_value: CallReferenceValue,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "replyAddress" reply_address: TransportAddress,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "uuiesRequested" uuies_requested: UuiesRequested,
        "callLinkage" call_linkage: CallLinkage,
        "usageInfoRequested" usage_info_requested: RasUsageInfoTypes,
        "segmentedResponseSupported" segmented_response_supported: Null,
        "nextSegmentRequested" next_segment_requested: Integer<0, 65535>,
        "capacityInfoRequested" capacity_info_requested: Null,
        "genericData" generic_data: Vec<GenericData>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
    }

    /// `InfoRequestResponse`.
    InfoRequestResponse {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "endpointType" endpoint_type: EndpointType,
        required "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        required "rasAddress" ras_address: TransportAddress,
        required "callSignalAddress" call_signal_address: Vec<TransportAddress>,
        optional "endpointAlias" endpoint_alias: Vec<AliasAddress>,
        optional "perCallInfo" per_call_info: Vec<PerCallInfo>,
    } ... {
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "needResponse" need_response: bool,
        "capacity" capacity: CallCapacity,
        "irrStatus" irr_status: InfoRequestResponseStatus,
        "unsolicited" unsolicited: bool,
        "genericData" generic_data: Vec<GenericData>,
    }

    /// `InfoRequestResponse.perCallInfo`.
    PerCallInfo {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "callReferenceValue" call_reference_value: CallReferenceValue,
        required "conferenceID" conference_id: ConferenceIdentifier,
        optional "originator" originator: bool,
        optional "audio" audio: Vec<RtpSession>,
        optional "video" video: Vec<RtpSession>,
        optional "data" data: Vec<TransportChannelInfo>,
        required "h245" h245: TransportChannelInfo,
        required "callSignalling" call_signalling: TransportChannelInfo,
        required "callType" call_type: CallType,
        required "bandWidth" band_width: BandWidth,
        required "callModel" call_model: CallModel,
    } ... {
        "callIdentifier" call_identifier: CallIdentifier,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "substituteConfIDs" substitute_conf_ids: Vec<ConferenceIdentifier>,
        "pdu" pdu: Vec<ReportedPdu>,
        "callLinkage" call_linkage: CallLinkage,
        "usageInformation" usage_information: RasUsageInformation,
        "circuitInfo" circuit_info: CircuitInfo,
    }

    /// `RTPSession`.
    RtpSession {
        required "rtpAddress" rtp_address: TransportChannelInfo,
        required "rtcpAddress" rtcp_address: TransportChannelInfo,
        required "cname" cname: Ia5String,
        required "ssrc" ssrc: Integer<1, 4294967295>,
        required "sessionId" session_id: Integer<1, 255>,
        required "associatedSessionIds" associated_session_ids: Vec<Integer<1, 255>>,
    } ... {
        "multicast" multicast: Null,
        "bandwidth" bandwidth: BandWidth,
    }

    /// `InfoRequestResponse.perCallInfo.pdu`.
    ReportedPdu {
        required "h323pdu" h323pdu: H323UuPdu,
        required "sent" sent: bool,
    }

    /// `InfoRequestAck`.
    InfoRequestAck {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "integrityCheckValue" integrity_check_value: Icv,
    } ... {}

    /// `InfoRequestNak`.
    InfoRequestNak {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "nakReason" nak_reason: InfoRequestNakReason,
        optional "altGKInfo" alt_gk_info: AltGkInfo,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "integrityCheckValue" integrity_check_value: Icv,
    } ... {}
}

choice! {
    /// `InfoRequestResponseStatus`.
    InfoRequestResponseStatus {
        "complete" Complete,
        "incomplete" Incomplete,
        "segment" Segment(Integer<0, 65535>),
        "invalidCall" InvalidCall,
    } ... {}

    /// `InfoRequestNakReason`.
    InfoRequestNakReason {
        "notRegistered" NotRegistered,
        "securityDenial" SecurityDenial,
        "undefinedReason" UndefinedReason,
    } ... {
        "securityError" SecurityError(SecurityErrors2),
    }
}
