//! What is offered is confirmed, every time, and nothing else.

use super::*;
use crate::world::Told;
use link::{Command, Outcome};

fn offered(confirm: &RegistrationConfirm) -> Vec<GenericIdentifier> {
    let set = confirm.feature_set.as_ref();
    assert!(set.is_none_or(|set| !set.replacement_feature_set));
    let features = set.and_then(|set| set.supported_features.as_ref());
    features.into_iter().flatten().map(|data| data.id.clone()).collect()
}

fn discover(world: &mut World, features: Vec<GenericData>) -> Option<FeatureSet> {
    let request = GatekeeperRequest {
        request_seq_num: world.sequence(),
        feature_set: Some(supported(features)),
        ..GatekeeperRequest::default()
    };
    let answer = world.ask("192.0.2.10:32768", &RasMessage::GatekeeperRequest(request.into()));
    let RasMessage::GatekeeperConfirm(confirm) = answer else { panic!("{answer:?}") };
    confirm.feature_set
}

// covers: Q5, Q6, Q7, K-2
#[test]
fn presence_is_confirmed_in_discovery_and_in_every_registration() {
    let mut world = World::new();
    let set = discover(&mut world, vec![Feature::Presence.advertised()]).unwrap();
    assert_eq!(set.supported_features, Some(vec![Feature::Presence.advertised()]));
    let mut room = Room::new("192.0.2.10", &["alice"]);
    let confirm = register(&mut room, &mut world, vec![Feature::Presence.advertised()]);
    assert_eq!(offered(&confirm), [Feature::Presence.identifier()]);
    // The keep-alive says nothing of features, as many endpoints do.
    let RasMessage::RegistrationConfirm(confirm) = room.refresh(&mut world) else { panic!() };
    assert_eq!(offered(&confirm), [Feature::Presence.identifier()]);
}

// covers: K-2
#[test]
fn nothing_is_confirmed_to_an_endpoint_that_offered_nothing() {
    let mut world = World::new();
    assert_eq!(discover(&mut world, Vec::new()), None);
    let mut room = Room::new("192.0.2.10", &["alice"]);
    assert!(register(&mut room, &mut world, Vec::new()).feature_set.is_none());
    let RasMessage::RegistrationConfirm(confirm) = room.refresh(&mut world) else { panic!() };
    assert!(confirm.feature_set.is_none());
    assert!(!world.claims[0].has_presence);
    // It does not know what this would be.
    world.apply(inform(1, "bob", PresenceState::Away));
    assert!(waiting(&mut world, &room).is_empty());
}

#[test]
fn the_first_revision_of_presence_counts_as_none() {
    let obsolete = GenericData {
        id: GenericIdentifier::Oid("1.3.6.1.4.1.17090.0.3".parse().unwrap()),
        ..GenericData::default()
    };
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    assert!(register(&mut room, &mut world, vec![obsolete]).feature_set.is_none());
    assert!(!world.claims[0].has_presence);
}

// covers: K-3
#[test]
fn an_offer_counts_wherever_it_stands() {
    let presence = || Some(vec![Feature::Presence.advertised()]);
    let sets = [
        FeatureSet { needed_features: presence(), ..FeatureSet::default() },
        FeatureSet { desired_features: presence(), ..FeatureSet::default() },
        FeatureSet { supported_features: presence(), ..FeatureSet::default() },
    ];
    let places = sets.into_iter().map(|set| (Some(set), None)).chain([(None, presence())]);
    for (feature_set, generic_data) in places {
        let mut world = World::new();
        let room = Room::new("192.0.2.10", &["alice"]);
        let request = RegistrationRequest { feature_set, generic_data, ..room.registration(&mut world) };
        let answer = world.ask(&room.ras, &RasMessage::RegistrationRequest(request.into()));
        let RasMessage::RegistrationConfirm(confirm) = answer else { panic!("{answer:?}") };
        assert_eq!(offered(&confirm), [Feature::Presence.identifier()]);
        assert!(world.claims[0].has_presence);
    }
}

#[test]
fn heralds_package_is_confirmed_to_who_announced_it() {
    let mut world = World::new();
    assert_eq!(discover(&mut world, vec![package(8)]), Some(supported(vec![package(0b110_1011)])));
    let mut room = Room::new("192.0.2.10", &["alice"]);
    let confirm = register(&mut room, &mut world, vec![package(8)]);
    assert_eq!(confirm.feature_set, Some(supported(vec![package(0b110_1011)])));
    let claim = &world.claims[0];
    assert_eq!((claim.has_presence, claim.has_messaging), (false, true));
    // Without a version it is no announcement.
    let mut room = Room::new("192.0.2.11", &["bob"]);
    let confirm = register(&mut room, &mut world, vec![Feature::Herald.advertised()]);
    assert!(confirm.feature_set.is_none());
}

// covers: Q22
#[test]
fn a_product_known_for_messages_is_claimed_to_take_them() {
    let mut world = World::new();
    let answers = world.octets("127.0.0.1:45768", false, &vector("rec_rrq_ep_full"));
    assert!(matches!(answers[..], [RasMessage::RegistrationReject(_)]), "it is for another gatekeeper");
    let mut world = World::with(|settings| settings.gatekeeper_identifier = "GKTEST".to_owned());
    world.octets("127.0.0.1:45768", false, &vector("rec_rrq_ep_full"));
    let claim = &world.claims[0];
    assert_eq!((claim.has_presence, claim.has_messaging), (false, true));
    let Outcome::Endpoints(list) = world.command(Command::Endpoints { filter: String::new(), limit: 9 })
    else {
        panic!()
    };
    assert_eq!(list[0].product.as_deref(), Some("Project h323client 1.0.1 (H323plus v1.28.0)"));
    // An unknown product that offers nothing is not.
    let mut room = Room::new("192.0.2.10", &["alice"]);
    register(&mut room, &mut world, Vec::new());
    assert!(!world.claims[1].has_messaging);
}

