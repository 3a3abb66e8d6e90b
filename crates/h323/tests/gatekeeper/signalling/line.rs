//! Connections of call signalling as tests see them: recorded messages go in, decoded ones come out.

use crate::world::{Room, World, transport};
use codec::per::{BmpString, FixedOctets};
use h323::gatekeeper::Settings;
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use h323::wire::q931::{Q931, element, message_type};
use h323::wire::tpkt;
use link::{ChannelId, Input};
use model::{
    Address, AgentId, Delivery, DeliveryOutcome, Effect, GatewayId, InstantMessage, MessageFailure,
    MessageId, NamedAddress, ReceiptsWanted, Request, Ticket, Timestamp,
};
use std::net::SocketAddr;
use std::sync::Arc;

/// The port at which the gatekeeper takes call signalling in these tests.
pub const PORT: u16 = 1720;
/// The call identifier and call reference of the recorded IM call.
pub const RECORDED: [u8; 16] =
    [0x4e, 0xa5, 0xc0, 0x1e, 0xb4, 0xe4, 0xf1, 0x11, 0x99, 0x1a, 0x02, 0xfc, 0, 0, 0, 1];
pub const REFERENCE: u16 = 9476;

pub const SETUP: &str = "rec_Setup_callIndependentSupplementaryService_im_1_1";
pub const ORDINARY_SETUP: &str = "rec_Setup_create_im";
pub const PROCEEDING: &str = "rec_CallProceeding_im";
pub const ALERTING: &str = "rec_Alerting_im_1_1";
pub const CONNECT: &str = "rec_Connect";
pub const TEXT: &str = "rec_Facility_featureSetUpdate_im_5_txt_1";
pub const OPEN: &str = "rec_Facility_featureSetUpdate_im_4_True";
pub const NOTHING: &str = "rec_Facility_featureSetUpdate";
pub const RELEASE: &str = "rec_ReleaseComplete_cause";
pub const CLOSING_RELEASE: &str = "rec_ReleaseComplete_cause_im_4_False";
pub const UNDEFINED_RELEASE: &str = "rec_ReleaseComplete_undefinedReason";

pub fn world() -> World {
    world_with(|_| ())
}

pub fn world_with(change: impl FnOnce(&mut Settings)) -> World {
    World::with(|settings| {
        settings.call_signal_port = Some(PORT);
        change(settings);
    })
}

/// A room whose system offers presence, as those do that write messages too.
pub fn writer(world: &mut World, host: &str, name: &str) -> Room {
    let mut room = Room::new(host, &[name]);
    room.features = vec![Feature::Presence.advertised()];
    room.vendor = VendorIdentifier {
        version_id: Some(codec::per::OctetString(b"1.0.1 (H323plus v1.28.0)\0\0".to_vec())),
        ..VendorIdentifier::default()
    };
    room.register(world);
    room
}

/// The octets of a recorded message.
pub fn recorded(name: &str) -> Vec<u8> {
    let line = include_str!("../../vectors/vectors.jsonl")
        .lines()
        .find(|line| line.contains(&format!("\"name\": \"{name}\"")))
        .unwrap_or_else(|| panic!("no vector {name}"));
    let vector: serde_json::Value = serde_json::from_str(line).unwrap();
    let digits = vector["hex"].as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The names of a call, as one of its sides writes them.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    pub reference: u16,
    pub from_destination: bool,
    pub identifier: [u8; 16],
}

impl Names {
    /// Those of the calling side of the recorded call.
    pub const RECORDED: Self = Self { reference: REFERENCE, from_destination: false, identifier: RECORDED };

    /// A recorded message as one of this call.
    pub fn adapt(&self, name: &str) -> Vec<u8> {
        let mut message = Q931::decode(&recorded(name)[4..]).unwrap();
        let mut information = message.user_information().unwrap();
        let identifier =
            Some(CallIdentifier { guid: FixedOctets(self.identifier), ..CallIdentifier::default() });
        match &mut information.h323_uu_pdu.h323_message_body {
            MessageBody::Setup(body) => body.call_identifier = identifier,
            MessageBody::CallProceeding(body) => body.call_identifier = identifier,
            MessageBody::Alerting(body) => body.call_identifier = identifier,
            MessageBody::Connect(body) => body.call_identifier = identifier,
            MessageBody::Facility(body) => body.call_identifier = identifier,
            MessageBody::ReleaseComplete(body) => body.call_identifier = identifier,
            other => panic!("{other:?}"),
        }
        message.call_reference = self.reference;
        message.from_destination = self.from_destination;
        message.elements.retain(|element| element.code != element::USER_USER);
        packet(&message.with_user_information(&information).unwrap())
    }

