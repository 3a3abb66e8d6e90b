//! Who may write to whom, and what is accepted.

use crate::correspondence::{content, id, message};
use crate::scene::{Scene, address, agent, alias};
use engine::{MessageSettings, Settings};
use model::{
    DeliveryOutcome, Effect, Fact, InstantMessage, MessageFailure, Millis, Request, Ticket, Timestamp,
};

fn limited(messages: MessageSettings) -> Scene {
    Scene::with(Settings { messages, ..Settings::default() })
}

fn pair() -> Scene {
    let mut scene = Scene::new();
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.settle();
    scene
}

fn route(scene: &mut Scene, from: u64, to: &str) -> Effect {
    scene.settle();
    scene.immediate.clear();
    scene.ask(Request::Route { ticket: Ticket(7), agent: agent(from), recipient: address(to) });
    scene.settle();
    scene.immediate.remove(0)
}

fn routed(agents: &[u64]) -> Effect {
    let agents = agents.iter().map(|number| agent(*number)).collect();
    Effect::Routed { ticket: Ticket(7), agent: agent(1), agents }
}

#[test]
fn an_accepted_message_and_its_delivery_are_promises_that_rest_on_its_fact() {
    let mut scene = pair();
    scene.facts.clear();
    scene.immediate.clear();
    scene.promised.clear();
    scene.send(1, 5, "bob");
    scene.settle();
    let [Fact::Message { inbox, message, .. }] = scene.facts.as_slice() else { panic!("{:?}", scene.facts) };
    assert_eq!((inbox, message.id), (&address("bob"), id(5)));
    assert!(scene.immediate.iter().all(|effect| matches!(effect, Effect::Notify { .. })));
    assert_eq!(scene.accepted(), [(5, false)]);
    assert_eq!(scene.texts(2), ["5"]);
}

// covers: C-11
#[test]
fn every_message_is_answered_once_with_its_ticket() {
    let mut scene = pair();
    scene.immediate.clear();
    scene.promised.clear();
    for (number, to) in [(1, "bob"), (2, "nobody"), (3, "bob")] {
        scene.send(1, number, to);
    }
    scene.settle();
    let answers = scene.promised.iter().chain(&scene.immediate).filter_map(|effect| match effect {
        Effect::Accepted { ticket, agent: to, .. } => Some((ticket.0, *to, None)),
        Effect::MessageRefused { ticket, agent: to, failure } => Some((ticket.0, *to, Some(*failure))),
        _ => None,
    });
    let (sender, refused) = (Some(agent(1)), Some(MessageFailure::NoRecipient));
    assert_eq!(Vec::from_iter(answers), [(1, sender, None), (3, sender, None), (2, sender, refused)]);
}

//
#[test]
fn the_sender_is_who_registered_whatever_the_message_says() {
    let mut scene = pair();
    scene.send_as(
        Some(1),
        InstantMessage { sender: address("bob"), is_report: true, ..message(5, "bob", "hi") },
    );
    let delivery = scene.deliveries(2).remove(0);
    assert_eq!(delivery.message.sender, address("alice"));
    assert_eq!(delivery.sender, alias("alice"));
    assert!(!delivery.message.is_report, "only the server reports");
    assert_eq!(delivery.message.recipient, address("bob"));
}

#[test]
fn the_operator_sends_for_whom_the_message_names() {
    let mut scene = pair();
    let notice = InstantMessage { sender: address("operator"), ..message(5, "bob", "lunch") };
    scene.send_as(None, notice);
    assert_eq!(scene.accepted(), [(5, false)]);
    let delivery = scene.deliveries(2).remove(0);
    assert_eq!((delivery.sender.address.local(), delivery.sender.kind.as_str()), ("operator", "address"));
}

#[test]
fn the_recipient_is_found_by_any_of_its_names_and_the_name_written_is_kept() {
    let mut scene = pair();
    scene.claim(3, &["bob", "4711"]);
    scene.send(1, 5, "4711");
    let delivery = scene.deliveries(2).remove(0);
    assert_eq!(delivery.message.recipient, address("4711"));
    assert_eq!(scene.inbox("bob").waiting, 1);
}

