//! Blocking, plain and polite.

use crate::scene::{Scene, Stored, address};
use engine::{Settings, Stop};
use model::{ContactStatus, Effect, MessageFailure, Millis, PresenceState, Version};

/// Alice is 1 and Bob is 2; they are each other's contacts.
fn friends(polite_block: bool) -> Scene {
    let mut scene = Scene::with(Settings { polite_block, ..Settings::default() });
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene.befriend((1, "alice"), (2, "bob"));
    scene
}

// covers, Q25
#[test]
fn a_block_ends_both_directions_at_once_and_the_blocked_one_sees_nothing_more() {
    let mut scene = friends(false);
    scene.block(2, "alice");
    assert_eq!(scene.heard(2), ["done", "alice Blocked"]);
    assert_eq!(scene.heard(1), ["bob Removed"]);
    scene.answer_call(1, "x");
    scene.answer_call(2, "x");
    assert_eq!((scene.heard(1), scene.heard(2)), (Vec::new(), Vec::new()));
    let stored = Stored::of(&scene.facts);
    assert_eq!((stored.subscriptions.len(), stored.blocks.len()), (0, 1));
}

#[test]
fn a_stranger_is_not_told_that_it_is_blocked_before_it_asks() {
    let mut scene = friends(false);
    scene.join(3, &["carol"]);
    scene.block(2, "carol");
    scene.block(2, "nobody");
    assert_eq!(scene.heard(2), ["done", "carol Blocked", "done", "nobody Blocked"]);
    assert_eq!(scene.heard(3), [""; 0]);
    scene.block(2, "carol");
    assert_eq!(scene.heard(2), ["done", "carol Blocked"]);
}

//
#[test]
fn a_blocked_watcher_that_asks_is_told_and_the_blocker_is_not_asked() {
    let mut scene = friends(false);
    scene.block(2, "alice");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Removed"]);
    assert_eq!(scene.heard(2), [""; 0]);
    assert_eq!(scene.engine.counts().contacts, 0);
}

#[test]
fn who_is_unblocked_may_ask_again() {
    let mut scene = friends(false);
    scene.block(2, "alice");
    scene.unblock(2, "alice");
    assert_eq!(scene.heard(2), ["done", "alice Blocked", "done", "alice Unblocked"]);
    scene.hear_nothing_of(1);
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Pending"]);
    assert_eq!(scene.heard(2), ["alice Pending", "asked by alice for bob"]);
}

#[test]
fn who_wants_to_watch_somebody_blocks_it_no_more() {
    let mut scene = friends(false);
    scene.block(2, "alice");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.subscribe_to(2, "alice");
    assert_eq!(scene.heard(2), ["done", "alice Pending"]);
    assert_eq!(scene.heard(1), ["bob Pending", "asked by bob for alice"]);
    assert_eq!(Stored::of(&scene.facts).blocks.len(), 0);
}

#[test]
fn a_request_that_waits_ends_with_the_block() {
    let mut scene = friends(false);
    scene.join(3, &["carol"]);
    scene.subscribe_to(3, "bob");
    scene.hear_nothing_of(2);
    scene.hear_nothing_of(3);
    let id = scene.request_id("carol", "bob");
    scene.block(2, "carol");
    assert_eq!(
        (scene.heard(2), scene.heard(3)),
        (vec!["done".to_owned(), "carol Blocked".to_owned()], vec!["bob Removed".to_owned()])
    );
    scene.decide(2, id, true);
    assert_eq!(scene.heard(2), ["refused: no such request waits for a decision of this principal"]);
}

#[test]
fn a_politely_blocked_watcher_keeps_its_entry_and_sees_somebody_offline() {
    let mut scene = friends(true);
    scene.block(2, "alice");
    assert_eq!(scene.heard(2), ["done", "alice Blocked"]);
    assert_eq!(scene.heard(1), ["bob is Offline"]);
    scene.answer_call(2, "x");
    scene.publish(2, PresenceState::Dnd);
    assert_eq!(scene.heard(1), [""; 0], "it is not told of anything more");
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Subscribed", "bob is Offline"]);
    scene.attend(1);
    assert_eq!(scene.heard(1), ["bob Subscribed", "bob is Offline"]);
    assert_eq!(scene.seen("bob", "alice"), None, "the blocker watches no more");
}

#[test]
fn a_politely_blocked_watcher_sees_what_it_would_see_of_somebody_who_has_left() {
    let mut blocked = friends(true);
    let mut left = friends(true);
    for scene in [&mut blocked, &mut left] {
        scene.pass(Millis::seconds(10));
    }
    blocked.block(2, "alice");
    left.depart(2, "unregistered");
    let documents = [&mut blocked, &mut left].map(|scene| {
        let mut document = (*scene.seen("alice", "bob").unwrap()).clone();
        document.version = Version::default();
        document
    });
    assert_eq!(documents[0], documents[1]);
}

