//! Who is told, and how often.

use crate::scene::{Scene, address};
use engine::{Limits, Settings};
use model::{Effect, PresenceState, Refusal, Request, WatcherId};
use std::sync::Arc;

// covers: C-07
#[test]
fn a_watcher_is_told_at_once_and_then_of_each_change() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.watch(9, "room4");
    assert_eq!(scene.states_told(9), [PresenceState::Online]);
    scene.answer_call(1, "a");
    assert_eq!(scene.states_told(9), [PresenceState::OnCall]);
    scene.keep_alive(1);
    assert_eq!(scene.states_told(9), []);
}

#[test]
fn all_watchers_share_one_document() {
    let mut scene = Scene::new();
    scene.watch(8, "room4");
    scene.watch(9, "room4");
    scene.register(1, &["room4"]);
    let (one, other) = (scene.told(8), scene.told(9));
    assert!(Arc::ptr_eq(&one[0], &other[0]));
}

#[test]
fn a_batch_tells_a_watcher_once_however_much_happened() {
    let mut scene = Scene::new();
    scene.register(1, &["room4", "4711"]);
    scene.watch(9, "room4");
    scene.watch(9, "4711");
    scene.watch_all(9);
    scene.answer_call(1, "a");
    scene.register(2, &["room4"]);
    scene.depart(2, "unregistered");
    assert_eq!(scene.states_told(9), [PresenceState::OnCall]);
}

#[test]
fn a_flap_within_a_batch_is_not_told() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.watch(9, "room4");
    scene.told(9);
    scene.register(2, &["room4"]);
    scene.answer_call(2, "a");
    scene.depart(2, "unregistered");
    assert_eq!(scene.states_told(9), []);
}

#[test]
fn any_name_of_a_principal_can_be_watched() {
    let mut scene = Scene::new();
    scene.register(1, &["room4", "4711"]);
    scene.watch(9, "4711");
    assert_eq!(scene.told(9)[0].presentity, address("room4"));
    scene.depart(1, "unregistered");
    assert_eq!(scene.states_told(9), [PresenceState::Offline]);
}

#[test]
fn who_watches_a_name_in_vain_is_told_when_it_is_claimed() {
    for later in ["room4", "4711"] {
        let mut scene = Scene::new();
        scene.watch(9, later);
        assert_eq!(scene.states_told(9), []);
        assert_eq!(scene.engine.document(&address(later)), None);
        scene.register(1, &["room4", "4711"]);
        assert_eq!(scene.states_told(9), [PresenceState::Online], "{later}");
    }
}

#[test]
fn who_watches_a_name_is_told_of_its_new_owner() {
    let mut scene = Scene::new();
    scene.claim(1, &["alice", "4711"]);
    scene.depart(1, "unregistered");
    scene.watch(9, "4711");
    scene.told(9);
    scene.register(2, &["bob"]);
    scene.settle();
    scene.claim(2, &["bob", "4711"]);
    let told = scene.told(9);
    assert_eq!(Vec::from_iter(told.iter().map(|document| document.presentity.local())), ["bob"]);
    scene.answer_call(2, "a");
    assert_eq!(scene.states_told(9), [PresenceState::OnCall]);
}

#[test]
fn a_watcher_that_has_left_is_told_nothing_more() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.watch(9, "room4");
    scene.watch(9, "nobody");
    scene.watch_all(9);
    assert_eq!((scene.engine.counts().watchers, scene.engine.counts().subscriptions), (1, 3));
    scene.ask(Request::Unsubscribe { watcher: WatcherId(9) });
    scene.depart(1, "unregistered");
    assert_eq!(scene.states_told(9), []);
    let counts = scene.engine.counts();
    assert_eq!((counts.watchers, counts.subscriptions, counts.unknown_names), (0, 0, 0));
}

#[test]
fn who_watches_everybody_pages_through_the_first_picture() {
    let mut scene = Scene::new();
    for (number, name) in ["carol", "alice", "bob"].into_iter().enumerate() {
        scene.register(number as u64, &[name, &format!("00 {name}")]);
    }
    scene.watch_all(9);
    assert_eq!(scene.told(9).len(), 3, "what changes is told");
    let mut after = None;
    let mut seen = Vec::new();
    while let Some(document) = scene.engine.documents(after.as_ref(), 1).pop() {
        seen.push(document.presentity.local().to_owned());
        after = Some(document.presentity.clone());
    }
    assert_eq!(seen, ["alice", "bob", "carol"]);
}

#[test]
fn each_limit_refuses_the_subscription() {
    let limits = Limits { subscriptions_max: 2, unknown_names_max: 1, ..Limits::default() };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    scene.watch(1, "nobody");
    scene.watch(2, "nobody else");
    scene.watch(3, "nobody");
    scene.watch_all(4);
    scene.settle();
    let refused = |watcher, presentity, limit| Effect::SubscriptionRefused {
        watcher: WatcherId(watcher),
        presentity,
        refusal: Refusal::Unavailable { limit },
    };
    let expected = [
        refused(2, Some(address("nobody else")), "unknown_names_max"),
        refused(4, None, "subscriptions_max"),
    ];
    assert_eq!(scene.immediate, expected);
    assert_eq!(scene.engine.counts().subscriptions_refused, 2);
}
