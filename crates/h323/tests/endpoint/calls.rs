//! Calls between two endpoints.

use crate::world::*;
use h323::alias::Alias;
use h323::endpoint::{Offers, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use h323::wire::q931::{Q931, element, message_type};
use h323::wire::tpkt;
use serde_json::json;

/// The messages an endpoint sent over connections; an empty packet shows as its type.
fn said(world: &World, endpoint: usize) -> Vec<&'static str> {
    let name = |octets: &Vec<u8>| match octets.get(tpkt::HEADER..) {
        Some([]) => "keep-alive",
        Some(content) => message_type::name(Q931::decode(content).unwrap().message_type),
        None => panic!("not a packet"),
    };
    world.said[endpoint].iter().map(name).collect()
}

fn message(world: &World, endpoint: usize, index: usize) -> (Q931, H323UuPdu) {
    let message = Q931::decode(&world.said[endpoint][index][tpkt::HEADER..]).unwrap();
    let pdu = message.user_information().unwrap().h323_uu_pdu;
    (message, pdu)
}

fn admission(message: &RasMessage) -> Option<AdmissionRequest> {
    if let RasMessage::AdmissionRequest(request) = message { Some((**request).clone()) } else { None }
}

fn disengagement(message: &RasMessage) -> Option<DisengageRequest> {
    if let RasMessage::DisengageRequest(request) = message { Some((**request).clone()) } else { None }
}

#[test]
fn a_call_rings_is_answered_and_ends() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    assert_eq!(world.names(ALICE), ["calling", "alerting"]);
    assert_eq!(world.names(BOB), ["incoming"]);
    assert_eq!(world.last(BOB)["from"], "alice");
    world.command(BOB, "answer");
    assert_eq!(world.last(ALICE)["event"], "connected");
    assert_eq!(world.last(ALICE)["remote"], "bob");
    assert_eq!(world.last(ALICE)["callIdentifier"], world.last(BOB)["callIdentifier"]);
    world.pass(2);
    world.command(BOB, "hangup");
    for (endpoint, by) in [(ALICE, "remote"), (BOB, "endpoint")] {
        let ended = world.last(endpoint);
        assert_eq!(ended["event"], "ended");
        assert_eq!((&ended["by"], &ended["cause"]), (&json!(by), &json!(16)));
        assert_eq!(ended["reason"], "normalCallClearing");
    }
    assert_eq!(said(&world, ALICE), ["Setup"]);
    assert_eq!(said(&world, BOB), ["CallProceeding", "Alerting", "Connect", "ReleaseComplete"]);
    assert_eq!(world.status(ALICE)["calls"], json!([]));
}

#[test]
fn both_sides_ask_for_admission_and_tell_of_the_end() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    world.command(BOB, "answer");
    world.pass(2);
    world.command(ALICE, "hangup");
    let requests = world.heard(admission);
    let [caller, callee] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((caller.answer_call, callee.answer_call), (false, true));
    assert_eq!(caller.call_identifier, callee.call_identifier);
    assert_eq!(caller.conference_id, callee.conference_id);
    assert_eq!(caller.call_reference_value, callee.call_reference_value);
    assert_eq!(callee.src_info, [Alias::H323Id("alice".into()).to_wire().unwrap()]);
    let ends = world.heard(disengagement);
    assert_eq!(ends.len(), 2);
    for end in ends {
        assert_eq!(end.call_identifier, caller.call_identifier);
        let usage = end.usage_information.unwrap();
        let start = (EPOCH / 1000) as u32;
        assert_eq!(usage.connect_time.unwrap().get(), start);
        assert_eq!(usage.end_time.unwrap().get(), start + 2);
    }
}

#[test]
fn a_setup_has_what_old_and_new_endpoints_read() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    let (message, pdu) = message(&world, ALICE, 0);
    assert_eq!(message.element(element::BEARER_CAPABILITY), Some(&[0x80, 0x90, 0xa5][..]));
    assert_eq!(message.element(element::DISPLAY), Some(&b"alice"[..]));
    let MessageBody::Setup(setup) = pdu.h323_message_body else { panic!() };
    assert_eq!(setup.conference_goal, ConferenceGoal::Create);
    assert_eq!(setup.dest_call_signal_address, Some(signal_address(BOB).into()));
    assert_eq!(setup.source_call_signal_address, Some(signal_address(ALICE).into()));
    assert_eq!(setup.destination_address, Some(vec![Alias::H323Id("bob".into()).to_wire().unwrap()]));
    assert_eq!(setup.endpoint_identifier, None);
    let features = setup.supported_features.unwrap();
    assert!(features.contains(&Feature::Messaging.advertised()));
    assert!(features.iter().any(|feature| feature.id == Feature::Herald.identifier()));
}

