//! Access rules: who is granted, asked for, refused, and how much is shown.

use crate::people::operator;
use crate::scene::{Scene, Stored, address, agent};
use engine::MessageSettings;
use engine::{Defaults, Settings, Stop};
use model::{
    Amount, Basic, Capability, Effect, Handling, Level, Location, MessageFailure, Millis, OperatorAct,
    PresenceState, Publication, Refusal, Rule, RuleKey, Service, Strength, Subject, Symmetry, Ticket, Times,
};
use std::sync::Arc;

impl Scene {
    /// A rule of an owner.
    pub fn rule(&self, whom: &str, who: &str, handling: Handling) -> Rule {
        let subject = |text: &str| match text.contains(':')
            || ["contacts", "unauthenticated", "anonymous", "everybody"].contains(&text)
        {
            true => text.parse().unwrap(),
            false => Subject::Address(address(text)),
        };
        let (level, service) = (Level::Owner, Service::All);
        let key = RuleKey { level, whom: subject(whom), who: subject(who), service };
        let (amount, times) = (Amount::Everything, Times::default());
        Rule { key, handling, amount, times, since: self.now.wall }
    }

    /// The operator acts; what comes of it.
    pub fn operate(&mut self, act: OperatorAct) -> Result<(), Refusal> {
        let ticket = Ticket(77_777);
        self.ask(model::Request::Operate { ticket, act: Box::new(act) });
        self.settle();
        let all = self.immediate.extract_if(.., is_outcome).chain(self.promised.extract_if(.., is_outcome));
        match &Vec::from_iter(all)[..] {
            [Effect::Operated { outcome, .. }] => outcome.clone(),
            other => panic!("one answer, not {other:?}"),
        }
    }

    pub fn set(&mut self, rule: Rule) {
        assert_eq!(self.operate(OperatorAct::SetRule(rule)), Ok(()));
    }

    pub fn set_simple(&mut self, whom: &str, who: &str, handling: Handling) {
        self.set(self.rule(whom, who, handling));
    }

    pub fn end(&mut self, whom: &str, who: &str) {
        let key = self.rule(whom, who, Handling::Allow).key;
        assert_eq!(self.operate(OperatorAct::EndRule(key)), Ok(()));
    }

    fn decide_for(&mut self, presentity: &str, watcher: &str, is_approved: bool) -> Result<(), Refusal> {
        let (presentity, watcher) = (address(presentity), address(watcher));
        self.operate(OperatorAct::Decide { presentity, watcher, is_approved, symmetry: Symmetry::Never })
    }
}

fn is_outcome(effect: &mut Effect) -> bool {
    matches!(effect, Effect::Operated { .. })
}

/// Alice is 1 and Bob is 2; nobody watches anybody.
fn strangers() -> Scene {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.join(2, &["bob", "robert"]);
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene
}

/// Alice watches Bob by his consent.
fn watching() -> Scene {
    let mut scene = strangers();
    scene.symmetry = Symmetry::Never;
    scene.subscribe_to(1, "bob");
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene
}

//
#[test]
fn a_rule_grants_without_asking_and_what_it_granted_ends_with_it() {
    let mut scene = strangers();
    scene.set_simple("bob", "alice", Handling::Allow);
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Subscribed", "bob is Online"]);
    assert_eq!(scene.heard(2), [""; 0], "nobody is asked");
    scene.end("robert", "alice");
    assert_eq!(scene.heard(1), ["bob is Offline", "bob Pending"]);
    assert_eq!(scene.heard(2), ["alice Pending", "asked by alice for bob"]);
    scene.answer_call(2, "x");
    assert_eq!(scene.heard(1), [""; 0], "nothing more is told");
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    assert_eq!(scene.heard(1), ["bob Subscribed", "bob is OnCall"]);
}