#[test]
fn a_route_names_the_agents_that_take_messages_and_none_where_it_would_be_stored() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.join_with(4, "bob", false);
    assert_eq!(route(&mut scene, 1, "bob"), routed(&[2, 3]));
    for number in 2..=4 {
        scene.depart(number, "unregistered");
    }
    assert_eq!(route(&mut scene, 1, "bob"), routed(&[]));
}

#[test]
fn a_route_is_refused_as_a_message_would_be() {
    let mut scene = limited(MessageSettings { messages_per_inbox_max: 1, ..MessageSettings::default() });
    scene.sign_on(1, "alice");
    scene.join_with(2, "mute", false);
    scene.claim(3, &["full"]);
    scene.depart(3, "unregistered");
    scene.send(1, 5, "full");
    let cases = [
        ("nobody", MessageFailure::NoRecipient),
        ("mute", MessageFailure::NotSupported),
        ("full", MessageFailure::Unavailable { limit: "messages_per_inbox_max" }),
    ];
    for (number, (to, failure)) in (20_u8..).zip(cases) {
        let refused = Effect::MessageRefused { ticket: Ticket(7), agent: Some(agent(1)), failure };
        assert_eq!(route(&mut scene, 1, to), refused);
        scene.send(1, number, to);
        assert_eq!(scene.refusals(), [failure]);
    }
    assert_eq!(scene.engine.counts().messages_refused, 3);
}

#[test]
fn who_is_not_registered_sends_nothing() {
    let mut scene = pair();
    scene.send(9, 5, "bob");
    let limit = "the sender is not registered";
    assert_eq!(scene.refusals(), [MessageFailure::Unavailable { limit }]);
    assert!(matches!(route(&mut scene, 9, "bob"), Effect::MessageRefused { .. }));
    assert_eq!(scene.texts(2), [""; 0]);
}

#[test]
fn a_message_is_as_large_as_its_text_and_its_content() {
    let mut scene = limited(MessageSettings { message_octets_max: 10, ..MessageSettings::default() });
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.send_as(Some(1), InstantMessage { content: content(6), ..message(1, "bob", "\u{e9}\u{e9}") });
    scene.send_as(Some(1), InstantMessage { content: content(7), ..message(2, "bob", "\u{e9}\u{e9}") });
    assert_eq!(scene.accepted(), [(1, false)]);
    assert_eq!(scene.refusals(), [MessageFailure::TooLarge]);
}

#[test]
fn content_is_delivered_octet_for_octet() {
    let mut scene = pair();
    scene.send_as(Some(1), InstantMessage { content: content(300), ..message(1, "bob", "") });
    assert_eq!(scene.deliveries(2)[0].message.content, content(300));
}

// covers: C-14
#[test]
fn each_server_takes_one_from_the_forwards_and_refuses_none_left() {
    let mut scene = pair();
    scene.send_as(Some(1), InstantMessage { max_forwards: 1, ..message(1, "bob", "one") });
    scene.send_as(Some(1), InstantMessage { max_forwards: 0, ..message(2, "bob", "none") });
    assert_eq!(scene.refusals(), [MessageFailure::Loop]);
    assert_eq!(scene.deliveries(2)[0].message.max_forwards, 0);
}

#[test]
fn a_message_that_has_expired_already_is_refused() {
    let mut scene = pair();
    let expires_at = Some(scene.now.wall);
    scene.send_as(Some(1), InstantMessage { expires_at, ..message(1, "bob", "late") });
    assert_eq!(scene.refusals(), [MessageFailure::Expired]);
}

