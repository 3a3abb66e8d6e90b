//! Discovery and registration.

use crate::scripted::*;
use crate::world::*;
use codec::per;
use h323::endpoint::{Offers, Settings};
use h323::wire::feature::Feature;
use h323::wire::h225::*;
use serde_json::json;

fn full(message: &RasMessage) -> Option<RegistrationRequest> {
    match message {
        RasMessage::RegistrationRequest(request) if request.keep_alive != Some(true) => {
            Some((**request).clone())
        }
        _ => None,
    }
}

fn refresh(message: &RasMessage) -> Option<RegistrationRequest> {
    match message {
        RasMessage::RegistrationRequest(request) if request.keep_alive == Some(true) => {
            Some((**request).clone())
        }
        _ => None,
    }
}

fn reject(reason: RegistrationRejectReason) -> RasMessage {
    let reject = RegistrationReject { reject_reason: reason, ..RegistrationReject::default() };
    RasMessage::RegistrationReject(Box::new(reject))
}

#[test]
fn an_endpoint_finds_its_gatekeeper_and_registers() {
    let mut world = World::new();
    world.command(ALICE, "register");
    assert_eq!(world.names(ALICE), ["discovered", "registered"]);
    let expected = json!({
        "event": "registered", "endpointIdentifier": "ep-10.0.0.11", "gatekeeper": "10.0.0.1:1719",
        "gatekeeperIdentifier": "GK", "timeToLive": 60, "aliases": [], "presence": false, "messages": false,
    });
    assert_eq!(world.last(ALICE), expected);
    let request = world.heard(full).remove(0);
    assert_eq!(request.ras_address, [ras_address(ALICE).into()]);
    assert_eq!(request.call_signal_address, [signal_address(ALICE).into()]);
    assert_eq!(request.time_to_live.unwrap().get(), 60);
    assert!(request.discovery_complete);
}

#[test]
fn an_endpoint_offers_presence_and_heralds_package() {
    let mut world = World::registered();
    world.command(ALICE, "unregister");
    world.forget();
    world.command(ALICE, "register");
    let offers = world.heard(|message| match message {
        RasMessage::GatekeeperRequest(request) => request.feature_set.clone(),
        RasMessage::RegistrationRequest(request) => request.feature_set.clone(),
        _ => None,
    });
    assert_eq!(offers.len(), 2);
    for offer in offers {
        let [presence, herald] = <[_; 2]>::try_from(offer.supported_features.unwrap()).unwrap();
        assert_eq!(presence, Feature::Presence.advertised());
        assert_eq!(herald.id, Feature::Herald.identifier());
        let version = herald.parameter(&Feature::Herald.parameter(1));
        assert!(matches!(version, Some(Content::Number8(number)) if number.get() == 1));
    }
}

#[test]
fn a_plain_endpoint_sends_no_generic_feature_anywhere() {
    let plain = |endpoint| Settings { offers: Offers::NONE, ..settings(endpoint) };
    let mut world = World::of([plain(ALICE), plain(BOB)]);
    world.command(ALICE, "register");
    world.command(BOB, "register");
    world.command(ALICE, "call bob");
    world.command(BOB, "answer");
    world.command(ALICE, "quit");
    let datagrams = world.sent.iter().map(|(_, octets)| octets);
    let readings: Vec<_> = datagrams
        .chain(world.said.iter().flatten())
        .map(|octets| h323::wire::reading::read(octets).unwrap()["decoded"].to_string())
        .collect();
    assert!(readings.len() > 10);
    for word in ["featureSet", "genericData", "supportedFeatures"] {
        assert!(!readings.iter().any(|reading| reading.contains(word)), "{word}");
    }
}

#[test]
fn without_a_gatekeeper_configured_everyone_is_asked_and_the_first_answer_counts() {
    let mut world = World::of([Settings { gatekeeper: None, ..settings(ALICE) }, settings(BOB)]);
    world.command(ALICE, "register");
    let asked: Vec<_> = world.sent.iter().map(|(to, _)| to.to_string()).collect();
    assert_eq!(asked, ["224.0.1.41:1718", "255.255.255.255:1718", "255.255.255.255:1719"]);
    let Ok(RasMessage::GatekeeperRequest(request)) = per::decode(&world.sent[0].1) else { panic!() };
    world.tell(ALICE, &confirm_discovery(gatekeeper_address(), request.request_seq_num));
    assert_eq!(world.names(ALICE), ["discovered", "registered"]);
    let late = per::encode(&confirm_discovery(address("10.0.0.2:1719"), request.request_seq_num)).unwrap();
    world.datagram(ALICE, address("10.0.0.2:1719"), &late);
    assert_eq!(world.status(ALICE)["gatekeeper"], "10.0.0.1:1719");
    assert_eq!(world.status(ALICE)["counters"]["strayReplies"], 1);
}

