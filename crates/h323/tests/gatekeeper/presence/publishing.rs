//! What endpoints publish, by SCI and by RRQ, recorded ones among them.

use super::*;
use h323::wire::presence::{PresenceFeature, PresenceFeatureGeneric, PresenceState as Native};
use model::{Capability, Location, Note, Refusal, Request};

/// What was published, in order.
fn publications(world: &World) -> Vec<Publication> {
    let published = world.wishes.iter().filter_map(|wish| match wish {
        Request::Publish { publication, .. } => Some(Publication::clone(publication)),
        _ => None,
    });
    published.collect()
}

/// Feeds a recorded indication of an endpoint with this alias; gives what it wished.
fn played(name: &str, own: &str) -> World {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &[own]);
    let answers = world.octets(&room.ras, false, &vector(name));
    let [answer] = &answers[..] else { panic!("{name}: {answers:?}") };
    assert_eq!(result(answer), None, "{name}");
    world
}

fn english(text: &str) -> Vec<Note> {
    vec![Note { language: Some("en-US".to_owned()), text: text.to_owned() }]
}

// covers: Q8, Q10, K-3, K-11
#[test]
fn every_recorded_state_is_published_as_it_was_meant() {
    use Capability::{Audio, Data, ExtendedVideo, Video};
    let states = [
        ("rec_sci_ep_Notify_1_away_disp_feat", PresenceState::Away, "Lunch", vec![Audio, Video, oid3()]),
        ("rec_sci_ep_Notify_1_hidden_feat", PresenceState::Hidden, "", vec![oid3()]),
        (
            "rec_sci_ep_Notify_1_notAvailable_disp_feat",
            PresenceState::NotAvailable,
            "Back – später",
            vec![oid3()],
        ),
        ("rec_sci_ep_Notify_1_offline_feat", PresenceState::Offline, "", vec![oid3()]),
        ("rec_sci_ep_Notify_1_onCall_disp_feat", PresenceState::OnCall, "after unsubscribe", vec![oid3()]),
        ("rec_sci_ep_Notify_1_online_disp_feat", PresenceState::Online, "Bob here", vec![oid3()]),
        (
            "lib_sci_ep_notify_features_basic",
            PresenceState::Available,
            "",
            vec![Audio, Video, Data, ExtendedVideo],
        ),
    ];
    for (name, state, text, capabilities) in states {
        let world = played(name, "alice");
        let [publication] = &publications(&world)[..] else { panic!("{name}") };
        assert_eq!(publication.state, state, "{name}");
        assert_eq!(publication.notes, if text.is_empty() { Vec::new() } else { english(text) }, "{name}");
        assert_eq!(publication.capabilities, Some(capabilities), "{name}");
        assert_eq!(publication.at, world.now.wall);
    }
}

#[test]
fn a_state_without_features_and_location_leaves_those_as_they_were() {
    let world = played("rec_sci_ep_Notify_1_voiceMail", "bob");
    let [publication] = &publications(&world)[..] else { panic!() };
    assert_eq!((publication.state, &publication.notes), (PresenceState::VoiceMail, &Vec::new()));
    assert_eq!((&publication.capabilities, &publication.location), (&None, &None));
}

#[test]
fn location_free_text_and_features_of_every_kind_are_published() {
    let world = played("lib_sci_ep_notify_geolocation_full", "alice");
    let text = |text: &str| Some(text.to_owned());
    let expected = Location {
        locale: text("Cologne"),
        region: text("NRW"),
        country: text("Germany"),
        country_code: text("DE"),
        latitude: text("50.9375"),
        longitude: text("6.9603"),
        elevation: text("53"),
    };
    assert_eq!(publications(&world)[0].location, Some(expected));
    let world = played("lib_sci_ep_notify_geolocation_partial", "alice");
    let expected = Location { country_code: text("AU"), latitude: text("-33.86"), ..Location::default() };
    assert_eq!(publications(&world)[0].location, Some(expected));
    let world = played("lib_sci_ep_notify_state_generic_en", "alice");
    let publication = &publications(&world)[0];
    let words = vec![Note { language: text("en"), text: "Gone fishing".to_owned() }];
    assert_eq!((publication.state, &publication.custom), (PresenceState::Custom, &words));
    let world = played("lib_sci_ep_notify_features_generic", "alice");
    let other = |identifier: &str, text: Option<&str>| Capability::Other {
        identifier: identifier.to_owned(),
        text: text.map(str::to_owned),
    };
    let expected = vec![
        other("1.3.6.1.4.1.17090.0.1", Some("Text Messaging")),
        other("18", None),
        other("00112233445566778899aabbccdd004d", None),
    ];
    assert_eq!(publications(&world)[0].capabilities, Some(expected));
}

