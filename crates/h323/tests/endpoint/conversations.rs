//! Messages by calls.

use crate::world::*;
use codec::per::{BmpString, BoundedList};
use h323::endpoint::{Offers, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use h323::wire::q931::{Q931, message_type};
use h323::wire::tpkt;
use serde_json::json;

/// What an endpoint said over connections: the type of each message, with the IM parameters it carries.
fn said(world: &World, endpoint: usize) -> Vec<String> {
    world.said[endpoint].iter().map(|octets| describe(octets)).collect()
}

fn describe(octets: &[u8]) -> String {
    let message = Q931::decode(&octets[tpkt::HEADER..]).unwrap();
    let pdu = message.user_information().unwrap().h323_uu_pdu;
    let body = match &pdu.h323_message_body {
        MessageBody::Setup(setup) => setup.supported_features.clone(),
        MessageBody::CallProceeding(proceeding) => {
            proceeding.feature_set.clone().and_then(|set| set.supported_features)
        }
        _ => None,
    };
    let mut text = message_type::name(message.message_type).to_owned();
    let all = body.into_iter().chain(pdu.generic_data).flatten();
    for descriptor in all.filter(|descriptor| descriptor.id == Feature::Messaging.identifier()) {
        text += " IM";
        for parameter in descriptor.parameters.into_iter().flat_map(|list| list.0) {
            text += &format!(" {}=", Feature::Messaging.number_of(&parameter.id).unwrap());
            text += &match parameter.content.unwrap() {
                Content::Bool(value) => value.to_string(),
                Content::Number8(number) => number.get().to_string(),
                Content::Unicode(text) if text.units().len() > 100 => text.units().len().to_string(),
                Content::Unicode(text) => text.to_string(),
                other => panic!("{other:?}"),
            };
        }
    }
    text
}

/// A world of two that know no gatekeeper.
fn direct() -> World {
    World::of([settings(ALICE), settings(BOB)])
}

/// A world with a session between two that know no gatekeeper.
fn session() -> World {
    let mut world = direct();
    world.command(ALICE, "open 10.0.0.12:1720");
    world.forget();
    world
}

#[test]
fn a_single_message_goes_as_the_deployed_endpoints_send_it_and_its_release_is_the_receipt() {
    let mut world = World::registered();
    world.command(ALICE, "send bob Hello Bob");
    assert_eq!(said(&world, ALICE), ["Setup IM 1=1", "Facility IM 5=Hello Bob"]);
    assert_eq!(said(&world, BOB), ["CallProceeding IM", "Alerting IM 1=1", "ReleaseComplete"]);
    assert_eq!(world.names(ALICE), ["delivered"]);
    assert_eq!(world.names(BOB), ["message"]);
    let message = world.last(BOB);
    assert_eq!((&message["from"], &message["text"]), (&json!("alice"), &json!("Hello Bob")));
    assert_eq!(message["way"], "single");
    let setup = Q931::decode(&world.said[ALICE][0][tpkt::HEADER..]).unwrap();
    let MessageBody::Setup(setup) = setup.user_information().unwrap().h323_uu_pdu.h323_message_body else {
        panic!()
    };
    assert_eq!(setup.conference_goal, ConferenceGoal::CallIndependentSupplementaryService);
    assert_eq!(world.status(ALICE)["calls"], json!([]));
    assert_eq!(world.status(BOB)["calls"], json!([]));
}

#[test]
fn only_the_called_side_marks_its_admission_request_and_both_tell_of_the_end() {
    let mut world = World::registered();
    world.command(ALICE, "send bob Hello");
    let marks = world.heard(|message| match message {
        RasMessage::AdmissionRequest(request) => Some((request.answer_call, request.generic_data.clone())),
        _ => None,
    });
    let [(false, None), (true, Some(data))] = marks.as_slice() else { panic!("{marks:?}") };
    let mark = data[0].parameter(&Feature::Messaging.parameter(1));
    assert!(matches!(mark, Some(Content::Number8(number)) if number.get() == 1));
    let ends = world.heard(|message| matches!(message, RasMessage::DisengageRequest(_)).then_some(()));
    assert_eq!(ends.len(), 2);
}

#[test]
fn a_session_carries_texts_both_ways_until_one_side_closes_it() {
    let mut world = direct();
    world.command(ALICE, "open 10.0.0.12:1720");
    world.command(ALICE, "say 10.0.0.12:1720 one");
    world.command(BOB, "say alice two");
    world.command(ALICE, "say 10.0.0.12:1720 three");
    world.command(ALICE, "close 10.0.0.12:1720");
    assert_eq!(
        said(&world, ALICE),
        [
            "Setup IM 1=1",
            "Facility IM 4=true",
            "Facility IM 5=one",
            "Facility IM 5=three",
            "Facility IM 4=false"
        ]
    );
    assert_eq!(
        said(&world, BOB),
        ["CallProceeding IM", "Alerting IM 1=1", "Connect", "Facility IM 5=two", "ReleaseComplete"]
    );
    assert_eq!(world.names(ALICE), ["sessionOpened", "message", "sessionClosed"]);
    assert_eq!(world.names(BOB), ["sessionOpened", "message", "message", "sessionClosed"]);
    assert_eq!(world.last(BOB)["by"], "remote");
    assert_eq!(world.status(ALICE)["calls"], json!([]));
}

#[test]
fn the_called_side_closes_a_session_and_the_caller_releases() {
    let mut world = session();
    world.command(BOB, "close alice");
    assert_eq!(said(&world, BOB), ["Facility IM 4=false"]);
    assert_eq!(said(&world, ALICE), ["ReleaseComplete"]);
    assert_eq!(world.names(ALICE), ["sessionClosed"]);
    assert_eq!(world.names(BOB), ["sessionClosed"]);
}

#[test]
fn who_hangs_up_an_open_session_says_that_it_is_closed() {
    let mut world = session();
    world.command(BOB, "hangup");
    assert_eq!(said(&world, BOB), ["ReleaseComplete IM 4=false"]);
    assert_eq!(world.names(ALICE), ["sessionClosed"]);
}

#[test]
fn an_idle_session_stays_open_and_silent() {
    let mut world = session();
    world.pass(600);
    assert_eq!(said(&world, ALICE), [""; 0]);
    world.command(BOB, "say alice still here");
    assert_eq!(world.last(ALICE)["text"], "still here");
}

#[test]
fn a_close_that_is_not_followed_by_a_release_ends_the_call_after_a_while() {
    let mut world = session();
    world.hold_back(BOB);
    world.command(ALICE, "close 10.0.0.12:1720");
    assert_eq!(world.names(ALICE), ["sessionClosed"]);
    world.pass(5);
    assert_eq!(said(&world, ALICE), ["Facility IM 4=false", "ReleaseComplete"]);
    assert_eq!(world.names(ALICE), ["sessionClosed"]);
}

// Quirk Q16, as an endpoint meets it.
#[test]
fn texts_go_both_ways_inside_a_call_of_people_and_leave_it_alone() {
    let mut world = World::connected();
    world.command(ALICE, "say bob hello");
    world.command(BOB, "say alice hello yourself");
    assert_eq!(said(&world, ALICE), ["Facility IM 4=true", "Facility IM 5=hello"]);
    assert_eq!(said(&world, BOB), ["Facility IM 5=hello yourself"]);
    assert_eq!(world.names(BOB), ["sessionOpened", "message"]);
    assert_eq!(world.last(BOB)["way"], "call");
    world.command(BOB, "close alice");
    assert_eq!(world.last(ALICE)["event"], "sessionClosed");
    assert_eq!(world.status(ALICE)["calls"][0]["state"], "connected");
    world.command(ALICE, "say bob again");
    assert_eq!(world.last(BOB)["text"], "again");
    world.command(ALICE, "hangup");
    assert_eq!(said(&world, ALICE).last().unwrap(), "ReleaseComplete IM 4=false");
    assert_eq!(world.names(BOB)[world.names(BOB).len() - 2..], ["sessionClosed", "ended"]);
}

#[test]
fn the_called_side_may_write_while_it_rings() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    world.command(BOB, "say alice just a moment");
    assert_eq!(world.last(ALICE)["text"], "just a moment");
    assert_eq!(world.status(ALICE)["calls"][0]["state"], "alerting");
}

