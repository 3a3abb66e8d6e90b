//! Groups that are conversations: who may write, who gets what, and what is told of it.

use crate::correspondence::{ALL, id, message};
use crate::groups::{member, record};
use crate::scene::{Scene, address, agent, alias};
use engine::{MessageSettings, Settings};
use model::{
    Basic, DeliveryOutcome, Effect, Fact, FailureReports, GroupChange, GroupRecord, GroupRole,
    InstantMessage, MessageFailure, Millis, PresenceState, ReceiptKind, Request, Ticket, Writers,
};
use proptest::prelude::*;

pub fn conversation(name: &str) -> GroupRecord {
    GroupRecord { is_conversation: true, ..record(name) }
}

/// Alice, Bob and Carol are there, and in the board; Dave is there.
pub fn board_with(settings: Settings, decided: GroupRecord) -> Scene {
    let mut scene = Scene::with(settings);
    for (number, name) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "dave")] {
        scene.sign_on(number, name);
    }
    scene.change_group(None, GroupChange::Create(decided)).unwrap();
    scene.join_group("board", &["alice", "bob", "carol"]);
    for number in [1, 2, 3] {
        scene.drain(number);
    }
    scene.immediate.clear();
    scene.promised.clear();
    scene
}

fn board() -> Scene {
    board_with(Settings::default(), conversation("board"))
}

fn limited(messages: MessageSettings) -> Settings {
    Settings { messages, ..Settings::default() }
}

//
#[test]
fn what_one_writes_to_a_group_all_others_get_as_written_by_it_and_through_the_group() {
    let mut scene = board();
    let thread = Some([7; 16]);
    scene.send_as(Some(1), InstantMessage { thread, ..message(5, "board", "hello") });
    assert_eq!(scene.accepted(), [(5, false)]);
    for number in [2, 3] {
        let delivery = scene.deliveries(number).remove(0);
        assert_eq!((delivery.sender.clone(), delivery.message.id), (alias("alice"), id(5)));
        assert_eq!(delivery.message.recipient, address("board"));
        assert_eq!(delivery.group.as_ref().unwrap().address, address("board"));
        assert_eq!((delivery.message.thread, delivery.message.text.as_str()), (thread, "hello"));
    }
    assert_eq!(scene.texts(1), Vec::<String>::new(), "no echo");
    assert_eq!(scene.texts(4), Vec::<String>::new());
    let inboxes = scene.facts.iter().filter_map(|fact| match fact {
        Fact::Message { inbox, .. } => Some(inbox.local().to_owned()),
        _ => None,
    });
    assert_eq!(Vec::from_iter(inboxes), ["bob", "carol"], "in one batch");
}

#[test]
fn only_members_and_the_operator_write_to_a_group_unless_anybody_may() {
    let mut scene = board();
    scene.send(4, 1, "board");
    assert_eq!(scene.refusals(), [MessageFailure::Blocked]);
    scene.send_as(None, InstantMessage { sender: address("herald"), ..message(2, "board", "noon") });
    assert_eq!(scene.accepted(), [(2, false)]);
    assert_eq!(scene.texts(1), ["noon"]);
    let open = GroupRecord { writers: Writers::Anybody, ..conversation("board") };
    scene.change_group(None, GroupChange::Alter(open)).unwrap();
    scene.send(4, 3, "board");
    assert_eq!(scene.accepted(), [(3, false)]);
    assert_eq!(scene.texts(2), ["noon", "3"]);
}

#[test]
fn who_was_put_out_writes_in_vain_and_gets_nothing_more() {
    let mut scene = board();
    scene.send(2, 1, "board");
    assert_eq!(scene.drain(3), ["1"]);
    scene.leave_group("board", "bob").unwrap();
    scene.send(2, 2, "board");
    assert_eq!(scene.refusals(), [MessageFailure::Blocked]);
    scene.send(1, 3, "board");
    assert_eq!((scene.drain(2), scene.drain(3)), (vec![], vec!["3".to_owned()]));
}

#[test]
fn a_forged_sender_is_no_member_and_a_member_that_lies_is_shown_as_itself() {
    let mut scene = board();
    scene.send_as(Some(4), InstantMessage { sender: address("alice"), ..message(1, "board", "lie") });
    assert_eq!(scene.refusals(), [MessageFailure::Blocked]);
    scene.send_as(Some(2), InstantMessage { sender: address("alice"), ..message(2, "board", "lie") });
    assert_eq!(scene.deliveries(3).remove(0).sender, alias("bob"));
}

