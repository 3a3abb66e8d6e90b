//! Who is in the rooms of an MCU, as the engine is told.

use crate::restart::{restarted, snapshot};
use crate::world::{Room, World, call_identifier, listed};
use codec::per::{FixedOctets, Integer};
use h323::wire::h225::*;

/// Two endpoints and an MCU with two rooms.
fn world() -> (World, [Room; 3]) {
    let mut world = World::new();
    let mut rooms =
        [("192.0.2.10", &["alice"][..]), ("192.0.2.11", &["bob"]), ("192.0.2.20", &["weekly", "daily"])]
            .map(|(host, aliases)| Room::new(host, aliases));
    rooms[2].terminal_type = EndpointType { mcu: Some(McuInfo::default()), ..EndpointType::default() };
    for room in &mut rooms {
        room.register(&mut world);
    }
    (world, rooms)
}

/// Whom the engine was told of last, room for room.
fn told(world: &World) -> Vec<String> {
    let conferences = world.convened.last().expect("the engine is told of the rooms");
    let words = conferences.iter().map(|conference| {
        let participants = conference.participants.iter().map(model::Address::local);
        format!("{}: {}", conference.address.local(), Vec::from_iter(participants).join(" "))
    });
    words.collect()
}

/// A call that is up, as its called side reports.
fn call(world: &mut World, caller: &Room, number: u8, callee: &Room, called: &str) {
    assert!(matches!(caller.admit(world, number, false, called), RasMessage::AdmissionConfirm(_)));
    assert!(matches!(callee.admit(world, number, true, called), RasMessage::AdmissionConfirm(_)));
    let mut up = listed(number, None);
    up.conference_id = FixedOctets([number; 16]);
    up.call_identifier = Some(call_identifier(number));
    let body = MessageBody::Connect(ConnectUuie::default().into());
    let h323pdu = H323UuPdu { h323_message_body: body, ..H323UuPdu::default() };
    up.pdu = Some(vec![ReportedPdu { h323pdu, sent: true }]);
    let report = callee.status(Integer::clamped(500), vec![up]);
    assert!(world.send(&callee.ras, &report).is_empty());
}

// covers: D-40
#[test]
fn an_mcu_has_its_rooms_from_its_registration_on_and_nobody_else_has_any() {
    let (world, _) = world();
    assert_eq!(world.convened.len(), 1);
    assert_eq!(told(&world), ["weekly: ", "daily: "]);
}

// covers: D-40
#[test]
fn who_is_in_a_call_is_in_the_room_that_was_called() {
    let (mut world, [alice, bob, mcu]) = world();
    call(&mut world, &alice, 1, &mcu, "weekly");
    assert_eq!(told(&world), ["weekly: alice", "daily: "]);
    call(&mut world, &bob, 2, &mcu, "daily");
    assert_eq!(told(&world), ["weekly: alice", "daily: bob"]);
    alice.disengage(&mut world, 1);
    assert_eq!(told(&world), ["weekly: ", "daily: bob"]);
    // Whom the MCU calls is in its first room.
    call(&mut world, &mcu, 3, &alice, "alice");
    assert_eq!(told(&world), ["weekly: alice", "daily: bob"]);
    let before = world.convened.len();
    call(&mut world, &alice, 4, &bob, "bob");
    assert_eq!(world.convened.len(), before, "that is no conference");
}

// covers: D-40
#[test]
fn a_call_that_rings_counts_for_nothing() {
    let (mut world, [alice, _, mcu]) = world();
    assert!(matches!(alice.admit(&mut world, 1, false, "weekly"), RasMessage::AdmissionConfirm(_)));
    assert!(matches!(mcu.admit(&mut world, 1, true, "weekly"), RasMessage::AdmissionConfirm(_)));
    assert_eq!(told(&world), ["weekly: ", "daily: "]);
    alice.disengage(&mut world, 1);
    assert_eq!(world.convened.len(), 1);
}

// covers: D-40
#[test]
fn a_participant_that_vanishes_leaves_the_room() {
    let (mut world, [alice, _, mcu]) = world();
    call(&mut world, &alice, 1, &mcu, "weekly");
    let goodbye = alice.unregistration(&mut world);
    world.ask(&alice.ras, &goodbye);
    assert_eq!(told(&world), ["weekly: ", "daily: "]);
}

// covers: D-40
#[test]
fn after_a_restart_the_rooms_are_as_they_were() {
    let (mut world, [alice, bob, mcu]) = world();
    call(&mut world, &alice, 1, &mcu, "weekly");
    call(&mut world, &bob, 2, &mcu, "daily");
    let records = snapshot(&mut world);
    let world = restarted(&world, records);
    assert_eq!(told(&world), ["weekly: alice", "daily: bob"]);
}