// covers: Q4, K-4
#[test]
fn an_alias_that_is_not_the_senders_own_is_no_error_and_changes_nothing_for_others() {
    for name in names("lib_sci_ep_notify_alias_") {
        let world = played(&name, "zoe");
        let [Request::Publish { agent: who, .. }] = &world.wishes[..] else { panic!("{name}") };
        assert_eq!(who.number, 1);
    }
    let mut world = World::new();
    present(&mut world, "192.0.2.10", &["alice"]);
    let mallory = present(&mut world, "192.0.2.66", &["mallory"]);
    let offline = Presentity { state: Native::Offline, ..Presentity::default() };
    assert_eq!(indicate(&mut world, &mallory, vec![notify("Alice", offline.clone())]), None);
    let [Request::Publish { agent: who, .. }] = &world.wishes[..] else { panic!() };
    assert_eq!((who.number, world.counter("presence.forged")), (2, 1));
    // A notification about somebody else is nothing at all.
    let PresenceMessage::PresenceNotify(mut forged) = notify("mallory", offline) else { panic!() };
    forged.notification[0].alias_address = Some(alias("alice"));
    assert_eq!(indicate(&mut world, &mallory, vec![PresenceMessage::PresenceNotify(forged)]), None);
    assert_eq!((world.wishes.len(), world.counter("presence.forged")), (1, 2));
}

#[test]
fn presence_from_where_nobody_is_registered_is_refused() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let away = || notify("alice", Presentity { state: Native::Away, ..Presentity::default() });
    // Another port of the same host is another program.
    for peer in ["192.0.2.10:4444", "192.0.2.66:32768"] {
        let indication = indication(&mut world, vec![away()]);
        let answer = world.ask(peer, &indication);
        assert_eq!(result(&answer), Some(ServiceControlResult::NotAvailable));
    }
    assert_eq!((world.wishes.len(), world.counter("presence.strangers")), (0, 2));
    assert_eq!(indicate(&mut world, &alice, vec![away()]), None);
    assert_eq!(world.wishes.len(), 1);
}

#[test]
fn presence_that_was_not_negotiated_is_refused() {
    let mut world = World::new();
    let mut room = Room::new("192.0.2.10", &["alice"]);
    room.register(&mut world);
    let answer = indicate(&mut world, &room, vec![notify("alice", Presentity::default())]);
    assert_eq!(answer, Some(ServiceControlResult::NeededFeatureNotSupported));
    assert_eq!((world.wishes.len(), world.counter("presence.not_negotiated")), (0, 1));
}

// covers: Q1
#[test]
fn all_messages_of_an_element_are_processed() {
    let world = played("lib_sci_ep_instruct_and_notify", "alice");
    assert!(
        matches!(world.wishes[..], [Request::ChangeContact { .. }, Request::Publish { .. }]),
        "{:?}",
        world.wishes
    );
    // The same thing ten times is one thing.
    let world = played("lib_sci_ep_ten_messages", "ep0");
    assert!(matches!(world.wishes[..], [Request::ChangeContact { .. }]), "{:?}", world.wishes);
    let world = played("rec_sci_ep_Notify_1_online_disp_feat_Notify_1_online_disp_feat", "dave");
    assert_eq!(world.wishes.len(), 1);
}

// covers: Q2, Q3
#[test]
fn silence_says_nothing() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let subscribe = PresenceInstruction::Subscribe(person("bob"));
    assert_eq!(indicate(&mut world, &room, vec![instruct("alice", vec![subscribe])]), None);
    for _ in 0..10 {
        world.seconds(30);
        room.refresh(&mut world);
    }
    assert!(publications(&world).is_empty());
}

// covers: K-3
#[test]
fn a_state_in_a_keep_alive_registration_is_published_before_that_is_confirmed() {
    let own = [
        "rec_rrq_ep_light_presence_Status_1_away_disp_feat_geo",
        "rec_rrq_ep_light_presence_Status_1_available_disp_feat_Status_1_available_disp_feat",
    ];
    for name in own {
        let mut world = World::with(|settings| settings.gatekeeper_identifier = "GKTEST".to_owned());
        let room = present(&mut world, "192.0.2.10", &["carol", "5551234"]);
        let RasMessage::RegistrationRequest(mut request) = per::decode(&vector(name)).unwrap() else {
            panic!()
        };
        request.endpoint_identifier = Some(room.endpoint_identifier());
        world.engine_obeys = false;
        let request = RasMessage::RegistrationRequest(request);
        assert!(world.send(&room.ras, &request).is_empty(), "{name}");
        // Its repetition is not another one.
        assert!(world.send(&room.ras, &request).is_empty(), "{name}");
        assert_eq!(publications(&world).len(), 1, "{name}: the same for each alias");
        let (ticket, agent) = world.wishes[0].ticket().unwrap();
        world.apply(Effect::Done { ticket, agent: agent.unwrap() });
        let answers = world.take(room.ras.parse().unwrap());
        assert!(matches!(answers[..], [RasMessage::RegistrationConfirm(_)]), "{answers:?}");
    }
}