// An h323plus caller takes itself for the called side once somebody has opened a session inside its call.
#[test]
fn a_release_with_the_flag_of_the_reference_turned_round_ends_the_call() {
    let mut world = World::connected();
    world.command(BOB, "say alice hello");
    let id = world.last_connection(BOB);
    world.command(ALICE, "say bob hello");
    let facility = Q931::decode(&world.said[ALICE].last().unwrap()[tpkt::HEADER..]).unwrap();
    let body = MessageBody::ReleaseComplete(Box::default());
    let information = H323UserInformation {
        h323_uu_pdu: H323UuPdu { h323_message_body: body, ..H323UuPdu::default() },
        ..H323UserInformation::default()
    };
    let release = Q931::new(message_type::RELEASE_COMPLETE, facility.call_reference, true);
    let release = release.with_user_information(&information).unwrap().encode().unwrap();
    world.endpoints[BOB].received(world.now, id, &tpkt::packet(&release).unwrap());
    world.settle();
    assert_eq!(world.last(BOB)["event"], "ended");
    assert_eq!(world.last(BOB)["by"], "remote");
}

#[test]
fn messages_come_beside_a_call_of_people() {
    let mut world = World::connected();
    world.command(BOB, "send alice beside");
    assert_eq!(world.last(ALICE)["text"], "beside");
    assert_eq!(world.last(BOB)["event"], "delivered");
    assert_eq!(world.status(ALICE)["calls"].as_array().unwrap().len(), 1);
}