// covers: F-02
#[test]
fn who_has_blocked_the_sender_gets_no_copy_and_the_sender_learns_nothing() {
    let mut scene = board();
    scene.join(5, &["erin"]);
    scene.claim_messaging(5, "erin", true);
    scene.join_group("board", &["erin"]);
    scene.block(5, "alice");
    scene.promised.clear();
    scene.send(1, 1, "board");
    assert_eq!(scene.accepted(), [(1, false)]);
    assert_eq!(scene.refusals(), []);
    assert_eq!((scene.texts(5), scene.texts(2), scene.texts(1)), (vec![], vec!["1".to_owned()], vec![]));
    assert_eq!(scene.engine.counts().group_copies_left_out, 1);
}

//
#[test]
fn a_repeat_goes_to_nobody_twice_whatever_came_between() {
    let mut scene = board();
    scene.send(1, 5, "board");
    assert_eq!(scene.drain(2), ["5"]);
    let mut scene = scene.resumed(Settings::default(), Millis::seconds(1));
    for (number, name) in [(1, "alice"), (2, "bob"), (3, "carol")] {
        scene.sign_on(number, name);
    }
    assert_eq!(scene.drain(3), ["5"], "the copy waited over the restart");
    scene.send(1, 5, "board");
    assert_eq!(scene.accepted().len(), 1);
    assert_eq!((scene.drain(2), scene.drain(3)), (vec![], vec![]));
    assert_eq!(scene.engine.counts().messages_repeated, 1);
}

#[test]
fn one_id_for_a_member_and_its_group_comes_once_to_that_member() {
    let mut scene = board();
    scene.send(1, 5, "bob");
    scene.send(1, 5, "board");
    assert_eq!((scene.drain(2), scene.drain(3)), (vec!["5".to_owned()], vec!["5".to_owned()]));
}

#[test]
fn a_full_inbox_fails_its_own_copy_only_and_the_sender_is_told_by_the_group() {
    let settings = limited(MessageSettings { messages_per_inbox_max: 2, ..MessageSettings::default() });
    let mut scene = board_with(settings, conversation("board"));
    scene.depart(3, "gone");
    scene.send(4, 1, "carol");
    scene.send(4, 2, "carol");
    scene.send(1, 3, "board");
    assert_eq!(scene.accepted(), [(1, true), (2, true), (3, false)]);
    assert_eq!(scene.drain(2), ["3"]);
    let report = scene.deliveries(1).remove(0);
    assert_eq!((&report.message.sender, report.message.is_report), (&address("board"), true));
    assert!(report.message.text.contains("was not delivered to carol: "), "{}", report.message.text);
    assert_eq!(scene.engine.counts().group_copies_failed, 1);
}

#[test]
fn a_message_that_no_member_has_room_for_is_refused() {
    let settings = limited(MessageSettings { messages_per_inbox_max: 1, ..MessageSettings::default() });
    let mut scene = board_with(settings, conversation("board"));
    for (number, name) in [(2, "bob"), (3, "carol")] {
        scene.depart(number, "gone");
        scene.send(4, number as u8, name);
    }
    scene.send(1, 9, "board");
    assert_eq!(scene.refusals(), [MessageFailure::Unavailable { limit: "messages_per_inbox_max" }]);
    let empty = GroupChange::Create(conversation("empty"));
    scene.change_group(None, empty).unwrap();
    scene.join_group("empty", &["alice", "nobody"]);
    scene.send(1, 10, "empty");
    assert_eq!(scene.refusals(), [MessageFailure::NoRecipient]);
}

#[test]
fn what_expires_is_told_by_the_rule_of_the_group_and_its_members_are_named_to_members_only() {
    for (reports, told) in [
        (FailureReports::Sender, [true, false]),
        (FailureReports::Owners, [false, true]),
        (FailureReports::Nobody, [false, false]),
    ] {
        let decided = GroupRecord { reports, writers: Writers::Anybody, ..conversation("board") };
        let mut scene = board_with(Settings::default(), decided);
        scene.change_group(None, GroupChange::Join(member("board", "bob", GroupRole::Owner))).unwrap();
        scene.depart(3, "gone");
        let expires_at = Some(scene.now.wall.after(Millis::seconds(10)));
        scene.send_as(Some(4), InstantMessage { expires_at, wanted: ALL, ..message(1, "board", "soon") });
        assert_eq!((scene.drain(1), scene.drain(2)), (vec!["soon".to_owned()], vec!["soon".to_owned()]));
        scene.pass(Millis::seconds(20));
        let (sender, owner) = (scene.drain(4), scene.drain(2));
        assert_eq!([!sender.is_empty(), !owner.is_empty()], told, "{reports:?}");
        for text in sender {
            assert!(text.starts_with("Your message to board@x.example"), "{text}");
            assert!(text.contains("to 1 of its members: it was not delivered in time"), "{text}");
        }
        for text in owner {
            assert!(text.starts_with("A message of dave"), "{text}");
            assert!(text.contains("to carol: it was not delivered in time"), "{text}");
        }
        assert_eq!(scene.receipts(4), [], "no receipts of copies");
        assert_eq!(scene.engine.counts().group_copies_failed, 1);
    }
}

