//! Admission, bandwidth, location, resources.

use crate::world::{Room, SERVER, World, alias, transport};
use codec::per::{BoundedList, Integer};
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use link::{Command, Outcome};

fn rooms(world: &mut World) -> (Room, Room) {
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    let mut bob = Room::new("192.0.2.11", &["bob", "4711"]);
    alice.register(world);
    bob.register(world);
    (alice, bob)
}

fn confirmed(answer: RasMessage) -> Box<AdmissionConfirm> {
    match answer {
        RasMessage::AdmissionConfirm(confirm) => confirm,
        other => panic!("{other:?}"),
    }
}

fn rejected(answer: RasMessage) -> AdmissionRejectReason {
    match answer {
        RasMessage::AdmissionReject(reject) => reject.reject_reason,
        other => panic!("{other:?}"),
    }
}

// covers: D-21
#[test]
fn a_call_to_any_alias_goes_directly_to_the_endpoint() {
    let mut world = World::new();
    let (alice, bob) = rooms(&mut world);
    for (call, name) in
        ["bob", "BOB", "4711", "bob@example.com", "h323:bob@example.com"].into_iter().enumerate()
    {
        let confirm = confirmed(alice.admit(&mut world, call as u8 + 1, false, name));
        assert_eq!(confirm.call_model, CallModel::Direct);
        assert_eq!(confirm.dest_call_signal_address, transport(&bob.signalling), "{name}");
        let asked = confirm.uuies_requested.unwrap();
        assert!(asked.connect && asked.release_complete && !asked.setup);
        assert_eq!(confirm.irr_frequency, None);
        assert_eq!(confirm.will_respond_to_irr, Some(false));
    }
}

#[test]
fn a_call_to_nobody_is_rejected() {
    let mut world = World::new();
    let (alice, _) = rooms(&mut world);
    let reason = rejected(alice.admit(&mut world, 1, false, "carol"));
    assert_eq!(reason, AdmissionRejectReason::CalledPartyNotRegistered);
    let mut request = alice.admission(&mut world, 2, false, "bob");
    request.destination_info = None;
    let reason = rejected(world.ask(&alice.ras, &RasMessage::AdmissionRequest(request.into())));
    assert_eq!(reason, AdmissionRejectReason::IncompleteAddress);
    assert_eq!(world.counter("calls.now"), 0);
}

#[test]
fn a_call_to_a_transport_address_is_admitted_for_registered_endpoints_and_by_policy_for_others() {
    for allowed in [false, true] {
        let mut world = World::with(|settings| settings.unregistered_destinations = allowed);
        let (alice, bob) = rooms(&mut world);
        let mut admit = |call, address: &str| {
            let mut request = alice.admission(&mut world, call, false, "bob");
            request.destination_info = None;
            request.dest_call_signal_address = Some(transport(address));
            world.ask(&alice.ras, &RasMessage::AdmissionRequest(request.into()))
        };
        confirmed(admit(1, &bob.signalling));
        match admit(2, "203.0.113.5:1720") {
            RasMessage::AdmissionConfirm(_) => assert!(allowed),
            other => assert_eq!(
                (rejected(other), allowed),
                (AdmissionRejectReason::CalledPartyNotRegistered, false)
            ),
        }
    }
}

#[test]
fn an_endpoint_gets_a_callee_address_of_its_own_family() {
    let mut world = World::new();
    let mut alice = Room::new("2001:db8::10", &["alice"]);
    alice.register(&mut world);
    let bob = Room::new("192.0.2.11", &["bob"]);
    let mut request = bob.registration(&mut world);
    request.call_signal_address.push(transport("[2001:db8::11]:1720"));
    world.ask(&bob.ras, &RasMessage::RegistrationRequest(request.into()));
    let confirm = confirmed(alice.admit(&mut world, 1, false, "bob"));
    assert_eq!(confirm.dest_call_signal_address, transport("[2001:db8::11]:1720"));
}

