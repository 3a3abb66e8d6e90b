//! Single messages that Herald delivers by a call of its own.

use super::line::*;
use crate::world::{Room, World, alias, transport};
use h323::alias::Alias;
use h323::wire::h225::*;
use h323::wire::q931::message_type;
use link::{ChannelId, Closure, Input};
use model::{Delivery, DeliveryOutcome, MessageFailure, NamedAddress, Source};

const FAILED: DeliveryOutcome = DeliveryOutcome::Failed(MessageFailure::NotSupported);

/// Bob alone, and a message for him that is on its way; the connection is not there yet.
fn under_way(world: &mut World) -> Room {
    let bob = writer(world, "192.0.2.11", "bob");
    world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
    bob
}

fn taken(world: &mut World, call: ChannelId, names: Names) {
    world.brings(call, &names.adapt(RELEASE));
    assert!(world.has_closed(call));
}

// covers: D-05, D-06, K-9
#[test]
fn a_message_is_delivered_when_the_callee_releases_the_call() {
    let mut world = world();
    under_way(&mut world);
    let (call, setup) = world.placed();
    let names = setup.names.answered();
    assert!(!setup.names.from_destination);
    let MessageBody::Setup(setup) = setup.body else { panic!("no setup") };
    assert_eq!(setup.conference_goal, ConferenceGoal::CallIndependentSupplementaryService);
    assert_eq!(setup.source_address, Some(vec![alias("alice")]));
    assert_eq!(setup.destination_address, Some(vec![alias("bob")]));
    assert_eq!(setup.source_call_signal_address, Some(ours()));
    assert_eq!(setup.dest_call_signal_address, Some(transport("192.0.2.11:1720")));
    world.brings(call, &names.adapt(PROCEEDING));
    assert!(world.said(call).is_empty());
    world.brings(call, &names.adapt(ALERTING));
    let text = world.said_once(call);
    assert_eq!((text.message_type, text.text.as_deref()), (message_type::FACILITY, Some("Hello Bob")));
    assert_eq!(text.open, None);
    assert!(world.requests.is_empty(), "nothing shows yet that it arrived");
    taken(&mut world, call, names);
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
}

// covers: D-05
#[test]
fn the_setup_is_marked_as_an_im_call() {
    let mut world = world();
    under_way(&mut world);
    let (_, setup) = world.placed();
    assert_eq!((setup.is_offered, setup.kind), (true, Some(1)));
}

#[test]
fn the_answers_of_a_callee_may_be_cut_anywhere() {
    let length = [PROCEEDING, ALERTING].map(|name| recorded(name).len()).iter().sum();
    for cut in 1..=length {
        let mut world = world();
        under_way(&mut world);
        let (call, setup) = world.placed();
        let names = setup.names.answered();
        let answers = [names.adapt(PROCEEDING), names.adapt(ALERTING)].concat();
        answers.chunks(cut).for_each(|piece| world.brings(call, piece));
        assert_eq!(world.said_once(call).text.as_deref(), Some("Hello Bob"), "cut after {cut}");
        names.adapt(RELEASE).chunks(cut).for_each(|piece| world.brings(call, piece));
        assert_eq!(world.concluded(), DeliveryOutcome::Delivered, "cut after {cut}");
    }
}

#[test]
fn a_release_with_the_call_reference_flag_turned_round_is_a_release() {
    let mut world = world();
    under_way(&mut world);
    let (call, names) = world.placed_and_alerted();
    taken(&mut world, call, names.answered());
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
}

// covers: D-06
#[test]
fn whatever_else_ends_the_call_leaves_the_message_for_later() {
    type End = fn(&mut World, ChannelId, Names);
    let ends: [(&str, End); 6] = [
        ("another cause", |world, call, names| world.brings(call, &names.release(47))),
        ("busy", |world, call, names| world.brings(call, &names.release(17))),
        ("a close", |world, call, _| world.happens(call, Input::Closed { how: Closure::Ended })),
        ("a reset", |world, call, _| world.happens(call, Input::Closed { how: Closure::Broken })),
        ("silence", |world, _, _| world.seconds(31)),
        ("garbage", |world, call, _| world.brings(call, b"HTTP/1.1 400 Bad Request\r\n")),
    ];
    for (what, end) in ends {
        for after_text in [true, false] {
            let mut world = world();
            under_way(&mut world);
            let (call, setup) = world.placed();
            let names = setup.names.answered();
            world.brings(call, &names.adapt(PROCEEDING));
            if after_text {
                world.brings(call, &names.adapt(ALERTING));
            }
            end(&mut world, call, names);
            assert_eq!(world.concluded(), DeliveryOutcome::Later, "{what}, {after_text}");
            world.closed.clear();
            world.seconds(8);
            assert_eq!(world.counter("calls.now"), 0);
        }
    }
}

// covers: D-06
#[test]
fn a_release_before_the_text_is_no_confirmation() {
    let mut world = world();
    under_way(&mut world);
    let (call, setup) = world.placed();
    world.brings(call, &setup.names.answered().adapt(PROCEEDING));
    world.brings(call, &setup.names.answered().adapt(RELEASE));
    assert_eq!(world.concluded(), DeliveryOutcome::Later);
}

