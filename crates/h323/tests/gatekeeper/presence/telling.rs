//! What endpoints are told: in which form and words.

use super::*;
use h323::wire::presence::{PresenceFeature, PresenceState as Native};
use model::{Capability, Location, Note};

/// Asserts that an endpoint has been told what a gatekeeper was recorded to say, octet for octet but the number.
pub fn assert_sent_as(world: &mut World, room: &Room, name: &str) {
    let [sent] = &waiting(world, room)[..] else { panic!("{name}: one indication") };
    let RasMessage::ServiceControlIndication(mut recorded) = per::decode(&vector(name)).unwrap() else {
        panic!()
    };
    recorded.request_seq_num = sent.request_seq_num;
    let encode = |sci: ServiceControlIndication| {
        per::encode(&RasMessage::ServiceControlIndication(sci.into())).unwrap()
    };
    assert_eq!(encode(sent.clone()), encode(*recorded), "{name}");
    confirm(world, room, sent);
}

/// An endpoint that has been told of one contact; what it was told of it.
fn told(world: &mut World, room: &Room, effect: Effect) -> Presentity {
    world.apply(effect);
    let heard = listen(world, room);
    let [message] = &heard[..] else { panic!("{heard:?}") };
    notifications(message).remove(0).1
}

// covers: Q28
#[test]
fn contacts_and_states_are_told_octet_for_octet_as_a_deployed_gatekeeper_does() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let bob = present(&mut world, "192.0.2.11", &["bob"]);
    let carol = present(&mut world, "192.0.2.12", &["carol"]);
    world.apply(listed(1, &[("bob", ContactStatus::Pending)]));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Instruct_pending");
    world.apply(listed(1, &[("bob", ContactStatus::Subscribed)]));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Instruct_subscribe");
    world.apply(listed(3, &[("alice", ContactStatus::Removed)]));
    assert_sent_as(&mut world, &carol, "rec_sci_gk_Instruct_unsubscribe");
    world.apply(inform(1, "bob", PresenceState::Online));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Notify_1_online_from");
    world.apply(inform(2, "alice", PresenceState::Offline));
    assert_sent_as(&mut world, &bob, "rec_sci_gk_Notify_1_offline_from");
    let with_features = |state, capabilities: Vec<Capability>, notes| Publication {
        capabilities: Some(capabilities),
        notes,
        ..published(state)
    };
    world.apply(inform_of(1, "bob", with_features(PresenceState::OnCall, vec![oid3()], vec![])));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Notify_1_onCall_feat_from");
    let notes = vec![note("en-US", "Back – später")];
    world.apply(inform_of(1, "bob", with_features(PresenceState::NotAvailable, vec![oid3()], notes)));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Notify_1_notAvailable_disp_feat_from");
    let (features, notes) =
        (vec![Capability::Audio, Capability::Video, oid3()], vec![note("en-US", "Lunch")]);
    world.apply(inform_of(2, "alice", with_features(PresenceState::Away, features, notes)));
    assert_sent_as(&mut world, &bob, "rec_sci_gk_Notify_1_away_disp_feat_from");
    world.apply(asked(2, 7, "bob", "alice", ContactCard::default()));
    let [sci] = &waiting(&mut world, &bob)[..] else { panic!() };
    let PresenceMessage::PresenceAuthorize(request) = message(sci) else { panic!() };
    assert_eq!((&request.alias, request.subscription[0].approved), (&alias("bob"), None));
    assert_eq!(request.subscription[0].identifier.guid.0, [7; 16]);
}

