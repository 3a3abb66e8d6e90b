//! Rooms of an MCU: conversations of whoever is in them by a call.

use crate::correspondence::message;
use crate::scene::{Scene, address, agent};
use model::{
    Basic, Conference, DeliveryOutcome, Effect, GroupRefusal, MessageFailure, PresenceState, Request, Ticket,
};

/// The number of the MCU.
const MCU: u64 = 9;

/// An MCU with two rooms; alice, bob, carol and dave are there, and in none.
fn mcu() -> Scene {
    let mut scene = Scene::new();
    for (number, name) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "dave")] {
        scene.sign_on(number, name);
    }
    scene.register(MCU, &["weekly", "daily"]);
    for number in [1, 2, 3, 4] {
        scene.drain(number);
    }
    convene(&mut scene, &[], &[]);
    scene
}

/// Who is in the rooms from now on.
fn convene(scene: &mut Scene, weekly: &[&str], daily: &[&str]) {
    let room = |name: &str, participants: &[&str]| Conference {
        address: address(name),
        participants: participants.iter().map(|name| address(name)).collect(),
    };
    let (at, conferences) = (scene.now.wall, vec![room("weekly", weekly), room("daily", daily)]);
    scene.ask(Request::Convene { agent: agent(MCU), at, conferences });
}

fn enter(scene: &mut Scene, number: u64, nick: &str) {
    let (group, nick) = (address("weekly"), nick.to_owned());
    scene.ask(Request::Enter { ticket: Ticket(0), agent: agent(number), group, nick });
}

/// What an agent saw and heard in a room.
fn witnessed(scene: &mut Scene, number: u64) -> Vec<String> {
    let words = |effect: &Effect| match effect {
        Effect::Entered { occupants, title, .. } => {
            let nicks = Vec::from_iter(occupants.iter().map(|one| one.nick.as_str()));
            Some(format!("in {title} with {}", nicks.join(" ")))
        }
        Effect::Occupancy { occupant, is_there, .. } => {
            Some(format!("{}{}", if *is_there { "+" } else { "-" }, occupant.nick))
        }
        Effect::PutOut { .. } => Some("out".to_owned()),
        Effect::Overheard { nick, message, .. } => Some(format!("{nick}: {}", message.text)),
        Effect::GroupRefused { refusal: GroupRefusal::NotMember { .. }, .. } => Some("refused".to_owned()),
        _ => None,
    };
    scene.effects_for(number).iter().filter_map(words).collect()
}

// covers: D-40
#[test]
fn a_room_is_open_and_shows_how_many_are_in_it() {
    let mut scene = mcu();
    let seen = |scene: &mut Scene| {
        let document = scene.document("weekly");
        assert_eq!((document.state, document.basic), (PresenceState::Available, Basic::Open));
        let published = document.tuples[0].publication.as_deref().unwrap();
        published.notes.first().map(|note| note.text.clone())
    };
    assert_eq!(seen(&mut scene), None);
    convene(&mut scene, &["alice"], &[]);
    assert_eq!(seen(&mut scene).as_deref(), Some("1 participant"));
    convene(&mut scene, &["alice", "bob"], &["carol"]);
    assert_eq!(seen(&mut scene).as_deref(), Some("3 participants"));
    convene(&mut scene, &[], &[]);
    assert_eq!(seen(&mut scene), None);
    scene.depart(MCU, "switched off");
    assert_eq!(scene.state("weekly"), PresenceState::Offline);
}

// covers: D-41
#[test]
fn what_is_written_to_a_room_goes_to_all_others_there_once() {
    let mut scene = mcu();
    convene(&mut scene, &["alice", "bob"], &["carol"]);
    scene.send_as(Some(1), message(5, "weekly", "Can you hear me?"));
    assert_eq!(scene.accepted(), [(5, false)]);
    let delivery = scene.deliveries(2).remove(0);
    assert_eq!(delivery.sender.address, address("alice"));
    assert_eq!(delivery.group.as_ref().unwrap().address, address("weekly"));
    for number in [1, 3, 4] {
        assert_eq!(scene.texts(number), Vec::<String>::new());
    }
    // The same again, as its sender repeats it.
    scene.conclude(2, "alice", 5, DeliveryOutcome::Delivered);
    scene.send_as(Some(1), message(5, "weekly", "Can you hear me?"));
    assert!(scene.deliveries(2).is_empty());
}

// covers: D-40, D-41
#[test]
fn who_enters_without_a_call_sees_who_comes_and_goes_and_takes_part() {
    let mut scene = mcu();
    convene(&mut scene, &["alice"], &[]);
    enter(&mut scene, 4, "Dave");
    assert_eq!(witnessed(&mut scene, 4), ["in weekly with alice Dave"]);
    convene(&mut scene, &["alice", "bob"], &[]);
    convene(&mut scene, &["bob"], &[]);
    assert_eq!(witnessed(&mut scene, 4), ["+bob", "-alice"]);
    scene.send_as(Some(4), message(1, "weekly", "Hello"));
    scene.send_as(Some(2), message(2, "weekly", "Hello Dave"));
    assert_eq!(witnessed(&mut scene, 4), ["Dave: Hello", "bob: Hello Dave"]);
    assert_eq!(scene.texts(2), ["Hello"]);
    assert_eq!(scene.texts(1), Vec::<String>::new(), "she has left");
    // Dave calls it besides: he is there once.
    convene(&mut scene, &["bob", "dave"], &[]);
    assert_eq!(witnessed(&mut scene, 4), Vec::<String>::new());
    scene.depart(MCU, "switched off");
    assert_eq!(witnessed(&mut scene, 4), ["out"]);
    scene.send_as(Some(2), message(3, "weekly", "Anybody?"));
    assert!(scene.deliveries(4).is_empty());
}

// covers: D-41
#[test]
fn whom_a_rule_keeps_from_the_mcu_can_neither_write_to_its_rooms_nor_enter_them() {
    let mut scene = mcu();
    convene(&mut scene, &["alice"], &[]);
    scene.block(MCU, "dave");
    enter(&mut scene, 4, "Dave");
    assert_eq!(witnessed(&mut scene, 4), ["refused"]);
    scene.send_as(Some(4), message(1, "weekly", "Hello"));
    assert_eq!(scene.refusals(), [MessageFailure::Blocked]);
    // Who was let in by a call is there.
    convene(&mut scene, &["alice", "dave"], &[]);
    scene.send_as(Some(4), message(2, "weekly", "Hello"));
    assert_eq!(scene.texts(1), ["Hello"]);
}

#[test]
fn nobody_makes_a_conference_of_a_name_that_is_not_its_own() {
    let mut scene = mcu();
    let of_alice = Conference { address: address("alice"), participants: vec![address("bob")] };
    let nowhere = Conference { address: address("nowhere"), participants: vec![address("bob")] };
    let conferences = vec![of_alice, nowhere];
    scene.ask(Request::Convene { agent: agent(MCU), at: scene.now.wall, conferences: conferences.clone() });
    scene.send_as(Some(2), message(1, "alice", "To you alone"));
    assert_eq!(scene.texts(1), ["To you alone"]);
    assert!(scene.deliveries(1).iter().all(|delivery| delivery.group.is_none()));
    // Nobody is registered with that number.
    scene.ask(Request::Convene { agent: agent(77), at: scene.now.wall, conferences });
}
