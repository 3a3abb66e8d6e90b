//! What senders are told of their messages, and that nothing is lost in silence.

use crate::correspondence::{ALL, id, message};
use crate::scene::{Scene, address, alias};
use engine::{MessageSettings, Settings};
use model::{
    DeliveryOutcome, InstantMessage, MessageFailure, Millis, Receipt, ReceiptKind, ReceiptsWanted, Timestamp,
};

const FAILED: DeliveryOutcome = DeliveryOutcome::Failed(MessageFailure::TooLarge);

fn pair() -> Scene {
    let mut scene = Scene::new();
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.settle();
    scene
}

#[test]
fn who_wants_it_is_told_that_a_message_was_delivered() {
    let mut scene = pair();
    scene.sign_on(3, "alice");
    scene.send_wanting(1, 1, "bob", ALL);
    scene.send_wanting(1, 2, "bob", ReceiptsWanted { delivered: false, ..ALL });
    scene.drain(2);
    let receipt = Receipt { message: id(1), recipient: alias("bob"), kind: ReceiptKind::Delivered };
    assert_eq!(scene.receipts(1), std::slice::from_ref(&receipt));
    assert_eq!(scene.receipts(3), [receipt], "all devices of the sender are told");
}

#[test]
fn two_devices_that_have_a_message_make_one_receipt() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.send_wanting(1, 1, "bob", ALL);
    scene.drain(2);
    scene.drain(3);
    assert_eq!(scene.receipt_kinds(1), [ReceiptKind::Delivered]);
}

#[test]
fn a_message_that_was_displayed_is_told_so_once() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.send_wanting(1, 1, "bob", ALL);
    scene.send_wanting(1, 2, "bob", ReceiptsWanted { displayed: false, ..ALL });
    scene.drain(2);
    scene.receipts(1);
    for _ in 0..2 {
        scene.conclude(2, "alice", 1, DeliveryOutcome::Displayed);
        scene.conclude(2, "alice", 2, DeliveryOutcome::Displayed);
        scene.conclude(3, "alice", 1, DeliveryOutcome::Displayed);
    }
    assert_eq!(scene.receipt_kinds(1), [ReceiptKind::Displayed]);
}

#[test]
fn a_message_that_is_displayed_at_once_is_delivered_too() {
    let mut scene = pair();
    scene.send_wanting(1, 1, "bob", ALL);
    scene.conclude(2, "alice", 1, DeliveryOutcome::Displayed);
    assert_eq!(scene.receipt_kinds(1), [ReceiptKind::Delivered, ReceiptKind::Displayed]);
}

#[test]
fn a_receipt_names_the_recipient_as_the_sender_wrote_it() {
    let mut scene = pair();
    scene.claim(3, &["bob", "4711"]);
    scene.send_wanting(1, 1, "4711", ALL);
    scene.drain(2);
    assert_eq!(scene.receipts(1)[0].recipient, alias("4711"));
}

//
#[test]
fn a_failure_is_told_by_a_receipt_where_one_is_wanted_and_can_be_given() {
    let mut scene = pair();
    scene.send_wanting(1, 1, "bob", ALL);
    scene.conclude(2, "alice", 1, FAILED);
    assert_eq!(scene.receipt_kinds(1), [ReceiptKind::Failed(MessageFailure::TooLarge)]);
    assert_eq!(scene.texts(1), [""; 0]);
    assert_eq!(scene.inbox("bob").waiting, 0);
}

//
#[test]
fn a_failure_is_told_by_a_message_where_no_receipt_is_wanted() {
    let mut scene = pair();
    scene.send_as(Some(1), message(1, "bob", "my secret"));
    scene.conclude(2, "alice", 1, FAILED);
    let delivery = scene.deliveries(1).remove(0);
    let report = &delivery.message;
    let text = "Your message to bob, sent on 1970-01-01 at 00:16 UTC, was not delivered: it is too large.";
    assert_eq!(report.text, text);
    assert_eq!((&report.sender, &report.recipient), (&address("bob"), &address("alice")));
    assert!(report.is_report);
    assert_eq!(delivery.sender, alias("bob"));
    assert_eq!(scene.receipts(1), []);
}

