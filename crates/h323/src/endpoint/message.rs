//! The call signalling messages this endpoint writes (H.225.0 clause 7.3).

use super::call::{Call, Stage};
use super::identity::{PROTOCOL, call_features, endpoint_type, messaging, supporting};
use super::registration::Registered;
use super::settings::Settings;
use crate::wire::feature::Feature;
use crate::wire::h225::{
    AlertingUuie, AliasAddress, CallIdentifier, CallProceedingUuie, ConferenceGoal, ConnectUuie, Content,
    EnumeratedParameter, FacilityReason, FacilityUuie, GenericData, MessageBody, ReleaseCompleteUuie,
    SetupUuie, StatusUuie,
};
use crate::wire::q931::{InformationElement, element, message_type};
use codec::per::{BmpString, BoundedList, FixedOctets};

/// Bearer capability of a call with audio, as the deployed endpoints write it.
const BEARER_CAPABILITY: [u8; 3] = [0x80, 0x90, 0xa5];

/// The most octets of a Display element (Q.931 clause 4.5.16, the network-dependent maximum).
const DISPLAY_MAX: usize = 80;

/// Location and cause "response to STATUS ENQUIRY" (Q.850).
const STATUS_CAUSE: [u8; 2] = [0x80, 0x80 | 30];

/// The identifier of the Call State element.
const CALL_STATE: u8 = 0x14;

/// The parameter of the IM feature that opens and closes a session.
pub(super) const SESSION_OPEN: u8 = 4;

/// The parameter of the IM feature that carries text.
pub(super) const TEXT: u8 = 5;

/// A message without its header.
#[derive(Debug)]
pub(super) struct Message {
    pub message_type: u8,
    pub elements: Vec<InformationElement>,
    pub body: MessageBody,
    pub generic_data: Option<Vec<GenericData>>,
}

impl Message {
    const fn new(message_type: u8, body: MessageBody) -> Self {
        Self { message_type, elements: Vec::new(), body, generic_data: None }
    }

    fn with(mut self, code: u8, octets: &[u8]) -> Self {
        self.elements.push(InformationElement { code, octets: octets.to_vec() });
        self
    }
}

/// Setup, with the elements that networks of telephones understand.
pub(super) fn setup(
    call: &Call,
    aliases: &[AliasAddress],
    settings: &Settings,
    registered: Option<&Registered>,
) -> Message {
    let routed = registered.filter(|_| call.grant.is_routed);
    let setup = SetupUuie {
        protocol_identifier: PROTOCOL,
        source_address: Some(aliases.to_vec()),
        source_info: endpoint_type(),
        destination_address: (!call.remote_aliases.is_empty()).then(|| call.remote_aliases.clone()),
        dest_call_signal_address: call.remote_address.map(Into::into),
        conference_id: FixedOctets(call.conference),
        conference_goal: match call.chat.is_message_call() {
            true => ConferenceGoal::CallIndependentSupplementaryService,
            false => ConferenceGoal::Create,
        },
        source_call_signal_address: Some(settings.call_signal_address.into()),
        call_identifier: Some(identifier(call)),
        media_wait_for_connect: Some(false),
        can_overlap_send: Some(false),
        endpoint_identifier: routed.map(|registered| registered.identifier.clone()),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        supported_features: call_features(settings.offers, call.chat.is_message_call()),
        ..SetupUuie::default()
    };
    let mut message = Message::new(message_type::SETUP, MessageBody::Setup(Box::new(setup)))
        .with(element::BEARER_CAPABILITY, &BEARER_CAPABILITY);
    let name = settings.aliases.first().map(|alias| alias.text()).unwrap_or_default();
    if name.is_ascii() && (1..=DISPLAY_MAX).contains(&name.len()) {
        message = message.with(element::DISPLAY, name.as_bytes());
    }
    match call.remote_aliases.first() {
        Some(AliasAddress::DialledDigits(digits)) => {
            // Unknown type of number in the ISDN numbering plan.
            let octets = [&[0x81], digits.as_str().as_bytes()].concat();
            message.with(element::CALLED_PARTY_NUMBER, &octets)
        }
        _ => message,
    }
}