#[test]
fn every_stored_message_has_an_end_and_none_lies_beyond_the_age_allowed() {
    let mut scene = pair();
    let end = scene.now.wall.after(Millis::seconds(30 * 86_400));
    scene.send(1, 1, "bob");
    scene.send_as(Some(1), InstantMessage { expires_at: Some(Timestamp(i64::MAX)), ..message(2, "bob", "") });
    let soon = Some(scene.wall(5));
    scene.send_as(Some(1), InstantMessage { expires_at: soon, ..message(3, "bob", "") });
    scene.settle();
    let ends = scene.facts.iter().filter_map(|fact| match fact {
        Fact::Message { message, .. } => Some(message.expires_at),
        _ => None,
    });
    assert_eq!(Vec::from_iter(ends), [Some(end), Some(end), soon]);
}

//
#[test]
fn a_repeat_is_accepted_again_and_not_delivered_again() {
    let mut scene = pair();
    for _ in 0..2 {
        scene.send(1, 5, "bob");
    }
    assert_eq!(scene.accepted(), [(5, false), (5, false)]);
    assert_eq!(scene.texts(2), ["5"]);
    scene.conclude(2, "alice", 5, DeliveryOutcome::Delivered);
    scene.settle();
    let facts = scene.facts.len();
    scene.send(1, 5, "bob");
    assert_eq!(scene.accepted(), [(5, false)]);
    assert_eq!((scene.texts(2).len(), scene.facts.len()), (0, facts));
    let counts = scene.engine.counts();
    assert_eq!((counts.messages_accepted, counts.messages_repeated), (1, 2));
}

// covers, F-16
#[test]
fn a_repeat_is_known_after_a_restart() {
    let mut scene = pair();
    scene.send(1, 4, "bob");
    scene.send(1, 5, "bob");
    scene.settle();
    scene.conclude(2, "alice", 4, DeliveryOutcome::Delivered);
    scene.settle();
    let mut next = scene.resumed(Settings::default(), Millis::seconds(3));
    next.sign_on(1, "alice");
    next.send(1, 4, "bob");
    next.send(1, 5, "bob");
    assert_eq!(next.accepted(), [(4, false), (5, true)]);
    assert_eq!(next.inbox("bob").waiting, 1);
}

//
#[test]
fn the_same_id_of_another_sender_is_another_message() {
    let mut scene = pair();
    scene.sign_on(3, "carol");
    scene.send(1, 5, "bob");
    scene.send(3, 5, "bob");
    assert_eq!(scene.texts(2), ["5", "5"]);
}

#[test]
fn a_repeat_is_accepted_even_where_there_would_be_no_room_for_it() {
    let mut scene = limited(MessageSettings { messages_per_inbox_max: 1, ..MessageSettings::default() });
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.depart(2, "unregistered");
    scene.send(1, 5, "bob");
    scene.send(1, 5, "bob");
    assert_eq!(scene.accepted(), [(5, true), (5, true)]);
    assert_eq!(scene.refusals(), []);
}

#[test]
fn an_id_is_forgotten_after_its_window() {
    let repeat_window = Millis::seconds(60);
    let mut scene = limited(MessageSettings { repeat_window, ..MessageSettings::default() });
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.send(1, 5, "bob");
    scene.settle();
    scene.conclude(2, "alice", 5, DeliveryOutcome::Delivered);
    scene.pass(Millis::seconds(60));
    scene.send(1, 5, "bob");
    scene.settle();
    assert_eq!(scene.engine.counts().messages_repeated, 1, "the window is kept whole");
    scene.pass(Millis::seconds(61));
    let before = scene.wall(60_000);
    assert!(scene.facts.contains(&Fact::MessagesForgotten { before }), "{:?}", scene.facts);
    scene.send(1, 5, "bob");
    scene.settle();
    assert_eq!(scene.engine.counts().messages_accepted, 2);
}

#[test]
fn the_oldest_id_is_forgotten_where_there_are_too_many() {
    let mut scene = limited(MessageSettings { repeats_max: 2, ..MessageSettings::default() });
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    for number in [1, 2, 3] {
        scene.send(1, number, "bob");
        scene.conclude(2, "alice", number, DeliveryOutcome::Delivered);
    }
    scene.send(1, 3, "bob");
    scene.send(1, 2, "bob");
    assert_eq!(scene.engine.counts().messages_accepted, 3);
    scene.send(1, 1, "bob");
    assert_eq!(scene.engine.counts().messages_accepted, 4);
}