#[test]
fn a_routed_call_names_the_callers_registration_and_a_number_is_dialled() {
    let number = Settings { aliases: vec![Alias::DialedDigits("4711".into())], ..settings(BOB) };
    let mut world = World::registered_of([settings(ALICE), number]);
    world.gatekeeper().admission.call_model = CallModel::GatekeeperRouted;
    world.command(ALICE, "call 4711");
    let (message, pdu) = message(&world, ALICE, 0);
    assert_eq!(message.element(element::CALLED_PARTY_NUMBER), Some(&b"\x814711"[..]));
    let MessageBody::Setup(setup) = pdu.h323_message_body else { panic!() };
    assert_eq!(setup.endpoint_identifier.unwrap().to_string(), "ep-10.0.0.11");
}

#[test]
fn an_endpoint_may_answer_by_itself() {
    let bob = Settings { auto_answer: true, ..settings(BOB) };
    let mut world = World::registered_of([settings(ALICE), bob]);
    world.command(ALICE, "call bob");
    assert_eq!(world.names(ALICE), ["calling", "alerting", "connected"]);
    assert_eq!(world.names(BOB), ["incoming", "connected"]);
}

#[test]
fn an_unregistered_endpoint_takes_calls_without_asking() {
    let mut world = World::registered();
    world.gatekeeper().admission = AdmissionConfirm::default();
    world.command(BOB, "unregister");
    world.forget();
    world.command(ALICE, "call bob");
    world.command(BOB, "answer");
    assert_eq!(world.last(ALICE)["event"], "connected");
    assert_eq!(world.heard(admission).len(), 1);
}

#[test]
fn a_busy_endpoint_says_so() {
    let mut world = World::registered_of([Settings { calls: 2, ..settings(ALICE) }, settings(BOB)]);
    world.command(ALICE, "call bob");
    world.command(ALICE, "call bob");
    let ended = world.last(ALICE);
    assert_eq!((&ended["reason"], &ended["cause"]), (&json!("userBusy"), &json!(17)));
    assert_eq!(world.names(BOB), ["incoming", "ended"]);
    assert_eq!(world.status(BOB)["calls"][0]["state"], "alerting");
    assert_eq!(world.status(ALICE)["calls"][0]["state"], "alerting");
}

#[test]
fn one_more_call_than_allowed_is_not_made() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    world.forget();
    world.command(ALICE, "call bob");
    assert_eq!(world.names(ALICE), ["error"]);
    assert_eq!(world.sent, []);
}

#[test]
fn a_call_is_chosen_by_its_identifier() {
    let two = |endpoint| Settings { calls: 2, ..settings(endpoint) };
    let mut world = World::registered_of([two(ALICE), two(BOB)]);
    world.command(ALICE, "call bob");
    world.command(ALICE, "call bob");
    let second = world.last(BOB)["callIdentifier"].as_str().unwrap().to_owned();
    world.command(BOB, &format!("answer {second}"));
    assert_eq!(world.last(ALICE)["callIdentifier"], json!(second));
    world.command(ALICE, &format!("hangup {second}"));
    let left = world.status(BOB);
    assert_eq!(left["calls"].as_array().unwrap().len(), 1);
    assert_eq!(left["calls"][0]["state"], "alerting");
}

#[test]
fn a_call_may_be_refused_while_it_rings() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    world.command(BOB, "hangup");
    assert_eq!(world.last(ALICE)["reason"], "callRejected");
}

#[test]
fn a_call_nobody_answers_ends_after_three_minutes() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    world.pass(179);
    assert_eq!(world.names(ALICE), ["calling", "alerting"]);
    world.pass(1);
    assert_eq!(world.last(ALICE)["cause"], 19);
    assert_eq!(world.names(BOB), ["incoming", "ended"]);
    assert_eq!(world.heard(disengagement).len(), 2);
}

#[test]
fn a_call_to_nobody_is_rejected_by_the_gatekeeper() {
    let mut world = World::registered();
    world.command(ALICE, "call carol");
    assert_eq!(world.names(ALICE), ["admissionRejected"]);
    assert_eq!(world.last(ALICE)["reason"], "calledPartyNotRegistered");
    assert_eq!(world.heard(disengagement).len(), 0);
}

#[test]
fn a_call_refused_to_the_called_side_is_released() {
    let mut world = World::registered();
    let reject_reason = AdmissionRejectReason::RequestDenied;
    world.gatekeeper().reject_answers = Some(AdmissionReject { reject_reason, ..AdmissionReject::default() });
    world.command(ALICE, "call bob");
    assert_eq!(world.names(BOB), ["admissionRejected"]);
    assert_eq!(world.names(ALICE), ["calling", "ended"]);
}