#[test]
fn no_receipts_are_given_of_copies() {
    let mut scene = board();
    scene.send_wanting(1, 1, "board", ALL);
    scene.deliveries(2);
    scene.conclude(2, "alice", 1, DeliveryOutcome::Displayed);
    scene.deliveries(3);
    scene.conclude(3, "alice", 1, DeliveryOutcome::Failed(MessageFailure::NotSupported));
    assert_eq!(scene.receipt_kinds(1), Vec::<ReceiptKind>::new());
    assert_eq!(scene.drain(1).len(), 1, "the failure is told by a message of the group");
}

#[test]
fn members_of_a_group_in_a_group_get_one_copy_however_often_they_are_in_it() {
    let mut scene = board();
    scene.create_group("staff");
    scene.change_group(None, GroupChange::Alter(conversation("staff"))).unwrap();
    scene.join_group("staff", &["board", "carol", "dave"]);
    scene.send(2, 1, "staff");
    let texts = [1, 2, 3, 4].map(|number| scene.drain(number).len());
    assert_eq!(texts, [1, 0, 1, 1]);
}

#[test]
fn a_message_that_was_relayed_too_often_has_too_many_recipients_or_is_too_large_is_refused() {
    let messages =
        MessageSettings { group_copies_max: 2, message_octets_max: 100, ..MessageSettings::default() };
    let mut scene = board_with(limited(messages), conversation("board"));
    scene.send_as(Some(1), InstantMessage { max_forwards: 0, ..message(1, "board", "round") });
    scene.send_as(Some(1), message(2, "board", &"x".repeat(101)));
    assert_eq!(scene.refusals(), [MessageFailure::Loop, MessageFailure::TooLarge]);
    scene.send_as(Some(1), InstantMessage { max_forwards: 1, ..message(3, "board", "last") });
    assert_eq!(scene.deliveries(2).remove(0).message.max_forwards, 0);
    scene.join_group("board", &["dave"]);
    scene.send(1, 4, "board");
    assert_eq!(scene.refusals(), [MessageFailure::Unavailable { limit: "group_copies_max" }]);
}

#[test]
fn a_store_whose_groups_contain_each_other_still_sends_each_member_one_copy() {
    let mut scene = board();
    scene.engine.load_group(conversation("loop"));
    for (group, name) in [("loop", "board"), ("board", "loop"), ("loop", "loop"), ("loop", "dave")] {
        scene.engine.load_member(&member(group, name, GroupRole::Member));
    }
    scene.send(1, 1, "loop");
    let texts = [1, 2, 3, 4].map(|number| scene.drain(number).len());
    assert_eq!(texts, [0, 1, 1, 1]);
}

#[test]
fn a_session_or_a_call_may_be_routed_to_a_group_by_those_who_may_write_to_it() {
    let mut scene = board();
    let mut route = |number| {
        scene.ask(Request::Route { ticket: Ticket(7), agent: agent(number), recipient: address("board") });
        scene.settle();
        scene.immediate.remove(0)
    };
    assert_eq!(route(1), Effect::Routed { ticket: Ticket(7), agent: agent(1), agents: vec![] });
    let failure = MessageFailure::Blocked;
    assert_eq!(route(4), Effect::MessageRefused { ticket: Ticket(7), agent: Some(agent(4)), failure });
}

#[test]
fn typing_is_not_told_in_groups() {
    let mut scene = board();
    let recipient = address("board");
    scene.ask(Request::Compose { agent: agent(1), recipient, is_composing: true, thread: None });
    scene.settle();
    assert!(!scene.promised.iter().any(|effect| matches!(effect, Effect::Composing { .. })));
}

#[test]
fn joining_and_leaving_is_told_to_members_only_where_the_group_says_so() {
    for announces in [false, true] {
        let mut scene = board_with(Settings::default(), GroupRecord { announces, ..conversation("board") });
        scene.join_group("board", &["dave", "dave"]);
        scene.leave_group("board", "dave").unwrap();
        let expected = ["dave has joined.", "dave has left."].map(str::to_owned);
        let told = scene.drain(1);
        assert_eq!(told, if announces { expected.to_vec() } else { Vec::new() });
        assert_eq!(scene.drain(4).len(), usize::from(announces), "who left is not told what came after");
    }
}

