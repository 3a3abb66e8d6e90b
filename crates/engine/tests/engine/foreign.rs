//! People of other networks, whom a gateway claims and whose own servers keep what they publish.

use crate::correspondence::ALL;
use crate::scene::{Scene, address, agent, alias, registration};
use engine::{Defaults, Settings, Stop};
use model::{
    Claim, ContactCard, ContactChange, Decided, DeliveryOutcome, Effect, Fact, GatewayId, Handling,
    MessageFailure, Millis, PresenceState, ReceiptKind, Request, Source, Symmetry, Ticket,
};

const ROMEO: &str = "romeo@y.example";

/// A scene from which a gateway leads to everybody else.
fn scene() -> Scene {
    let mut scene = Scene::with(settings());
    scene.symmetry = Symmetry::Never;
    scene
}

fn settings() -> Settings {
    let domains = ["x.example".parse().unwrap()].into();
    let defaults = Defaults { domains, other_domains: Handling::Confirm, ..Defaults::default() };
    Settings { defaults, elsewhere: Some(GatewayId(1)), ..Settings::default() }
}

impl Scene {
    /// Whom gateways were asked to claim since it was last looked at.
    fn summoned(&mut self) -> Vec<String> {
        self.settle();
        let mut summoned = Vec::new();
        for effects in [&mut self.promised, &mut self.immediate] {
            effects.retain(|effect| match effect {
                Effect::Summon { gateway: GatewayId(1), address } => {
                    summoned.push(address.to_string());
                    false
                }
                _ => true,
            });
        }
        summoned
    }

    /// The gateway claims somebody, who is nowhere yet as far as it knows.
    fn represent(&mut self, number: u64, name: &str) {
        let claim = Claim {
            agent: agent(number),
            aliases: vec![alias(name)],
            inferred: true,
            has_presence: true,
            has_messaging: true,
            strength: self.strength,
            device: String::new(),
            description: "XMPP".to_owned(),
        };
        self.ask(Request::Claim { ticket: Ticket(number), claim });
        self.attend(number);
    }

    /// Somebody of another network has a client online.
    fn come_online(&mut self, number: u64, name: &str, state: PresenceState) {
        self.claim_with(number, &[name], true);
        let mut evidence = registration(self.now.wall, self.now.instant);
        evidence.expires = None;
        self.observe(number, evidence);
        self.publish(number, state);
    }

    fn facts_about_foreigners(&self) -> usize {
        let is_about = |fact: &&Fact| match fact {
            Fact::Principal { address, .. } => address.domain() == "y.example",
            Fact::Alias(entry) => entry.address.domain() == "y.example",
            Fact::Published { principal, .. } => principal.domain() == "y.example",
            _ => false,
        };
        self.facts.iter().filter(is_about).count()
    }

    fn decide_on(&mut self, number: u64, watcher: &str, is_approved: bool) {
        let what = Decided::Watcher(address(watcher));
        let symmetry = self.symmetry;
        self.ask(Request::Decide { ticket: Ticket(0), agent: agent(number), what, is_approved, symmetry });
    }

    fn fetch(&mut self, number: u64, name: &str) {
        let presentity = address(name);
        self.ask(Request::Fetch { ticket: Ticket(0), agent: agent(number), presentity });
    }

    /// What an agent was told, in a few words each; what concerns messages is left aside.
    fn told_abroad(&mut self, number: u64) -> Vec<String> {
        let words = |effect: &Effect| match effect {
            Effect::Watched { watcher, is_watching, .. } => {
                Some(format!("{} by {}", if *is_watching { "watched" } else { "left" }, watcher.original))
            }
            Effect::Listed { contacts, .. } => {
                let entries = contacts.iter().map(|one| format!("{} {:?}", one.name.original, one.status));
                Some(Vec::from_iter(entries).join(", "))
            }
            Effect::Asked { request, .. } => Some(format!("asked by {}", request.watcher.original)),
            Effect::Inform { contact, document, .. } => {
                Some(format!("{} is {:?}", contact.original, document.state))
            }
            Effect::Refused { refusal, .. } => Some(format!("refused: {refusal}")),
            _ => None,
        };
        self.effects_for(number).iter().filter_map(words).collect()
    }
}