#[test]
fn gateways_are_chosen_by_the_longest_prefix_and_by_their_resources() {
    let mut world = World::new();
    let (alice, _) = rooms(&mut world);
    let mut gateway = |host: &str, name: &str, prefix: &str| {
        let prefix = SupportedPrefix { prefix: alias(prefix), ..SupportedPrefix::default() };
        let voice = VoiceCaps { supported_prefixes: Some(vec![prefix]), ..VoiceCaps::default() };
        let gateway =
            GatewayInfo { protocol: Some(vec![SupportedProtocols::Voice(voice)]), ..GatewayInfo::default() };
        let mut room = Room::new(host, &[name]);
        room.terminal_type = EndpointType { gateway: Some(gateway), ..EndpointType::default() };
        room.register(&mut world);
        room
    };
    let far = gateway("192.0.2.20", "gw-0", "0");
    let near = gateway("192.0.2.21", "gw-00", "00");
    let spare = gateway("192.0.2.22", "gw-00b", "00");
    let mut goes_to =
        |call, digits: &str| confirmed(alice.admit(&mut world, call, false, digits)).dest_call_signal_address;
    assert_eq!(goes_to(1, "0123"), transport(&far.signalling));
    assert_eq!(goes_to(2, "00123"), transport(&near.signalling));
    let full = ResourcesAvailableIndicate {
        request_seq_num: Integer::clamped(900),
        endpoint_identifier: near.endpoint_identifier(),
        almost_out_of_resources: true,
        ..ResourcesAvailableIndicate::default()
    };
    let answer = world.ask(&near.ras, &RasMessage::ResourcesAvailableIndicate(full.into()));
    assert!(matches!(answer, RasMessage::ResourcesAvailableConfirm(_)));
    let mut goes_to =
        |call, digits: &str| confirmed(alice.admit(&mut world, call, false, digits)).dest_call_signal_address;
    assert_eq!(goes_to(3, "00123"), transport(&spare.signalling));
}

#[test]
fn the_zone_has_no_more_bandwidth_than_its_limit_and_gets_back_what_ends() {
    let mut world = World::with(|settings| settings.zone_bandwidth = Some(2000));
    let (alice, bob) = rooms(&mut world);
    assert_eq!(confirmed(alice.admit(&mut world, 1, false, "bob")).band_width.get(), 1280);
    // The other side of the same call takes nothing more.
    assert_eq!(confirmed(bob.admit(&mut world, 1, true, "bob")).band_width.get(), 1280);
    assert_eq!(confirmed(alice.admit(&mut world, 2, false, "bob")).band_width.get(), 720);
    assert_eq!(rejected(alice.admit(&mut world, 3, false, "bob")), AdmissionRejectReason::RequestDenied);
    alice.disengage(&mut world, 1);
    bob.disengage(&mut world, 1);
    assert_eq!(world.counter("calls.bandwidth"), 720);
    assert_eq!(confirmed(alice.admit(&mut world, 3, false, "bob")).band_width.get(), 1280);
}

#[test]
fn bandwidth_changes_within_the_limit_and_is_refused_with_what_is_left() {
    let mut world = World::with(|settings| settings.zone_bandwidth = Some(2000));
    let (alice, bob) = rooms(&mut world);
    confirmed(alice.admit(&mut world, 1, false, "bob"));
    let mut change = |room: &Room, call: u8, bandwidth| {
        let request = BandwidthRequest {
            request_seq_num: world.sequence(),
            endpoint_identifier: room.endpoint_identifier(),
            band_width: Integer::clamped(bandwidth),
            call_identifier: Some(crate::world::call_identifier(call)),
            ..BandwidthRequest::default()
        };
        world.ask(&room.ras, &RasMessage::BandwidthRequest(request.into()))
    };
    assert!(matches!(change(&alice, 1, 1900), RasMessage::BandwidthConfirm(c) if c.band_width.get() == 1900));
    match change(&alice, 1, 2100) {
        RasMessage::BandwidthReject(reject) => {
            assert_eq!(reject.reject_reason, BandRejectReason::InsufficientResources);
            assert_eq!(reject.allowed_band_width.get(), 2000);
        }
        other => panic!("{other:?}"),
    }
    // A call of others is nobody else's business.
    let mut carol = Room::new("192.0.2.12", &["carol"]);
    carol.register(&mut world);
    drop(bob);
    let mut change = |room: &Room, call: u8| {
        let request = BandwidthRequest {
            request_seq_num: world.sequence(),
            endpoint_identifier: room.endpoint_identifier(),
            call_identifier: Some(crate::world::call_identifier(call)),
            ..BandwidthRequest::default()
        };
        world.ask(&room.ras, &RasMessage::BandwidthRequest(request.into()))
    };
    assert!(matches!(change(&carol, 1), RasMessage::BandwidthReject(_)));
}

