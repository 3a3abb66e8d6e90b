//! Call signalling of calls for messages: the packets of both sides, and what is read in them.

use crate::error::BenchError;
use crate::template::{DIGITS, Template};
use codec::per::{BmpString, BoundedList, FixedOctets, Integer, ObjectIdentifier};
use h323::wire::feature::Feature;
use h323::wire::h225::{
    AlertingUuie, AliasAddress, CallIdentifier, CallProceedingUuie, ConferenceGoal, ConnectUuie, Content,
    EndpointIdentifier, EndpointType, EnumeratedParameter, FacilityReason, FacilityUuie, FeatureSet,
    GenericData, H323UserInformation, H323UuPdu, MessageBody, ReleaseCompleteUuie, SetupUuie,
    StatusInquiryUuie, StatusUuie, TerminalInfo,
};
use h323::wire::q931::{InformationElement, Q931, element, message_type};
use h323::wire::tpkt;
use std::net::{SocketAddr, SocketAddrV4};

/// H.225.0 version 7: 0.0.8.2250.0.7.
const PROTOCOL: ObjectIdentifier = ObjectIdentifier::from_static(&[0x00, 0x08, 0x91, 0x4a, 0x00, 0x07]);

/// The parameters of the IM feature: what a call is for, whether the session is open, and a text.
const CALL_TYPE: u8 = 1;
const SESSION_OPEN: u8 = 4;
const TEXT: u8 = 5;

/// Bearer capability of a call with audio, as the deployed endpoints write it.
const BEARER_CAPABILITY: [u8; 3] = [0x80, 0x90, 0xa5];

/// The Call State element, and Active.
const CALL_STATE: (u8, u8) = (0x14, 10);

/// Response to STATUS ENQUIRY (Q.850).
const STATUS_CAUSE: u8 = 30;

/// Normal call clearing (Q.850): to the writer of a single message, that it is accepted.
pub(crate) const NORMAL: u8 = 16;

/// What stands before the digits of a text; no name has it.
const MARK: char = '~';

/// One side of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leg {
    pub reference: u16,
    pub identifier: [u8; 16],
    pub is_caller: bool,
}

/// Whom a call is from and to.
#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    pub from: AliasAddress,
    pub to: AliasAddress,
    pub from_address: SocketAddrV4,
    pub to_address: SocketAddrV4,
    pub endpoint: EndpointIdentifier,
}

/// What a packet says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Heard {
    pub message_type: u8,
    pub reference: u16,
    pub cause: Option<u8>,
    pub identifier: [u8; 16],
    /// Whether the session is opened, or closed.
    pub open: Option<bool>,
    pub text: Option<String>,
}

impl Leg {
    /// Setup, marked as a call for messages.
    pub fn setup(&self, invitation: Invitation) -> Result<Vec<u8>, BenchError> {
        let address = |address: SocketAddrV4| SocketAddr::V4(address).into();
        let setup = SetupUuie {
            protocol_identifier: PROTOCOL,
            source_address: Some(vec![invitation.from]),
            source_info: terminal(),
            destination_address: Some(vec![invitation.to]),
            dest_call_signal_address: Some(address(invitation.to_address)),
            conference_id: FixedOctets(self.identifier),
            conference_goal: ConferenceGoal::CallIndependentSupplementaryService,
            source_call_signal_address: Some(address(invitation.from_address)),
            call_identifier: Some(self.call_identifier()),
            media_wait_for_connect: Some(false),
            can_overlap_send: Some(false),
            endpoint_identifier: Some(invitation.endpoint),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            supported_features: Some(vec![call_type()]),
            ..SetupUuie::default()
        };
        let bearer = (element::BEARER_CAPABILITY, BEARER_CAPABILITY.to_vec());
        self.packet(message_type::SETUP, vec![bearer], MessageBody::Setup(setup.into()), None)
    }

