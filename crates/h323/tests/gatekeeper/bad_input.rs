//! Malformed, forged, repeated and misplaced messages are refused by the protocol's own means, and counted.

use crate::world::{Room, World, alias, listed, transport};
use codec::per::{self, Integer, OctetString, UnknownAlternative};
use h323::wire::h225::*;

#[test]
fn garbage_is_counted_and_nothing_else() {
    let mut world = World::new();
    for octets in [&b""[..], b"\xff", b"GET / HTTP/1.1\r\n\r\n", &[0; 2000], &[0xff; 65_000]] {
        assert!(world.octets("192.0.2.66:1", false, octets).is_empty());
    }
    assert!(world.counter("ras.malformed") >= 4);
}

// covers: F-21
#[test]
fn truncated_and_flipped_messages_never_stop_the_gatekeeper() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let lines = include_str!("../vectors/vectors.jsonl").lines();
    let vectors = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let octets = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    for vector in vectors.filter(|vector| vector["transport"] == "RAS over UDP") {
        let whole = octets(vector["hex"].as_str().unwrap());
        for cut in 0..whole.len() {
            world.octets("192.0.2.10:32768", false, &whole[..cut]);
            let mut flipped = whole.clone();
            flipped[cut] ^= 1 << (cut % 8);
            world.octets("192.0.2.66:1", cut % 7 == 0, &flipped);
        }
        world.pass(model::Millis(10));
    }
    assert!(world.registered() >= 1);
}

#[test]
fn a_message_of_a_newer_edition_is_answered_as_not_understood() {
    let mut world = World::new();
    let unknown =
        RasMessage::UnknownAlternative(UnknownAlternative { index: 40, octets: vec![0, 0x12, 0x33, 0] });
    let octets = per::encode(&unknown).unwrap();
    let answer = world.ask("192.0.2.10:32768", &unknown);
    let RasMessage::UnknownMessageResponse(response) = answer else { panic!("{answer:?}") };
    assert_eq!(response.request_seq_num.get(), 0x1234);
    assert_eq!(response.message_not_understood, Some(OctetString(octets)));
    assert_eq!(world.counter("ras.unknown_message"), 1);
}

#[test]
fn replies_to_nothing_are_counted_and_not_answered() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let replies = [
        RasMessage::RegistrationReject(Default::default()),
        RasMessage::AdmissionConfirm(Default::default()),
        RasMessage::UnregistrationConfirm(Default::default()),
        RasMessage::DisengageConfirm(Default::default()),
        RasMessage::ServiceControlResponse(Default::default()),
        RasMessage::RequestInProgress(Default::default()),
        RasMessage::InfoRequestAck(Default::default()),
    ];
    for reply in &replies {
        assert!(world.send(&room.ras, reply).is_empty(), "{reply:?}");
    }
    assert_eq!(world.counter("ras.unexpected_reply"), replies.len() as u64);
    assert_eq!(world.registered(), 1);
}

#[test]
fn nobody_unregisters_another() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    // With a stolen identifier, from another address.
    let request = room.unregistration(&mut world);
    assert!(matches!(world.ask("203.0.113.9:5000", &request), RasMessage::UnregistrationReject(_)));
    // Without an identifier, from another port of another host, and of the same host.
    for from in ["203.0.113.9:32768", "192.0.2.10:5000"] {
        let request = UnregistrationRequest {
            request_seq_num: world.sequence(),
            call_signal_address: vec![transport(&room.signalling)],
            endpoint_alias: Some(vec![alias("alice")]),
            ..UnregistrationRequest::default()
        };
        let answer = world.ask(from, &RasMessage::UnregistrationRequest(request.into()));
        assert!(matches!(answer, RasMessage::UnregistrationReject(_)), "{answer:?}");
    }
    assert_eq!(world.registered(), 1);
    assert_eq!(world.counter("ras.forged"), 3);
}

