//! Usage reports and service control (H.225.0 clause 7.6).

use super::*;
use crate::wire::h235;
use codec::per::{BmpString, Ia5String, Integer, Null, OctetString};
use codec::{choice, sequence};

/// `H248PackagesDescriptor`.
pub type H248PackagesDescriptor = OctetString;

/// `H248SignalsDescriptor`.
pub type H248SignalsDescriptor = OctetString;

sequence! {
    /// `RasUsageInfoTypes`.
    RasUsageInfoTypes {
        required "nonStandardUsageTypes" non_standard_usage_types: Vec<NonStandardParameter>,
        optional "startTime" start_time: Null,
        optional "endTime" end_time: Null,
        optional "terminationCause" termination_cause: Null,
    } ... {}

    /// `CallCreditCapability`.
    CallCreditCapability {
        optional "canDisplayAmountString" can_display_amount_string: bool,
        optional "canEnforceDurationLimit" can_enforce_duration_limit: bool,
    } ... {}

    /// `ServiceControlSession`.
    ServiceControlSession {
        required "sessionId" session_id: Integer<0, 255>,
        optional "contents" contents: ServiceControlDescriptor,
        required "reason" reason: ServiceControlReason,
    } ... {}

    /// `CallCreditServiceControl`.
    CallCreditServiceControl {
        optional "amountString" amount_string: BmpString<1, 512>,
        optional "billingMode" billing_mode: BillingMode,
        optional "callDurationLimit" call_duration_limit: Integer<1, 4294967295>,
        optional "enforceCallDurationLimit" enforce_call_duration_limit: bool,
        optional "callStartingPoint" call_starting_point: CreditStartingPoint,
    } ... {}

    /// `RasUsageSpecification`.
    RasUsageSpecification {
        required "when" when: UsageReportTimes,
        optional "callStartingPoint" call_starting_point: UsageStartingPoints,
        required "required" required: RasUsageInfoTypes,
    } ... {}

    /// `RasUsageSpecification.when`.
    UsageReportTimes {
        optional "start" start: Null,
        optional "end" end: Null,
        optional "inIrr" in_irr: Null,
    } ... {}

    /// `RasUsageSpecification.callStartingPoint`.
    UsageStartingPoints {
        optional "alerting" alerting: Null,
        optional "connect" connect: Null,
    } ... {}

    /// `RasUsageInformation`.
    RasUsageInformation {
        required "nonStandardUsageFields" non_standard_usage_fields: Vec<NonStandardParameter>,
        optional "alertingTime" alerting_time: h235::TimeStamp,
        optional "connectTime" connect_time: h235::TimeStamp,
        optional "endTime" end_time: h235::TimeStamp,
    } ... {}
}

choice! {
    /// `ServiceControlDescriptor`.
    ServiceControlDescriptor {
        "url" Url(Ia5String<0, 512>),
        "signal" Signal(H248SignalsDescriptor),
        "nonStandard" NonStandard(NonStandardParameter),
        "callCreditServiceControl" CallCreditServiceControl(CallCreditServiceControl),
    } ... {}

    /// `CallCreditServiceControl.billingMode`.
    BillingMode {
        "credit" Credit,
        "debit" Debit,
    } ... {}

    /// `CallCreditServiceControl.callStartingPoint`.
    CreditStartingPoint {
        "alerting" Alerting,
        "connect" Connect,
    } ... {}

    /// `ServiceControlSession.reason`.
    ServiceControlReason {
        "open" Open,
        "refresh" Refresh,
        "close" Close,
    } ... {}

    /// `CallTerminationCause`.
    CallTerminationCause {
        "releaseCompleteReason" ReleaseCompleteReason(ReleaseCompleteReason),
        "releaseCompleteCauseIE" ReleaseCompleteCauseIe(OctetString<2, 32>),
    } ... {}
}
