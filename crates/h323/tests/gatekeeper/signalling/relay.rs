//! Calls that are routed to us because their caller may write messages, and are none.

use super::line::*;
use crate::world::{Room, Told, World, transport};
use h323::wire::h225::*;
use h323::wire::q931::message_type;
use link::{ChannelId, Closure, Input};
use model::{CallEnd, Source};

/// The recorded ordinary Setup, for the recorded call.
fn setup() -> Vec<u8> {
    Names::RECORDED.adapt(ORDINARY_SETUP)
}

const CALLER: Names = Names::RECORDED;

/// A call of alice for bob whose Setup is on its way; the connection to bob is not there yet.
fn relayed(world: &mut World) -> (Room, Room, ChannelId) {
    let alice = writer(world, "192.0.2.10", "alice");
    let mut bob = Room::new("192.0.2.11", &["bob"]);
    bob.register(world);
    assert_eq!(granted(&world.admits(&alice, "bob")), (CallModel::GatekeeperRouted, ours()));
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &setup());
    let (callee, address) = world.opened_once();
    assert_eq!(address.to_string(), "192.0.2.11:1720");
    (alice, bob, callee)
}

fn connected(world: &mut World) -> (Room, Room, ChannelId) {
    let (alice, bob, callee) = relayed(world);
    world.happens(callee, Input::Connected { local: "192.0.2.1:5000".parse().unwrap() });
    assert_eq!(world.octets_of(callee), [setup()]);
    (alice, bob, callee)
}

fn on_call(world: &World) -> Vec<u64> {
    let of_call = world.evidence.iter().filter(|(_, evidence)| evidence.key.source == Source::Call);
    of_call.map(|(number, _)| *number).collect()
}

// covers: D-08, K-9
#[test]
fn only_callers_that_may_write_are_routed() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    let mut bob = Room::new("192.0.2.11", &["bob"]);
    bob.register(&mut world);
    assert_eq!(granted(&world.admits(&alice, "bob")), (CallModel::GatekeeperRouted, ours()));
    let answer = world.admits_call(&bob, "alice", [3; 16]);
    assert_eq!(granted(&answer), (CallModel::Direct, transport("192.0.2.10:1720")));
}

// covers: D-08
#[test]
fn without_a_port_for_call_signalling_everybody_calls_directly() {
    let mut world = world_with(|settings| settings.call_signal_port = None);
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    assert_eq!(granted(&world.admits(&alice, "bob")), (CallModel::Direct, transport("192.0.2.11:1720")));
}

// covers: D-07, D-43, K-9
#[test]
fn a_call_is_passed_on_octet_for_octet_however_it_is_cut() {
    let callee_names = CALLER.answered();
    let keep_alive = vec![3, 0, 0, 4];
    let unreadable = vec![3, 0, 0, 9, 0xff, 1, 2, 3, 4];
    let from_caller =
        [CALLER.adapt(OPEN), keep_alive.clone(), CALLER.adapt(TEXT), unreadable.clone(), keep_alive.clone()];
    let from_callee = [
        callee_names.adapt(PROCEEDING),
        callee_names.adapt(ALERTING),
        unreadable,
        callee_names.adapt(TEXT),
        keep_alive,
    ];
    let (whole, back) = (from_caller.concat(), from_callee.concat());
    for cut in 1..whole.len().max(back.len()) {
        let mut world = world();
        let (_, _, callee) = connected(&mut world);
        whole.chunks(cut).for_each(|piece| world.brings(channel(1), piece));
        back.chunks(cut).for_each(|piece| world.brings(callee, piece));
        assert_eq!(world.octets_of(callee).concat(), whole, "cut after {cut}");
        assert_eq!(world.octets_of(channel(1)).concat(), back, "cut after {cut}");
        assert!(world.requests.is_empty(), "a message inside a call is the business of its sides");
    }
}

