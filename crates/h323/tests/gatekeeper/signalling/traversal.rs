//! Endpoints behind address translation: they connect to us when they are told of a call (H.460.18).

use super::line::*;
use crate::presence::inform;
use crate::restart::{restarted_with, snapshot};
use crate::world::{Room, World, transport};
use codec::per::FixedOctets;
use h323::gatekeeper::Settings;
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use h323::wire::q931::message_type;
use h323::wire::signalling_security::SignallingSecurity;
use h323::wire::traversal::IncomingCallIndication;
use link::{ChannelId, Closure, Input};
use model::{DeliveryOutcome, Millis, PresenceState};

/// The address that the translation shows us, and the one that the endpoint has.
const SHOWN: &str = "203.0.113.5";
const OWN: &str = "192.168.1.10";

/// A room behind address translation that writes messages.
fn hidden(name: &str) -> Room {
    let mut room = Room::new(SHOWN, &[name]);
    room.signalling = format!("{OWN}:1720");
    room.said = Some(format!("{OWN}:1719"));
    room.features = vec![Feature::Presence.advertised(), Feature::SignallingTraversal.advertised()];
    room
}

/// Bob behind address translation, and a message for him.
fn under_way(world: &mut World) -> Room {
    let mut bob = hidden("bob");
    bob.register(world);
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    bob
}

fn is_confirmed(features: Option<&FeatureSet>) -> bool {
    let features = features.iter().flat_map(|set| set.supported_features.iter().flatten());
    features.into_iter().any(|data| Feature::of(&data.id) == Some(Feature::SignallingTraversal))
}

/// What a room is told, request for request.
fn told(world: &mut World, room: &Room) -> Vec<ServiceControlIndication> {
    let told = world.take(room.ras.parse().unwrap());
    let indication = |message| match message {
        RasMessage::ServiceControlIndication(indication) => Some(*indication),
        _ => None,
    };
    told.into_iter().filter_map(indication).collect()
}

/// The one call that a room is told of.
fn indicated(world: &mut World, room: &Room) -> (RequestSeqNum, IncomingCallIndication) {
    let told = told(world, room);
    let mut calls = told.iter().filter_map(|indication| {
        let data = indication.generic_data.iter().flatten().find_map(IncomingCallIndication::read)?;
        Some((indication.request_seq_num, data))
    });
    let one = calls.next().expect("a call is indicated");
    assert!(calls.next().is_none());
    one
}

/// The Facility that an endpoint sends first on a connection that it opens for a call.
fn fetching(key: [u8; 16]) -> Vec<u8> {
    let identifier = CallIdentifier { guid: FixedOctets(key), ..CallIdentifier::default() };
    let facility = FacilityUuie {
        reason: FacilityReason::UndefinedReason,
        call_identifier: Some(identifier),
        ..FacilityUuie::default()
    };
    let names = Names { reference: 0, from_destination: false, identifier: key };
    names.message(message_type::FACILITY, MessageBody::Facility(facility.into()), Vec::new())
}

fn fetches(world: &mut World, call: ChannelId, host: &str, key: [u8; 16]) {
    world.connects(call, host);
    world.brings(call, &fetching(key));
}

// covers: D-38
#[test]
fn the_feature_is_confirmed_to_whom_its_address_is_translated_and_to_nobody_else() {
    let confirmed = |room: &mut Room, change: fn(&mut Settings)| {
        let mut world = world_with(change);
        let confirm = room.register(&mut world);
        let RasMessage::RegistrationConfirm(refreshed) = room.refresh(&mut world) else { panic!("refused") };
        let discovery = GatekeeperRequest {
            request_seq_num: world.sequence(),
            ras_address: transport(room.said.as_deref().unwrap_or(&room.ras)),
            feature_set: Some(FeatureSet {
                supported_features: Some(room.features.clone()),
                ..FeatureSet::default()
            }),
            ..GatekeeperRequest::default()
        };
        let RasMessage::GatekeeperConfirm(found) =
            world.ask(&room.ras, &RasMessage::GatekeeperRequest(discovery.into()))
        else {
            panic!("not found")
        };
        let all = [&found.feature_set, &confirm.feature_set, &refreshed.feature_set];
        let all = all.map(|features| is_confirmed(features.as_ref()));
        assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
        all[0]
    };
    assert!(confirmed(&mut hidden("bob"), |_| ()));
    let mut in_the_open = hidden("bob");
    in_the_open.said = None;
    assert!(!confirmed(&mut in_the_open, |_| ()), "its calls come to it as ever");
    let mut deaf = hidden("bob");
    deaf.features.pop();
    assert!(!confirmed(&mut deaf, |_| ()), "it did not offer it");
    assert!(!confirmed(&mut hidden("bob"), |settings| settings.traversal_time_to_live = Millis(0)));
    assert!(!confirmed(&mut hidden("bob"), |settings| settings.call_signal_port = None));
}

