//! How the gatekeeper learns that a call is answered and over, without being in its signalling path.

use crate::world::{Room, Told, World, call_identifier, listed};
use codec::per::Integer;
use h323::wire::h225::*;
use link::{Command, Outcome};
use model::{CallEnd, Millis, PresenceState, Source, Timestamp};

struct Pair {
    alice: Room,
    bob: Room,
}

/// Two endpoints, and a call between them that rings.
fn ringing(world: &mut World) -> Pair {
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    let mut bob = Room::new("192.0.2.11", &["bob"]);
    alice.register(world);
    bob.register(world);
    assert!(matches!(alice.admit(world, 1, false, "bob"), RasMessage::AdmissionConfirm(_)));
    assert!(matches!(bob.admit(world, 1, true, "bob"), RasMessage::AdmissionConfirm(_)));
    Pair { alice, bob }
}

/// An unsolicited report of a message of call 1.
fn reports(world: &mut World, room: &Room, body: MessageBody) {
    let mut call = listed(1, None);
    let h323pdu = H323UuPdu { h323_message_body: body, ..H323UuPdu::default() };
    call.pdu = Some(vec![ReportedPdu { h323pdu, sent: true }]);
    let report = room.status(Integer::clamped(500), vec![call]);
    assert!(world.send(&room.ras, &report).is_empty());
}

fn on_call(world: &World) -> Vec<u64> {
    let of_call = world.evidence.iter().filter(|(_, evidence)| evidence.key.source == Source::Call);
    of_call.map(|(number, _)| *number).collect()
}

fn withdrawn(world: &World) -> usize {
    world.told.iter().filter(|told| matches!(told, Told::Withdraw(..))).count()
}

// covers: D-12
#[test]
fn a_reported_connect_puts_both_sides_on_call() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    assert_eq!(on_call(&world), [0; 0]);
    reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
    assert_eq!(on_call(&world), [1, 2]);
    let (_, evidence) = world.evidence.last().unwrap();
    assert_eq!(evidence.state, PresenceState::OnCall);
    assert!(evidence.expires.is_some(), "no state outlives its evidence");
    // The other side reports it too: nothing changes.
    reports(&mut world, &pair.alice, MessageBody::Connect(ConnectUuie::default().into()));
    assert_eq!(on_call(&world).len(), 2);
}

// covers: D-12
#[test]
fn an_endpoint_that_reports_nothing_is_asked_and_believed() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    world.seconds(2);
    assert!(pair.bob.answer_status(&mut world, &[listed(1, None)]) > 0);
    pair.alice.answer_status(&mut world, &[listed(1, None)]);
    assert_eq!(on_call(&world), [0; 0], "ringing is not on call");
    let connected = world.now.wall;
    world.seconds(4);
    pair.bob.answer_status(&mut world, &[listed(1, Some(connected.0))]);
    assert_eq!(on_call(&world), [1, 2]);
    let (_, evidence) = world.evidence.last().unwrap();
    assert_eq!(evidence.since, Timestamp(connected.0 / 1000 * 1000));
}

// covers: D-12
#[test]
fn a_system_that_reports_no_usage_is_on_call_once_it_has_media() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    let mut call = listed(1, None);
    call.usage_information = None;
    world.seconds(2);
    pair.bob.answer_status(&mut world, std::slice::from_ref(&call));
    assert_eq!(on_call(&world), [0; 0]);
    call.audio = Some(vec![RtpSession::default()]);
    world.seconds(4);
    pair.bob.answer_status(&mut world, &[call]);
    assert_eq!(on_call(&world), [1, 2]);
}

// covers: D-12
#[test]
fn a_system_that_tells_nothing_but_the_call_is_on_call_after_the_time_for_ringing() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    let mut call = listed(1, None);
    call.usage_information = None;
    for _ in 0..80 {
        world.seconds(1);
        pair.bob.answer_status(&mut world, std::slice::from_ref(&call));
        pair.alice.answer_status(&mut world, std::slice::from_ref(&call));
    }
    assert_eq!(on_call(&world), [0; 0]);
    for _ in 0..60 {
        world.seconds(1);
        pair.bob.answer_status(&mut world, std::slice::from_ref(&call));
        pair.alice.answer_status(&mut world, std::slice::from_ref(&call));
    }
    assert_eq!(on_call(&world), [1, 2]);
}

// covers: D-12
#[test]
fn calls_that_never_connect_do_not_count() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    pair.alice.disengage(&mut world, 1);
    pair.bob.disengage(&mut world, 1);
    assert_eq!(on_call(&world), [0; 0]);
    assert_eq!(world.accounts.len(), 1);
    assert_eq!(world.accounts[0].answered_at, None);
    assert_eq!(world.counter("calls.now"), 0);
}

// covers: D-12
#[test]
fn the_end_on_either_side_ends_the_call_for_both() {
    for first_is_caller in [true, false] {
        let mut world = World::new();
        let pair = ringing(&mut world);
        reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
        let (first, second) =
            if first_is_caller { (&pair.alice, &pair.bob) } else { (&pair.bob, &pair.alice) };
        assert!(matches!(first.disengage(&mut world, 1), RasMessage::DisengageConfirm(_)));
        assert_eq!(withdrawn(&world), 2);
        assert!(world.accounts.is_empty(), "the other side may still tell more");
        assert!(matches!(second.disengage(&mut world, 1), RasMessage::DisengageConfirm(_)));
        assert_eq!(withdrawn(&world), 2);
        assert_eq!(world.accounts.len(), 1);
        let account = &world.accounts[0];
        assert_eq!((account.end, account.reason.as_deref()), (CallEnd::Disengaged, Some("normalDrop")));
        assert!(account.answered_at.is_some());
        assert_eq!((account.caller.as_str(), account.callee.as_str()), ("alice", "bob"));
    }
}

