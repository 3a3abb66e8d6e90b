//! Registration: RRQ, RCF, RRJ (H.225.0 clause 7.9).

use super::*;
use crate::wire::h235;
use codec::per::{Ia5String, Integer, Null};
use codec::{choice, sequence};

sequence! {
    /// `RegistrationRequest`.
    RegistrationRequest {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "discoveryComplete" discovery_complete: bool,
        required "callSignalAddress" call_signal_address: Vec<TransportAddress>,
        required "rasAddress" ras_address: Vec<TransportAddress>,
        required "terminalType" terminal_type: EndpointType,
        optional "terminalAlias" terminal_alias: Vec<AliasAddress>,
        optional "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        required "endpointVendor" endpoint_vendor: VendorIdentifier,
    } ... {
        "alternateEndpoints" alternate_endpoints: Vec<Endpoint>,
        "timeToLive" time_to_live: TimeToLive,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "keepAlive" keep_alive: bool,
        "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        "willSupplyUUIEs" will_supply_uuies: bool,
        "maintainConnection" maintain_connection: bool,
        "alternateTransportAddresses" alternate_transport_addresses: AlternateTransportAddresses,
        "additiveRegistration" additive_registration: Null,
        "terminalAliasPattern" terminal_alias_pattern: Vec<AddressPattern>,
        "supportsAltGK" supports_alt_gk: Null,
        "usageReportingCapability" usage_reporting_capability: RasUsageInfoTypes,
        "multipleCalls" multiple_calls: bool,
        "supportedH248Packages" supported_h248_packages: Vec<H248PackagesDescriptor>,
        "callCreditCapability" call_credit_capability: CallCreditCapability,
        "capacityReportingCapability" capacity_reporting_capability: CapacityReportingCapability,
        "capacity" capacity: CallCapacity,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "restart" restart: Null,
        "supportsACFSequences" supports_acf_sequences: Null,
        "supportsAssignedGK" supports_assigned_gk: bool,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
        "transportQOS" transport_qos: TransportQos,
        "language" language: Vec<Ia5String<1, 32>>,
    }

    /// `RegistrationConfirm`.
    RegistrationConfirm {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "callSignalAddress" call_signal_address: Vec<TransportAddress>,
        optional "terminalAlias" terminal_alias: Vec<AliasAddress>,
        optional "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        required "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
    } ... {
        "alternateGatekeeper" alternate_gatekeeper: Vec<AlternateGk>,
        "timeToLive" time_to_live: TimeToLive,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "willRespondToIRR" will_respond_to_irr: bool,
        "preGrantedARQ" pre_granted_arq: PreGrantedArq,
        "maintainConnection" maintain_connection: bool,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "supportsAdditiveRegistration" supports_additive_registration: Null,
        "terminalAliasPattern" terminal_alias_pattern: Vec<AddressPattern>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
        "usageSpec" usage_spec: Vec<RasUsageSpecification>,
        "featureServerAlias" feature_server_alias: AliasAddress,
        "capacityReportingSpec" capacity_reporting_spec: CapacityReportingSpecification,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
        "rehomingModel" rehoming_model: RehomingModel,
        "transportQOS" transport_qos: TransportQos,
    }

    /// `RegistrationConfirm.preGrantedARQ`.
    PreGrantedArq {
        required "makeCall" make_call: bool,
        required "useGKCallSignalAddressToMakeCall" use_gk_call_signal_address_to_make_call: bool,
        required "answerCall" answer_call: bool,
        required "useGKCallSignalAddressToAnswer" use_gk_call_signal_address_to_answer: bool,
    } ... {
        "irrFrequencyInCall" irr_frequency_in_call: Integer<1, 65535>,
        "totalBandwidthRestriction" total_bandwidth_restriction: BandWidth,
        "alternateTransportAddresses" alternate_transport_addresses: AlternateTransportAddresses,
        "useSpecifiedTransport" use_specified_transport: UseSpecifiedTransport,
    }

    /// `RegistrationReject`.
    RegistrationReject {
        required "requestSeqNum" request_seq_num: RequestSeqNum,
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "rejectReason" reject_reason: RegistrationRejectReason,
        optional "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
    } ... {
        "altGKInfo" alt_gk_info: AltGkInfo,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "integrityCheckValue" integrity_check_value: Icv,
        "featureSet" feature_set: FeatureSet,
        "genericData" generic_data: Vec<GenericData>,
        "assignedGatekeeper" assigned_gatekeeper: AlternateGk,
    }

    /// `RegistrationRejectReason.invalidTerminalAliases`.
    InvalidTerminalAliases {
        optional "terminalAlias" terminal_alias: Vec<AliasAddress>,
        optional "terminalAliasPattern" terminal_alias_pattern: Vec<AddressPattern>,
        optional "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    } ... {}
}

choice! {
    /// `RegistrationRejectReason`.
    RegistrationRejectReason {
        "discoveryRequired" DiscoveryRequired,
        "invalidRevision" InvalidRevision,
        "invalidCallSignalAddress" InvalidCallSignalAddress,
        "invalidRASAddress" InvalidRasAddress,
        "duplicateAlias" DuplicateAlias(Vec<AliasAddress>),
        "invalidTerminalType" InvalidTerminalType,
        "undefinedReason" UndefinedReason,
        "transportNotSupported" TransportNotSupported,
    } ... {
        "transportQOSNotSupported" TransportQosNotSupported,
        "resourceUnavailable" ResourceUnavailable,
        "invalidAlias" InvalidAlias,
        "securityDenial" SecurityDenial,
        "fullRegistrationRequired" FullRegistrationRequired,
        "additiveRegistrationNotSupported" AdditiveRegistrationNotSupported,
        "invalidTerminalAliases" InvalidTerminalAliases(InvalidTerminalAliases),
        "genericDataReason" GenericDataReason,
        "neededFeatureNotSupported" NeededFeatureNotSupported,
        "securityError" SecurityError(SecurityErrors),
        "registerWithAssignedGK" RegisterWithAssignedGk,
    }
}