    /// Call Proceeding with the IM feature.
    pub fn call_proceeding(&self) -> Result<Vec<u8>, BenchError> {
        let features = FeatureSet {
            supported_features: Some(vec![Feature::Messaging.advertised()]),
            ..FeatureSet::default()
        };
        let body = CallProceedingUuie {
            protocol_identifier: PROTOCOL,
            destination_info: terminal(),
            call_identifier: Some(self.call_identifier()),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            feature_set: Some(features),
            ..CallProceedingUuie::default()
        };
        let body = MessageBody::CallProceeding(body.into());
        self.packet(message_type::CALL_PROCEEDING, Vec::new(), body, None)
    }

    /// Alerting, which invites the first text.
    pub fn alerting(&self) -> Result<Vec<u8>, BenchError> {
        let body = AlertingUuie {
            protocol_identifier: PROTOCOL,
            destination_info: terminal(),
            call_identifier: Some(self.call_identifier()),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            ..AlertingUuie::default()
        };
        let body = MessageBody::Alerting(body.into());
        self.packet(message_type::ALERTING, Vec::new(), body, Some(call_type()))
    }

    /// Connect, which says that the session is open.
    pub fn connect(&self) -> Result<Vec<u8>, BenchError> {
        let body = ConnectUuie {
            protocol_identifier: PROTOCOL,
            destination_info: terminal(),
            conference_id: FixedOctets(self.identifier),
            call_identifier: Some(self.call_identifier()),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            ..ConnectUuie::default()
        };
        self.packet(message_type::CONNECT, Vec::new(), MessageBody::Connect(body.into()), None)
    }

    /// A Facility that opens or closes the session.
    pub fn session(&self, is_open: bool) -> Result<Vec<u8>, BenchError> {
        self.facility(descriptor(SESSION_OPEN, Content::Bool(is_open)))
    }

    /// A Facility with a text: the beginning of all names, and two numbers of eight digits, which are its slots.
    pub fn text(&self, prefix: &str) -> Result<Template, BenchError> {
        let text = |one: &str, other: &str| {
            let text = BmpString::new(&format!("{prefix}{MARK}{one}{other}"));
            let text = text.ok_or_else(|| BenchError::Usage("--prefix is too long".to_owned()))?;
            self.facility(descriptor(TEXT, Content::Unicode(text)))
        };
        let plain = text(DIGITS[0], DIGITS[0])?;
        Template::of(plain, &[text(DIGITS[1], DIGITS[0])?, text(DIGITS[0], DIGITS[1])?])
    }

    fn facility(&self, data: GenericData) -> Result<Vec<u8>, BenchError> {
        let body = FacilityUuie {
            protocol_identifier: PROTOCOL,
            reason: FacilityReason::FeatureSetUpdate,
            call_identifier: Some(self.call_identifier()),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            ..FacilityUuie::default()
        };
        let elements = vec![(element::FACILITY, Vec::new())];
        self.packet(message_type::FACILITY, elements, MessageBody::Facility(body.into()), Some(data))
    }

    /// Release Complete; `closes` says that a session was open.
    pub fn release_complete(&self, closes: bool) -> Result<Vec<u8>, BenchError> {
        let body = ReleaseCompleteUuie {
            protocol_identifier: PROTOCOL,
            call_identifier: Some(self.call_identifier()),
            ..ReleaseCompleteUuie::default()
        };
        let elements = vec![(element::CAUSE, vec![0x80, 0x80 | NORMAL])];
        let data = closes.then(|| descriptor(SESSION_OPEN, Content::Bool(false)));
        let body = MessageBody::ReleaseComplete(body.into());
        self.packet(message_type::RELEASE_COMPLETE, elements, body, data)
    }

    /// Status Inquiry: what answers it comes after all that was read before is accepted.
    pub fn status_inquiry(&self) -> Result<Vec<u8>, BenchError> {
        let body = StatusInquiryUuie {
            protocol_identifier: PROTOCOL,
            call_identifier: self.call_identifier(),
            ..StatusInquiryUuie::default()
        };
        let body = MessageBody::StatusInquiry(body.into());
        self.packet(message_type::STATUS_INQUIRY, Vec::new(), body, None)
    }

