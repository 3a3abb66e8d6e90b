//! What the audit log is told of refusals.

use crate::world::{Room, World};
use h323::wire::h225::{RasMessage, UnregRejectReason, UnregistrationRequest};
use model::{AuditEvent, AuditOutcome};

/// The refusals so far, as `act object actor peer: reason`.
fn refused(world: &mut World) -> Vec<String> {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
    let line = |event: AuditEvent| {
        assert_eq!(event.outcome, AuditOutcome::Refused);
        assert!(event.gateway.is_some());
        let (object, actor, peer) = (name(&event.object), name(&event.actor), name(&event.peer));
        format!("{} {object} {actor} {peer}: {}", event.act, event.reason.unwrap_or_default())
    };
    std::mem::take(&mut world.audited).into_iter().map(line).collect()
}

// covers: F-18
#[test]
fn an_answer_that_rejects_something_is_told_with_who_whom_and_why() {
    let mut world = World::new();
    let mut alice = Room::new("192.0.2.10", &["alice"]);
    alice.register(&mut world);
    assert!(refused(&mut world).is_empty(), "what is confirmed is no refusal");
    alice.admit(&mut world, 1, false, "Carol");
    let expected = "call carol@example.com alice@example.com 192.0.2.10: calledPartyNotRegistered";
    assert_eq!(refused(&mut world), [expected]);
    let request = alice.admission(&mut world, 2, false, "dora");
    world.ask("203.0.113.7:1719", &RasMessage::AdmissionRequest(request.clone().into()));
    assert_eq!(refused(&mut world), ["call dora@example.com - 203.0.113.7: callerNotRegistered"]);
    // The same datagram once more has the answer that is kept.
    world.ask("203.0.113.7:1719", &RasMessage::AdmissionRequest(request.into()));
    assert_eq!(refused(&mut world), [""; 0]);
    let farewell = UnregistrationRequest::default();
    match world.ask("203.0.113.7:1719", &RasMessage::UnregistrationRequest(farewell.into())) {
        RasMessage::UnregistrationReject(reject) => {
            assert_eq!(reject.reject_reason, UnregRejectReason::NotCurrentlyRegistered);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(refused(&mut world), ["unregister - - 203.0.113.7: notCurrentlyRegistered"]);
}

#[test]
fn who_is_over_a_limit_is_told_twice_and_not_for_each_datagram() {
    let mut world = World::with(|settings| settings.trusted.clear());
    for _ in 0..5000 {
        world.octets("203.0.113.9:5000", false, b"\x00");
    }
    assert_eq!(refused(&mut world), ["limit - - 203.0.113.9: datagrams"]);
    let many = world.counter("ras.rate_limited");
    world.seconds(200);
    assert_eq!(refused(&mut world), [format!("limit - - 203.0.113.9: datagrams: {many} in all")]);
}
