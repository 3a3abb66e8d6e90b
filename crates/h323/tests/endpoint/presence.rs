//! Presence between an endpoint and its gatekeeper.

use crate::world::*;
use codec::per::{self, BoundedList, OctetString};
use h323::endpoint::{Command, Event, Offers, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use h323::wire::presence::*;
use serde_json::{Value, json};

/// A feature set with presence, and nothing said in it.
fn presence() -> FeatureSet {
    FeatureSet { supported_features: Some(vec![Feature::Presence.advertised()]), ..FeatureSet::default() }
}

/// A world in which both are registered with a gatekeeper that does presence.
fn world() -> World {
    world_of([settings(ALICE), settings(BOB)])
}

fn world_of(settings: [Settings; 2]) -> World {
    let mut world = World::of(settings);
    world.gatekeeper().features = [Some(presence()), Some(presence())];
    world.command(ALICE, "register");
    world.command(BOB, "register");
    world.forget();
    world
}

/// The octets of a recorded message.
fn recorded(name: &str) -> Vec<u8> {
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let mut vectors = include_str!("../vectors/vectors.jsonl").lines().map(read);
    let vector = vectors.find(|vector| vector["name"] == name).unwrap();
    let digits = vector["hex"].as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn hear(world: &mut World, endpoint: usize, name: &str) {
    world.datagram(endpoint, gatekeeper_address(), &recorded(name));
}

fn element_of(indication: &ServiceControlIndication) -> PresenceElement {
    let [data] = indication.generic_data.as_deref().unwrap() else { panic!() };
    assert_eq!(data.id, Feature::Presence.identifier());
    let Some(Content::Raw(octets)) = data.parameter(&Feature::Presence.parameter(1)) else { panic!() };
    per::decode(&octets.0).unwrap()
}

/// The elements of the indications that the gatekeeper heard.
fn said(world: &mut World) -> Vec<PresenceElement> {
    world.heard(|message| match message {
        RasMessage::ServiceControlIndication(indication) => Some(element_of(indication)),
        _ => None,
    })
}

fn recorded_element(name: &str) -> PresenceElement {
    let Ok(RasMessage::ServiceControlIndication(indication)) = per::decode(&recorded(name)) else { panic!() };
    element_of(&indication)
}

/// An indication of the gatekeeper with these messages in one element.
fn indication(number: u32, message: Vec<PresenceMessage>) -> RasMessage {
    let element = per::encode(&PresenceElement { message, ..PresenceElement::default() }).unwrap();
    let content = Content::Raw(OctetString(element));
    let parameter = EnumeratedParameter::new(Feature::Presence.parameter(1), content);
    let data =
        GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Presence.advertised() };
    RasMessage::ServiceControlIndication(Box::new(ServiceControlIndication {
        request_seq_num: RequestSeqNum::clamped(number),
        generic_data: Some(vec![data]),
        ..ServiceControlIndication::default()
    }))
}

#[test]
fn changes_to_the_contact_list_are_the_octets_of_a_deployed_endpoint() {
    let mut world = world();
    let lines = [
        ("subscribe bob", "rec_sci_ep_Instruct_subscribe"),
        ("unsubscribe bob", "rec_sci_ep_Instruct_unsubscribe"),
    ];
    for (line, name) in lines {
        world.forget();
        world.command(ALICE, line);
        assert_eq!(said(&mut world), [recorded_element(name)]);
        assert_eq!(world.last(ALICE)["event"], "confirmed");
    }
    world.forget();
    world.command(ALICE, "block mallory");
    world.command(ALICE, "unblock mallory");
    let kinds: Vec<_> = said(&mut world)
        .into_iter()
        .map(|element| match element.message.as_slice() {
            [PresenceMessage::PresenceInstruct(instruct)] => instruct.instruction.clone().remove(0),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(matches!(kinds[..], [PresenceInstruction::Block(_), PresenceInstruction::Unblock(_)]));
    assert_eq!(world.last(ALICE), json!({ "event": "confirmed", "command": "unblock", "alias": "mallory" }));
}

#[test]
fn a_state_is_published_at_once_with_the_text_the_features_and_the_place() {
    let alice = Settings {
        features: Some(vec![PresenceFeature::Audio]),
        location: Some(PresenceGeoLocation {
            country: codec::per::Ia5String::new("Germany"),
            ..PresenceGeoLocation::default()
        }),
        ..settings(ALICE)
    };
    let mut world = world_of([alice, settings(BOB)]);
    world.command(ALICE, "state NOTAVAILABLE back at 3");
    let [element] = said(&mut world).try_into().unwrap();
    let [PresenceMessage::PresenceNotify(notify)] = &element.message[..] else { panic!() };
    assert_eq!(notify.alias, settings(ALICE).aliases[0].to_wire().unwrap());
    let presentity = &notify.notification[0].presentity;
    assert_eq!(presentity.state, PresenceState::NotAvailable);
    assert_eq!(presentity.display.as_ref().unwrap()[0].display.to_string(), "back at 3");
    assert_eq!(presentity.supported_features, Some(vec![PresenceFeature::Audio]));
    assert!(presentity.geolocation.is_some());
    assert_eq!(world.last(ALICE), json!({ "event": "confirmed", "command": "state", "alias": null }));
}

#[test]
fn every_state_can_be_typed_and_is_told_as_it_was_typed() {
    let states = ["hidden", "available", "online", "offline", "onCall", "voiceMail", "notAvailable", "away"];
    for state in states.into_iter().chain(["generic"]) {
        let mut world = world();
        world.command(ALICE, &format!("state {state} gone fishing"));
        let [element] = said(&mut world).try_into().unwrap();
        let [PresenceMessage::PresenceNotify(mut notify)] = <[_; 1]>::try_from(element.message).unwrap()
        else {
            panic!()
        };
        notify.alias = settings(BOB).aliases[0].to_wire().unwrap();
        notify.notification[0].alias_address = settings(ALICE).aliases[0].to_wire();
        world.tell(BOB, &indication(1, vec![PresenceMessage::PresenceNotify(notify)]));
        let told = world.last(BOB);
        assert_eq!((&told["alias"], &told["state"]), (&json!("alice"), &json!(state)));
        let place = if state == "generic" { "texts" } else { "notes" };
        assert_eq!(told[place], json!([{ "text": "gone fishing" }]));
    }
}

#[test]
fn everything_a_publication_can_hold_can_be_sent() {
    let mut world = world();
    let RasMessage::ServiceControlIndication(told) =
        per::decode(&recorded("lib_sci_gk_notify_everything")).unwrap()
    else {
        panic!()
    };
    let [PresenceMessage::PresenceNotify(notify)] = <[_; 1]>::try_from(element_of(&told).message).unwrap()
    else {
        panic!()
    };
    let presentity = notify.notification[0].presentity.clone();
    world.endpoints[ALICE].command(world.now, Command::Publish(Box::new(presentity.clone())));
    world.settle();
    let [element] = said(&mut world).try_into().unwrap();
    let [PresenceMessage::PresenceNotify(notify)] = &element.message[..] else { panic!() };
    assert_eq!(notify.notification[0].presentity, presentity);
}

#[test]
fn without_confirmation_of_the_feature_nothing_is_said_of_presence() {
    let mut world = World::registered();
    world.command(ALICE, "state away");
    world.command(ALICE, "subscribe bob");
    assert_eq!(world.names(ALICE), ["error", "error"]);
    assert_eq!(said(&mut world), []);
}

#[test]
fn presence_needs_a_registration() {
    let mut world = World::new();
    world.command(ALICE, "state away");
    assert_eq!(world.last(ALICE)["message"], "Presence needs a registration; `register` first.");
}

#[test]
fn an_endpoint_may_leave_presence_or_the_package_out() {
    let offers = |offers| Settings { offers, ..settings(ALICE) };
    let offered = |settings| {
        let mut world = World::of([settings, self::settings(BOB)]);
        world.command(ALICE, "register");
        let sets = world.heard(|message| match message {
            RasMessage::RegistrationRequest(request) => Some(request.feature_set.clone()),
            _ => None,
        });
        let list = sets[0].as_ref().and_then(|set| set.supported_features.clone()).unwrap_or_default();
        list.iter().map(|feature| Feature::of(&feature.id).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(offered(settings(ALICE)), [Feature::Presence, Feature::Herald]);
    assert_eq!(offered(offers(Offers { package: false, ..Offers::ALL })), [Feature::Presence]);
    assert_eq!(offered(offers(Offers { presence: false, ..Offers::ALL })), [Feature::Herald]);
}

// Quirk Q6, as an endpoint meets it.
#[test]
fn presence_survives_a_keep_alive_whose_confirm_forgets_it() {
    let mut world = world();
    world.gatekeeper().features[1] = None;
    world.pass(60);
    world.command(ALICE, "state away");
    assert_eq!(world.last(ALICE)["event"], "confirmed");
}

#[test]
fn a_new_registration_hears_the_last_state_again() {
    let mut world = world();
    world.command(ALICE, "state away lunch");
    let before = said(&mut world);
    world.command(ALICE, "unregister");
    world.forget();
    world.command(ALICE, "register");
    assert_eq!(said(&mut world), before);
}

#[test]
fn an_indication_is_sent_three_times_and_then_given_up() {
    let mut world = world();
    world.gatekeeper().ignores_indications = true;
    world.command(ALICE, "subscribe bob");
    world.pass(8);
    let sent = world.sent.clone();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|datagram| *datagram == sent[0]));
    assert_eq!(world.names(ALICE), [""; 0]);
    world.pass(1);
    assert_eq!(world.last(ALICE), json!({ "event": "unanswered", "command": "subscribe", "alias": "bob" }));
}

#[test]
fn a_later_state_never_overtakes_an_earlier_one_that_was_lost() {
    let mut world = world();
    world.lose = 1;
    world.command(ALICE, "state away");
    world.command(ALICE, "state available");
    assert_eq!(said(&mut world).len(), 0);
    world.pass(3);
    let states: Vec<_> = said(&mut world)
        .into_iter()
        .map(|element| match element.message.as_slice() {
            [PresenceMessage::PresenceNotify(notify)] => notify.notification[0].presentity.state.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(states, [PresenceState::Away, PresenceState::Available]);
    assert_eq!(world.names(ALICE), ["confirmed", "confirmed"]);
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    let mut world = world();
    world.gatekeeper().indication_result = Some(ServiceControlResult::NotAvailable);
    world.command(ALICE, "subscribe bob");
    assert_eq!(world.last(ALICE)["event"], "refused");
    assert_eq!(world.last(ALICE)["reason"], "notAvailable");
}

#[test]
fn what_waits_when_the_registration_ends_is_told_as_unanswered() {
    let mut world = world();
    world.gatekeeper().ignores_indications = true;
    world.command(ALICE, "state away");
    world.command(ALICE, "subscribe bob");
    world.command(ALICE, "unregister");
    assert_eq!(world.names(ALICE), ["unanswered", "unanswered", "unregistered"]);
}

#[test]
fn a_request_is_approved_with_the_octets_of_a_deployed_endpoint() {
    let mut world = world();
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    let request = world.last(BOB);
    assert_eq!(request["event"], "subscriptionRequest");
    assert_eq!((&request["from"], &request["to"]), (&json!("alice"), &json!("bob")));
    assert_eq!(request["identifier"], "c07a3e4bb3e4f111960d02fc00000001");
    world.forget();
    world.command(BOB, "approve ALICE");
    let [element] = said(&mut world).try_into().unwrap();
    let [PresenceMessage::PresenceAuthorize(decision)] = &element.message[..] else { panic!() };
    let subscription = &decision.subscription[0];
    assert_eq!(subscription.identifier.guid.0[..2], [0xc0, 0x7a]);
    assert_eq!(subscription.approved, Some(true));
    let [PresenceMessage::PresenceAuthorize(expected)] =
        &recorded_element("rec_sci_ep_Authorize_True").message[..]
    else {
        panic!()
    };
    let same = PresenceIdentifier::clone(&subscription.identifier);
    let mut expected = expected.clone();
    expected.subscription[0].identifier = same;
    assert_eq!(*decision, expected);
    world.command(BOB, "approve alice");
    assert_eq!(world.last(BOB)["event"], "error");
}

#[test]
fn a_decision_that_nobody_answered_can_be_made_again() {
    let mut world = world();
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    world.gatekeeper().ignores_indications = true;
    world.command(BOB, "deny alice");
    world.pass(9);
    world.gatekeeper().ignores_indications = false;
    world.forget();
    world.command(BOB, "deny alice");
    let [element] = said(&mut world).try_into().unwrap();
    let [PresenceMessage::PresenceAuthorize(decision)] = &element.message[..] else { panic!() };
    assert_eq!(decision.subscription[0].approved, Some(false));
}

#[test]
fn nobody_is_approved_who_did_not_ask() {
    let mut world = world();
    world.command(BOB, "approve alice");
    let message = "There is no request of alice that waits for a decision; `contacts` lists them.";
    assert_eq!(world.last(BOB), json!({ "event": "error", "message": message }));
    assert_eq!(said(&mut world), []);
}

#[test]
fn the_contact_list_is_kept_as_the_gatekeeper_tells_it() {
    let mut world = world();
    hear(&mut world, BOB, "rec_sci_gk_Instruct_pending");
    assert_eq!(world.last(BOB)["relation"], "pending");
    hear(&mut world, BOB, "rec_sci_gk_Instruct_subscribe");
    hear(&mut world, BOB, "rec_sci_gk_Notify_1_away_disp_feat_from");
    let told = world.last(BOB);
    assert_eq!((&told["alias"], &told["state"]), (&json!("alice"), &json!("away")));
    assert_eq!(told["notes"], json!([{ "language": "en-US", "text": "Lunch" }]));
    assert_eq!(told["features"], json!(["audio", "video"]));
    world.command(BOB, "contacts");
    let contacts = world.last(BOB)["contacts"].clone();
    let alice = contacts.as_array().unwrap().iter().find(|contact| contact["alias"] == "alice").unwrap();
    assert_eq!(alice["state"], "away (Lunch), with audio, video");
}

#[test]
fn who_is_taken_off_the_list_is_forgotten_with_the_state() {
    let mut world = world();
    let alice =
        || PresenceAlias { alias: settings(ALICE).aliases[0].to_wire().unwrap(), ..PresenceAlias::default() };
    let instruct = |instruction| {
        PresenceMessage::PresenceInstruct(PresenceInstruct {
            alias: settings(BOB).aliases[0].to_wire().unwrap(),
            instruction,
            ..PresenceInstruct::default()
        })
    };
    world.tell(BOB, &indication(1, vec![instruct(vec![PresenceInstruction::Subscribe(alice())])]));
    hear(&mut world, BOB, "rec_sci_gk_Notify_1_away_disp_feat_from");
    // Quirk Q27, as an endpoint meets it.
    let twice = vec![PresenceInstruction::Unsubscribe(alice()), PresenceInstruction::Unsubscribe(alice())];
    world.tell(BOB, &indication(2, vec![instruct(twice)]));
    world.command(BOB, "contacts");
    assert_eq!(world.last(BOB)["contacts"], json!([]));
}

#[test]
fn all_texts_of_a_state_are_told_with_their_languages_and_pairs_are_joined() {
    let mut world = world();
    hear(&mut world, BOB, "lib_sci_gk_notify_state_generic_multilang");
    let told = world.last(BOB);
    assert_eq!(told["state"], "generic");
    let languages: Vec<_> =
        told["texts"].as_array().unwrap().iter().map(|text| text["language"].clone()).collect();
    assert!(languages.len() > 1, "{told}");
    hear(&mut world, BOB, "lib_sci_gk_notify_display_surrogates");
    let text = world.last(BOB)["notes"][0]["text"].as_str().unwrap().to_owned();
    assert!(text.chars().any(|character| character > '\u{ffff}'), "{text}");
}

#[test]
fn every_recorded_indication_of_a_gatekeeper_is_confirmed_and_told() {
    let vectors = include_str!("../vectors/vectors.jsonl").lines();
    let mut told = 0;
    for vector in vectors.map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let name = vector["name"].as_str().unwrap();
        if !name.contains("_sci_gk_") {
            continue;
        }
        let mut world = world();
        hear(&mut world, BOB, name);
        assert!(matches!(
            world.heard(|message| Some(message.clone())).as_slice(),
            [RasMessage::ServiceControlResponse(_)]
        ));
        assert_eq!(world.status(BOB)["counters"]["malformedElements"], 0, "{name}");
        told += world.events[BOB].len() - 1;
    }
    assert!(told > 20);
}

#[test]
fn an_indication_that_comes_again_is_confirmed_again_and_told_once() {
    let mut world = world();
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    world.pass(3);
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    assert_eq!(world.names(BOB), ["subscriptionRequest"]);
    let confirms =
        world.heard(|message| matches!(message, RasMessage::ServiceControlResponse(_)).then_some(()));
    assert_eq!(confirms.len(), 2);
    // The number with other octets is another indication.
    world.tell(BOB, &indication(5, Vec::new()));
    assert_eq!(world.status(BOB)["counters"]["repeatedIndications"], 1);
}

#[test]
fn an_indication_that_comes_again_after_many_others_is_told_once() {
    let mut world = world();
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    for number in 100..300 {
        world.tell(BOB, &indication(number, Vec::new()));
    }
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    assert_eq!(world.names(BOB), ["subscriptionRequest"]);
}

#[test]
fn an_indication_that_comes_again_after_another_registration_is_told_once() {
    let mut world = world();
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    world.command(BOB, "unregister");
    world.command(BOB, "register");
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    let told = world.names(BOB).into_iter().filter(|name| name == "subscriptionRequest").count();
    assert_eq!(told, 1);
    assert_eq!(world.status(BOB)["counters"]["repeatedIndications"], 1);
}

// Quirk Q1, as an endpoint meets it.
#[test]
fn all_messages_of_an_element_are_read_wherever_it_stands() {
    let mut world = world();
    let notify = |state| {
        PresenceMessage::PresenceNotify(PresenceNotify {
            alias: settings(BOB).aliases[0].to_wire().unwrap(),
            notification: vec![PresenceNotification {
                alias_address: settings(ALICE).aliases[0].to_wire(),
                presentity: Presentity { state, ..Presentity::default() },
                ..PresenceNotification::default()
            }],
            ..PresenceNotify::default()
        })
    };
    let both = vec![notify(PresenceState::Away), notify(PresenceState::Online)];
    let RasMessage::ServiceControlIndication(mut told) = indication(1, both) else { panic!() };
    world.tell(BOB, &RasMessage::ServiceControlIndication(told.clone()));
    assert_eq!(world.names(BOB), ["presence", "presence"]);
    told.feature_set =
        Some(FeatureSet { needed_features: told.generic_data.take(), ..FeatureSet::default() });
    world.tell(BOB, &RasMessage::ServiceControlIndication(told));
    assert_eq!(world.names(BOB), ["presence"; 4]);
}

#[test]
fn a_contact_list_in_the_registration_confirm_is_read() {
    let mut world = World::new();
    let RasMessage::ServiceControlIndication(told) =
        per::decode(&recorded("rec_sci_gk_Instruct_subscribe")).unwrap()
    else {
        panic!()
    };
    let set = FeatureSet { supported_features: told.generic_data, ..FeatureSet::default() };
    world.gatekeeper().features = [Some(set), None];
    world.command(BOB, "register");
    assert_eq!(world.names(BOB), ["discovered", "registered", "contact"]);
}

#[test]
fn an_element_cut_short_is_counted_and_confirmed() {
    let RasMessage::ServiceControlIndication(whole) =
        per::decode(&recorded("lib_sci_gk_notify_everything")).unwrap()
    else {
        panic!()
    };
    let data = &whole.generic_data.as_ref().unwrap()[0];
    let Some(Content::Raw(octets)) = data.parameter(&Feature::Presence.parameter(1)) else { panic!() };
    for length in 0..octets.0.len() {
        let mut world = world();
        let cut = OctetString(octets.0[..length].to_vec());
        let parameter = EnumeratedParameter::new(Feature::Presence.parameter(1), Content::Raw(cut));
        let data =
            GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Presence.advertised() };
        let mut told = whole.clone();
        told.generic_data = Some(vec![data]);
        world.tell(BOB, &RasMessage::ServiceControlIndication(told));
        assert_eq!(world.status(BOB)["counters"]["malformedElements"], 1);
        assert_eq!(world.names(BOB), ["status"]);
    }
}

#[test]
fn an_endpoint_without_presence_confirms_and_reads_nothing() {
    let bob = Settings { offers: Offers::NONE, ..settings(BOB) };
    let mut world = world_of([settings(ALICE), bob]);
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    assert_eq!(world.names(BOB), [""; 0]);
    assert_eq!(world.sent.len(), 1);
}

#[test]
fn requests_beyond_the_limit_are_counted_and_forgotten() {
    let mut world = world();
    for number in 0..1100u32 {
        let alias = h323::alias::Alias::H323Id(format!("watcher {number}")).to_wire().unwrap();
        let subscription = PresenceSubscription {
            subscribe: settings(BOB).aliases[0].to_wire().unwrap(),
            aliases: vec![PresenceAlias { alias, ..PresenceAlias::default() }],
            ..PresenceSubscription::default()
        };
        let ask = PresenceAuthorize {
            alias: settings(BOB).aliases[0].to_wire().unwrap(),
            subscription: vec![subscription],
            ..PresenceAuthorize::default()
        };
        world.tell(BOB, &indication(number + 1, vec![PresenceMessage::PresenceAuthorize(ask)]));
    }
    let asked = world.events[BOB].iter().filter(|event| matches!(event, Event::SubscriptionRequest { .. }));
    assert_eq!(asked.count(), 1000);
    assert_eq!(world.status(BOB)["counters"]["overflows"], 100);
}

#[test]
fn events_of_presence_are_sentences_for_people() {
    let mut world = world();
    hear(&mut world, BOB, "rec_sci_gk_Authorize_ask");
    hear(&mut world, BOB, "rec_sci_gk_Notify_1_away_disp_feat_geo_from");
    let sentences: Vec<_> = world.events[BOB].iter().map(ToString::to_string).collect();
    assert_eq!(
        sentences[0],
        "alice asks to see when bob is there. `approve alice` allows it, `deny alice` does not."
    );
    assert!(sentences[1].starts_with("alice is away ("), "{}", sentences[1]);
    assert!(sentences[1].contains(", at "), "{}", sentences[1]);
}
