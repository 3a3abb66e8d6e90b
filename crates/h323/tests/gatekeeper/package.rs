//! Herald's own package over RAS: messages, receipts and typing in SCIs.

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
    }
}

fn deliver(world: &mut World, message: InstantMessage) {
    let delivery = Arc::new(Delivery { message, sender: bob(), is_delayed: true });
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

// covers: C-15, D-10, R-101
#[test]
fn a_message_over_ras_reaches_the_engine_with_all_that_it_says() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let wanted = ReceiptsWanted { delivered: true, displayed: false, failed: true };
    let sent = PackageMessage {
        from: Some(alias("4711")),
        content: Some(("Message/CPIM".to_owned(), vec![0, 255])),
        sent_at: Some(Timestamp(1_699_999_990_000)),
        expires: Some(60),
        max_forwards: Some(5),
        thread: Some([9; 16]),
        wanted,
        language: Some("de".to_owned()),
        ..to_bob("Grüße 🎉")
    };
    assert_eq!(indicate(&mut world, &alice, vec![sent.write().unwrap()]), []);
    let (_, agent_asking, message) = world.messages.remove(0);
    assert_eq!(agent_asking, Some(agent(1)));
    let body = vec![0, 255];
    let expected = InstantMessage {
        id: ID,
        sender: address("alice@example.com"),
        recipient: address("bob@example.com"),
        text: "Grüße 🎉".to_owned(),
        content: Some(MessageContent { media_type: "Message/CPIM".to_owned(), body }),
        language: Some("de".to_owned()),
        sent_at: Timestamp(1_699_999_990_000),
        expires_at: Some(Timestamp(1_700_000_050_000)),
        max_forwards: 5,
        thread: Some([9; 16]),
        wanted,
        in_session: false,
        is_report: false,
    };
    assert_eq!(message, expected);
}

#[test]
fn what_a_message_does_not_say_has_its_default() {
    let mut world = World::new();
    let alice = alice(&mut world);
    indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap()]);
    let (_, _, message) = world.messages.remove(0);
    assert_eq!((message.max_forwards, message.sent_at), (110, world.now.wall));
    assert_eq!((message.expires_at, message.wanted), (None, ReceiptsWanted::default()));
}

#[test]
fn a_message_of_the_future_is_of_now() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let sent_at = Some(Timestamp(world.now.wall.0 + 1_000_000));
    let sent = PackageMessage { sent_at, ..to_bob("hello") };
    indicate(&mut world, &alice, vec![sent.write().unwrap()]);
    assert_eq!(world.messages[0].2.sent_at, world.now.wall);
}

#[test]
fn acceptance_is_told_by_a_receipt_that_names_the_recipient_as_the_sender_wrote_it() {
    let mut world = World::new();
    let alice = alice(&mut world);
    for (is_stored, kind) in [(false, ReceiptStage::Accepted), (true, ReceiptStage::Stored)] {
        indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap()]);
        answer(&mut world, Ok(is_stored));
        let (from, to) = (Some(alias("bob")), Some(alias("alice")));
        let expected = PackageReceipt { from, to, ..PackageReceipt::new(ID, kind) };
        assert_eq!(confirmed(&mut world, &alice), [Package::Receipt(expected)]);
    }
}

// covers: C-14
#[test]
fn a_message_that_may_not_be_relayed_any_more_is_refused_as_a_loop() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let sent = PackageMessage { max_forwards: Some(0), ..to_bob("hello") };
    indicate(&mut world, &alice, vec![sent.write().unwrap()]);
    assert_eq!(world.messages[0].2.max_forwards, 0);
    answer(&mut world, Err(MessageFailure::Loop));
    let expected = PackageReceipt { from: Some(alias("bob")), ..failed(FailureReason::Loop) };
    assert_eq!(confirmed(&mut world, &alice), [Package::Receipt(expected)]);
}

#[test]
fn a_message_that_can_not_be_taken_at_present_is_to_be_sent_again_later() {
    let mut world = World::new();
    let alice = alice(&mut world);
    indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap()]);
    answer(&mut world, Err(MessageFailure::Unavailable { limit: "inbox" }));
    let (from, retry_after) = (Some(alias("bob")), Some(30));
    let expected = PackageReceipt { from, retry_after, ..failed(FailureReason::Temporary) };
    assert_eq!(confirmed(&mut world, &alice), [Package::Receipt(expected)]);
}

