//! What waits, in which order it goes out, and what becomes of it.

use crate::correspondence::{id, message, rows};
use crate::scene::{Scene, address};
use engine::{InboxSummary, MessageSettings, Settings};
use model::{DeliveryOutcome, InstantMessage, MessageFailure, Millis, Timestamp};

const FAILED: DeliveryOutcome = DeliveryOutcome::Failed(MessageFailure::NotSupported);

fn pair() -> Scene {
    let mut scene = Scene::new();
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.settle();
    scene
}

/// Bob has been there and is away.
fn bob_away() -> Scene {
    let mut scene = pair();
    scene.depart(2, "unregistered");
    scene.settle();
    scene
}

#[test]
fn what_was_sent_to_somebody_away_comes_when_he_attends_in_order_and_once() {
    let mut scene = bob_away();
    for number in 1..=5 {
        scene.send(1, number, "bob");
    }
    assert_eq!(scene.accepted(), (1..=5).map(|number| (number, true)).collect::<Vec<_>>());
    scene.sign_on(3, "bob");
    scene.settle();
    let first = scene.deliveries(3);
    assert!(first[0].is_delayed);
    scene.conclude(3, "alice", 1, DeliveryOutcome::Delivered);
    assert_eq!(scene.drain(3), ["2", "3", "4", "5"]);
    scene.attend(3);
    assert_eq!(scene.texts(3), [""; 0]);
    assert_eq!(scene.inbox("bob"), InboxSummary::default());
}

#[test]
fn a_message_to_somebody_there_is_not_delayed() {
    let mut scene = pair();
    scene.send(1, 1, "bob");
    assert!(!scene.deliveries(2)[0].is_delayed);
}

#[test]
fn a_new_device_is_given_nothing_before_it_attends() {
    let mut scene = bob_away();
    scene.send(1, 1, "bob");
    scene.claim_messaging(3, "bob", true);
    assert_eq!(scene.texts(3), [""; 0]);
    scene.attend(3);
    assert_eq!(scene.texts(3), ["1"]);
}

#[test]
fn one_message_of_each_sender_is_under_way_to_an_agent() {
    let mut scene = pair();
    scene.sign_on(3, "carol");
    for number in 1..=2 {
        scene.send(1, number, "bob");
        scene.send(3, 10 + number, "bob");
    }
    assert_eq!(scene.texts(2), ["1", "11"]);
    scene.conclude(2, "carol", 11, DeliveryOutcome::Delivered);
    assert_eq!(scene.texts(2), ["12"]);
    scene.conclude(2, "alice", 1, DeliveryOutcome::Delivered);
    assert_eq!(scene.texts(2), ["2"]);
}

#[test]
fn who_attends_is_given_the_first_of_each_sender_the_oldest_first() {
    let mut scene = bob_away();
    for (from, name) in [(4, "zoe"), (5, "carol")] {
        scene.sign_on(from, name);
        scene.send(from, 1, "bob");
    }
    scene.send(1, 2, "bob");
    scene.sign_on(2, "bob");
    let senders =
        scene.deliveries(2).iter().map(|one| one.message.sender.local().to_owned()).collect::<Vec<_>>();
    assert_eq!(senders, ["zoe", "carol", "alice"]);
}

//
#[test]
fn a_message_goes_to_every_agent_and_the_first_that_has_it_settles_it() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.send(1, 1, "bob");
    assert_eq!((scene.texts(2), scene.texts(3)), (vec!["1".to_owned()], vec!["1".to_owned()]));
    scene.conclude(2, "alice", 1, DeliveryOutcome::Delivered);
    scene.conclude(3, "alice", 1, DeliveryOutcome::Delivered);
    scene.sign_on(4, "bob");
    assert_eq!(scene.texts(4), [""; 0]);
    let counts = scene.engine.counts();
    assert_eq!((counts.messages_delivered, counts.messages_waiting, counts.strays), (1, 0, 0));
}

