//! IM calls of endpoints, which Herald answers.

use super::line::*;
use crate::world::World;
use h323::wire::h225::*;
use h323::wire::q931::message_type;
use link::{Closure, Input, Link};
use model::{Effect, MessageFailure, Request, Source};

const ME: Names = Names::RECORDED;

// covers: D-05, D-06, D-13, Q20, K-9
#[test]
fn a_single_message_is_confirmed_by_the_release_once_it_is_durable() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &recorded(TEXT));
    let (ticket, agent, message) = world.sent_once();
    assert_eq!(agent, Some(super::line::agent(1)));
    assert_eq!(message.text, "Hello Bob, how are you?");
    assert_eq!((message.sender, message.recipient), (address("alice"), address("bob")));
    assert!(!message.in_session && message.sent_at == world.now.wall);
    assert!(world.wires.is_empty(), "nothing is promised before it is durable");
    world.accepts(ticket, agent);
    let release = world.said_once(call);
    assert_eq!((release.message_type, release.cause), (message_type::RELEASE_COMPLETE, Some(16)));
    assert_eq!((release.reason, release.open), (None, None));
    assert!(world.has_closed(call));
    world.seconds(6);
    assert_eq!(world.counter("calls.now"), 0, "no call is left though no DRQ came");
    assert!(world.evidence.iter().all(|(_, evidence)| evidence.key.source != Source::Call));
    assert!(world.accounts.is_empty());
}

// covers: D-05, D-06, Q22
#[test]
fn the_answer_says_that_messages_are_taken_in_the_name_of_whom_was_called() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    world.connects(channel(1), "192.0.2.10");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.brings(channel(1), &recorded(SETUP));
    assert!(world.wires.is_empty(), "it is not known yet whether the message has somewhere to go");
    assert_eq!(world.routes(&[]), (agent(1), address("bob")));
    let said = world.said(channel(1));
    assert_eq!((said[0].message_type, said[0].kind), (message_type::CALL_PROCEEDING, None));
    assert_eq!((said[1].message_type, said[1].kind), (message_type::ALERTING, Some(1)));
    assert!(said.iter().all(|said| said.is_offered && said.names.from_destination));
    assert!(said.iter().all(|said| said.names.reference == REFERENCE));
    let names: Vec<_> = said.iter().map(|said| said.display.clone()).collect();
    assert_eq!(names, [Some(b"bob\0".to_vec()), Some(b"bob\0".to_vec())]);
}

#[test]
fn the_stream_may_be_cut_anywhere() {
    let stream = [recorded(SETUP), vec![3, 0, 0, 4], recorded(TEXT)].concat();
    for cut in 1..stream.len() {
        let mut world = world();
        let alice = writer(&mut world, "192.0.2.10", "alice");
        writer(&mut world, "192.0.2.11", "bob");
        world.admits(&alice, "bob");
        world.connects(channel(1), "192.0.2.10");
        stream.chunks(cut).for_each(|piece| world.brings(channel(1), piece));
        world.routes(&[]);
        assert_eq!(world.takes_text().text, "Hello Bob, how are you?", "cut after {cut}");
        assert!(world.has_closed(channel(1)));
    }
}

// covers: Q18
#[test]
fn the_mark_decides_and_not_the_goal() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &ME.adapt("rec_Setup_create_im_1_1"));
    world.routes(&[]);
    assert_eq!(world.said_types(channel(1)), [message_type::CALL_PROCEEDING, message_type::ALERTING]);
    assert!(world.opened.is_empty());
}

// covers: D-06
#[test]
fn a_refused_message_is_refused_with_its_call_and_never_as_if_it_was_taken() {
    let table = [
        (MessageFailure::NoRecipient, 20, Some(ReleaseCompleteReason::CalledPartyNotRegistered)),
        (MessageFailure::Blocked, 21, Some(ReleaseCompleteReason::DestinationRejection)),
        (MessageFailure::Expired, 102, None),
        (MessageFailure::TooLarge, 43, None),
        (MessageFailure::NotSupported, 88, Some(ReleaseCompleteReason::NeededFeatureNotSupported)),
        (MessageFailure::Loop, 25, Some(ReleaseCompleteReason::HopCountExceeded)),
        (
            MessageFailure::Unavailable { limit: "inbox" },
            42,
            Some(ReleaseCompleteReason::GatekeeperResources),
        ),
    ];
    for (failure, cause, reason) in table {
        for at_setup in [true, false] {
            let mut world = world();
            let alice = writer(&mut world, "192.0.2.10", "alice");
            writer(&mut world, "192.0.2.11", "bob");
            if at_setup {
                world.admits(&alice, "bob");
                world.connects(channel(1), "192.0.2.10");
                world.brings(channel(1), &recorded(SETUP));
                world.routes_nowhere(failure);
            } else {
                let call = answered(&mut world, &alice, "bob");
                world.brings(call, &recorded(TEXT));
                let (ticket, agent, _) = world.sent_once();
                world.apply(Effect::MessageRefused { ticket, agent, failure });
            }
            let release = world.said_once(channel(1));
            assert_eq!(release.message_type, message_type::RELEASE_COMPLETE);
            assert_eq!((release.cause, release.reason), (Some(cause), reason.clone()), "{failure}");
            assert!(world.has_closed(channel(1)));
        }
    }
}

