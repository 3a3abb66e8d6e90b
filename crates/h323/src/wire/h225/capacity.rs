//! Capacities, circuits and quality of service (H.225.0 clause 7.6).

use super::*;
use crate::wire::h245;
use codec::per::{BoundedList, Ia5String, Integer, Null, OctetString};
use codec::{choice, sequence};

sequence! {
    /// `CircuitInfo`.
    CircuitInfo {
        optional "sourceCircuitID" source_circuit_id: CircuitIdentifier,
        optional "destinationCircuitID" destination_circuit_id: CircuitIdentifier,
        optional "genericData" generic_data: Vec<GenericData>,
    } ... {}

    /// `CircuitIdentifier`.
    CircuitIdentifier {
        optional "cic" cic: CicInfo,
        optional "group" group: GroupId,
    } ... {
        "carrier" carrier: CarrierInfo,
    }

    /// `CicInfo`.
    CicInfo {
        required "cic" cic: Vec<OctetString<2, 4>>,
        required "pointCode" point_code: OctetString<2, 5>,
    } ... {}

    /// `GroupID`.
    GroupId {
        optional "member" member: Vec<Integer<0, 65535>>,
        required "group" group: Ia5String<1, 128>,
    } ... {}

    /// `CarrierInfo`.
    CarrierInfo {
        optional "carrierIdentificationCode" carrier_identification_code: OctetString<3, 4>,
        optional "carrierName" carrier_name: Ia5String<1, 128>,
    } ... {}

    /// `CapacityReportingCapability`.
    CapacityReportingCapability {
        required "canReportCallCapacity" can_report_call_capacity: bool,
    } ... {}

    /// `CallCapacity`.
    CallCapacity {
        optional "maximumCallCapacity" maximum_call_capacity: CallCapacityInfo,
        optional "currentCallCapacity" current_call_capacity: CallCapacityInfo,
    } ... {}

    /// `CallCapacityInfo`.
    CallCapacityInfo {
        optional "voiceGwCallsAvailable" voice_gw_calls_available: Vec<CallsAvailable>,
        optional "h310GwCallsAvailable" h310_gw_calls_available: Vec<CallsAvailable>,
        optional "h320GwCallsAvailable" h320_gw_calls_available: Vec<CallsAvailable>,
        optional "h321GwCallsAvailable" h321_gw_calls_available: Vec<CallsAvailable>,
        optional "h322GwCallsAvailable" h322_gw_calls_available: Vec<CallsAvailable>,
        optional "h323GwCallsAvailable" h323_gw_calls_available: Vec<CallsAvailable>,
        optional "h324GwCallsAvailable" h324_gw_calls_available: Vec<CallsAvailable>,
        optional "t120OnlyGwCallsAvailable" t120_only_gw_calls_available: Vec<CallsAvailable>,
        optional "t38FaxAnnexbOnlyGwCallsAvailable" t38_fax_annexb_only_gw_calls_available: Vec<CallsAvailable>,
        optional "terminalCallsAvailable" terminal_calls_available: Vec<CallsAvailable>,
        optional "mcuCallsAvailable" mcu_calls_available: Vec<CallsAvailable>,
    } ... {
        "sipGwCallsAvailable" sip_gw_calls_available: Vec<CallsAvailable>,
    }

    /// `CallsAvailable`.
    CallsAvailable {
        required "calls" calls: Integer<0, 4294967295>,
        optional "group" group: Ia5String<1, 128>,
    } ... {
        "carrier" carrier: CarrierInfo,
    }

    /// `CapacityReportingSpecification`.
    CapacityReportingSpecification {
        required "when" when: CapacityReportTimes,
    } ... {}

    /// `CapacityReportingSpecification.when`.
    CapacityReportTimes {
        optional "callStart" call_start: Null,
        optional "callEnd" call_end: Null,
    } ... {}
}

choice! {
    /// `TransportQOS`.
    TransportQos {
        "endpointControlled" EndpointControlled,
        "gatekeeperControlled" GatekeeperControlled,
        "noControl" NoControl,
    } ... {
        "qOSCapabilities" QOsCapabilities(BoundedList<h245::QosCapability, 1, 256>),
    }
}