/// Call Proceeding.
pub(super) fn call_proceeding(call: &Call, settings: &Settings) -> Message {
    let body = MessageBody::CallProceeding(Box::new(CallProceedingUuie {
        protocol_identifier: PROTOCOL,
        destination_info: endpoint_type(),
        call_identifier: Some(identifier(call)),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        feature_set: call_features(settings.offers, false).map(supporting),
        ..CallProceedingUuie::default()
    }));
    Message::new(message_type::CALL_PROCEEDING, body)
}

/// Alerting; it repeats what the call is for, and with that invites the first text.
pub(super) fn alerting(call: &Call, settings: &Settings) -> Message {
    let body = MessageBody::Alerting(Box::new(AlertingUuie {
        protocol_identifier: PROTOCOL,
        destination_info: endpoint_type(),
        call_identifier: Some(identifier(call)),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        ..AlertingUuie::default()
    }));
    let is_message_call = call.chat.is_message_call();
    let generic_data = settings.offers.messaging.then(|| vec![messaging(is_message_call)]);
    Message { generic_data, ..Message::new(message_type::ALERTING, body) }
}

/// Connect.
pub(super) fn connect(call: &Call) -> Message {
    let body = MessageBody::Connect(Box::new(ConnectUuie {
        protocol_identifier: PROTOCOL,
        destination_info: endpoint_type(),
        conference_id: FixedOctets(call.conference),
        call_identifier: Some(identifier(call)),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        ..ConnectUuie::default()
    }));
    Message::new(message_type::CONNECT, body)
}

/// A Facility that says nothing.
pub(super) fn nothing() -> Message {
    Message::new(message_type::FACILITY, MessageBody::Empty).with(element::FACILITY, &[])
}

/// A Facility that opens or closes a session.
pub(super) fn session(call: &Call, is_open: bool) -> Message {
    facility(call, SESSION_OPEN, Content::Bool(is_open))
}

/// A Facility with a text.
pub(super) fn text(call: &Call, text: BmpString) -> Message {
    facility(call, TEXT, Content::Unicode(text))
}

fn facility(call: &Call, parameter: u8, content: Content) -> Message {
    let body = MessageBody::Facility(Box::new(FacilityUuie {
        protocol_identifier: PROTOCOL,
        reason: FacilityReason::FeatureSetUpdate,
        call_identifier: Some(identifier(call)),
        multiple_calls: Some(false),
        maintain_connection: Some(false),
        ..FacilityUuie::default()
    }));
    let generic_data = Some(vec![messaging_data(parameter, content)]);
    Message { generic_data, ..Message::new(message_type::FACILITY, body).with(element::FACILITY, &[]) }
}

fn messaging_data(parameter: u8, content: Content) -> GenericData {
    let parameter = EnumeratedParameter::new(Feature::Messaging.parameter(parameter), content);
    GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Messaging.advertised() }
}

/// Release Complete; the cause stands in its element, so there is no reason. Who releases an open session closes it.
pub(super) fn release_complete(call: &Call, cause: u8) -> Message {
    let body = MessageBody::ReleaseComplete(Box::new(ReleaseCompleteUuie {
        protocol_identifier: PROTOCOL,
        call_identifier: Some(identifier(call)),
        ..ReleaseCompleteUuie::default()
    }));
    let close = || vec![messaging_data(SESSION_OPEN, Content::Bool(false))];
    let generic_data = call.chat.is_open().then(close);
    let message = Message::new(message_type::RELEASE_COMPLETE, body);
    Message { generic_data, ..message.with(element::CAUSE, &cause_octets(cause)) }
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
    Message::new(message_type::STATUS, MessageBody::Status(Box::new(status)))
        .with(element::CAUSE, &STATUS_CAUSE)
        .with(CALL_STATE, &[state])
}

/// The content of a Cause element: location user, then the cause.
pub(super) const fn cause_octets(cause: u8) -> [u8; 2] {
    [0x80, 0x80 | cause]
}

/// The call identifier as it goes on the wire.
pub(super) fn identifier(call: &Call) -> CallIdentifier {
    CallIdentifier { guid: FixedOctets(call.identifier), ..CallIdentifier::default() }
}