//
#[test]
fn every_recipient_has_a_receipt_of_its_own() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let to = vec![alias("bob"), alias("url:tel:nobody"), alias("carol")];
    let sent = PackageMessage { to, ..to_bob("hello") };
    let at_once = indicate(&mut world, &alice, vec![sent.write().unwrap()]);
    let nobody = PackageReceipt { from: Some(alias("url:tel:nobody")), ..failed(FailureReason::NoRecipient) };
    assert_eq!(at_once, [Package::Receipt(nobody)]);
    let recipients: Vec<_> = world.messages.iter().map(|(_, _, sent)| sent.recipient.to_string()).collect();
    assert_eq!(recipients, ["bob@example.com", "carol@example.com"]);
    answer(&mut world, Ok(false));
    answer(&mut world, Err(MessageFailure::Blocked));
    let kinds: Vec<_> = confirmed(&mut world, &alice)
        .into_iter()
        .map(|package| match package {
            Package::Receipt(receipt) => (receipt.from, receipt.kind),
            other => panic!("{other:?}"),
        })
        .collect();
    let (bob, carol) = (Some(alias("bob")), Some(alias("carol")));
    assert_eq!(kinds[kinds.len() - 2..], [(bob, ReceiptStage::Accepted), (carol, ReceiptStage::Failed)]);
}

#[test]
fn a_message_in_the_name_of_another_is_refused_and_counted() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let sent = PackageMessage { from: Some(alias("carol")), ..to_bob("hello") };
    let answers = indicate(&mut world, &alice, vec![sent.write().unwrap()]);
    assert_eq!(answers, [Package::Receipt(failed(FailureReason::Refused))]);
    assert!(world.messages.is_empty());
    assert_eq!(world.counter("ras.forged"), 1);
}

#[test]
fn an_identifier_used_from_another_host_sends_nothing() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let request = indication(&mut world, &alice, vec![to_bob("hello").write().unwrap()]);
    let answers = world.send("192.0.2.66:32768", &request);
    assert!(matches!(answers[..], [RasMessage::ServiceControlResponse(_)]), "{answers:?}");
    assert!(world.messages.is_empty());
    assert_eq!(world.counter("ras.forged"), 1);
}

// covers: D-10
#[test]
fn the_package_of_an_endpoint_that_did_not_announce_it_is_as_if_it_were_not_there() {
    let mut world = World::new();
    let mut silent = Room::new("192.0.2.10", &["alice"]);
    silent.register(&mut world);
    assert_eq!(indicate(&mut world, &silent, vec![to_bob("hello").write().unwrap()]), []);
    assert!(world.messages.is_empty());
    assert_eq!(world.counter("package.unannounced"), 1);
}

#[test]
fn a_malformed_descriptor_is_counted_and_the_others_are_taken() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let mut broken = to_bob("broken").write().unwrap();
    for parameter in &mut broken.parameters.as_mut().unwrap().0 {
        if Feature::Herald.number_of(&parameter.id) == Some(13) {
            let octets = codec::per::OctetString(vec![0xc0]);
            parameter.content = Some(h323::wire::h225::Content::Raw(octets));
        }
    }
    assert_eq!(indicate(&mut world, &alice, vec![broken, to_bob("good").write().unwrap()]), []);
    assert_eq!(world.messages.iter().map(|(_, _, sent)| &*sent.text).collect::<Vec<_>>(), ["good"]);
    assert_eq!(world.counter("package.malformed"), 1);
}

#[test]
fn a_message_without_anything_to_say_or_anybody_to_say_it_to_is_refused() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let empty = PackageMessage { text: None, ..to_bob("") };
    let answers = indicate(&mut world, &alice, vec![empty.write().unwrap()]);
    assert_eq!(answers, [Package::Receipt(failed(FailureReason::NotSupported))]);
    let lost = PackageMessage { to: Vec::new(), ..to_bob("hello") };
    let answers = indicate(&mut world, &alice, vec![lost.write().unwrap()]);
    assert_eq!(answers, [Package::Receipt(failed(FailureReason::NoRecipient))]);
    assert!(world.messages.is_empty());
}

