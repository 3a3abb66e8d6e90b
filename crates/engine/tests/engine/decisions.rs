//! What the presentity says to a request.

use crate::scene::{Scene, Stored, address};
use engine::{Limits, Settings};
use model::{ContactStatus, Fact, Millis};

const NO_SUCH_REQUEST: &str = "refused: no such request waits for a decision of this principal";

/// Alice is 1 and has asked Bob, who is 2.
fn asked() -> Scene {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene.subscribe_to(1, "bob");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene
}

// covers: Q23
#[test]
fn approval_lets_both_watch_at_once() {
    let mut scene = asked();
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    assert_eq!(scene.heard(2), ["done", "alice Subscribed", "alice is Online"]);
    assert_eq!(scene.heard(1), ["bob Subscribed", "bob is Online"]);
    scene.answer_call(1, "x");
    scene.answer_call(2, "x");
    assert_eq!(scene.heard(2), ["alice is OnCall"]);
    assert_eq!(scene.heard(1), ["bob is OnCall"]);
    let stored = Stored::of(&scene.facts).subscriptions;
    assert_eq!(stored.len(), 2);
    assert!(stored.values().all(|record| record.is_active && record.id == id));
}

//
#[test]
fn denial_is_told_to_both_and_nothing_is_seen() {
    let mut scene = asked();
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, false);
    assert_eq!(scene.heard(2), ["done", "alice Removed"]);
    assert_eq!(scene.heard(1), ["bob Removed"]);
    scene.answer_call(2, "x");
    assert_eq!(scene.heard(1), [""; 0]);
    assert_eq!(Stored::of(&scene.facts).subscriptions.len(), 0);
}

#[test]
fn a_repeated_decision_is_done_and_tells_nobody() {
    for is_approved in [true, false] {
        let mut scene = asked();
        let id = scene.request_id("alice", "bob");
        scene.decide(2, id, is_approved);
        scene.hear_nothing_of(1);
        scene.hear_nothing_of(2);
        scene.facts.clear();
        scene.decide(2, id, is_approved);
        assert_eq!(scene.heard(2), ["done"]);
        assert_eq!((scene.heard(1), &scene.facts[..]), (Vec::new(), &[] as &[Fact]));
    }
}

#[test]
fn a_denied_request_can_not_be_approved_after_all() {
    let mut scene = asked();
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, false);
    scene.decide(2, id, true);
    assert_eq!(scene.heard(2), ["done", "alice Removed", NO_SUCH_REQUEST]);
}

// covers: F-08
#[test]
fn either_device_decides_and_the_first_answer_stands() {
    for first in [true, false] {
        let mut scene = asked();
        scene.join(4, &["bob"]);
        scene.hear_nothing_of(1);
        let id = scene.request_id("alice", "bob");
        scene.decide(4, id, first);
        let entry = if first { "alice Subscribed" } else { "alice Removed" };
        assert_eq!(scene.heard(2)[0], entry, "the list says to the other device what was decided");
        scene.hear_nothing_of(1);
        scene.facts.clear();
        // Its own answer, given before it learnt that, is no second decision.
        scene.decide(2, id, first);
        assert_eq!((scene.heard(2), &scene.facts[..]), (vec!["done".to_owned()], &[] as &[Fact]));
        if !first {
            scene.decide(2, id, true);
            assert_eq!(scene.heard(2), [NO_SUCH_REQUEST]);
        }
        assert_eq!(scene.heard(1), [""; 0]);
        assert_eq!(scene.seen("alice", "bob").is_some(), first);
    }
}

#[test]
fn nobody_but_the_presentity_decides() {
    let mut scene = asked();
    scene.join(3, &["carol"]);
    let (id, never_made) = (scene.request_id("alice", "bob"), scene.next_id());
    scene.decide(1, id, true);
    scene.decide(3, id, true);
    scene.decide(3, id, false);
    scene.decide(2, never_made, true);
    scene.decide(2, never_made, false);
    assert_eq!(scene.heard(1), [NO_SUCH_REQUEST]);
    assert_eq!(scene.heard(3), [NO_SUCH_REQUEST, NO_SUCH_REQUEST]);
    assert_eq!(scene.heard(2), [NO_SUCH_REQUEST, NO_SUCH_REQUEST]);
    assert_eq!(scene.engine.contacts(&address("alice"))[0].status, ContactStatus::Pending);
}

//
#[test]
fn an_approval_can_be_taken_back_whenever_the_presentity_likes() {
    let mut scene = asked();
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    scene.pass(Millis::seconds(60));
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.decide(2, id, false);
    assert_eq!(scene.heard(1), ["bob Removed"]);
    scene.answer_call(2, "x");
    assert_eq!(scene.heard(1), [""; 0]);
    assert_eq!((scene.seen("alice", "bob"), scene.seen("bob", "alice")), (None, None));
}

#[test]
fn an_approval_that_would_overfill_the_own_list_is_refused() {
    let limits = Limits { contacts_per_principal_max: 1, ..Limits::default() };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    for (number, name) in ["alice", "bob", "carol"].into_iter().enumerate() {
        scene.join(number as u64, &[name]);
    }
    scene.befriend((0, "alice"), (1, "bob"));
    scene.subscribe_to(2, "bob");
    let id = scene.request_id("carol", "bob");
    scene.decide(1, id, true);
    let heard = scene.heard(1);
    assert!(heard[2].contains("contacts_per_principal_max"), "{heard:?}");
    assert_eq!(scene.seen("carol", "bob"), None);
}

//
#[test]
fn a_watcher_takes_its_request_back_by_its_id_and_nobody_else_does() {
    let mut scene = asked();
    scene.join(3, &["carol"]);
    let id = scene.request_id("alice", "bob");
    scene.decide(3, id, false);
    assert_eq!(scene.heard(3), [NO_SUCH_REQUEST]);
    scene.decide(1, id, true);
    assert_eq!(scene.heard(1), [NO_SUCH_REQUEST], "nobody approves for another");
    scene.decide(1, id, false);
    assert_eq!(scene.heard(1), ["done", "bob Removed"]);
    assert_eq!(scene.heard(2), ["alice Removed"]);
    assert!(Stored::of(&scene.facts).subscriptions.is_empty());
}

#[test]
fn a_request_that_passes_to_who_takes_the_name_still_expires_when_it_was_to() {
    let settings = Settings { request_expires: Millis::seconds(600), ..Settings::default() };
    let mut scene = Scene::with(settings);
    scene.join(1, &["alice"]);
    scene.subscribe_to(1, "4711");
    scene.pass(Millis::seconds(400));
    scene.join(2, &["carol", "4711"]);
    scene.settle();
    assert_eq!(scene.engine.subscriptions_to(&address("carol")).len(), 1);
    scene.pass(Millis::seconds(200));
    scene.settle();
    assert_eq!(scene.engine.subscriptions_to(&address("carol")), []);
}
