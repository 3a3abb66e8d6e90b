//! Following an endpoint.

use crate::world::{Room, World, alias, transport};
use h323::wire::h225::*;
use link::{Command, CommandError, Link, Outcome};

fn follow(world: &mut World, trace: u64, endpoint: &str) {
    let command = Command::Trace { trace, endpoint: endpoint.to_owned() };
    assert_eq!(world.command(command), Outcome::Tracing);
}

/// What was shown of each message: an arrow and its name.
fn shown(world: &mut World) -> Vec<String> {
    let all = std::mem::take(&mut world.traced).into_iter();
    all.map(|traced| format!("{} {}", if traced.is_received { "<" } else { ">" }, traced.name)).collect()
}

#[test]
fn every_message_from_and_to_an_endpoint_is_shown_from_its_discovery_to_its_farewell() {
    let mut world = World::new();
    follow(&mut world, 7, "ALICE");
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    let request = GatekeeperRequest {
        request_seq_num: world.sequence(),
        protocol_identifier: "0.0.8.2250.0.2".parse().unwrap(),
        ras_address: transport(&alice.ras),
        endpoint_alias: Some(vec![alias("alice")]),
        ..GatekeeperRequest::default()
    };
    world.send("192.0.2.10:5000", &RasMessage::GatekeeperRequest(request.into()));
    assert_eq!(world.take(alice.ras.parse().unwrap()).len(), 1);
    alice.register(&mut world);
    alice.refresh(&mut world);
    world.octets(&alice.ras, false, b"no message");
    let farewell = alice.unregistration(&mut world);
    world.ask(&alice.ras, &farewell);
    let first = world.traced.first().unwrap();
    assert_eq!((first.trace, first.protocol.as_str(), first.at), (7, "RAS", world.now.wall));
    assert_eq!(first.reading["decoded"]["gatekeeperRequest"]["endpointAlias"][0]["h323-ID"], "alice");
    assert_eq!(
        shown(&mut world),
        [
            "< gatekeeperRequest",
            "> gatekeeperConfirm",
            "< registrationRequest",
            "> registrationConfirm",
            "< registrationRequest",
            "> registrationConfirm",
            "< unreadable",
            "< unregistrationRequest",
            "> unregistrationConfirm",
        ]
    );
}

#[test]
fn others_are_not_shown_and_nothing_is_after_the_end() {
    let mut world = World::new();
    let (mut alice, mut bob) = (Room::new("192.0.2.10", &["alice"]), Room::new("192.0.2.11", &["bob"]));
    alice.register(&mut world);
    follow(&mut world, 1, "alice@example.com");
    bob.register(&mut world);
    bob.admit(&mut world, 1, false, "alice");
    assert!(world.traced.is_empty(), "{:?}", world.traced);
    alice.refresh(&mut world);
    assert_eq!(shown(&mut world), ["< registrationRequest", "> registrationConfirm"]);
    world.command(Command::Untrace { trace: 1 });
    alice.refresh(&mut world);
    assert!(world.traced.is_empty());
}

#[test]
fn a_refusal_of_the_name_that_is_followed_is_shown() {
    let mut world = World::new();
    follow(&mut world, 1, "alice");
    let room = Room { terminal_type: EndpointType::default(), ..Room::new("192.0.2.10", &["alice"]) };
    let mut request = room.registration(&mut world);
    request.call_signal_address.clear();
    world.send(&room.ras, &RasMessage::RegistrationRequest(request.into()));
    assert_eq!(shown(&mut world), ["< registrationRequest", "> registrationReject"]);
}

#[test]
fn each_of_two_who_follow_one_endpoint_is_shown_its_messages() {
    let mut world = World::new();
    follow(&mut world, 1, "alice");
    follow(&mut world, 2, "4004");
    Room::new("192.0.2.10", &["alice", "4004"]).register(&mut world);
    let mut traces: Vec<_> = world.traced.iter().map(|traced| traced.trace).collect();
    traces.sort_unstable();
    assert_eq!(traces, [1, 1, 2, 2]);
}

#[test]
fn one_trace_more_than_allowed_is_refused_until_another_ends() {
    let mut world = World::new();
    for trace in 0..8 {
        follow(&mut world, trace, "alice");
    }
    let one_more = Command::Trace { trace: 8, endpoint: "alice".into() };
    let refused = world.gatekeeper.command(world.now, one_more);
    assert_eq!(refused, Err(CommandError::TracesExhausted));
    world.command(Command::Untrace { trace: 3 });
    follow(&mut world, 8, "alice");
    let unreadable = Command::Trace { trace: 9, endpoint: String::new() };
    assert!(matches!(world.gatekeeper.command(world.now, unreadable), Err(CommandError::NoEndpoint(_))));
}
