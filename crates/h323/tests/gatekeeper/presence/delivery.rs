//! How endpoints are told: in how many datagrams, how fast, and until they confirm it.

use super::*;
use h323::wire::presence::PresenceState as Native;
use model::Millis;
use std::sync::Arc;

// covers: Q1, D-03, K-5
#[test]
fn long_lists_are_split_over_indications_of_at_most_ten_entries() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let contacts: Vec<String> = (0..25).map(|number| format!("contact{number}")).collect();
    let list: Vec<_> = contacts.iter().map(|name| (name.as_str(), ContactStatus::Subscribed)).collect();
    world.apply(listed(1, &list));
    for name in &contacts {
        world.apply(inform(1, name, PresenceState::Available));
    }
    let heard = listen(&mut world, &alice);
    let sizes: Vec<_> = heard
        .iter()
        .map(|message| match message {
            PresenceMessage::PresenceInstruct(instruct) => ("list", instruct.instruction.len()),
            PresenceMessage::PresenceNotify(notify) => ("states", notify.notification.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("list", 10), ("list", 10), ("list", 5), ("states", 10), ("states", 10), ("states", 5)];
    assert_eq!(sizes, expected);
}

// covers: D-03, K-5
#[test]
fn no_datagram_is_larger_than_the_budget_and_ten_thousand_contacts_all_arrive() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let contacts: Vec<String> = (0..10_000).map(|n| format!("somebody with a long name {n}")).collect();
    let list: Vec<_> = contacts.iter().map(|name| (name.as_str(), ContactStatus::Subscribed)).collect();
    world.apply(listed(1, &list));
    for name in &contacts {
        let notes = vec![note("en", "a text that takes some room in a datagram")];
        world.apply(inform_of(1, name, Publication { notes, ..published(PresenceState::Away) }));
    }
    let (mut listed, mut informed) = (0, 0);
    loop {
        let sent = waiting(&mut world, &alice);
        if sent.is_empty() {
            break;
        }
        for sci in sent {
            let octets = per::encode(&RasMessage::ServiceControlIndication(sci.clone().into())).unwrap();
            assert!(octets.len() <= 1200, "{}", octets.len());
            match message(&sci) {
                PresenceMessage::PresenceInstruct(instruct) => listed += instruct.instruction.len(),
                PresenceMessage::PresenceNotify(notify) => informed += notify.notification.len(),
                other => panic!("{other:?}"),
            }
            confirm(&mut world, &alice, &sci);
        }
    }
    assert_eq!((listed, informed), (10_000, 10_000));
    assert_eq!(world.counter("presence.outbox_full"), 0);
}

// covers: D-03, K-5
#[test]
fn the_next_indication_leaves_at_the_confirmation_of_the_last_or_ten_milliseconds_later() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    for name in ["bob", "carol", "dave"] {
        world.apply(listed(1, &[(name, ContactStatus::Subscribed)]));
        world.apply(inform(1, name, PresenceState::Away));
    }
    let first = waiting(&mut world, &alice);
    assert_eq!(first.len(), 1);
    world.pass(Millis(9));
    assert!(waiting(&mut world, &alice).is_empty());
    world.pass(Millis(1));
    let second = waiting(&mut world, &alice);
    assert_eq!(second.len(), 1, "ten milliseconds are over");
    // The confirmation of one before the last is no sign that the endpoint has kept up.
    confirm(&mut world, &alice, &first[0]);
    assert!(waiting(&mut world, &alice).is_empty());
    confirm(&mut world, &alice, &second[0]);
    assert_eq!(waiting(&mut world, &alice).len(), 1);
}

// covers: Q26
#[test]
fn the_newest_state_takes_the_place_of_one_that_waits() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.apply(inform(1, "bob", PresenceState::Available));
    let [first] = &waiting(&mut world, &alice)[..] else { panic!() };
    // While that one is not confirmed, no second about the same contact leaves.
    for state in [PresenceState::Away, PresenceState::OnCall, PresenceState::NotAvailable] {
        world.apply(inform(1, "bob", state));
    }
    world.pass(Millis(100));
    assert!(waiting(&mut world, &alice).is_empty());
    confirm(&mut world, &alice, first);
    let heard = listen(&mut world, &alice);
    assert_eq!(heard.len(), 1);
    assert_eq!(notifications(&heard[0])[0].1.state, Native::NotAvailable);
}

