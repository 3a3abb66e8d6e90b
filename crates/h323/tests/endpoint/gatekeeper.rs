//! What a gatekeeper asks of an endpoint.

use crate::world::*;
use codec::per::{self, FixedOctets, Integer};
use h323::wire::h225::*;
use serde_json::json;

fn number(number: u32) -> RequestSeqNum {
    RequestSeqNum::clamped(number)
}

/// The answers the gatekeeper heard from alice for which `read` has something.
fn answers<T>(world: &mut World, read: impl Fn(&RasMessage) -> Option<T>) -> Vec<T> {
    world.heard(read)
}

fn report(message: &RasMessage) -> Option<InfoRequestResponse> {
    if let RasMessage::InfoRequestResponse(response) = message { Some((**response).clone()) } else { None }
}

/// What alice's call looks like to the gatekeeper.
fn call_of_alice(world: &mut World) -> AdmissionRequest {
    let requests = world.heard(|message| match message {
        RasMessage::AdmissionRequest(request) if !request.answer_call => Some((**request).clone()),
        _ => None,
    });
    requests.into_iter().next().unwrap()
}

fn info_request(reference: u32, call_identifier: Option<CallIdentifier>) -> InfoRequest {
    InfoRequest {
        request_seq_num: number(7),
        call_reference_value: Integer::clamped(reference),
        call_identifier,
        ..InfoRequest::default()
    }
}

fn unregistration(identifier: &str, reason: UnregRequestReason) -> RasMessage {
    RasMessage::UnregistrationRequest(Box::new(UnregistrationRequest {
        request_seq_num: number(7),
        endpoint_identifier: EndpointIdentifier::new(identifier),
        gatekeeper_identifier: GatekeeperIdentifier::new("GK"),
        reason: Some(reason),
        ..UnregistrationRequest::default()
    }))
}

#[test]
fn an_unregistration_for_want_of_rights_is_confirmed_and_final() {
    let mut world = World::registered();
    world.tell(ALICE, &unregistration("ep-10.0.0.11", UnregRequestReason::SecurityDenial));
    assert_eq!(
        world.last(ALICE),
        json!({ "event": "unregistered", "by": "gatekeeper", "reason": "securityDenial" })
    );
    let confirmed = answers(&mut world, |message| match message {
        RasMessage::UnregistrationConfirm(confirm) => Some(confirm.request_seq_num),
        _ => None,
    });
    assert_eq!(confirmed, [number(7)]);
    world.forget();
    world.command(BOB, "unregister");
    world.forget();
    world.pass(1000);
    assert_eq!(world.sent, []);
}

#[test]
fn an_endpoint_asked_to_register_again_does() {
    for reason in [UnregRequestReason::ReregistrationRequired, UnregRequestReason::TtlExpired] {
        let mut world = World::registered();
        world.tell(ALICE, &unregistration("ep-10.0.0.11", reason));
        world.pass(1);
        assert_eq!(world.names(ALICE), ["unregistered", "registered"]);
    }
}

#[test]
fn an_endpoint_sent_away_comes_back_later() {
    let mut world = World::registered();
    world.tell(ALICE, &unregistration("ep-10.0.0.11", UnregRequestReason::Maintenance));
    world.pass(14);
    assert_eq!(world.names(ALICE), ["unregistered"]);
    world.pass(1);
    assert_eq!(world.names(ALICE), ["unregistered", "discovered", "registered"]);
}

#[test]
fn an_unregistration_for_somebody_else_is_rejected() {
    let mut world = World::registered();
    world.tell(ALICE, &unregistration("ep-10.0.0.12", UnregRequestReason::Maintenance));
    assert_eq!(world.names(ALICE), [""; 0]);
    let rejected = answers(&mut world, |message| match message {
        RasMessage::UnregistrationReject(reject) => Some(reject.reject_reason.clone()),
        _ => None,
    });
    assert_eq!(rejected, [UnregRejectReason::NotCurrentlyRegistered]);
}