#[test]
fn every_form_of_a_location_goes_out_as_it_came_in() {
    let mut world = World::new();
    let bob = present(&mut world, "192.0.2.11", &["bob"]);
    let text = |text: &str| Some(text.to_owned());
    let location = Location {
        locale: text("Koeln"),
        region: text("NRW"),
        country: text("Germany"),
        country_code: text("DE"),
        latitude: text("50.9375N"),
        longitude: text("6.9603E"),
        elevation: text("53m"),
    };
    let publication = Publication {
        location: Some(location),
        capabilities: Some(vec![
            Capability::Audio,
            Capability::Video,
            Capability::Data,
            Capability::ExtendedVideo,
            oid3(),
        ]),
        notes: vec![note("en-US", "Away now")],
        ..published(PresenceState::Away)
    };
    world.apply(inform_of(1, "alice", publication));
    assert_sent_as(&mut world, &bob, "rec_sci_gk_Notify_1_away_disp_feat_geo_from");
}

// covers: D-44
#[test]
fn a_change_of_state_costs_a_watcher_one_datagram_of_at_most_200_octets() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let publication = Publication {
        notes: vec![note("en-US", "in the workshop")],
        capabilities: Some(vec![Capability::Audio, Capability::Video, oid3()]),
        ..published(PresenceState::Dnd)
    };
    world.apply(inform_of(1, "bob.of.the.second.floor", publication));
    let sent = waiting(&mut world, &alice);
    assert_eq!(sent.len(), 1);
    let octets = per::encode(&RasMessage::ServiceControlIndication(sent[0].clone().into())).unwrap();
    assert!(octets.len() <= 200, "{}", octets.len());
    confirm(&mut world, &alice, &sent[0]);
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
}

// covers: K-8
#[test]
fn one_in_hiding_is_offline_without_a_word_to_watchers_and_who_leaves_may_leave_one() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    for state in [PresenceState::Offline, PresenceState::Hidden] {
        let publication = Publication {
            notes: vec![note("en", "at home")],
            capabilities: Some(vec![Capability::Audio]),
            location: Some(Location { country: Some("France".to_owned()), ..Location::default() }),
            ..published(state)
        };
        let told = told(&mut world, &alice, inform_of(1, "bob", publication));
        assert_eq!(told.display.is_some(), state == PresenceState::Offline);
        assert_eq!(
            Presentity { display: None, ..told },
            Presentity { state: Native::Offline, ..Presentity::default() }
        );
    }
}

#[test]
fn what_was_inferred_carries_no_reason_to_watchers() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let bob = named("bob");
    let document = document(&bob.address, PresenceState::OnCall, None);
    let effect = Effect::Inform { agent: agent(1), contact: bob.clone(), document };
    let told = told(&mut world, &alice, effect);
    assert_eq!(told, Presentity { state: Native::OnCall, ..Presentity::default() });
    // Of somebody of whom nothing is known nothing is told.
    let document = super::document(&bob.address, PresenceState::Unknown, None);
    world.apply(Effect::Inform { agent: agent(1), contact: bob, document });
    assert!(waiting(&mut world, &alice).is_empty());
}

// covers: Q9
#[test]
fn free_text_goes_as_the_nearest_plain_state_to_endpoints_that_read_it_wrongly() {
    let mut world = World::with(|settings| settings.generic_states_to = vec!["room*".to_owned()]);
    let plain = present(&mut world, "192.0.2.10", &["alice"]);
    let configured = present(&mut world, "192.0.2.11", &["Room 7"]);
    let mut announced = Room::new("192.0.2.12", &["dave"]);
    register(&mut announced, &mut world, vec![Feature::Presence.advertised(), package(0)]);
    let words = vec![note("en-US", "Gone fishing"), note("de-DE", "Beim Angeln")];
    let custom = Publication { custom: words, ..published(PresenceState::Custom) };
    let state = told(&mut world, &plain, inform_of(1, "bob", custom.clone()));
    assert_eq!(state.state, Native::Available);
    assert_eq!(texts(&state), ["Gone fishing", "Beim Angeln"]);
    for (number, room) in [(2, &configured), (3, &announced)] {
        let state = told(&mut world, room, inform_of(number, "bob", custom.clone()));
        let Native::Generic(list) = &state.state else { panic!("{state:?}") };
        assert_eq!((list.len(), list[1].language.clone()), (2, Some(text("de-DE"))));
        assert_eq!(state.generic_data.is_some(), number == 3, "the state tag");
    }
    for (state, native, canned) in [
        (PresenceState::Busy, Native::NotAvailable, "Busy"),
        (PresenceState::Meeting, Native::NotAvailable, "In a meeting"),
    ] {
        let fallback = told(&mut world, &plain, inform(1, "bob", state));
        assert_eq!((&fallback.state, texts(&fallback)), (&native, vec![canned.to_owned()]));
        let generic = told(&mut world, &configured, inform(2, "bob", state));
        assert!(matches!(&generic.state, Native::Generic(list) if list[0].display.to_string() == canned));
    }
}