// covers: D-08
#[test]
fn a_message_for_nobody_is_refused_at_the_admission() {
    for (failure, reason) in [
        (MessageFailure::NoRecipient, AdmissionRejectReason::CalledPartyNotRegistered),
        (MessageFailure::Blocked, AdmissionRejectReason::RequestDenied),
        (MessageFailure::NotSupported, AdmissionRejectReason::NeededFeatureNotSupported),
        (MessageFailure::Unavailable { limit: "store" }, AdmissionRejectReason::ResourceUnavailable),
    ] {
        let mut world = world();
        let alice = writer(&mut world, "192.0.2.10", "alice");
        let request = world.admission(&alice, "nobody", RECORDED);
        world.send(&alice.ras, &request);
        world.routes_nowhere(failure);
        let answers = world.take(alice.ras.parse().unwrap());
        let [RasMessage::AdmissionReject(reject)] = answers.as_slice() else { panic!("{answers:?}") };
        assert_eq!(reject.reject_reason, reason);
        assert_eq!(world.counter("calls.now"), 0);
    }
}

// covers: D-06
#[test]
fn a_message_for_somebody_away_is_taken() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    let request = world.admission(&alice, "bob", RECORDED);
    world.send(&alice.ras, &request);
    world.routes(&[]);
    world.take(alice.ras.parse().unwrap());
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &recorded(SETUP));
    world.routes(&[]);
    world.brings(channel(1), &recorded(TEXT));
    assert_eq!(world.takes_text().recipient, address("bob"));
    assert_eq!(world.said(channel(1)).last().unwrap().cause, Some(16));
}

// covers: Q15
#[test]
fn a_facility_without_anything_is_ignored_and_silence_ends_the_call() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &ME.adapt(NOTHING));
    world.brings(call, &ME.facility(None, Some(&[])));
    world.seconds(29);
    assert!(world.wires.is_empty() && world.requests.is_empty());
    world.seconds(2);
    let release = world.said_once(call);
    assert_eq!((release.message_type, release.cause), (message_type::RELEASE_COMPLETE, Some(102)));
    assert!(world.has_closed(call));
    assert_eq!(world.counter("messages.calls_silent"), 1);
}

// covers: Q15
#[test]
fn a_text_that_comes_late_and_alone_is_a_single_message() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &ME.adapt(NOTHING));
    world.seconds(20);
    world.brings(call, &recorded(TEXT));
    world.takes_text();
    assert_eq!(world.said_once(call).cause, Some(16));
}

// covers: D-05, Q21, K-10
#[test]
fn pairs_are_joined_and_what_is_no_character_is_replaced() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    let units = [0x68, 0xd83d, 0xde00, 0xd800, 0x0d, 0x0a, 0x4f60, 0xffff];
    world.brings(call, &ME.facility(None, Some(&units)));
    assert_eq!(world.takes_text().text, "h\u{1f600}\u{fffd}\r\n\u{4f60}\u{fffd}");
}

// covers: D-06
#[test]
fn a_session_commits_one_text_after_the_other_and_says_nothing_in_between() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    // Opening and text in one Facility, then more, all in one go.
    let first = ME.facility(Some(true), Some(&[0x31]));
    let stream = [first, ME.text("2"), ME.status_inquiry(), ME.text("3")].concat();
    world.brings(call, &stream);
    for expected in ["1", "2", "3"] {
        assert!(world.wires.is_empty());
        let message = world.takes_text();
        assert_eq!(message.text, expected);
        assert!(message.in_session);
    }
    assert_eq!(world.said_types(call), [message_type::CONNECT, message_type::STATUS]);
    assert!(!world.has_closed(call));
}