// covers: Q16
#[test]
fn a_session_inside_a_call_is_passed_on_whoever_opens_it_and_whether_it_rings_or_not() {
    let callee_names = CALLER.answered();
    for is_answered in [false, true] {
        for callee_opens in [false, true] {
            let mut world = world();
            let (_, _, callee) = connected(&mut world);
            world.brings(callee, &callee_names.adapt(ALERTING));
            if is_answered {
                world.brings(callee, &callee_names.adapt(CONNECT));
            }
            world.wires.clear();
            let (opener, names, other) =
                if callee_opens { (callee, callee_names, channel(1)) } else { (channel(1), CALLER, callee) };
            let said = [names.facility(Some(true), None), names.text("hello"), names.text("hello")];
            said.iter().for_each(|packet| world.brings(opener, packet));
            assert_eq!(world.octets_of(other), said, "the copies of a repeated text too");
            let answers = [names.answered().text("hi"), names.answered().facility(Some(false), None)];
            answers.iter().for_each(|packet| world.brings(other, packet));
            assert_eq!(world.octets_of(opener), answers);
            assert!(world.requests.is_empty() && world.closed.is_empty(), "the call itself is not touched");
            assert_eq!(on_call(&world), if is_answered { vec![1, 2] } else { Vec::new() });
        }
    }
}

// A caller in whose call the called side opened a session writes as if it had been called.
#[test]
fn a_caller_that_takes_itself_for_the_callee_at_the_end_ends_the_call_all_the_same() {
    let mut world = world();
    let (alice, bob, callee) = connected(&mut world);
    world.brings(callee, &CALLER.answered().adapt(CONNECT));
    world.brings(callee, &CALLER.answered().adapt(OPEN));
    assert_eq!(on_call(&world), [1, 2]);
    world.wires.clear();
    let turned = CALLER.answered().adapt(CLOSING_RELEASE);
    world.brings(channel(1), &turned);
    assert_eq!(world.octets_of(callee), [turned]);
    assert_eq!(withdrawn(&world), [1, 2]);
    disengages(&mut world, &alice, Some(true));
    disengages(&mut world, &bob, Some(true));
    assert_eq!(world.counter("calls.now"), 0);
    assert_eq!(world.accounts.len(), 1);
    assert_eq!((world.accounts[0].end, world.accounts[0].caller.as_str()), (CallEnd::Disengaged, "alice"));
    world.seconds(6);
    assert!(world.has_closed(channel(1)) && world.has_closed(callee));
    assert_eq!(world.accounts.len(), 1);
}

// The same where its Release Complete is lost, and only its DRQ says that the call is over.
#[test]
fn a_disengage_that_calls_the_caller_the_answering_side_ends_the_call() {
    let mut world = world();
    let (alice, _, callee) = connected(&mut world);
    world.brings(callee, &CALLER.answered().adapt(CONNECT));
    disengages(&mut world, &alice, Some(true));
    assert_eq!(withdrawn(&world), [1, 2]);
    world.seconds(6);
    assert_eq!((world.counter("calls.now"), world.accounts[0].end), (0, CallEnd::Disengaged));
}

/// Of whom it was withdrawn that they are in a call.
fn withdrawn(world: &World) -> Vec<u64> {
    let told = world.told.iter().filter_map(|told| match told {
        Told::Withdraw(number, key) if key.source == Source::Call => Some(*number),
        _ => None,
    });
    told.collect()
}

#[test]
fn what_the_caller_says_before_the_callee_is_there_is_passed_on_in_order() {
    let mut world = world();
    let (_, _, callee) = relayed(&mut world);
    world.brings(channel(1), &CALLER.adapt(NOTHING));
    assert_eq!(world.octets_of(callee), [setup(), CALLER.adapt(NOTHING)]);
}

// covers: D-12
#[test]
fn a_connect_that_passes_puts_both_on_call_at_once() {
    let mut world = world();
    let (_, _, callee) = connected(&mut world);
    world.brings(callee, &CALLER.answered().adapt(ALERTING));
    assert!(on_call(&world).is_empty());
    world.brings(callee, &CALLER.answered().adapt(CONNECT));
    assert_eq!(on_call(&world), [1, 2]);
    assert_eq!(world.evidence.last().unwrap().1.since, world.now.wall);
}

// covers: D-12
#[test]
fn a_release_that_passes_ends_the_call_and_both_connections() {
    let mut world = world();
    let (alice, bob, callee) = connected(&mut world);
    world.brings(callee, &CALLER.answered().adapt(CONNECT));
    world.brings(channel(1), &CALLER.adapt(RELEASE));
    assert_eq!(world.octets_of(callee).last().unwrap(), &CALLER.adapt(RELEASE));
    disengages(&mut world, &alice, None);
    bob.disengage(&mut world, 1);
    world.seconds(6);
    assert_eq!(world.accounts.len(), 1);
    assert!(world.accounts[0].answered_at.is_some());
    assert!(world.has_closed(channel(1)) && world.has_closed(callee));
    assert_eq!(world.counter("calls.now"), 0);
}