#[test]
fn every_character_arrives() {
    let mut world = World::registered();
    let text = "Grüße 你好 😀 e\u{301} end";
    world.command(ALICE, &format!("send bob {text}"));
    assert_eq!(world.last(BOB)["text"], text);
}

#[test]
fn a_text_too_long_for_one_message_is_refused_and_goes_in_pieces_in_a_session() {
    let mut world = World::registered();
    let text = "x".repeat(8101);
    world.command(ALICE, &format!("send bob {}", &text[1..]));
    assert_eq!(world.last(ALICE)["event"], "delivered");
    world.forget();
    world.command(ALICE, &format!("send bob {text}"));
    assert_eq!(world.names(ALICE), ["error"]);
    assert_eq!(said(&world, ALICE), [""; 0]);
    world.command(ALICE, "open bob");
    world.command(ALICE, &format!("say bob {text}"));
    assert_eq!(said(&world, ALICE)[2..], ["Facility IM 5=8100", "Facility IM 5=x"]);
}

#[test]
fn texts_said_before_the_session_is_open_follow_its_opening() {
    let mut world = direct();
    let say = |world: &mut World, line: &str| {
        world.endpoints[ALICE].command(world.now, line.parse().unwrap());
    };
    say(&mut world, "open 10.0.0.12:1720");
    say(&mut world, "say 10.0.0.12:1720 early");
    world.settle();
    assert_eq!(world.names(BOB), ["sessionOpened", "message"]);
    assert_eq!(world.last(BOB)["text"], "early");
}

#[test]
fn a_session_that_fails_says_why_and_what_was_not_said() {
    let mut world = direct();
    world.endpoints[ALICE].command(world.now, "open 10.0.0.99:1720".parse().unwrap());
    world.endpoints[ALICE].command(world.now, "say 10.0.0.99:1720 early".parse().unwrap());
    world.settle();
    assert_eq!(world.names(ALICE), ["sessionFailed"]);
    assert_eq!(world.last(ALICE)["unsaid"], 1);
}