// covers: K-3
#[test]
fn a_full_registration_may_carry_a_state_and_a_contact() {
    let RasMessage::RegistrationRequest(recorded) =
        per::decode(&vector("lib_rrq_status_with_instruction")).unwrap()
    else {
        panic!()
    };
    let data = recorded.feature_set.unwrap().supported_features.unwrap();
    for in_generic_data in [false, true] {
        let mut world = World::new();
        let room = Room::new("192.0.2.10", &["alice", "5551234"]);
        let mut request = room.registration(&mut world);
        if in_generic_data {
            request.generic_data = Some(data.clone());
        } else {
            request.feature_set = Some(supported(data.clone()));
        }
        world.engine_obeys = false;
        assert!(world.send(&room.ras, &RasMessage::RegistrationRequest(request.into())).is_empty());
        assert!(matches!(world.wishes[..], [Request::Publish { .. }, Request::ChangeContact { .. }]));
        assert!(world.attending.is_empty());
        for wish in world.wishes.clone() {
            let (ticket, agent) = wish.ticket().unwrap();
            world.apply(Effect::Done { ticket, agent: agent.unwrap() });
        }
        let answers = world.take(room.ras.parse().unwrap());
        assert!(matches!(answers[..], [RasMessage::RegistrationConfirm(_)]), "{answers:?}");
        assert_eq!(world.attending, [1]);
    }
}

// covers: K-3
#[test]
fn an_indication_is_confirmed_when_its_content_is_durable_and_processed_once() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    world.engine_obeys = false;
    let subscribe = PresenceInstruction::Subscribe(person("bob"));
    let away = Presentity { state: Native::Away, ..Presentity::default() };
    let sci = indication(&mut world, vec![instruct("alice", vec![subscribe]), notify("alice", away)]);
    assert!(world.send(&room.ras, &sci).is_empty());
    world.seconds(3);
    assert!(world.send(&room.ras, &sci).is_empty(), "it is still worked on");
    assert_eq!(world.wishes.len(), 2);
    let tickets: Vec<_> = world.wishes.iter().map(|wish| wish.ticket().unwrap().0).collect();
    world.apply(Effect::Done { ticket: tickets[1], agent: agent(1) });
    assert!(world.take(room.ras.parse().unwrap()).is_empty());
    world.apply(Effect::Done { ticket: tickets[0], agent: agent(1) });
    let first = world.take(room.ras.parse().unwrap());
    assert_eq!(first.len(), 1);
    assert_eq!(per::encode(&first[0]).unwrap().len(), 5);
    world.seconds(50);
    assert_eq!(world.send(&room.ras, &sci), first, "the repetition gets the same answer");
    assert_eq!(world.wishes.len(), 2);
}

// covers: K-3
#[test]
fn an_indication_is_read_wherever_its_element_stands() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let states = [Native::Away, Native::Online, Native::OnCall, Native::VoiceMail];
    for (place, state) in states.into_iter().enumerate() {
        let message = vec![notify("alice", Presentity { state, ..Presentity::default() })];
        let element = PresenceElement { message, ..PresenceElement::default() };
        let data = Some(vec![described(&per::encode(&element).unwrap())]);
        let set = match place {
            0 => FeatureSet { needed_features: data.clone(), ..FeatureSet::default() },
            1 => FeatureSet { desired_features: data.clone(), ..FeatureSet::default() },
            _ => FeatureSet { supported_features: data.clone(), ..FeatureSet::default() },
        };
        let sci = ServiceControlIndication {
            request_seq_num: world.sequence(),
            feature_set: (place < 3).then_some(set),
            generic_data: data.filter(|_| place == 3),
            ..ServiceControlIndication::default()
        };
        let answer = world.ask(&room.ras, &RasMessage::ServiceControlIndication(sci.into()));
        assert_eq!((result(&answer), publications(&world).len()), (None, place + 1));
    }
}

