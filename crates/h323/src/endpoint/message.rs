//! The call signalling messages this endpoint writes (H.225.0 clause 7.3).

use super::call::{Call, Stage};
use super::identity::{PROTOCOL, call_features, endpoint_type, supporting};
use super::registration::Registered;
use super::settings::Settings;
use crate::wire::h225::{
    AlertingUuie, AliasAddress, CallIdentifier, CallProceedingUuie, ConferenceGoal, ConnectUuie, MessageBody,
    ReleaseCompleteUuie, SetupUuie, StatusUuie,
};
use crate::wire::q931::{InformationElement, element};
use codec::per::FixedOctets;

/// Bearer capability of a call with audio, as the deployed endpoints write it.
const BEARER_CAPABILITY: [u8; 3] = [0x80, 0x90, 0xa5];

/// The most octets of a Display element (Q.931 clause 4.5.16, the network-dependent maximum).
const DISPLAY_MAX: usize = 80;

/// Location and cause "response to STATUS ENQUIRY" (Q.850).
const STATUS_CAUSE: [u8; 2] = [0x80, 0x80 | 30];

/// The identifier of the Call State element.
const CALL_STATE: u8 = 0x14;

/// A message without its header.
pub(super) type Message = (Vec<InformationElement>, MessageBody);

/// Setup, with the elements that networks of telephones understand.
pub(super) fn setup(
    call: &Call,
    aliases: &[AliasAddress],
    settings: &Settings,
    registered: Option<&Registered>,
) -> Message {
    let mut elements = vec![information_element(element::BEARER_CAPABILITY, &BEARER_CAPABILITY)];
    let name = settings.aliases.first().map(|alias| alias.text()).unwrap_or_default();
    if name.is_ascii() && (1..=DISPLAY_MAX).contains(&name.len()) {
        elements.push(information_element(element::DISPLAY, name.as_bytes()));
    }
    if let Some(AliasAddress::DialledDigits(digits)) = call.remote_aliases.first() {
        // Unknown type of number in the ISDN numbering plan.
        let octets = [&[0x81], digits.as_str().as_bytes()].concat();
        elements.push(information_element(element::CALLED_PARTY_NUMBER, &octets));
    }
    let routed = registered.filter(|_| call.grant.is_routed);
    let setup = SetupUuie {
        protocol_identifier: PROTOCOL,
        source_address: Some(aliases.to_vec()),
        source_info: endpoint_type(),
        destination_address: Some(call.remote_aliases.clone()),
        dest_call_signal_address: call.remote_address.map(Into::into),
        conference_id: FixedOctets(call.conference),
        conference_goal: ConferenceGoal::Create,
        source_call_signal_address: Some(settings.call_signal_address.into()),
        call_identifier: Some(identifier(call)),
        media_wait_for_connect: Some(false),
        can_overlap_send: Some(false),
        endpoint_identifier: routed.map(|registered| registered.identifier.clone()),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        supported_features: (!settings.plain).then(call_features),
        ..SetupUuie::default()
    };
    (elements, MessageBody::Setup(Box::new(setup)))
}

/// Call Proceeding.
pub(super) fn call_proceeding(call: &Call, settings: &Settings) -> MessageBody {
    MessageBody::CallProceeding(Box::new(CallProceedingUuie {
        protocol_identifier: PROTOCOL,
        destination_info: endpoint_type(),
        call_identifier: Some(identifier(call)),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        feature_set: (!settings.plain).then(|| supporting(call_features())),
        ..CallProceedingUuie::default()
    }))
}

/// Alerting.
pub(super) fn alerting(call: &Call) -> MessageBody {
    MessageBody::Alerting(Box::new(AlertingUuie {
        protocol_identifier: PROTOCOL,
        destination_info: endpoint_type(),
        call_identifier: Some(identifier(call)),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        ..AlertingUuie::default()
    }))
}

/// Connect.
pub(super) fn connect(call: &Call) -> MessageBody {
    MessageBody::Connect(Box::new(ConnectUuie {
        protocol_identifier: PROTOCOL,
        destination_info: endpoint_type(),
        conference_id: FixedOctets(call.conference),
        call_identifier: Some(identifier(call)),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        ..ConnectUuie::default()
    }))
}

/// A Facility that says nothing.
pub(super) fn nothing() -> Message {
    (vec![information_element(element::FACILITY, &[])], MessageBody::Empty)
}

/// Release Complete; the cause stands in its element, so there is no reason.
pub(super) fn release_complete(call: &Call, cause: u8) -> Message {
    let release = ReleaseCompleteUuie {
        protocol_identifier: PROTOCOL,
        call_identifier: Some(identifier(call)),
        ..ReleaseCompleteUuie::default()
    };
    let elements = vec![information_element(element::CAUSE, &cause_octets(cause))];
    (elements, MessageBody::ReleaseComplete(Box::new(release)))
}

/// Status: which state of Q.931 the call is in (clause 2.1).
pub(super) fn status(call: &Call) -> Message {
    let state = match (call.stage, call.is_caller) {
        (Stage::Admitting | Stage::Opening, true) => 0,
        (Stage::Calling, _) => 1,
        (Stage::Proceeding, _) => 3,
        (Stage::Alerting, true) => 4,
        (Stage::Alerting, false) => 7,
        (Stage::Admitting | Stage::Opening, false) => 9,
        (Stage::Connected, _) => 10,
    };
    let status = StatusUuie {
        protocol_identifier: PROTOCOL,
        call_identifier: identifier(call),
        ..StatusUuie::default()
    };
    let elements =
        vec![information_element(element::CAUSE, &STATUS_CAUSE), information_element(CALL_STATE, &[state])];
    (elements, MessageBody::Status(Box::new(status)))
}

/// The content of a Cause element: location user, then the cause.
pub(super) const fn cause_octets(cause: u8) -> [u8; 2] {
    [0x80, 0x80 | cause]
}

/// The call identifier as it goes on the wire.
pub(super) fn identifier(call: &Call) -> CallIdentifier {
    CallIdentifier { guid: FixedOctets(call.identifier), ..CallIdentifier::default() }
}

fn information_element(code: u8, octets: &[u8]) -> InformationElement {
    InformationElement { code, octets: octets.to_vec() }
}