#[test]
fn a_message_to_nobody_is_not_delivered_and_says_why() {
    let mut world = World::registered();
    world.command(ALICE, "send nobody Hello");
    assert_eq!(world.names(ALICE), ["notDelivered"]);
    assert_eq!(world.last(ALICE)["reason"], "calledPartyNotRegistered");
    assert_eq!(world.events[ALICE][0].to_string(), "Not delivered to nobody: called party not registered.");
}

#[test]
fn a_message_to_an_endpoint_without_messages_is_not_delivered() {
    let bob = Settings { offers: Offers::NONE, ..settings(BOB) };
    let mut world = World::registered_of([settings(ALICE), bob]);
    world.command(ALICE, "send bob Hello");
    assert_eq!(world.names(ALICE), ["notDelivered"]);
    assert_eq!(world.last(ALICE)["reason"], "serviceNotImplemented");
}

#[test]
fn there_is_nothing_to_say_without_a_session_or_a_call() {
    let mut world = World::registered();
    world.command(ALICE, "say bob hello");
    world.command(ALICE, "close bob");
    assert_eq!(world.names(ALICE), ["error", "error"]);
}

/// A call for messages that somebody made by hand at bob's.
struct Caller {
    world: World,
    id: h323::endpoint::ConnectionId,
    reference: u16,
}

/// Who calls carelessly.
fn caller(goal: ConferenceGoal, descriptor: GenericData) -> Caller {
    let mut world = direct();
    let setup = SetupUuie {
        call_identifier: Some(CallIdentifier::default()),
        conference_goal: goal,
        source_address: Some(vec![settings(ALICE).aliases[0].to_wire().unwrap()]),
        supported_features: Some(vec![descriptor]),
        ..SetupUuie::default()
    };
    let id = world.endpoints[BOB].accept(world.now, signal_address(ALICE)).unwrap();
    let mut caller = Caller { world, id, reference: 99 };
    caller.say(message_type::SETUP, MessageBody::Setup(Box::new(setup)), None);
    caller
}

impl Caller {
    fn say(&mut self, message_type: u8, body: MessageBody, data: Option<GenericData>) {
        let pdu = H323UuPdu {
            h323_message_body: body,
            generic_data: data.map(|data| vec![data]),
            ..H323UuPdu::default()
        };
        let information = H323UserInformation { h323_uu_pdu: pdu, ..H323UserInformation::default() };
        let message = Q931::new(message_type, self.reference, false);
        let message = message.with_user_information(&information).unwrap().encode().unwrap();
        self.world.endpoints[BOB].received(self.world.now, self.id, &tpkt::packet(&message).unwrap());
        self.world.settle();
    }

    fn facility(&mut self, contents: Vec<(u8, Content)>) {
        let parameters = contents
            .into_iter()
            .map(|(number, content)| EnumeratedParameter::new(Feature::Messaging.parameter(number), content))
            .collect::<Vec<_>>();
        let data = GenericData {
            parameters: (!parameters.is_empty()).then_some(BoundedList(parameters)),
            ..Feature::Messaging.advertised()
        };
        let body = MessageBody::Facility(Box::default());
        self.say(message_type::FACILITY, body, Some(data));
    }
}

fn marked() -> GenericData {
    let mark = EnumeratedParameter::new(
        Feature::Messaging.parameter(1),
        Content::Number8(codec::per::Integer::clamped(1)),
    );
    GenericData { parameters: Some(BoundedList(vec![mark])), ..Feature::Messaging.advertised() }
}

fn text(units: Vec<u16>) -> Content {
    Content::Unicode(BmpString::from_units(units).unwrap())
}

// Quirk Q18, as an endpoint meets it.
#[test]
fn the_mark_and_not_the_goal_makes_a_call_for_messages() {
    let mut caller = caller(ConferenceGoal::Create, marked());
    assert_eq!(said(&caller.world, BOB), ["CallProceeding IM", "Alerting IM 1=1"]);
    caller.facility(vec![(5, text("hello".encode_utf16().collect()))]);
    assert_eq!(caller.world.names(BOB), ["message"]);
    assert_eq!(said(&caller.world, BOB).last().unwrap(), "ReleaseComplete");
}

