//! What is refused is told to the audit log: who, what, whom and why, and never what was written.

use crate::scene::Scene;
use engine::{Limits, Settings, Treatment};
use model::{AuditOutcome, Handling, Millis, Request, Symmetry, Ticket};

/// The refusals so far, as `actor act object: reason`.
fn refused(scene: &mut Scene) -> Vec<String> {
    recorded(scene, |outcome| outcome == AuditOutcome::Refused)
}

/// The records of such outcomes so far.
fn recorded(scene: &mut Scene, is_meant: impl Fn(AuditOutcome) -> bool) -> Vec<String> {
    scene.settle();
    let local = |name: &Option<String>| {
        name.as_deref().map_or("-", |name| name.split('@').next().unwrap_or_default()).to_owned()
    };
    let events = std::mem::take(&mut scene.audited);
    let line = |event: model::AuditEvent| {
        let reason = event.reason.unwrap_or_default();
        format!("{} {} {}: {reason}", local(&event.actor), event.act, local(&event.object))
    };
    events.into_iter().filter(|event| is_meant(event.outcome)).map(line).collect()
}

fn friends(polite_block: bool) -> Scene {
    let mut scene = Scene::with(Settings { polite_block, ..Settings::default() });
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.settle();
    scene
}

// covers: F-18, A-2.3.6
#[test]
fn a_message_that_is_refused_is_recorded_whether_its_sender_learns_of_it_or_not() {
    for polite in [false, true] {
        let mut scene = friends(polite);
        scene.block(2, "alice");
        scene.send(1, 1, "bob");
        let blocked = "alice message bob: the recipient does not take messages from this sender";
        assert_eq!(refused(&mut scene), [blocked], "polite: {polite}");
        scene.send(1, 2, "nobody");
        assert_eq!(refused(&mut scene), ["alice message nobody: there is no such recipient"]);
    }
}

// covers: F-19
#[test]
fn no_word_of_a_refused_message_is_in_its_record() {
    let mut scene = friends(false);
    scene.send(1, 1, "nobody");
    scene.settle();
    let text = crate::correspondence::message(1, "nobody", "planted").text;
    assert!(!format!("{:?}", scene.audited).contains(&text));
    assert_eq!(scene.audited.len(), 1);
}

#[test]
fn a_subscription_that_is_blocked_denied_or_left_undecided_is_recorded() {
    for polite in [false, true] {
        let mut scene = friends(polite);
        scene.block(2, "alice");
        scene.subscribe_to(1, "bob");
        let blocked = "alice subscribe bob: the presentity has blocked the watcher";
        assert_eq!(refused(&mut scene), [blocked], "polite: {polite}");
    }
    let mut scene = friends(false);
    scene.subscribe_to(1, "nobody");
    assert_eq!(refused(&mut scene), [""; 0], "a request that waits is no refusal");
    scene.pass(Millis::seconds(400 * 86_400));
    assert_eq!(refused(&mut scene), ["alice subscribe nobody: nobody has decided in time"]);
}

#[test]
fn what_a_rule_or_a_limit_refuses_is_recorded_with_its_name() {
    let mut scene = Scene::with(Settings { silent_devices: Treatment::Refuse, ..Settings::default() });
    scene.sign_on(1, "alice");
    scene.register(3, &["room"]);
    scene.subscribe_to(1, "room");
    let silent = "alice subscribe room: nobody can be asked there, and that counts as a refusal";
    assert_eq!(refused(&mut scene), [silent]);
    let limits = Limits { contacts_per_principal_max: 0, ..Limits::default() };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    scene.sign_on(1, "alice");
    scene.subscribe_to(1, "bob");
    let full = "alice subscribe bob: the server can't take more at present: contacts_per_principal_max";
    assert_eq!(refused(&mut scene), [full]);
    scene.ask(Request::Decide {
        ticket: Ticket(1),
        agent: crate::scene::agent(1),
        what: model::Decided::Subscription(model::SubscriptionId([9; 16])),
        is_approved: true,
        symmetry: Symmetry::Auto,
    });
    assert_eq!(
        refused(&mut scene),
        ["alice decide -: no such request waits for a decision of this principal"]
    );
}

/// All records so far, as outcome, watcher and presentity.
fn history(scene: &mut Scene) -> Vec<String> {
    scene.settle();
    let local = |name: Option<String>| name.and_then(|name| Some(name.split('@').next()?.to_owned()));
    let events = std::mem::take(&mut scene.audited).into_iter().map(|event| {
        assert_eq!(event.act, "subscribe");
        let (watcher, presentity) = (local(event.actor), local(event.object));
        format!("{} {}>{}", event.outcome.name(), watcher.unwrap_or_default(), presentity.unwrap_or_default())
    });
    events.collect()
}

// covers, F-07, R-016
#[test]
fn who_asked_to_watch_whom_and_what_became_of_it_is_recorded_from_the_first_wish_to_the_end() {
    let mut scene = friends(false);
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene.subscribe_to(1, "bob");
    assert_eq!(history(&mut scene), ["begun alice>bob"]);
    scene.subscribe_to(1, "bob");
    assert_eq!(history(&mut scene), [""; 0], "who asks again is told how it stands");
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    assert_eq!(history(&mut scene), ["done alice>bob", "done bob>alice"]);
    scene.unsubscribe_from(1, "bob");
    assert_eq!(history(&mut scene), ["ended alice>bob", "ended bob>alice"]);
    scene.set_simple("bob", "domain:x.example", Handling::Allow);
    scene.subscribe_to(1, "bob");
    assert_eq!(history(&mut scene), ["done alice>bob"]);
    scene.end("bob", "domain:x.example");
    assert_eq!(history(&mut scene), ["begun alice>bob"], "the rule is gone, and bob is asked");
    scene.set_simple("bob", "domain:x.example", Handling::PoliteBlock);
    assert_eq!(history(&mut scene), [""; 0], "a request that waits goes on to look like one");
    scene.set_simple("bob", "alice", Handling::Block);
    assert_eq!(history(&mut scene), ["refused alice>bob"]);
}
