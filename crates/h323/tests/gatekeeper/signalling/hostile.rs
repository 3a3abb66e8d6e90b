//! Peers that are not admitted, silent, malformed, or too many.

use super::line::*;
use crate::world::World;
use codec::per::{BoundedList, Integer};
use h323::wire::feature::Feature;
use h323::wire::h225::{Content, EnumeratedParameter, GenericData, ReleaseCompleteReason};
use h323::wire::q931::message_type;
use h323::wire::tpkt;
use link::{Closure, Input, Link};

const ME: Names = Names::RECORDED;

#[test]
fn a_connection_without_a_setup_is_closed() {
    let mut world = world();
    world.connects(channel(1), "198.51.100.1");
    world.brings(channel(1), &recorded(SETUP)[..40]);
    world.seconds(9);
    assert!(!world.has_closed(channel(1)));
    world.seconds(2);
    assert!(world.has_closed(channel(1)));
    assert_eq!(world.counter("signalling.connections_silent"), 1);
}

#[test]
fn a_packet_that_is_begun_and_never_ended_ends_its_connection() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &ME.status_inquiry()[..20]);
    world.seconds(5);
    // It goes on, an octet now and then: that is no excuse.
    world.brings(call, &ME.status_inquiry()[20..21]);
    world.seconds(4);
    assert!(!world.has_closed(call));
    world.seconds(2);
    assert!(world.has_closed(call));
    assert_eq!(world.said(call).last().map(|said| said.cause), Some(Some(102)));
    assert_eq!(world.counter("signalling.stalled"), 1);
}

#[test]
fn one_connection_with_many_packets_leaves_the_others_their_turn() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &[ME.status_inquiry().repeat(100), ME.release(16)].concat());
    assert_eq!(world.said_types(call).len(), 32);
    assert!(!world.gatekeeper.takes(call));
    // Meanwhile somebody else is heard.
    world.connects(channel(2), "192.0.2.11");
    world.brings(channel(2), &recorded(SETUP));
    assert_eq!(world.said_once(channel(2)).message_type, message_type::RELEASE_COMPLETE);
    world.pass(model::Millis(2));
    assert_eq!(world.said_types(call).len(), 64);
    assert!(!world.has_closed(call));
    world.pass(model::Millis(1));
    assert_eq!(world.said_types(call).len(), 4);
    assert!(world.has_closed(call) && world.gatekeeper.takes(call));
}

#[test]
fn the_call_of_a_stranger_is_refused() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    // Nobody admitted it; then it was admitted, but for another host.
    for host in ["192.0.2.10", "192.0.2.66"] {
        world.connects(channel(1), host);
        world.brings(channel(1), &recorded(SETUP));
        let release = world.said_once(channel(1));
        assert_eq!(release.message_type, message_type::RELEASE_COMPLETE);
        assert_eq!(release.reason, Some(ReleaseCompleteReason::SecurityDenied));
        assert!(world.has_closed(channel(1)));
        world.admits(&alice, "bob");
    }
    assert_eq!(world.counter("signalling.strangers"), 2);
    assert!(world.requests.is_empty() && world.opened.is_empty());
}

#[test]
fn nobody_calls_in_the_name_of_another() {
    use codec::per::BmpString;
    use h323::wire::h225::{MessageBody, SetupUuie};
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    let mallory = writer(&mut world, "192.0.2.66", "mallory");
    writer(&mut world, "192.0.2.11", "bob");
    let setup = |identifier: &str, call: u8| {
        let setup = SetupUuie {
            endpoint_identifier: Some(BmpString::new(identifier).unwrap()),
            destination_address: Some(vec![crate::world::alias("bob")]),
            call_identifier: Some(crate::world::call_identifier(call)),
            ..SetupUuie::default()
        };
        let mark = Feature::Messaging.advertised();
        let one = Content::Number8(Integer::clamped(1));
        let parameter = EnumeratedParameter::new(Feature::Messaging.parameter(1), one);
        let mark = GenericData { parameters: Some(BoundedList(vec![parameter])), ..mark };
        ME.message(message_type::SETUP, MessageBody::Setup(setup.into()), vec![mark])
    };
    // With the identifier of alice, and with one that nobody was given.
    for identifier in [alice.identifier.as_deref().unwrap(), "nobody"] {
        world.connects(channel(1), "192.0.2.66");
        world.brings(channel(1), &setup(identifier, 7));
        assert_eq!(world.said_once(channel(1)).reason, Some(ReleaseCompleteReason::SecurityDenied));
        assert!(world.has_closed(channel(1)) && world.requests.is_empty());
    }
    // In a call that alice was admitted to, mallory may not even use her own.
    world.admits_call(&alice, "bob", [8; 16]);
    world.connects(channel(1), "192.0.2.66");
    world.brings(channel(1), &setup(mallory.identifier.as_deref().unwrap(), 8));
    assert_eq!(world.said_once(channel(1)).reason, Some(ReleaseCompleteReason::SecurityDenied));
    assert_eq!(world.counter("signalling.strangers"), 3);
    assert!(world.requests.is_empty() && world.opened.is_empty());
    // A call of her own is taken.
    world.connects(channel(2), "192.0.2.66");
    world.brings(channel(2), &setup(mallory.identifier.as_deref().unwrap(), 9));
    assert_eq!(world.routes(&[]), (agent(2), address("bob")));
}

