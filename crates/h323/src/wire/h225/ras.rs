//! The RAS message and what all of them use (H.225.0 clause 7.7, Annex H).

use super::*;
use crate::wire::h235;
use codec::per::{BmpString, FixedOctets, Integer, ObjectIdentifier, OctetString};
use codec::{choice, sequence};

/// `RequestSeqNum`.
pub type RequestSeqNum = Integer<1, 65535>;

/// `ProtocolIdentifier`.
pub type ProtocolIdentifier = ObjectIdentifier;

/// `GatekeeperIdentifier`.
pub type GatekeeperIdentifier = BmpString<1, 128>;

/// `GloballyUniqueID`.
pub type GloballyUniqueId = FixedOctets<16>;

/// `TimeToLive`.
pub type TimeToLive = Integer<1, 4294967295>;

/// `EndpointIdentifier`.
pub type EndpointIdentifier = BmpString<1, 128>;

/// `CallReferenceValue`.
pub type CallReferenceValue = Integer<0, 65535>;

/// `ConferenceIdentifier`.
pub type ConferenceIdentifier = FixedOctets<16>;

sequence! {
    /// `CallIdentifier`.
    CallIdentifier {
        required "guid" guid: GloballyUniqueId,
    } ... {}

    /// `CallLinkage`.
    CallLinkage {
        optional "globalCallId" global_call_id: GloballyUniqueId,
        optional "threadId" thread_id: GloballyUniqueId,
    } ... {}

    /// `NonStandardMessage`.
    NonStandardMessage {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
    }

    /// `UnknownMessageResponse`.
    UnknownMessageResponse {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
    } ... {
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "messageNotUnderstood" message_not_understood: OctetString,
    }
}

choice! {
    /// `RasMessage`.
    RasMessage {
        "gatekeeperRequest" GatekeeperRequest(Box<GatekeeperRequest>),
        "gatekeeperConfirm" GatekeeperConfirm(Box<GatekeeperConfirm>),
        "gatekeeperReject" GatekeeperReject(Box<GatekeeperReject>),
        "registrationRequest" RegistrationRequest(Box<RegistrationRequest>),
        "registrationConfirm" RegistrationConfirm(Box<RegistrationConfirm>),
        "registrationReject" RegistrationReject(Box<RegistrationReject>),
        "unregistrationRequest" UnregistrationRequest(Box<UnregistrationRequest>),
        "unregistrationConfirm" UnregistrationConfirm(Box<UnregistrationConfirm>),
        "unregistrationReject" UnregistrationReject(Box<UnregistrationReject>),
        "admissionRequest" AdmissionRequest(Box<AdmissionRequest>),
        "admissionConfirm" AdmissionConfirm(Box<AdmissionConfirm>),
        "admissionReject" AdmissionReject(Box<AdmissionReject>),
        "bandwidthRequest" BandwidthRequest(Box<BandwidthRequest>),
        "bandwidthConfirm" BandwidthConfirm(Box<BandwidthConfirm>),
        "bandwidthReject" BandwidthReject(Box<BandwidthReject>),
        "disengageRequest" DisengageRequest(Box<DisengageRequest>),
        "disengageConfirm" DisengageConfirm(Box<DisengageConfirm>),
        "disengageReject" DisengageReject(Box<DisengageReject>),
        "locationRequest" LocationRequest(Box<LocationRequest>),
        "locationConfirm" LocationConfirm(Box<LocationConfirm>),
        "locationReject" LocationReject(Box<LocationReject>),
        "infoRequest" InfoRequest(Box<InfoRequest>),
        "infoRequestResponse" InfoRequestResponse(Box<InfoRequestResponse>),
        "nonStandardMessage" NonStandardMessage(Box<NonStandardMessage>),
        "unknownMessageResponse" UnknownMessageResponse(Box<UnknownMessageResponse>),
    } ... {
        "requestInProgress" RequestInProgress(Box<RequestInProgress>),
        "resourcesAvailableIndicate" ResourcesAvailableIndicate(Box<ResourcesAvailableIndicate>),
        "resourcesAvailableConfirm" ResourcesAvailableConfirm(Box<ResourcesAvailableConfirm>),
        "infoRequestAck" InfoRequestAck(Box<InfoRequestAck>),
        "infoRequestNak" InfoRequestNak(Box<InfoRequestNak>),
        "serviceControlIndication" ServiceControlIndication(Box<ServiceControlIndication>),
        "serviceControlResponse" ServiceControlResponse(Box<ServiceControlResponse>),
        "admissionConfirmSequence" AdmissionConfirmSequence(Box<Vec<AdmissionConfirm>>),
    }
}