#[test]
fn a_disengage_request_ends_the_call_and_is_not_answered_with_another() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    world.command(BOB, "answer");
    let call = call_of_alice(&mut world);
    world.forget();
    let request = RasMessage::DisengageRequest(Box::new(DisengageRequest {
        request_seq_num: number(7),
        endpoint_identifier: call.endpoint_identifier,
        call_identifier: call.call_identifier,
        disengage_reason: DisengageReason::ForcedDrop,
        ..DisengageRequest::default()
    }));
    world.tell(ALICE, &request);
    assert_eq!(world.last(ALICE)["by"], "gatekeeper");
    assert_eq!(world.last(ALICE)["reason"], "forcedDrop");
    assert_eq!(world.last(BOB)["by"], "remote");
    // A repetition is confirmed too.
    world.tell(ALICE, &request);
    let heard = answers(&mut world, |message| match message {
        RasMessage::DisengageConfirm(confirm) => Some(("DCF", confirm.request_seq_num)),
        RasMessage::DisengageRequest(request) => Some(("DRQ", request.request_seq_num)),
        _ => None,
    });
    let confirms = heard.iter().filter(|(name, _)| *name == "DCF").count();
    assert_eq!((confirms, heard.len()), (2, 3), "two confirms by alice, one request by bob");
}

// covers: D-12
#[test]
fn an_info_request_is_answered_with_the_calls_there_really_are() {
    let mut world = World::registered();
    let ask = |world: &mut World, reference, identifier| {
        world.gatekeeper().heard.clear();
        let request = info_request(reference, identifier);
        world.tell(ALICE, &RasMessage::InfoRequest(Box::new(request)));
        let mut reports = answers(world, report);
        assert_eq!(reports.len(), 1);
        let report = reports.remove(0);
        assert_eq!(report.request_seq_num, number(7));
        (report.irr_status.unwrap(), report.per_call_info.unwrap_or_default())
    };
    let idle = ask(&mut world, 0, None);
    assert_eq!(idle, (InfoRequestResponseStatus::Complete, Vec::new()));
    world.command(ALICE, "call bob");
    let call = call_of_alice(&mut world);
    let reference = call.call_reference_value.get();
    let (_, ringing) = ask(&mut world, 0, None);
    assert_eq!(ringing[0].call_identifier, call.call_identifier);
    assert_eq!(ringing[0].usage_information.as_ref().unwrap().connect_time, None);
    world.pass(3);
    world.command(BOB, "answer");
    let (status, answered) = ask(&mut world, reference, call.call_identifier.clone());
    assert_eq!(status, InfoRequestResponseStatus::Complete);
    assert_eq!(answered[0].originator, Some(true));
    let connect_time = answered[0].usage_information.as_ref().unwrap().connect_time.unwrap();
    assert_eq!(i64::from(connect_time.get()), EPOCH / 1000 + 3);
    let other = CallIdentifier { guid: FixedOctets([9; 16]), ..CallIdentifier::default() };
    let unknown = ask(&mut world, reference, Some(other));
    assert_eq!(unknown, (InfoRequestResponseStatus::InvalidCall, Vec::new()));
    world.command(ALICE, "hangup");
    let over = ask(&mut world, reference, call.call_identifier);
    assert_eq!(over, (InfoRequestResponseStatus::InvalidCall, Vec::new()));
}

#[test]
fn an_info_request_may_ask_for_the_connect_and_for_an_answer_elsewhere() {
    let mut world = World::connected();
    let wanted = UuiesRequested { connect: true, ..UuiesRequested::default() };
    let elsewhere = address("10.0.0.1:2000");
    let request = InfoRequest {
        uuies_requested: Some(wanted),
        reply_address: Some(elsewhere.into()),
        ..info_request(0, None)
    };
    world.tell(BOB, &RasMessage::InfoRequest(Box::new(request)));
    let (to, octets) = world.sent.last().unwrap();
    assert_eq!(*to, elsewhere);
    let Ok(RasMessage::InfoRequestResponse(response)) = per::decode(octets) else { panic!() };
    let pdu = response.per_call_info.unwrap().remove(0).pdu.unwrap().remove(0);
    assert!(pdu.sent);
    assert!(matches!(pdu.h323pdu.h323_message_body, MessageBody::Connect(_)));
}

