//! Discovery, registration, unregistration.

use crate::world::{Room, SERVER, Told, World, alias, transport};
use codec::per::{BmpString, Integer};
use h323::gatekeeper::{AlternateGatekeeper, SecondDevice};
use h323::wire::h225::*;
use link::{Command, Outcome};
use model::{PresenceState, Source};

fn discovery(world: &mut World, identifier: Option<&str>) -> Vec<u8> {
    let request = GatekeeperRequest {
        request_seq_num: world.sequence(),
        protocol_identifier: "0.0.8.2250.0.2".parse().unwrap(),
        ras_address: transport("192.0.2.10:32768"),
        gatekeeper_identifier: identifier.and_then(BmpString::new),
        ..GatekeeperRequest::default()
    };
    codec::per::encode(&RasMessage::GatekeeperRequest(request.into())).unwrap()
}

// covers: D-21
#[test]
fn discovery_is_confirmed_with_our_address_and_identifier() {
    let mut world = World::new();
    for to_many in [false, true] {
        let request = discovery(&mut world, None);
        let answers = world.octets("192.0.2.10:32768", to_many, &request);
        let [RasMessage::GatekeeperConfirm(confirm)] = answers.as_slice() else { panic!("{answers:?}") };
        assert_eq!(confirm.ras_address, transport(SERVER));
        assert_eq!(confirm.gatekeeper_identifier.as_ref().unwrap().to_string(), "Herald");
    }
}

#[test]
fn discovery_of_another_gatekeeper_is_rejected_or_left_to_it() {
    let mut world = World::new();
    let request = discovery(&mut world, Some("Other"));
    assert!(world.octets("192.0.2.10:32768", true, &request).is_empty());
    let answers = world.octets("192.0.2.10:32768", false, &request);
    assert!(matches!(answers.as_slice(), [RasMessage::GatekeeperReject(_)]), "{answers:?}");
}

#[test]
fn a_discovery_never_makes_us_answer_another_host() {
    let mut world = World::new();
    let request = discovery(&mut world, None);
    assert_eq!(world.octets("203.0.113.9:5000", false, &request).len(), 1);
    assert!(world.sent.is_empty());
}

// covers: D-11, D-21
#[test]
fn a_registration_is_confirmed_and_is_presence() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["Meeting Room 4", "4004"]);
    let confirm = room.register(&mut world);
    assert_eq!(confirm.terminal_alias, Some(vec![alias("Meeting Room 4"), alias("4004")]));
    assert_eq!(confirm.time_to_live, Integer::new(60));
    assert!(confirm.endpoint_identifier.units().len() >= 13, "64 random bits take 13 characters of 5 bits");
    let names = vec!["meeting room 4@example.com".to_owned(), "4004@example.com".to_owned()];
    let online = Told::Observe(1, Source::Registration, PresenceState::Online);
    assert_eq!(world.told, [Told::Claim(names), online]);
}

#[test]
fn endpoint_identifiers_differ() {
    let mut world = World::new();
    let mut identifiers: Vec<_> = (1..50)
        .map(|host| Room::new(&format!("192.0.2.{host}"), &[&format!("room{host}")]).register(&mut world))
        .map(|confirm| confirm.endpoint_identifier.to_string())
        .collect();
    identifiers.sort();
    identifiers.dedup();
    assert_eq!(identifiers.len(), 49);
}

#[test]
fn a_registration_is_confirmed_only_after_the_engine_has_the_names() {
    let mut world = World::new();
    world.engine_answers = false;
    let room = Room::new("192.0.2.10", &["alice"]);
    let request = RasMessage::RegistrationRequest(room.registration(&mut world).into());
    assert!(world.send(&room.ras, &request).is_empty());
    // Repeated meanwhile, it is neither confirmed nor taken twice.
    assert!(world.send(&room.ras, &request).is_empty());
    assert_eq!(world.told.len(), 1);
}

/// Lets endpoints register, one from each address; what each is answered.
fn come(world: &mut World, numbers: std::ops::Range<u32>) -> Vec<Vec<RasMessage>> {
    let come = numbers.map(|number| {
        let [_, _, high, low] = number.to_be_bytes();
        let room = Room::new(&format!("198.18.{high}.{low}"), &[&format!("room{number}")]);
        let request = RasMessage::RegistrationRequest(room.registration(world).into());
        world.send(&room.ras, &request)
    });
    come.collect()
}

