//! What endpoints are told: in which form, how fast, and until they confirm it.

use super::*;
use h323::wire::presence::{PresenceFeature, PresenceState as Native};
use model::{Capability, Location, Millis, Note};

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

fn note(language: &str, text: &str) -> Note {
    Note { language: Some(language.to_owned()), text: text.to_owned() }
}

fn oid3() -> Capability {
    Capability::Other { identifier: "1.3.6.1.4.1.17090.0.12".to_owned(), text: Some("OID3".to_owned()) }
}

/// An endpoint that has been told of one contact; what it was told of it.
fn told(world: &mut World, room: &Room, effect: Effect) -> Presentity {
    world.effect(effect);
    let heard = listen(world, room);
    let [message] = &heard[..] else { panic!("{heard:?}") };
    notifications(message).remove(0).1
}

// covers: Q28, checklist-5
#[test]
fn contacts_and_states_are_told_octet_for_octet_as_a_deployed_gatekeeper_does() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let bob = present(&mut world, "192.0.2.11", &["bob"]);
    let carol = present(&mut world, "192.0.2.12", &["carol"]);
    world.effect(listed(1, &[("bob", ContactStatus::Pending)]));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Instruct_pending");
    world.effect(listed(1, &[("bob", ContactStatus::Subscribed)]));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Instruct_subscribe");
    world.effect(listed(3, &[("alice", ContactStatus::Removed)]));
    assert_sent_as(&mut world, &carol, "rec_sci_gk_Instruct_unsubscribe");
    world.effect(inform(1, "bob", PresenceState::Online));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Notify_1_online_from");
    world.effect(inform(2, "alice", PresenceState::Offline));
    assert_sent_as(&mut world, &bob, "rec_sci_gk_Notify_1_offline_from");
    let with_features = |state, capabilities: Vec<Capability>, notes| Publication {
        capabilities: Some(capabilities),
        notes,
        ..published(state)
    };
    world.effect(inform_of(1, "bob", with_features(PresenceState::OnCall, vec![oid3()], vec![])));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Notify_1_onCall_feat_from");
    let notes = vec![note("en-US", "Back – später")];
    world.effect(inform_of(1, "bob", with_features(PresenceState::NotAvailable, vec![oid3()], notes)));
    assert_sent_as(&mut world, &alice, "rec_sci_gk_Notify_1_notAvailable_disp_feat_from");
    let (features, notes) =
        (vec![Capability::Audio, Capability::Video, oid3()], vec![note("en-US", "Lunch")]);
    world.effect(inform_of(2, "alice", with_features(PresenceState::Away, features, notes)));
    assert_sent_as(&mut world, &bob, "rec_sci_gk_Notify_1_away_disp_feat_from");
    world.effect(asked(2, 7, "bob", "alice", ContactCard::default()));
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
    world.effect(inform_of(1, "alice", publication));
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
    world.effect(inform_of(1, "bob.of.the.second.floor", publication));
    let sent = waiting(&mut world, &alice);
    assert_eq!(sent.len(), 1);
    let octets = per::encode(&RasMessage::ServiceControlIndication(sent[0].clone().into())).unwrap();
    assert!(octets.len() <= 200, "{}", octets.len());
    confirm(&mut world, &alice, &sent[0]);
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
}

// covers: Q1, D-03, checklist-5
#[test]
fn long_lists_are_split_over_indications_of_at_most_ten_entries() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let contacts: Vec<String> = (0..25).map(|number| format!("contact{number}")).collect();
    let list: Vec<_> = contacts.iter().map(|name| (name.as_str(), ContactStatus::Subscribed)).collect();
    world.effect(listed(1, &list));
    for name in &contacts {
        world.effect(inform(1, name, PresenceState::Available));
    }
    let heard = listen(&mut world, &alice);
    let sizes: Vec<_> = heard
        .iter()
        .map(|message| match message {
            PresenceMessage::PresenceInstruct(instruct) => ("list", instruct.instruction.len()),
            PresenceMessage::PresenceNotify(notify) => ("states", notify.notification.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("list", 10), ("list", 10), ("list", 5), ("states", 10), ("states", 10), ("states", 5)];
    assert_eq!(sizes, expected);
}

// covers: D-03
#[test]
fn no_datagram_is_larger_than_the_budget_and_ten_thousand_contacts_all_arrive() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let contacts: Vec<String> = (0..10_000).map(|n| format!("somebody with a long name {n}")).collect();
    let list: Vec<_> = contacts.iter().map(|name| (name.as_str(), ContactStatus::Subscribed)).collect();
    world.effect(listed(1, &list));
    for name in &contacts {
        let notes = vec![note("en", "a text that takes some room in a datagram")];
        world.effect(inform_of(1, name, Publication { notes, ..published(PresenceState::Away) }));
    }
    let (mut listed, mut informed) = (0, 0);
    loop {
        let sent = waiting(&mut world, &alice);
        if sent.is_empty() {
            break;
        }
        for sci in sent {
            let octets = per::encode(&RasMessage::ServiceControlIndication(sci.clone().into())).unwrap();
            assert!(octets.len() <= 1200, "{}", octets.len());
            match message(&sci) {
                PresenceMessage::PresenceInstruct(instruct) => listed += instruct.instruction.len(),
                PresenceMessage::PresenceNotify(notify) => informed += notify.notification.len(),
                other => panic!("{other:?}"),
            }
            confirm(&mut world, &alice, &sci);
        }
    }
    assert_eq!((listed, informed), (10_000, 10_000));
    assert_eq!(world.counter("presence.outbox_full"), 0);
}

