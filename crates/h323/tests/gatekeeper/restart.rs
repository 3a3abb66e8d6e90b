//! A restart resumes registrations and calls without the endpoints' help.

use crate::world::{Room, Told, World, listed};
use h323::gatekeeper::Settings;
use h323::wire::h225::*;
use link::{Command, Link, Outcome};
use model::{Millis, PresenceState, SoftRecord, Source};

/// Everything the gatekeeper would have written by now.
pub fn snapshot(world: &mut World) -> Vec<SoftRecord> {
    world.gatekeeper.snapshot(world.now, usize::MAX)
}

pub fn restarted(before: &World, records: Vec<SoftRecord>) -> World {
    restarted_with(before, records, |_| ())
}

pub fn restarted_with(before: &World, records: Vec<SoftRecord>, change: impl FnOnce(&mut Settings)) -> World {
    let mut world = World::with(change);
    world.now = before.now;
    for record in records {
        world.gatekeeper.restore(world.now, record);
    }
    link::Link::timeout(&mut world.gatekeeper, world.now);
    world.drain();
    world
}

/// A world in which alice calls bob, who answers.
fn calling() -> (World, Room, Room) {
    let mut world = World::new();
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    let mut bob = Room::new("192.0.2.11", &["Bob", "4711"]);
    alice.register(&mut world);
    bob.register(&mut world);
    alice.admit(&mut world, 1, false, "bob");
    bob.admit(&mut world, 1, true, "bob");
    (world, alice, bob)
}

#[test]
fn registrations_and_calls_are_resumed() {
    let (mut world, mut alice, mut bob) = calling();
    world.seconds(2);
    let connected = world.now.wall.0;
    bob.answer_status(&mut world, &[listed(1, Some(connected))]);
    for reversed in [false, true] {
        let mut records = snapshot(&mut world);
        if reversed {
            // What changed was taken by the first round: make it change again, and restore in the other order.
            alice.register(&mut world);
            bob.register(&mut world);
            bob.answer_status(&mut world, &[listed(1, Some(connected))]);
            records = snapshot(&mut world);
            records.reverse();
        } else {
            assert_eq!(records.len(), 3);
        }
        let mut world = restarted(&world, records);
        assert_eq!(world.registered(), 2);
        assert!(world.told.contains(&Told::Observe(1, Source::Registration, PresenceState::Online)));
        if !reversed {
            assert!(
                world.told.contains(&Told::Observe(2, Source::Call, PresenceState::OnCall)),
                "{:?}",
                world.told
            );
            let Outcome::Calls(calls) = world.command(Command::Calls { limit: 9 }) else { panic!() };
            assert_eq!((calls.len(), calls[0].state.as_str()), (1, "answered"));
        }
        // Both go on as if nothing had happened.
        assert!(matches!(alice.refresh(&mut world), RasMessage::RegistrationConfirm(_)));
        assert!(matches!(bob.disengage(&mut world, 1), RasMessage::DisengageConfirm(_)));
    }
}

#[test]
fn a_call_resumed_without_the_endpoints_that_had_it_is_over() {
    let (mut world, _, _) = calling();
    // The registrations ended after the call was written last, and what took them out of the store came first.
    let mut records = snapshot(&mut world);
    records.retain(|record| record.table == "h323.call");
    assert_eq!(records.len(), 1);
    let mut world = restarted(&world, records);
    world.seconds(10);
    let Outcome::Calls(calls) = world.command(Command::Calls { limit: 9 }) else { panic!() };
    assert!(calls.is_empty(), "{calls:?}");
}

#[test]
fn a_resumed_registration_has_a_whole_time_to_live_to_be_heard() {
    let mut world = World::new();
    Room::new("192.0.2.10", &["alice"]).register(&mut world);
    world.seconds(59);
    let records = snapshot(&mut world);
    let mut world = restarted(&world, records);
    world.seconds(59);
    assert_eq!(world.counter("ras.probes"), 0);
    world.seconds(20);
    assert_eq!(world.registered(), 0);
}

#[test]
fn a_registration_younger_than_the_snapshot_is_asked_to_register_again() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let mut world = restarted(&world, Vec::new());
    let answer = room.refresh(&mut world);
    let RasMessage::RegistrationReject(reject) = answer else { panic!("{answer:?}") };
    assert_eq!(reject.reject_reason, RegistrationRejectReason::FullRegistrationRequired);
    room.register(&mut world);
}

#[test]
fn refreshes_change_nothing_that_is_written() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    assert_eq!(snapshot(&mut world).len(), 1);
    room.refresh(&mut world);
    assert_eq!(snapshot(&mut world).len(), 0);
    let goodbye = room.unregistration(&mut world);
    world.ask(&room.ras, &goodbye);
    assert_eq!(snapshot(&mut world).iter().filter(|record| record.value.is_none()).count(), 1);
}