// covers: D-40
#[test]
fn a_conversation_is_a_presentity_that_is_open_as_long_as_it_is_one() {
    let mut scene = board();
    scene.join(5, &["erin"]);
    scene.subscribe_to(5, "board");
    assert_eq!(scene.state_seen("erin", "board"), Some(PresenceState::Available));
    let document = scene.seen("erin", "board").unwrap();
    assert_eq!((document.basic, document.note.as_deref()), (Basic::Open, Some("board")));
    let titled = GroupRecord { title: "The board".to_owned(), ..conversation("board") };
    scene.change_group(None, GroupChange::Alter(titled)).unwrap();
    assert_eq!(scene.seen("erin", "board").unwrap().note.as_deref(), Some("The board"));
    let next = scene.resumed(Settings::default(), Millis::seconds(1));
    assert_eq!(next.engine.document(&address("board")).unwrap().basic, Basic::Open);
    scene.change_group(None, GroupChange::Remove(address("board"))).unwrap();
    assert_eq!(scene.seen("erin", "board").unwrap().basic, Basic::Closed);
}

/// What people do in a conversation.
#[derive(Clone, Debug)]
enum Event {
    Write(u64, u8),
    Direct(u64, u8),
    Take(u64),
    PutOff(u64),
    Leave(u64),
    Return(u64),
    Crash,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (1..4_u64, 0..40_u8).prop_map(|(who, number)| Event::Write(who, number)),
        2 => (1..4_u64, 0..40_u8).prop_map(|(who, number)| Event::Direct(who, number)),
        4 => (1..4_u64).prop_map(Event::Take),
        1 => (1..4_u64).prop_map(Event::PutOff),
        1 => (1..4_u64).prop_map(Event::Leave),
        1 => (1..4_u64).prop_map(Event::Return),
        1 => Just(Event::Crash),
    ]
}

const NAMES: [&str; 4] = ["", "alice", "bob", "carol"];

proptest! {
    //
    #[test]
    fn each_member_gets_each_message_of_another_once_and_in_the_order_it_was_written(
        events in prop::collection::vec(event(), 0..80)
    ) {
        let mut scene = board();
        // By sender and recipient: what was accepted first, in order; and what came.
        let mut written = std::collections::BTreeMap::<(u64, u64), Vec<u8>>::new();
        let mut had = std::collections::BTreeMap::<(u64, u64), Vec<u8>>::new();
        let take = |scene: &mut Scene, number: u64, had: &mut std::collections::BTreeMap<(u64, u64), Vec<u8>>| {
            let mut begun = scene.deliveries(number);
            while let Some(delivery) = begun.pop() {
                let sender = delivery.message.sender.clone();
                let from = NAMES.iter().position(|name| *name == sender.local()).unwrap() as u64;
                had.entry((from, number)).or_default().push(delivery.message.id.0[0]);
                scene.conclude_id(number, sender.local(), delivery.message.id, DeliveryOutcome::Delivered);
                begun.extend(scene.deliveries(number));
            }
        };
        for event in events {
            match event {
                Event::Write(who, number) => {
                    scene.sign_on(who, NAMES[who as usize]);
                    scene.send(who, number, "board");
                    for other in (1..4).filter(|other| *other != who) {
                        let written = written.entry((who, other)).or_default();
                        if !written.contains(&number) {
                            written.push(number);
                        }
                    }
                }
                Event::Direct(who, number) => {
                    let other = who % 3 + 1;
                    scene.sign_on(who, NAMES[who as usize]);
                    scene.send(who, number, NAMES[other as usize]);
                    let written = written.entry((who, other)).or_default();
                    if !written.contains(&number) {
                        written.push(number);
                    }
                }
                Event::Take(who) => take(&mut scene, who, &mut had),
                Event::PutOff(who) => {
                    for delivery in scene.deliveries(who) {
                        let (sender, id) = (delivery.message.sender.clone(), delivery.message.id);
                        scene.conclude_id(who, sender.local(), id, DeliveryOutcome::Later);
                    }
                }
                Event::Leave(who) => {
                    scene.settle();
                    scene.deliveries(who);
                    scene.depart(who, "gone");
                }
                Event::Return(who) => scene.sign_on(who, NAMES[who as usize]),
                Event::Crash => {
                    scene.settle();
                    scene = scene.resumed(Settings::default(), Millis::seconds(1));
                }
            }
        }
        for who in 1..4 {
            scene.settle();
            scene.deliveries(who);
            scene.depart(who, "gone");
            scene.sign_on(who, NAMES[who as usize]);
            take(&mut scene, who, &mut had);
        }
        written.retain(|_, numbers| !numbers.is_empty());
        prop_assert_eq!(had, written);
    }
}