#[test]
fn nobody_acts_with_the_identifier_of_another() {
    let mut world = World::new();
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    let mut bob = Room::new("192.0.2.11", &["bob"]);
    alice.register(&mut world);
    bob.register(&mut world);
    let mut thief = alice.clone();
    thief.ras = "203.0.113.9:5000".to_owned();
    assert!(matches!(thief.admit(&mut world, 1, false, "bob"), RasMessage::AdmissionReject(_)));
    assert!(matches!(thief.refresh(&mut world), RasMessage::RegistrationReject(_)));
    alice.admit(&mut world, 2, false, "bob");
    bob.admit(&mut world, 2, true, "bob");
    assert!(matches!(thief.disengage(&mut world, 2), RasMessage::DisengageReject(_)));
    let report = thief.status(Integer::clamped(1), vec![listed(2, Some(world.now.wall.0))]);
    world.send(&thief.ras, &report);
    assert!(world.evidence.iter().all(|(_, evidence)| evidence.key.source != model::Source::Call));
    assert_eq!(world.counter("calls.now"), 1);
}

#[test]
fn an_endpoint_identifier_that_was_never_given_is_worth_nothing() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.identifier = Some("aaaaaaaaaaaaaaaa".to_owned());
    assert!(matches!(room.admit(&mut world, 1, false, "alice"), RasMessage::AdmissionReject(_)));
    assert!(matches!(room.refresh(&mut world), RasMessage::RegistrationReject(_)));
    let report = room.status(Integer::clamped(1), Vec::new());
    assert!(world.send(&room.ras, &report).is_empty());
}

#[test]
fn a_replayed_request_has_no_second_effect() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let goodbye = room.unregistration(&mut world);
    world.ask(&room.ras, &goodbye);
    room.register(&mut world);
    // The old goodbye comes again: it is answered from memory and unregisters nobody.
    assert!(matches!(world.ask(&room.ras, &goodbye), RasMessage::UnregistrationConfirm(_)));
    assert_eq!(world.registered(), 1);
}

#[test]
fn only_discovery_and_location_are_taken_from_multicast() {
    let mut world = World::new();
    let room = Room::new("192.0.2.10", &["alice"]);
    let request = RasMessage::RegistrationRequest(room.registration(&mut world).into());
    assert!(world.octets(&room.ras, true, &per::encode(&request).unwrap()).is_empty());
    assert_eq!(world.counter("ras.not_for_many"), 1);
    assert_eq!(world.registered(), 0);
}

#[test]
fn a_flood_from_one_address_is_limited_and_the_others_are_served() {
    let mut world = World::with(|settings| settings.trusted = Vec::new());
    for _ in 0..1000 {
        world.octets("203.0.113.9:5000", false, b"\x00");
    }
    assert_eq!(world.counter("ras.rate_limited"), 800);
    Room::new("192.0.2.10", &["alice"]).register(&mut world);
}

#[test]
fn a_service_control_indication_is_always_answered() {
    let mut world = World::new();
    let indication = ServiceControlIndication { request_seq_num: Integer::clamped(77), ..Default::default() };
    let answer = world.ask("192.0.2.10:32768", &RasMessage::ServiceControlIndication(indication.into()));
    let RasMessage::ServiceControlResponse(response) = &answer else { panic!("{answer:?}") };
    assert_eq!(response.request_seq_num.get(), 77);
    assert_eq!(per::encode(&answer).unwrap(), [0x86, 0x03, 0x00, 0x00, 0x4c]);
}

#[test]
fn a_status_report_that_wants_an_answer_gets_one() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let mut report = |known: bool| {
        let mut room = room.clone();
        if !known {
            room.identifier = Some("nobody".to_owned());
        }
        let RasMessage::InfoRequestResponse(mut report) = room.status(Integer::clamped(5), Vec::new()) else {
            panic!()
        };
        report.need_response = Some(true);
        world.ask(&room.ras, &RasMessage::InfoRequestResponse(report))
    };
    assert!(matches!(report(true), RasMessage::InfoRequestAck(_)));
    assert!(matches!(report(false), RasMessage::InfoRequestNak(_)));
}
