//! Asking to watch, and watching no more.

use crate::people::card;
use crate::scene::{Scene, Stored, address, agent, alias};
use engine::{Limits, Settings, Treatment};
use model::{
    ContactCard, ContactChange, Effect, Fact, Millis, NamedAddress, PresenceState, Refusal, Request,
    Symmetry, Ticket,
};

/// Alice is 1, Bob is 2; both are there.
fn two() -> Scene {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.join(2, &["bob", "4711"]);
    scene.settle();
    scene.facts.clear();
    scene.promised.clear();
    scene
}

#[test]
fn a_request_is_confirmed_listed_on_both_sides_and_put_to_the_presentity() {
    let mut scene = two();
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Pending"]);
    assert_eq!(scene.heard(2), ["alice Pending", "asked by alice for bob"]);
    assert_eq!(scene.seen("alice", "bob"), None);
}

#[test]
fn a_request_is_durable_before_it_is_confirmed() {
    let mut scene = two();
    scene.subscribe_to(1, "bob");
    scene.settle();
    assert!(matches!(&scene.facts[..], [Fact::Subscription(record)] if !record.is_active));
    assert!(matches!(scene.promised[0], Effect::Done { .. }));
    assert!(!scene.immediate.iter().any(|effect| matches!(effect, Effect::Listed { .. })));
}

// covers: Q24
#[test]
fn one_list_holds_several_contacts_with_both_directions() {
    let mut scene = two();
    scene.join(3, &["carol"]);
    scene.befriend((1, "alice"), (2, "bob"));
    scene.befriend((1, "alice"), (3, "carol"));
    scene.befriend((3, "carol"), (2, "bob"));
    for name in ["alice", "bob", "carol"] {
        assert_eq!(scene.engine.contacts(&address(name)).len(), 2, "{name}");
    }
    scene.answer_call(2, "x");
    assert_eq!(scene.heard(1), ["bob is OnCall"]);
    assert_eq!(scene.heard(3), ["bob is OnCall"]);
    assert_eq!(scene.heard(2), [""; 0]);
}

#[test]
fn every_presence_agent_of_both_sides_is_told_and_no_other() {
    let mut scene = two();
    scene.join(3, &["alice"]);
    scene.join(4, &["bob"]);
    scene.register(5, &["alice"]);
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(3), ["bob Pending"]);
    assert_eq!(scene.heard(4), ["alice Pending", "asked by alice for bob"]);
    let id = scene.request_id("alice", "bob");
    scene.decide(4, id, true);
    assert_eq!(scene.heard(3), ["bob Subscribed", "bob is Online"]);
    assert_eq!(scene.heard(5), [""; 0]);
}

#[test]
fn any_alias_of_a_contact_names_the_same_contact() {
    let mut scene = two();
    scene.subscribe_to(1, "4711");
    assert_eq!(scene.heard(1), ["done", "4711 Pending"]);
    assert_eq!(scene.heard(2), ["alice Pending", "asked by alice for 4711"]);
    scene.unsubscribe_from(1, "bob");
    assert_eq!(scene.heard(1), ["done", "4711 Removed"]);
    assert_eq!(scene.heard(2), ["alice Removed"]);
    assert_eq!(scene.engine.counts().contacts, 0);
}

#[test]
fn a_contact_is_shown_as_the_owner_wrote_it_or_else_as_it_registered() {
    let mut scene = two();
    let contact = NamedAddress {
        address: address("bob"),
        kind: "url-ID".to_owned(),
        original: "BOB@x.example".to_owned(),
    };
    scene.change(1, ContactChange::Subscribe, contact.clone(), ContactCard::default());
    scene.subscribe_to(2, "alice");
    scene.settle();
    assert_eq!(scene.engine.contacts(&address("alice"))[0].name, contact);
    assert_eq!(scene.engine.contacts(&address("bob"))[0].name, alias("alice"));
    let stored = Stored::of(&scene.facts);
    let written: Vec<_> = stored.subscriptions.values().map(|record| record.written.clone()).collect();
    assert_eq!(written, [Some(("url-ID".to_owned(), "BOB@x.example".to_owned())), None]);
}