// covers: D-38
#[test]
fn its_time_to_live_is_short_enough_to_hold_the_way_open() {
    let mut world = world();
    let mut bob = hidden("bob");
    assert_eq!(bob.register(&mut world).time_to_live.unwrap().get(), 20);
    let request = RegistrationRequest {
        request_seq_num: world.sequence(),
        keep_alive: Some(true),
        time_to_live: Some(codec::per::Integer::clamped(300)),
        endpoint_identifier: Some(bob.endpoint_identifier()),
        ..RegistrationRequest::default()
    };
    let answer = world.ask(&bob.ras, &RasMessage::RegistrationRequest(request.into()));
    let RasMessage::RegistrationConfirm(confirm) = answer else { panic!("{answer:?}") };
    assert_eq!(confirm.time_to_live.unwrap().get(), 20);
}

// covers: D-38
#[test]
fn a_message_is_delivered_on_the_connection_that_the_endpoint_opens() {
    let mut world = world();
    let bob = under_way(&mut world);
    assert!(world.opened.is_empty(), "nobody connects to a private address");
    let (_, call) = indicated(&mut world, &bob);
    assert_eq!(call.call_signalling_address, transport("192.0.2.1:1720"));
    let key = call.call_id.guid.0;
    fetches(&mut world, channel(1), SHOWN, key);
    let setup = world.said_once(channel(1));
    assert_eq!((setup.message_type, setup.names.identifier), (message_type::SETUP, key));
    let names = setup.names.answered();
    world.brings(channel(1), &names.adapt(PROCEEDING));
    world.brings(channel(1), &names.adapt(ALERTING));
    assert_eq!(world.said_once(channel(1)).text.as_deref(), Some("Hello Bob"));
    world.brings(channel(1), &names.adapt(RELEASE));
    assert!(world.has_closed(channel(1)));
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    assert_eq!((world.counter("traversal.indicated"), world.counter("traversal.fetched")), (1, 1));
    assert!(world.opened.is_empty() && world.closed.is_empty());
}

// covers: D-38
#[test]
fn the_facility_may_be_cut_anywhere_and_what_follows_it_is_not_lost() {
    let length = fetching([0; 16]).len();
    for cut in 1..=length {
        let mut world = world();
        let bob = under_way(&mut world);
        let (_, call) = indicated(&mut world, &bob);
        // The keep-alive that follows at once is one packet with it.
        let octets = [fetching(call.call_id.guid.0), vec![3, 0, 0, 4]].concat();
        world.connects(channel(1), SHOWN);
        octets.chunks(cut).for_each(|piece| world.brings(channel(1), piece));
        assert_eq!(world.said_types(channel(1)), [message_type::SETUP], "cut after {cut}");
    }
}

// covers: D-38, D-39
#[test]
fn a_call_and_a_contact_are_told_in_indications_of_their_own() {
    let mut world = world();
    let bob = under_way(&mut world);
    world.apply(inform(1, "alice", PresenceState::OnCall));
    let told = told(&mut world, &bob);
    let features = told.iter().map(|one| {
        let data = one.generic_data.as_deref().unwrap_or_default();
        data.iter().filter_map(|data| Feature::of(&data.id)).collect::<Vec<_>>()
    });
    assert_eq!(
        features.collect::<Vec<_>>(),
        [vec![Feature::SignallingTraversal], vec![Feature::Presence]],
        "{told:?}"
    );
}

// covers: D-38
#[test]
fn an_endpoint_that_does_not_come_is_told_again_and_then_the_message_waits() {
    let mut world = world();
    let bob = under_way(&mut world);
    let (sequence, _) = indicated(&mut world, &bob);
    world.seconds(9);
    let again = told(&mut world, &bob);
    assert!(!again.is_empty() && again.iter().all(|one| one.request_seq_num == sequence), "{again:?}");
    assert!(world.requests.is_empty());
    world.seconds(2);
    assert_eq!(world.concluded(), DeliveryOutcome::Later);
    assert_eq!(world.counter("calls.now"), 0);
    assert!(world.opened.is_empty() && world.closed.is_empty(), "there never was a connection");
}

// covers: D-38
#[test]
fn a_call_is_fetched_once_and_by_nobody_else() {
    let mut world = world();
    let bob = under_way(&mut world);
    let key = indicated(&mut world, &bob).1.call_id.guid.0;
    fetches(&mut world, channel(1), "198.51.100.1", key);
    assert!(world.has_closed(channel(1)), "it is not there that bob registered");
    fetches(&mut world, channel(2), SHOWN, [3; 16]);
    assert!(world.has_closed(channel(2)), "nobody was told of such a call");
    fetches(&mut world, channel(3), SHOWN, key);
    assert_eq!(world.said_once(channel(3)).message_type, message_type::SETUP);
    fetches(&mut world, channel(4), SHOWN, key);
    assert!(world.has_closed(channel(4)));
    assert!(!world.has_closed(channel(3)));
    let told = [world.said_types(channel(1)), world.said_types(channel(2)), world.said_types(channel(4))];
    assert!(told.iter().flatten().all(|kind| *kind == message_type::RELEASE_COMPLETE), "{told:?}");
}

