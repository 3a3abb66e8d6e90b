//! Location: LRQ, LCF, LRJ (H.225.0 clause 7.13).

use super::*;
use crate::wire::h235;
use codec::per::{Ia5String, Integer};
use codec::{choice, sequence};

sequence! {
    /// `LocationRequest`.
    LocationRequest {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        optional "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        required "destinationInfo" destination_info: Vec<AliasAddress>,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "replyAddress" reply_address: TransportAddress,
    } ... {
        "sourceInfo" source_info: Vec<AliasAddress>,
        "canMapAlias" can_map_alias: bool,
        "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "desiredProtocols" desired_protocols: Vec<SupportedProtocols>,
        "desiredTunnelledProtocol" desired_tunnelled_protocol: TunnelledProtocol,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "hopCount" hop_count: Integer<1, 255>,
        "circuitInfo" circuit_info: CircuitInfo,
        "callIdentifier" call_identifier: CallIdentifier,
        "bandWidth" band_width: BandWidth,
        "sourceEndpointInfo" source_endpoint_info: Vec<AliasAddress>,
        "canMapSrcAlias" can_map_src_alias: bool,
        "language" language: Vec<Ia5String<1, 32>>,
    }

    /// `LocationConfirm`.
    LocationConfirm {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "callSignalAddress" call_signal_address: TransportAddress,
        required "rasAddress" ras_address: TransportAddress,
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
        "alternateTransportAddresses" alternate_transport_addresses: AlternateTransportAddresses,
        "supportedProtocols" supported_protocols: Vec<SupportedProtocols>,
        "multipleCalls" multiple_calls: bool,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "circuitInfo" circuit_info: CircuitInfo,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "modifiedSrcInfo" modified_src_info: Vec<AliasAddress>,
        "bandWidth" band_width: BandWidth,
    }

    /// `LocationReject`.
    LocationReject {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "rejectReason" reject_reason: LocationRejectReason,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "altGKInfo" alt_gk_info: AltGkInfo,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "serviceControl" service_control: Vec<ServiceControlSession>,
    }
}

choice! {
    /// `LocationRejectReason`.
    LocationRejectReason {
        "notRegistered" NotRegistered,
        "invalidPermission" InvalidPermission,
        "requestDenied" RequestDenied,
        "undefinedReason" UndefinedReason,
    } ... {
        "securityDenial" SecurityDenial,
        "aliasesInconsistent" AliasesInconsistent,
        "routeCalltoSCN" RouteCalltoScn(Vec<PartyNumber>),
        "resourceUnavailable" ResourceUnavailable,
        "genericDataReason" GenericDataReason,
        "neededFeatureNotSupported" NeededFeatureNotSupported,
        "hopCountExceeded" HopCountExceeded,
        "incompleteAddress" IncompleteAddress,
        "securityError" SecurityError(SecurityErrors2),
        "securityDHmismatch" SecurityDHmismatch,
        "noRouteToDestination" NoRouteToDestination,
        "unallocatedNumber" UnallocatedNumber,
    }
}
