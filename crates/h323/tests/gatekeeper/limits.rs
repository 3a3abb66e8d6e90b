//! Who brings too much is refused by the protocol's own word, counted and named to the operator; others are not hurt.

use crate::presence::{indicate, present};
use crate::world::{Room, World, alias};
use h323::gatekeeper::Rate;
use h323::wire::h225::*;
use h323::wire::presence::{PresenceAlias, PresenceInstruct, PresenceInstruction, PresenceMessage};
use link::{Command, LimitedSummary, Outcome};

fn world() -> World {
    World::with(|settings| settings.trusted.clear())
}

fn limited(world: &mut World) -> Vec<LimitedSummary> {
    let Outcome::Limited(limited) = world.command(Command::Limited) else { panic!() };
    limited
}

/// Registers one more endpoint at a host; whether it was let in.
fn registers(world: &mut World, host: &str, number: usize) -> bool {
    let mut room = Room::new(host, &[&format!("{host} {number}")]);
    room.ras = format!("{host}:{}", 2000 + number);
    room.signalling = format!("{host}:{}", 20_000 + number);
    let request = RasMessage::RegistrationRequest(room.registration(world).into());
    match world.ask(&room.ras, &request) {
        RasMessage::RegistrationConfirm(_) => true,
        RasMessage::RegistrationReject(reject) => {
            assert_eq!(reject.reject_reason, RegistrationRejectReason::ResourceUnavailable);
            false
        }
        other => panic!("{other:?}"),
    }
}

// covers: F-09
#[test]
fn new_aliases_of_one_address_are_limited_and_those_of_others_are_not() {
    let mut world = world();
    let mut registered = 0;
    for number in 0..1500 {
        registered += usize::from(registers(&mut world, "203.0.113.9", number));
        world.pass(model::Millis(21));
    }
    // 500 at once, and one every two seconds.
    assert_eq!(registered, 500 + 15);
    assert_eq!(world.counter("limits.new_names"), 1500 - 515);
    assert!(registers(&mut world, "203.0.113.10", 0), "the same network");
    assert!(registers(&mut world, "192.0.2.10", 0));
    let [offender] = &limited(&mut world)[..] else { panic!() };
    assert_eq!((&*offender.source, &*offender.limit), ("203.0.113.9", "new aliases"));
    assert_eq!((offender.refused, offender.is_over), (985, false));
}

#[test]
fn names_that_somebody_had_before_do_not_count() {
    let mut world = world();
    world.new_names = Some(0);
    for number in 0..1500 {
        assert!(registers(&mut world, "203.0.113.9", number));
        world.pass(model::Millis(21));
    }
}

// covers: F-09
#[test]
fn a_network_may_bring_more_than_an_address_and_not_without_end() {
    let mut world = World::with(|settings| {
        settings.trusted.clear();
        settings.limits.new_names = Rate { each_minute: 1, burst: 2 };
        settings.limits.network_factor = 3;
    });
    let mut count = |network: &str| {
        let hosts: Vec<_> = (1..20).map(|host| format!("{network}.{host}")).collect();
        hosts.iter().filter(|host| registers(&mut world, host, 0)).count()
    };
    assert_eq!((count("203.0.113"), count("203.0.114")), (6, 6));
    assert_eq!(limited(&mut world)[0].source, "203.0.113.0/24");
}

// covers: F-09
#[test]
fn contact_changes_are_refused_with_not_available() {
    let mut world = World::with(|settings| {
        settings.trusted.clear();
        settings.limits.contact_changes = Rate { each_minute: 60, burst: 100 };
    });
    let mallory = present(&mut world, "203.0.113.9", &["mallory"]);
    let subscribe = |number: usize| {
        let contact = PresenceAlias { alias: alias(&format!("contact{number}")), ..PresenceAlias::default() };
        let instruction = vec![PresenceInstruction::Subscribe(contact)];
        let alias = alias("mallory");
        PresenceMessage::PresenceInstruct(PresenceInstruct {
            alias,
            instruction,
            ..PresenceInstruct::default()
        })
    };
    let refused = (0..150).filter(|number| match indicate(&mut world, &mallory, vec![subscribe(*number)]) {
        None => false,
        Some(ServiceControlResult::NotAvailable) => true,
        other => panic!("{other:?}"),
    });
    assert_eq!(refused.count(), 50);
    let alice = present(&mut world, "203.0.113.10", &["alice"]);
    assert_eq!(indicate(&mut world, &alice, vec![subscribe(0)]), None);
    assert_eq!((world.counter("limits.contact_changes"), world.wishes.len()), (50, 101));
}