fn disengages(world: &mut World, room: &Room, answered_call: Option<bool>) {
    let request = DisengageRequest {
        request_seq_num: world.sequence(),
        endpoint_identifier: room.endpoint_identifier(),
        conference_id: codec::per::FixedOctets([9; 16]),
        call_identifier: Some(CallIdentifier {
            guid: codec::per::FixedOctets(RECORDED),
            ..CallIdentifier::default()
        }),
        answered_call,
        ..DisengageRequest::default()
    };
    world.ask(&room.ras, &RasMessage::DisengageRequest(request.into()));
}

#[test]
fn either_side_that_goes_takes_the_other_with_it() {
    for caller_goes in [true, false] {
        let mut world = world();
        let (_, _, callee) = connected(&mut world);
        let (first, second) = if caller_goes { (channel(1), callee) } else { (callee, channel(1)) };
        world.happens(first, Input::Closed { how: Closure::Broken });
        assert!(world.has_closed(second));
        world.brings(second, &CALLER.adapt(NOTHING));
        assert!(world.wires.is_empty());
        world.seconds(6);
        assert_eq!(world.accounts[0].end, CallEnd::OneSided);
    }
}

#[test]
fn a_callee_that_can_not_be_connected_to_is_unreachable_for_the_caller() {
    let unreachable: [fn(&mut World, ChannelId); 2] = [
        |world, callee| world.happens(callee, Input::Closed { how: Closure::Unreachable }),
        |world, _| world.seconds(11),
    ];
    for happens in unreachable {
        let mut world = world();
        let (_, _, callee) = relayed(&mut world);
        happens(&mut world, callee);
        let release = world.said_once(channel(1));
        assert_eq!(release.message_type, message_type::RELEASE_COMPLETE);
        assert_eq!(release.reason, Some(ReleaseCompleteReason::UnreachableDestination));
        assert!(release.names.from_destination);
        assert!(world.has_closed(channel(1)));
        assert_eq!(world.counter("signalling.unreachable"), 1);
    }
}

// covers: D-08
#[test]
fn an_ordinary_call_to_somebody_away_is_refused_though_a_message_would_be_kept() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    let request = world.admission(&alice, "carol", RECORDED);
    assert!(world.send(&alice.ras, &request).is_empty(), "the engine is asked first");
    let (_, recipient) = world.routes(&[]);
    assert_eq!(recipient, address("carol"));
    let answers = world.take(alice.ras.parse().unwrap());
    assert_eq!(granted(&answers[0]), (CallModel::GatekeeperRouted, ours()));
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &setup());
    let release = world.said_once(channel(1));
    assert_eq!(release.reason, Some(ReleaseCompleteReason::CalledPartyNotRegistered));
    assert_eq!(release.cause, Some(20));
    assert!(world.has_closed(channel(1)));
}

#[test]
fn a_caller_that_floods_an_absent_callee_is_released() {
    let mut world = world();
    let (_, _, callee) = relayed(&mut world);
    let large = h323::wire::tpkt::packet(&vec![8; 60_000]).unwrap();
    for _ in 0..5 {
        world.brings(channel(1), &large);
    }
    assert!(world.has_closed(channel(1)) && world.has_closed(callee));
    assert_eq!(world.said(channel(1)).last().unwrap().message_type, message_type::RELEASE_COMPLETE);
}

#[test]
fn a_call_to_an_address_at_another_host_than_the_one_that_registered_it_is_not_relayed() {
    for (trusted, model) in
        [("198.51.100.0/24", CallModel::Direct), ("203.0.113.0/24", CallModel::GatekeeperRouted)]
    {
        let mut world = world_with(|settings| settings.trusted = vec![trusted.parse().unwrap()]);
        let alice = writer(&mut world, "192.0.2.10", "alice");
        let mut bob = Room::new("192.0.2.11", &["bob"]);
        bob.signalling = "203.0.113.5:1720".to_owned();
        bob.register(&mut world);
        assert_eq!(granted(&world.admits(&alice, "bob")).0, model, "{trusted}");
    }
}
