//! Herald's own package over RAS: messages, receipts and typing in SCIs.

mod delivered;
mod received;

use crate::world::{Room, Told, World, alias};
use codec::per;
use h323::wire::feature::Feature;
use h323::wire::h225::{GenericData, RasMessage, ServiceControlIndication, ServiceControlResponse};
use h323::wire::package::{
    Announcement, Assembly, FailureReason, Joined, Package, PackageMessage, PackageReceipt, Part,
    ReceiptStage, Typing, capability,
};
use model::{
    Address, AgentId, Delivery, DeliveryOutcome, Effect, GatewayId, InstantMessage, MessageContent,
    MessageFailure, MessageId, NamedAddress, Receipt, ReceiptKind, ReceiptsWanted, Timestamp,
};
use std::sync::Arc;

const ALL: u16 = capability::RECEIPTS | capability::TYPING | capability::MESSAGES;
const ID: MessageId = MessageId([7; 16]);

/// A registered endpoint that announced these capabilities.
fn speaker(world: &mut World, host: &str, names: &[&str], capabilities: u16) -> Room {
    let mut room = Room::new(host, names);
    room.features = vec![Announcement { version: 1, capabilities }.write()];
    room.register(world);
    world.told.clear();
    room
}

fn alice(world: &mut World) -> Room {
    speaker(world, "192.0.2.10", &["alice", "4711"], ALL)
}

const fn agent(number: u64) -> AgentId {
    AgentId { gateway: GatewayId(0), number }
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn bob() -> NamedAddress {
    let original = "Bob".to_owned();
    NamedAddress { address: address("bob@example.com"), kind: "h323-ID".to_owned(), original }
}

/// An SCI of an endpoint with these descriptors.
fn indication(world: &mut World, room: &Room, descriptors: Vec<GenericData>) -> RasMessage {
    let indication = ServiceControlIndication {
        request_seq_num: world.sequence(),
        endpoint_identifier: Some(room.endpoint_identifier()),
        generic_data: Some(descriptors),
        ..ServiceControlIndication::default()
    };
    RasMessage::ServiceControlIndication(indication.into())
}

/// Sends an SCI, expects its confirmation first, and gives back what the gatekeeper indicates thereupon.
fn indicate(world: &mut World, room: &Room, descriptors: Vec<GenericData>) -> Vec<Package> {
    let request = indication(world, room, descriptors);
    let mut answers = world.send(&room.ras, &request).into_iter();
    let first = answers.next();
    assert!(matches!(first, Some(RasMessage::ServiceControlResponse(_))), "{first:?}");
    let answers: Vec<_> = answers.collect();
    answers.iter().map(read).collect()
}

fn read(message: &RasMessage) -> Package {
    let RasMessage::ServiceControlIndication(indication) = message else { panic!("{message:?}") };
    let descriptors = indication.generic_data.as_deref().unwrap();
    Package::read(&descriptors[0]).unwrap().unwrap()
}

/// Takes what the gatekeeper has indicated.
fn indicated(world: &mut World, room: &Room) -> Vec<Package> {
    world.take(room.ras.parse().unwrap()).iter().map(read).collect()
}

/// Takes what the gatekeeper has indicated and confirms each; also what follows from that.
fn confirmed(world: &mut World, room: &Room) -> Vec<Package> {
    let mut all = Vec::new();
    let mut messages = world.take(room.ras.parse().unwrap());
    while !messages.is_empty() {
        let mut next = Vec::new();
        for message in messages {
            let RasMessage::ServiceControlIndication(indication) = &message else { panic!("{message:?}") };
            assert!(per::encode(&message).unwrap().len() <= 1200);
            all.push(read(&message));
            let request_seq_num = indication.request_seq_num;
            let response = ServiceControlResponse { request_seq_num, ..ServiceControlResponse::default() };
            next.extend(world.send(&room.ras, &RasMessage::ServiceControlResponse(response.into())));
        }
        messages = next;
    }
    all
}

fn to_bob(text: &str) -> PackageMessage {
    PackageMessage { to: vec![alias("bob")], text: Some(text.to_owned()), ..PackageMessage::new(ID) }
}

fn failed(reason: FailureReason) -> PackageReceipt {
    let receipt = PackageReceipt::new(ID, ReceiptStage::Failed);
    PackageReceipt { reason: Some(reason), to: Some(alias("alice")), ..receipt }
}

fn message(text: &str) -> InstantMessage {
    InstantMessage {
        id: ID,
        sender: address("bob@example.com"),
        recipient: address("4711@example.com"),
        text: text.to_owned(),
        content: None,
        language: None,
        sent_at: Timestamp(1_600_000_000_000),
        expires_at: None,
        max_forwards: 109,
        thread: None,
        wanted: ReceiptsWanted::default(),
        in_session: false,
        is_report: false,
        is_ignored: false,
    }
}

fn deliver(world: &mut World, message: InstantMessage) {
    let delivery = Arc::new(Delivery { message, sender: bob(), is_delayed: true, group: None });
    world.apply(Effect::Deliver { agent: agent(1), delivery });
}

fn receipt(kind: ReceiptStage) -> GenericData {
    PackageReceipt { to: Some(alias("Bob")), ..PackageReceipt::new(ID, kind) }.write()
}

fn concluded(outcome: DeliveryOutcome) -> Told {
    Told::Conclude(1, "bob@example.com".to_owned(), outcome)
}

/// What the engine answers to the oldest message that waits for it.
fn answer(world: &mut World, answer: Result<bool, MessageFailure>) {
    let (ticket, agent, _) = world.messages.remove(0);
    world.apply(match answer {
        Ok(is_stored) => Effect::Accepted { ticket, agent, is_stored },
        Err(failure) => Effect::MessageRefused { ticket, agent, failure },
    });
}
