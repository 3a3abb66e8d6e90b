//! The messages of IM calls, written and read (H.225.0 clause 7.3, sheet section 12).

use super::super::request::PROTOCOL_IDENTIFIER;
use super::refusal::Release;
use crate::wire::feature::Feature;
use crate::wire::h225::{
    AlertingUuie, AliasAddress, CallIdentifier, CallProceedingUuie, ConferenceGoal, ConnectUuie, Content,
    CryptoH323Token, EndpointType, EnumeratedParameter, FacilityReason, FacilityUuie, FeatureSet,
    GenericData, H323UserInformation, H323UuPdu, MessageBody, ReleaseCompleteUuie, SetupUuie,
    StatusInquiryUuie, StatusUuie, TerminalInfo, TransportAddress, VendorIdentifier,
};
use crate::wire::q931::{InformationElement, Q931, element, message_type};
use crate::wire::tpkt;
use codec::per::{BmpString, BoundedList, FixedOctets, Integer, OctetString};

/// Bearer capability as the deployed endpoints write it.
const BEARER_CAPABILITY: [u8; 3] = [0x80, 0x90, 0xa5];
/// The identifier of the Call State element, and the state Active in it.
const CALL_STATE: (u8, u8) = (0x14, 10);
/// The most octets of a name in a Display element, the NUL after it left aside (Q.931 clause 4.5.16: 82 with identifier
/// and length).
const DISPLAY_OCTETS_MAX: usize = 79;
/// Response to STATUS ENQUIRY (Q.850).
const STATUS_CAUSE: u8 = 30;

/// Parameters of the IM feature.
const CALL_TYPE: u8 = 1;
const SESSION_OPEN: u8 = 4;
const TEXT: u8 = 5;

/// Our end of a call: what every message of it carries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    /// The call reference value without its flag.
    pub reference: u16,
    /// Whether the call was placed by us.
    pub is_caller: bool,
    /// The call identifier; zero where the peer gave none that could be read.
    pub identifier: [u8; 16],
    pub conference: [u8; 16],
}

/// Whom a Setup is from and to.
pub(super) struct Invitation {
    /// What people call the sender.
    pub display: String,
    pub source: AliasAddress,
    pub source_address: Option<TransportAddress>,
    pub destination: Option<AliasAddress>,
    pub destination_address: TransportAddress,
}

impl Leg {
    /// Setup of an IM call, with a token or without. Alone among these it has no TPKT header: it may have to be signed.
    pub fn setup(&self, invitation: Invitation, token: Option<CryptoH323Token>) -> Option<Vec<u8>> {
        let mut elements = vec![(element::BEARER_CAPABILITY, BEARER_CAPABILITY.to_vec())];
        elements.extend(display(&invitation.display));
        if let Some(AliasAddress::DialledDigits(digits)) = &invitation.destination {
            // Unknown type of number in the ISDN numbering plan.
            elements.push((element::CALLED_PARTY_NUMBER, [&[0x81], digits.as_str().as_bytes()].concat()));
        }
        let setup = SetupUuie {
            protocol_identifier: PROTOCOL_IDENTIFIER,
            source_address: Some(vec![invitation.source]),
            source_info: ourselves(),
            destination_address: invitation.destination.map(|alias| vec![alias]),
            dest_call_signal_address: Some(invitation.destination_address),
            crypto_tokens: token.map(|token| vec![token]),
            conference_id: FixedOctets(self.conference),
            conference_goal: ConferenceGoal::CallIndependentSupplementaryService,
            source_call_signal_address: invitation.source_address,
            call_identifier: self.call_identifier(),
            media_wait_for_connect: Some(false),
            can_overlap_send: Some(false),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            supported_features: Some(vec![call_type()]),
            ..SetupUuie::default()
        };
        self.content(message_type::SETUP, elements, MessageBody::Setup(setup.into()), None)
    }

    /// Call Proceeding with the IM feature, in the name of whom people call `callee`.
    pub fn call_proceeding(&self, callee: &str) -> Option<Vec<u8>> {
        let features = FeatureSet {
            supported_features: Some(vec![Feature::Messaging.advertised()]),
            ..FeatureSet::default()
        };
        let body = CallProceedingUuie {
            protocol_identifier: PROTOCOL_IDENTIFIER,
            destination_info: ourselves(),
            call_identifier: self.call_identifier(),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            feature_set: Some(features),
            ..CallProceedingUuie::default()
        };
        let body = MessageBody::CallProceeding(body.into());
        self.packet(message_type::CALL_PROCEEDING, display(callee), body, None)
    }

    /// Alerting of an IM call, in the name of whom people call `callee`.
    pub fn alerting(&self, callee: &str) -> Option<Vec<u8>> {
        let body = AlertingUuie {
            protocol_identifier: PROTOCOL_IDENTIFIER,
            destination_info: ourselves(),
            call_identifier: self.call_identifier(),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            ..AlertingUuie::default()
        };
        let body = MessageBody::Alerting(body.into());
        self.packet(message_type::ALERTING, display(callee), body, Some(call_type()))
    }