    /// A message with this body and generic data.
    pub fn message(&self, message_type: u8, body: MessageBody, data: Vec<GenericData>) -> Vec<u8> {
        let pdu = H323UuPdu {
            h323_message_body: body,
            generic_data: (!data.is_empty()).then_some(data),
            ..H323UuPdu::default()
        };
        let information = H323UserInformation { h323_uu_pdu: pdu, ..H323UserInformation::default() };
        let message = Q931::new(message_type, self.reference, self.from_destination);
        packet(&message.with_user_information(&information).unwrap())
    }

    /// A Facility with messaging parameters.
    pub fn facility(&self, open: Option<bool>, units: Option<&[u16]>) -> Vec<u8> {
        let open = open.map(|open| parameter(4, Content::Bool(open)));
        let text =
            units.map(|units| parameter(5, Content::Unicode(BmpString::from_units(units.to_vec()).unwrap())));
        let parameters: Vec<_> = open.into_iter().chain(text).collect();
        let data = GenericData {
            parameters: Some(codec::per::BoundedList(parameters)),
            ..Feature::Messaging.advertised()
        };
        self.message(
            message_type::FACILITY,
            MessageBody::Facility(FacilityUuie::default().into()),
            vec![data],
        )
    }

    pub fn text(&self, text: &str) -> Vec<u8> {
        self.facility(None, Some(&text.encode_utf16().collect::<Vec<_>>()))
    }

    /// A message without user information but a body of its own kind.
    pub fn status(&self) -> Vec<u8> {
        let body = MessageBody::Status(StatusUuie::default().into());
        self.message(message_type::STATUS, body, Vec::new())
    }

    pub fn status_inquiry(&self) -> Vec<u8> {
        let body = MessageBody::StatusInquiry(StatusInquiryUuie::default().into());
        self.message(message_type::STATUS_INQUIRY, body, Vec::new())
    }

    /// Release Complete with this cause, and nothing of a session.
    pub fn release(&self, cause: u8) -> Vec<u8> {
        let body = MessageBody::ReleaseComplete(ReleaseCompleteUuie::default().into());
        let information = H323UserInformation {
            h323_uu_pdu: H323UuPdu { h323_message_body: body, ..H323UuPdu::default() },
            ..H323UserInformation::default()
        };
        let message = Q931::new(message_type::RELEASE_COMPLETE, self.reference, self.from_destination);
        let message = message.with(element::CAUSE, [0x80, 0x80 | cause]);
        packet(&message.with_user_information(&information).unwrap())
    }
}

fn parameter(number: u8, content: Content) -> EnumeratedParameter {
    EnumeratedParameter::new(Feature::Messaging.parameter(number), content)
}

fn packet(message: &Q931) -> Vec<u8> {
    tpkt::packet(&message.encode().unwrap()).unwrap()
}

/// A message that the gatekeeper sent.
#[derive(Clone, Debug)]
pub struct Said {
    pub message_type: u8,
    pub names: Names,
    pub cause: Option<u8>,
    pub reason: Option<ReleaseCompleteReason>,
    pub body: MessageBody,
    /// The messaging parameters, from wherever they stand.
    pub is_offered: bool,
    pub kind: Option<u32>,
    pub open: Option<bool>,
    pub text: Option<String>,
    /// Whose name it is said in.
    pub display: Option<Vec<u8>>,
}

