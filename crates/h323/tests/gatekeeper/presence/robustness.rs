//! Garbage in every place: answered, counted, and nothing else.

use super::*;

/// Places in which an element may stand, each with the message that carries it.
fn carriers(world: &mut World, room: &Room, octets: &[u8]) -> Vec<RasMessage> {
    let data = described(octets);
    let set = |place: usize| {
        let mut set = FeatureSet::default();
        let list = Some(vec![data.clone()]);
        match place {
            0 => set.needed_features = list,
            1 => set.desired_features = list,
            _ => set.supported_features = list,
        }
        set
    };
    let mut messages = Vec::new();
    for place in 0..4 {
        let feature_set = (place < 3).then(|| set(place));
        let generic_data = (place == 3).then(|| vec![data.clone()]);
        let indication = ServiceControlIndication {
            request_seq_num: world.sequence(),
            feature_set: feature_set.clone(),
            generic_data: generic_data.clone(),
            ..ServiceControlIndication::default()
        };
        messages.push(RasMessage::ServiceControlIndication(indication.into()));
        let request = RegistrationRequest {
            request_seq_num: world.sequence(),
            keep_alive: Some(true),
            endpoint_identifier: Some(room.endpoint_identifier()),
            feature_set: feature_set.clone(),
            generic_data: generic_data.clone(),
            ..RegistrationRequest::default()
        };
        messages.push(RasMessage::RegistrationRequest(request.into()));
        let request = RegistrationRequest {
            feature_set,
            generic_data,
            endpoint_identifier: Some(room.endpoint_identifier()),
            ..room.registration(world)
        };
        messages.push(RasMessage::RegistrationRequest(request.into()));
    }
    messages
}

fn is_answered(question: &RasMessage, answer: &RasMessage) -> bool {
    matches!(
        (question, answer),
        (RasMessage::ServiceControlIndication(_), RasMessage::ServiceControlResponse(_))
            | (RasMessage::RegistrationRequest(_), RasMessage::RegistrationConfirm(_))
    )
}

/// The elements of all recorded indications of endpoints and gatekeepers.
fn elements() -> Vec<Vec<u8>> {
    let names = names("rec_sci_").into_iter().chain(names("lib_sci_"));
    let elements = names.filter_map(|name| {
        let RasMessage::ServiceControlIndication(sci) = per::decode(&vector(&name)).unwrap() else {
            return None;
        };
        let data = sci.generic_data?.remove(0);
        match data.parameter(&Feature::Presence.parameter(1))? {
            Content::Raw(octets) => Some(octets.0.clone()),
            _ => None,
        }
    });
    elements.collect()
}

// covers: K-3
#[test]
fn a_truncated_or_damaged_element_is_answered_in_every_place() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let mut random = 12345_u32;
    let mut next = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 16) as usize
    };
    for element in elements() {
        let truncated = element[..next() % element.len()].to_vec();
        let mut damaged = element.clone();
        for _ in 0..3 {
            let at = next() % damaged.len();
            damaged[at] = next() as u8;
        }
        let garbage: Vec<u8> = (0..next() % 60).map(|_| next() as u8).collect();
        for octets in [truncated, damaged, garbage, element] {
            for question in carriers(&mut world, &room, &octets) {
                let answers = world.send(&room.ras, &question);
                assert!(
                    matches!(&answers[..], [answer] if is_answered(&question, answer)),
                    "{octets:02x?}: {answers:?}"
                );
            }
        }
    }
    assert!(world.counter("presence.malformed") > 100);
    assert_eq!(world.registered(), 1);
}

#[test]
fn an_element_that_can_not_be_read_fails_and_the_ones_beside_it_do_not() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let good = per::encode(&PresenceElement {
        message: vec![notify("alice", Presentity::default())],
        ..PresenceElement::default()
    });
    let wrong_kind = GenericData {
        parameters: Some(BoundedList(vec![EnumeratedParameter::new(
            Feature::Presence.parameter(1),
            Content::Bool(true),
        )])),
        ..Feature::Presence.advertised()
    };
    for bad in [described(&[]), described(&[0xff; 40]), wrong_kind] {
        let sci = ServiceControlIndication {
            request_seq_num: world.sequence(),
            generic_data: Some(vec![bad, described(good.as_ref().unwrap())]),
            ..ServiceControlIndication::default()
        };
        let answer = world.ask(&room.ras, &RasMessage::ServiceControlIndication(sci.into()));
        assert_eq!(result(&answer), Some(ServiceControlResult::Failed));
    }
    assert_eq!((world.wishes.len(), world.counter("presence.malformed")), (3, 3));
}

#[test]
fn an_indication_without_presence_is_confirmed_at_once() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    world.engine_obeys = false;
    let bare = || Some(vec![Feature::Presence.advertised()]);
    for generic_data in [None, Some(Vec::new()), bare()] {
        let sci = ServiceControlIndication {
            request_seq_num: world.sequence(),
            generic_data,
            ..ServiceControlIndication::default()
        };
        let answer = world.ask(&room.ras, &RasMessage::ServiceControlIndication(sci.into()));
        assert_eq!(result(&answer), None);
    }
    assert!(world.wishes.is_empty());
}