// Quirk Q15, as an endpoint meets it.
#[test]
fn a_call_for_messages_that_stays_silent_is_released_without_a_word() {
    let mut caller = caller(ConferenceGoal::CallIndependentSupplementaryService, marked());
    caller.facility(Vec::new());
    caller.world.pass(29);
    assert_eq!(said(&caller.world, BOB).len(), 2);
    caller.world.pass(1);
    assert_eq!(said(&caller.world, BOB).last().unwrap(), "ReleaseComplete");
    assert_eq!(caller.world.names(BOB), [""; 0]);
}

#[test]
fn opening_text_and_closing_in_one_message_are_taken_in_this_order() {
    let mut caller = caller(ConferenceGoal::CallIndependentSupplementaryService, marked());
    let hello = text("hello".encode_utf16().collect());
    caller.facility(vec![(5, hello), (4, Content::Bool(true))]);
    assert_eq!(caller.world.names(BOB), ["sessionOpened", "message"]);
    assert_eq!(caller.world.last(BOB)["way"], "session");
    caller.facility(vec![(4, Content::Bool(true))]);
    assert_eq!(caller.world.names(BOB).len(), 2);
}

// Quirk Q21, as an endpoint meets it.
#[test]
fn units_that_are_no_characters_are_replaced() {
    let mut caller = caller(ConferenceGoal::CallIndependentSupplementaryService, marked());
    caller.facility(vec![(5, text(vec![0x61, 0xd83d, 0x62, 0xffff, 0xd83d, 0xde00]))]);
    assert_eq!(caller.world.last(BOB)["text"], "a\u{fffd}b\u{fffd}😀");
}

#[test]
fn parameters_of_another_type_are_passed_over() {
    let mut caller = caller(ConferenceGoal::CallIndependentSupplementaryService, marked());
    caller.facility(vec![(5, Content::Bool(true)), (4, text(vec![0x61])), (5, text(Vec::new()))]);
    assert_eq!(caller.world.names(BOB), [""; 0]);
    assert_eq!(said(&caller.world, BOB).len(), 2);
}

#[test]
fn a_service_without_a_call_that_is_not_messages_is_released() {
    let caller = caller(ConferenceGoal::CallIndependentSupplementaryService, Feature::Presence.advertised());
    assert_eq!(said(&caller.world, BOB), ["ReleaseComplete"]);
}

/// Somebody alice calls, made by hand: what is to be answered to her Setup.
fn callee(line: &str, answers: &[(u8, MessageBody, Option<GenericData>)]) -> World {
    let mut world = direct();
    world.hold_back(BOB);
    world.command(ALICE, line);
    let setup = Q931::decode(&world.said[ALICE][0][tpkt::HEADER..]).unwrap();
    let id = world.last_connection(ALICE);
    for (message_type, body, data) in answers {
        let pdu = H323UuPdu {
            h323_message_body: body.clone(),
            generic_data: data.clone().map(|data| vec![data]),
            ..H323UuPdu::default()
        };
        let information = H323UserInformation { h323_uu_pdu: pdu, ..H323UserInformation::default() };
        let mut message = Q931::new(*message_type, setup.call_reference, true);
        if *message_type == message_type::RELEASE_COMPLETE {
            message = message.with(0x08, [0x80, 0x90]);
        }
        let message = message.with_user_information(&information).unwrap().encode().unwrap();
        world.endpoints[ALICE].received(world.now, id, &tpkt::packet(&message).unwrap());
        world.settle();
    }
    world
}

fn proceeding(features: Vec<GenericData>) -> (u8, MessageBody, Option<GenericData>) {
    let set = FeatureSet { supported_features: Some(features), ..FeatureSet::default() };
    let body = CallProceedingUuie { feature_set: Some(set), ..CallProceedingUuie::default() };
    (message_type::CALL_PROCEEDING, MessageBody::CallProceeding(Box::new(body)), None)
}

fn connect() -> (u8, MessageBody, Option<GenericData>) {
    (message_type::CONNECT, MessageBody::Connect(Box::default()), None)
}