//
#[test]
fn a_block_by_rule_ends_at_once_what_was_granted_and_the_watcher_is_told() {
    let mut scene = watching();
    scene.set_simple("bob", "domain:x.example", Handling::Block);
    assert_eq!(scene.heard(1), ["bob Removed"]);
    assert_eq!(Stored::of(&scene.facts).subscriptions.len(), 0);
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Removed"]);
    assert_eq!(scene.heard(2), [""; 0]);
    assert_eq!(scene.engine.counts().watchers_refused, 2);
}

// covers, F-02
#[test]
fn politely_blocked_is_the_same_as_watching_somebody_who_is_away() {
    // One Bob goes; the other hides from Alice by a rule, at the same moment, and goes on with his day.
    let (mut gone, mut hidden) = (watching(), watching());
    gone.farewell(2);
    hidden.set_simple("bob", "alice", Handling::PoliteBlock);
    let (told_of_gone, told_of_hidden) = (gone.effects_for(1), hidden.effects_for(1));
    let documents = |effects: &[Effect]| {
        Vec::from_iter(effects.iter().map(|effect| match effect {
            // Versions order what a link is told and are no part of what a watcher sees.
            Effect::Inform { document, contact, .. } => {
                let version = model::Version::default();
                format!("{contact:?} {:?}", model::PresenceDocument { version, ..(**document).clone() })
            }
            other => format!("{other:?}"),
        }))
    };
    assert_eq!(documents(&told_of_gone), documents(&told_of_hidden));
    assert_eq!(told_of_hidden.len(), 1);
    for scene in [&mut gone, &mut hidden] {
        scene.pass(Millis::seconds(60));
    }
    hidden.answer_call(2, "x");
    hidden.publish(2, PresenceState::Away);
    assert_eq!(hidden.heard(1), [""; 0], "no change is told");
    hidden.hear_nothing_of(2);
    let seen = |scene: &mut Scene| {
        scene.attend(1);
        documents(&scene.effects_for(1))
    };
    let (gone_seen, hidden_seen) = (seen(&mut gone), seen(&mut hidden));
    assert_eq!(gone_seen, hidden_seen, "nor by looking again");
}

// covers, F-02
#[test]
fn a_politely_blocked_request_looks_like_one_that_nobody_decides() {
    let (mut undecided, mut hidden) = (strangers(), strangers());
    hidden.set_simple("bob", "alice", Handling::PoliteBlock);
    undecided.subscribe_to(1, "bob");
    hidden.subscribe_to(1, "bob");
    assert_eq!(undecided.heard(1), hidden.heard(1));
    assert_eq!(hidden.heard(2), [""; 0], "the owner is not asked");
    hidden.attend(2);
    assert_eq!(hidden.heard(2), [""; 0]);
    for scene in [&mut undecided, &mut hidden] {
        scene.pass(Millis::seconds(8 * 86_400));
    }
    assert_eq!(undecided.heard(1), ["bob Removed"]);
    assert_eq!(hidden.heard(1), ["bob Removed"]);
}

/// Bob says all there is to say.
fn publish_everything(scene: &mut Scene) {
    let publication = Publication {
        capabilities: Some(vec![Capability::Video]),
        location: Some(Location { locale: Some("Room 4".to_owned()), ..Location::default() }),
        ..scene.publication(PresenceState::Away)
    };
    scene.publish_all(2, publication);
}

