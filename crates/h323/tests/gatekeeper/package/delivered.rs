//! What endpoints are sent in the package: messages, receipts, typing.

use super::*;

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
fn a_message_too_long_for_its_parts_goes_by_a_call() {
    let mut world = World::new();
    let alice = alice(&mut world);
    deliver(&mut world, message(&"x".repeat(20_000)));
    assert_eq!(indicated(&mut world, &alice), []);
    assert_eq!(world.opened.len(), 1);
}

#[test]
fn an_endpoint_that_takes_no_messages_over_ras_gets_them_by_calls() {
    let mut world = World::new();
    let alice = speaker(&mut world, "192.0.2.10", &["alice"], capability::RECEIPTS);
    deliver(&mut world, message("hello"));
    assert_eq!(indicated(&mut world, &alice), []);
    assert_eq!(world.opened.len(), 1);
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
fn a_delivery_for_which_there_is_no_room_is_put_off() {
    let mut world = World::new();
    let _alice = alice(&mut world);
    for number in 0..8 + 256_u128 {
        deliver(&mut world, InstantMessage { id: MessageId(number.to_be_bytes()), ..message("hello") });
    }
    assert_eq!(world.told, []);
    deliver(&mut world, message("one too many"));
    assert_eq!(world.told, [concluded(DeliveryOutcome::Later)]);
    assert_eq!(world.counter("package.dropped"), 1);
}