// covers: Q19
#[test]
fn a_callee_that_connects_without_the_feature_takes_no_messages() {
    let mut world = world();
    under_way(&mut world);
    let (call, setup) = world.placed();
    let names = setup.names.answered();
    let proceeding = CallProceedingUuie::default();
    let body = MessageBody::CallProceeding(proceeding.into());
    world.brings(call, &names.message(message_type::CALL_PROCEEDING, body, Vec::new()));
    assert!(world.said(call).is_empty() && world.requests.is_empty());
    world.brings(call, &names.adapt(CONNECT));
    assert_eq!(world.said_once(call).message_type, message_type::RELEASE_COMPLETE);
    assert_eq!(world.concluded(), FAILED);
    // That is remembered.
    world.delivers(1, delivery("alice", "bob", "again", false));
    assert_eq!(world.concluded(), FAILED);
    assert!(world.opened.is_empty());
}

// covers: D-13
#[test]
fn a_telephone_does_not_ring_for_a_message() {
    let mut world = world();
    let bob = under_way(&mut world);
    let (call, setup) = world.placed();
    let names = setup.names.answered();
    let mut request = bob.admission(&mut world, 1, true, "bob");
    request.call_identifier =
        Some(CallIdentifier { guid: codec::per::FixedOctets(names.identifier), ..CallIdentifier::default() });
    let answer = world.ask(&bob.ras, &RasMessage::AdmissionRequest(request.into()));
    assert!(matches!(answer, RasMessage::AdmissionConfirm(_)));
    assert_eq!(world.counter("calls.bandwidth"), 0, "a message takes none, marked or not");
    let body = MessageBody::Alerting(AlertingUuie::default().into());
    world.brings(call, &names.message(message_type::ALERTING, body, Vec::new()));
    assert_eq!(world.said_once(call).message_type, message_type::RELEASE_COMPLETE);
    assert_eq!(world.concluded(), FAILED);
    world.seconds(6);
    assert_eq!(world.counter("calls.now"), 0, "without a DRQ");
    assert!(world.evidence.iter().all(|(_, evidence)| evidence.key.source != Source::Call));
    assert!(world.accounts.is_empty());
}

#[test]
fn a_release_that_says_so_means_that_no_messages_are_taken() {
    let mut world = world();
    under_way(&mut world);
    let (call, setup) = world.placed();
    world.brings(call, &setup.names.answered().adapt(UNDEFINED_RELEASE));
    assert_eq!(world.concluded(), FAILED);
    for cause in [79, 88] {
        let mut world = super::line::world();
        under_way(&mut world);
        let (call, setup) = world.placed();
        world.brings(call, &setup.names.answered().release(cause));
        assert_eq!(world.concluded(), FAILED);
    }
}

// covers: Q30
#[test]
fn a_callee_that_answers_at_once_gets_the_text_after_its_connect() {
    for in_session in [false, true] {
        let mut world = world();
        writer(&mut world, "192.0.2.11", "bob");
        world.delivers(1, delivery("alice", "bob", "Hello Bob", in_session));
        let (call, setup) = world.placed();
        let names = setup.names.answered();
        world.brings(call, &names.adapt(PROCEEDING));
        assert!(world.said(call).is_empty());
        world.brings(call, &names.adapt(CONNECT));
        let text = world.said_once(call);
        assert_eq!((text.text.as_deref(), text.open), (Some("Hello Bob"), None));
        taken(&mut world, call, names);
        assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    }
}

#[test]
fn a_callee_that_is_not_there_or_does_not_answer_gets_it_later() {
    let fails: [fn(&mut World); 3] = [
        |world| {
            let (call, _) = world.opened_once();
            world.happens(call, Input::Closed { how: Closure::Unreachable });
        },
        |world| {
            let (call, _) = world.opened_once();
            world.seconds(11);
            assert!(world.has_closed(call) && world.said(call).is_empty());
        },
        |world| {
            let (call, _) = world.placed();
            world.seconds(31);
            assert_eq!(world.said_once(call).cause, Some(102));
        },
    ];
    for fail in fails {
        let mut world = world();
        under_way(&mut world);
        fail(&mut world);
        assert_eq!(world.concluded(), DeliveryOutcome::Later);
    }
}

// covers: D-05, K-10
#[test]
fn a_long_text_goes_in_several_calls_in_order() {
    let mut world = world();
    writer(&mut world, "192.0.2.11", "bob");
    // A pair would be divided at 8,100 units.
    let text = format!("{}\u{1f600}{}", "a".repeat(8099), "b".repeat(8200));
    world.delivers(1, delivery("alice", "bob", &text, false));
    let mut read = String::new();
    for part in 0..3 {
        assert!(world.requests.is_empty(), "only the last part is the message");
        let (call, names) = world.placed_and_alerted();
        let said = world.said_once(call).text.unwrap();
        assert!(said.encode_utf16().count() <= 8100, "part {part}");
        read.push_str(&said);
        taken(&mut world, call, names);
    }
    assert_eq!(world.concluded(), DeliveryOutcome::Delivered);
    assert_eq!(read, text);
}