// covers, F-06, F-20, R-009, R-011, R-145
#[test]
fn three_watchers_see_three_documents_and_none_the_place_without_a_rule() {
    let mut scene = Scene::new();
    scene.symmetry = Symmetry::Never;
    scene.join(2, &["bob"]);
    let amounts = [Amount::Nothing, Amount::Basic, Amount::Activity, Amount::Everything, Amount::Location];
    for (number, amount) in (10..).zip(amounts) {
        let name = format!("w{number}");
        scene.join(number, &[&name]);
        scene.set(Rule { amount, ..scene.rule("bob", &name, Handling::Allow) });
        scene.subscribe_to(number, "bob");
    }
    scene.settle();
    publish_everything(&mut scene);
    scene.settle();
    let seen = amounts.iter().zip(10..).map(|(_, number)| scene.seen(&format!("w{number}"), "bob").unwrap());
    let [nothing, basic, activity, everything, location] = &Vec::from_iter(seen)[..] else { panic!() };
    assert_eq!((nothing.state, nothing.basic), (PresenceState::Offline, Basic::Closed));
    assert_eq!((basic.state, basic.basic), (PresenceState::Online, Basic::Open));
    assert_eq!(
        (activity.state, activity.tuples.len(), activity.tuples[0].agent),
        (PresenceState::Away, 1, None)
    );
    let said = |document: &model::PresenceDocument| document.tuples[0].publication.clone();
    assert_eq!((said(nothing), said(basic)), (None, None));
    assert_eq!(said(activity).unwrap().capabilities, None);
    assert_eq!(everything.tuples[0].agent, Some(agent(2)));
    assert_eq!(said(everything).unwrap().capabilities, Some(vec![Capability::Video]));
    assert_eq!(said(everything).unwrap().location, None);
    assert_eq!(said(location).unwrap().location.unwrap().locale.as_deref(), Some("Room 4"));
    // What is fetched is what was told last.
    for number in 11..15 {
        let told = scene.effects_for(number).into_iter().rev().find_map(|effect| match effect {
            Effect::Inform { document, .. } => Some(document),
            _ => None,
        });
        let seen = scene.seen(&format!("w{number}"), "bob");
        let version = told.as_ref().unwrap().version;
        assert_eq!(told, seen.map(|seen| Arc::new(model::PresenceDocument { version, ..(*seen).clone() })));
    }
    // Who sees only whether Bob can be reached learns nothing of what he does.
    scene.publish(2, PresenceState::Busy);
    assert_eq!(scene.heard(11), [""; 0]);
    assert_eq!(scene.heard(12), ["bob is Busy"]);
}

//
#[test]
fn a_change_is_composed_once_for_each_class_of_watchers() {
    let mut scene = Scene::new();
    scene.join(2, &["bob"]);
    let amounts = [Amount::Basic, Amount::Activity, Amount::Everything, Amount::Location];
    for number in 0..1000 {
        let (name, amount) = (format!("w{number}"), amounts[number as usize % 4]);
        scene.set(Rule {
            key: RuleKey { level: Level::Operator, ..scene.rule("bob", &name, Handling::Allow).key },
            amount,
            ..scene.rule("bob", &name, Handling::Allow)
        });
    }
    scene.symmetry = Symmetry::Never;
    for number in 0..1000 {
        scene.join(1000 + number, &[&format!("w{number}")]);
        scene.subscribe_to(1000 + number, "bob");
    }
    scene.settle();
    let before = scene.engine.counts();
    publish_everything(&mut scene);
    scene.farewell(2);
    scene.settle();
    let after = scene.engine.counts();
    assert_eq!(after.notifications - before.notifications, 1000);
    assert_eq!(after.compositions - before.compositions, 4);
}

#[test]
fn the_operators_rule_stands_above_the_owners() {
    let mut scene = watching();
    let forbidden = scene.rule("everybody", "domain:x.example", Handling::Block);
    let forbidden = Rule { key: RuleKey { level: Level::Operator, ..forbidden.key.clone() }, ..forbidden };
    scene.set_simple("bob", "alice", Handling::Allow);
    scene.set(forbidden.clone());
    scene.pass(Millis(1));
    assert_eq!(scene.heard(1), ["bob Removed"]);
    assert_eq!(scene.decide_for("bob", "alice", true), Err(Refusal::NoSuchRequest));
    assert_eq!(scene.operate(OperatorAct::EndRule(forbidden.key)), Ok(()));
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Subscribed", "bob is Online"]);
    // What the operator allows no owner can forbid.
    let allowed = scene.rule("group:nobody@x.example", "everybody", Handling::Allow);
    assert_eq!(
        scene.operate(OperatorAct::SetRule(allowed)),
        Err(Refusal::Rule(model::RuleError::NotAnOwner { whom: "group:nobody@x.example".parse().unwrap() }))
    );
    let allowed = scene.rule("bob", "everybody", Handling::Allow);
    scene.set(Rule { key: RuleKey { level: Level::Operator, ..allowed.key.clone() }, ..allowed });
    scene.block(2, "alice");
    scene.pass(Millis(1));
    scene.subscribe_to(1, "bob");
    scene.answer_call(2, "y");
    assert_eq!(scene.state_seen("alice", "bob"), Some(PresenceState::OnCall));
}

