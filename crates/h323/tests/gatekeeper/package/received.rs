//! What endpoints send in the package: messages whole and in parts.

use super::*;
use link::Link;

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
        is_ignored: false,
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

// covers: C-15

//

#[test]
fn an_identifier_that_nobody_has_sends_nothing() {
    let mut world = World::new();
    let mut alice = alice(&mut world);
    alice.identifier = Some("somebody else".to_owned());
    assert_eq!(indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap()]), []);
    assert!(world.messages.is_empty());
}

// covers: D-10
#[test]
fn what_was_announced_holds_over_a_restart() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let records = world.gatekeeper.snapshot(world.now, usize::MAX);
    let mut restarted = World::new();
    restarted.now = world.now;
    for record in records {
        restarted.gatekeeper.restore(restarted.now, record);
    }
    restarted.drain();
    indicate(&mut restarted, &alice, vec![to_bob("hello").write().unwrap()]);
    assert_eq!(restarted.messages.len(), 1);
}

#[test]
fn eight_descriptors_of_an_indication_are_read() {
    let mut world = World::new();
    let alice = alice(&mut world);
    indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap(); 9]);
    assert_eq!(world.messages.len(), 8);
    assert_eq!(world.counter("package.dropped"), 1);
}

#[test]
fn who_has_256_messages_without_an_answer_is_to_send_the_next_later() {
    let mut world = World::new();
    let alice = alice(&mut world);
    let to = vec![alias("bob"); 32];
    let sent = PackageMessage { to, ..to_bob("hello") }.write().unwrap();
    assert_eq!(indicate(&mut world, &alice, vec![sent; 8]), []);
    let answers = indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap()]);
    let (from, retry_after) = (Some(alias("bob")), Some(30));
    let expected = PackageReceipt { from, retry_after, ..failed(FailureReason::Temporary) };
    assert_eq!(answers, [Package::Receipt(expected)]);
    answer(&mut world, Ok(false));
    confirmed(&mut world, &alice);
    assert_eq!(indicate(&mut world, &alice, vec![to_bob("hello").write().unwrap()]), []);
}
