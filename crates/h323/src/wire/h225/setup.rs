//! Setup (H.225.0 clause 7.3.10).

use super::*;
use crate::wire::h235;
use codec::per::{Ia5String, Integer, Null, OctetString};
use codec::{choice, sequence};

sequence! {
    /// `Setup-UUIE`.
    SetupUuie {
        required "protocolIdentifier" protocol_identifier: ProtocolIdentifier,
        optional "h245Address" h245_address: TransportAddress,
        optional "sourceAddress" source_address: Vec<AliasAddress>,
        required "sourceInfo" source_info: EndpointType,
        optional "destinationAddress" destination_address: Vec<AliasAddress>,
        optional "destCallSignalAddress" dest_call_signal_address: TransportAddress,
        optional "destExtraCallInfo" dest_extra_call_info: Vec<AliasAddress>,
        optional "destExtraCRV" dest_extra_crv: Vec<CallReferenceValue>,
        required "activeMC" active_mc: bool,
        required "conferenceID" conference_id: ConferenceIdentifier,
        required "conferenceGoal" conference_goal: ConferenceGoal,
        optional "callServices" call_services: QseriesOptions,
        required "callType" call_type: CallType,
    } ... {
        "sourceCallSignalAddress" source_call_signal_address: TransportAddress,
        "remoteExtensionAddress" remote_extension_address: AliasAddress,
        "callIdentifier" call_identifier: CallIdentifier,
        "h245SecurityCapability" h245_security_capability: Vec<H245Security>,
        "tokens" tokens: Vec<h235::ClearToken>,
        "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        "fastStart" fast_start: Vec<OctetString>,
        "mediaWaitForConnect" media_wait_for_connect: bool,
        "canOverlapSend" can_overlap_send: bool,
        "endpointIdentifier" endpoint_identifier: EndpointIdentifier,
        "multipleCalls" multiple_calls: bool,
        "maintainConnection" maintain_connection: bool,
        "connectionParameters" connection_parameters: ConnectionParameters,
        "language" language: Vec<Ia5String<1, 32>>,
        "presentationIndicator" presentation_indicator: PresentationIndicator,
        "screeningIndicator" screening_indicator: ScreeningIndicator,
        "serviceControl" service_control: Vec<ServiceControlSession>,
        "symmetricOperationRequired" symmetric_operation_required: Null,
        "capacity" capacity: CallCapacity,
        "circuitInfo" circuit_info: CircuitInfo,
        "desiredProtocols" desired_protocols: Vec<SupportedProtocols>,
        "neededFeatures" needed_features: Vec<FeatureDescriptor>,
        "desiredFeatures" desired_features: Vec<FeatureDescriptor>,
        "supportedFeatures" supported_features: Vec<FeatureDescriptor>,
        "parallelH245Control" parallel_h245_control: Vec<OctetString>,
        "additionalSourceAddresses" additional_source_addresses: Vec<ExtendedAliasAddress>,
        "hopCount" hop_count: Integer<1, 31>,
        "displayName" display_name: Vec<DisplayName>,
    }

    /// `Setup-UUIE.connectionParameters`.
    ConnectionParameters {
        required "connectionType" connection_type: ScnConnectionType,
        required "numberOfScnConnections" number_of_scn_connections: Integer<0, 65535>,
        required "connectionAggregation" connection_aggregation: ScnConnectionAggregation,
    } ... {}
}

choice! {
    /// `Setup-UUIE.conferenceGoal`.
    ConferenceGoal {
        "create" Create,
        "join" Join,
        "invite" Invite,
    } ... {
        "capability-negotiation" CapabilityNegotiation,
        "callIndependentSupplementaryService" CallIndependentSupplementaryService,
    }

    /// `ScnConnectionType`.
    ScnConnectionType {
        "unknown" Unknown,
        "bChannel" BChannel,
        "hybrid2x64" Hybrid2X64,
        "hybrid384" Hybrid384,
        "hybrid1536" Hybrid1536,
        "hybrid1920" Hybrid1920,
        "multirate" Multirate,
    } ... {}

    /// `ScnConnectionAggregation`.
    ScnConnectionAggregation {
        "auto" Auto,
        "none" None,
        "h221" H221,
        "bonded-mode1" BondedMode1,
        "bonded-mode2" BondedMode2,
        "bonded-mode3" BondedMode3,
    } ... {}
}
