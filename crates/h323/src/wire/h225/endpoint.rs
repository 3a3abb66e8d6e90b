//! What an endpoint is and can do (H.225.0 clause 7.6).

use super::*;
use crate::wire::{h235, h245};
use codec::per::{BitString, Ia5String, Integer, ObjectIdentifier, OctetString};
use codec::{choice, sequence};

/// `BandWidth`.
pub type BandWidth = Integer<0, 4294967295>;

sequence! {
    /// `NonStandardParameter`.
    NonStandardParameter {
        required "nonStandardIdentifier" non_standard_identifier: NonStandardIdentifier,
        required "data" data: OctetString,
    }

    /// `H221NonStandard`.
    H221NonStandard {
        required "t35CountryCode" t35_country_code: Integer<0, 255>,
        required "t35Extension" t35_extension: Integer<0, 255>,
        required "manufacturerCode" manufacturer_code: Integer<0, 65535>,
    } ... {}

    /// `EndpointType`.
    EndpointType {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "vendor" vendor: VendorIdentifier,
        optional "gatekeeper" gatekeeper: GatekeeperInfo,
        optional "gateway" gateway: GatewayInfo,
        optional "mcu" mcu: McuInfo,
        optional "terminal" terminal: TerminalInfo,
        required "mc" mc: bool,
        required "undefinedNode" undefined_node: bool,
    } ... {
        "set" set: BitString<32, 32>,
        "supportedTunnelledProtocols" supported_tunnelled_protocols: Vec<TunnelledProtocol>,
    }

    /// `VendorIdentifier`.
    VendorIdentifier {
        required "vendor" vendor: H221NonStandard,
        optional "productId" product_id: OctetString<1, 256>,
        optional "versionId" version_id: OctetString<1, 256>,
    } ... {
        "enterpriseNumber" enterprise_number: ObjectIdentifier,
    }

    /// `GatekeeperInfo`.
    GatekeeperInfo {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {}

    /// `GatewayInfo`.
    GatewayInfo {
        optional "protocol" protocol: Vec<SupportedProtocols>,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {}

    /// `H310Caps`.
    H310Caps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    }

    /// `DataRate`.
    DataRate {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "channelRate" channel_rate: BandWidth,
        optional "channelMultiplier" channel_multiplier: Integer<1, 256>,
    } ... {}

    /// `SupportedPrefix`.
    SupportedPrefix {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "prefix" prefix: AliasAddress,
    } ... {}

    /// `H320Caps`.
    H320Caps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    }

    /// `H321Caps`.
    H321Caps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    }

    /// `H322Caps`.
    H322Caps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    }

    /// `H323Caps`.
    H323Caps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    }

    /// `H324Caps`.
    H324Caps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    }

    /// `VoiceCaps`.
    VoiceCaps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    }

    /// `T120OnlyCaps`.
    T120OnlyCaps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    }

    /// `NonStandardProtocol`.
    NonStandardProtocol {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        required "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    } ... {}

    /// `T38FaxAnnexbOnlyCaps`.
    T38FaxAnnexbOnlyCaps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        required "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
        required "t38FaxProtocol" t38_fax_protocol: h245::DataProtocolCapability,
        required "t38FaxProfile" t38_fax_profile: h245::T38FaxProfile,
    } ... {}

    /// `SIPCaps`.
    SipCaps {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "dataRatesSupported" data_rates_supported: Vec<DataRate>,
        optional "supportedPrefixes" supported_prefixes: Vec<SupportedPrefix>,
    } ... {}

    /// `McuInfo`.
    McuInfo {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "protocol" protocol: Vec<SupportedProtocols>,
    }

    /// `TerminalInfo`.
    TerminalInfo {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {}

    /// `TunnelledProtocol`.
    TunnelledProtocol {
        required "id" id: TunnelledProtocolId,
        optional "subIdentifier" sub_identifier: Ia5String<1, 64>,
    } ... {}

    /// `TunnelledProtocolAlternateIdentifier`.
    TunnelledProtocolAlternateIdentifier {
        required "protocolType" protocol_type: Ia5String<1, 64>,
        optional "protocolVariant" protocol_variant: Ia5String<1, 64>,
    } ... {}

    /// `QseriesOptions`.
    QseriesOptions {
        required "q932Full" q932_full: bool,
        required "q951Full" q951_full: bool,
        required "q952Full" q952_full: bool,
        required "q953Full" q953_full: bool,
        required "q955Full" q955_full: bool,
        required "q956Full" q956_full: bool,
        required "q957Full" q957_full: bool,
        required "q954Info" q954_info: Q954Details,
    } ... {}

    /// `Q954Details`.
    Q954Details {
        required "conferenceCalling" conference_calling: bool,
        required "threePartyService" three_party_service: bool,
    } ... {}

    /// `Endpoint`.
    Endpoint {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "aliasAddress" alias_address: Vec<AliasAddress>,
        optional "callSignalAddress" call_signal_address: Vec<TransportAddress>,
        optional "rasAddress" ras_address: Vec<TransportAddress>,
        optional "endpointType" endpoint_type: EndpointType,
        optional "tokens" tokens: Vec<h235::ClearToken>,
        optional "cryptoTokens" crypto_tokens: Vec<CryptoH323Token>,
        optional "priority" priority: Integer<0, 127>,
        optional "remoteExtensionAddress" remote_extension_address: Vec<AliasAddress>,
        optional "destExtraCallInfo" dest_extra_call_info: Vec<AliasAddress>,
    } ... {
        "alternateTransportAddresses" alternate_transport_addresses: AlternateTransportAddresses,
        "circuitInfo" circuit_info: CircuitInfo,
        "featureSet" feature_set: FeatureSet,
    }

    /// `AlternateGK`.
    AlternateGk {
        required "rasAddress" ras_address: TransportAddress,
        optional "gatekeeperIdentifier" gatekeeper_identifier: GatekeeperIdentifier,
        required "needToRegister" need_to_register: bool,
        required "priority" priority: Integer<0, 127>,
    } ... {}

    /// `AltGKInfo`.
    AltGkInfo {
        required "alternateGatekeeper" alternate_gatekeeper: Vec<AlternateGk>,
        required "altGKisPermanent" alt_g_kis_permanent: bool,
    } ... {}
}

choice! {
    /// `NonStandardIdentifier`.
    NonStandardIdentifier {
        "object" Object(ObjectIdentifier),
        "h221NonStandard" H221NonStandard(H221NonStandard),
    } ... {}

    /// `SupportedProtocols`.
    SupportedProtocols {
        "nonStandardData" NonStandardData(NonStandardParameter),
        "h310" H310(H310Caps),
        "h320" H320(H320Caps),
        "h321" H321(H321Caps),
        "h322" H322(H322Caps),
        "h323" H323(H323Caps),
        "h324" H324(H324Caps),
        "voice" Voice(VoiceCaps),
        "t120-only" T120Only(T120OnlyCaps),
    } ... {
        "nonStandardProtocol" NonStandardProtocol(NonStandardProtocol),
        "t38FaxAnnexbOnly" T38FaxAnnexbOnly(T38FaxAnnexbOnlyCaps),
        "sip" Sip(SipCaps),
    }

    /// `TunnelledProtocol.id`.
    TunnelledProtocolId {
        "tunnelledProtocolObjectID" TunnelledProtocolObjectId(ObjectIdentifier),
        "tunnelledProtocolAlternateID" TunnelledProtocolAlternateId(TunnelledProtocolAlternateIdentifier),
    } ... {}
}