#[test]
fn a_lost_request_is_sent_again_with_the_same_number() {
    let mut world = World::new();
    world.lose = 2;
    world.command(ALICE, "register");
    world.pass(5);
    assert_eq!(world.names(ALICE), [""; 0]);
    assert_eq!(world.sent.len(), 2);
    assert_eq!(world.sent[0], world.sent[1]);
    world.pass(1);
    assert_eq!(world.names(ALICE), ["discovered", "registered"]);
}

#[test]
fn a_silent_gatekeeper_is_given_up_after_two_retries_and_tried_again_later() {
    let mut world = World::new();
    world.gatekeeper().is_silent = true;
    world.command(ALICE, "register");
    world.pass(8);
    assert_eq!((world.sent.len(), world.names(ALICE).len()), (3, 0));
    world.pass(1);
    assert_eq!(world.last(ALICE)["event"], "gatekeeperLost");
    assert_eq!(world.last(ALICE)["gatekeeper"], "10.0.0.1:1719");
    world.gatekeeper().is_silent = false;
    world.pass(15);
    assert_eq!(world.last(ALICE)["event"], "registered");
}

#[test]
fn a_request_in_progress_is_waited_for_as_long_as_the_gatekeeper_says() {
    let mut world = World::new();
    let delay = codec::per::Integer::clamped(20_000);
    let progress = RequestInProgress { delay, ..RequestInProgress::default() };
    world.command(ALICE, "register");
    world.command(ALICE, "unregister");
    world.forget();
    world.gatekeeper().instead.push_back(RasMessage::RequestInProgress(Box::new(progress)));
    world.command(ALICE, "register");
    world.pass(19);
    assert_eq!(world.sent.len(), 1);
    world.pass(1);
    assert_eq!(world.last(ALICE)["event"], "registered");
}

#[test]
fn a_registration_is_kept_alive_until_it_is_given_up() {
    let mut world = World::registered();
    world.pass(54);
    assert_eq!(world.heard(refresh).len(), 0);
    world.pass(1);
    let requests = world.heard(refresh);
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].endpoint_identifier.as_ref().unwrap().to_string(), "ep-10.0.0.11");
    assert_eq!(requests[0].terminal_alias, None);
    world.command(ALICE, "unregister");
    world.forget();
    world.pass(1000);
    assert_eq!(world.heard(full).len(), 0);
    assert!(world.gatekeeper().heard.iter().all(|(from, _)| *from == ras_address(BOB)));
}

#[test]
fn half_of_a_short_time_to_live_passes_between_keep_alives() {
    let mut world = World::new();
    world.gatekeeper().time_to_live = Some(8);
    world.command(ALICE, "register");
    world.pass(40);
    assert_eq!(world.heard(refresh).len(), 10);
}

#[test]
fn a_gatekeeper_that_forgot_the_endpoint_gets_a_full_registration() {
    let mut world = World::registered();
    world.gatekeeper().instead.push_back(reject(RegistrationRejectReason::FullRegistrationRequired));
    world.pass(55);
    assert_eq!(world.heard(full).len(), 1);
    assert_eq!(world.names(ALICE), ["registered"]);
}

#[test]
fn a_gatekeeper_that_wants_to_be_discovered_again_is() {
    let mut world = World::registered();
    world.gatekeeper().instead.push_back(reject(RegistrationRejectReason::DiscoveryRequired));
    world.pass(55);
    assert_eq!(world.names(ALICE), ["discovered", "registered"]);
}

#[test]
fn a_gatekeeper_may_refuse_to_be_found() {
    let reject_reason = GatekeeperRejectReason::TerminalExcluded;
    let reject = GatekeeperReject { reject_reason, ..GatekeeperReject::default() };
    let mut world = World::new();
    world.gatekeeper().instead.push_back(RasMessage::GatekeeperReject(Box::new(reject)));
    world.command(ALICE, "register");
    assert_eq!(world.last(ALICE), json!({ "event": "registrationRejected", "reason": "terminalExcluded" }));
}