// covers: Q12
#[test]
fn the_card_of_a_request_is_shown_to_the_decider_and_its_name_not_to_its_writer() {
    let mut scene = two();
    scene.change(1, ContactChange::Subscribe, alias("bob"), card("Alice at home"));
    let heard = scene.effects_for(2);
    assert!(matches!(&heard[1], Effect::Asked { request, .. } if request.card == card("Alice at home")));
    scene.subscribe_to(1, "bob");
    scene.settle();
    assert_eq!(scene.engine.contacts(&address("bob"))[0].card, card("Alice at home"));
    let shown_to_its_writer = ContactCard { display: None, ..card("Alice at home") };
    assert_eq!(scene.engine.contacts(&address("alice"))[0].card, shown_to_its_writer);
    scene.change(1, ContactChange::Subscribe, alias("bob"), card("Alice"));
    scene.settle();
    let stored = Stored::of(&scene.facts).subscriptions.into_values().next().unwrap();
    assert_eq!(stored.card, card("Alice"));
}

#[test]
fn nobody_is_its_own_contact_by_whatever_name() {
    let mut scene = two();
    scene.subscribe_to(2, "4711");
    scene.block(2, "bob");
    let refused = "refused: a principal can't be its own contact";
    assert_eq!(scene.heard(2), [refused, refused]);
    assert_eq!(scene.facts, []);
}

//
#[test]
fn only_a_registered_agent_can_change_its_own_list() {
    let mut scene = two();
    scene.subscribe_to(9, "bob");
    let refused = "refused: the agent is not registered";
    assert_eq!(scene.heard(9), [refused]);
    let id = scene.next_id();
    scene.decide(9, id, true);
    scene.publish(9, PresenceState::Away);
    assert_eq!(scene.heard(9), [refused, refused]);
    scene.attend(9);
    assert_eq!(scene.engine.counts().strays, 1);
}

#[test]
fn to_ask_again_tells_how_it_stands_and_asks_nobody() {
    let mut scene = two();
    scene.subscribe_to(1, "bob");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.facts.clear();
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Pending"]);
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.facts.clear();
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Subscribed", "bob is Online"]);
    assert_eq!((scene.heard(2), scene.facts), (Vec::new(), Vec::new()));
}

#[test]
fn who_asks_back_approves() {
    let mut scene = two();
    scene.subscribe_to(1, "bob");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.subscribe_to(2, "alice");
    assert_eq!(scene.heard(2), ["done", "alice Subscribed", "alice is Online"]);
    assert_eq!(scene.heard(1), ["bob Subscribed", "bob is Online"]);
    assert_eq!(scene.request_id("alice", "bob"), scene.request_id("bob", "alice"));
}

// covers, Q25
#[test]
fn whoever_unsubscribes_ends_both_directions_at_once_and_both_are_told() {
    for (one, other, name, other_name) in [(1, 2, "alice", "bob"), (2, 1, "bob", "alice")] {
        let mut scene = two();
        scene.befriend((1, "alice"), (2, "bob"));
        scene.unsubscribe_from(one, other_name);
        assert_eq!(scene.heard(one), ["done".to_owned(), format!("{other_name} Removed")]);
        assert_eq!(scene.heard(other), [format!("{name} Removed")]);
        scene.answer_call(1, "x");
        scene.answer_call(2, "y");
        assert_eq!((scene.heard(1), scene.heard(2)), (Vec::new(), Vec::new()));
        assert_eq!(Stored::of(&scene.facts).subscriptions.len(), 0);
    }
}

#[test]
fn to_unsubscribe_from_nobody_on_the_list_is_done_and_told() {
    let mut scene = two();
    scene.unsubscribe_from(1, "bob");
    scene.unsubscribe_from(1, "nobody");
    scene.unblock(1, "bob");
    let heard = ["done", "bob Removed", "done", "nobody Removed", "done", "bob Unblocked"];
    assert_eq!(scene.heard(1), heard);
    assert_eq!(scene.engine.counts().unknown_names, 0);
}

//
#[test]
fn nobody_ends_what_is_between_two_others() {
    let mut scene = two();
    scene.join(3, &["carol"]);
    scene.befriend((1, "alice"), (2, "bob"));
    let id = scene.request_id("alice", "bob");
    scene.unsubscribe_from(3, "alice");
    scene.unsubscribe_from(3, "bob");
    scene.decide(3, id, false);
    scene.block(3, "bob");
    scene.settle();
    assert_eq!((scene.heard(1), scene.heard(2)), (Vec::new(), Vec::new()));
    assert!(scene.seen("alice", "bob").is_some() && scene.seen("bob", "alice").is_some());
}