// covers: B-07, A-2.3.5, A-5.4.10
#[test]
fn rules_for_messages_are_apart_from_rules_for_presence() {
    let mut scene = Scene::new();
    scene.join_with(1, "alice", true);
    scene.join_with(2, "bob", true);
    let silent = scene.rule("bob", "everybody", Handling::Block);
    scene.set(Rule { key: RuleKey { service: Service::Messages, ..silent.key.clone() }, ..silent });
    scene.send(1, 1, "bob");
    assert_eq!(scene.refusals(), [MessageFailure::Blocked]);
    scene.set_simple("bob", "alice", Handling::Allow);
    scene.send(1, 2, "bob");
    let quiet = scene.rule("bob", "alice", Handling::Block);
    scene.set(Rule { key: RuleKey { service: Service::Presence, ..quiet.key.clone() }, ..quiet });
    scene.send(1, 3, "bob");
    assert_eq!(scene.drain(2).len(), 2, "who may not watch may write");
}

// covers: F-12
#[test]
fn who_must_be_agreed_to_may_write_when_the_owner_watches_it_or_lets_it_watch() {
    let mut scene = Scene::new();
    scene.join_with(1, "alice", true);
    scene.join_with(2, "bob", true);
    let known = scene.rule("bob", "everybody", Handling::Confirm);
    scene.set(Rule { key: RuleKey { service: Service::Messages, ..known.key.clone() }, ..known });
    scene.send(1, 1, "bob");
    assert_eq!(scene.refusals(), [MessageFailure::Blocked]);
    scene.befriend((1, "alice"), (2, "bob"));
    scene.send(1, 2, "bob");
    assert_eq!(scene.texts(2).len(), 1);
}

// covers: F-02
#[test]
fn what_a_politely_blocked_one_writes_is_taken_and_goes_nowhere() {
    let mut scene = Scene::new();
    scene.join_with(1, "alice", true);
    scene.join_with(2, "bob", true);
    scene.set_simple("bob", "alice", Handling::PoliteBlock);
    scene.facts.clear();
    scene.send(1, 1, "bob");
    scene.settle();
    let is_taken = |effect: &Effect| matches!(effect, Effect::Accepted { is_stored: true, .. });
    assert!(scene.promised.iter().any(is_taken), "durable, like any other");
    assert_eq!(scene.texts(2).len(), 0);
    let said = scene.facts.iter().any(|fact| match fact {
        model::Fact::Message { message, .. } => !message.text.is_empty(),
        _ => false,
    });
    assert!(!said && scene.facts.len() == 1, "what it says is not kept");
    assert_eq!(scene.engine.counts().messages_ignored, 1);
    scene.set_simple("bob", "alice", Handling::Allow);
    scene.send(1, 1, "bob");
    scene.send(1, 2, "bob");
    assert_eq!(scene.texts(2), ["2"], "what was ignored is not delivered later");
}