// covers: C-04
#[test]
fn who_watches_somebody_of_another_network_has_the_gateway_claim_and_ask() {
    let mut scene = scene();
    scene.join(1, &["room"]);
    scene.subscribe_to(1, ROMEO);
    assert_eq!(scene.summoned(), [ROMEO]);
    assert_eq!(scene.heard(1), ["done", "romeo@y.example Pending"]);
    scene.represent(2, ROMEO);
    assert_eq!(scene.told_abroad(2), ["room Pending", "asked by room"]);
    scene.decide_on(2, "room", true);
    assert_eq!(scene.told_abroad(2), ["watched by room", "room Removed"]);
    assert_eq!(scene.heard(1), ["romeo@y.example Subscribed", "romeo@y.example is Unknown"]);
    scene.come_online(3, ROMEO, PresenceState::Away);
    assert_eq!(scene.heard(1), ["romeo@y.example is Away"]);
    scene.farewell(3);
    assert_eq!(scene.heard(1), ["romeo@y.example is Offline"]);
    scene.unsubscribe_from(1, ROMEO);
    assert_eq!(scene.told_abroad(2), ["left by room"]);
    assert_eq!(scene.facts_about_foreigners(), 0);
}

#[test]
fn whatever_is_ruled_here_somebody_of_another_network_is_asked() {
    let defaults = Defaults {
        domains: ["x.example".parse().unwrap()].into(),
        own_domain: Handling::Allow,
        other_domains: Handling::Allow,
    };
    let mut scene = Scene::with(Settings { defaults, elsewhere: Some(GatewayId(1)), ..Settings::default() });
    scene.join(1, &["room"]);
    scene.subscribe_to(1, ROMEO);
    assert_eq!(scene.heard(1), ["done", "romeo@y.example Pending"]);
}

#[test]
fn a_watcher_of_another_network_is_stored_with_its_subscription_and_there_after_a_restart() {
    let mut scene = scene();
    scene.join(1, &["room"]);
    scene.represent(2, ROMEO);
    scene.settle();
    assert_eq!(scene.facts_about_foreigners(), 0);
    let id = scene.next_id();
    let symmetry = Symmetry::Never;
    let (contact, card) = (alias("room"), Box::new(ContactCard::default()));
    let change = ContactChange::Subscribe;
    let request =
        Request::ChangeContact { ticket: Ticket(0), agent: agent(2), change, contact, card, id, symmetry };
    scene.ask(request);
    scene.decide(1, id, true);
    assert_eq!(
        scene.told_abroad(2),
        ["room Pending", "room Subscribed", "room is Online"],
        "the request, the consent, the state"
    );
    assert_eq!(scene.facts_about_foreigners(), 2);
    let first = scene.facts.iter().position(|fact| matches!(fact, Fact::Subscription(_))).unwrap();
    let there = |fact: &Fact| matches!(fact, Fact::Principal { address, .. } if address.as_str() == ROMEO);
    assert!(scene.facts[..first].iter().any(there));

    let mut next = scene.resumed(settings(), Millis::seconds(5));
    assert_eq!(next.summoned(), [ROMEO]);
    next.represent(2, ROMEO);
    assert_eq!(next.told_abroad(2), ["room Subscribed", "room is Unknown"]);
    // A client of its own asks, and so do servers.
    next.fetch(2, "room");
    assert_eq!(next.told_abroad(2), ["room is Unknown"]);
}

#[test]
fn who_is_watched_from_here_is_told_by_whom_after_a_restart_and_may_end_it() {
    let mut scene = scene();
    scene.join(1, &["room"]);
    scene.subscribe_to(1, ROMEO);
    scene.represent(2, ROMEO);
    scene.decide_on(2, "room", true);
    scene.settle();
    let mut next = scene.resumed(settings(), Millis::seconds(5));
    next.symmetry = Symmetry::Never;
    assert_eq!(next.summoned(), [ROMEO]);
    next.represent(2, ROMEO);
    next.join(1, &["room"]);
    next.hear_nothing_of(1);
    assert_eq!(next.told_abroad(2), ["watched by room"]);
    next.decide_on(2, "room", false);
    assert_eq!(next.told_abroad(2), ["left by room"]);
    assert_eq!(next.heard(1), ["romeo@y.example Removed"]);
    // Nobody asks any more, so there is nothing to decide.
    next.decide_on(2, "room", true);
    let words = "refused: no such request waits for a decision of this principal";
    assert_eq!(next.told_abroad(2), [words]);
}

#[test]
fn a_decision_ends_one_direction_only_where_directions_are_apart() {
    let mut scene = scene();
    scene.join(1, &["room"]);
    scene.represent(2, ROMEO);
    scene.subscribe_to(1, ROMEO);
    scene.decide_on(2, "room", true);
    scene.subscribe_to(2, "room");
    scene.decide_on(1, ROMEO, true);
    scene.hear_nothing_of(1);
    scene.told_abroad(2);
    scene.decide_on(2, "room", false);
    assert_eq!(scene.told_abroad(2), ["left by room"]);
    assert_eq!(scene.heard(1), ["romeo@y.example Removed"]);
    assert_eq!(scene.state_seen(ROMEO, "room"), Some(PresenceState::Online));
}