// covers: Q29
#[test]
fn only_who_announced_the_package_gets_generic_data_of_a_presentity() {
    let mut world = World::with(|settings| settings.generic_states_to = vec!["room*".to_owned()]);
    let rooms =
        [present(&mut world, "192.0.2.10", &["alice"]), present(&mut world, "192.0.2.11", &["Room 7"])];
    let mut announced = Room::new("192.0.2.12", &["dave"]);
    register(&mut announced, &mut world, vec![Feature::Presence.advertised(), package(0)]);
    for state in [PresenceState::Away, PresenceState::Lunch, PresenceState::Busy, PresenceState::Custom] {
        let custom = vec![note("en", "Gone fishing")];
        let publication = Publication { qualifier: Some("desk".to_owned()), custom, ..published(state) };
        for (number, room) in (1..).zip(&rooms) {
            let told = told(&mut world, room, inform_of(number, "bob", publication.clone()));
            assert_eq!(told.generic_data, None, "{state:?}");
        }
        let told = told(&mut world, &announced, inform_of(3, "bob", publication));
        assert!(told.generic_data.is_some(), "{state:?}");
    }
}

// covers: Q10
#[test]
fn texts_keep_their_languages_and_what_the_user_wrote_comes_first() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let notes = vec![note("fr", "à l'atelier"), Note { language: None, text: "😀 back at 5".to_owned() }];
    let publication = Publication { notes, ..published(PresenceState::Brb) };
    let state = told(&mut world, &alice, inform_of(1, "bob", publication));
    assert_eq!(texts(&state), ["à l'atelier", "😀 back at 5", "Be right back"]);
    let display = state.display.unwrap();
    assert_eq!(display[0].language, Some(text("fr")));
    assert_eq!(&display[1].display.units()[..2], [0xd83d, 0xde00]);
    // A canned text in the user's own language is not said twice.
    let publication =
        Publication { notes: vec![note("de", "Gleich zurück")], ..published(PresenceState::Brb) };
    let state = told(&mut world, &alice, inform_of(1, "bob", publication));
    assert_eq!(texts(&state), ["Gleich zurück"]);
}

#[test]
fn a_long_text_is_cut_between_characters() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let said = |world: &mut World, text: String| {
        let notes = vec![Note { language: None, text }];
        let publication = Publication { notes, ..published(PresenceState::Away) };
        texts(&told(world, &alice, inform_of(1, "bob", publication)))
    };
    assert_eq!(said(&mut world, "x".repeat(128)), ["x".repeat(128)]);
    assert_eq!(said(&mut world, "x".repeat(129)), ["x".repeat(127) + "…"]);
    assert_eq!(said(&mut world, "😀".repeat(64)), ["😀".repeat(64)]);
    assert_eq!(said(&mut world, "😀".repeat(65)), ["😀".repeat(63) + "…"]);
    assert!(said(&mut world, String::new()).is_empty());
}

