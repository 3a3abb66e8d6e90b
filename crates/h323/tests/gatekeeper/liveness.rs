//! A lost endpoint is noticed within seconds of its time to live, and never by mistake.

use crate::world::{Room, Told, World};
use h323::wire::h225::*;
use model::Millis;

fn departures(world: &World) -> Vec<&String> {
    let departures = world.told.iter().filter_map(|told| match told {
        Told::Depart(_, reason) => Some(reason),
        _ => None,
    });
    departures.collect()
}

// covers: D-11, D-20
#[test]
fn a_dead_endpoint_is_gone_within_seconds_of_its_time_to_live() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    world.seconds(59);
    assert_eq!(departures(&world).len(), 0);
    world.seconds(11);
    assert_eq!(departures(&world).len(), 0, "three probes and the grace time are not over");
    world.seconds(3);
    assert_eq!(departures(&world), ["silent for 71 s and did not answer 3 probes"]);
    let sent = world.take(room.ras.parse().unwrap());
    let probes = sent.iter().filter(|message| matches!(message, RasMessage::InfoRequest(_))).count();
    let goodbyes: Vec<_> =
        sent.iter().filter(|m| matches!(m, RasMessage::UnregistrationRequest(_))).collect();
    assert_eq!((probes, goodbyes.len()), (3, 1));
    assert_eq!(world.counter("ras.endpoints_lost"), 1);
}

// covers: D-20
#[test]
fn an_endpoint_that_keeps_registering_never_goes() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    for _ in 0..100 {
        world.seconds(55);
        assert!(matches!(room.refresh(&mut world), RasMessage::RegistrationConfirm(_)));
    }
    assert_eq!(departures(&world).len(), 0);
    assert_eq!(world.counter("ras.probes"), 0);
}

// covers: D-20
#[test]
fn an_endpoint_that_answers_a_probe_stays() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    for _ in 0..10 {
        world.seconds(61);
        assert!(room.answer_status(&mut world, &[]) > 0);
    }
    assert_eq!(departures(&world).len(), 0);
}

// covers: D-20
#[test]
fn an_endpoint_that_comes_back_in_the_grace_time_was_never_away() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    world.seconds(68);
    world.take(room.ras.parse().unwrap());
    let before = world.told.len();
    assert!(matches!(room.refresh(&mut world), RasMessage::RegistrationConfirm(_)));
    world.seconds(50);
    assert_eq!(world.told.len(), before, "nothing to tell");
    assert_eq!(world.counter("ras.endpoints_returned"), 1);
}

// covers: D-20
#[test]
fn a_longer_grace_time_is_kept() {
    let mut world = World::with(|settings| settings.grace = Millis::seconds(120));
    Room::new("192.0.2.10", &["alice"]).register(&mut world);
    world.seconds(60 + 6 + 119);
    assert_eq!(departures(&world).len(), 0);
    world.seconds(2);
    assert_eq!(departures(&world).len(), 1);
}

#[test]
fn an_endpoint_that_was_dropped_is_told_to_register_again() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    world.seconds(80);
    world.take(room.ras.parse().unwrap());
    let answer = room.refresh(&mut world);
    let RasMessage::RegistrationReject(reject) = answer else { panic!("{answer:?}") };
    assert_eq!(reject.reject_reason, RegistrationRejectReason::FullRegistrationRequired);
}

#[test]
fn a_time_to_live_is_granted_within_the_limits() {
    let mut world = World::new();
    for (asked, granted) in [(Some(5), 10), (Some(300), 300), (Some(1_000_000), 3600), (None, 120)] {
        let mut room = Room::new("192.0.2.10", &["alice"]);
        room.time_to_live = asked;
        assert_eq!(room.register(&mut world).time_to_live.unwrap().get(), granted);
    }
}
