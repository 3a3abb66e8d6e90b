//! Call signalling over TLS: who is told of it (H.460.22), and who is called over it.

use super::line::*;
use crate::restart::{restarted_with, snapshot};
use crate::world::{Room, World, transport};
use h323::gatekeeper::{Rate, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use h323::wire::signalling_security::SignallingSecurity;
use link::{ChannelId, Input};
use std::net::SocketAddr;

const TLS_PORT: u16 = 1300;

fn with_tls(settings: &mut Settings) {
    settings.tls_signal_port = Some(TLS_PORT);
}

fn only_tls(settings: &mut Settings) {
    (settings.call_signal_port, settings.tls_signal_port) = (None, Some(TLS_PORT));
    settings.tls_required = true;
}

fn said(tls_address: Option<&str>) -> GenericData {
    let tls_address = tls_address.map(|address| address.parse().unwrap());
    SignallingSecurity { has_tls: true, tls_address }.write()
}

/// A room that writes messages, and takes calls over TLS at this address.
fn secured(world: &mut World, host: &str, name: &str, tls_address: Option<&str>) -> Room {
    let mut room = writer(world, host, name);
    room.features.push(said(tls_address));
    room.register(world);
    room
}

/// How a call was admitted: the model, where to, and where to over TLS.
fn way(answer: &RasMessage) -> (CallModel, TransportAddress, Option<SocketAddr>) {
    let (model, address) = granted(answer);
    let RasMessage::AdmissionConfirm(confirm) = answer else { panic!("{answer:?}") };
    let features = confirm.feature_set.iter().flat_map(|set| set.supported_features.iter().flatten());
    let read: Vec<_> = features.filter_map(SignallingSecurity::read).collect();
    assert!(read.len() <= 1, "{read:?}");
    (model, address, read.first().and_then(|said| said.tls_address))
}

fn is_confirmed(world: &mut World, room: &mut Room) -> bool {
    let confirm = room.register(world);
    let features = confirm.feature_set.iter().flat_map(|set| set.supported_features.iter().flatten());
    features.filter_map(SignallingSecurity::read).count() == 1
}

// covers: D-37
#[test]
fn tls_is_confirmed_to_whom_it_means_something_and_only_where_we_have_it() {
    let mut world = world_with(with_tls);
    let mut alice = secured(&mut world, "192.0.2.10", "alice", Some("192.0.2.10:1300"));
    assert!(is_confirmed(&mut world, &mut alice));
    let mut bob = writer(&mut world, "192.0.2.11", "bob");
    assert!(!is_confirmed(&mut world, &mut bob));
    let mut world = self::world();
    let mut alice = secured(&mut world, "192.0.2.10", "alice", Some("192.0.2.10:1300"));
    assert!(!is_confirmed(&mut world, &mut alice));
}

// covers: D-37
#[test]
fn whoever_can_is_told_where_we_take_calls_over_tls() {
    let mut world = world_with(with_tls);
    let alice = secured(&mut world, "192.0.2.10", "alice", None);
    let bob = writer(&mut world, "192.0.2.11", "bob");
    let here = Some(SocketAddr::new("192.0.2.1".parse().unwrap(), TLS_PORT));
    let routed = CallModel::GatekeeperRouted;
    assert_eq!(way(&world.admits(&alice, "bob")), (routed.clone(), ours(), here));
    assert_eq!(way(&world.admits_call(&bob, "alice", [3; 16])), (routed, ours(), None));
}

// covers: D-37
#[test]
fn who_calls_directly_is_told_where_the_called_side_takes_calls_over_tls() {
    let mut world = world_with(with_tls);
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    alice.features = vec![said(None)];
    alice.register(&mut world);
    secured(&mut world, "192.0.2.11", "bob", Some("192.0.2.11:1301"));
    let (model, address, tls) = way(&world.admits(&alice, "bob"));
    assert_eq!((model, address), (CallModel::Direct, transport("192.0.2.11:1720")));
    assert_eq!(tls, Some("192.0.2.11:1301".parse().unwrap()));
}

// covers: D-37
#[test]
fn a_message_is_delivered_over_tls_to_whom_takes_calls_over_it() {
    let mut world = world_with(with_tls);
    secured(&mut world, "192.0.2.11", "bob", Some("192.0.2.11:1301"));
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    let (channel, address) = world.opened_once();
    assert_eq!((address.to_string().as_str(), &world.secured[..]), ("192.0.2.11:1301", &[channel][..]));
    world.happens(channel, Input::Connected { local: "192.0.2.1:5000".parse().unwrap() });
    assert!(matches!(world.said_once(channel).body, MessageBody::Setup(_)));
}

// covers: D-37
#[test]
fn a_call_is_passed_on_over_tls_whatever_it_came_over() {
    let mut world = world_with(with_tls);
    let alice = writer(&mut world, "192.0.2.10", "alice");
    secured(&mut world, "192.0.2.11", "bob", Some("192.0.2.11:1301"));
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &Names::RECORDED.adapt(ORDINARY_SETUP));
    let (callee, address) = world.opened_once();
    assert_eq!((address.to_string().as_str(), &world.secured[..]), ("192.0.2.11:1301", &[callee][..]));
}