#[test]
fn each_limit_refuses_and_is_named() {
    let cases = [
        (
            MessageSettings { messages_per_inbox_max: 2, ..MessageSettings::default() },
            "messages_per_inbox_max",
        ),
        (MessageSettings { octets_per_inbox_max: 3, ..MessageSettings::default() }, "octets_per_inbox_max"),
        (MessageSettings { messages_max: 2, ..MessageSettings::default() }, "messages_max"),
        (MessageSettings { octets_max: 3, ..MessageSettings::default() }, "octets_max"),
    ];
    for (settings, limit) in cases {
        let mut scene = limited(settings);
        scene.sign_on(1, "alice");
        scene.sign_on(2, "bob");
        for number in [1, 2, 3] {
            scene.send_as(Some(1), message(number, "bob", ["a", "b", "cd"][usize::from(number) - 1]));
        }
        assert_eq!(scene.refusals(), [MessageFailure::Unavailable { limit }]);
        assert_eq!(scene.inbox("bob").waiting, 2, "{limit}");
        scene.drain(2);
        scene.send(1, 4, "bob");
        assert_eq!(scene.refusals(), [], "there is room again: {limit}");
    }
}

#[test]
fn what_the_store_did_not_take_is_in_no_inbox_and_may_be_sent_again() {
    let mut scene = pair();
    scene.send(1, 5, "bob");
    scene.send(1, 6, "bob");
    assert_eq!(scene.texts(2), ["5"]);
    let (inbox, sender) = (address("bob"), address("alice"));
    scene.ask(Request::Retract { inbox, sender, message: id(5) });
    assert_eq!(scene.texts(2), ["6"], "the next goes on");
    assert_eq!((scene.inbox("bob").waiting, scene.receipts(1).len()), (1, 0));
    scene.conclude(2, "alice", 6, DeliveryOutcome::Delivered);
    scene.send(1, 5, "bob");
    assert_eq!(scene.texts(2), ["5"]);
    assert_eq!(scene.engine.counts().messages_retracted, 1);
}

#[test]
fn who_writes_is_told_to_the_agents_of_the_other_behind_the_messages_before() {
    let mut scene = pair();
    scene.sign_on(3, "bob");
    scene.promised.clear();
    scene.send(1, 5, "bob");
    let thread = Some([3; 16]);
    let compose = |agent, to| Request::Compose { agent, recipient: address(to), is_composing: true, thread };
    scene.ask(compose(agent(1), "bob"));
    scene.ask(compose(agent(1), "nobody"));
    scene.ask(compose(agent(9), "bob"));
    scene.settle();
    let told = scene.promised.iter().filter_map(|effect| match effect {
        Effect::Composing { agent, peer, is_composing: true, thread: Some(_) } => {
            Some((agent.number, peer.clone()))
        }
        _ => None,
    });
    assert_eq!(Vec::from_iter(told), [(2, alias("alice")), (3, alias("alice"))]);
    assert!(matches!(scene.promised.last(), Some(Effect::Composing { .. })));
}

#[test]
fn the_end_of_a_session_is_told_to_the_agents_of_the_other_behind_the_messages_before() {
    let mut scene = pair();
    scene.promised.clear();
    scene.send(1, 5, "bob");
    scene.ask(Request::EndSession { agent: agent(1), peer: address("bob") });
    scene.ask(Request::EndSession { agent: agent(1), peer: address("nobody") });
    scene.settle();
    let ended = Effect::SessionEnded { agent: agent(2), peer: address("alice") };
    assert_eq!(scene.promised.last(), Some(&ended));
    assert_eq!(scene.promised.iter().filter(|effect| **effect == ended).count(), 1);
}