#[test]
fn a_message_to_an_endpoint_that_is_gone_is_for_later() {
    let mut world = world();
    world.delivers(7, delivery("alice", "bob", "Hello", false));
    assert_eq!(world.concluded(), DeliveryOutcome::Later);
}

#[test]
fn a_message_without_text_can_not_be_taken() {
    let mut world = world();
    writer(&mut world, "192.0.2.11", "bob");
    world.delivers(1, delivery("alice", "bob", "", false));
    assert_eq!(world.concluded(), FAILED);
}

#[test]
fn the_callee_is_called_by_the_name_that_was_asked_for() {
    let mut world = world();
    let mut bob = Room::new("192.0.2.11", &["bob", "5551234"]);
    bob.features = vec![h323::wire::feature::Feature::Presence.advertised()];
    bob.register(&mut world);
    world.delivers(1, delivery("alice", "5551234", "Hello", false));
    let (_, setup) = world.placed();
    let MessageBody::Setup(setup) = setup.body else { panic!("no setup") };
    assert_eq!(setup.destination_address, Some(vec![alias("5551234")]));
}

// covers: K-12
#[test]
fn no_endpoint_is_shown_a_percent_sign() {
    let mut world = world();
    let mut alice = Room::new("192.0.2.10", &["al%ice", "5550000"]);
    alice.register(&mut world);
    writer(&mut world, "192.0.2.11", "bob");
    let mut message: Delivery = delivery("alice", "bob", "Hello", false);
    let sender = h323::alias::canonical(&Alias::H323Id("al%ice".into()), &crate::world::zone()).unwrap();
    message.sender =
        NamedAddress { address: sender, kind: "h323-ID".to_owned(), original: "al%ice".to_owned() };
    world.delivers(2, message);
    let (_, setup) = world.placed();
    let MessageBody::Setup(setup) = setup.body else { panic!("no setup") };
    assert_eq!(setup.source_address, Some(vec![alias("5550000")]));
}

// covers: K-12
#[test]
fn one_whose_only_name_has_a_percent_sign_is_shown_by_a_name_that_stands_for_the_same_address() {
    let mut world = world();
    let mut alice = Room::new("192.0.2.10", &["al%ice"]);
    alice.register(&mut world);
    writer(&mut world, "192.0.2.11", "bob");
    let mut message: Delivery = delivery("alice", "bob", "Hello", false);
    let zone = crate::world::zone();
    let address = h323::alias::canonical(&Alias::H323Id("al%ice".into()), &zone).unwrap();
    message.message.sender = address.clone();
    message.sender =
        NamedAddress { address: address.clone(), kind: "h323-ID".to_owned(), original: "al%ice".to_owned() };
    world.delivers(2, message);
    let (_, setup) = world.placed();
    let MessageBody::Setup(setup) = setup.body else { panic!("no setup") };
    let [source] = &setup.source_address.unwrap()[..] else { panic!("one source") };
    let source = Alias::from_wire(source).unwrap();
    assert!(!source.text().contains('%'), "{source:?}");
    assert_eq!(h323::alias::canonical(&source, &zone), Ok(address));
}

#[test]
fn the_identity_of_a_card_is_shown_to_nobody() {
    let mut world = world();
    writer(&mut world, "192.0.2.11", "bob");
    let mut message: Delivery = delivery("alice", "bob", "Hello", false);
    message.sender.kind = "mobileUIM".to_owned();
    message.sender.original = "msisdn:447700900123;imsi:234150000000000".to_owned();
    world.delivers(1, message);
    let (_, setup) = world.placed();
    let MessageBody::Setup(setup) = setup.body else { panic!("no setup") };
    let source = Alias::from_wire(&setup.source_address.unwrap()[0]).unwrap();
    assert_eq!(source.text(), "msisdn:447700900123");
}

#[test]
fn different_senders_are_delivered_side_by_side_and_one_sender_in_turn() {
    let mut world = world();
    writer(&mut world, "192.0.2.11", "bob");
    world.delivers(1, delivery("alice", "bob", "1", false));
    world.delivers(1, delivery("carol", "bob", "2", false));
    assert_eq!(world.opened.len(), 2);
    world.delivers(1, delivery("alice", "bob", "3", false));
    assert_eq!(world.concluded(), DeliveryOutcome::Later);
    assert_eq!(world.opened.len(), 2);
    assert_eq!(world.counter("messages.deliveries_out_of_turn"), 1);
}

#[test]
fn the_end_of_the_registration_leaves_the_message_for_later() {
    let mut world = world();
    let bob = under_way(&mut world);
    let (call, _) = world.placed_and_alerted();
    world.said(call);
    let request = bob.unregistration(&mut world);
    world.ask(&bob.ras, &request);
    assert_eq!(world.concluded(), DeliveryOutcome::Later);
    assert!(world.has_closed(call));
}