#[test]
fn who_comes_faster_than_can_be_decided_is_told_how_long_it_takes_and_has_its_turn() {
    let mut world = World::with(|settings| settings.registrations_waiting_max = 3);
    world.engine_answers = false;
    assert!(come(&mut world, 0..4_096).iter().all(Vec::is_empty), "these are decided now");
    let told = come(&mut world, 4_096..4_099);
    for answers in &told {
        let [RasMessage::RequestInProgress(progress)] = &answers[..] else { panic!("{answers:?}") };
        assert!((1_000..=60_000).contains(&progress.delay.get()), "{}", progress.delay.get());
    }
    let rejected = come(&mut world, 4_099..4_100).remove(0);
    let [RasMessage::RegistrationReject(reject)] = &rejected[..] else { panic!("{rejected:?}") };
    assert_eq!(reject.reject_reason, RegistrationRejectReason::ResourceUnavailable);
    assert_eq!((world.claims.len(), world.registered()), (4_096, 4_099));
    assert_eq!(world.counter("ras.registrations_postponed"), 3);
    assert_eq!(world.counter("ras.registrations_overloaded"), 1);

    world.grant(0);
    assert_eq!(world.claims.len(), 4_099, "those that waited have their turn");
    world.grant(4_096);
    let confirmed = world.sent.iter().filter(|(_, sent)| matches!(sent, RasMessage::RegistrationConfirm(_)));
    assert_eq!(confirmed.count(), 4_099);
    assert_eq!(come(&mut world, 5_000..5_001), [Vec::new()], "nobody waits any more");
}

#[test]
fn who_waits_and_asks_again_is_told_again_to_wait() {
    let mut world = World::new();
    world.engine_answers = false;
    come(&mut world, 0..4_096);
    let room = Room::new("192.0.2.10", &["alice"]);
    let request = RasMessage::RegistrationRequest(room.registration(&mut world).into());
    let first = world.ask(&room.ras, &request);
    assert!(matches!(first, RasMessage::RequestInProgress(_)), "{first:?}");
    assert_eq!(world.ask(&room.ras, &request), first);
    assert_eq!(world.counter("ras.registrations_postponed"), 1);
}

#[test]
fn an_endpoint_that_is_known_need_not_wait_for_those_that_are_new() {
    let mut world = World::with(|settings| settings.registrations_waiting_max = 0);
    let mut known = Room::new("192.0.2.10", &["alice"]);
    known.register(&mut world);
    world.engine_answers = false;
    come(&mut world, 0..4_096);
    let strangers = come(&mut world, 4_096..4_097).remove(0);
    assert!(matches!(&strangers[..], [RasMessage::RegistrationReject(_)]), "{strangers:?}");
    known.register(&mut world);
}

#[test]
fn a_repeated_registration_gets_the_same_answer_and_no_second_identifier() {
    let mut world = World::new();
    let room = Room::new("192.0.2.10", &["alice"]);
    let request = RasMessage::RegistrationRequest(room.registration(&mut world).into());
    let first = world.ask(&room.ras, &request);
    assert_eq!(world.ask(&room.ras, &request), first);
    assert_eq!(world.counter("ras.repeated"), 1);
}

// covers: D-20
#[test]
fn an_endpoint_that_restarts_keeps_its_place_without_a_gap() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    room.ras = "192.0.2.10:40000".to_owned();
    room.register(&mut world);
    assert_eq!(world.registered(), 1);
    assert!(world.told.iter().all(|told| !matches!(told, Told::Depart(..))), "{:?}", world.told);
}

// covers: D-21
#[test]
fn every_kind_of_alias_can_be_registered_over_ipv6() {
    let mut world = World::new();
    let texts = ["Room 4", "4004", "room4@example.com", "email:room.4@example.com"];
    let mut room = Room::new("2001:db8::10", &texts);
    let confirm = room.register(&mut world);
    assert_eq!(confirm.terminal_alias.unwrap().len(), 4);
    for text in texts {
        let found = world
            .command(Command::Endpoints { filter: text.trim_start_matches("email:").to_owned(), limit: 9 });
        assert!(matches!(found, Outcome::Endpoints(list) if list.len() == 1), "{text}");
    }
}

// covers: D-19
#[test]
fn an_endpoint_without_aliases_is_named_by_a_pseudonym() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &[]);
    room.register(&mut world);
    let Told::Claim(names) = &world.told[0] else { panic!("{:?}", world.told) };
    assert!(names[0].starts_with("t-") && names[0].ends_with("@example.com"), "{names:?}");
}