impl Said {
    fn read(octets: &[u8]) -> Self {
        let message = Q931::decode(&octets[4..]).unwrap();
        let pdu = message.user_information().unwrap().h323_uu_pdu;
        let features = match &pdu.h323_message_body {
            MessageBody::Setup(setup) => setup.supported_features.clone(),
            MessageBody::CallProceeding(body) => {
                body.feature_set.clone().and_then(|set| set.supported_features)
            }
            _ => pdu.generic_data.clone(),
        };
        let features = features.unwrap_or_default();
        let messaging = features.iter().find(|data| data.id == Feature::Messaging.identifier());
        let content =
            |number| messaging.and_then(|data| data.parameter(&Feature::Messaging.parameter(number)));
        let identifier = match &pdu.h323_message_body {
            MessageBody::Setup(body) => body.call_identifier.clone(),
            _ => None,
        };
        Self {
            message_type: message.message_type,
            display: message.element(element::DISPLAY).map(<[u8]>::to_vec),
            names: Names {
                reference: message.call_reference,
                from_destination: message.from_destination,
                identifier: identifier.map(|identifier| identifier.guid.0).unwrap_or_default(),
            },
            cause: message.cause(),
            reason: match &pdu.h323_message_body {
                MessageBody::ReleaseComplete(release) => release.reason.clone(),
                _ => None,
            },
            is_offered: messaging.is_some(),
            kind: match content(1) {
                Some(Content::Number8(kind)) => Some(kind.get()),
                _ => None,
            },
            open: match content(4) {
                Some(Content::Bool(open)) => Some(*open),
                _ => None,
            },
            text: match content(5) {
                Some(Content::Unicode(text)) => Some(text.to_string()),
                _ => None,
            },
            body: pdu.h323_message_body,
        }
    }
}

pub const fn channel(number: u32) -> ChannelId {
    ChannelId(number)
}

impl World {
    /// A peer connects.
    pub fn connects(&mut self, channel: ChannelId, host: &str) {
        let (peer, local) = (format!("{host}:40000"), format!("192.0.2.1:{PORT}"));
        let (peer, local) = (peer.parse().unwrap(), local.parse().unwrap());
        self.happens(channel, Input::Accepted { peer, local, is_secured: false });
    }

    pub fn brings(&mut self, channel: ChannelId, octets: &[u8]) {
        self.happens(channel, Input::Octets { octets });
    }

    /// What was said on a connection and not taken yet, as octets.
    pub fn octets_of(&mut self, channel: ChannelId) -> Vec<Vec<u8>> {
        let (taken, left) = std::mem::take(&mut self.wires).into_iter().partition(|(on, _)| *on == channel);
        self.wires = left;
        let taken: Vec<(ChannelId, Vec<u8>)> = taken;
        taken.into_iter().map(|(_, octets)| octets).collect()
    }

    /// What was said on a connection and not taken yet.
    pub fn said(&mut self, channel: ChannelId) -> Vec<Said> {
        self.octets_of(channel).iter().map(|octets| Said::read(octets)).collect()
    }

    /// The one message that was said.
    pub fn said_once(&mut self, channel: ChannelId) -> Said {
        let mut said = self.said(channel);
        assert_eq!(said.len(), 1, "{said:#?}");
        said.remove(0)
    }

    /// The types of what was said.
    pub fn said_types(&mut self, channel: ChannelId) -> Vec<u8> {
        self.said(channel).iter().map(|said| said.message_type).collect()
    }

    pub fn has_closed(&mut self, channel: ChannelId) -> bool {
        let closed = self.closed.contains(&channel);
        self.closed.retain(|other| *other != channel);
        closed
    }

    /// The connection that the gatekeeper has just opened.
    pub fn opened_once(&mut self) -> (ChannelId, SocketAddr) {
        assert_eq!(self.opened.len(), 1, "{:?}", self.opened);
        self.opened.remove(0)
    }

    /// A registered room is admitted to call with the recorded call identifier.
    pub fn admits(&mut self, room: &Room, destination: &str) -> RasMessage {
        self.admits_call(room, destination, RECORDED)
    }

    pub fn admits_call(&mut self, room: &Room, destination: &str, identifier: [u8; 16]) -> RasMessage {
        let request = self.admission(room, destination, identifier);
        self.ask(&room.ras, &request)
    }

    pub fn admission(&mut self, room: &Room, destination: &str, identifier: [u8; 16]) -> RasMessage {
        let mut request = room.admission(self, 1, false, destination);
        request.conference_id = FixedOctets([9; 16]);
        request.call_identifier =
            Some(CallIdentifier { guid: FixedOctets(identifier), ..CallIdentifier::default() });
        RasMessage::AdmissionRequest(request.into())
    }

    /// Takes the one request that waits.
    pub fn asked_once(&mut self) -> Request {
        assert_eq!(self.requests.len(), 1, "{:#?}", self.requests);
        self.requests.remove(0)
    }

    /// The engine says where a message would go.
    pub fn routes(&mut self, agents: &[u64]) -> (AgentId, Address) {
        let Request::Route { ticket, agent, recipient } = self.asked_once() else { panic!("no route") };
        let agents = agents.iter().map(|number| self::agent(*number)).collect();
        self.apply(Effect::Routed { ticket, agent, agents });
        (agent, recipient)
    }

