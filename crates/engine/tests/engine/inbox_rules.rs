//! Rules of single inboxes, and carbon copies.

use crate::correspondence::message;
use crate::scene::{Scene, address, agent, alias};
use engine::Settings;
use model::{
    ContactCard, ContactChange, DeliverTo, DeliveryOutcome, Effect, Fact, InboxRules, MessageFailure, Millis,
    PresenceState, Request, Ticket,
};

const ONE: InboxRules = InboxRules {
    deliver: DeliverTo::MostAvailable,
    messages_max: None,
    octets_max: None,
    age_max: None,
    no_carbons: false,
};

impl Scene {
    fn rule_inbox(&mut self, by: Option<u64>, name: &str, rules: InboxRules) -> Result<(), MessageFailure> {
        self.settle();
        let (agent, principal) = (by.map(agent), address(name));
        self.ask(Request::RuleInbox { ticket: Ticket(3), agent, principal, rules });
        self.settle();
        let is_it = |effect: &mut Effect| matches!(effect, Effect::InboxRuled { .. });
        let mut answers = Vec::from_iter(self.promised.extract_if(.., is_it));
        answers.extend(self.immediate.extract_if(.., is_it));
        let [Effect::InboxRuled { ticket: Ticket(3), agent: to, outcome }] = answers.as_slice() else {
            panic!("{answers:?}");
        };
        assert_eq!(*to, agent);
        *outcome
    }

    fn carbons(&mut self, number: u64) -> Vec<(String, String)> {
        self.settle();
        let is_it =
            |effect: &mut Effect| matches!(effect, Effect::Carbon { agent: to, .. } if *to == agent(number));
        let carbons = Vec::from_iter(self.promised.extract_if(.., is_it));
        let told = carbons.into_iter().map(|effect| match effect {
            Effect::Carbon { message, recipient, .. } => (recipient.original, message.text.clone()),
            other => panic!("{other:?}"),
        });
        told.collect()
    }
}

/// Alice writes; Bob has three devices: 2, 3 and 4.
fn devices(rules: InboxRules) -> Scene {
    let mut scene = Scene::new();
    scene.sign_on(1, "alice");
    for number in [2, 3, 4] {
        scene.sign_on(number, "bob");
    }
    scene.rule_inbox(None, "bob", rules).unwrap();
    scene.pass(Millis::seconds(1));
    scene
}

fn who_has(scene: &mut Scene) -> Vec<u64> {
    [2, 3, 4].into_iter().filter(|number| !scene.deliveries(*number).is_empty()).collect()
}

//
#[test]
fn a_message_goes_to_all_devices_or_to_the_most_available_one() {
    let mut scene = devices(InboxRules::default());
    scene.send(1, 1, "bob");
    assert_eq!(who_has(&mut scene), [2, 3, 4]);
    let mut scene = devices(ONE);
    scene.answer_call(2, "a call");
    for (number, state) in [(3, PresenceState::Dnd), (4, PresenceState::Away)] {
        scene.publish(number, state);
    }
    scene.settle();
    scene.send(1, 1, "bob");
    assert_eq!(who_has(&mut scene), [2], "in a call, before who is away or is not to be disturbed");
    scene.publish(4, PresenceState::Available);
    scene.conclude(2, "alice", 1, DeliveryOutcome::Delivered);
    scene.settle();
    scene.send(1, 2, "bob");
    assert_eq!(who_has(&mut scene), [4], "each message anew");
}

#[test]
fn the_next_device_has_its_turn_where_one_puts_off_refuses_or_leaves_and_no_two_have_it_at_once() {
    let mut scene = devices(ONE);
    scene.send(1, 1, "bob");
    let mut turns = who_has(&mut scene);
    scene.conclude(turns[0], "alice", 1, DeliveryOutcome::Later);
    turns.extend(who_has(&mut scene));
    let failed = DeliveryOutcome::Failed(MessageFailure::NotSupported);
    scene.conclude(turns[1], "alice", 1, failed);
    turns.extend(who_has(&mut scene));
    assert_eq!(turns.len(), 3);
    // The first is due again, and waits for the third.
    scene.pass(Millis::seconds(20));
    assert_eq!(who_has(&mut scene), Vec::<u64>::new());
    scene.depart(turns[2], "gone");
    scene.settle();
    assert_eq!(who_has(&mut scene), [turns[0]]);
    scene.conclude(turns[0], "alice", 1, DeliveryOutcome::Delivered);
    scene.pass(Millis::seconds(60));
    assert_eq!(who_has(&mut scene), Vec::<u64>::new(), "nobody is shown it twice");
}

