//! What an agent is told when it has registered, and what has waited for it.

use crate::scene::{Scene, Stored, address, alias, registration};
use engine::{Limits, Settings, Stop};
use model::{Effect, Fact, Instant, Millis, PresenceState, SubscriptionId};

// covers: K-7
#[test]
fn an_agent_is_told_its_list_then_the_states_then_the_requests() {
    let mut scene = Scene::new();
    for (number, name) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "dave"), (5, "eve")] {
        scene.join(number, &[name]);
    }
    scene.befriend((1, "alice"), (3, "carol"));
    scene.befriend((2, "bob"), (1, "alice"));
    scene.subscribe_to(4, "alice");
    scene.block(1, "eve");
    scene.subscribe_to(1, "zoe");
    scene.hear_nothing_of(1);
    scene.attend(1);
    let list = "bob Subscribed, carol Subscribed, dave Pending, eve Blocked, zoe Pending";
    assert_eq!(scene.heard(1), [list, "bob is Online", "carol is Online", "asked by dave for alice"]);
    scene.join(9, &["frank"]);
    scene.attend(9);
    assert_eq!(scene.heard(9), [""; 0], "an empty list is no list");
}

#[test]
fn ten_thousand_contacts_are_listed_and_not_one_more() {
    let limits = Limits { pending_per_watcher_max: usize::MAX, ..Limits::default() };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    scene.join(1, &["alice"]);
    for number in 0..=10_000 {
        scene.subscribe_to(1, &format!("contact {number:05}"));
    }
    let last = scene.heard(1).pop().unwrap();
    assert!(last.contains("contacts_per_principal_max"), "{last}");
    scene.attend(1);
    let heard = scene.effects_for(1);
    let [Effect::Listed { contacts, .. }] = &heard[..] else { panic!("{} effects", heard.len()) };
    assert_eq!(contacts.len(), 10_000);
    assert!(contacts.is_sorted_by_key(|contact| &contact.name.original));
}

#[test]
fn of_ten_thousand_who_are_there_each_is_shown_once_and_a_change_of_one_is_one() {
    const CONTACTS: u64 = 10_000;
    let limits = Limits { pending_per_watcher_max: usize::MAX, ..Limits::default() };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    scene.join(0, &["alice"]);
    for number in 1..=CONTACTS {
        let name = format!("contact {number:05}");
        scene.join(number, &[&name]);
        scene.subscribe_to(number, "alice");
        // The scene numbers the requests.
        scene.decide(0, SubscriptionId(u128::from(number).to_be_bytes()), true);
    }
    scene.settle();
    scene.promised.clear();
    scene.immediate.clear();
    scene.attend(0);
    let heard = scene.effects_for(0);
    assert!(matches!(&heard[0], Effect::Listed { contacts, .. } if contacts.len() as u64 == CONTACTS));
    let informed = heard.iter().filter(|effect| matches!(effect, Effect::Inform { .. })).count();
    assert_eq!((informed as u64, heard.len() as u64), (CONTACTS, CONTACTS + 1));
    scene.answer_call(5000, "x");
    scene.settle();
    assert_eq!(scene.heard(0), ["contact 05000 is OnCall"]);
    scene.answer_call(0, "y");
    scene.settle();
    let told = scene.immediate.iter().filter(|effect| matches!(effect, Effect::Inform { .. })).count();
    assert_eq!(told as u64, CONTACTS, "and each of them is told once of a change of hers");
}

#[test]
fn an_agent_without_presence_is_told_nothing() {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene.befriend((1, "alice"), (2, "bob"));
    scene.register(5, &["alice"]);
    scene.attend(5);
    scene.answer_call(2, "x");
    assert_eq!(scene.heard(5), [""; 0]);
}

#[test]
fn what_changes_while_an_agent_attends_is_told_once() {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene.befriend((1, "alice"), (2, "bob"));
    scene.answer_call(2, "x");
    scene.attend(1);
    scene.attend(1);
    assert_eq!(scene.heard(1), ["bob Subscribed", "bob is OnCall"]);
}

//
#[test]
fn a_request_waits_for_somebody_who_registers_for_the_first_time_long_after() {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Pending"]);
    scene.depart(1, "unregistered");
    scene.pass(Millis::seconds(5 * 24 * 3600));
    let records = scene.engine.snapshot(usize::MAX);
    let mut scene = scene.restarted(&records, Millis::seconds(1));
    scene.engine.resume(scene.now, Stop::Unclean);
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene.settle();
    assert_eq!(scene.heard(2), [""; 0], "it has not asked for its list yet");
    scene.attend(2);
    assert_eq!(scene.heard(2), ["alice Pending", "asked by alice for bob"]);
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    assert_eq!(scene.heard(1), ["bob Subscribed", "bob is Online"]);
}

#[test]
fn a_request_for_a_name_nobody_had_goes_to_whoever_takes_the_name() {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene.subscribe_to(1, "4711");
    scene.block(2, "0815");
    scene.hear_nothing_of(1);
    scene.join(2, &["bob", "4711"]);
    assert_eq!(scene.heard(1), [""; 0], "nothing on its list is another");
    scene.hear_nothing_of(2);
    scene.attend(2);
    assert_eq!(scene.heard(2)[1], "asked by alice for 4711");
    scene.join(1, &["alice", "0815"]);
    assert_eq!(scene.heard(1), ["4711 Removed"], "bob has blocked who has this name");
    let stored = Stored::of(&scene.facts);
    assert_eq!((stored.subscriptions.len(), stored.blocks.len()), (0, 1));
    assert!(stored.blocks.contains_key(&(address("bob"), address("alice"))));
}