// covers: K-3
#[test]
fn the_same_number_with_other_octets_is_another_indication() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let mut sent = Vec::new();
    for state in [Native::Away, Native::Online, Native::Away] {
        let message = vec![notify("alice", Presentity { state, ..Presentity::default() })];
        let mut indication = indication(&mut world, message);
        let RasMessage::ServiceControlIndication(sci) = &mut indication else { panic!() };
        sci.request_seq_num = Integer::clamped(65_535);
        assert_eq!(result(&world.ask(&room.ras, &indication)), None);
        sent.push(publications(&world).len());
    }
    assert_eq!(sent, [1, 2, 2], "the third is a repetition of the first");
}

#[test]
fn an_endpoint_is_told_that_the_engine_refused() {
    let unavailable = Refusal::Unavailable { limit: "contacts" };
    let refusals = [
        (unavailable, ServiceControlResult::NotAvailable),
        (Refusal::NoSuchRequest, ServiceControlResult::Failed),
        (Refusal::Oneself, ServiceControlResult::Failed),
    ];
    for (refusal, expected) in refusals {
        let mut world = World::new();
        let room = present(&mut world, "192.0.2.10", &["alice"]);
        world.engine_obeys = false;
        let sci = indication(&mut world, vec![notify("alice", Presentity::default())]);
        world.send(&room.ras, &sci);
        let (ticket, _) = world.wishes[0].ticket().unwrap();
        world.apply(Effect::Refused { ticket, agent: agent(1), refusal });
        let answers = world.take(room.ras.parse().unwrap());
        assert_eq!(result(&answers[0]), Some(expected));
        assert_eq!(world.counter("presence.refused"), 1);
    }
}

/// Publishes a state and gives what the engine heard.
fn publish(presentity: Presentity) -> Publication {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    assert_eq!(indicate(&mut world, &room, vec![notify("alice", presentity)]), None);
    publications(&world).remove(0)
}

fn display(language: &str, words: &str) -> h323::wire::presence::PresenceDisplay {
    h323::wire::presence::PresenceDisplay {
        language: Some(text(language)),
        display: codec::per::BmpString::new(words).unwrap(),
    }
}

// covers: Q10
#[test]
fn a_canned_text_makes_the_state_it_was_canned_for_whatever_its_language() {
    for (state, words, expected) in [
        (Native::Away, "Idle", PresenceState::Idle),
        (Native::Away, "Gleich zurück", PresenceState::Brb),
        (Native::NotAvailable, "Do not disturb", PresenceState::Dnd),
        (Native::NotAvailable, "Busy", PresenceState::Busy),
        (Native::OnCall, "In a meeting", PresenceState::Meeting),
        (Native::OnCall, "Busy", PresenceState::OnCall),
        (Native::Away, "Gone fishing", PresenceState::Away),
    ] {
        let presentity =
            Presentity { state, display: Some(vec![display("en-US", words)]), ..Presentity::default() };
        let publication = publish(presentity);
        assert_eq!((publication.state, publication.notes), (expected, english(words)));
    }
    let generic = Native::Generic(vec![display("en-US", "Busy")]);
    let publication = publish(Presentity { state: generic, ..Presentity::default() });
    assert_eq!((publication.state, publication.custom), (PresenceState::Busy, english("Busy")));
}

#[test]
fn a_state_tag_says_what_the_state_can_not_and_never_the_opposite() {
    let tagged = |state, tag: &str| {
        let content = Content::Text(text(tag));
        let parameter = EnumeratedParameter::new(Feature::Herald.parameter(50), content);
        let data =
            GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Herald.advertised() };
        let publication =
            publish(Presentity { state, generic_data: Some(vec![data]), ..Presentity::default() });
        (publication.state, publication.qualifier)
    };
    assert_eq!(tagged(Native::Away, "C5;desk"), (PresenceState::Away, Some("desk".to_owned())));
    assert_eq!(tagged(Native::Away, "C8"), (PresenceState::Lunch, None));
    assert_eq!(tagged(Native::Away, "C3;desk"), (PresenceState::Away, None));
    assert_eq!(tagged(Native::Available, "nonsense"), (PresenceState::Available, None));
}

// covers: Q8
#[test]
fn features_are_taken_as_they_come() {
    let generic = PresenceFeatureGeneric {
        identifier: Feature::Presence.identifier(),
        display: Some(text("OID3")),
        ..PresenceFeatureGeneric::default()
    };
    let features =
        vec![PresenceFeature::ExtVideo, PresenceFeature::ExtVideo, PresenceFeature::Generic(generic)];
    let publication = publish(Presentity { supported_features: Some(features), ..Presentity::default() });
    let expected = vec![Capability::ExtendedVideo, Capability::ExtendedVideo, oid3()];
    assert_eq!(publication.capabilities, Some(expected));
}