#[test]
fn endless_detours_end_as_a_refusal() {
    let mut world = World::new();
    world.gatekeeper().registration_reject = Some(RegistrationRejectReason::DiscoveryRequired);
    world.command(ALICE, "register");
    assert_eq!(world.last(ALICE), json!({ "event": "registrationRejected", "reason": "discoveryRequired" }));
    assert!(world.sent.len() < 20);
}

#[test]
fn a_refused_registration_says_why_and_stays_refused() {
    let mut world = World::new();
    world.gatekeeper().registration_reject = Some(RegistrationRejectReason::DuplicateAlias(Vec::new()));
    world.command(ALICE, "register");
    assert_eq!(world.last(ALICE), json!({ "event": "registrationRejected", "reason": "duplicateAlias" }));
    world.forget();
    world.pass(1000);
    assert_eq!(world.sent, []);
}

#[test]
fn a_gatekeeper_without_resources_is_tried_again_later() {
    let mut world = World::new();
    world.gatekeeper().registration_reject = Some(RegistrationRejectReason::ResourceUnavailable);
    world.command(ALICE, "register");
    assert_eq!(world.last(ALICE)["reason"], "resourceUnavailable");
    world.gatekeeper().registration_reject = None;
    world.pass(15);
    assert_eq!(world.last(ALICE)["event"], "registered");
}

#[test]
fn the_best_alternate_takes_over_from_a_silent_gatekeeper() {
    let alternate = |ip: &str, priority| AlternateGk {
        ras_address: address(ip).into(),
        priority: codec::per::Integer::clamped(priority),
        ..AlternateGk::default()
    };
    let mut world = World::new();
    world.gatekeepers.insert(address("10.0.0.2:1719"), Gatekeeper::default());
    world.gatekeepers.insert(address("10.0.0.3:1719"), Gatekeeper::default());
    let alternates = vec![alternate("10.0.0.3:1719", 9), alternate("10.0.0.2:1719", 1)];
    world.gatekeeper().alternates = Some(alternates);
    world.command(ALICE, "register");
    world.forget();
    world.gatekeeper().is_silent = true;
    world.pass(55 + 9);
    assert_eq!(world.names(ALICE), ["gatekeeperLost", "registered"]);
    assert_eq!(world.status(ALICE)["gatekeeper"], "10.0.0.2:1719");
}

#[test]
fn unregistering_is_confirmed_or_given_up() {
    for is_silent in [false, true] {
        let mut world = World::registered();
        world.gatekeeper().is_silent = is_silent;
        world.command(ALICE, "unregister");
        world.pass(9);
        let expected = json!({ "event": "unregistered", "by": "endpoint", "reason": null });
        assert_eq!(world.last(ALICE), expected);
        assert_eq!(world.sent.len(), if is_silent { 3 } else { 1 });
        assert_eq!(world.status(ALICE)["endpointIdentifier"], json!(null));
    }
}

#[test]
fn quitting_hangs_up_and_unregisters_first() {
    let mut world = World::connected();
    world.command(ALICE, "quit");
    assert_eq!(world.names(ALICE), ["ended", "unregistered"]);
    assert!(world.finished[ALICE]);
    assert_eq!(world.names(BOB), ["ended"]);
    assert_eq!(world.endpoints[ALICE].deadline(), None);
}

#[test]
fn quitting_does_not_wait_long_for_a_silent_gatekeeper() {
    let mut world = World::registered();
    world.gatekeeper().is_silent = true;
    world.command(ALICE, "quit");
    world.pass(4);
    assert!(!world.finished[ALICE]);
    world.pass(1);
    assert!(world.finished[ALICE]);
}

#[test]
fn what_cannot_be_done_is_told() {
    let mut world = World::new();
    for line in ["unregister", "call bob", "answer", "hangup", "hangup 000102030405060708090a0b0c0d0e0f"] {
        world.command(ALICE, line);
        assert_eq!(world.last(ALICE)["event"], "error", "{line}");
    }
    world.command(ALICE, "register");
    world.command(ALICE, "register");
    assert_eq!(world.last(ALICE)["event"], "error");
    assert_eq!(world.sent.len(), 2);
}