#[test]
fn a_setup_that_names_nobody_is_for_whom_it_was_admitted_and_one_that_names_many_for_the_first() {
    use h323::wire::h225::{AliasAddress, MessageBody, SetupUuie};
    let many = |name: &str| vec![crate::world::alias(name); 400];
    let unusable = crate::world::alias("#");
    let table: [(Vec<AliasAddress>, &str); 3] =
        [(vec![unusable], "bob"), (many("carol"), "carol"), (Vec::new(), "bob")];
    for (destination, expected) in table {
        let mut world = world();
        let alice = writer(&mut world, "192.0.2.10", "alice");
        writer(&mut world, "192.0.2.11", "bob");
        world.admits(&alice, "bob");
        let setup = SetupUuie {
            destination_address: Some(destination),
            call_identifier: Some(h323::wire::h225::CallIdentifier {
                guid: codec::per::FixedOctets(RECORDED),
                ..Default::default()
            }),
            ..SetupUuie::default()
        };
        let one = Content::Number8(Integer::clamped(1));
        let parameter = EnumeratedParameter::new(Feature::Messaging.parameter(1), one);
        let mark =
            GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Messaging.advertised() };
        let packet = ME.message(message_type::SETUP, MessageBody::Setup(setup.into()), vec![mark; 100]);
        world.connects(channel(1), "192.0.2.10");
        world.brings(channel(1), &packet);
        assert_eq!(world.routes(&[]), (agent(1), address(expected)));
    }
}

#[test]
fn a_call_about_which_the_engine_says_nothing_is_released() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &recorded(SETUP));
    world.seconds(31);
    let release = world.said(channel(1)).pop().unwrap();
    assert_eq!(release.message_type, message_type::RELEASE_COMPLETE);
    assert_ne!(release.cause, Some(16), "that would say that something was taken");
    assert!(world.has_closed(channel(1)));
    // The answer that comes after all finds nobody.
    world.routes(&[]);
    assert!(world.wires.is_empty());
}

#[test]
fn a_second_connection_for_a_call_is_refused_and_hurts_nobody() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.connects(channel(2), "192.0.2.10");
    world.brings(channel(2), &recorded(SETUP));
    assert_eq!(world.said_once(channel(2)).reason, Some(ReleaseCompleteReason::InvalidCid));
    assert!(world.has_closed(channel(2)));
    world.brings(call, &recorded(TEXT));
    world.takes_text();
    assert_eq!(world.said_once(call).cause, Some(16));
}

#[test]
fn one_address_may_not_hold_many_connections_without_a_setup() {
    let mut world = world_with(|settings| {
        settings.trusted.clear();
        settings.limits.fresh_connections_max = 3;
    });
    for number in 1..=5 {
        world.connects(channel(number), "198.51.100.1");
    }
    world.connects(channel(6), "198.51.100.2");
    assert_eq!(world.closed, [channel(4), channel(5)]);
    assert_eq!(world.counter("signalling.connections_refused"), 2);
    // One that goes makes room.
    world.happens(channel(1), Input::Closed { how: Closure::Ended });
    world.closed.clear();
    world.connects(channel(7), "198.51.100.1");
    assert!(world.closed.is_empty());
}

#[test]
fn there_are_never_more_connections_than_may_be() {
    let mut world = world_with(|settings| settings.signalling.connections_max = 2);
    let alice = writer(&mut world, "192.0.2.10", "alice");
    let mut bob = crate::world::Room::new("192.0.2.11", &["bob"]);
    bob.register(&mut world);
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.connects(channel(2), "192.0.2.10");
    world.connects(channel(3), "192.0.2.10");
    assert!(world.has_closed(channel(3)));
    world.brings(channel(1), &ME.adapt(ORDINARY_SETUP));
    let release = world.said_once(channel(1));
    assert_eq!(release.reason, Some(ReleaseCompleteReason::GatekeeperResources));
    assert!(world.opened.is_empty());
}