#[test]
fn the_log_has_a_line_when_a_limit_begins_and_one_when_it_ends() {
    let mut world = world();
    let lines = |world: &World, name| world.events.iter().filter(|(event, _)| *event == name).count();
    for _ in 0..5000 {
        world.octets("203.0.113.9:5000", false, b"\x00");
    }
    assert_eq!((lines(&world, "limit.begins"), lines(&world, "limit.ends")), (1, 0));
    assert_eq!(limited(&mut world)[0].refused, 4800);
    world.seconds(200);
    assert_eq!((lines(&world, "limit.begins"), lines(&world, "limit.ends")), (1, 1));
    assert!(limited(&mut world)[0].is_over);
    let (_, text) = world.events.last().unwrap();
    assert_eq!(text, "203.0.113.9 keeps to its limit of datagrams again; 4800 were refused");
    world.seconds(700);
    assert!(limited(&mut world).is_empty());
    assert_eq!(link::Link::deadline(&world.gatekeeper), None, "nothing is left to be done");
}

#[test]
fn trusted_networks_have_no_limit() {
    let mut world = World::with(|settings| settings.trusted = vec!["203.0.113.0/24".parse().unwrap()]);
    assert!((0..1500).all(|number| registers(&mut world, "203.0.113.9", number)));
    assert!(limited(&mut world).is_empty());
}

#[test]
fn an_answer_to_what_is_limited_is_no_larger_than_the_request() {
    let mut world = world();
    for number in 0..600 {
        registers(&mut world, "203.0.113.9", number);
        world.pass(model::Millis(21));
    }
    assert!(world.counter("limits.new_names") > 0 && world.counter("ras.amplifying") == 0);
}

// covers: F-09
#[test]
fn one_address_has_so_many_calls_and_others_have_theirs() {
    let mut world = World::with(|settings| {
        settings.trusted = vec!["192.0.2.0/24".parse().unwrap()];
        settings.limits.calls_max = 2;
    });
    let [mut greedy, mut modest, mut trusted] =
        ["203.0.113.9", "203.0.113.10", "192.0.2.10"].map(|host| Room::new(host, &[host]));
    for room in [&mut greedy, &mut modest, &mut trusted] {
        room.register(&mut world);
    }
    let admits = |world: &mut World, room: &Room, call: u8| {
        let request = RasMessage::AdmissionRequest(room.admission(world, call, false, "192.0.2.10").into());
        match world.ask(&room.ras, &request) {
            RasMessage::AdmissionConfirm(_) => true,
            RasMessage::AdmissionReject(reject) => {
                assert_eq!(reject.reject_reason, AdmissionRejectReason::ResourceUnavailable);
                false
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([1, 2, 3].map(|call| admits(&mut world, &greedy, call)), [true, true, false]);
    assert!(admits(&mut world, &greedy, 1), "again the same call");
    assert!(admits(&mut world, &modest, 4));
    assert!((5..15).all(|call| admits(&mut world, &trusted, call)));
    assert_eq!(world.counter("limits.calls"), 1);
    let [offender] = &limited(&mut world)[..] else { panic!() };
    assert_eq!((&*offender.source, &*offender.limit), ("203.0.113.9", "calls"));
    greedy.disengage(&mut world, 1);
    world.seconds(6);
    assert!(admits(&mut world, &greedy, 3), "one is over");
}
