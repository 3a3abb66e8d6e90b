//! Presence over RAS: endpoints that offer it, publish, watch and decide, and what they are told.

mod delivery;
mod negotiation;
mod publishing;
mod robustness;
mod subscribing;
mod telling;

use crate::world::{Room, World, alias};
use codec::per::{self, BoundedList, Ia5String, Integer, OctetString};
use h323::alias::{Alias, canonical};
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use h323::wire::presence::{
    PresenceAlias, PresenceElement, PresenceInstruct, PresenceInstruction, PresenceMessage,
    PresenceNotification, PresenceNotify, Presentity,
};
use model::{
    Address, AgentId, Basic, Capability, Contact, ContactCard, ContactStatus, Effect, GatewayId,
    NamedAddress, Note, PresenceDocument, PresenceState, PresenceTuple, Publication, SubscriptionId,
    SubscriptionRequest, Timestamp, Version,
};
use std::sync::Arc;

/// The octets of a recorded message.
pub fn vector(name: &str) -> Vec<u8> {
    let lines = include_str!("../../vectors/vectors.jsonl").lines();
    let vectors = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let vector = vectors.into_iter().find(|vector| vector["name"] == name).expect(name);
    let digits = vector["hex"].as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The names of all recorded messages that begin so.
pub fn names(prefix: &str) -> Vec<String> {
    let lines = include_str!("../../vectors/vectors.jsonl").lines();
    let vectors = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let names = vectors.map(|vector| vector["name"].as_str().unwrap().to_owned());
    names.filter(|name| name.starts_with(prefix)).collect()
}

/// A descriptor with an element.
pub fn described(element: &[u8]) -> GenericData {
    let content = Content::Raw(OctetString(element.to_vec()));
    let parameter = EnumeratedParameter::new(Feature::Presence.parameter(1), content);
    GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Presence.advertised() }
}

/// The announcement of Herald's package with these capabilities.
pub fn package(capabilities: u32) -> GenericData {
    let parameter = |number, content| EnumeratedParameter::new(Feature::Herald.parameter(number), content);
    let parameters = vec![
        parameter(1, Content::Number8(Integer::clamped(1))),
        parameter(2, Content::Number16(Integer::clamped(capabilities))),
    ];
    GenericData { parameters: Some(BoundedList(parameters)), ..Feature::Herald.advertised() }
}

pub fn supported(descriptors: Vec<GenericData>) -> FeatureSet {
    FeatureSet { supported_features: Some(descriptors), ..FeatureSet::default() }
}

/// Registers an endpoint that offers these features.
pub fn register(room: &mut Room, world: &mut World, features: Vec<GenericData>) -> Box<RegistrationConfirm> {
    let mut request = room.registration(world);
    request.feature_set = (!features.is_empty()).then(|| supported(features));
    match world.ask(&room.ras, &RasMessage::RegistrationRequest(request.into())) {
        RasMessage::RegistrationConfirm(confirm) => {
            room.identifier = Some(confirm.endpoint_identifier.to_string());
            confirm
        }
        other => panic!("{other:?}"),
    }
}

/// An endpoint with presence, registered.
pub fn present(world: &mut World, host: &str, aliases: &[&str]) -> Room {
    let mut room = Room::new(host, aliases);
    register(&mut room, world, vec![Feature::Presence.advertised()]);
    room
}

/// An indication with these messages, each in the one element.
pub fn indication(world: &mut World, messages: Vec<PresenceMessage>) -> RasMessage {
    let element = per::encode(&PresenceElement { message: messages, ..PresenceElement::default() }).unwrap();
    let indication = ServiceControlIndication {
        request_seq_num: world.sequence(),
        generic_data: Some(vec![described(&element)]),
        ..ServiceControlIndication::default()
    };
    RasMessage::ServiceControlIndication(indication.into())
}

/// Sends messages in an indication; gives the result in the response.
pub fn indicate(
    world: &mut World,
    room: &Room,
    messages: Vec<PresenceMessage>,
) -> Option<ServiceControlResult> {
    let indication = indication(world, messages);
    let answer = world.ask(&room.ras, &indication);
    result(&answer)
}

pub fn result(answer: &RasMessage) -> Option<ServiceControlResult> {
    let RasMessage::ServiceControlResponse(response) = answer else { panic!("{answer:?}") };
    response.result.clone()
}

pub fn notify(own: &str, presentity: Presentity) -> PresenceMessage {
    let notification = PresenceNotification { presentity, ..PresenceNotification::default() };
    PresenceMessage::PresenceNotify(PresenceNotify {
        alias: alias(own),
        notification: vec![notification],
        ..PresenceNotify::default()
    })
}

pub fn instruct(own: &str, instruction: Vec<PresenceInstruction>) -> PresenceMessage {
    PresenceMessage::PresenceInstruct(PresenceInstruct {
        alias: alias(own),
        instruction,
        ..PresenceInstruct::default()
    })
}

pub fn person(name: &str) -> PresenceAlias {
    PresenceAlias { alias: alias(name), ..PresenceAlias::default() }
}

pub fn named(text: &str) -> NamedAddress {
    let alias = Alias::parse_typed(text).unwrap();
    let address = canonical(&alias, &crate::world::zone()).unwrap();
    NamedAddress { address, kind: alias.kind().to_owned(), original: text.to_owned() }
}