    /// Status, the answer to an inquiry.
    pub fn status(&self) -> Result<Vec<u8>, BenchError> {
        let body = StatusUuie {
            protocol_identifier: PROTOCOL,
            call_identifier: self.call_identifier(),
            ..StatusUuie::default()
        };
        let state = (CALL_STATE.0, vec![CALL_STATE.1]);
        let elements = vec![(element::CAUSE, vec![0x80, 0x80 | STATUS_CAUSE]), state];
        self.packet(message_type::STATUS, elements, MessageBody::Status(body.into()), None)
    }

    /// The call identifier as it goes on the wire.
    pub fn call_identifier(&self) -> CallIdentifier {
        CallIdentifier { guid: FixedOctets(self.identifier), ..CallIdentifier::default() }
    }

    fn packet(
        &self,
        message_type: u8,
        elements: Vec<(u8, Vec<u8>)>,
        body: MessageBody,
        data: Option<GenericData>,
    ) -> Result<Vec<u8>, BenchError> {
        let pdu = H323UuPdu {
            h323_message_body: body,
            h245_tunnelling: Some(true),
            generic_data: data.map(|data| vec![data]),
            ..H323UuPdu::default()
        };
        let mut message = Q931::new(message_type, self.reference, !self.is_caller);
        message.elements =
            elements.into_iter().map(|(code, octets)| InformationElement { code, octets }).collect();
        let information = H323UserInformation { h323_uu_pdu: pdu, ..H323UserInformation::default() };
        let message = message.with_user_information(&information).and_then(|message| message.encode());
        let message = message.map_err(|error| BenchError::Template(error.to_string()))?;
        tpkt::packet(&message).ok_or_else(|| BenchError::Template("a packet is too long".to_owned()))
    }
}

/// The type of the message in a packet, without reading the rest.
pub(crate) fn message_type_of(packet: &[u8]) -> Option<u8> {
    match packet {
        [0x08, 2, _, _, message_type, ..] => Some(*message_type),
        _ => None,
    }
}

/// Reads a packet; `None` where it is no message.
pub(crate) fn read(packet: &[u8]) -> Option<Heard> {
    let message = Q931::decode(packet).ok()?;
    let mut heard = Heard {
        message_type: message.message_type,
        reference: message.call_reference,
        cause: message.cause(),
        ..Heard::default()
    };
    let Ok(information) = message.user_information() else { return Some(heard) };
    let pdu = information.h323_uu_pdu;
    if let MessageBody::Setup(setup) = &pdu.h323_message_body {
        heard.identifier = setup.call_identifier.as_ref().map_or([0; 16], |identifier| identifier.guid.0);
    }
    let messaging = Feature::Messaging.identifier();
    for data in pdu.generic_data.iter().flatten().filter(|data| data.id == messaging) {
        if let Some(Content::Bool(open)) = data.parameter(&Feature::Messaging.parameter(SESSION_OPEN)) {
            heard.open = Some(*open);
        }
        if let Some(Content::Unicode(text)) = data.parameter(&Feature::Messaging.parameter(TEXT)) {
            heard.text = Some(text.to_string());
        }
    }
    Some(heard)
}

/// The two numbers of a text of ours.
pub(crate) fn numbers_of(text: &str, prefix: &str) -> Option<(u32, u32)> {
    let digits = text.strip_prefix(prefix)?.strip_prefix(MARK)?;
    let (one, other) = digits.split_at_checked(8)?;
    Some((one.parse().ok()?, other.parse().ok()?))
}

fn terminal() -> EndpointType {
    EndpointType { terminal: Some(TerminalInfo::default()), ..EndpointType::default() }
}

fn descriptor(parameter: u8, content: Content) -> GenericData {
    let parameter = EnumeratedParameter::new(Feature::Messaging.parameter(parameter), content);
    GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Messaging.advertised() }
}

fn call_type() -> GenericData {
    descriptor(CALL_TYPE, Content::Number8(Integer::clamped(1)))
}