// covers: D-12
#[test]
fn connect_and_release_are_reported_where_the_gatekeeper_wants_them() {
    let mut world = World::registered();
    let wanted = UuiesRequested { connect: true, release_complete: true, ..UuiesRequested::default() };
    world.gatekeeper().admission.uuies_requested = Some(wanted);
    world.command(ALICE, "call bob");
    world.command(BOB, "answer");
    world.command(BOB, "hangup");
    let reports = answers(&mut world, |message| {
        let report = report(message)?;
        assert_eq!(report.unsolicited, Some(true));
        let call = report.per_call_info?.remove(0);
        let pdu = call.pdu?.remove(0);
        let kind = match pdu.h323pdu.h323_message_body {
            MessageBody::Connect(_) => "connect",
            MessageBody::ReleaseComplete(_) => "release",
            _ => "other",
        };
        assert!(call.usage_information?.connect_time.is_some());
        Some((report.endpoint_identifier.to_string(), kind, pdu.sent))
    });
    let expected = [
        ("ep-10.0.0.12", "connect", true),
        ("ep-10.0.0.12", "release", true),
        ("ep-10.0.0.11", "connect", false),
        ("ep-10.0.0.11", "release", false),
    ];
    let expected = expected.map(|(who, what, sent)| (who.to_owned(), what, sent));
    assert!(expected.iter().all(|one| reports.contains(one)), "{reports:?}");
    assert_eq!(reports.len(), 4);
}

#[test]
fn a_report_that_wants_an_answer_is_repeated_until_there_is_one() {
    let mut world = World::registered();
    world.gatekeeper().admission.will_respond_to_irr = Some(true);
    world.gatekeeper().admission.irr_frequency = Some(Integer::clamped(10));
    world.command(ALICE, "call bob");
    world.pass(10);
    assert_eq!(answers(&mut world, report).len(), 2, "one from each side");
    world.forget();
    world.lose = 2;
    world.pass(13);
    assert_eq!(world.sent.len(), 4);
    assert_eq!(answers(&mut world, report).len(), 2);
}

#[test]
fn reports_come_as_often_as_wanted_and_end_with_the_call() {
    let mut world = World::registered();
    world.gatekeeper().admission.irr_frequency = Some(Integer::clamped(5));
    world.command(ALICE, "call bob");
    world.pass(20);
    assert_eq!(answers(&mut world, report).len(), 8);
    world.command(ALICE, "hangup");
    world.forget();
    world.pass(20);
    assert_eq!(answers(&mut world, report).len(), 0);
}

#[test]
fn a_bandwidth_request_is_confirmed_for_a_call_and_rejected_for_none() {
    let mut world = World::registered();
    world.command(ALICE, "call bob");
    let call = call_of_alice(&mut world);
    for (call_identifier, expected) in
        [(call.call_identifier, true), (Some(CallIdentifier::default()), false)]
    {
        world.forget();
        let request = BandwidthRequest {
            request_seq_num: number(7),
            endpoint_identifier: EndpointIdentifier::new("ep-10.0.0.11").unwrap(),
            call_identifier,
            band_width: Integer::clamped(640),
            ..BandwidthRequest::default()
        };
        world.tell(ALICE, &RasMessage::BandwidthRequest(Box::new(request)));
        let confirmed = answers(&mut world, |message| match message {
            RasMessage::BandwidthConfirm(confirm) => Some(confirm.band_width.get() == 640),
            RasMessage::BandwidthReject(_) => Some(false),
            _ => None,
        });
        assert_eq!(confirmed, [expected]);
    }
}

#[test]
fn a_service_control_indication_is_always_answered() {
    let mut world = World::registered();
    let indication = ServiceControlIndication { request_seq_num: number(7), ..Default::default() };
    let indication = RasMessage::ServiceControlIndication(Box::new(indication));
    world.tell(ALICE, &indication);
    world.tell(ALICE, &indication);
    let (to, octets) = world.sent.last().unwrap();
    assert_eq!(
        (world.sent.len(), *to, octets.as_slice()),
        (2, gatekeeper_address(), &[0x86, 3, 0, 0, 6][..])
    );
}

#[test]
fn a_request_that_is_no_endpoints_business_is_not_understood() {
    let mut world = World::registered();
    let request = LocationRequest { request_seq_num: number(7), ..LocationRequest::default() };
    world.tell(ALICE, &RasMessage::LocationRequest(Box::new(request)));
    let newer = per::UnknownAlternative { index: 30, octets: vec![1, 2, 3] };
    world.tell(ALICE, &RasMessage::UnknownAlternative(newer));
    let responses = answers(&mut world, |message| match message {
        RasMessage::UnknownMessageResponse(response) => {
            Some((response.request_seq_num, response.message_not_understood.is_some()))
        }
        _ => None,
    });
    assert_eq!(responses, [(number(7), true), (number(1), true)]);
}