#[test]
fn an_unreadable_record_is_counted_and_dropped() {
    let records = ["", "{}", "[1]", "{\"identifier\":7}"].map(|value| SoftRecord {
        table: "h323.registration",
        key: "1".to_owned(),
        value: Some(value.to_owned()),
    });
    let mut world = restarted(&World::new(), records.to_vec());
    assert_eq!(world.counter("soft.unreadable"), 4);
    assert_eq!(world.registered(), 0);
}

#[test]
fn what_was_taken_back_is_written_again_only_where_it_changed() {
    let mut world = World::new();
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    let mut bob = Room::new("192.0.2.11", &["bob"]);
    alice.register(&mut world);
    bob.register(&mut world);
    let records = snapshot(&mut world);
    let mut world = restarted(&world, records);
    assert_eq!(world.registered(), 2);
    assert_eq!(snapshot(&mut world), []);
    bob.register(&mut world);
    let written = Vec::from_iter(snapshot(&mut world).into_iter().map(|record| record.key));
    assert_eq!(written, ["2"]);
}

#[test]
fn what_changed_before_the_engine_was_asked_is_written_after_it_answered() {
    let mut before = World::new();
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    alice.register(&mut before);
    let records = snapshot(&mut before);
    let mut world = World::new();
    world.now = before.now;
    for record in records {
        world.gatekeeper.restore(world.now, record);
    }
    // From another port, while its claim waits for its turn.
    alice.ras = "192.0.2.10:2719".to_owned();
    alice.refresh(&mut world);
    assert_eq!(snapshot(&mut world), []);
    link::Link::timeout(&mut world.gatekeeper, world.now);
    world.drain();
    let records = snapshot(&mut world);
    assert!(records[0].value.as_ref().is_some_and(|value| value.contains(&alice.ras)), "{records:?}");
}

#[test]
fn records_of_an_earlier_version_are_taken_back() {
    let value = r#"{"identifier":"qjfbimrmyfaqqyz2","channel":0,"peer":"192.0.2.10:1719","local":"192.0.2.1:1719",
        "aliases":[["h323-ID","alice"]],"callSignalAddresses":["192.0.2.10:1720"],"kind":"terminal","prefixes":[],
        "product":"Phone 1","features":[],"offer":{"hasPresence":false,"package":null},"messaging":null,
        "timeToLive":60000,"registeredAt":1795386836015,"isProven":true}"#;
    let (key, value) = ("1".to_owned(), Some(value.to_owned()));
    let mut world = restarted(&World::new(), vec![SoftRecord { table: "h323.registration", key, value }]);
    assert_eq!((world.registered(), world.counter("soft.unreadable")), (1, 0));
    let Outcome::Endpoints(endpoints) = world.command(Command::Endpoints { filter: String::new(), limit: 9 })
    else {
        panic!()
    };
    assert!(format!("{endpoints:?}").contains("Phone 1"), "{endpoints:?}");
}

#[test]
fn after_a_restart_so_many_names_are_claimed_at_a_time_and_who_comes_anew_goes_first() {
    let mut world = World::new();
    for number in 0_u32..4_200 {
        let [_, _, high, low] = number.to_be_bytes();
        Room::new(&format!("198.18.{high}.{low}"), &[&format!("room{number}")]).register(&mut world);
    }
    let records = snapshot(&mut world);
    let mut world = World::new();
    world.engine_answers = false;
    for record in records {
        world.gatekeeper.restore(world.now, record);
    }
    world.pass(Millis(0));
    assert_eq!((world.registered(), world.claims.len()), (4_200, 4_096));

    let newcomer = Room::new("192.0.2.10", &["alice"]);
    let request = RasMessage::RegistrationRequest(newcomer.registration(&mut world).into());
    let told = world.ask(&newcomer.ras, &request);
    assert!(matches!(told, RasMessage::RequestInProgress(_)), "{told:?}");
    world.grant(0);
    let claimed: Vec<_> = world.claims.iter().map(|claim| claim.aliases[0].address.to_string()).collect();
    assert_eq!((claimed.len(), claimed[4_096].as_str()), (4_201, "alice@example.com"));
}

// Seed 611650 of the simulation: the removal of the one before was not on the disk yet, and both were sent each message.
#[test]
fn of_two_registrations_of_one_endpoint_that_a_kill_left_behind_the_last_one_stands() {
    let mut world = World::new();
    let mut before = Room::new("192.0.2.10", &["alice"]);
    before.register(&mut world);
    let mut records = snapshot(&mut world);
    world.command(Command::Unregister { endpoint: "alice".to_owned() });
    world.sent.clear();
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    alice.register(&mut world);
    records.extend(snapshot(&mut world).into_iter().filter(|record| record.value.is_some()));
    assert_eq!(records.len(), 2);
    for _ in 0..2 {
        records.reverse();
        let mut world = restarted(&world, records.clone());
        assert_eq!((world.registered(), world.claims.len()), (1, 1));
        assert_eq!(world.claims[0].agent.number, 2);
        let removed = snapshot(&mut world);
        let [SoftRecord { key, value: None, .. }] = &removed[..] else { panic!("{removed:?}") };
        assert_eq!(key, "1");
        assert!(matches!(alice.refresh(&mut world), RasMessage::RegistrationConfirm(_)));
    }
}