    /// Connect, which says that the session is open with whom people call `callee`.
    pub fn connect(&self, callee: &str) -> Option<Vec<u8>> {
        let body = ConnectUuie {
            protocol_identifier: PROTOCOL_IDENTIFIER,
            destination_info: ourselves(),
            conference_id: FixedOctets(self.conference),
            call_identifier: self.call_identifier(),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            ..ConnectUuie::default()
        };
        self.packet(message_type::CONNECT, display(callee), MessageBody::Connect(body.into()), None)
    }

    /// A Facility that opens or closes the session.
    pub fn session(&self, is_open: bool) -> Option<Vec<u8>> {
        self.facility(SESSION_OPEN, Content::Bool(is_open))
    }

    /// A Facility with a text.
    pub fn text(&self, units: Vec<u16>) -> Option<Vec<u8>> {
        self.facility(TEXT, Content::Unicode(BmpString::from_units(units)?))
    }

    fn facility(&self, parameter: u8, content: Content) -> Option<Vec<u8>> {
        let body = FacilityUuie {
            protocol_identifier: PROTOCOL_IDENTIFIER,
            reason: FacilityReason::FeatureSetUpdate,
            call_identifier: self.call_identifier(),
            multiple_calls: Some(false),
            maintain_connection: Some(false),
            ..FacilityUuie::default()
        };
        let data = descriptor(parameter, content);
        let elements = vec![(element::FACILITY, Vec::new())];
        self.packet(message_type::FACILITY, elements, MessageBody::Facility(body.into()), Some(data))
    }

    /// Release Complete; `closes` says that a session was open.
    pub fn release_complete(&self, release: &Release, closes: bool) -> Option<Vec<u8>> {
        let body = ReleaseCompleteUuie {
            protocol_identifier: PROTOCOL_IDENTIFIER,
            reason: release.reason.clone(),
            call_identifier: self.call_identifier(),
            ..ReleaseCompleteUuie::default()
        };
        let elements = vec![(element::CAUSE, cause(release.cause))];
        let data = closes.then(|| descriptor(SESSION_OPEN, Content::Bool(false)));
        self.packet(message_type::RELEASE_COMPLETE, elements, MessageBody::ReleaseComplete(body.into()), data)
    }

    /// Status Inquiry: a peer answers it after all that came before.
    pub fn status_inquiry(&self) -> Option<Vec<u8>> {
        let body = StatusInquiryUuie {
            protocol_identifier: PROTOCOL_IDENTIFIER,
            call_identifier: self.call_identifier().unwrap_or_default(),
            ..StatusInquiryUuie::default()
        };
        let body = MessageBody::StatusInquiry(body.into());
        self.packet(message_type::STATUS_INQUIRY, Vec::new(), body, None)
    }

    /// Status, the answer to an inquiry.
    pub fn status(&self) -> Option<Vec<u8>> {
        let body = StatusUuie {
            protocol_identifier: PROTOCOL_IDENTIFIER,
            call_identifier: self.call_identifier().unwrap_or_default(),
            ..StatusUuie::default()
        };
        let elements = vec![(element::CAUSE, cause(STATUS_CAUSE)), (CALL_STATE.0, vec![CALL_STATE.1])];
        self.packet(message_type::STATUS, elements, MessageBody::Status(body.into()), None)
    }

    fn call_identifier(&self) -> Option<CallIdentifier> {
        let identifier = CallIdentifier { guid: FixedOctets(self.identifier), ..CallIdentifier::default() };
        (self.identifier != [0; 16]).then_some(identifier)
    }

    fn packet(
        &self,
        message_type: u8,
        elements: Vec<(u8, Vec<u8>)>,
        body: MessageBody,
        data: Option<GenericData>,
    ) -> Option<Vec<u8>> {
        tpkt::packet(&self.content(message_type, elements, body, data)?)
    }

    /// The content of a packet.
    fn content(
        &self,
        message_type: u8,
        elements: Vec<(u8, Vec<u8>)>,
        body: MessageBody,
        data: Option<GenericData>,
    ) -> Option<Vec<u8>> {
        // No H.245 is ever tunnelled; but a peer told so would open a connection for it.
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
        message.with_user_information(&information).and_then(|message| message.encode()).ok()
    }
}

/// The Display element of a name. Without it the deployed endpoints show the address of our end, which is nobody's
/// name; they end it with a NUL and take it so (Q22).
fn display(name: &str) -> Vec<(u8, Vec<u8>)> {
    let mut end = name.len().min(DISPLAY_OCTETS_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let octets = [name.as_bytes().get(..end).unwrap_or_default(), &[0]].concat();
    vec![(element::DISPLAY, octets)]
}

/// What a message says of instant messaging.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Marks {
    /// Whether the descriptor is there at all.
    pub is_offered: bool,
    /// Whether the call is for messages.
    pub is_messaging: bool,
    /// Whether the session opens or closes.
    pub open: Option<bool>,
    /// The code units of a text.
    pub text: Option<Vec<u16>>,
}