// covers: D-03, checklist-5
#[test]
fn the_next_indication_leaves_at_the_confirmation_of_the_last_or_ten_milliseconds_later() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    for name in ["bob", "carol", "dave"] {
        world.effect(listed(1, &[(name, ContactStatus::Subscribed)]));
        world.effect(inform(1, name, PresenceState::Away));
    }
    let first = waiting(&mut world, &alice);
    assert_eq!(first.len(), 1);
    world.pass(Millis(9));
    assert!(waiting(&mut world, &alice).is_empty());
    world.pass(Millis(1));
    let second = waiting(&mut world, &alice);
    assert_eq!(second.len(), 1, "ten milliseconds are over");
    // The confirmation of one before the last is no sign that the endpoint has kept up.
    confirm(&mut world, &alice, &first[0]);
    assert!(waiting(&mut world, &alice).is_empty());
    confirm(&mut world, &alice, &second[0]);
    assert_eq!(waiting(&mut world, &alice).len(), 1);
}

// covers: Q26, checklist-7
#[test]
fn the_newest_state_takes_the_place_of_one_that_waits() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.effect(inform(1, "bob", PresenceState::Available));
    let [first] = &waiting(&mut world, &alice)[..] else { panic!() };
    // While that one is not confirmed, no second about the same contact leaves.
    for state in [PresenceState::Away, PresenceState::OnCall, PresenceState::NotAvailable] {
        world.effect(inform(1, "bob", state));
    }
    world.pass(Millis(100));
    assert!(waiting(&mut world, &alice).is_empty());
    confirm(&mut world, &alice, first);
    let heard = listen(&mut world, &alice);
    assert_eq!(heard.len(), 1);
    assert_eq!(notifications(&heard[0])[0].1.state, Native::NotAvailable);
}

// covers: checklist-5
#[test]
fn what_is_not_confirmed_is_repeated_twice_and_then_gives_way_to_what_is_newer() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.effect(inform(1, "bob", PresenceState::Available));
    let first = waiting(&mut world, &alice);
    for _ in 0..2 {
        world.seconds(3);
        assert_eq!(waiting(&mut world, &alice), first, "the same number and octets");
    }
    world.effect(inform(1, "bob", PresenceState::Away));
    world.seconds(3);
    // The newer one was held back until the older was given up.
    let second = waiting(&mut world, &alice);
    assert_eq!(notifications(&message(&second[0]))[0].1.state, Native::Away);
    world.seconds(9);
    assert_eq!(waiting(&mut world, &alice).len(), 2);
    assert_eq!(world.counter("presence.unconfirmed"), 1);
    world.seconds(20);
    assert!(waiting(&mut world, &alice).is_empty());
}

#[test]
fn an_endpoint_that_comes_back_is_told_what_it_never_confirmed() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.effect(inform(1, "bob", PresenceState::Away));
    world.seconds(15);
    assert_eq!(waiting(&mut world, &alice).len(), 3);
    let request = RegistrationRequest {
        request_seq_num: world.sequence(),
        keep_alive: Some(true),
        endpoint_identifier: Some(alice.endpoint_identifier()),
        ..RegistrationRequest::default()
    };
    let answers = world.send(&alice.ras, &RasMessage::RegistrationRequest(request.into()));
    let [RasMessage::RegistrationConfirm(_), RasMessage::ServiceControlIndication(again)] = &answers[..]
    else {
        panic!("{answers:?}")
    };
    assert_eq!(notifications(&message(again))[0].1.state, Native::Away);
    confirm(&mut world, &alice, again);
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
    assert_eq!(world.counter("presence.confirmed"), 1);
}