/// What Alice is told of messages to somebody of this name, whom `prepare` puts out of her reach; Alice's own inbox has no
/// bounds. Between the fourth and the fifth there is a restart.
fn told_of_messages(prepare: impl Fn(&mut Scene)) -> Vec<String> {
    let messages = MessageSettings { messages_per_inbox_max: 3, ..MessageSettings::default() };
    let mut scene = Scene::with(Settings { messages: messages.clone(), ..Settings::default() });
    scene.join_with(1, "alice", true);
    scene.join_with(2, "bob", true);
    prepare(&mut scene);
    let mut told = Vec::new();
    for number in [1, 2, 2, 3, 4] {
        scene.send(1, number, "bob");
        scene.settle();
        let heard =
            scene.immediate.drain(..).chain(scene.promised.drain(..)).filter_map(|effect| match effect {
                Effect::Accepted { is_stored, .. } => Some(format!("taken {is_stored}")),
                Effect::MessageRefused { failure, .. } => Some(failure.to_string()),
                _ => None,
            });
        told.extend(heard);
    }
    let mut scene = {
        let mut next = scene.restarted_with(Settings { messages, ..Settings::default() }, Millis::seconds(5));
        crate::correspondence::load(&mut next.engine, &scene.facts);
        next.engine.resume(next.now, Stop::Clean);
        next
    };
    scene.join_with(1, "alice", true);
    for _ in 0..34 {
        scene.pass(Millis::seconds(86_400));
        scene.join_with(1, "alice", true);
        for delivery in scene.deliveries(1) {
            told.push(format!("{} on day {}", delivery.message.text, scene.now.wall.0 / 86_400_000));
            scene.conclude_id(
                1,
                delivery.sender.address.as_str(),
                delivery.message.id,
                model::DeliveryOutcome::Delivered,
            );
        }
    }
    told
}

// covers: F-02
#[test]
fn the_fate_of_what_a_politely_blocked_one_writes_is_that_of_messages_to_who_stays_away() {
    let of_gone = told_of_messages(|scene| scene.depart(2, "gone"));
    let of_hidden = told_of_messages(|scene| scene.set_simple("bob", "alice", Handling::PoliteBlock));
    assert_eq!(of_gone, of_hidden);
    assert_eq!(of_gone[..4], ["taken true"; 4]);
    assert!(of_gone[4].contains("messages_per_inbox_max"), "{of_gone:?}");
    assert_eq!(of_gone.iter().filter(|line| line.contains("was not delivered")).count(), 3, "{of_gone:?}");
}

// covers: F-06
#[test]
fn rules_turn_at_their_hours_without_anybody_doing_anything() {
    let mut scene = watching();
    // The scene begins at 00:16:40 on Thursday, 1970-01-01.
    let hours = Some("thu 01:00-02:00".parse().unwrap());
    let night = scene.rule("bob", "alice", Handling::PoliteBlock);
    scene.set(Rule { times: Times { hours, ..Times::default() }, ..night });
    assert_eq!(scene.heard(1), [""; 0]);
    scene.keep_alive(2);
    let mut told = Vec::new();
    for _ in 0..120 {
        scene.keep_alive(2);
        scene.pass(Millis::seconds(60));
        let at = (scene.now.wall.0 / 60_000) as u64;
        told.extend(scene.heard(1).into_iter().map(|words| (at, words)));
    }
    assert_eq!(told, [(60, "bob is Offline".to_owned()), (120, "bob is Online".to_owned())]);
}

#[test]
fn a_rule_that_has_ended_meanwhile_is_not_in_force_after_a_restart() {
    let mut scene = strangers();
    let until = Some(scene.now.wall.after(Millis::seconds(3600)));
    let rule = scene.rule("bob", "alice", Handling::Allow);
    scene.set(Rule { times: Times { until, ..Times::default() }, ..rule });
    scene.set_simple("bob", "domain:x.example", Handling::Confirm);
    scene.subscribe_to(1, "bob");
    scene.settle();
    assert!(Stored::of(&scene.facts).subscriptions.values().all(|it| it.is_active && it.by_rule));
    for (down, active) in [(Millis::seconds(60), true), (Millis::seconds(7200), false)] {
        let mut next = scene.restarted(&[], down);
        next.engine.resume(next.now, Stop::Unclean);
        next.pass(Millis(1));
        let stored = Stored::of(&next.facts);
        assert!(stored.subscriptions.values().all(|it| it.is_active == active), "after {down:?}");
        assert_eq!(stored.rules.len(), 2);
    }
}

