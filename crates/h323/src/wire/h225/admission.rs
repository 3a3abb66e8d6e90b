//! Admission: ARQ, ACF, ARJ (H.225.0 clause 7.11).

use super::*;
use crate::wire::h235;
use codec::per::{Ia5String, Integer};
use codec::{choice, sequence};

sequence! {
    /// `AdmissionRequest`.
    AdmissionRequest {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "callType" call_type: CallType,
        optional "callModel" call_model: CallModel,
        required "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        optional "destinationInfo" destination_info: Vec<AliasAddress>,
        optional "destCallSignalAddress" dest_call_signal_address: TransportAddress,
        optional "destExtraCallInfo" dest_extra_call_info: Vec<AliasAddress>,
        required "srcInfo" src_info: Vec<AliasAddress>,
        optional "srcCallSignalAddress" src_call_signal_address: TransportAddress,
        required "bandWidth" band_width: BandWidth,
        required "callReferenceValue" call_reference_value: CallReferenceValue,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "callServices" call_services: QseriesOptions,
        required "conferenceID" conference_id: ConferenceIdentifier,
        required "activeMC" active_mc: bool,
        required "answerCall" answer_call: bool,
    } ... {
        "canMapAlias" can_map_alias: bool,
        "callIdentifier" call_identifier: CallIdentifier,
        "srcAlternatives" src_alternatives: Vec<Endpoint>,
        "destAlternatives" dest_alternatives: Vec<Endpoint>,
        "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "transportQOS" transport_qos: TransportQos,
        "willSupplyUUIEs" will_supply_uuies: bool,
        "callLinkage" call_linkage: CallLinkage,
        "gatewayDataRate" gateway_data_rate: DataRate,
        "capacity" capacity: CallCapacity,
        "circuitInfo" circuit_info: CircuitInfo,
        "desiredProtocols" desired_protocols: Vec<SupportedProtocols>,
        "desiredTunnelledProtocol" desired_tunnelled_protocol: TunnelledProtocol,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "canMapSrcAlias" can_map_src_alias: bool,
    }

    /// `AdmissionConfirm`.
    AdmissionConfirm {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "bandWidth" band_width: BandWidth,
        required "callModel" call_model: CallModel,
        required "destCallSignalAddress" dest_call_signal_address: TransportAddress,
        optional "irrFrequency" irr_frequency: Integer<1, 65535>,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "destinationInfo" destination_info: Vec<AliasAddress>,
        "destExtraCallInfo" dest_extra_call_info: Vec<AliasAddress>,
        "destinationType" destination_type: EndpointType,
        "remoteExtensionAddress" remote_extension_address: Vec<AliasAddress>,
        "alternateEndpoints" alternate_endpoints: Vec<Endpoint>,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "transportQOS" transport_qos: TransportQos,
        "willRespondToIRR" will_respond_to_irr: bool,
        "uuiesRequested" uuies_requested: UuiesRequested,
        "language" language: Vec<Ia5String<1, 32>>,
        "alternateTransportAddresses" alternate_transport_addresses: AlternateTransportAddresses,
        "useSpecifiedTransport" use_specified_transport: UseSpecifiedTransport,
        "circuitInfo" circuit_info: CircuitInfo,
        "usageSpec" usage_spec: Vec<RasUsageSpecification>,
        "supportedProtocols" supported_protocols: Vec<SupportedProtocols>,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "multipleCalls" multiple_calls: bool,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "modifiedSrcInfo" modified_src_info: Vec<AliasAddress>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
    }

    /// `UUIEsRequested`.
    UuiesRequested {
        required "setup" setup: bool,
        required "callProceeding" call_proceeding: bool,
        required "connect" connect: bool,
        required "alerting" alerting: bool,
        required "information" information: bool,
        required "releaseComplete" release_complete: bool,
        required "facility" facility: bool,
        required "progress" progress: bool,
        required "empty" empty: bool,
    } ... {
        "status" status: bool,
        "statusInquiry" status_inquiry: bool,
        "setupAcknowledge" setup_acknowledge: bool,
        "notify" notify: bool,
    }

    /// `AdmissionReject`.
    AdmissionReject {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "rejectReason" reject_reason: AdmissionRejectReason,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "altGKInfo" alt_gk_info: AltGkInfo,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "callSignalAddress" call_signal_address: Vec<TransportAddress>,
        "integrityCheckValue" integrity_check_value: Icv,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
    }
}

choice! {
    /// `CallType`.
    CallType {
        "pointToPoint" PointToPoint,
        "oneToN" OneToN,
        "nToOne" NToOne,
        "nToN" NToN,
    } ... {}

    /// `CallModel`.
    CallModel {
        "direct" Direct,
        "gatekeeperRouted" GatekeeperRouted,
    } ... {}

    /// `AdmissionRejectReason`.
    AdmissionRejectReason {
        "calledPartyNotRegistered" CalledPartyNotRegistered,
        "invalidPermission" InvalidPermission,
        "requestDenied" RequestDenied,
        "undefinedReason" UndefinedReason,
        "callerNotRegistered" CallerNotRegistered,
        "routeCallToGatekeeper" RouteCallToGatekeeper,
        "invalidEndpointIdentifier" InvalidEndpointIdentifier,
        "resourceUnavailable" ResourceUnavailable,
    } ... {
        "securityDenial" SecurityDenial,
        "qosControlNotSupported" QosControlNotSupported,
        "incompleteAddress" IncompleteAddress,
        "aliasesInconsistent" AliasesInconsistent,
        "routeCallToSCN" RouteCallToScn(Vec<PartyNumber>),
        "exceedsCallCapacity" ExceedsCallCapacity,
        "collectDestination" CollectDestination,
        "collectPIN" CollectPin,
        "genericDataReason" GenericDataReason,
        "neededFeatureNotSupported" NeededFeatureNotSupported,
        "securityError" SecurityError(SecurityErrors2),
        "securityDHmismatch" SecurityDHmismatch,
        "noRouteToDestination" NoRouteToDestination,
        "unallocatedNumber" UnallocatedNumber,
        "registerWithAssignedGK" RegisterWithAssignedGk,
    }
}