#[test]
fn an_endpoint_that_names_another_host_for_tls_is_called_at_its_own() {
    let mut world = world_with(with_tls);
    secured(&mut world, "192.0.2.11", "bob", Some("203.0.113.9:1301"));
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    assert_eq!(world.opened_once().1.to_string(), "192.0.2.11:1301");
}

#[test]
fn without_tls_of_ours_nobody_is_called_over_it() {
    let mut world = world();
    secured(&mut world, "192.0.2.11", "bob", Some("192.0.2.11:1301"));
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    assert_eq!((world.opened_once().1.to_string().as_str(), world.secured.len()), ("192.0.2.11:1720", 0));
}

// covers: D-37
#[test]
fn where_tls_is_required_nothing_goes_without() {
    let mut world = world_with(only_tls);
    let alice = secured(&mut world, "192.0.2.10", "alice", None);
    let bob = writer(&mut world, "192.0.2.11", "bob");
    let here = SocketAddr::new("192.0.2.1".parse().unwrap(), TLS_PORT);
    let routed = CallModel::GatekeeperRouted;
    assert_eq!(way(&world.admits(&alice, "bob")), (routed, here.into(), Some(here)));
    // Who can't is not routed, because there is nowhere to route him to.
    let direct = world.admits_call(&bob, "alice", [3; 16]);
    assert_eq!(way(&direct), (CallModel::Direct, transport("192.0.2.10:1720"), None));
    // Alice's call comes over TLS, and could go on without only.
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &Names::RECORDED.adapt(ORDINARY_SETUP));
    assert_eq!(world.said_once(channel(1)).cause, Some(27));
    assert!(world.has_closed(channel(1)));
    world.delivers(2, delivery("alice", "bob", "Hello Bob", false));
    assert!(world.opened.is_empty(), "{:?}", world.opened);
    assert_eq!(world.counter("signalling.insecure"), 2);
}

#[test]
fn an_address_opens_only_so_many_connections_over_tls_in_a_minute() {
    let mut world = world_with(|settings| {
        with_tls(settings);
        settings.trusted.clear();
        settings.limits.handshakes = Rate { each_minute: 60, burst: 5 };
    });
    let open = |world: &mut World, number: u32, is_secured: bool| {
        let (peer, local) = ("192.0.2.66:40000".parse().unwrap(), "192.0.2.1:1300".parse().unwrap());
        world.happens(channel(number), Input::Accepted { peer, local, is_secured });
        !world.has_closed(channel(number))
    };
    let taken = (0..20).filter(|number| open(&mut world, *number, true)).count();
    assert_eq!((taken, world.counter("limits.handshakes")), (5, 15));
    // Without TLS they cost next to nothing.
    assert!(open(&mut world, 100, false));
    world.seconds(2);
    assert!(open(&mut world, 101, true));
}

#[test]
fn what_was_said_of_tls_is_known_after_a_restart() {
    let mut world = world_with(with_tls);
    secured(&mut world, "192.0.2.11", "bob", Some("192.0.2.11:1301"));
    let records = snapshot(&mut world);
    let mut world = restarted_with(&world, records, with_tls);
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    assert_eq!(world.opened_once().1.to_string(), "192.0.2.11:1301");
}

#[test]
fn what_was_said_of_tls_is_known_after_a_keep_alive_that_says_nothing() {
    let mut world = world_with(with_tls);
    let bob = secured(&mut world, "192.0.2.11", "bob", Some("192.0.2.11:1301"));
    bob.refresh(&mut world);
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    let (channel, _): (ChannelId, _) = world.opened_once();
    assert_eq!(world.secured, [channel]);
    assert_eq!(Feature::SignallingSecurity.parameter_name(1), Some("TLS"));
}