pub fn agent(number: u64) -> AgentId {
    AgentId { gateway: GatewayId(0), number }
}

pub fn published(state: PresenceState) -> Publication {
    Publication {
        state,
        qualifier: None,
        custom: Vec::new(),
        notes: Vec::new(),
        capabilities: None,
        location: None,
        extensions: Box::default(),
        at: Timestamp(0),
    }
}

/// A document whose only device has published this; `None`: is in that state without a word.
pub fn document(
    whose: &Address,
    state: PresenceState,
    publication: Option<Publication>,
) -> Arc<PresenceDocument> {
    let tuple = PresenceTuple {
        agent: Some(agent(99)),
        state,
        basic: Basic::Open,
        since: Timestamp(0),
        note: Some("registered from 192.0.2.99:1719".to_owned()),
        publication: publication.map(Box::new),
    };
    Arc::new(PresenceDocument {
        presentity: whose.clone(),
        version: Version::default(),
        state,
        basic: Basic::Open,
        since: Timestamp(0),
        note: Some("registered from 192.0.2.99:1719".to_owned()),
        tuples: vec![tuple],
    })
}

pub fn inform(number: u64, contact: &str, state: PresenceState) -> Effect {
    inform_of(number, contact, published(state))
}

pub fn inform_of(number: u64, contact: &str, publication: Publication) -> Effect {
    let contact = named(contact);
    let document = document(&contact.address, publication.state, Some(publication));
    Effect::Inform { agent: agent(number), contact, document }
}

pub fn listed(number: u64, contacts: &[(&str, ContactStatus)]) -> Effect {
    let contact = |(name, status): &(&str, ContactStatus)| Contact {
        name: named(name),
        status: *status,
        card: ContactCard::default(),
    };
    Effect::Listed { agent: agent(number), contacts: contacts.iter().map(contact).collect() }
}

pub fn asked(number: u64, id: u8, presentity: &str, watcher: &str, card: ContactCard) -> Effect {
    let request = SubscriptionRequest {
        id: SubscriptionId([id; 16]),
        presentity: named(presentity).address,
        watcher: named(watcher),
        card,
        asked_at: Timestamp(0),
    };
    Effect::Asked { agent: agent(number), request: Box::new(request) }
}

/// The indications that have been sent to an endpoint and not been looked at yet.
pub fn waiting(world: &mut World, room: &Room) -> Vec<ServiceControlIndication> {
    let sent = world.take(room.ras.parse().unwrap());
    let indications = sent.into_iter().map(|message| match message {
        RasMessage::ServiceControlIndication(indication) => *indication,
        other => panic!("{other:?}"),
    });
    indications.collect()
}

/// Confirms an indication; what comes of that can be taken then.
pub fn confirm(world: &mut World, room: &Room, indication: &ServiceControlIndication) {
    let response = ServiceControlResponse {
        request_seq_num: indication.request_seq_num,
        ..ServiceControlResponse::default()
    };
    let sent = world.send(&room.ras, &RasMessage::ServiceControlResponse(response.into()));
    world.sent.extend(sent.into_iter().map(|message| (room.ras.parse().unwrap(), message)));
}

/// The one message of the one element of an indication.
pub fn message(indication: &ServiceControlIndication) -> PresenceMessage {
    let [data] = indication.generic_data.as_deref().unwrap() else { panic!("one descriptor") };
    let Some(Content::Raw(octets)) = data.parameter(&Feature::Presence.parameter(1)) else {
        panic!("no element")
    };
    let mut element: PresenceElement = per::decode(&octets.0).unwrap();
    assert_eq!(element.message.len(), 1);
    element.message.remove(0)
}

/// Confirms everything that an endpoint is told until nothing more comes; gives the messages.
pub fn listen(world: &mut World, room: &Room) -> Vec<PresenceMessage> {
    let mut heard = Vec::new();
    loop {
        let indications = waiting(world, room);
        if indications.is_empty() {
            return heard;
        }
        for indication in &indications {
            heard.push(message(indication));
            confirm(world, room, indication);
        }
    }
}

/// The presentity of each notification of a message, with whose it is.
pub fn notifications(message: &PresenceMessage) -> Vec<(AliasAddress, Presentity)> {
    let PresenceMessage::PresenceNotify(notify) = message else { panic!("{message:?}") };
    let all = notify.notification.iter();
    all.map(|one| (one.alias_address.clone().unwrap(), one.presentity.clone())).collect()
}

pub fn text(octets: &str) -> Ia5String {
    Ia5String::new(octets).unwrap()
}

pub fn note(language: &str, text: &str) -> Note {
    Note { language: Some(language.to_owned()), text: text.to_owned() }
}

/// The feature that every deployed endpoint publishes.
pub fn oid3() -> Capability {
    Capability::Other { identifier: "1.3.6.1.4.1.17090.0.12".to_owned(), text: Some("OID3".to_owned()) }
}

/// The text of each display.
pub fn texts(presentity: &Presentity) -> Vec<String> {
    presentity.display.iter().flatten().map(|display| display.display.to_string()).collect()
}