#[test]
fn an_endpoint_may_not_have_any_number_of_calls_for_messages() {
    let mut world = world_with(|settings| settings.signalling.message_calls_per_endpoint_max = 1);
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    answered(&mut world, &alice, "bob");
    world.admits_call(&alice, "bob", [5; 16]);
    world.connects(channel(2), "192.0.2.10");
    let names = Names { identifier: [5; 16], ..ME };
    world.brings(channel(2), &names.adapt(SETUP));
    assert_eq!(world.said_once(channel(2)).cause, Some(42));
    assert_eq!(world.counter("messages.calls_refused"), 1);
}

#[test]
fn what_is_no_call_signalling_ends_the_connection() {
    let garbage = [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![3, 0, 0, 2],
        tpkt::packet(&[0x09, 2, 0, 0, 5]).unwrap(),
        tpkt::packet(&[0x08, 2, 0x25, 0x04, 0x62, 0x7e, 0, 3, 5, 0xff, 0xff]).unwrap(),
    ];
    for octets in garbage {
        // Before a Setup, and in a call.
        let mut world = world();
        world.connects(channel(1), "198.51.100.1");
        world.brings(channel(1), &octets);
        assert!(world.has_closed(channel(1)), "{octets:x?}");
        assert_eq!(world.counter("signalling.malformed"), 1);
        world.wires.clear();
        let alice = writer(&mut world, "192.0.2.10", "alice");
        writer(&mut world, "192.0.2.11", "bob");
        let call = answered(&mut world, &alice, "bob");
        world.brings(call, &octets);
        let release = world.said_once(call);
        assert_eq!((release.message_type, release.cause), (message_type::RELEASE_COMPLETE, Some(111)));
        assert!(world.has_closed(call));
    }
}

#[test]
fn messages_of_another_call_or_of_no_use_are_ignored() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &Names { reference: 7, ..ME }.text("another call"));
    world.brings(call, &ME.answered().text("the wrong direction"));
    world.brings(call, &ME.adapt(CONNECT));
    world.brings(call, &ME.adapt(ALERTING));
    assert!(world.requests.is_empty() && world.wires.is_empty() && world.closed.is_empty());
    assert_eq!(world.counter("signalling.ignored"), 4);
}

#[test]
fn texts_faster_than_they_are_stored_end_the_call() {
    // Many, or long ones: 256 KiB of them.
    for (text, taken) in [("flood".to_owned(), 2048), ("x".repeat(8000), 33)] {
        let mut world = world();
        let alice = writer(&mut world, "192.0.2.10", "alice");
        writer(&mut world, "192.0.2.11", "bob");
        let call = answered(&mut world, &alice, "bob");
        world.brings(call, &ME.adapt(OPEN));
        world.said(call);
        let packet = ME.text(&text);
        for _ in 0..taken {
            world.brings(call, &packet);
        }
        assert!(!world.has_closed(call), "{taken} are taken");
        world.brings(call, &packet);
        assert_eq!(world.said(call).last().unwrap().cause, Some(42));
        assert!(world.has_closed(call));
    }
}

#[test]
fn a_caller_that_does_not_wait_for_the_answer_is_heard_all_the_same() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &[recorded(SETUP), ME.adapt(OPEN), ME.text("at once")].concat());
    world.routes(&[]);
    assert!(world.takes_text().in_session);
    assert_eq!(
        world.said_types(channel(1)),
        [message_type::CALL_PROCEEDING, message_type::ALERTING, message_type::CONNECT]
    );
}

#[test]
fn octets_after_the_end_of_a_call_mean_nothing() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &[ME.adapt(RELEASE), recorded(TEXT), recorded(SETUP)].concat());
    assert!(world.has_closed(call));
    world.brings(call, &recorded(TEXT));
    assert!(world.requests.is_empty() && world.wires.is_empty());
}

/// Every octet of every message of a session changed in turn: nothing but the call itself may suffer.
#[test]
fn no_changed_octet_stops_the_gatekeeper() {
    for name in [SETUP, TEXT] {
        let whole = recorded(name);
        for at in 4..whole.len() {
            for change in [0x01_u8, 0x80, 0xff] {
                let mut world: World = world();
                let alice = writer(&mut world, "192.0.2.10", "alice");
                writer(&mut world, "192.0.2.11", "bob");
                world.admits(&alice, "bob");
                world.connects(channel(1), "192.0.2.10");
                let mut changed = whole.clone();
                changed[at] ^= change;
                if name == TEXT {
                    world.brings(channel(1), &recorded(SETUP));
                    world.routes(&[]);
                }
                world.brings(channel(1), &changed);
                world.seconds(45);
                // The next call is answered as ever.
                world.requests.clear();
                world.opened.clear();
                world.admits_call(&alice, "bob", [6; 16]);
                world.connects(channel(2), "192.0.2.10");
                world.brings(channel(2), &Names { identifier: [6; 16], ..ME }.adapt(SETUP));
                world.routes(&[]);
                assert!(!world.said(channel(2)).is_empty(), "{name} changed at {at}");
            }
        }
    }
}