// covers: D-06
#[test]
fn a_session_is_open_for_long_and_its_close_is_told_after_its_last_text() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &ME.adapt(OPEN));
    assert_eq!(world.said_once(call).message_type, message_type::CONNECT);
    refresh_for(&mut world, &alice, 600);
    world.brings(call, &[ME.text("late"), ME.facility(Some(false), None)].concat());
    assert!(world.wires.is_empty());
    world.takes_text();
    assert_eq!(world.asked_once(), Request::EndSession { agent: agent(1), peer: address("bob") });
    assert_eq!(world.said_once(call).cause, Some(16));
    assert!(world.has_closed(call));
}

fn refresh_for(world: &mut World, room: &crate::world::Room, seconds: u64) {
    for _ in 0..seconds / 30 {
        world.seconds(30);
        room.refresh(world);
    }
}

// covers: D-06
#[test]
fn a_refusal_in_a_session_is_read_in_it() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &ME.adapt(OPEN));
    world.said(call);
    world.brings(call, &[ME.text("1"), ME.text("2")].concat());
    let (ticket, agent, _) = world.sent_once();
    let failure = MessageFailure::Blocked;
    world.apply(Effect::MessageRefused { ticket, agent, failure });
    assert_eq!(world.takes_text().text, "2");
    let text = world.said_once(call).text.unwrap();
    assert_eq!(text, format!("[not delivered: {failure}]"));
    assert!(!world.has_closed(call));
}

#[test]
fn what_was_read_of_a_caller_that_hangs_up_is_not_lost() {
    let hang_up: [fn(&mut World); 2] = [
        |world| world.brings(channel(1), &ME.adapt(CLOSING_RELEASE)),
        |world| world.happens(channel(1), Input::Closed { how: Closure::Broken }),
    ];
    for happens in hang_up {
        let mut world = world();
        let alice = writer(&mut world, "192.0.2.10", "alice");
        writer(&mut world, "192.0.2.11", "bob");
        let call = answered(&mut world, &alice, "bob");
        world.brings(call, &[ME.adapt(OPEN), ME.text("1"), ME.text("2"), ME.text("3")].concat());
        assert_eq!(world.said_types(call), [message_type::CONNECT]);
        happens(&mut world);
        let texts = world.requests.iter().filter_map(|request| match request {
            Request::Send { message, .. } => Some(message.text.as_str()),
            _ => None,
        });
        assert_eq!(texts.collect::<Vec<_>>(), ["1", "2", "3"]);
        assert!(matches!(world.requests.last(), Some(Request::EndSession { .. })));
        // The answers find nobody.
        for request in std::mem::take(&mut world.requests) {
            if let Request::Send { ticket, agent, .. } = request {
                world.accepts(ticket, agent);
            }
        }
        assert!(world.requests.is_empty() && world.wires.is_empty());
    }
}

// covers: D-06
#[test]
fn a_recipient_that_said_nothing_yet_is_asked_whether_it_takes_messages() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &recorded(SETUP));
    world.routes(&[2]);
    assert!(world.octets_of(channel(1)).is_empty());
    let (bob, names) = world.placed_and_alerted();
    assert_eq!(world.said_types(channel(1)), [message_type::CALL_PROCEEDING, message_type::ALERTING]);
    assert!(world.said(bob).is_empty(), "there is no text yet");
    world.brings(channel(1), &recorded(TEXT));
    world.takes_text();
    assert_eq!(world.said_once(channel(1)).cause, Some(16));
    // The text goes by the call that is there.
    world.delivers(2, delivery("alice", "bob", "Hello Bob, how are you?", false));
    assert!(world.opened.is_empty());
    assert_eq!(world.said_once(bob).text.as_deref(), Some("Hello Bob, how are you?"));
    world.brings(bob, &names.adapt(RELEASE));
    assert_eq!(world.concluded(), model::DeliveryOutcome::Delivered);
}

// covers: Q19
#[test]
fn a_sender_is_refused_when_no_device_of_the_recipient_takes_messages() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &recorded(SETUP));
    world.routes(&[2]);
    let (bob, setup) = world.placed();
    world.brings(bob, &setup.names.answered().adapt(CONNECT));
    assert_eq!(world.said_once(bob).message_type, message_type::RELEASE_COMPLETE);
    let release = world.said_once(channel(1));
    assert_eq!(release.cause, Some(88));
    assert_eq!(release.reason, Some(ReleaseCompleteReason::NeededFeatureNotSupported));
    assert!(world.has_closed(channel(1)) && world.has_closed(bob));
}

// covers: K-12
#[test]
fn a_recipient_that_is_asked_is_shown_no_percent_sign_either() {
    let mut world = world();
    let mut alice = writer(&mut world, "192.0.2.10", "al%ice");
    alice.aliases.push("5550000".to_owned());
    alice.register(&mut world);
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &recorded(SETUP));
    world.routes(&[2]);
    let (_, setup) = world.placed();
    let MessageBody::Setup(setup) = setup.body else { panic!("no setup") };
    assert_eq!(setup.source_address, Some(vec![crate::world::alias("5550000")]));
}