fn release() -> (u8, MessageBody, Option<GenericData>) {
    (message_type::RELEASE_COMPLETE, MessageBody::ReleaseComplete(Box::default()), None)
}

// Quirk Q19, as an endpoint meets it.
#[test]
fn a_callee_that_connects_without_a_word_of_messages_gets_no_text() {
    let world = callee("send 10.0.0.12:1720 hello", &[proceeding(Vec::new()), connect()]);
    assert_eq!(said(&world, ALICE), ["Setup IM 1=1", "ReleaseComplete"]);
    assert_eq!(world.last(ALICE)["reason"], "noInstantMessaging");
}

// Quirk Q30, as an endpoint meets it.
#[test]
fn a_callee_that_connects_at_once_gets_its_text_all_the_same() {
    let answers = [proceeding(vec![Feature::Messaging.advertised()]), connect()];
    let world = callee("send 10.0.0.12:1720 hello", &answers);
    assert_eq!(said(&world, ALICE), ["Setup IM 1=1", "Facility IM 5=hello"]);
    let [proceeding, connect] = answers;
    let world = callee("send 10.0.0.12:1720 hello", &[proceeding, connect, release()]);
    assert_eq!(world.names(ALICE), ["delivered"]);
}

#[test]
fn a_release_before_the_text_is_no_delivery_whatever_its_cause() {
    let world = callee("send 10.0.0.12:1720 hello", &[proceeding(Vec::new()), release()]);
    assert_eq!(world.names(ALICE), ["notDelivered"]);
    assert_eq!(world.last(ALICE)["reason"], "releasedBeforeText");
}

#[test]
fn a_callee_that_never_releases_has_not_got_the_message() {
    let alerting = (message_type::ALERTING, MessageBody::Alerting(Box::default()), Some(marked()));
    let mut world = callee("send 10.0.0.12:1720 hello", &[alerting]);
    assert_eq!(said(&world, ALICE), ["Setup IM 1=1", "Facility IM 5=hello"]);
    world.pass(30);
    assert_eq!(world.names(ALICE), ["notDelivered"]);
}

// Quirk Q17, as an endpoint meets it.
#[test]
fn a_text_that_an_h323plus_callee_says_twice_is_told_once() {
    let h323plus = EndpointType {
        vendor: Some(VendorIdentifier {
            vendor: H221NonStandard {
                t35_country_code: codec::per::Integer::clamped(9),
                t35_extension: codec::per::Integer::clamped(0),
                manufacturer_code: codec::per::Integer::clamped(61),
                ..H221NonStandard::default()
            },
            ..VendorIdentifier::default()
        }),
        ..EndpointType::default()
    };
    let text = |text: &str| {
        let content = Content::Unicode(BmpString::new(text).unwrap());
        let parameter = EnumeratedParameter::new(Feature::Messaging.parameter(5), content);
        let data =
            GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Messaging.advertised() };
        (message_type::FACILITY, MessageBody::Facility(Box::default()), Some(data))
    };
    let alerting = |destination_info| {
        let body = AlertingUuie { destination_info, ..AlertingUuie::default() };
        (message_type::ALERTING, MessageBody::Alerting(Box::new(body)), Some(marked()))
    };
    let heard = |vendor| {
        let answers = [alerting(vendor), connect(), text("a"), text("a"), text("a"), text("a"), text("b")];
        let world = callee("open 10.0.0.12:1720", &answers);
        world.names(ALICE).iter().filter(|name| *name == "message").count()
    };
    assert_eq!(heard(h323plus), 3);
    assert_eq!(heard(EndpointType::default()), 5);
}

#[test]
fn calls_for_messages_are_limited() {
    let mut world = direct();
    world.hold_back(BOB);
    for _ in 0..8 {
        world.command(ALICE, "send 10.0.0.12:1720 hello");
    }
    assert_eq!(world.names(ALICE), [""; 0]);
    world.command(ALICE, "send 10.0.0.12:1720 hello");
    assert_eq!(world.names(ALICE), ["error"]);
}