#[test]
fn an_agent_that_is_still_busy_with_a_settled_message_gets_the_next_afterwards() {
    for outcome in [DeliveryOutcome::Delivered, DeliveryOutcome::Later, FAILED] {
        let mut scene = pair();
        scene.sign_on(3, "bob");
        scene.send(1, 1, "bob");
        scene.send(1, 2, "bob");
        scene.texts(3);
        scene.conclude(2, "alice", 1, DeliveryOutcome::Delivered);
        assert_eq!(scene.texts(3), [""; 0]);
        scene.conclude(3, "alice", 1, outcome);
        assert_eq!(scene.texts(3), ["2"], "{outcome:?}");
    }
}

#[test]
fn what_is_put_off_is_tried_again_after_longer_and_longer() {
    let mut scene = pair();
    scene.send(1, 1, "bob");
    scene.send(1, 2, "bob");
    assert_eq!(scene.texts(2), ["1"]);
    for seconds in [5, 15, 60, 300, 300] {
        scene.conclude(2, "alice", 1, DeliveryOutcome::Later);
        scene.pass(Millis(seconds * 1000 - 1));
        assert_eq!(scene.texts(2), [""; 0], "not before {seconds} s, and not the next message either");
        scene.pass(Millis(1));
        assert_eq!(scene.texts(2), ["1"]);
    }
}

#[test]
fn what_is_put_off_is_tried_at_once_when_its_agent_attends() {
    let mut scene = pair();
    scene.send(1, 1, "bob");
    scene.texts(2);
    scene.conclude(2, "alice", 1, DeliveryOutcome::Later);
    scene.attend(2);
    assert_eq!(scene.texts(2), ["1"]);
    scene.attend(2);
    assert_eq!(scene.texts(2), [""; 0], "it is under way");
    scene.pass(Millis::seconds(60));
    assert_eq!(scene.texts(2), [""; 0]);
}

#[test]
fn what_one_agent_puts_off_another_may_settle() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.send(1, 1, "bob");
    scene.send(1, 2, "bob");
    scene.texts(2);
    scene.conclude(2, "alice", 1, DeliveryOutcome::Later);
    scene.conclude(3, "alice", 1, DeliveryOutcome::Delivered);
    assert_eq!(scene.texts(2), ["2"], "it need not wait for what has left");
    scene.pass(Millis::seconds(400));
    assert_eq!(scene.texts(2), [""; 0]);
}

#[test]
fn an_agent_that_fails_gets_the_next_and_the_message_waits_for_the_others() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.send(1, 1, "bob");
    scene.send(1, 2, "bob");
    scene.texts(2);
    scene.conclude(2, "alice", 1, FAILED);
    assert_eq!(scene.texts(2), ["2"]);
    assert_eq!(scene.engine.counts().messages_failed, 0);
    assert_eq!(scene.drain(3), ["1", "2"]);
    scene.attend(2);
    assert_eq!(scene.texts(2), [""; 0]);
}

#[test]
fn a_message_under_way_to_a_device_that_leaves_waits_for_the_next() {
    let mut scene = pair();
    scene.send(1, 1, "bob");
    scene.texts(2);
    scene.depart(2, "unregistered");
    scene.conclude(2, "alice", 1, DeliveryOutcome::Delivered);
    scene.settle();
    assert_eq!((scene.inbox("bob").waiting, scene.engine.counts().strays), (1, 1));
    scene.sign_on(2, "bob");
    assert_eq!(scene.texts(2), ["1"]);
}

#[test]
fn a_message_that_one_device_failed_waits_when_the_others_leave() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.send(1, 1, "bob");
    scene.texts(2);
    scene.conclude(2, "alice", 1, FAILED);
    scene.depart(3, "unregistered");
    scene.sign_on(4, "bob");
    assert_eq!(scene.texts(4), ["1"]);
}

#[test]
fn a_device_that_failed_and_comes_back_is_tried_again() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.send(1, 1, "bob");
    scene.texts(2);
    scene.conclude(2, "alice", 1, FAILED);
    scene.depart(2, "unregistered");
    scene.sign_on(2, "bob");
    assert_eq!(scene.texts(2), ["1"]);
}

#[test]
fn a_device_that_becomes_another_principals_leaves_its_deliveries() {
    let mut scene = pair();
    scene.send(1, 1, "bob");
    scene.texts(2);
    scene.sign_on(2, "carol");
    scene.conclude(2, "alice", 1, DeliveryOutcome::Delivered);
    assert_eq!(scene.engine.counts().strays, 1);
    scene.sign_on(3, "bob");
    assert_eq!(scene.texts(3), ["1"]);
    scene.sign_on(2, "bob");
    assert_eq!(scene.texts(2), ["1"], "back again it is free");
}