// covers: B-06, F-05
#[test]
fn a_block_on_the_contact_list_and_a_rule_that_blocks_are_the_same() {
    let mut scene = watching();
    scene.set_simple("bob", "alice", Handling::Block);
    assert_eq!(scene.heard(2), ["alice Blocked"]);
    assert_eq!(scene.heard(1), ["bob Removed"]);
    let rules = scene.engine.rules_of(&address("robert")).unwrap();
    assert_eq!(rules.len(), 1);
    assert_eq!(
        (rules[0].handling, rules[0].key.who.to_string()),
        (Handling::Block, "alice@x.example".into())
    );
    scene.end("bob", "alice");
    assert_eq!(scene.heard(2), ["alice Unblocked"]);
    assert_eq!(scene.operate(OperatorAct::EndRule(rules[0].key.clone())), Err(Refusal::NoSuchRule));
    scene.block(2, "alice");
    scene.hear_nothing_of(2);
    scene.set_simple("bob", "alice", Handling::Allow);
    assert_eq!(scene.heard(2), ["alice Unblocked"], "another rule of the same key takes its place");
    scene.set_simple("bob", "alice", Handling::Block);
    assert_eq!(scene.engine.rules_of(&address("bob")).unwrap().len(), 1);
    assert_eq!(Stored::of(&scene.facts).rules.len(), 0);
}

#[test]
fn who_has_no_keyboard_is_decided_for_by_the_operator() {
    let mut scene = strangers();
    scene.subscribe_to(1, "bob");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    assert_eq!(scene.decide_for("robert", "alice", true), Ok(()));
    assert_eq!(scene.heard(1), ["bob Subscribed", "bob is Online"]);
    assert_eq!(scene.decide_for("bob", "alice", false), Ok(()));
    assert_eq!(scene.heard(1), ["bob Removed"]);
    assert_eq!(scene.decide_for("bob", "alice", false), Err(Refusal::NoSuchRequest));
    assert_eq!(scene.decide_for("nobody", "alice", true), Err(Refusal::NoSuchPrincipal));
}

// covers: F-01, A-5.1.14, A-5.1.3, R-018
#[test]
fn others_are_refused_by_default_and_who_is_anonymous_is_let_in_by_a_rule_only() {
    let domains = ["x.example".parse().unwrap()].into();
    let defaults = Defaults { domains, ..Defaults::default() };
    let mut scene = Scene::with(Settings { defaults, ..Settings::default() });
    scene.join(2, &["bob"]);
    scene.join(3, &["carol@y.example"]);
    scene.join(4, &["anonymous@anonymous.invalid"]);
    for number in [3, 4] {
        scene.subscribe_to(number, "bob");
        assert_eq!(scene.heard(number), ["done", "bob Removed"]);
    }
    scene.set_simple("bob", "anonymous", Handling::Allow);
    scene.set_simple("bob", "domain:y.example", Handling::Confirm);
    scene.subscribe_to(3, "bob");
    scene.subscribe_to(4, "bob");
    assert_eq!(scene.heard(3), ["done", "bob Pending"]);
    assert_eq!(scene.heard(4), ["done", "bob Subscribed", "bob is Online"]);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut scene = strangers();
    let rule = scene.rule("bob", "alice", Handling::Allow);
    let refused = |scene: &mut Scene, rule: Rule| scene.operate(OperatorAct::SetRule(rule)).unwrap_err();
    let never = Times { from: Some(scene.wall(9)), until: Some(scene.wall(9)), hours: None };
    assert!(matches!(refused(&mut scene, Rule { times: never, ..rule.clone() }), Refusal::Rule(_)));
    let nothing = Rule { amount: Amount::Nothing, handling: Handling::Confirm, ..rule.clone() };
    assert!(matches!(refused(&mut scene, nothing), Refusal::Rule(_)));
    let oneself = scene.rule("bob", "robert", Handling::Block);
    assert_eq!(refused(&mut scene, oneself), Refusal::Oneself);
    let nobody = scene.rule("nobody", "alice", Handling::Block);
    assert_eq!(refused(&mut scene, nobody), Refusal::NoSuchPrincipal);
    assert_eq!((scene.engine.counts().rules, scene.heard(2).len()), (0, 0));
    let full = engine::Limits { rules_per_principal_max: 1, ..engine::Limits::default() };
    let mut scene = Scene::with(Settings { limits: full, ..Settings::default() });
    scene.join(2, &["bob"]);
    scene.set_simple("bob", "contacts", Handling::Allow);
    scene.set_simple("bob", "contacts", Handling::Confirm);
    let more = scene.rule("bob", "everybody", Handling::Allow);
    assert_eq!(refused(&mut scene, more), Refusal::Unavailable { limit: "rules_per_principal_max" });
    assert_eq!(operator(&mut scene, "bob"), [PresenceState::Online]);
}