#[test]
fn what_every_device_puts_off_is_tried_again_and_what_waits_goes_to_who_comes() {
    let mut scene = devices(ONE);
    scene.send(1, 1, "bob");
    for _ in 0..3 {
        let turn = who_has(&mut scene);
        scene.conclude(turn[0], "alice", 1, DeliveryOutcome::Later);
    }
    assert_eq!(who_has(&mut scene), Vec::<u64>::new());
    scene.pass(Millis::seconds(6));
    assert_eq!(who_has(&mut scene).len(), 1);
    for number in [2, 3, 4] {
        scene.depart(number, "gone");
    }
    scene.send(1, 2, "bob");
    scene.sign_on(5, "bob");
    assert_eq!(scene.drain(5), ["1", "2"]);
}

#[test]
fn an_inbox_may_hold_less_or_more_than_others_and_for_another_time() {
    let mut scene = devices(InboxRules { messages_max: Some(1), age_max: Some(60), ..ONE });
    for number in [2, 3, 4] {
        scene.depart(number, "gone");
    }
    scene.send(1, 1, "bob");
    scene.send(1, 2, "bob");
    assert_eq!(scene.refusals(), [MessageFailure::Unavailable { limit: "messages_per_inbox_max" }]);
    scene.pass(Millis::seconds(61));
    assert_eq!(scene.inbox("bob").waiting, 0, "it has expired");
    scene.rule_inbox(None, "bob", InboxRules { octets_max: Some(0), ..ONE }).unwrap();
    scene.send(1, 3, "bob");
    assert_eq!(scene.refusals(), [MessageFailure::Unavailable { limit: "octets_per_inbox_max" }]);
}

#[test]
fn rules_are_decided_by_the_operator_or_the_owner_and_are_there_after_a_restart() {
    let mut scene = devices(InboxRules::default());
    assert_eq!(scene.rule_inbox(Some(1), "bob", ONE), Err(MessageFailure::Blocked));
    assert_eq!(scene.rule_inbox(None, "nobody", ONE), Err(MessageFailure::NoRecipient));
    assert_eq!(scene.rule_inbox(Some(3), "bob", ONE), Ok(()));
    let Some(Fact::InboxRules(record)) = scene.facts.last().cloned() else { panic!("{:?}", scene.facts) };
    let mut next = scene.restarted_with(Settings::default(), Millis::seconds(1));
    next.engine.load_inbox_rules(&record).unwrap();
    assert_eq!(next.engine.inbox_rules(&address("bob")), Some(ONE));
    let facts = scene.facts.len();
    assert_eq!(scene.rule_inbox(None, "bob", ONE), Ok(()));
    assert_eq!(scene.facts.len(), facts, "nothing new");
}

//
#[test]
fn what_one_device_sends_is_shown_on_the_others_and_enters_no_inbox() {
    let mut scene = devices(InboxRules::default());
    let facts = scene.facts.len();
    scene.send(2, 1, "alice");
    assert_eq!(scene.carbons(3), [("alice".to_owned(), "1".to_owned())]);
    assert_eq!((scene.carbons(2), scene.carbons(1)), (vec![], vec![]));
    assert_eq!(scene.facts[facts..].len(), 1, "the message itself");
    assert_eq!(scene.deliveries(4).len(), 0);
    scene.send(2, 1, "alice");
    assert_eq!(scene.carbons(3), [], "a repeat is none");
    scene.send(2, 2, "nobody");
    assert_eq!(scene.carbons(3), [], "nor is what was refused");
    scene.rule_inbox(None, "bob", InboxRules { no_carbons: true, ..InboxRules::default() }).unwrap();
    scene.send(2, 3, "alice");
    assert_eq!(scene.carbons(3), []);
}

// covers: F-02
#[test]
fn a_polite_block_is_not_to_be_told_by_the_copies_on_other_devices() {
    let mut scene = Scene::with(Settings { polite_block: true, ..Settings::default() });
    scene.join(1, &["alice"]);
    for number in [2, 3] {
        scene.sign_on(number, "bob");
    }
    scene.change(1, ContactChange::Block, alias("bob"), ContactCard::default());
    scene.send_as(Some(2), message(1, "alice", "hello"));
    assert_eq!(scene.accepted(), [(1, true)]);
    assert_eq!(scene.carbons(3).len(), 1);
}
