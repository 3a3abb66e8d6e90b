//! Sessions: opened lazily towards the recipient, texts both ways, and their end.

use super::line::*;
use crate::world::{Room, World, listed};
use h323::wire::h225::CallIdentifier;
use h323::wire::q931::message_type;
use link::{ChannelId, Closure, Input};
use model::{DeliveryOutcome, Effect, Millis, Request, Source};

const FACILITY: u8 = message_type::FACILITY;
const INQUIRY: u8 = message_type::STATUS_INQUIRY;

/// A session with bob in the name of alice, in which one text is on its way.
fn session(world: &mut World) -> (Room, ChannelId, Names) {
    let bob = writer(world, "192.0.2.11", "bob");
    world.delivers(1, delivery("alice", "bob", "first", true));
    let (call, names) = world.placed_and_alerted();
    let open = world.said_once(call);
    assert_eq!((open.open, open.text), (Some(true), None));
    world.brings(call, &names.adapt(CONNECT));
    (bob, call, names)
}

/// The same with the text delivered.
fn idle_session(world: &mut World) -> (Room, ChannelId, Names) {
    let (bob, call, names) = session(world);
    world.said(call);
    world.brings(call, &names.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    (bob, call, names)
}

/// How the delivery was concluded, whatever else was told.
fn outcome(world: &World) -> Option<DeliveryOutcome> {
    world.requests.iter().find_map(|request| match request {
        Request::Conclude { outcome, .. } => Some(*outcome),
        _ => None,
    })
}

fn keeps_alive(world: &mut World, room: &Room, seconds: u64) {
    for _ in 0..seconds / 30 {
        world.seconds(30);
        room.refresh(world);
    }
}

// covers: D-06
#[test]
fn a_text_in_a_session_is_delivered_when_the_endpoint_answers_what_follows_it() {
    let mut world = world();
    let (_, call, names) = session(&mut world);
    let said = world.said(call);
    assert_eq!(said.iter().map(|said| said.message_type).collect::<Vec<_>>(), [FACILITY, INQUIRY]);
    assert_eq!(said[0].text.as_deref(), Some("first"));
    assert!(world.requests.is_empty());
    world.brings(call, &names.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    assert!(!world.has_closed(call));
}

// covers: D-06
#[test]
fn an_open_session_takes_the_next_texts_whether_written_in_one_or_not() {
    let mut world = world();
    let (bob, call, names) = idle_session(&mut world);
    keeps_alive(&mut world, &bob, 90);
    for in_session in [true, false] {
        world.delivers(1, delivery("alice", "bob", "next", in_session));
        assert_eq!(world.said_types(call), [FACILITY, INQUIRY]);
        world.brings(call, &names.status());
        assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    }
    assert!(world.opened.is_empty());
}

// covers: D-06
#[test]
fn an_answer_in_the_session_is_a_message_to_its_other_side() {
    let mut world = world();
    let (_, call, names) = idle_session(&mut world);
    world.brings(call, &names.text("and you?"));
    // What is to be said waits until it is durable: it would say that it is.
    world.delivers(1, delivery("alice", "bob", "next", true));
    assert!(world.said(call).is_empty());
    let message = world.takes_text();
    assert_eq!((message.text.as_str(), message.in_session), ("and you?", true));
    assert_eq!((message.sender, message.recipient), (address("bob"), address("alice")));
    assert_eq!(world.said_types(call), [FACILITY, INQUIRY]);
}

// covers: Q17
#[test]
fn the_second_copy_of_a_text_of_an_h323plus_callee_is_dropped() {
    let mut world = world();
    let (_, call, names) = idle_session(&mut world);
    world.brings(call, &[names.text("yes"), names.text("yes")].concat());
    assert_eq!(world.takes_text().text, "yes");
    assert!(world.requests.is_empty());
    assert_eq!(world.counter("messages.texts_repeated"), 1);
    world.pass(Millis(50));
    world.brings(call, &names.text("yes"));
    assert_eq!(world.takes_text().text, "yes", "said again");
    world.brings(call, &names.text("no"));
    assert_eq!(world.takes_text().text, "no");
}

// covers: Q17
#[test]
fn texts_that_are_the_same_are_kept_where_the_quirk_is_not_expected() {
    let mut world = world_with(|settings| settings.signalling.repetition_window = Millis(0));
    let (_, call, names) = idle_session(&mut world);
    world.brings(call, &[names.text("yes"), names.text("yes")].concat());
    world.takes_text();
    assert_eq!(world.takes_text().text, "yes");
    // An h323plus caller has no such quirk.
    let mut world = super::line::world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &Names::RECORDED.adapt(OPEN));
    world.brings(call, &[Names::RECORDED.text("yes"), Names::RECORDED.text("yes")].concat());
    world.takes_text();
    assert_eq!(world.takes_text().text, "yes");
}

// covers: D-06
#[test]
fn a_silent_endpoint_is_asked_again_and_any_later_sign_counts() {
    let signs: [fn(&Names) -> Vec<u8>; 2] = [|names| names.status(), |names| names.text("hm")];
    for sign in signs {
        let mut world = world();
        let (bob, call, names) = session(&mut world);
        assert_eq!(world.said_types(call), [FACILITY, INQUIRY]);
        world.seconds(11);
        bob.refresh(&mut world);
        assert_eq!(world.said_types(call), [INQUIRY, INQUIRY]);
        assert!(world.requests.is_empty());
        world.brings(call, &sign(&names));
        assert!(matches!(
            world.requests.remove(0),
            Request::Conclude { outcome: DeliveryOutcome::Delivered, .. }
        ));
    }
}

#[test]
fn a_text_that_crossed_ours_shows_nothing() {
    let mut world = world();
    let (_, call, names) = session(&mut world);
    world.brings(call, &names.text("at the same time"));
    world.takes_text();
    assert!(world.requests.is_empty());
    world.happens(call, Input::Closed { how: Closure::Broken });
    assert_eq!(world.concluded(), DeliveryOutcome::Later);
}

#[test]
fn the_answer_to_an_older_question_shows_nothing_of_a_newer_text() {
    let mut world = world();
    let (bob, call, names) = session(&mut world);
    world.seconds(6);
    bob.refresh(&mut world);
    world.said(call);
    world.brings(call, &names.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    world.delivers(1, delivery("alice", "bob", "second", true));
    world.brings(call, &names.status());
    assert!(world.requests.is_empty(), "that was the second answer for the first text");
    world.brings(call, &names.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
}

// covers: D-06
#[test]
fn a_connection_that_is_lost_before_any_sign_leaves_the_text_for_later() {
    let mut world = world();
    let (_, call, _) = session(&mut world);
    world.seconds(20);
    world.happens(call, Input::Closed { how: Closure::Broken });
    assert_eq!(world.concluded(), DeliveryOutcome::Later);
    world.delivers(1, delivery("alice", "bob", "first", true));
    assert_eq!(world.opened.len(), 1, "the next try opens another session");
}

#[test]
fn an_endpoint_that_falls_silent_is_given_up_and_one_that_never_answers_is_trusted() {
    for has_answered in [true, false] {
        let mut world = world();
        let (bob, call, _) = if has_answered { idle_session(&mut world) } else { session(&mut world) };
        if has_answered {
            world.delivers(1, delivery("alice", "bob", "next", true));
        }
        keeps_alive(&mut world, &bob, 90);
        let outcome = if has_answered { DeliveryOutcome::Later } else { DeliveryOutcome::Delivered };
        assert_eq!(world.concluded(), outcome);
        assert_eq!(world.has_closed(call), has_answered);
        assert_eq!(world.counter("messages.texts_unconfirmed"), 1);
    }
}

// covers: D-06
#[test]
fn one_that_never_answers_and_is_not_heard_otherwise_either_has_not_read_the_text() {
    let mut world = world();
    let (bob, call, _) = session(&mut world);
    bob.refresh(&mut world);
    // It loses its power; the connection takes what is sent, for as long as nobody can say that it is broken.
    world.seconds(64);
    assert!(world.requests.is_empty(), "it may still be there");
    world.seconds(20);
    assert_eq!(outcome(&world), Some(DeliveryOutcome::Later));
    assert!(world.has_closed(call));
    assert_eq!(world.counter("messages.texts_unconfirmed"), 1);
}

// covers: D-06
#[test]
fn one_that_never_answers_in_the_session_is_asked_over_ras_whether_it_is_there() {
    let mut world = world();
    let mut bob = Room::new("192.0.2.11", &["bob"]);
    bob.time_to_live = Some(3600);
    bob.register(&mut world);
    world.delivers(1, delivery("alice", "bob", "first", true));
    let (call, names) = world.placed_and_alerted();
    world.brings(call, &names.adapt(CONNECT));
    world.seconds(59);
    assert!(world.take(bob.ras.parse().unwrap()).is_empty());
    world.seconds(2);
    assert!(world.requests.is_empty());
    assert_eq!(bob.answer_status(&mut world, &[]), 1);
    world.seconds(5);
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    assert!(!world.has_closed(call));
}

// covers: D-06
#[test]
fn the_recipient_may_close_the_session() {
    let mut world = world();
    let (_, call, names) = idle_session(&mut world);
    world.brings(call, &names.facility(Some(false), None));
    assert_eq!(world.asked_once(), Request::EndSession { agent: agent(1), peer: address("alice") });
    let release = world.said_once(call);
    assert_eq!((release.message_type, release.cause), (message_type::RELEASE_COMPLETE, Some(16)));
    assert!(world.has_closed(call));
}

// covers: D-06
#[test]
fn a_release_by_the_recipient_closes_the_session_and_shows_that_it_read() {
    let mut world = world();
    let (_, call, names) = session(&mut world);
    world.brings(call, &names.adapt(CLOSING_RELEASE));
    assert!(matches!(
        world.requests.remove(0),
        Request::Conclude { outcome: DeliveryOutcome::Delivered, .. }
    ));
    assert_eq!(world.asked_once(), Request::EndSession { agent: agent(1), peer: address("alice") });
}

// covers: D-06
#[test]
fn who_answers_questions_and_releases_without_an_answer_has_not_read_the_text() {
    let mut world = world();
    let (_, call, names) = idle_session(&mut world);
    // It has answered for the first text; the second one crosses its release.
    world.delivers(1, delivery("alice", "bob", "crossing", true));
    world.said(call);
    world.brings(call, &names.adapt(CLOSING_RELEASE));
    assert_eq!(outcome(&world), Some(DeliveryOutcome::Later));
}

#[test]
fn a_text_that_crosses_the_close_is_waited_for() {
    let mut world = world();
    let (_, call, names) = session(&mut world);
    world.said(call);
    world.brings(call, &names.facility(Some(false), None));
    assert!(world.requests.is_empty() && world.said(call).is_empty());
    world.brings(call, &names.status());
    assert!(matches!(
        world.requests.remove(0),
        Request::Conclude { outcome: DeliveryOutcome::Delivered, .. }
    ));
    assert_eq!(world.said_types(call), [message_type::RELEASE_COMPLETE]);
}

// covers: D-06
#[test]
fn who_answers_questions_and_closes_is_waited_for_until_it_answers() {
    for is_broken in [true, false] {
        let mut world = world();
        let (bob, call, names) = idle_session(&mut world);
        world.delivers(1, delivery("alice", "bob", "crossing", true));
        world.brings(call, &names.facility(Some(false), None));
        world.seconds(16);
        bob.refresh(&mut world);
        assert!(world.requests.is_empty(), "a slow network");
        if is_broken {
            world.happens(call, Input::Closed { how: Closure::Broken });
            assert_eq!(outcome(&world), Some(DeliveryOutcome::Later));
        } else {
            world.brings(call, &names.status());
            assert_eq!(outcome(&world), Some(DeliveryOutcome::Delivered));
            assert!(world.has_closed(call));
        }
        assert!(
            world
                .requests
                .iter()
                .any(|request| *request == Request::EndSession { agent: agent(1), peer: address("alice") })
        );
    }
}

// covers: D-06
#[test]
fn a_session_that_the_sender_ended_closes_at_the_recipient_after_the_last_text() {
    let mut world = world();
    let (_, call, names) = session(&mut world);
    world.said(call);
    world.apply(Effect::SessionEnded { agent: agent(1), peer: address("alice") });
    world.seconds(3);
    assert!(world.said(call).iter().all(|said| said.open.is_none()), "a text is on its way");
    world.brings(call, &names.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    // One more that the engine had in its queue.
    world.delivers(1, delivery("alice", "bob", "last", true));
    world.said(call);
    world.brings(call, &names.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    world.seconds(3);
    let close = world.said_once(call);
    assert_eq!((close.message_type, close.open), (FACILITY, Some(false)));
    world.brings(call, &names.adapt(RELEASE));
    assert!(world.has_closed(call));
    assert!(world.requests.is_empty(), "the engine knows");
}

#[test]
fn a_recipient_that_does_not_release_a_closed_session_is_released() {
    let mut world = world();
    let (_, call, _) = idle_session(&mut world);
    world.apply(Effect::SessionEnded { agent: agent(1), peer: address("alice") });
    world.seconds(9);
    assert_eq!(world.said_types(call), [FACILITY, message_type::RELEASE_COMPLETE]);
    assert!(world.has_closed(call));
}

// covers: D-06
#[test]
fn a_message_to_whoever_opened_a_session_with_its_sender_goes_by_that_session() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    let mut bob = Room::new("192.0.2.11", &["robert", "bob"]);
    bob.register(&mut world);
    // Alice wrote to another name of the same person.
    let call = answered(&mut world, &alice, "bob");
    world.brings(call, &Names::RECORDED.adapt(OPEN));
    world.said(call);
    world.delivers(1, delivery("robert", "alice", "hi", true));
    let said = world.said(call);
    assert_eq!(said[0].text.as_deref(), Some("hi"));
    assert!(said.iter().all(|said| said.names.from_destination));
    world.brings(call, &Names::RECORDED.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    assert!(world.opened.is_empty());
}

#[test]
fn both_may_open_a_session_at_once_and_nothing_is_lost() {
    let mut world = world();
    let alice = writer(&mut world, "192.0.2.10", "alice");
    writer(&mut world, "192.0.2.11", "bob");
    // Herald opens a session with alice in the name of bob, while alice opens one with bob.
    world.delivers(1, delivery("bob", "alice", "from bob", true));
    let (placed, names) = world.placed_and_alerted();
    world.said(placed);
    let own = answered(&mut world, &alice, "bob");
    world.brings(own, &[Names::RECORDED.adapt(OPEN), Names::RECORDED.text("from alice")].concat());
    world.brings(placed, &names.adapt(CONNECT));
    assert_eq!(world.takes_text().text, "from alice");
    assert_eq!(world.said(placed)[0].text.as_deref(), Some("from bob"));
    world.brings(placed, &names.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
}

// covers: D-05, K-10
#[test]
fn a_long_text_goes_in_several_facilities_each_after_the_one_before_was_read() {
    let mut world = world();
    let (_, call, names) = idle_session(&mut world);
    let text = "\u{4f60}".repeat(20_000);
    world.delivers(1, delivery("alice", "bob", &text, true));
    let mut read = String::new();
    for _ in 0..3 {
        let said = world.said(call);
        assert_eq!(said.len(), 2);
        read.push_str(said[0].text.as_deref().unwrap());
        assert!(world.requests.is_empty());
        world.brings(call, &names.status());
    }
    assert_eq!(read, text);
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
}

#[test]
fn what_comes_out_of_storage_opens_no_session() {
    let mut world = world();
    writer(&mut world, "192.0.2.11", "bob");
    let mut stored = delivery("alice", "bob", "while you were away", true);
    stored.is_delayed = true;
    world.delivers(1, stored);
    let (call, _) = world.placed_and_alerted();
    assert_eq!(world.said_once(call).text.as_deref(), Some("while you were away"));
}

#[test]
fn a_session_without_texts_ends_one_day() {
    let mut world = world_with(|settings| settings.signalling.session_idle = Millis::seconds(100));
    let (bob, call, names) = idle_session(&mut world);
    keeps_alive(&mut world, &bob, 90);
    assert!(world.said(call).is_empty());
    keeps_alive(&mut world, &bob, 30);
    world.brings(call, &names.adapt(RELEASE));
    assert_eq!(world.asked_once(), Request::EndSession { agent: agent(1), peer: address("alice") });
}

#[test]
fn a_callee_that_opens_a_session_when_it_is_sent_a_single_message_has_one() {
    let mut world = world();
    writer(&mut world, "192.0.2.11", "bob");
    world.delivers(1, delivery("alice", "bob", "Hello", false));
    let (call, names) = world.placed_and_alerted();
    world.said(call);
    world.brings(call, &names.facility(Some(true), None));
    assert_eq!(world.said_types(call), [INQUIRY]);
    world.brings(call, &names.status());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    world.brings(call, &names.text("let us talk"));
    assert!(world.takes_text().in_session);
}

// covers: D-13
#[test]
fn a_session_that_an_endpoint_reports_as_connected_is_no_call() {
    let mut world = world();
    let (bob, _, names) = session(&mut world);
    let identifier =
        CallIdentifier { guid: codec::per::FixedOctets(names.identifier), ..CallIdentifier::default() };
    let mut call = listed(1, Some(world.now.wall.0));
    call.call_identifier = Some(identifier);
    let report = bob.status(codec::per::Integer::clamped(500), vec![call]);
    assert!(world.send(&bob.ras, &report).is_empty());
    assert!(world.evidence.iter().all(|(_, evidence)| evidence.key.source != Source::Call));
    assert_eq!(world.counter("calls.answered"), 0);
}

#[test]
fn nothing_is_asked_about_a_text_that_was_answered_for() {
    let mut world = world();
    let (_, call, names) = idle_session(&mut world);
    for _ in 0..100 {
        world.delivers(1, delivery("alice", "bob", "next", true));
        world.brings(call, &names.status());
        assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
        world.pass(Millis(10));
    }
    world.said(call);
    world.seconds(30);
    assert!(world.said(call).is_empty(), "nothing is asked again after it was answered");
}
