//! Herald's own package between an endpoint and its gatekeeper.

use crate::world::*;
use codec::per;
use h323::alias::Alias;
use h323::endpoint::{Offers, Settings};
use h323::wire::h225::*;
use h323::wire::package::*;
use model::{MessageId, ReceiptsWanted, Timestamp};
use serde_json::json;

fn alias(name: &str) -> Option<AliasAddress> {
    Alias::H323Id(name.to_owned()).to_wire()
}

/// What a gatekeeper with messages over RAS confirms.
fn confirmed(capabilities: u16) -> Option<FeatureSet> {
    let announcement = Announcement { version: 1, capabilities }.write();
    Some(FeatureSet { supported_features: Some(vec![announcement]), ..FeatureSet::default() })
}

/// A world in which both are registered with a gatekeeper that speaks the package.
fn world() -> World {
    world_of([settings(ALICE), settings(BOB)])
}

fn world_of(settings: [Settings; 2]) -> World {
    let mut world = World::of(settings);
    let all = capability::RECEIPTS | capability::TYPING | capability::MESSAGES;
    world.gatekeeper().features = [confirmed(all), None];
    world.command(ALICE, "register");
    world.command(BOB, "register");
    assert_eq!(world.last(BOB)["messages"], true);
    world.forget();
    world
}

/// What the gatekeeper heard in the package.
fn said(world: &mut World) -> Vec<Package> {
    world.heard(|message| match message {
        RasMessage::ServiceControlIndication(indication) => {
            Package::read(&indication.generic_data.as_ref().unwrap()[0]).unwrap()
        }
        _ => None,
    })
}

fn indication(number: u32, data: GenericData) -> RasMessage {
    RasMessage::ServiceControlIndication(Box::new(ServiceControlIndication {
        request_seq_num: RequestSeqNum::clamped(number),
        generic_data: Some(vec![data]),
        ..ServiceControlIndication::default()
    }))
}

fn message(text: &str) -> PackageMessage {
    PackageMessage {
        from: alias("bob"),
        to: alias("alice").into_iter().collect(),
        text: Some(text.to_owned()),
        sent_at: Some(Timestamp(EPOCH)),
        ..PackageMessage::new(MessageId([7; 16]))
    }
}