#[test]
fn a_rule_for_a_group_follows_its_members() {
    let mut scene = strangers();
    scene.create_group("board");
    scene.create_group("staff");
    scene.join_group("staff", &["board"]);
    scene.set_simple("bob", "group:staff@x.example", Handling::Allow);
    scene.subscribe_to(1, "bob");
    assert_eq!(scene.heard(1), ["done", "bob Pending"]);
    scene.hear_nothing_of(2);
    scene.join_group("board", &["alice"]);
    scene.pass(Millis(1));
    assert_eq!(scene.heard(1), ["bob Subscribed", "bob is Online"]);
    scene.leave_group("board", "alice").unwrap();
    scene.pass(Millis(1));
    assert_eq!(scene.heard(1), ["bob is Offline", "bob Pending"]);
    scene.answer_call(2, "x");
    assert_eq!(scene.heard(1), [""; 0]);
}

#[test]
fn a_rule_names_somebody_by_a_name_that_he_gets_later_and_by_the_gateway_he_comes_through() {
    let gateways = vec![(model::GatewayId(0), "h323".to_owned())];
    let mut scene = Scene::with(Settings { gateways, ..Settings::default() });
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene.set_simple("bob", "4711", Handling::Block);
    scene.symmetry = Symmetry::Never;
    scene.befriend((1, "alice"), (2, "bob"));
    scene.join(1, &["alice", "4711"]);
    assert_eq!(scene.heard(1), ["bob Removed"]);
    scene.set_simple("bob", "gateway:h323", Handling::Allow);
    scene.join(3, &["carol"]);
    scene.subscribe_to(3, "bob");
    assert_eq!(scene.heard(3), ["done", "bob Subscribed", "bob is Online"]);
}

// covers, F-14
#[test]
fn who_has_a_device_that_has_not_shown_who_it_is_is_what_rules_call_unauthenticated() {
    let mut scene = strangers();
    scene.symmetry = Symmetry::Never;
    let operators = |scene: &Scene, whom, handling| {
        let mut rule = scene.rule(whom, "unauthenticated", handling);
        rule.key.level = Level::Operator;
        rule
    };
    let rule = operators(&scene, "everybody", Handling::PoliteBlock);
    scene.set(rule);
    scene.befriend((1, "alice"), (2, "bob"));
    assert_eq!(scene.state_seen("alice", "bob"), Some(PresenceState::Online));
    // A second device of hers, which may be anybody's.
    scene.strength = Strength::Claimed;
    scene.join(7, &["alice"]);
    assert_eq!(scene.state_seen("alice", "bob"), Some(PresenceState::Offline));
    assert_eq!(scene.heard(1), ["bob is Offline"]);
    scene.depart(7, "gone");
    assert_eq!(
        scene.state_seen("alice", "bob"),
        Some(PresenceState::Online),
        "what is left of her has shown who it is"
    );
    // Whoever comes as Carol may be denied what she is allowed by her name, since the operator stands above owners.
    scene.set_simple("bob", "carol", Handling::Allow);
    scene.join(3, &["carol"]);
    scene.subscribe_to(3, "bob");
    assert_eq!(scene.heard(3), ["done", "bob Pending"], "as if nobody were there to decide");
    scene.strength = Strength::Password;
    scene.join(3, &["carol"]);
    assert_eq!(scene.heard(3), ["bob Subscribed", "bob is Online"], "now she has shown it");
}