// covers: D-03
#[test]
fn what_is_not_confirmed_is_repeated_twice_and_then_gives_way_to_what_is_newer() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.apply(inform(1, "bob", PresenceState::Available));
    let first = waiting(&mut world, &alice);
    for _ in 0..2 {
        world.seconds(3);
        assert_eq!(waiting(&mut world, &alice), first, "the same number and octets");
    }
    world.apply(inform(1, "bob", PresenceState::Away));
    world.seconds(4);
    assert!(waiting(&mut world, &alice).is_empty(), "given up, and its last repetition may be on its way");
    world.seconds(1);
    // The newer one was held back until nothing of the older can come after it.
    let second = waiting(&mut world, &alice);
    assert_eq!(notifications(&message(&second[0]))[0].1.state, Native::Away);
    world.seconds(9);
    assert_eq!(waiting(&mut world, &alice).len(), 2);
    assert_eq!(world.counter("presence.unconfirmed"), 1);
    world.seconds(20);
    assert!(waiting(&mut world, &alice).is_empty());
}

#[test]
fn an_endpoint_that_comes_back_is_told_what_it_never_confirmed() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.apply(inform(1, "bob", PresenceState::Away));
    world.seconds(15);
    assert_eq!(waiting(&mut world, &alice).len(), 3);
    let request = RegistrationRequest {
        request_seq_num: world.sequence(),
        keep_alive: Some(true),
        endpoint_identifier: Some(alice.endpoint_identifier()),
        ..RegistrationRequest::default()
    };
    let answers = world.send(&alice.ras, &RasMessage::RegistrationRequest(request.into()));
    let [RasMessage::RegistrationConfirm(_), RasMessage::ServiceControlIndication(again)] = &answers[..]
    else {
        panic!("{answers:?}")
    };
    assert_eq!(notifications(&message(again))[0].1.state, Native::Away);
    confirm(&mut world, &alice, again);
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
    assert_eq!(world.counter("presence.confirmed"), 1);
}

// covers: Q25
#[test]
fn nothing_of_a_contact_is_told_after_its_removal() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.apply(inform(1, "carol", PresenceState::Away));
    // These wait until the first is out.
    world.apply(inform(1, "bob", PresenceState::Away));
    world.apply(listed(1, &[("bob", ContactStatus::Removed)]));
    let heard = listen(&mut world, &alice);
    assert_eq!(heard.len(), 2);
    assert_eq!(notifications(&heard[0])[0].0, alias("carol"));
    assert!(matches!(&heard[1], PresenceMessage::PresenceInstruct(_)));
    // Nor is a repetition of a state sent after it.
    world.apply(inform(1, "carol", PresenceState::Available));
    let state = waiting(&mut world, &alice);
    world.apply(listed(1, &[("carol", ContactStatus::Removed)]));
    world.seconds(2);
    assert!(waiting(&mut world, &alice).is_empty());
    confirm(&mut world, &alice, &state[0]);
    let heard = listen(&mut world, &alice);
    assert!(matches!(&heard[..], [PresenceMessage::PresenceInstruct(_)]), "{heard:?}");
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
}

#[test]
fn nothing_is_repeated_to_an_endpoint_that_is_gone_or_registered_anew() {
    let mut world = World::new();
    let mut alice = present(&mut world, "192.0.2.10", &["alice"]);
    for name in ["bob", "carol"] {
        world.apply(inform(1, name, PresenceState::Away));
        world.apply(listed(1, &[(name, ContactStatus::Subscribed)]));
    }
    assert_eq!(waiting(&mut world, &alice).len(), 1);
    register(&mut alice, &mut world, vec![Feature::Presence.advertised()]);
    assert_eq!(world.attending, [1, 1], "it is all told again");
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
    world.apply(inform(1, "bob", PresenceState::Away));
    waiting(&mut world, &alice);
    let goodbye = alice.unregistration(&mut world);
    world.ask(&alice.ras, &goodbye);
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
}

#[test]
fn what_does_not_fit_into_a_datagram_is_reduced_to_what_matters() {
    let mut world = World::with(|settings| settings.datagram_budget = 600);
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let publication = Publication {
        notes: vec![note("en", &"text ".repeat(20)); 5],
        capabilities: Some(vec![oid3(); 30]),
        ..published(PresenceState::Away)
    };
    world.apply(inform_of(1, "bob", publication));
    let [sent] = &waiting(&mut world, &alice)[..] else { panic!() };
    let octets = per::encode(&RasMessage::ServiceControlIndication(sent.clone().into())).unwrap();
    assert!(octets.len() <= 600);
    let told = notifications(&message(sent)).remove(0).1;
    assert_eq!(told.state, Native::Away);
    assert!(told.supported_features.is_none() && texts(&told)[0].starts_with("text text"));
    assert_eq!(world.counter("presence.reduced"), 1);
}