/// The message alice sent, which must be one.
fn sent(world: &mut World) -> PackageMessage {
    match said(world).as_slice() {
        [Package::Message(message)] => (**message).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_goes_over_ras_with_its_identity_and_what_is_wanted() {
    let mut world = world();
    world.command(ALICE, "send bob Grüße 😀");
    let message = sent(&mut world);
    assert_eq!((message.from.clone(), message.to.clone()), (alias("alice"), vec![alias("bob").unwrap()]));
    assert_eq!(message.text.as_deref(), Some("Grüße 😀"));
    assert_eq!(message.sent_at, Some(Timestamp(EPOCH)));
    let wanted = ReceiptsWanted { delivered: true, displayed: false, failed: true };
    assert_eq!(message.wanted, wanted);
    // A UUID of version 7 begins with the time.
    assert_eq!(message.id.0[..6], EPOCH.to_be_bytes()[2..]);
    assert_eq!((message.id.0[6] >> 4, message.id.0[8] >> 6), (7, 2));
    assert_eq!(world.names(ALICE), ["sending"]);
    assert_eq!(world.said[ALICE], Vec::<Vec<u8>>::new());
}

#[test]
fn receipts_tell_what_became_of_a_message() {
    let mut world = world();
    world.command(ALICE, "send bob hello");
    let id = sent(&mut world).id;
    let stages =
        [ReceiptStage::Accepted, ReceiptStage::Stored, ReceiptStage::Delivered, ReceiptStage::Displayed];
    for (number, stage) in (1..).zip(stages) {
        world.tell(ALICE, &indication(number, PackageReceipt::new(id, stage).write()));
    }
    assert_eq!(world.names(ALICE), ["sending", "receipt", "receipt", "delivered", "receipt"]);
    assert_eq!(world.last(ALICE)["receipt"], "displayed");
    assert_eq!(world.last(ALICE)["identifier"], world_identifier(id));
}

fn world_identifier(id: MessageId) -> String {
    format!("{:032x}", u128::from_be_bytes(id.0))
}

#[test]
fn a_failed_receipt_says_why() {
    let mut world = world();
    world.command(ALICE, "send bob hello");
    let id = sent(&mut world).id;
    let failed = PackageReceipt {
        reason: Some(FailureReason::NoRecipient),
        ..PackageReceipt::new(id, ReceiptStage::Failed)
    };
    world.tell(ALICE, &indication(1, failed.write()));
    assert_eq!(world.last(ALICE)["event"], "notDelivered");
    assert_eq!(world.last(ALICE)["reason"], "noSuchRecipient");
    assert_eq!(world.events[ALICE][1].to_string(), "Not delivered to bob: no such recipient.");
}

#[test]
fn a_receipt_for_a_message_never_sent_is_counted_and_not_told() {
    let mut world = world();
    let receipt = PackageReceipt::new(MessageId([1; 16]), ReceiptStage::Delivered);
    world.tell(ALICE, &indication(1, receipt.write()));
    assert_eq!(world.status(ALICE)["counters"]["strayReplies"], 1);
    assert_eq!(world.names(ALICE), ["status"]);
}

#[test]
fn a_message_without_any_answer_of_the_gatekeeper_is_not_delivered() {
    let mut world = world();
    world.gatekeeper().ignores_indications = true;
    world.command(ALICE, "send bob hello");
    world.pass(9);
    assert_eq!(world.last(ALICE)["event"], "notDelivered");
    assert_eq!(world.last(ALICE)["reason"], "noAnswer");
}

#[test]
fn a_long_text_goes_in_parts_that_each_fit_a_datagram_and_arrives_whole() {
    let mut world = world();
    let text = "Grüße 😀 ".repeat(400);
    world.command(ALICE, &format!("send bob {}", text.trim()));
    assert!(world.sent.iter().all(|(_, octets)| octets.len() <= 1200));
    let parts = said(&mut world);
    assert!(parts.len() > 2);
    world.forget();
    for (number, part) in (1..).zip(parts.into_iter().rev()) {
        let Package::Message(part) = part else { panic!() };
        world.tell(BOB, &indication(number, part.write().unwrap()));
    }
    assert_eq!(world.names(BOB), ["message"]);
    assert_eq!(world.last(BOB)["text"], text.trim());
}

#[test]
fn a_text_too_long_for_all_parts_is_refused() {
    let mut world = world();
    world.command(ALICE, &format!("send bob {}", "字".repeat(8000)));
    assert_eq!(world.names(ALICE), ["error"]);
    assert_eq!(said(&mut world), []);
}

#[test]
fn when_one_part_fails_the_others_are_not_sent() {
    let mut world = world();
    world.gatekeeper().indication_result = Some(ServiceControlResult::Failed);
    world.command(ALICE, &format!("send bob {}", "x".repeat(5000)));
    assert_eq!(said(&mut world).len(), 1);
    assert_eq!(world.names(ALICE), ["sending", "notDelivered"]);
}

#[test]
fn a_message_that_comes_is_told_once_and_confirmed_each_time() {
    let mut world = world();
    for number in [1, 2] {
        world.tell(ALICE, &indication(number, message("hello").write().unwrap()));
    }
    assert_eq!(
        world.told(ALICE),
        [json!({
            "event": "message", "from": "bob", "text": "hello", "way": "ras",
            "identifier": "07070707070707070707070707070707", "sentAt": "2027-01-15T08:00:00Z", "delayed": false,
        })]
    );
    let receipt = PackageReceipt {
        from: alias("alice"),
        to: alias("bob"),
        ..PackageReceipt::new(MessageId([7; 16]), ReceiptStage::Delivered)
    };
    assert_eq!(said(&mut world), [Package::Receipt(receipt.clone()), Package::Receipt(receipt)]);
    // The same identifier of another sender is another message.
    let other = PackageMessage { from: alias("carol"), ..message("hello") };
    world.tell(ALICE, &indication(3, other.write().unwrap()));
    assert_eq!(world.names(ALICE), ["message", "message"]);
}

#[test]
fn a_message_without_text_fails_as_not_supported() {
    let mut world = world();
    let picture =
        PackageMessage { text: None, content: Some(("image/png".to_owned(), vec![1])), ..message("") };
    world.tell(ALICE, &indication(1, picture.write().unwrap()));
    assert_eq!(world.names(ALICE), [""; 0]);
    assert!(matches!(
        said(&mut world)[..],
        [Package::Receipt(PackageReceipt { reason: Some(FailureReason::NotSupported), .. })]
    ));
}

#[test]
fn typing_goes_to_the_gatekeeper_and_comes_from_it() {
    let mut world = world();
    world.command(ALICE, "typing bob on");
    let [Package::Typing(typing)] = &said(&mut world)[..] else { panic!() };
    assert_eq!((typing.from.clone(), typing.to.clone()), (alias("alice"), alias("bob")));
    assert!(typing.is_composing);
    world.tell(BOB, &indication(1, typing.write()));
    assert_eq!(world.last(BOB), json!({ "event": "typing", "from": "alice", "composing": true }));
}

#[test]
fn without_the_package_at_the_gatekeeper_a_message_goes_by_a_call() {
    let mut world = World::registered();
    world.command(ALICE, "send bob hello");
    assert_eq!(world.names(ALICE), ["delivered"]);
    world.command(ALICE, "typing bob on");
    assert_eq!(world.last(ALICE)["event"], "error");
}

#[test]
fn messages_may_go_by_calls_in_spite_of_the_package() {
    let mut world = world_of([Settings { by_call: true, ..settings(ALICE) }, settings(BOB)]);
    world.command(ALICE, "send bob hello");
    assert_eq!(world.names(ALICE), ["delivered"]);
    assert_eq!(said(&mut world), []);
}

#[test]
fn an_endpoint_without_the_package_neither_sends_nor_reads_it() {
    let alice = Settings { offers: Offers { package: false, ..Offers::ALL }, ..settings(ALICE) };
    let mut world = World::of([alice, settings(BOB)]);
    world.gatekeeper().features = [confirmed(0xff), None];
    world.command(ALICE, "register");
    assert_eq!(world.last(ALICE)["messages"], false);
    world.forget();
    world.tell(ALICE, &indication(1, message("hello").write().unwrap()));
    assert_eq!(world.names(ALICE), [""; 0]);
}

#[test]
fn a_malformed_descriptor_is_counted_and_what_stands_beside_it_is_read() {
    let mut world = world();
    let good = message("hello").write().unwrap();
    let mut bad = PackageMessage { id: MessageId([8; 16]), ..message("bad") }.write().unwrap();
    bad.parameters.as_mut().unwrap().0[0].content = Some(Content::Bool(true));
    let RasMessage::ServiceControlIndication(mut told) = indication(1, bad) else { panic!() };
    told.generic_data.as_mut().unwrap().push(good);
    world.datagram(
        ALICE,
        gatekeeper_address(),
        &per::encode(&RasMessage::ServiceControlIndication(told)).unwrap(),
    );
    assert_eq!(world.names(ALICE), ["message"]);
    assert_eq!(world.status(ALICE)["counters"]["malformedElements"], 1);
}

#[test]
fn messages_of_which_parts_never_come_are_forgotten() {
    let mut world = world();
    let part = |id: u8, number, text: &str| PackageMessage {
        id: MessageId([id; 16]),
        part: Some(Part { number, count: 2 }),
        ..message(text)
    };
    for id in 0..20 {
        world.tell(ALICE, &indication(u32::from(id) + 1, part(id, 1, "first ").write().unwrap()));
    }
    // The oldest were pushed out, the last are still waited for.
    world.tell(ALICE, &indication(100, part(0, 2, "second").write().unwrap()));
    assert_eq!(world.names(ALICE), [""; 0]);
    world.tell(ALICE, &indication(101, part(19, 2, "second").write().unwrap()));
    assert_eq!(world.last(ALICE)["text"], "first second");
    world.pass(31);
    world.tell(ALICE, &indication(102, part(18, 2, "second").write().unwrap()));
    assert_eq!(world.names(ALICE), ["message"]);
}