#[test]
fn a_repeated_indication_sends_its_message_once() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let request = indication(&mut world, &alice, vec![to_bob("hello").write().unwrap()]);
    for _ in 0..3 {
        let answers = world.send(&alice.ras, &request);
        assert!(matches!(answers[..], [RasMessage::ServiceControlResponse(_)]), "{answers:?}");
    }
    assert_eq!(world.messages.len(), 1);
}

fn part(number: u8, count: u8, text: &str) -> GenericData {
    let part = Some(Part { number, count });
    let text = Some(text.to_owned());
    let message = if number == 1 { to_bob("") } else { PackageMessage::new(ID) };
    PackageMessage { part, text, ..message }.write().unwrap()
}

#[test]
fn parts_are_joined_in_their_order_before_the_message_is_sent() {
    let mut world = World::new();
    let alice = alice(&mut world);
    for descriptor in [part(3, 3, "three"), part(1, 3, "one "), part(2, 3, "two ")] {
        assert!(world.messages.is_empty());
        assert_eq!(indicate(&mut world, &alice, vec![descriptor]), []);
    }
    assert_eq!(world.messages[0].2.text, "one two three");
    assert_eq!(world.messages[0].2.recipient, address("bob@example.com"));
}

#[test]
fn parts_are_waited_for_30_seconds() {
    let mut world = World::new();
    let alice = alice(&mut world);
    indicate(&mut world, &alice, vec![part(1, 2, "one ")]);
    world.seconds(30);
    indicate(&mut world, &alice, vec![part(2, 2, "two")]);
    assert!(world.messages.is_empty());
    assert_eq!(world.counter("package.parts_dropped"), 1);
}

#[test]
fn a_ninth_message_in_parts_is_to_be_sent_again_later() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let first = |id: u8| {
        let message = PackageMessage { id: MessageId([id; 16]), ..to_bob("x") };
        PackageMessage { part: Some(Part { number: 1, count: 2 }), ..message }.write().unwrap()
    };
    for id in 10..18 {
        assert_eq!(indicate(&mut world, &alice, vec![first(id)]), []);
    }
    let answers = indicate(&mut world, &alice, vec![first(7)]);
    let expected = PackageReceipt { retry_after: Some(30), ..failed(FailureReason::Temporary) };
    assert_eq!(answers, [Package::Receipt(expected)]);
}

#[test]
fn parts_that_make_up_too_much_are_refused() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let text = "x".repeat(8000);
    for number in 1..9 {
        assert_eq!(indicate(&mut world, &alice, vec![part(number, 16, &text)]), []);
    }
    let answers = indicate(&mut world, &alice, vec![part(9, 16, &text)]);
    assert_eq!(answers, [Package::Receipt(failed(FailureReason::TooLarge))]);
}

#[test]
fn a_message_is_delivered_over_ras_and_its_receipt_concludes_it() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let wanted = ReceiptsWanted { displayed: true, ..ReceiptsWanted::default() };
    let expires_at = Some(Timestamp(1_600_000_090_000));
    deliver(&mut world, InstantMessage { wanted, expires_at, ..message("hello 🎉") });
    let expected = PackageMessage {
        from: Some(alias("Bob")),
        // The alias it was sent to, of the two that were registered.
        to: vec![alias("4711")],
        text: Some("hello 🎉".to_owned()),
        sent_at: Some(Timestamp(1_600_000_000_000)),
        expires: Some(90),
        max_forwards: Some(109),
        wanted: ReceiptsWanted { delivered: true, displayed: true, failed: false },
        is_delayed: true,
        ..PackageMessage::new(ID)
    };
    assert_eq!(confirmed(&mut world, &alice), [Package::Message(expected.into())]);
    assert_eq!(world.told, []);
    indicate(&mut world, &alice, vec![receipt(ReceiptStage::Delivered)]);
    indicate(&mut world, &alice, vec![receipt(ReceiptStage::Displayed)]);
    let outcomes = [DeliveryOutcome::Delivered, DeliveryOutcome::Displayed];
    assert_eq!(world.told, outcomes.map(concluded));
}