#[test]
fn a_politely_blocked_stranger_that_asks_seems_to_wait() {
    let mut scene = friends(true);
    scene.join(3, &["carol"]);
    scene.block(2, "carol");
    scene.hear_nothing_of(2);
    scene.subscribe_to(3, "bob");
    assert_eq!(scene.heard(3), ["done", "bob Pending"]);
    scene.attend(2);
    assert_eq!(scene.heard(2), ["alice Subscribed, carol Blocked", "alice is Online"]);
    scene.unblock(2, "carol");
    assert_eq!(scene.heard(2), ["done", "carol Unblocked", "carol Pending", "asked by carol for bob"]);
    let id = scene.request_id("carol", "bob");
    scene.decide(2, id, true);
    assert_eq!(scene.heard(3), ["bob Subscribed", "bob is Online"]);
}

#[test]
fn a_politely_blocked_watcher_that_is_unblocked_sees_again() {
    let mut scene = friends(true);
    scene.block(2, "alice");
    scene.hear_nothing_of(1);
    scene.unblock(2, "alice");
    assert_eq!(scene.heard(1), ["bob is Online"]);
}

#[test]
fn a_politely_blocked_watcher_may_leave_and_the_block_stays() {
    let mut scene = friends(true);
    scene.block(2, "alice");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.unsubscribe_from(1, "bob");
    assert_eq!((scene.heard(1), scene.heard(2)), (vec!["done".to_owned(), "bob Removed".to_owned()], vec![]));
    assert_eq!(scene.engine.contacts(&address("bob"))[0].status, ContactStatus::Blocked);
}

#[test]
fn since_when_a_blocked_watcher_sees_somebody_offline_survives_a_restart() {
    let mut scene = friends(true);
    scene.pass(Millis::seconds(10));
    scene.block(2, "alice");
    let before = scene.seen("alice", "bob").unwrap();
    scene.pass(Millis::seconds(10));
    let records = scene.engine.snapshot(usize::MAX);
    let mut next = scene.restarted(&records, Millis::seconds(3));
    next.engine.resume(next.now, Stop::Clean);
    next.join(2, &["bob"]);
    let after = next.seen("alice", "bob").unwrap();
    assert_eq!((after.state, after.since, &after.tuples), (before.state, before.since, &before.tuples));
}

#[test]
fn a_politely_blocked_request_is_not_there_for_the_blocker() {
    let mut scene = friends(true);
    scene.join(3, &["carol"]);
    scene.subscribe_to(3, "bob");
    let id = scene.request_id("carol", "bob");
    scene.block(2, "carol");
    scene.hear_nothing_of(2);
    scene.hear_nothing_of(3);
    for is_approved in [true, false] {
        scene.decide(2, id, is_approved);
        assert_eq!(scene.heard(2), ["refused: no such request waits for a decision of this principal"]);
    }
    assert_eq!(scene.heard(3), [""; 0]);
}

#[test]
fn what_a_polite_block_hides_and_shows_again_has_a_newer_version_each_time() {
    let mut scene = friends(true);
    let before = scene.seen("alice", "bob").unwrap().version;
    scene.block(2, "alice");
    let hidden = scene.seen("alice", "bob").unwrap().version;
    scene.unblock(2, "alice");
    let shown = scene.seen("alice", "bob").unwrap().version;
    assert!(before < hidden && hidden < shown, "{before:?} {hidden:?} {shown:?}");
    scene.hear_nothing_of(1);
    scene.answer_call(2, "x");
    assert_eq!(scene.heard(1), ["bob is OnCall"]);
    assert!(shown < scene.seen("alice", "bob").unwrap().version);
}

// covers, C-12
#[test]
fn who_is_blocked_writes_nothing_and_is_told() {
    let mut scene = friends(false);
    scene.block(2, "alice");
    scene.claim_messaging(1, "alice", true);
    scene.claim_messaging(2, "bob", true);
    scene.send(1, 5, "bob");
    assert_eq!(scene.refusals(), [MessageFailure::Blocked]);
    assert_eq!(scene.inbox("bob").waiting, 0);
    scene.send(2, 6, "alice");
    assert_eq!(scene.refusals(), [], "a block has one direction");
}

#[test]
fn who_is_politely_blocked_is_told_what_one_is_told_who_writes_to_somebody_away() {
    let mut scene = friends(true);
    scene.block(2, "alice");
    scene.claim_messaging(1, "alice", true);
    scene.claim_messaging(2, "bob", true);
    scene.promised.clear();
    scene.send(1, 5, "bob");
    assert_eq!(scene.refusals(), []);
    assert!(scene.promised.iter().any(|effect| matches!(effect, Effect::Accepted { is_stored: true, .. })));
    assert!(!scene.promised.iter().any(|effect| matches!(effect, Effect::Deliver { .. })));
    assert_eq!(scene.inbox("bob").waiting, 0);
}