#[test]
fn an_end_point_that_can_not_be_asked_is_watched_at_once_and_watches_nobody() {
    let mut scene = two();
    scene.register(5, &["room"]);
    scene.subscribe_to(1, "room");
    assert_eq!(scene.heard(1), ["done", "room Subscribed", "room is Online"]);
    assert_eq!(scene.seen("room", "alice"), None);
    scene.depart(5, "unregistered");
    assert_eq!(scene.heard(1), ["room is Offline"]);
    scene.subscribe_to(2, "room");
    assert_eq!(scene.heard(2), ["done", "room Subscribed", "room is Offline"], "its last device was silent");
}

#[test]
fn an_end_point_that_can_not_be_asked_is_watched_by_nobody_where_the_rule_says_so() {
    let settings = Settings { silent_devices: Treatment::Refuse, ..Settings::default() };
    let mut scene = Scene::with(settings);
    scene.join(1, &["alice"]);
    scene.register(5, &["room"]);
    scene.subscribe_to(1, "room");
    scene.subscribe_to(1, "later");
    assert_eq!(scene.heard(1), ["done", "room Removed", "done", "later Pending"]);
    scene.register(6, &["later"]);
    assert_eq!(scene.heard(1), ["later Removed"]);
    assert_eq!(Stored::of(&scene.facts).subscriptions.len(), 0);
}

#[test]
fn a_request_that_waits_is_granted_when_its_target_turns_out_to_be_unable_to_decide() {
    let mut scene = two();
    scene.subscribe_to(1, "room");
    scene.hear_nothing_of(1);
    scene.register(5, &["room"]);
    assert_eq!(scene.heard(1), ["room Subscribed", "room is Online"]);
    assert!(Stored::of(&scene.facts).subscriptions.values().all(|record| record.is_active));
}

// covers: Q26
#[test]
fn a_new_watcher_gets_the_newest_state() {
    let mut scene = two();
    scene.publish(2, PresenceState::Away);
    scene.settle();
    scene.publish(2, PresenceState::NotAvailable);
    scene.hear_nothing_of(2);
    scene.subscribe_to(1, "bob");
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    assert_eq!(scene.heard(1), ["done", "bob Pending", "bob Subscribed", "bob is NotAvailable"]);
}

#[test]
fn a_batch_informs_a_watcher_once_with_the_newest() {
    let mut scene = two();
    scene.befriend((1, "alice"), (2, "bob"));
    scene.answer_call(2, "x");
    scene.publish(2, PresenceState::Dnd);
    scene.publish(2, PresenceState::Away);
    assert_eq!(scene.heard(1), ["bob is Away"]);
    scene.answer_call(2, "y");
    assert_eq!(scene.heard(1), [""; 0], "nothing that can be seen has changed");
}

#[test]
fn each_limit_refuses_a_request_and_is_counted() {
    let limits = Limits {
        contacts_per_principal_max: 3,
        pending_per_watcher_max: 2,
        waiting_per_presentity_max: 1,
        ..Limits::default()
    };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    for (number, name) in ["alice", "bob", "carol"].into_iter().enumerate() {
        scene.join(number as u64, &[name]);
    }
    scene.subscribe_to(0, "carol");
    scene.hear_nothing_of(0);
    scene.subscribe_to(1, "carol");
    let refused = |limit| Refusal::Unavailable { limit }.to_string();
    assert_eq!(scene.heard(1), [format!("refused: {}", refused("waiting_per_presentity_max"))]);
    scene.subscribe_to(0, "x");
    scene.subscribe_to(0, "y");
    let heard = scene.heard(0);
    assert_eq!(heard[2], format!("refused: {}", refused("pending_per_watcher_max")));
    scene.block(0, "z");
    scene.block(0, "zz");
    let heard = scene.heard(0);
    assert_eq!(heard[2], format!("refused: {}", refused("contacts_per_principal_max")));
    assert_eq!(scene.engine.counts().requests_refused, 3);
    let counts = scene.engine.counts();
    assert_eq!((counts.contacts, counts.blocks, counts.unknown_names), (2, 1, 2));
}

#[test]
fn the_limits_on_all_lists_together_and_on_unknown_names_hold_for_contacts_too() {
    let limits = Limits { subscriptions_max: 2, unknown_names_max: 1, ..Limits::default() };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    scene.join(1, &["alice"]);
    scene.subscribe_to(1, "x");
    scene.subscribe_to(1, "y");
    scene.watch(9, "alice");
    scene.block(1, "x");
    scene.unsubscribe_from(1, "x");
    let heard = scene.heard(1);
    assert!(heard[4].contains("unknown_names_max"), "{heard:?}");
    assert!(heard[5].contains("subscriptions_max"), "{heard:?}");
    assert_eq!(scene.engine.counts().unknown_names, 0, "the name is out of the book again");
}