// covers: D-12
#[test]
fn a_reported_release_ends_the_call() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
    reports(&mut world, &pair.bob, MessageBody::ReleaseComplete(ReleaseCompleteUuie::default().into()));
    assert_eq!(withdrawn(&world), 2);
    pair.bob.disengage(&mut world, 1);
    pair.alice.disengage(&mut world, 1);
    assert_eq!(world.accounts[0].reason.as_deref(), Some("normalDrop"));
}

// covers: D-12
#[test]
fn a_lost_disengage_heals() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
    let mut waited = 0;
    while withdrawn(&world) == 0 {
        world.seconds(1);
        waited += 1;
        assert!(waited < 60, "the call was never found to be over");
        // Both have hung up; their DRQs were lost, and they know no call any more.
        pair.alice.answer_status(&mut world, &[]);
        pair.bob.answer_status(&mut world, &[]);
        pair.alice.refresh(&mut world);
        pair.bob.refresh(&mut world);
    }
    world.seconds(6);
    assert_eq!(world.counter("calls.healed"), 1);
    assert_eq!(world.accounts[0].end, CallEnd::Vanished);
}

#[test]
fn one_denial_is_not_believed() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    world.pass(Millis(1500));
    assert_eq!(pair.bob.answer_status(&mut world, &[]), 1);
    world.seconds(2);
    let now = world.now.wall.0;
    pair.bob.answer_status(&mut world, &[listed(1, Some(now))]);
    assert_eq!(on_call(&world), [1, 2]);
}

// covers: D-12
#[test]
fn one_side_that_never_reports_the_end_does_not_keep_the_call() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
    pair.alice.disengage(&mut world, 1);
    world.seconds(6);
    assert_eq!(world.counter("calls.now"), 0);
    assert_eq!(world.accounts[0].end, CallEnd::OneSided);
}

// covers: D-12
#[test]
fn a_side_that_dies_ends_the_call_for_the_other() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
    for _ in 0..90 {
        world.seconds(1);
        pair.alice.answer_status(&mut world, &[listed(1, None)]);
        pair.alice.refresh(&mut world);
    }
    assert_eq!(world.registered(), 1);
    assert_eq!(withdrawn(&world), 2);
    assert_eq!(world.accounts[0].end, CallEnd::EndpointLost);
}

#[test]
fn the_operator_ends_a_call_on_both_sides() {
    for by in ["alice", "01010101010101010101010101010101"] {
        let mut world = World::new();
        let pair = ringing(&mut world);
        reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
        assert_eq!(world.command(Command::Disconnect { call: by.to_owned() }), Outcome::Ended(1));
        assert_eq!(withdrawn(&world), 2);
        for (room, answered) in [(&pair.alice, false), (&pair.bob, true)] {
            let sent = world.take(room.ras.parse().unwrap());
            let [RasMessage::DisengageRequest(request)] = sent.as_slice() else { panic!("{sent:?}") };
            assert_eq!(request.call_identifier, Some(call_identifier(1)));
            assert_eq!(request.disengage_reason, DisengageReason::ForcedDrop);
            assert_eq!(request.answered_call, Some(answered));
            let confirm =
                DisengageConfirm { request_seq_num: request.request_seq_num, ..DisengageConfirm::default() };
            world.send(&room.ras, &RasMessage::DisengageConfirm(confirm.into()));
        }
        assert_eq!(world.accounts[0].end, CallEnd::Disconnected);
        assert_eq!(world.counter("calls.now"), 0);
    }
}

#[test]
fn a_call_of_others_cannot_be_ended() {
    let mut world = World::new();
    let _pair = ringing(&mut world);
    let mut carol = Room::new("192.0.2.12", &["carol"]);
    carol.register(&mut world);
    assert!(matches!(carol.disengage(&mut world, 1), RasMessage::DisengageReject(_)));
    assert_eq!(world.counter("calls.now"), 1);
}

// covers: D-12
#[test]
fn a_call_that_nobody_confirms_ends_with_its_timeout() {
    let mut world = World::with(|settings| settings.call_timeout = Millis::seconds(300));
    let pair = ringing(&mut world);
    reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
    for _ in 0..31 {
        world.seconds(10);
        pair.alice.refresh(&mut world);
        pair.bob.refresh(&mut world);
    }
    assert_eq!(withdrawn(&world), 2);
    assert_eq!(world.counter("calls.now"), 0);
}

// covers: D-14
#[test]
fn a_call_with_a_conference_bridge_is_a_meeting() {
    let mut world = World::new();
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    alice.register(&mut world);
    let mut bridge = Room::new("192.0.2.11", &["bridge"]);
    bridge.terminal_type = EndpointType { mcu: Some(McuInfo::default()), ..EndpointType::default() };
    bridge.register(&mut world);
    alice.admit(&mut world, 1, false, "bridge");
    bridge.admit(&mut world, 1, true, "bridge");
    reports(&mut world, &alice, MessageBody::Connect(ConnectUuie::default().into()));
    let meetings = world.evidence.iter().filter(|(_, evidence)| evidence.state == PresenceState::Meeting);
    assert!(meetings.count() > 0);
}

// covers: D-12
#[test]
fn a_clock_that_goes_back_during_a_call_harms_nobody() {
    let mut world = World::new();
    let pair = ringing(&mut world);
    let admitted_at = world.now.wall;
    world.now.wall = Timestamp(admitted_at.0 - 3_600_000);
    reports(&mut world, &pair.bob, MessageBody::Connect(ConnectUuie::default().into()));
    assert_eq!(on_call(&world), [1, 2]);
    let (_, evidence) = world.evidence.last().unwrap();
    assert_eq!(evidence.since, admitted_at, "no call is answered before it was admitted");
}