// covers: K-12
#[test]
fn an_alias_with_a_percent_sign_is_never_shown() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let contact = |kind: &str, original: &str, address: &str| Contact {
        name: NamedAddress {
            address: Address::parse(address).unwrap(),
            kind: kind.to_owned(),
            original: original.to_owned(),
        },
        status: ContactStatus::Subscribed,
        card: ContactCard::default(),
    };
    let contacts = vec![
        contact("url-ID", "h323:bob%20b@example.com", "bob b@example.com"),
        contact("h323-ID", "100%", "100%@example.com"),
        contact("jid", "carol@example.com/desk", "carol@example.com"),
        contact("mobileUIM", "msisdn:447700900123;imsi:234150000000000", "+447700900123@example.com"),
    ];
    world.apply(Effect::Listed { agent: agent(1), contacts });
    let heard = listen(&mut world, &alice);
    let [PresenceMessage::PresenceInstruct(list)] = &heard[..] else { panic!("{heard:?}") };
    let shown: Vec<_> = list
        .instruction
        .iter()
        .map(|instruction| match instruction {
            PresenceInstruction::Subscribe(contact) => Alias::from_wire(&contact.alias).unwrap().text(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(shown, ["bob b", "carol", "msisdn:447700900123"]);
    assert_eq!(world.counter("presence.not_shown"), 1);
}

#[test]
fn an_endpoint_is_asked_under_the_alias_that_was_asked_for() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["Room 7", "4711"]);
    world.apply(asked(1, 1, "4711", "bob", ContactCard::default()));
    world.apply(asked(1, 2, "room 7", "carol", ContactCard::default()));
    let heard = listen(&mut world, &room);
    let aliases: Vec<_> = heard
        .iter()
        .map(|message| match message {
            PresenceMessage::PresenceAuthorize(request) => {
                assert_eq!(request.alias, request.subscription[0].subscribe);
                request.alias.clone()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(aliases, [alias("4711"), alias("Room 7")]);
}

#[test]
fn features_are_shown_in_the_order_in_which_they_were_published() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let capabilities = Some(vec![
        Capability::Other { identifier: "18".to_owned(), text: None },
        Capability::Data,
        Capability::Other { identifier: "no identifier".to_owned(), text: None },
    ]);
    let publication = Publication { capabilities, ..published(PresenceState::Available) };
    let told = told(&mut world, &alice, inform_of(1, "bob", publication));
    let [PresenceFeature::Generic(first), PresenceFeature::Data] = &told.supported_features.unwrap()[..]
    else {
        panic!()
    };
    assert!(matches!(&first.identifier, GenericIdentifier::Standard(number) if number.0 == 18));
}

/// The presentity that an indication publishes first.
fn presentity_in(octets: &[u8]) -> Option<Presentity> {
    let RasMessage::ServiceControlIndication(sci) = per::decode(octets).unwrap() else { panic!() };
    match message_of(&sci)? {
        PresenceMessage::PresenceNotify(mut notify) => Some(notify.notification.remove(0).presentity),
        _ => None,
    }
}

fn message_of(sci: &ServiceControlIndication) -> Option<PresenceMessage> {
    let data = sci.generic_data.as_ref()?.first()?;
    let Content::Raw(octets) = data.parameter(&Feature::Presence.parameter(1))? else { return None };
    let element: PresenceElement = per::decode(&octets.0).unwrap();
    element.message.into_iter().next()
}

#[test]
fn every_state_arrives_as_it_was_published_text_features_and_location_included() {
    let mut seen = 0;
    for name in names("rec_sci_ep_Notify").into_iter().chain(names("lib_sci_ep_notify")) {
        let mut world = World::with(|settings| settings.generic_states_to = vec!["*".to_owned()]);
        let alice = present(&mut world, "192.0.2.10", &["alice"]);
        let bob = present(&mut world, "192.0.2.11", &["bob"]);
        world.octets(&bob.ras, false, &vector(&name));
        let Some(model::Request::Publish { publication, .. }) = world.wishes.pop() else { panic!("{name}") };
        let mut expected = presentity_in(&vector(&name)).unwrap();
        if matches!(expected.state, Native::Hidden | Native::Offline) {
            expected = Presentity { state: Native::Offline, ..Presentity::default() };
        }
        assert_eq!(told(&mut world, &alice, inform_of(1, "bob", *publication)), expected, "{name}");
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}