#[test]
fn a_recorded_registration_with_presence_is_claimed_and_attends() {
    let mut world = World::with(|settings| settings.gatekeeper_identifier = "GKTEST".to_owned());
    let answers = world.octets("127.0.0.1:60490", false, &vector("rec_rrq_ep_full_presence_2"));
    let [RasMessage::RegistrationConfirm(confirm)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(offered(confirm), [Feature::Presence.identifier()]);
    assert!(world.claims[0].has_presence);
    assert_eq!(world.claims[0].device, "127.0.0.11:1720");
    assert_eq!(world.attending, [1]);
}

// covers: K-7
#[test]
fn every_full_registration_attends_and_no_keep_alive() {
    let mut world = World::new();
    let mut room = present(&mut world, "192.0.2.10", &["alice"]);
    assert_eq!(world.attending, [1]);
    room.refresh(&mut world);
    assert_eq!(world.attending, [1]);
    register(&mut room, &mut world, vec![Feature::Presence.advertised()]);
    assert_eq!((world.attending.as_slice(), world.claims.len()), (&[1, 1][..], 1));
    // Not who takes part in nothing.
    let mut other = Room::new("192.0.2.11", &["bob"]);
    other.register(&mut world);
    assert_eq!(world.attending.len(), 2);
}

#[test]
fn an_endpoint_that_offers_another_set_of_features_is_claimed_again() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    assert!(!world.claims[0].has_presence);
    register(&mut room, &mut world, vec![Feature::Presence.advertised()]);
    assert!(world.claims[1].has_presence && world.claims[1].has_messaging);
    register(&mut room, &mut world, Vec::new());
    assert!(!world.claims[2].has_presence && !world.claims[2].has_messaging);
    assert_eq!(world.claims.len(), 3);
}

#[test]
fn a_keep_alive_may_offer_presence_later() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let request = RegistrationRequest {
        request_seq_num: world.sequence(),
        keep_alive: Some(true),
        endpoint_identifier: Some(room.endpoint_identifier()),
        feature_set: Some(supported(vec![Feature::Presence.advertised()])),
        ..RegistrationRequest::default()
    };
    let answer = world.ask(&room.ras, &RasMessage::RegistrationRequest(request.into()));
    let RasMessage::RegistrationConfirm(confirm) = answer else { panic!("{answer:?}") };
    assert_eq!(offered(&confirm), [Feature::Presence.identifier()]);
    assert!(world.claims[1].has_presence);
    assert_eq!(world.attending, [1]);
}

// covers: K-8
#[test]
fn only_an_endpoints_own_word_is_a_farewell() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    present(&mut world, "192.0.2.11", &["bob"]);
    let goodbye = alice.unregistration(&mut world);
    assert!(matches!(world.ask(&alice.ras, &goodbye), RasMessage::UnregistrationConfirm(_)));
    assert_eq!(world.farewells, [1]);
    // The other falls silent.
    world.seconds(120);
    assert!(world.told.iter().any(|told| matches!(told, Told::Depart(2, _))));
    assert_eq!(world.farewells, [1]);
}

#[test]
fn what_was_negotiated_survives_a_restart() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    register(&mut room, &mut world, vec![Feature::Presence.advertised(), package(8)]);
    let records = link::Link::snapshot(&mut world.gatekeeper, world.now, usize::MAX);
    let mut restarted = World::new();
    for record in records {
        link::Link::restore(&mut restarted.gatekeeper, restarted.now, record);
    }
    link::Link::timeout(&mut restarted.gatekeeper, restarted.now);
    restarted.drain();
    assert!(restarted.claims[0].has_presence && restarted.claims[0].has_messaging);
    assert_eq!(restarted.attending, [1], "nobody else would ask for what it missed");
    let RasMessage::RegistrationConfirm(confirm) = room.refresh(&mut restarted) else { panic!() };
    assert_eq!(offered(&confirm), [Feature::Presence.identifier(), Feature::Herald.identifier()]);
}

#[test]
fn an_endpoint_that_answers_an_instant_message_is_claimed_to_take_them() {
    let mut world = World::new();
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    alice.register(&mut world);
    let mut bob = Room::new("192.0.2.11", &["bob"]);
    bob.register(&mut world);
    assert!(!world.claims[1].has_messaging);
    let marked = |mut request: AdmissionRequest| {
        let one = Content::Number8(Integer::clamped(1));
        let parameter = EnumeratedParameter::new(Feature::Messaging.parameter(1), one);
        let data =
            GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Messaging.advertised() };
        request.generic_data = Some(vec![data]);
        RasMessage::AdmissionRequest(request.into())
    };
    let request = alice.admission(&mut world, 1, false, "bob");
    world.ask(&alice.ras, &RasMessage::AdmissionRequest(request.into()));
    let request = bob.admission(&mut world, 1, true, "bob");
    world.ask(&bob.ras, &marked(request));
    assert_eq!((world.claims.len(), world.claims[2].agent.number), (3, 2));
    assert!(world.claims[2].has_messaging);
    // The same thing again is no news.
    let request = bob.admission(&mut world, 1, true, "bob");
    world.ask(&bob.ras, &marked(request));
    assert_eq!(world.claims.len(), 3);
    // And it stays known over a new registration of the same product.
    bob.register(&mut world);
    assert_eq!((world.claims.len(), world.attending.last()), (3, Some(&2)));
}