#[test]
fn a_device_that_begins_to_take_messages_is_given_what_waits() {
    let mut scene = bob_away();
    scene.send(1, 1, "bob");
    scene.join_with(3, "bob", false);
    assert_eq!(scene.texts(3), [""; 0]);
    scene.claim_messaging(3, "bob", true);
    assert_eq!(scene.texts(3), ["1"]);
}

#[test]
fn a_device_that_takes_messages_no_more_fails_only_what_it_had_under_way() {
    let mut scene = pair();
    scene.send(1, 1, "bob");
    scene.send(1, 2, "bob");
    scene.texts(2);
    scene.join_with(2, "bob", false);
    scene.conclude(2, "alice", 1, FAILED);
    assert_eq!(scene.texts(2), [""; 0]);
    assert_eq!(scene.engine.counts().messages_failed, 1);
    assert_eq!(scene.inbox("bob").waiting, 1);
    scene.sign_on(3, "bob");
    assert_eq!(scene.texts(3), ["2"]);
}

#[test]
fn what_a_device_put_off_that_takes_messages_no_more_waits_for_another() {
    let mut scene = pair();
    scene.send(1, 1, "bob");
    scene.texts(2);
    scene.conclude(2, "alice", 1, DeliveryOutcome::Later);
    scene.join_with(2, "bob", false);
    scene.pass(Millis::seconds(100));
    assert_eq!((scene.texts(2).len(), scene.inbox("bob").waiting), (0, 1));
    scene.sign_on(2, "bob");
    assert_eq!(scene.texts(2), ["1"]);
}

#[test]
fn a_conclusion_by_whom_it_does_not_concern_is_a_stray() {
    let mut scene = pair();
    scene.sign_on(3, "carol");
    scene.send(1, 1, "bob");
    scene.texts(2);
    let outcomes = [DeliveryOutcome::Delivered, DeliveryOutcome::Displayed, DeliveryOutcome::Later, FAILED];
    for outcome in outcomes {
        scene.conclude(3, "alice", 1, outcome);
        scene.conclude(9, "alice", 1, outcome);
        scene.conclude(2, "carol", 1, outcome);
        scene.conclude(2, "alice", 2, outcome);
    }
    scene.settle();
    let counts = scene.engine.counts();
    assert_eq!((counts.strays, counts.messages_waiting), (16, 1));
}

#[test]
fn a_message_that_nobody_fetches_leaves_after_thirty_days() {
    let mut scene = bob_away();
    scene.send(1, 1, "bob");
    scene.settle();
    scene.pass(Millis(30 * 86_400_000 - 1));
    assert_eq!(scene.inbox("bob").waiting, 1);
    scene.pass(Millis(1));
    assert_eq!(scene.inbox("bob").waiting, 0);
    scene.sign_on(3, "bob");
    assert_eq!(scene.texts(3), [""; 0]);
}

#[test]
fn a_message_under_way_when_it_expires_is_still_delivered_or_fails_then() {
    for outcome in [DeliveryOutcome::Delivered, DeliveryOutcome::Later] {
        let mut scene = pair();
        let expires_at = Some(scene.wall(10_000));
        scene.send_as(Some(1), InstantMessage { expires_at, ..message(1, "bob", "soon") });
        scene.texts(2);
        scene.pass(Millis::seconds(11));
        assert_eq!(scene.engine.counts().messages_failed, 0);
        scene.conclude(2, "alice", 1, outcome);
        scene.settle();
        let counts = scene.engine.counts();
        let expected = if outcome == DeliveryOutcome::Delivered { (1, 0) } else { (0, 1) };
        assert_eq!((counts.messages_delivered, counts.messages_failed), expected);
    }
}

#[test]
fn a_message_that_expired_under_way_fails_when_its_device_leaves() {
    let mut scene = pair();
    let expires_at = Some(scene.wall(10_000));
    scene.send_as(Some(1), InstantMessage { expires_at, ..message(1, "bob", "soon") });
    scene.pass(Millis::seconds(11));
    scene.depart(2, "unregistered");
    scene.settle();
    assert_eq!(scene.engine.counts().messages_failed, 1);
}