#[test]
fn an_id_that_names_a_relation_is_not_given_to_another() {
    let mut scene = two();
    scene.subscribe_to(1, "bob");
    let id = scene.request_id("alice", "bob");
    scene.hear_nothing_of(1);
    let (contact, card) = (alias("carol"), ContactCard::default());
    let (ticket, change, symmetry) = (Ticket(0), ContactChange::Subscribe, Symmetry::Auto);
    scene.ask(Request::ChangeContact {
        ticket,
        agent: agent(1),
        change,
        contact,
        card: Box::new(card),
        id,
        symmetry,
    });
    assert!(scene.heard(1)[0].contains("subscription_ids"));
}

#[test]
fn a_request_that_nobody_decides_ends_and_both_are_told() {
    let mut scene = two();
    scene.subscribe_to(1, "bob");
    scene.subscribe_to(1, "nobody");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    let week = Millis::seconds(7 * 24 * 3600);
    for number in [1, 2] {
        scene.observe(number, crate::scene::registration(scene.now.wall, model::Instant(u64::MAX)));
    }
    scene.pass(Millis(week.0 - 1));
    assert_eq!(scene.heard(1), [""; 0]);
    scene.pass(Millis(1));
    assert_eq!(scene.heard(1), ["bob Removed", "nobody Removed"]);
    assert_eq!(scene.heard(2), ["alice Removed"]);
    let counts = scene.engine.counts();
    assert_eq!((counts.contacts, counts.requests_expired, counts.unknown_names), (0, 2, 0));
    assert_eq!(Stored::of(&scene.facts).subscriptions.len(), 0);
}

#[test]
fn who_has_lost_its_last_name_is_seen_offline_by_those_who_watched_it() {
    let mut scene = two();
    scene.befriend((1, "alice"), (2, "bob"));
    scene.join(3, &["carol"]);
    scene.depart(2, "unregistered");
    scene.hear_nothing_of(1);
    scene.join(2, &["bob"]);
    assert_eq!(scene.heard(1), ["bob is Online"]);
    scene.join(3, &["carol", "bob", "4711"]);
    assert_eq!(scene.heard(1), ["bob is Offline"]);
    scene.answer_call(3, "x");
    assert_eq!(scene.heard(1), [""; 0], "alice agreed with bob, not with carol");
}

#[test]
fn where_one_direction_is_meant_the_other_is_not_touched() {
    let mut scene = two();
    scene.symmetry = Symmetry::Never;
    scene.subscribe_to(1, "bob");
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    assert_eq!(scene.heard(1), ["done", "bob Pending", "bob Subscribed", "bob is Online"]);
    assert_eq!(scene.heard(2), ["alice Pending", "asked by alice for bob", "done", "alice Removed"]);
    assert_eq!(scene.seen("bob", "alice"), None);
    scene.subscribe_to(2, "alice");
    let back = scene.request_id("bob", "alice");
    scene.decide(1, back, true);
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.unsubscribe_from(2, "alice");
    assert_eq!(
        (scene.heard(1), scene.heard(2)),
        (vec![], vec!["done".to_owned(), "alice Removed".to_owned()])
    );
    assert!(scene.seen("alice", "bob").is_some());
}

#[test]
fn the_direction_that_is_left_of_two_can_still_be_ended_by_its_id() {
    for (one, other, name, other_name) in [(1, 2, "alice", "bob"), (2, 1, "bob", "alice")] {
        let mut scene = two();
        scene.befriend((1, "alice"), (2, "bob"));
        let id = scene.request_id("alice", "bob");
        scene.symmetry = Symmetry::Never;
        scene.unsubscribe_from(one, other_name);
        assert_eq!(scene.heard(one), ["done".to_owned(), format!("{other_name} Removed")]);
        assert_eq!(scene.heard(other), [""; 0]);
        scene.answer_call(one, "x");
        assert_eq!(scene.heard(other), [format!("{name} is OnCall")]);
        scene.decide(one, id, false);
        assert_eq!(scene.heard(one), ["done"]);
        assert_eq!(scene.heard(other), [format!("{name} Removed")]);
    }
}
