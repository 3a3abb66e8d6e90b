//! Strangers, noise and impatience.

use crate::scripted::*;
use crate::world::*;
use codec::per;
use h323::endpoint::CONNECTIONS_MAX;
use h323::wire::h225::*;
use h323::wire::tpkt;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Octets recorded from real endpoints and gatekeepers.
fn recorded() -> Vec<Vec<u8>> {
    let read = |line: &str| {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let digits = vector["hex"].as_str().unwrap().to_owned();
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    };
    include_str!("../vectors/vectors.jsonl").lines().map(read).collect()
}

#[test]
fn an_answer_counts_only_from_the_right_place_with_the_right_number_and_of_the_right_kind() {
    let mut world = World::new();
    world.gatekeeper().is_silent = true;
    world.command(ALICE, "register");
    let Ok(RasMessage::GatekeeperRequest(request)) = per::decode(&world.sent[0].1) else { panic!() };
    let right = request.request_seq_num;
    let wrong = RequestSeqNum::clamped(right.get() % 65_535 + 1);
    let confirm = |number| per::encode(&confirm_discovery(gatekeeper_address(), number)).unwrap();
    let unregistration = UnregistrationConfirm { request_seq_num: right, ..UnregistrationConfirm::default() };
    let unregistration = per::encode(&RasMessage::UnregistrationConfirm(Box::new(unregistration))).unwrap();
    world.datagram(ALICE, address("10.0.0.66:1719"), &confirm(right));
    world.datagram(ALICE, address("10.0.0.1:1720"), &confirm(right));
    world.datagram(ALICE, gatekeeper_address(), &confirm(wrong));
    world.datagram(ALICE, gatekeeper_address(), &unregistration);
    assert_eq!(world.status(ALICE)["counters"]["strayReplies"], 4);
    assert_eq!(world.names(ALICE), ["status"]);
    world.datagram(ALICE, gatekeeper_address(), &confirm(right));
    assert_eq!(world.last(ALICE)["event"], "discovered");
}

#[test]
fn requests_of_strangers_are_not_answered() {
    let mut world = World::connected();
    let identifier = EndpointIdentifier::new("ep-10.0.0.11").unwrap();
    let requests = [
        RasMessage::UnregistrationRequest(Box::new(UnregistrationRequest {
            endpoint_identifier: Some(identifier.clone()),
            ..UnregistrationRequest::default()
        })),
        RasMessage::InfoRequest(Box::default()),
        RasMessage::ServiceControlIndication(Box::default()),
        RasMessage::LocationRequest(Box::default()),
    ];
    for request in requests {
        world.datagram(ALICE, address("10.0.0.66:1719"), &per::encode(&request).unwrap());
    }
    assert_eq!(world.sent, []);
    assert_eq!(world.status(ALICE)["counters"]["strangers"], 4);
    assert_eq!(world.status(ALICE)["calls"][0]["state"], "connected");
}

#[test]
fn noise_on_the_ras_address_is_survived() {
    let mut random = StdRng::seed_from_u64(7);
    let recorded = recorded();
    let mut world = World::connected();
    for _ in 0..20_000 {
        let mut octets = recorded[random.random_range(0..recorded.len())].clone();
        for _ in 0..random.random_range(0..4) {
            let at = random.random_range(0..octets.len());
            octets[at] = random.random();
        }
        octets.truncate(random.random_range(0..=octets.len()));
        world.endpoints[ALICE].datagram(world.now, gatekeeper_address(), &octets);
        world.settle();
        world.sent.clear();
        world.events[ALICE].clear();
        world.gatekeeper().heard.clear();
    }
    assert!(world.status(ALICE)["counters"]["malformedDatagrams"].as_u64().unwrap() > 1000);
}

#[test]
fn noise_on_connections_is_survived() {
    let mut random = StdRng::seed_from_u64(8);
    let packets: Vec<_> = recorded().into_iter().filter(|octets| octets[0] == 3).collect();
    assert!(packets.len() > 10);
    let mut world = World::registered();
    for _ in 0..3000 {
        let Some(id) = world.endpoints[BOB].accept(world.now, address("10.0.0.66:4000")) else {
            world.pass(200);
            continue;
        };
        for _ in 0..random.random_range(1..6) {
            let mut octets = packets[random.random_range(0..packets.len())].clone();
            for _ in 0..random.random_range(0..3) {
                let at = random.random_range(0..octets.len());
                octets[at] = random.random();
            }
            for piece in octets.chunks(random.random_range(1..200)) {
                world.endpoints[BOB].received(world.now, id, piece);
                world.settle();
            }
        }
        if random.random() {
            world.endpoints[BOB].closed(world.now, id);
            world.settle();
        }
    }
    world.pass(1000);
    assert_eq!(world.status(BOB)["calls"], serde_json::json!([]));
    assert!(world.names(BOB).contains(&"incoming".to_owned()));
}

#[test]
fn a_connection_without_a_setup_is_closed() {
    let mut world = World::registered();
    let id = world.endpoints[BOB].accept(world.now, signal_address(ALICE)).unwrap();
    // Empty packets and half a packet are no Setup.
    for _ in 0..9 {
        world.endpoints[BOB].received(world.now, id, &[3, 0, 0, 4]);
        world.pass(1);
    }
    assert_eq!(world.status(BOB)["counters"]["brokenConnections"], 0);
    world.pass(1);
    assert_eq!(world.status(BOB)["counters"]["brokenConnections"], 1);
    assert_eq!(world.endpoints[BOB].deadline().map(|at| at.0), Some(55_000));
}

#[test]
fn a_packet_that_never_ends_breaks_the_call_off() {
    let mut world = World::connected();
    let id = world.last_connection(BOB);
    for octet in tpkt::packet(&[8; 100]).unwrap().into_iter().take(12) {
        world.endpoints[BOB].received(world.now, id, &[octet]);
        world.pass(1);
    }
    assert_eq!(world.last(BOB)["cause"], 111);
    assert_eq!(world.last(ALICE)["event"], "ended");
}

#[test]
fn a_stream_that_is_no_call_signalling_is_closed_at_once() {
    let mut world = World::registered();
    let id = world.endpoints[BOB].accept(world.now, signal_address(ALICE)).unwrap();
    world.endpoints[BOB].received(world.now, id, b"GET / HTTP/1.1\r\n");
    world.settle();
    assert_eq!(world.status(BOB)["counters"]["brokenConnections"], 1);
}

#[test]
fn connections_are_limited() {
    let mut world = World::registered();
    let accepted =
        (0..100).filter(|_| world.endpoints[BOB].accept(world.now, signal_address(ALICE)).is_some());
    assert_eq!(accepted.count(), CONNECTIONS_MAX);
    world.pass(10);
    assert!(world.endpoints[BOB].accept(world.now, signal_address(ALICE)).is_some());
}

#[test]
fn a_connection_that_breaks_ends_the_call() {
    let mut world = World::connected();
    let id = world.last_connection(BOB);
    world.endpoints[BOB].closed(world.now, id);
    world.settle();
    assert_eq!(world.last(BOB)["by"], "network");
    assert_eq!(world.last(BOB)["reason"], "temporaryFailure");
}

#[test]
fn equal_seeds_give_equal_octets() {
    let run = || {
        let mut world = World::registered();
        world.command(ALICE, "call bob");
        world.command(BOB, "answer");
        world.command(ALICE, "hangup");
        (world.sent, world.said)
    };
    assert_eq!(run(), run());
}