#[test]
fn a_receipt_that_overtakes_the_confirmation_concludes_the_message() {
    let mut world = World::new();
    let alice = alice(&mut world);
    deliver(&mut world, message("hello"));
    let requests = world.take(alice.ras.parse().unwrap());
    indicate(&mut world, &alice, vec![receipt(ReceiptStage::Delivered)]);
    world.sent.extend(requests.into_iter().map(|request| (alice.ras.parse().unwrap(), request)));
    confirmed(&mut world, &alice);
    world.seconds(30);
    assert_eq!(world.told, [concluded(DeliveryOutcome::Delivered)]);
}

#[test]
fn an_endpoint_that_says_a_message_failed_is_believed() {
    let cases = [
        (Some(FailureReason::NotSupported), DeliveryOutcome::Failed(MessageFailure::NotSupported)),
        (Some(FailureReason::Refused), DeliveryOutcome::Failed(MessageFailure::Blocked)),
        (Some(FailureReason::Temporary), DeliveryOutcome::Later),
        (None, DeliveryOutcome::Failed(MessageFailure::NotSupported)),
    ];
    for (reason, outcome) in cases {
        let mut world = World::new();
        let alice = alice(&mut world);
        deliver(&mut world, message("hello"));
        confirmed(&mut world, &alice);
        let receipt = PackageReceipt { reason, ..PackageReceipt::new(ID, ReceiptStage::Failed) };
        indicate(&mut world, &alice, vec![receipt.write()]);
        assert_eq!(world.told, [concluded(outcome)]);
    }
}

#[test]
fn a_message_that_is_never_confirmed_is_put_off_after_three_indications() {
    let mut world = World::new();
    let alice = alice(&mut world);
    deliver(&mut world, message("hello"));
    world.seconds(9);
    assert_eq!(indicated(&mut world, &alice).len(), 3);
    assert_eq!(world.told, [concluded(DeliveryOutcome::Later)]);
}

#[test]
fn a_message_confirmed_twice_without_a_receipt_counts_as_delivered() {
    let mut world = World::new();
    let alice = alice(&mut world);
    deliver(&mut world, message("hello"));
    assert_eq!(confirmed(&mut world, &alice).len(), 1);
    world.seconds(10);
    assert_eq!(confirmed(&mut world, &alice).len(), 1, "the second try");
    assert_eq!(world.told, []);
    world.seconds(10);
    assert_eq!(world.told, [concluded(DeliveryOutcome::Delivered)]);
    assert_eq!(world.counter("package.receipts_missing"), 1);
}

#[test]
fn an_endpoint_without_receipts_has_a_message_when_it_confirms_it() {
    let mut world = World::new();
    let alice = speaker(&mut world, "192.0.2.10", &["alice"], capability::MESSAGES);
    deliver(&mut world, message("hello"));
    confirmed(&mut world, &alice);
    assert_eq!(world.told, [concluded(DeliveryOutcome::Delivered)]);
}

// covers: C-15
#[test]
fn a_long_message_goes_in_parts_that_each_fit_a_datagram() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let text = "aé一🎉".repeat(700);
    let content = MessageContent { media_type: "Message/CPIM".to_owned(), body: vec![1; 5000] };
    deliver(&mut world, InstantMessage { content: Some(content.clone()), ..message(&text) });
    let parts = confirmed(&mut world, &alice);
    let mut assembly = Assembly::new(u8::try_from(parts.len()).unwrap());
    let mut whole = Joined::Waiting;
    for part in parts {
        let Package::Message(part) = part else { panic!("{part:?}") };
        assert_eq!(part.from, Some(alias("Bob")));
        whole = assembly.add(*part);
    }
    let Joined::Whole(whole) = whole else { panic!("{whole:?}") };
    assert_eq!(whole.text, Some(text));
    assert_eq!(whole.content, Some((content.media_type, content.body)));
}

#[test]
fn a_message_too_long_for_its_parts_fails_as_too_large() {
    let mut world = World::new();
    let alice = alice(&mut world);
    deliver(&mut world, message(&"x".repeat(20_000)));
    assert_eq!(indicated(&mut world, &alice), []);
    assert_eq!(world.told, [concluded(DeliveryOutcome::Failed(MessageFailure::TooLarge))]);
}