#[test]
fn the_writer_is_who_was_admitted_whatever_its_setup_says() {
    let mut world = world();
    let mallory = writer(&mut world, "192.0.2.10", "mallory");
    writer(&mut world, "192.0.2.11", "bob");
    // The recorded Setup names alice as its source, who is registered too.
    writer(&mut world, "192.0.2.12", "alice");
    let call = answered(&mut world, &mallory, "bob");
    world.brings(call, &recorded(TEXT));
    assert_eq!(world.takes_text().sender, address("mallory"));
}

#[test]
fn a_recipient_that_can_not_be_asked_is_unreachable_for_the_sender() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &recorded(SETUP));
    world.routes(&[2]);
    let (bob, _) = world.opened_once();
    world.happens(bob, Input::Closed { how: Closure::Unreachable });
    assert_eq!(world.said_once(channel(1)).cause, Some(27));
}

#[test]
fn the_call_to_ask_a_recipient_ends_soon_after_the_sender_gave_up() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &recorded(SETUP));
    world.routes(&[2]);
    let (bob, _) = world.placed_and_alerted();
    world.brings(channel(1), &ME.adapt(RELEASE));
    world.seconds(3);
    let release = world.said_once(bob);
    assert_eq!((release.message_type, release.cause), (message_type::RELEASE_COMPLETE, Some(16)));
    assert!(world.has_closed(bob));
    world.seconds(6);
    assert_eq!(world.counter("calls.now"), 0);
}

// covers: D-08
#[test]
fn a_message_takes_no_bandwidth() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    assert_eq!(world.counter("calls.bandwidth"), 1280);
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &recorded(SETUP));
    assert_eq!(world.counter("calls.bandwidth"), 0);
}

#[test]
fn a_registration_that_ends_takes_its_calls_for_messages_with_it() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    let request = alice.unregistration(&mut world);
    world.ask(&alice.ras, &request);
    assert_eq!(world.said_once(call).message_type, message_type::RELEASE_COMPLETE);
    assert!(world.has_closed(call));
}

// covers: D-08
#[test]
fn a_message_gets_through_when_no_bandwidth_is_left_and_a_call_does_not() {
    for is_message in [true, false] {
        let mut world = world_with(|settings| settings.zone_bandwidth = Some(1280));
        let alice = writer(&mut world, "192.0.2.10", "alice");
        let bob = writer(&mut world, "192.0.2.11", "bob");
        world.admits_call(&bob, "alice", [5; 16]);
        assert_eq!(world.counter("calls.bandwidth"), 1280);
        assert_eq!(granted(&world.admits(&alice, "bob")).0, CallModel::GatekeeperRouted);
        world.connects(channel(1), "192.0.2.10");
        if is_message {
            world.brings(channel(1), &recorded(SETUP));
            world.routes(&[]);
            assert_eq!(world.said_types(channel(1)), [message_type::CALL_PROCEEDING, message_type::ALERTING]);
        } else {
            world.brings(channel(1), &ME.adapt(ORDINARY_SETUP));
            assert_eq!(world.said_once(channel(1)).reason, Some(ReleaseCompleteReason::NoBandwidth));
            assert!(world.opened.is_empty());
        }
    }
}

#[test]
fn a_recipient_that_registers_while_the_engine_is_asked_is_called() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    let request = world.admission(&alice, "bob", RECORDED);
    world.send(&alice.ras, &request);
    writer(&mut world, "192.0.2.11", "bob");
    world.routes(&[]);
    world.connects(channel(1), "192.0.2.10");
    world.brings(channel(1), &ME.adapt(ORDINARY_SETUP));
    assert_eq!(world.opened_once().1.to_string(), "192.0.2.11:1720");
}

/// What the server keeps of a call is what it promised; after a kill the endpoints connect again.
#[test]
fn a_call_that_was_admitted_before_a_kill_is_answered_after_it() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    world.admits(&alice, "bob");
    let records = world.gatekeeper.snapshot(world.now, 100);
    let mut after = super::line::world();
    for record in records {
        after.gatekeeper.restore(after.now, record);
    }
    after.drain();
    after.connects(channel(1), "192.0.2.10");
    after.brings(channel(1), &recorded(SETUP));
    assert_eq!(after.routes(&[]), (agent(1), address("bob")));
    assert_eq!(after.said_types(channel(1)), [message_type::CALL_PROCEEDING, message_type::ALERTING]);
}