#[test]
fn an_outbox_has_a_limit() {
    let mut world = World::with(|settings| settings.outbox_max = 5);
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    for number in 0..10 {
        world.apply(inform(1, &format!("contact{number}"), PresenceState::Away));
    }
    assert_eq!(world.counter("presence.outbox_full"), 4);
    let told: usize = listen(&mut world, &alice).iter().map(|message| notifications(message).len()).sum();
    assert_eq!(told, 6);
}

#[test]
fn an_endpoint_that_does_not_know_indications_is_not_asked_again() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.apply(inform(1, "bob", PresenceState::Away));
    let [sent] = &waiting(&mut world, &alice)[..] else { panic!() };
    let unknown = UnknownMessageResponse { request_seq_num: sent.request_seq_num, ..Default::default() };
    world.send(&alice.ras, &RasMessage::UnknownMessageResponse(unknown.into()));
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
}

// covers: D-03
#[test]
fn the_confirmations_of_a_long_list_are_not_taken_for_a_flood() {
    let mut world = World::with(|settings| settings.trusted.clear());
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    for number in 0..5000 {
        world.apply(inform(1, &format!("contact{number}"), PresenceState::Away));
    }
    let told: usize = listen(&mut world, &alice).iter().map(|message| notifications(message).len()).sum();
    assert_eq!((told, world.counter("ras.rate_limited")), (5000, 0));
    assert!(world.counter("presence.confirmed") > 400);
}

/// A state of bob as of an edition.
fn edition(number: u64, state: PresenceState, (epoch, version): (u32, u32)) -> Effect {
    let Effect::Inform { agent, contact, mut document } = inform(number, "bob", state) else { panic!() };
    Arc::make_mut(&mut document).version = Version { epoch, version };
    Effect::Inform { agent, contact, document }
}

/// The states of bob that an endpoint hears of.
fn states(heard: &[PresenceMessage]) -> Vec<Native> {
    let told = heard.iter().filter(|message| matches!(message, PresenceMessage::PresenceNotify(_)));
    told.flat_map(notifications).map(|(_, presentity)| presentity.state).collect()
}

#[test]
fn an_older_state_never_comes_after_a_newer_one_and_an_equal_one_does() {
    use PresenceState::{Available, Away, NotAvailable, OnCall};
    // The newer one waits, is under way, is given up for the present, or is confirmed.
    let until: [fn(&mut World, &Room); 4] = [
        |_, _| (),
        |world, room| confirm_all(world, room, 1),
        |world, room| {
            confirm_all(world, room, 1);
            world.seconds(15);
            waiting(world, room);
        },
        |world, room| confirm_all(world, room, 2),
    ];
    for (stage, until) in until.into_iter().enumerate() {
        let mut world = World::new();
        let alice = present(&mut world, "192.0.2.10", &["alice"]);
        world.apply(inform(1, "carol", Away));
        world.apply(edition(1, Away, (2, 7)));
        until(&mut world, &alice);
        world.apply(edition(1, OnCall, (2, 6)));
        world.apply(edition(1, OnCall, (1, 9)));
        assert_eq!(world.counter("presence.outdated"), 2, "{stage}");
        is_heard(&mut world, &alice);
        world.seconds(1);
        let heard = listen(&mut world, &alice);
        assert!(!states(&heard).contains(&Native::OnCall), "{stage}: {heard:?}");
        for (state, version) in [(NotAvailable, (2, 7)), (Available, (2, 8)), (OnCall, (3, 1))] {
            world.apply(edition(1, state, version));
        }
        assert_eq!(states(&listen(&mut world, &alice)).last(), Some(&Native::OnCall), "{stage}");
        assert_eq!(world.counter("presence.outdated"), 2, "{stage}");
    }
}