impl Marks {
    /// Those of a message: in its generic data or in any list of its features, the last entry first.
    pub fn of(pdu: &H323UuPdu) -> Self {
        let mut marks = Self::default();
        let lists = [pdu.generic_data.as_deref()].into_iter().chain(features(&pdu.h323_message_body));
        let descriptors = lists.flatten().flat_map(|list| list.iter().rev());
        let identifier = Feature::Messaging.identifier();
        for descriptor in descriptors.filter(|descriptor| descriptor.id == identifier) {
            let content = |number| descriptor.parameter(&Feature::Messaging.parameter(number));
            marks.is_offered = true;
            marks.is_messaging |=
                matches!(content(CALL_TYPE), Some(Content::Number8(value)) if value.get() == 1);
            if let (None, Some(Content::Bool(open))) = (marks.open, content(SESSION_OPEN)) {
                marks.open = Some(*open);
            }
            if let (None, Some(Content::Unicode(text))) = (&marks.text, content(TEXT)) {
                marks.text = Some(text.units().to_vec());
            }
        }
        marks
    }
}

fn features(body: &MessageBody) -> [Option<&[GenericData]>; 3] {
    match body {
        MessageBody::Setup(setup) => [
            setup.needed_features.as_deref(),
            setup.desired_features.as_deref(),
            setup.supported_features.as_deref(),
        ],
        MessageBody::CallProceeding(body) => lists_of(body.feature_set.as_ref()),
        MessageBody::Alerting(body) => lists_of(body.feature_set.as_ref()),
        MessageBody::Connect(body) => lists_of(body.feature_set.as_ref()),
        MessageBody::Facility(body) => lists_of(body.feature_set.as_ref()),
        MessageBody::ReleaseComplete(body) => lists_of(body.feature_set.as_ref()),
        _ => [None; 3],
    }
}

fn lists_of(set: Option<&FeatureSet>) -> [Option<&[GenericData]>; 3] {
    set.map_or([None; 3], |set| {
        [set.needed_features.as_deref(), set.desired_features.as_deref(), set.supported_features.as_deref()]
    })
}

fn descriptor(parameter: u8, content: Content) -> GenericData {
    let parameter = EnumeratedParameter::new(Feature::Messaging.parameter(parameter), content);
    GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Messaging.advertised() }
}

fn call_type() -> GenericData {
    descriptor(CALL_TYPE, Content::Number8(Integer::clamped(1)))
}

/// The content of a Cause element: location user, then the cause.
fn cause(cause: u8) -> Vec<u8> {
    vec![0x80, 0x80 | cause]
}

/// What we say we are: a terminal, since endpoints take messages from those.
fn ourselves() -> EndpointType {
    let vendor = VendorIdentifier {
        product_id: Some(OctetString(b"Herald".to_vec())),
        version_id: Some(OctetString(env!("CARGO_PKG_VERSION").as_bytes().to_vec())),
        ..VendorIdentifier::default()
    };
    EndpointType { vendor: Some(vendor), terminal: Some(TerminalInfo::default()), ..EndpointType::default() }
}

#[cfg(test)]
mod tests {
    use super::super::delivery::UNITS_MAX;
    use super::*;
    use codec::per;

    // covers: D-05, K-10, Q28
    #[test]
    fn the_longest_text_fits_into_an_open_type_that_is_not_divided() {
        let data =
            |units| descriptor(TEXT, Content::Unicode(BmpString::from_units(vec![0x4f60; units]).unwrap()));
        let octets = |units| per::encode(&vec![data(units)]).unwrap().len();
        assert!(octets(UNITS_MAX) < 16_384);
        assert!(octets(UNITS_MAX + 50) >= 16_384);
    }

    // covers: D-05
    #[test]
    fn a_mark_is_found_wherever_it_stands_and_the_last_of_several_counts() {
        let mark = |open| descriptor(SESSION_OPEN, Content::Bool(open));
        let other = Feature::Presence.advertised();
        let set = |list: fn(&mut FeatureSet) -> &mut Option<Vec<GenericData>>| {
            let mut set = FeatureSet::default();
            *list(&mut set) = Some(vec![mark(false), mark(true), other.clone()]);
            let facility = FacilityUuie { feature_set: Some(set), ..FacilityUuie::default() };
            let h323_message_body = MessageBody::Facility(facility.into());
            H323UuPdu { h323_message_body, ..H323UuPdu::default() }
        };
        let places = [
            set(|set| &mut set.needed_features),
            set(|set| &mut set.desired_features),
            set(|set| &mut set.supported_features),
        ];
        for mut pdu in places {
            assert_eq!(Marks::of(&pdu).open, Some(true));
            // Generic data come first.
            pdu.generic_data = Some(vec![mark(false)]);
            assert_eq!(Marks::of(&pdu).open, Some(false));
        }
    }
}