// covers: Q25
#[test]
fn nothing_of_a_contact_is_told_after_its_removal() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.effect(inform(1, "carol", PresenceState::Away));
    // These wait until the first is out.
    world.effect(inform(1, "bob", PresenceState::Away));
    world.effect(listed(1, &[("bob", ContactStatus::Removed)]));
    let heard = listen(&mut world, &alice);
    assert_eq!(heard.len(), 2);
    assert_eq!(notifications(&heard[0])[0].0, alias("carol"));
    assert!(matches!(&heard[1], PresenceMessage::PresenceInstruct(_)));
    // Nor is a repetition of a state sent after it.
    world.effect(inform(1, "carol", PresenceState::Available));
    let state = waiting(&mut world, &alice);
    world.effect(listed(1, &[("carol", ContactStatus::Removed)]));
    world.seconds(2);
    assert!(waiting(&mut world, &alice).is_empty());
    confirm(&mut world, &alice, &state[0]);
    let heard = listen(&mut world, &alice);
    assert!(matches!(&heard[..], [PresenceMessage::PresenceInstruct(_)]), "{heard:?}");
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
}

#[test]
fn nothing_is_repeated_to_an_endpoint_that_is_gone_or_registered_anew() {
    let mut world = World::new();
    let mut alice = present(&mut world, "192.0.2.10", &["alice"]);
    for name in ["bob", "carol"] {
        world.effect(inform(1, name, PresenceState::Away));
        world.effect(listed(1, &[(name, ContactStatus::Subscribed)]));
    }
    assert_eq!(waiting(&mut world, &alice).len(), 1);
    register(&mut alice, &mut world, vec![Feature::Presence.advertised()]);
    assert_eq!(world.attending, [1, 1], "it is all told again");
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
    world.effect(inform(1, "bob", PresenceState::Away));
    waiting(&mut world, &alice);
    let goodbye = alice.unregistration(&mut world);
    world.ask(&alice.ras, &goodbye);
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
}

// covers: checklist-8
#[test]
fn one_in_hiding_is_offline_without_a_word_to_watchers() {
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
        assert_eq!(told, Presentity { state: Native::Offline, ..Presentity::default() });
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
    world.effect(Effect::Inform { agent: agent(1), contact: bob, document });
    assert!(waiting(&mut world, &alice).is_empty());
}

/// The text of each display.
fn texts(presentity: &Presentity) -> Vec<String> {
    presentity.display.iter().flatten().map(|display| display.display.to_string()).collect()
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
    world.effect(Effect::Listed { agent: agent(1), contacts });
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
    world.effect(asked(1, 1, "4711", "bob", ContactCard::default()));
    world.effect(asked(1, 2, "room 7", "carol", ContactCard::default()));
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
fn what_does_not_fit_into_a_datagram_is_reduced_to_what_matters() {
    let mut world = World::with(|settings| settings.datagram_budget = 600);
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let publication = Publication {
        notes: vec![note("en", &"text ".repeat(20)); 5],
        capabilities: Some(vec![oid3(); 30]),
        ..published(PresenceState::Away)
    };
    world.effect(inform_of(1, "bob", publication));
    let [sent] = &waiting(&mut world, &alice)[..] else { panic!() };
    let octets = per::encode(&RasMessage::ServiceControlIndication(sent.clone().into())).unwrap();
    assert!(octets.len() <= 600);
    let told = notifications(&message(sent)).remove(0).1;
    assert_eq!(told.state, Native::Away);
    assert!(told.supported_features.is_none() && texts(&told)[0].starts_with("text text"));
    assert_eq!(world.counter("presence.reduced"), 1);
}

#[test]
fn an_outbox_has_a_limit() {
    let mut world = World::with(|settings| settings.outbox_max = 5);
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    for number in 0..10 {
        world.effect(inform(1, &format!("contact{number}"), PresenceState::Away));
    }
    assert_eq!(world.counter("presence.outbox_full"), 4);
    let told: usize = listen(&mut world, &alice).iter().map(|message| notifications(message).len()).sum();
    assert_eq!(told, 6);
}

#[test]
fn an_endpoint_that_does_not_know_indications_is_not_asked_again() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    world.effect(inform(1, "bob", PresenceState::Away));
    let [sent] = &waiting(&mut world, &alice)[..] else { panic!() };
    let unknown = UnknownMessageResponse { request_seq_num: sent.request_seq_num, ..Default::default() };
    world.send(&alice.ras, &RasMessage::UnknownMessageResponse(unknown.into()));
    world.seconds(10);
    assert!(waiting(&mut world, &alice).is_empty());
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