// covers: D-08, D-13
#[test]
fn an_instant_message_takes_no_bandwidth_and_is_no_call() {
    let mut world = World::with(|settings| settings.zone_bandwidth = Some(0));
    let (_, bob) = rooms(&mut world);
    let mut request = bob.admission(&mut world, 1, true, "bob");
    let call_type =
        EnumeratedParameter::new(Feature::Messaging.parameter(1), Content::Number8(Integer::clamped(1)));
    let mut descriptor = Feature::Messaging.advertised();
    descriptor.parameters = Some(BoundedList(vec![call_type]));
    request.generic_data = Some(vec![descriptor]);
    confirmed(world.ask(&bob.ras, &RasMessage::AdmissionRequest(request.into())));
    assert_eq!(world.counter("calls.bandwidth"), 0);
    let report = bob.status(Integer::clamped(9), vec![crate::world::listed(1, Some(world.now.wall.0))]);
    world.send(&bob.ras, &report);
    assert!(world.evidence.iter().all(|(_, evidence)| evidence.key.source != model::Source::Call));
}

#[test]
fn neighbours_and_endpoints_learn_where_an_alias_is_and_strangers_do_not() {
    let mut world = World::with(|settings| settings.neighbours = vec!["198.51.100.0/24".parse().unwrap()]);
    let (alice, bob) = rooms(&mut world);
    let mut locate = |from: &str, identifier: Option<EndpointIdentifier>, name: &str| {
        let request = LocationRequest {
            request_seq_num: world.sequence(),
            endpoint_identifier: identifier,
            destination_info: vec![alias(name)],
            reply_address: transport(from),
            ..LocationRequest::default()
        };
        world.ask(from, &RasMessage::LocationRequest(request.into()))
    };
    for (from, identifier) in
        [("198.51.100.1:1719", None), (alice.ras.as_str(), Some(alice.endpoint_identifier()))]
    {
        match locate(from, identifier, "bob") {
            RasMessage::LocationConfirm(confirm) => {
                assert_eq!(confirm.call_signal_address, transport(&bob.signalling));
                assert_eq!(confirm.ras_address, transport(SERVER));
            }
            other => panic!("{other:?}"),
        }
    }
    // A stranger gets the same answer whether the alias exists or not.
    let mut reason = |name| match locate("203.0.113.1:1719", None, name) {
        RasMessage::LocationReject(reject) => reject.reject_reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason("bob"), reason("nobody"));
}

// covers: D-22
#[test]
fn a_location_request_that_carries_presence_is_not_rejected() {
    let mut world = World::new();
    let request = LocationRequest {
        request_seq_num: Integer::clamped(7),
        generic_data: Some(vec![Feature::Presence.advertised()]),
        ..LocationRequest::default()
    };
    assert!(world.send("198.51.100.1:1719", &RasMessage::LocationRequest(request.into())).is_empty());
}

#[test]
fn the_operator_sees_endpoints_and_calls() {
    let mut world = World::new();
    let (alice, _) = rooms(&mut world);
    confirmed(alice.admit(&mut world, 1, false, "bob"));
    let Outcome::Calls(calls) = world.command(Command::Calls { limit: 10 }) else { panic!() };
    assert_eq!((calls.len(), calls[0].caller.as_str(), calls[0].callee.as_str()), (1, "alice", "bob"));
    assert_eq!(calls[0].state, "admitted");
    let Outcome::Endpoints(endpoints) = world.command(Command::Endpoints { filter: String::new(), limit: 1 })
    else {
        panic!()
    };
    assert_eq!(endpoints.len(), 1);
    assert_eq!(endpoints[0].presentity.as_deref(), Some("alice@example.com"));
}