// covers: D-28
#[test]
fn a_name_at_a_domain_that_nobody_configured_is_still_a_name_here() {
    let mut world = World::new();
    let mut alice = Room::new("192.0.2.10", &["room4@corp.example.org"]);
    let confirm = alice.register(&mut world);
    assert_eq!(confirm.terminal_alias, Some(vec![alias("room4@corp.example.org")]));
    let mut bob = Room::new("192.0.2.11", &["bob"]);
    bob.register(&mut world);
    let answer = bob.admit(&mut world, 1, false, "room4@corp.example.org");
    assert!(matches!(answer, RasMessage::AdmissionConfirm(_)), "{answer:?}");
}

#[test]
fn a_registration_without_a_usable_address_or_for_another_gatekeeper_is_rejected() {
    let mut world = World::new();
    let room = Room::new("192.0.2.10", &["alice"]);
    let mut check = |change: fn(&mut RegistrationRequest), expected: RegistrationRejectReason| {
        let mut request = room.registration(&mut world);
        change(&mut request);
        match world.ask(&room.ras, &RasMessage::RegistrationRequest(request.into())) {
            RasMessage::RegistrationReject(reject) => assert_eq!(reject.reject_reason, expected),
            other => panic!("{other:?}"),
        }
    };
    check(|r| r.call_signal_address.clear(), RegistrationRejectReason::InvalidCallSignalAddress);
    check(|r| r.ras_address.clear(), RegistrationRejectReason::InvalidRasAddress);
    check(|r| r.gatekeeper_identifier = BmpString::new("Other"), RegistrationRejectReason::DiscoveryRequired);
    check(
        |r| r.call_signal_address = vec![TransportAddress::IpxAddress(IpxAddress::default())],
        RegistrationRejectReason::TransportNotSupported,
    );
    assert_eq!(world.registered(), 0);
}

// covers: D-32
#[test]
fn a_name_of_a_live_endpoint_is_not_given_away() {
    let mut world = World::new();
    let mut first = Room::new("192.0.2.10", &["alice"]);
    first.register(&mut world);
    let second = Room::new("192.0.2.11", &["ALICE", "4005"]);
    let request = RasMessage::RegistrationRequest(second.registration(&mut world).into());
    assert!(matches!(world.ask(&second.ras, &request), RasMessage::RequestInProgress(_)));
    assert_eq!(first.answer_status(&mut world, &[]), 1);
    let answers = world.take(second.ras.parse().unwrap());
    let [RasMessage::RegistrationReject(reject)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(reject.reject_reason, RegistrationRejectReason::DuplicateAlias(vec![alias("ALICE")]));
    assert_eq!(world.registered(), 1);
}

// covers: D-32
#[test]
fn a_name_of_a_dead_endpoint_goes_to_the_next_who_claims_it() {
    let mut world = World::new();
    Room::new("192.0.2.10", &["alice"]).register(&mut world);
    let second = Room::new("192.0.2.11", &["alice"]);
    let request = RasMessage::RegistrationRequest(second.registration(&mut world).into());
    assert!(matches!(world.ask(&second.ras, &request), RasMessage::RequestInProgress(_)));
    world.seconds(4);
    let answers = world.take(second.ras.parse().unwrap());
    assert!(matches!(answers.as_slice(), [RasMessage::RegistrationConfirm(_)]), "{answers:?}");
    assert_eq!(world.registered(), 1);
}

// covers: D-32
#[test]
fn by_policy_a_second_endpoint_is_a_second_device() {
    let mut world = World::with(|settings| settings.second_device = SecondDevice::Accept);
    Room::new("192.0.2.10", &["alice"]).register(&mut world);
    Room::new("192.0.2.11", &["alice"]).register(&mut world);
    assert_eq!(world.registered(), 2);
}

#[test]
fn aliases_can_be_added_and_given_up() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let mut request = room.registration(&mut world);
    request.additive_registration = Some(codec::per::Null);
    request.endpoint_identifier = Some(room.endpoint_identifier());
    request.terminal_alias = Some(vec![alias("4004")]);
    let answer = world.ask(&room.ras, &RasMessage::RegistrationRequest(request.into()));
    let RasMessage::RegistrationConfirm(confirm) = answer else { panic!("{answer:?}") };
    assert_eq!(confirm.terminal_alias.unwrap().len(), 2);
    let RasMessage::UnregistrationRequest(mut request) = room.unregistration(&mut world) else { panic!() };
    request.endpoint_alias = Some(vec![alias("4004")]);
    let answer = world.ask(&room.ras, &RasMessage::UnregistrationRequest(request));
    assert!(matches!(answer, RasMessage::UnregistrationConfirm(_)));
    assert_eq!(world.registered(), 1);
    assert_eq!(world.told.last(), Some(&Told::Observe(1, Source::Registration, PresenceState::Online)));
    assert!(world.told.contains(&Told::Claim(vec!["alice@example.com".to_owned()])));
}