#[test]
fn visitors_leave_nothing_behind() {
    let mut scene = scene();
    scene.sign_on(1, "room");
    scene.settle();
    let before = scene.engine.counts();
    for round in 0..3 {
        for number in 10..20 {
            scene.represent(number, &format!("guest {number} {round}@y.example"));
            scene.fetch(number, "room");
        }
        scene.settle();
        assert_eq!(scene.engine.counts().principals, before.principals + 10);
        for number in 10..20 {
            scene.farewell(number);
        }
        scene.settle();
        let counts = scene.engine.counts();
        assert_eq!((counts.principals, counts.names), (before.principals, before.names));
        assert_eq!((counts.unknown, counts.offline), (before.unknown, before.offline));
    }
    assert_eq!(scene.facts_about_foreigners(), 0);
    assert!(scene.engine.snapshot(100).iter().all(|record| !record.key.ends_with("y.example")));
}

#[test]
fn a_message_to_another_network_waits_for_the_gateway_and_is_relayed() {
    let mut scene = scene();
    scene.sign_on(1, "room");
    scene.send_wanting(1, 7, ROMEO, ALL);
    assert_eq!(scene.accepted(), [(7, true)]);
    assert_eq!(scene.summoned(), [ROMEO]);
    scene.represent(2, ROMEO);
    assert_eq!(scene.texts(2), ["7"]);
    scene.conclude(2, "room", 7, DeliveryOutcome::Relayed);
    assert_eq!(scene.receipt_kinds(1), []);
    assert_eq!(scene.inbox(ROMEO).waiting, 0);
    scene.conclude(2, "room", 7, DeliveryOutcome::Displayed);
    assert_eq!(scene.receipt_kinds(1), [ReceiptKind::Delivered, ReceiptKind::Displayed]);
    scene.conclude(2, "room", 7, DeliveryOutcome::Delivered);
    scene.conclude(2, "room", 7, DeliveryOutcome::Failed(MessageFailure::Expired));
    assert_eq!(scene.receipt_kinds(1), []);
}

#[test]
fn a_message_that_the_other_server_sends_back_fails_once() {
    let mut scene = scene();
    scene.sign_on(1, "room");
    scene.represent(2, ROMEO);
    scene.send_wanting(1, 7, ROMEO, ALL);
    scene.send(1, 8, ROMEO);
    assert_eq!(scene.texts(2), ["7"]);
    for number in [7, 8] {
        scene.conclude(2, "room", number, DeliveryOutcome::Relayed);
    }
    assert_eq!(scene.texts(2), ["8"]);
    scene.conclude(2, "room", 8, DeliveryOutcome::Relayed);
    for _ in 0..2 {
        scene.conclude(2, "room", 7, DeliveryOutcome::Failed(MessageFailure::NoRecipient));
        scene.conclude(2, "room", 8, DeliveryOutcome::Failed(MessageFailure::Blocked));
    }
    assert_eq!(scene.receipt_kinds(1), [ReceiptKind::Failed(MessageFailure::NoRecipient)]);
    let [report] = &scene.drain(1)[..] else { panic!("one report of the one that wanted no receipt") };
    assert!(report.contains("romeo@y.example"), "{report}");
    assert!(report.ends_with("the recipient does not take messages from this sender."), "{report}");
}

#[test]
fn a_message_that_waited_for_the_gateway_is_there_after_a_restart() {
    let mut scene = scene();
    scene.sign_on(1, "room");
    scene.send(1, 7, ROMEO);
    scene.settle();
    let mut next = scene.resumed(settings(), Millis::seconds(5));
    assert_eq!(next.summoned(), [ROMEO]);
    next.represent(2, ROMEO);
    assert_eq!(next.texts(2), ["7"]);
}

#[test]
fn a_message_that_is_refused_makes_nobody_known() {
    let mut scene = scene();
    scene.sign_on(1, "room");
    let before = scene.engine.counts().principals;
    let mut late = crate::correspondence::message(1, ROMEO, "too late");
    late.expires_at = Some(scene.now.wall);
    scene.send_as(Some(1), late);
    assert_eq!(scene.refusals(), [MessageFailure::Expired]);
    assert_eq!(scene.engine.counts().principals, before);
    assert_eq!(scene.summoned(), Vec::<String>::new());
}