    /// The engine says that a message would go nowhere.
    pub fn routes_nowhere(&mut self, failure: MessageFailure) {
        let Request::Route { ticket, agent, .. } = self.asked_once() else { panic!("no route") };
        self.apply(Effect::MessageRefused { ticket, agent: Some(agent), failure });
    }

    /// The one message that the engine is to take.
    pub fn sent_once(&mut self) -> (Ticket, Option<AgentId>, InstantMessage) {
        let Request::Send { ticket, agent, message } = self.asked_once() else { panic!("no message") };
        (ticket, agent, *message)
    }

    pub fn accepts(&mut self, ticket: Ticket, agent: Option<AgentId>) {
        self.apply(Effect::Accepted { ticket, agent, is_stored: false });
    }

    /// The engine takes the one message that waits.
    pub fn takes_text(&mut self) -> InstantMessage {
        let (ticket, agent, message) = self.sent_once();
        self.accepts(ticket, agent);
        message
    }

    /// How the one delivery was concluded.
    pub fn concluded(&mut self) -> DeliveryOutcome {
        let Request::Conclude { outcome, .. } = self.asked_once() else { panic!("nothing concluded") };
        outcome
    }

    pub fn delivers(&mut self, number: u64, delivery: Delivery) {
        self.apply(Effect::Deliver { agent: agent(number), delivery: Arc::new(delivery) });
    }

    /// A call to a room is there, and the Setup on it.
    pub fn placed(&mut self) -> (ChannelId, Said) {
        let (channel, _) = self.opened_once();
        self.happens(channel, Input::Connected { local: "192.0.2.1:5000".parse().unwrap() });
        let setup = self.said_once(channel);
        assert_eq!(setup.message_type, message_type::SETUP);
        (channel, setup)
    }

    /// A call to a room that has come so far that the room takes messages; the names that the room writes.
    pub fn placed_and_alerted(&mut self) -> (ChannelId, Names) {
        let (channel, setup) = self.placed();
        let names = setup.names.answered();
        self.brings(channel, &names.adapt(PROCEEDING));
        self.brings(channel, &names.adapt(ALERTING));
        (channel, names)
    }
}

impl Names {
    /// The same call from its other side.
    pub fn answered(self) -> Self {
        Self { from_destination: !self.from_destination, ..self }
    }
}

pub fn agent(number: u64) -> AgentId {
    AgentId { gateway: GatewayId(0), number }
}

pub fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.com")).unwrap()
}

/// A message of somebody for somebody.
pub fn delivery(sender: &str, recipient: &str, text: &str, in_session: bool) -> Delivery {
    Delivery {
        group: None,
        message: InstantMessage {
            id: MessageId([text.len() as u8; 16]),
            sender: address(sender),
            recipient: address(recipient),
            text: text.to_owned(),
            content: None,
            language: None,
            sent_at: Timestamp(0),
            expires_at: None,
            max_forwards: 110,
            thread: None,
            wanted: ReceiptsWanted::default(),
            in_session,
            is_report: false,
            is_ignored: false,
        },
        sender: NamedAddress {
            address: address(sender),
            kind: "h323-ID".to_owned(),
            original: sender.to_owned(),
        },
        is_delayed: false,
    }
}

/// An IM call of the first room that was answered; a message from it would be stored.
pub fn answered(world: &mut World, room: &Room, recipient: &str) -> ChannelId {
    let call = channel(1);
    let admitted = world.admits(room, recipient);
    assert!(matches!(admitted, RasMessage::AdmissionConfirm(_)), "{admitted:?}");
    world.connects(call, "192.0.2.10");
    world.brings(call, &recorded(SETUP));
    world.routes(&[]);
    assert_eq!(world.said_types(call), [message_type::CALL_PROCEEDING, message_type::ALERTING]);
    call
}

/// The transport address and the model of an admission.
pub fn granted(answer: &RasMessage) -> (CallModel, TransportAddress) {
    let RasMessage::AdmissionConfirm(confirm) = answer else { panic!("{answer:?}") };
    (confirm.call_model.clone(), confirm.dest_call_signal_address.clone())
}

pub fn ours() -> TransportAddress {
    transport(&format!("192.0.2.1:{PORT}"))
}