/// An endpoint keeps its registration alive; what else it is sent at that waits.
fn is_heard(world: &mut World, room: &Room) {
    let request = RegistrationRequest {
        request_seq_num: world.sequence(),
        keep_alive: Some(true),
        endpoint_identifier: Some(room.endpoint_identifier()),
        ..RegistrationRequest::default()
    };
    let answers = world.send(&room.ras, &RasMessage::RegistrationRequest(request.into()));
    let peer = room.ras.parse().unwrap();
    let others =
        answers.into_iter().filter(|answer| matches!(answer, RasMessage::ServiceControlIndication(_)));
    world.sent.extend(others.map(|answer| (peer, answer)));
}

/// Confirms so many of the indications to an endpoint.
fn confirm_all(world: &mut World, room: &Room, count: usize) {
    for _ in 0..count {
        let sent = waiting(world, room);
        sent.iter().for_each(|sci| confirm(world, room, sci));
    }
}

#[test]
fn a_contact_that_was_removed_may_come_back_with_any_edition() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.apply(edition(1, PresenceState::Away, (2, 7)));
    listen(&mut world, &alice);
    world.apply(listed(1, &[("bob", ContactStatus::Removed)]));
    world.apply(edition(1, PresenceState::Available, (1, 1)));
    assert_eq!(states(&listen(&mut world, &alice)), [Native::Available]);
}

// covers: D-03, K-5
#[test]
fn an_endpoint_with_ten_thousand_contacts_that_confirms_nothing_is_told_little_and_hurts_nobody() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let bob = present(&mut world, "192.0.2.11", &["bob"]);
    for number in 0..10_000 {
        world.apply(inform(1, &format!("contact {number}"), PresenceState::Away));
    }
    world.apply(inform(2, "alice", PresenceState::Away));
    assert_eq!(listen(&mut world, &bob).len(), 1, "at once");
    world.seconds(2);
    assert_eq!(waiting(&mut world, &alice).len(), 16, "not one more is under way");
    // One that is heard again is told everything at its own pace, and a change costs one datagram then.
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..40 {
        is_heard(&mut world, &alice);
        let heard = listen(&mut world, &alice);
        told.extend(heard.iter().flat_map(notifications).map(|(contact, _)| format!("{contact:?}")));
        world.seconds(1);
    }
    assert_eq!(told.len(), 10_000);
    world.apply(inform(1, "contact 5000", PresenceState::Available));
    let sent = waiting(&mut world, &alice);
    let [change] = &sent[..] else { panic!("{} datagrams", sent.len()) };
    assert_eq!(notifications(&message(change)).len(), 1);
}

// covers: D-03
#[test]
fn a_stranger_who_confirms_nothing_costs_little_and_is_told_the_newest_when_it_is_heard() {
    let mut world = World::with(|settings| settings.trusted.clear());
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    // Its address is proven, and still it confirms nothing.
    is_heard(&mut world, &alice);
    for number in 0..1000 {
        world.apply(inform(1, &format!("contact {}", number % 100), PresenceState::Away));
        world.pass(Millis(20));
    }
    let first = waiting(&mut world, &alice).len();
    for number in 0..100 {
        world.apply(inform(1, &format!("contact {number}"), PresenceState::OnCall));
    }
    world.seconds(20);
    assert!(first <= 16 * 3 && waiting(&mut world, &alice).is_empty(), "{first} datagrams");
    assert_eq!(world.counter("presence.silenced"), 1);
    // Each sign of life is worth one more try, three datagrams.
    for _ in 0..3 {
        is_heard(&mut world, &alice);
        world.seconds(12);
        assert_eq!(waiting(&mut world, &alice).len(), 3);
    }
    is_heard(&mut world, &alice);
    let heard = listen(&mut world, &alice);
    let told: Vec<_> = heard.iter().flat_map(notifications).collect();
    assert_eq!(told.len(), 100);
    assert!(told.iter().all(|(_, presentity)| presentity.state == Native::OnCall));
}

#[test]
fn ten_thousand_contacts_are_told_within_seconds_even_if_no_confirmation_hurries_it() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    for number in 0..10_000 {
        world.apply(inform(1, &format!("contact {number}"), PresenceState::Away));
    }
    let begun = world.now.instant;
    let mut told = 0;
    // Confirmations come all at once every 100 ms.
    while told < 10_000 {
        world.pass(Millis(100));
        let sent = waiting(&mut world, &alice);
        assert!(sent.len() <= 11, "paced: {}", sent.len());
        for sci in &sent {
            told += notifications(&message(sci)).len();
            confirm(&mut world, &alice, sci);
        }
    }
    let took = world.now.instant.since(begun);
    assert!(took <= Millis::seconds(15), "{took:?}");
}