#[test]
fn a_response_to_nothing_is_counted() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    world.apply(inform(1, "bob", PresenceState::Away));
    let [sent] = &waiting(&mut world, &room)[..] else { panic!() };
    let response = ServiceControlResponse { request_seq_num: sent.request_seq_num, ..Default::default() };
    let response = RasMessage::ServiceControlResponse(response.into());
    // From another host it confirms nothing.
    world.send("192.0.2.66:32768", &response);
    assert_eq!((world.counter("presence.confirmed"), world.counter("ras.unexpected_reply")), (0, 1));
    world.send(&room.ras, &response);
    world.send(&room.ras, &response);
    assert_eq!((world.counter("presence.confirmed"), world.counter("ras.unexpected_reply")), (1, 2));
}

// covers: D-02, D-39
#[test]
fn what_is_of_another_feature_or_a_newer_edition_stands_in_nobodys_way() {
    use h323::wire::presence::PresenceState as Native;
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let unknown = codec::per::UnknownAlternative { index: 5, octets: vec![0x05, 0x00] };
    let newer = vec![
        PresenceMessage::UnknownAlternative(unknown.clone()),
        notify("alice", Presentity { state: Native::UnknownAlternative(unknown), ..Presentity::default() }),
        notify("alice", Presentity { state: Native::Away, ..Presentity::default() }),
    ];
    let element = per::encode(&PresenceElement { message: newer, ..PresenceElement::default() }).unwrap();
    let traversal = GenericData {
        id: GenericIdentifier::Standard(codec::per::ExtensibleInteger(18)),
        parameters: Some(BoundedList(vec![EnumeratedParameter::new(
            GenericIdentifier::Standard(codec::per::ExtensibleInteger(1)),
            Content::Raw(OctetString(vec![0xff; 20])),
        )])),
        ..GenericData::default()
    };
    let both = [described(&element), traversal];
    for order in [[0, 1], [1, 0]] {
        let sci = ServiceControlIndication {
            request_seq_num: world.sequence(),
            generic_data: Some(order.iter().map(|at| both[*at].clone()).collect()),
            ..ServiceControlIndication::default()
        };
        let answer = world.ask(&room.ras, &RasMessage::ServiceControlIndication(sci.into()));
        assert_eq!(result(&answer), None);
    }
    assert_eq!((world.wishes.len(), world.counter("presence.ignored")), (2, 4));
}

#[test]
fn of_what_is_oversized_the_limits_are_kept_and_it_is_counted() {
    use h323::wire::presence::{PresenceDisplay, PresenceFeature, PresenceGeoLocation};
    use model::Request;
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let display = PresenceDisplay { language: None, display: codec::per::BmpString::new("a text").unwrap() };
    let geolocation = PresenceGeoLocation {
        country: Some(text(&"x".repeat(513))),
        region: Some(text(&"x".repeat(512))),
        ..PresenceGeoLocation::default()
    };
    let large = Presentity {
        display: Some(vec![display.clone(); 200]),
        supported_features: Some(vec![PresenceFeature::Audio; 2000]),
        geolocation: Some(geolocation),
        ..Presentity::default()
    };
    assert_eq!(indicate(&mut world, &room, vec![notify("alice", large)]), None);
    let [Request::Publish { publication, .. }] = &world.wishes[..] else { panic!() };
    assert_eq!(publication.notes.len(), 10);
    assert_eq!(publication.capabilities.as_ref().map(Vec::len), Some(32));
    let place = publication.location.clone().unwrap();
    assert_eq!((place.country, place.region.map(|region| region.len())), (None, Some(512)));
    assert_eq!(world.counter("presence.cut"), 1);
    let watched = PresenceAlias { avatar: Some(text(&"y".repeat(600))), ..person("bob") };
    indicate(&mut world, &room, vec![instruct("alice", vec![PresenceInstruction::Subscribe(watched)])]);
    let Request::ChangeContact { card, .. } = &world.wishes[1] else { panic!() };
    assert_eq!((card.avatar.clone(), world.counter("presence.cut")), (None, 2));
    // What is within the limits is not counted.
    let small = Presentity { display: Some(vec![display; 10]), ..Presentity::default() };
    indicate(&mut world, &room, vec![notify("alice", small)]);
    assert_eq!(world.counter("presence.cut"), 2);
    // Nearly the longest that can be written at all.
    let mut huge = vec![0_u8, 1];
    huge.resize(16_000, 0x5a);
    let sci = ServiceControlIndication {
        request_seq_num: world.sequence(),
        generic_data: Some(vec![described(&huge)]),
        ..ServiceControlIndication::default()
    };
    let answer = world.ask(&room.ras, &RasMessage::ServiceControlIndication(sci.into()));
    assert_eq!(result(&answer), Some(ServiceControlResult::Failed));
    assert_eq!((world.wishes.len(), world.counter("presence.malformed")), (3, 1));
}