// covers: D-38
#[test]
fn an_ordinary_call_is_passed_on_to_it_octet_for_octet() {
    let mut world = world();
    // The caller knows nothing of messages, so that its calls go their own way otherwise.
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    alice.register(&mut world);
    let mut bob = hidden("bob");
    bob.register(&mut world);
    assert_eq!(granted(&world.admits(&alice, "bob")), (CallModel::GatekeeperRouted, ours()));
    world.connects(channel(1), "192.0.2.10");
    let setup = Names::RECORDED.adapt(ORDINARY_SETUP);
    world.brings(channel(1), &setup);
    let key = indicated(&mut world, &bob).1.call_id.guid.0;
    assert_eq!(key, RECORDED);
    let more = Names::RECORDED.status();
    world.brings(channel(1), &more);
    assert!(world.wires.is_empty(), "there is no connection yet");
    fetches(&mut world, channel(2), SHOWN, key);
    assert_eq!(world.octets_of(channel(2)), [setup, more]);
    let back = Names::RECORDED.answered().adapt(CONNECT);
    world.brings(channel(2), &back);
    assert_eq!(world.octets_of(channel(1)), [back]);
    world.happens(channel(2), Input::Closed { how: Closure::Ended });
    assert!(world.has_closed(channel(1)));
    assert_eq!(world.counter("calls.now"), 0);
}

// covers: D-38
#[test]
fn a_caller_of_one_that_does_not_come_is_told_so() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    let mut bob = hidden("bob");
    bob.register(&mut world);
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &Names::RECORDED.adapt(ORDINARY_SETUP));
    world.seconds(11);
    assert_eq!(world.said_types(channel(1)), [message_type::RELEASE_COMPLETE]);
    assert!(world.has_closed(channel(1)));
    assert!(world.opened.is_empty() && world.closed.is_empty());
}

// covers: D-38
#[test]
fn two_with_the_same_private_address_are_two_and_one_that_moves_is_one() {
    let mut world = world();
    let mut bob = hidden("bob");
    bob.register(&mut world);
    let mut carol = hidden("carol");
    carol.ras = "203.0.113.77:32768".to_owned();
    carol.register(&mut world);
    assert_eq!(world.registered(), 2);
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    assert!(told(&mut world, &carol).is_empty());
    indicated(&mut world, &bob);
    // The translation forgets bob, and shows him elsewhere from his next keep-alive on.
    bob.ras = format!("{SHOWN}:50000");
    bob.refresh(&mut world);
    world.delivers(1, delivery("carol", "bob", "Hello", false));
    indicated(&mut world, &bob);
    // He starts anew and has forgotten his identifier: he is who he was.
    bob.register(&mut world);
    assert_eq!(world.registered(), 2);
    let mut goodbye = bob.clone();
    goodbye.identifier = Some("somebody's else".to_owned());
    let goodbye = goodbye.unregistration(&mut world);
    assert!(matches!(world.ask(&bob.ras, &goodbye), RasMessage::UnregistrationConfirm(_)));
}

// covers: D-38
#[test]
fn after_a_restart_it_is_reached_as_before() {
    let mut world = world();
    let mut bob = hidden("bob");
    bob.register(&mut world);
    let records = snapshot(&mut world);
    let mut world = restarted_with(&world, records, |settings| settings.call_signal_port = Some(PORT));
    world.grant(0);
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    let key = indicated(&mut world, &bob).1.call_id.guid.0;
    fetches(&mut world, channel(1), SHOWN, key);
    assert_eq!(world.said_types(channel(1)), [message_type::SETUP]);
}

// covers: D-37, D-38
#[test]
fn who_can_is_asked_to_come_over_tls() {
    let addresses = [(Some(PORT), transport("192.0.2.1:1720")), (None, transport("192.0.2.1:1300"))];
    for (port, address) in addresses {
        let mut world = world_with(|settings| {
            (settings.call_signal_port, settings.tls_signal_port) = (port, Some(1300));
            settings.tls_required = port.is_none();
        });
        let mut bob = hidden("bob");
        bob.features.push(SignallingSecurity { has_tls: true, tls_address: None }.write());
        bob.register(&mut world);
        world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
        let told = told(&mut world, &bob);
        let data = told[0].generic_data.as_deref().unwrap();
        let call = data.iter().find_map(IncomingCallIndication::read).unwrap();
        assert_eq!(call.call_signalling_address, address);
        let secured = data.iter().find_map(SignallingSecurity::read).unwrap();
        assert_eq!(secured.tls_address, Some("192.0.2.1:1300".parse().unwrap()));
    }
}

// covers: D-38
#[test]
fn a_neighbour_is_not_told_of_an_address_that_takes_no_calls() {
    let mut world = world_with(|settings| settings.neighbours = vec!["192.0.2.99".parse().unwrap()]);
    hidden("bob").register(&mut world);
    let question = LocationRequest {
        request_seq_num: world.sequence(),
        destination_info: vec![crate::world::alias("bob")],
        reply_address: transport("192.0.2.99:1719"),
        ..LocationRequest::default()
    };
    let answer = world.ask("192.0.2.99:1719", &RasMessage::LocationRequest(question.into()));
    assert!(matches!(answer, RasMessage::LocationReject(_)), "{answer:?}");
}