#[test]
fn an_endpoint_that_takes_no_messages_over_ras_gets_none() {
    let mut world = World::new();
    let alice = speaker(&mut world, "192.0.2.10", &["alice"], capability::RECEIPTS);
    deliver(&mut world, message("hello"));
    assert_eq!(indicated(&mut world, &alice), []);
    assert_eq!(world.told, [concluded(DeliveryOutcome::Failed(MessageFailure::NotSupported))]);
}

#[test]
fn eight_messages_are_under_way_and_the_others_wait_their_turn() {
    let mut world = World::new();
    let alice = alice(&mut world);
    for id in 1..=10 {
        deliver(&mut world, InstantMessage { id: MessageId([id; 16]), ..message("hello") });
    }
    assert_eq!(confirmed(&mut world, &alice).len(), 8);
    let done = PackageReceipt::new(MessageId([1; 16]), ReceiptStage::Delivered);
    let next = indicate(&mut world, &alice, vec![done.write()]);
    let [Package::Message(next)] = &next[..] else { panic!("{next:?}") };
    assert_eq!(next.id, MessageId([9; 16]));
}

//
#[test]
fn what_became_of_a_message_is_told_to_an_endpoint_that_understands_receipts() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let mut silent = Room::new("192.0.2.20", &["carol"]);
    silent.register(&mut world);
    let cases = [
        (ReceiptKind::Delivered, ReceiptStage::Delivered, None),
        (ReceiptKind::Displayed, ReceiptStage::Displayed, None),
        (ReceiptKind::Failed(MessageFailure::Expired), ReceiptStage::Failed, Some(FailureReason::Expired)),
    ];
    for (kind, stage, reason) in cases {
        for number in [1, 2] {
            let receipt = Receipt { message: ID, recipient: bob(), kind };
            world.apply(Effect::Reported { agent: agent(number), receipt });
        }
        let (from, to) = (Some(alias("Bob")), Some(alias("alice")));
        let expected = PackageReceipt { from, to, reason, ..PackageReceipt::new(ID, stage) };
        assert_eq!(confirmed(&mut world, &alice), [Package::Receipt(expected)]);
    }
    assert!(world.take(silent.ras.parse().unwrap()).is_empty());
}

#[test]
fn typing_goes_both_ways_and_is_not_repeated() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let typing = Typing { from: None, to: Some(alias("bob")), is_composing: true, thread: None };
    indicate(&mut world, &alice, vec![typing.write()]);
    let forged = Typing { from: Some(alias("carol")), ..typing.clone() };
    indicate(&mut world, &alice, vec![forged.write()]);
    assert_eq!(world.told, [Told::Compose(1, "bob@example.com".to_owned(), true)]);
    let (is_composing, thread) = (false, Some([3; 16]));
    world.apply(Effect::Composing { agent: agent(1), peer: bob(), is_composing, thread });
    world.seconds(20);
    let (from, to) = (Some(alias("Bob")), Some(alias("alice")));
    let expected = Package::Typing(Typing { from, to, is_composing, thread });
    assert_eq!(indicated(&mut world, &alice), [expected]);
}

#[test]
fn a_receipt_for_nothing_that_was_delivered_is_counted() {
    let mut world = World::new();
    let alice = alice(&mut world);
    indicate(&mut world, &alice, vec![receipt(ReceiptStage::Delivered)]);
    assert_eq!(world.told, []);
    assert_eq!(world.counter("package.receipts_unexpected"), 1);
}

#[test]
fn an_endpoint_that_left_is_told_and_asked_nothing_more() {
    let mut world = World::new();
    let alice = alice(&mut world);
    indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap()]);
    deliver(&mut world, message("hello"));
    let farewell = alice.unregistration(&mut world);
    world.send(&alice.ras, &farewell);
    answer(&mut world, Ok(false));
    world.told.clear();
    world.seconds(60);
    assert_eq!(world.told, []);
}

#[test]
fn an_identifier_that_nobody_has_sends_nothing() {
    let mut world = World::new();
    let mut alice = alice(&mut world);
    alice.identifier = Some("somebody else".to_owned());
    assert_eq!(indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap()]), []);
    assert!(world.messages.is_empty());
}