#[test]
fn two_names_of_one_become_one_contact_and_one_of_oneself_none() {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    for name in ["bob", "4711", "me"] {
        scene.subscribe_to(1, name);
    }
    scene.hear_nothing_of(1);
    scene.join(2, &["bob", "4711"]);
    assert_eq!(scene.heard(1), ["4711 Removed"]);
    scene.join(1, &["alice", "me"]);
    assert_eq!(scene.heard(1), ["me Removed"]);
    let contacts = scene.engine.contacts(&address("alice"));
    assert_eq!(Vec::from_iter(contacts.iter().map(|contact| contact.name.clone())), [alias("bob")]);
    assert_eq!(Stored::of(&scene.facts).subscriptions.len(), 1);
}

#[test]
fn two_who_asked_for_each_others_future_names_are_both_asked() {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.subscribe_to(1, "4711");
    scene.join(2, &["bob"]);
    scene.subscribe_to(2, "alice");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.join(2, &["bob", "4711"]);
    assert_eq!(scene.heard(1), [""; 0], "bob has not agreed to anything");
    assert_eq!(scene.heard(2), ["alice Pending", "asked by alice for 4711"]);
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    assert_eq!(scene.heard(1), ["4711 Subscribed", "4711 is Online"]);
    assert_eq!(scene.heard(2), ["done", "alice Subscribed", "alice is Online"]);
}

// covers: C-03, C-09, K-6
#[test]
fn after_a_restart_everything_stands_as_it_did_and_nobody_is_asked_twice() {
    let mut scene = Scene::new();
    for (number, name) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "dave")] {
        scene.join(number, &[name]);
    }
    scene.register(5, &["room"]);
    scene.befriend((1, "alice"), (2, "bob"));
    scene.subscribe_to(3, "bob");
    scene.block(2, "dave");
    scene.subscribe_to(1, "room");
    scene.publish(2, PresenceState::Away);
    scene.settle();
    let ids = [scene.request_id("alice", "bob"), scene.request_id("carol", "bob")];
    let records = scene.engine.snapshot(usize::MAX);
    let mut next = scene.restarted(&records, Millis::seconds(3));
    next.engine.resume(next.now, Stop::Clean);
    assert_eq!([next.request_id("alice", "bob"), next.request_id("carol", "bob")], ids);
    for name in ["alice", "bob", "carol", "dave", "room"] {
        assert_eq!(next.engine.contacts(&address(name)), scene.engine.contacts(&address(name)), "{name}");
    }
    let facts = next.facts.len();
    for (number, name) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "dave")] {
        next.join(number, &[name]);
    }
    next.register(5, &["room"]);
    let asked = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Asked { .. }));
    assert!(!asked(&next.effects_for(2)));
    assert_eq!(next.facts[facts..], [] as [Fact; 0]);
    assert_eq!(next.state_seen("alice", "bob"), Some(PresenceState::Away));
    next.subscribe_to(4, "bob");
    assert_eq!(next.heard(4), ["done", "bob Removed"], "it is blocked still");
    next.subscribe_to(2, "room");
    assert_eq!(next.heard(2).last().map(String::as_str), Some("room is Online"));
}

#[test]
fn who_could_not_be_asked_before_a_restart_can_not_be_asked_after_it() {
    let mut scene = Scene::new();
    scene.register(5, &["room"]);
    scene.depart(5, "unregistered");
    scene.settle();
    let records = scene.engine.snapshot(usize::MAX);
    let mut next = scene.restarted(&records, Millis::seconds(3));
    next.engine.resume(next.now, Stop::Clean);
    next.join(1, &["alice"]);
    next.subscribe_to(1, "room");
    assert_eq!(next.heard(1), ["done", "room Subscribed", "room is Offline"]);
}

#[test]
fn a_request_expires_when_it_is_due_however_often_the_server_restarts() {
    const DAY: Millis = Millis::seconds(24 * 3600);
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.subscribe_to(1, "bob");
    scene.pass(Millis(DAY.0 * 5));
    let mut next = scene.restarted(&[], DAY);
    next.engine.resume(next.now, Stop::Clean);
    next.join(1, &["alice"]);
    next.observe(1, registration(next.now.wall, Instant(u64::MAX)));
    next.pass(Millis(DAY.0 - 1));
    assert_eq!(next.heard(1), [""; 0]);
    next.pass(Millis(1));
    assert_eq!(next.heard(1), ["bob Removed"]);
    let mut late = scene.restarted(&[], Millis(DAY.0 * 30));
    late.engine.resume(late.now, Stop::Clean);
    late.pass(Millis(1));
    assert_eq!(late.engine.counts().contacts, 0, "it was due while the server was down");
}

#[test]
fn contacts_of_nobody_known_are_left_out() {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.subscribe_to(1, "bob");
    scene.block(1, "carol");
    scene.settle();
    let mut stored = Stored::of(&scene.facts);
    let (_, mut subscription) = stored.subscriptions.pop_first().unwrap();
    let (_, mut block) = stored.blocks.pop_first().unwrap();
    subscription.watcher = address("stranger");
    block.owner = address("stranger");
    let mut empty = Scene::new();
    let publication = empty.publication(PresenceState::Away);
    assert!(empty.engine.load_publication(&address("stranger"), "x", publication).is_err());
    assert!(empty.engine.load_subscription(subscription).is_err());
    assert!(empty.engine.load_block(block).is_err());
    assert_eq!(empty.engine.counts().unknown_names, 0);
}
