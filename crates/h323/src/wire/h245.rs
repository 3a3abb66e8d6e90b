//! The few types of H.245 that H.225.0 uses.

use codec::per::{Integer, ObjectIdentifier, OctetString, UnboundedInteger};
use codec::{choice, sequence};

sequence! {
    /// `NonStandardParameter`.
    NonStandardParameter {
        required "nonStandardIdentifier" non_standard_identifier: NonStandardIdentifier,
        required "data" data: OctetString,
    }

    /// `NonStandardIdentifier.h221NonStandard`.
    H221NonStandard {
        required "t35CountryCode" t35_country_code: Integer<0, 255>,
        required "t35Extension" t35_extension: Integer<0, 255>,
        required "manufacturerCode" manufacturer_code: Integer<0, 65535>,
    }

    /// `V42bis`.
    V42bis {
        required "numberOfCodewords" number_of_codewords: Integer<1, 65536>,
        required "maximumStringLength" maximum_string_length: Integer<1, 256>,
    } ... {}

    /// `T38FaxProfile`.
    T38FaxProfile {
        required "fillBitRemoval" fill_bit_removal: bool,
        required "transcodingJBIG" transcoding_jbig: bool,
        required "transcodingMMR" transcoding_mmr: bool,
    } ... {
        "version" version: Integer<0, 255>,
        "t38FaxRateManagement" t38_fax_rate_management: T38FaxRateManagement,
        "t38FaxUdpOptions" t38_fax_udp_options: T38FaxUdpOptions,
        "t38FaxTcpOptions" t38_fax_tcp_options: T38FaxTcpOptions,
    }

    /// `T38FaxUdpOptions`.
    T38FaxUdpOptions {
        optional "t38FaxMaxBuffer" t38_fax_max_buffer: UnboundedInteger,
        optional "t38FaxMaxDatagram" t38_fax_max_datagram: UnboundedInteger,
        required "t38FaxUdpEC" t38_fax_udp_ec: T38FaxUdpErrorCorrection,
    }

    /// `T38FaxTcpOptions`.
    T38FaxTcpOptions {
        required "t38TCPBidirectionalMode" t38_tcp_bidirectional_mode: bool,
    } ... {}

    /// `QOSCapability`.
    QosCapability {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "rsvpParameters" rsvp_parameters: RsvpParameters,
        optional "atmParameters" atm_parameters: AtmParameters,
    } ... {
        "localQoS" local_qo_s: bool,
        "genericTransportParameters" generic_transport_parameters: GenericTransportParameters,
        "servicePriority" service_priority: ServicePriority,
        "authorizationParameter" authorization_parameter: AuthorizationParameters,
        "qosDescriptor" qos_descriptor: QosDescriptor,
        "dscpValue" dscp_value: Integer<0, 63>,
    }

    /// `RSVPParameters`.
    RsvpParameters {
        optional "qosMode" qos_mode: QosMode,
        optional "tokenRate" token_rate: Integer<1, 4294967295>,
        optional "bucketSize" bucket_size: Integer<1, 4294967295>,
        optional "peakRate" peak_rate: Integer<1, 4294967295>,
        optional "minPoliced" min_policed: Integer<1, 4294967295>,
        optional "maxPktSize" max_pkt_size: Integer<1, 4294967295>,
    } ... {}

    /// `ATMParameters`.
    AtmParameters {
        required "maxNTUSize" max_ntu_size: Integer<0, 65535>,
        required "atmUBR" atm_ubr: bool,
        required "atmrtVBR" atmrt_vbr: bool,
        required "atmnrtVBR" atmnrt_vbr: bool,
        required "atmABR" atm_abr: bool,
        required "atmCBR" atm_cbr: bool,
    } ... {}

    /// `GenericTransportParameters`.
    GenericTransportParameters {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        optional "averageRate" average_rate: Integer<1, 4294967295>,
        optional "burst" burst: Integer<1, 4294967295>,
        optional "peakRate" peak_rate: Integer<1, 4294967295>,
        optional "maxPktSize" max_pkt_size: Integer<1, 4294967295>,
    } ... {}

    /// `ServicePriority`.
    ServicePriority {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "servicePrioritySignalled" service_priority_signalled: bool,
        optional "servicePriorityValue" service_priority_value: ServicePriorityValue,
    } ... {
        "serviceClass" service_class: Integer<0, 4095>,
        "serviceSubclass" service_subclass: Integer<0, 255>,
    }

    /// `ServicePriorityValue`.
    ServicePriorityValue {
        optional "nonStandardParameter" non_standard_parameter: NonStandardParameter,
    } ... {
        "value" value: Integer<0, 255>,
    }

    /// `AuthorizationParameters`.
    AuthorizationParameters {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {}

    /// `QOSDescriptor`.
    QosDescriptor {
        optional "nonStandardData" non_standard_data: NonStandardParameter,
        required "qosType" qos_type: QosType,
        required "qosClass" qos_class: QosClass,
    } ... {}
}

choice! {
    /// `DataProtocolCapability`.
    DataProtocolCapability {
        "nonStandard" NonStandard(NonStandardParameter),
        "v14buffered" V14Buffered,
        "v42lapm" V42Lapm,
        "hdlcFrameTunnelling" HdlcFrameTunnelling,
        "h310SeparateVCStack" H310SeparateVcStack,
        "h310SingleVCStack" H310SingleVcStack,
        "transparent" Transparent,
    } ... {
        "segmentationAndReassembly" SegmentationAndReassembly,
        "hdlcFrameTunnelingwSAR" HdlcFrameTunnelingwSar,
        "v120" V120,
        "separateLANStack" SeparateLanStack,
        "v76wCompression" V76WCompression(V76Compression),
        "tcp" Tcp,
        "udp" Udp,
    }

    /// `NonStandardIdentifier`.
    NonStandardIdentifier {
        "object" Object(ObjectIdentifier),
        "h221NonStandard" H221NonStandard(H221NonStandard),
    }

    /// `DataProtocolCapability.v76wCompression`.
    V76Compression {
        "transmitCompression" TransmitCompression(CompressionType),
        "receiveCompression" ReceiveCompression(CompressionType),
        "transmitAndReceiveCompression" TransmitAndReceiveCompression(CompressionType),
    } ... {}

    /// `CompressionType`.
    CompressionType {
        "v42bis" V42Bis(V42bis),
    } ... {}

    /// `T38FaxRateManagement`.
    T38FaxRateManagement {
        "localTCF" LocalTcf,
        "transferredTCF" TransferredTcf,
    } ... {}

    /// `T38FaxUdpOptions.t38FaxUdpEC`.
    T38FaxUdpErrorCorrection {
        "t38UDPFEC" T38Udpfec,
        "t38UDPRedundancy" T38UdpRedundancy,
    } ... {}

    /// `QOSMode`.
    QosMode {
        "guaranteedQOS" GuaranteedQos,
        "controlledLoad" ControlledLoad,
    } ... {}

    /// `QOSType`.
    QosType {
        "desired" Desired,
        "required" Required,
    } ... {}

    /// `QOSClass`.
    QosClass {
        "class0" Class0,
        "class1" Class1,
        "class2" Class2,
        "class3" Class3,
        "class4" Class4,
        "class5" Class5,
    } ... {}
}