// covers: D-18
#[test]
fn presence_is_not_inferred_for_infrastructure_and_for_whom_the_operator_excepts() {
    let mut world = World::with(|settings| settings.infer_except = vec!["lab-*".to_owned()]);
    Room::new("192.0.2.10", &["alice"]).register(&mut world);
    Room::new("192.0.2.11", &["Lab-7"]).register(&mut world);
    let mut bridge = Room::new("192.0.2.12", &["bridge"]);
    bridge.terminal_type = EndpointType { mcu: Some(McuInfo::default()), ..EndpointType::default() };
    bridge.register(&mut world);
    assert_eq!(world.inferred, [true, false, false]);
    let mut world = World::with(|settings| settings.infer_infrastructure = true);
    bridge.register(&mut world);
    assert_eq!(world.inferred, [true]);
    let mut world = World::with(|settings| settings.infer = false);
    Room::new("192.0.2.10", &["alice"]).register(&mut world);
    assert_eq!(world.inferred, [false]);
}

// covers: D-11
#[test]
fn unregistration_ends_presence_at_once() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let request = room.unregistration(&mut world);
    assert!(matches!(world.ask(&room.ras, &request), RasMessage::UnregistrationConfirm(_)));
    assert_eq!(world.told.last(), Some(&Told::Depart(1, "unregistered by itself".to_owned())));
    let again = room.unregistration(&mut world);
    assert!(matches!(world.ask(&room.ras, &again), RasMessage::UnregistrationReject(_)));
}

#[test]
fn a_goodbye_with_an_outdated_identifier_counts_from_the_very_socket_that_registered() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    world.command(Command::Unregister { endpoint: "alice".to_owned() });
    world.take(room.ras.parse().unwrap());
    let goodbye = room.unregistration(&mut world);
    room.register(&mut world);
    assert!(matches!(world.ask("192.0.2.10:5000", &goodbye), RasMessage::UnregistrationReject(_)));
    assert_eq!(world.registered(), 1);
    assert!(matches!(world.ask(&room.ras, &goodbye), RasMessage::UnregistrationConfirm(_)));
    assert_eq!(world.registered(), 0);
}

#[test]
fn the_operator_can_unregister_an_endpoint() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    assert_eq!(world.command(Command::Unregister { endpoint: "alice".to_owned() }), Outcome::Ended(1));
    let sent = world.take(room.ras.parse().unwrap());
    let [RasMessage::UnregistrationRequest(request)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(request.endpoint_identifier, Some(room.endpoint_identifier()));
    assert!(request.gatekeeper_identifier.is_some());
    assert_eq!(world.registered(), 0);
}

#[test]
fn endpoints_are_told_of_alternate_gatekeepers() {
    let mut world = World::with(|settings| {
        settings.alternates = vec![AlternateGatekeeper {
            address: "192.0.2.2:1719".parse().unwrap(),
            identifier: Some("Herald 2".to_owned()),
            priority: 1,
            need_to_register: true,
        }];
    });
    let confirm = Room::new("192.0.2.10", &["alice"]).register(&mut world);
    let alternates = confirm.alternate_gatekeeper.unwrap();
    assert_eq!(alternates.len(), 1);
    assert_eq!(alternates[0].ras_address, transport("192.0.2.2:1719"));
    assert!(alternates[0].need_to_register);
}

#[test]
fn a_full_table_refuses_the_next_endpoint_and_keeps_the_others() {
    let mut world = World::with(|settings| settings.registrations_max = 1);
    let mut first = Room::new("192.0.2.10", &["alice"]);
    first.register(&mut world);
    let second = Room::new("192.0.2.11", &["bob"]);
    let request = RasMessage::RegistrationRequest(second.registration(&mut world).into());
    let answer = world.ask(&second.ras, &request);
    let RasMessage::RegistrationReject(reject) = answer else { panic!("{answer:?}") };
    assert_eq!(reject.reject_reason, RegistrationRejectReason::ResourceUnavailable);
    first.register(&mut world);
}