//
#[test]
fn after_a_restart_what_waited_is_delivered_in_order_and_what_was_delivered_is_not() {
    let mut scene = pair();
    for number in 1..=4 {
        scene.send(1, number, "bob");
    }
    scene.texts(2);
    scene.conclude(2, "alice", 1, DeliveryOutcome::Delivered);
    scene.settle();
    let mut next = scene.resumed(Settings::default(), Millis::seconds(3));
    next.sign_on(1, "alice");
    next.send(1, 5, "bob");
    next.sign_on(2, "bob");
    assert!(next.deliveries(2)[0].is_delayed);
    next.conclude(2, "alice", 2, DeliveryOutcome::Delivered);
    assert_eq!(next.drain(2), ["3", "4", "5"]);
}

#[test]
fn places_grow_over_restarts_even_where_no_message_is_left() {
    let mut scene = pair();
    let mut places = Vec::new();
    for number in 1..=3 {
        scene.sign_on(1, "alice");
        scene.sign_on(2, "bob");
        scene.send(1, number, "bob");
        scene.drain(2);
        scene.settle();
        let rows = rows(&scene.facts);
        places.push(rows.values().map(|(place, ..)| *place).max().unwrap());
        scene = scene.resumed(Settings::default(), Millis::seconds(1));
    }
    assert!(places.is_sorted_by(|one, other| one < other), "{places:?}");
}

#[test]
fn a_new_message_comes_behind_all_that_were_loaded() {
    let mut scene = bob_away();
    let far = 1 << 60;
    scene.engine.load_message(&address("bob"), far, message(1, "bob", "old")).unwrap();
    scene.send(1, 2, "bob");
    scene.settle();
    let rows = rows(&scene.facts);
    assert!(rows.values().all(|(place, ..)| *place > far), "{rows:?}");
}

#[test]
fn what_expired_while_the_server_was_down_is_told_at_once_and_not_delivered() {
    let mut scene = bob_away();
    scene.send(1, 1, "bob");
    scene.settle();
    let mut next = scene.resumed(Settings::default(), Millis::seconds(40 * 86_400));
    assert_eq!(next.engine.deadline().map(|due| due <= next.now.instant), Some(true));
    next.settle();
    assert_eq!((next.inbox("bob").waiting, next.inbox("alice").waiting), (0, 1));
}

#[test]
fn a_message_for_nobody_known_is_not_loaded() {
    let mut scene = Scene::new();
    let error = scene.engine.load_message(&address("bob"), 1, message(1, "bob", "text"));
    assert!(error.is_err());
    assert!(scene.engine.load_settled(&address("bob"), &address("alice"), id(1), Timestamp(1)).is_err());
    assert_eq!(scene.engine.counts().messages_waiting, 0);
}

#[test]
fn operators_see_how_much_waits_since_when_and_of_whom() {
    let mut scene = bob_away();
    scene.sign_on(3, "carol");
    for (from, number, sent_at) in [(3, 1, 500), (1, 2, 600), (3, 3, 700)] {
        let sent_at = Timestamp(sent_at);
        scene.send_as(Some(from), InstantMessage { sent_at, ..message(number, "bob", "four") });
    }
    scene.settle();
    let senders = vec![(address("alice"), 1), (address("carol"), 2)];
    let expected = InboxSummary { waiting: 3, octets: 12, oldest: Some(Timestamp(500)), senders };
    assert_eq!(scene.inbox("bob"), expected);
    assert_eq!(scene.inbox("alice"), InboxSummary::default());
    assert_eq!(scene.engine.inbox(&address("nobody")), None);
    assert_eq!(scene.engine.counts().messages_waiting, 3);
}

#[test]
fn an_inbox_that_holds_nothing_any_more_is_due_never() {
    let messages = MessageSettings { repeat_window: Millis::seconds(60), ..MessageSettings::default() };
    let mut scene = Scene::with(Settings { messages, ..Settings::default() });
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.send(1, 1, "bob");
    scene.drain(2);
    scene.depart(1, "unregistered");
    scene.depart(2, "unregistered");
    scene.pass(Millis::seconds(400));
    assert_eq!(scene.engine.deadline(), None);
}