#[test]
fn a_silent_gatekeeper_admits_no_call() {
    let mut world = World::registered();
    world.gatekeeper().is_silent = true;
    world.command(ALICE, "call bob");
    world.pass(9);
    assert_eq!(world.names(ALICE), ["admissionRejected"]);
    assert_eq!(world.last(ALICE)["reason"], "noAnswer");
    world.pass(9);
    assert_eq!(world.last(ALICE)["event"], "gatekeeperLost");
}

#[test]
fn a_callee_that_cannot_be_reached_ends_the_call() {
    let mut world = World::registered();
    world.gatekeeper().callee = Some(address("10.0.0.99:1720"));
    world.command(ALICE, "call bob");
    assert_eq!(world.names(ALICE), ["calling", "ended"]);
    assert_eq!(world.last(ALICE)["reason"], "noRouteToDestination");
    assert_eq!(world.heard(disengagement).len(), 1);
}

#[test]
fn an_answered_call_is_kept_alive_also_through_a_gatekeeper() {
    for (call_model, expected) in
        [(CallModel::Direct, "keep-alive"), (CallModel::GatekeeperRouted, "Facility")]
    {
        let mut world = World::registered();
        world.gatekeeper().admission.call_model = call_model;
        world.command(ALICE, "call bob");
        world.command(BOB, "answer");
        world.forget();
        world.pass(30);
        assert_eq!(said(&world, ALICE), [expected; 6]);
        assert_eq!(world.names(ALICE), [""; 0]);
        assert_eq!(world.status(BOB)["calls"][0]["state"], "connected");
        assert_eq!(world.status(BOB)["counters"]["ignoredMessages"], 0);
    }
}

#[test]
fn an_endpoint_without_messages_releases_an_im_call_whatever_its_goal() {
    for goal in [ConferenceGoal::Create, ConferenceGoal::CallIndependentSupplementaryService] {
        let offers = Offers { messaging: false, ..Offers::ALL };
        let mut world = World::registered_of([settings(ALICE), Settings { offers, ..settings(BOB) }]);
        world.command(ALICE, "call bob");
        let mut setup = world.said[ALICE][0].clone();
        world.command(ALICE, "hangup");
        world.forget();
        let message = Q931::decode(&setup[tpkt::HEADER..]).unwrap();
        let mut information = message.user_information().unwrap();
        let MessageBody::Setup(body) = &mut information.h323_uu_pdu.h323_message_body else { panic!() };
        let mark = EnumeratedParameter::new(
            Feature::Messaging.parameter(1),
            Content::Number8(codec::per::Integer::clamped(1)),
        );
        let descriptor = GenericData {
            parameters: Some(codec::per::BoundedList(vec![mark])),
            ..Feature::Messaging.advertised()
        };
        body.supported_features = Some(vec![descriptor]);
        body.conference_goal = goal;
        let message = Q931::new(message.message_type, message.call_reference, false);
        let message = message.with_user_information(&information).unwrap();
        setup = tpkt::packet(&message.encode().unwrap()).unwrap();
        let id = world.endpoints[BOB].accept(world.now, signal_address(ALICE)).unwrap();
        world.endpoints[BOB].received(world.now, id, &setup);
        world.settle();
        assert_eq!(world.names(BOB), ["ended"]);
        assert_eq!(said(&world, BOB), ["ReleaseComplete"]);
        assert_eq!(world.last(BOB)["cause"], 79);
    }
}

#[test]
fn a_status_inquiry_is_answered_with_the_state_of_the_call() {
    let mut world = World::connected();
    world.command(ALICE, "hangup");
    world.forget();
    world.command(ALICE, "call bob");
    let (setup, pdu) = message(&world, ALICE, 0);
    let MessageBody::Setup(body) = pdu.h323_message_body else { panic!() };
    let inquiry = StatusInquiryUuie {
        call_identifier: body.call_identifier.clone().unwrap(),
        ..StatusInquiryUuie::default()
    };
    let pdu = H323UuPdu {
        h323_message_body: MessageBody::StatusInquiry(Box::new(inquiry)),
        ..H323UuPdu::default()
    };
    let information = H323UserInformation { h323_uu_pdu: pdu, ..H323UserInformation::default() };
    let inquiry = Q931::new(message_type::STATUS_INQUIRY, setup.call_reference, false);
    let inquiry = inquiry.with_user_information(&information).unwrap().encode().unwrap();
    let id = world.last_connection(BOB);
    world.forget();
    world.endpoints[BOB].received(world.now, id, &tpkt::packet(&inquiry).unwrap());
    world.settle();
    let (status, pdu) = message(&world, BOB, 0);
    assert_eq!(status.message_type, message_type::STATUS);
    assert_eq!(status.element(0x14), Some(&[7][..]));
    assert_eq!(status.cause(), Some(30));
    let MessageBody::Status(body_of_status) = pdu.h323_message_body else { panic!() };
    assert_eq!(Some(body_of_status.call_identifier), body.call_identifier);
}