//
#[test]
fn who_watches_nobody_is_shown_only_what_a_rule_lets_it_fetch() {
    let mut scene = scene();
    scene.join(1, &["room"]);
    scene.represent(2, ROMEO);
    scene.fetch(2, "room");
    scene.fetch(2, "nobody");
    let refused = "refused: there is no such principal";
    assert_eq!(scene.told_abroad(2), [refused, refused]);
    scene.set(scene.rule("room", ROMEO, Handling::Allow));
    scene.fetch(2, "room");
    assert_eq!(scene.told_abroad(2), ["room is Online"]);
    assert_eq!(scene.state_seen(ROMEO, "room"), None);
}

#[test]
fn evidence_of_a_client_abroad_is_of_a_source_like_any_other() {
    let mut scene = scene();
    scene.represent(2, ROMEO);
    scene.come_online(3, ROMEO, PresenceState::Dnd);
    assert_eq!(scene.state(ROMEO), PresenceState::Dnd);
    scene.withdraw(3, Source::Registration, "");
    assert_eq!(scene.state(ROMEO), PresenceState::Offline);
}

#[test]
fn somebody_who_is_offline_for_one_watcher_is_seen_by_the_others() {
    let mut scene = scene();
    scene.represent(2, ROMEO);
    scene.come_online(3, ROMEO, PresenceState::Chat);
    for (number, room) in [(11, "room"), (12, "hall")] {
        scene.join(number, &[room]);
        scene.subscribe_to(number, ROMEO);
        scene.decide_on(2, room, true);
        scene.hear_nothing_of(number);
    }
    let show = |is_shown| Request::Show { agent: agent(2), watcher: address("room"), is_shown };
    scene.ask(show(false));
    scene.ask(show(false));
    assert_eq!(scene.heard(11), ["romeo@y.example is Offline"]);
    scene.publish(3, PresenceState::Away);
    assert_eq!(scene.heard(11), Vec::<String>::new());
    assert_eq!(scene.heard(12), ["romeo@y.example is Away"]);
    scene.ask(show(true));
    assert_eq!(scene.heard(11), ["romeo@y.example is Away"]);
}

#[test]
fn who_looks_for_people_finds_those_it_may_ask_to_watch() {
    let mut scene = scene();
    for (number, name) in [(11, "Room 1"), (12, "room 2"), (13, "alice"), (14, "secret room")] {
        scene.join(number, &[name]);
    }
    scene.represent(2, ROMEO);
    scene.set(scene.rule("secret room", "everybody", Handling::Block));
    scene.set(scene.rule("room 2", "everybody", Handling::Allow));
    let mut browse = |text: &str, after: Option<&str>, limit| {
        let (text, after) = (text.to_owned(), after.map(address));
        scene.ask(Request::Browse { ticket: Ticket(0), agent: agent(2), text, groups: None, after, limit });
        let [Effect::Browsed { found, next, .. }] = &scene.effects_for(2)[..] else { panic!("one page") };
        let found = found.iter().map(|one| (one.name.original.clone(), one.state));
        (Vec::from_iter(found), next.as_ref().map(|next| next.local().to_owned()))
    };
    let entry = |name: &str, state| (name.to_owned(), state);
    let (one, two) = (entry("Room 1", None), entry("room 2", Some(PresenceState::Online)));
    assert_eq!(browse("", None, 10), (vec![entry("alice", None), one.clone(), two.clone()], None));
    assert_eq!(browse("ROOM", None, 1), (vec![one], Some("room 1".to_owned())));
    assert_eq!(browse("room", Some("room 1"), 10), (vec![two], None));
    assert_eq!(browse("nobody", None, 10), (vec![], None));
}

//
#[test]
fn a_request_that_ended_while_the_server_was_down_is_told_once_there_is_somebody_to_tell() {
    let mut scene = scene();
    scene.join(1, &["room"]);
    scene.come_online(3, ROMEO, PresenceState::Available);
    scene.subscribe_to(3, "room");
    scene.heard(3);
    let mut late = scene.restarted(&[], Millis::seconds(30 * 24 * 3600));
    late.engine.resume(late.now, Stop::Clean);
    late.pass(Millis(1));
    assert_eq!(late.engine.counts().requests_expired, 0);
    assert_eq!(late.summoned(), [ROMEO]);
    late.represent(3, ROMEO);
    late.told_abroad(3);
    late.pass(Millis::seconds(1));
    assert_eq!(late.heard(3), ["room Removed"]);
    assert_eq!(late.engine.counts().requests_expired, 1);
}