//
#[test]
fn a_failure_is_told_to_a_sender_away_when_he_comes_back_even_after_a_restart() {
    let mut scene = pair();
    scene.send_wanting(1, 1, "bob", ALL);
    scene.settle();
    scene.depart(1, "unregistered");
    scene.conclude(2, "alice", 1, FAILED);
    scene.settle();
    let mut next = scene.resumed(Settings::default(), Millis::seconds(5));
    next.sign_on(1, "alice");
    let texts = next.drain(1);
    assert!(texts[0].contains("was not delivered"), "{texts:?}");
    assert_eq!(texts.len(), 1);
}

//
#[test]
fn a_message_that_expired_is_told_so() {
    let mut scene = pair();
    scene.depart(2, "unregistered");
    let expires_at = Some(scene.wall(60_000));
    let wanted = ALL;
    scene.send_as(Some(1), InstantMessage { expires_at, wanted, ..message(1, "bob", "soon") });
    scene.pass(Millis::seconds(59));
    assert_eq!(scene.receipts(1), []);
    scene.pass(Millis::seconds(1));
    assert_eq!(scene.receipt_kinds(1), [ReceiptKind::Failed(MessageFailure::Expired)]);
}

#[test]
fn a_message_fails_when_the_last_device_that_might_take_it_can_not() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.join_with(4, "bob", false);
    scene.send_wanting(1, 1, "bob", ALL);
    scene.conclude(2, "alice", 1, FAILED);
    assert_eq!(scene.receipts(1), []);
    scene.conclude(3, "alice", 1, DeliveryOutcome::Failed(MessageFailure::NotSupported));
    assert_eq!(scene.receipt_kinds(1), [ReceiptKind::Failed(MessageFailure::NotSupported)]);
}

#[test]
fn nothing_is_told_of_a_report() {
    let mut scene = pair();
    scene.send_as(Some(1), message(1, "bob", "text"));
    scene.conclude(2, "alice", 1, FAILED);
    scene.deliveries(2);
    let report = scene.deliveries(1).remove(0).message.id;
    scene.conclude_id(1, "bob", report, FAILED);
    scene.settle();
    assert_eq!((scene.inbox("alice").waiting, scene.inbox("bob").waiting), (0, 0));
    assert_eq!((scene.texts(2), scene.receipts(2)), (vec![], vec![]));
    assert_eq!(scene.engine.counts().messages_failed, 2);
}

#[test]
fn the_operator_is_told_only_at_an_address_that_somebody_has() {
    for (sender, waiting) in [("operator", None), ("alice", Some(1))] {
        let mut scene = pair();
        let sender = address(sender);
        scene.send_as(None, InstantMessage { sender: sender.clone(), ..message(1, "bob", "lunch") });
        scene.conclude(2, sender.local(), 1, FAILED);
        scene.settle();
        assert_eq!(scene.engine.counts().messages_failed, 1);
        assert_eq!(scene.engine.inbox(&sender).map(|inbox| inbox.waiting), waiting);
    }
}

#[test]
fn every_failure_has_a_report_of_its_own() {
    let mut scene = pair();
    for number in 1..=3 {
        let sent_at = Timestamp(i64::from(number) * 60_000);
        scene.send_as(Some(1), InstantMessage { sent_at, ..message(number, "bob", "text") });
        scene.conclude(2, "alice", number, FAILED);
    }
    let texts = scene.drain(1);
    let minutes = texts.iter().map(|text| text[35..].split(' ').nth(2).unwrap_or_default().to_owned());
    assert_eq!(Vec::from_iter(minutes), ["00:01", "00:02", "00:03"]);
}

#[test]
fn a_report_for_which_the_sender_has_no_room_is_counted() {
    let messages = MessageSettings { messages_per_inbox_max: 1, ..MessageSettings::default() };
    let mut scene = Scene::with(Settings { messages, ..Settings::default() });
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.send(2, 9, "alice");
    scene.send(1, 1, "bob");
    scene.conclude(2, "alice", 1, FAILED);
    scene.settle();
    assert_eq!(scene.engine.counts().reports_dropped, 1);
    assert_eq!(scene.inbox("alice").waiting, 1);
}
