//! Presence of endpoints that speak none.

use crate::scene::{Scene, TIME_TO_LIVE, agent, call, registration};
use engine::{Limits, Settings};
use model::{Basic, Evidence, EvidenceKey, Instant, Millis, PresenceState, Request, Source, Timestamp};

// covers: D-11
#[test]
fn a_registered_endpoint_is_online_until_it_departs() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    let document = scene.document("room4");
    assert_eq!((document.state, document.basic), (PresenceState::Online, Basic::Open));
    scene.pass(Millis(500));
    scene.depart(1, "unregistered");
    let document = scene.document("room4");
    assert_eq!((document.state, document.basic), (PresenceState::Offline, Basic::Closed));
    assert_eq!((document.since, document.note.as_deref()), (scene.wall(500), Some("unregistered")));
}

// covers: D-11, A-3.2.4, A-3.2.5, R-134
#[test]
fn a_registration_that_nobody_renews_ends_by_itself() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.pass(Millis(TIME_TO_LIVE.0 - 1));
    assert_eq!(scene.state("room4"), PresenceState::Online);
    scene.pass(Millis(1));
    let document = scene.document("room4");
    assert_eq!((document.state, document.since), (PresenceState::Offline, scene.wall(TIME_TO_LIVE.0 as i64)));
}

#[test]
fn a_renewed_registration_is_no_news() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    let before = scene.document("room4");
    for _ in 0..10 {
        scene.pass(Millis::seconds(100));
        scene.keep_alive(1);
    }
    assert_eq!(scene.document("room4"), before);
}

// covers: D-12
#[test]
fn an_answered_call_makes_on_call_and_its_end_online_since_the_end() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.pass(Millis::seconds(10));
    scene.answer_call(1, "a");
    let document = scene.document("room4");
    assert_eq!((document.state, document.since), (PresenceState::OnCall, scene.wall(10_000)));
    scene.pass(Millis::seconds(10));
    scene.hang_up(1, "a");
    scene.pass(Millis::seconds(3));
    let document = scene.document("room4");
    assert_eq!((document.state, document.since), (PresenceState::Online, scene.wall(20_000)));
}

// covers: D-12
#[test]
fn a_call_whose_end_is_never_reported_ends_by_its_expiry() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    let lost = Evidence { expires: Some(Instant(30_000)), ..call("a", scene.now.wall) };
    scene.observe(1, lost);
    assert_eq!(scene.state("room4"), PresenceState::OnCall);
    scene.pass(Millis::seconds(30));
    let document = scene.document("room4");
    assert_eq!((document.state, document.since), (PresenceState::Online, scene.wall(30_000)));
}

#[test]
fn a_second_call_keeps_on_call_since_the_first() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.answer_call(1, "a");
    let before = scene.document("room4");
    scene.pass(Millis::seconds(10));
    scene.answer_call(1, "b");
    scene.hang_up(1, "a");
    scene.pass(Millis::seconds(10));
    assert_eq!(scene.document("room4"), before);
}

// covers: D-20
#[test]
fn a_call_gap_under_two_seconds_is_not_seen() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.answer_call(1, "a");
    let before = scene.document("room4");
    scene.pass(Millis::seconds(10));
    scene.hang_up(1, "a");
    scene.pass(Millis(1_999));
    scene.answer_call(1, "b");
    scene.pass(Millis::seconds(60));
    assert_eq!(scene.document("room4"), before);
}

#[test]
fn a_call_does_not_outlast_its_expiry_by_the_gap() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.observe(1, Evidence { expires: Some(Instant(1_000)), ..call("a", scene.now.wall) });
    scene.hang_up(1, "a");
    scene.pass(Millis(999));
    assert_eq!(scene.state("room4"), PresenceState::OnCall);
    scene.pass(Millis(1));
    assert_eq!(scene.state("room4"), PresenceState::Online);
}

#[test]
fn a_call_whose_end_is_reported_late_has_no_gap() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.register(2, &["room4"]);
    scene.answer_call(1, "a");
    scene.pass(Millis::seconds(10));
    let key = EvidenceKey { source: Source::Call, id: "a".to_owned() };
    let at = scene.wall(5_000);
    scene.ask(Request::Withdraw { agent: agent(1), key, at });
    let document = scene.document("room4");
    assert_eq!((document.state, document.since), (PresenceState::Online, at));
}

// covers: D-15
#[test]
fn the_loss_of_the_registration_beats_a_call() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.answer_call(1, "a");
    scene.settle();
    scene.withdraw(1, Source::Registration, "");
    assert_eq!(scene.state("room4"), PresenceState::Offline);
    scene.register(1, &["room4"]);
    scene.answer_call(1, "b");
    scene.pass(TIME_TO_LIVE);
    assert_eq!(scene.state("room4"), PresenceState::Offline);
}

#[test]
fn a_device_that_comes_back_is_there_since_then() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.settle();
    scene.withdraw(1, Source::Registration, "");
    scene.pass(Millis::seconds(10));
    scene.keep_alive(1);
    let document = scene.document("room4");
    assert_eq!((document.since, document.tuples[0].since), (scene.wall(10_000), scene.wall(10_000)));
}

#[test]
fn a_device_that_has_changed_its_name_still_expires() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    scene.settle();
    scene.claim(1, &["bob"]);
    assert_eq!(scene.state("bob"), PresenceState::Online);
    scene.pass(TIME_TO_LIVE);
    assert_eq!(scene.state("bob"), PresenceState::Offline);
}

// covers: D-15, D-17, B-11, R-041, R-042, R-043
#[test]
fn the_device_of_most_interest_is_shown_and_all_are_kept() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    scene.register(2, &["alice"]);
    scene.answer_call(2, "a");
    let document = scene.document("alice");
    assert_eq!(document.state, PresenceState::OnCall);
    let states = document.tuples.iter().map(|tuple| (tuple.agent, tuple.state));
    assert_eq!(
        Vec::from_iter(states),
        [(Some(agent(1)), PresenceState::Online), (Some(agent(2)), PresenceState::OnCall)]
    );
    scene.depart(2, "unregistered");
    assert_eq!(scene.state("alice"), PresenceState::Online);
}

#[test]
fn a_principal_is_online_since_its_last_call_ended_however_long_another_device_was() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    scene.register(2, &["alice"]);
    scene.answer_call(2, "a");
    scene.pass(Millis::seconds(60));
    scene.hang_up(2, "a");
    scene.pass(Millis::seconds(5));
    let document = scene.document("alice");
    assert_eq!((document.state, document.since), (PresenceState::Online, scene.wall(60_000)));
    assert_eq!(document.tuples[0].since, scene.wall(0));
}

// covers: D-18
#[test]
fn a_device_that_is_not_inferred_shows_nothing_of_its_calls() {
    let mut scene = Scene::new();
    scene.claim_with(1, &["mcu"], false);
    scene.keep_alive(1);
    let before = scene.document("mcu");
    assert_eq!((before.state, before.basic), (PresenceState::Unknown, Basic::Closed));
    assert_eq!(before.note.as_deref(), Some("presence is not inferred for this device"));
    scene.pass(Millis::seconds(1));
    scene.answer_call(1, "a");
    assert_eq!(scene.document("mcu"), before);
    scene.claim_with(1, &["mcu"], true);
    assert_eq!(scene.state("mcu"), PresenceState::OnCall);
}

#[test]
fn evidence_about_nobody_is_counted_and_dropped() {
    let mut scene = Scene::new();
    scene.answer_call(5, "a");
    scene.depart(5, "unregistered");
    assert_eq!(scene.engine.counts().strays, 2);
}

#[test]
fn evidence_beyond_the_limit_is_counted_and_dropped() {
    let limits = Limits { evidence_per_agent_max: 2, ..Limits::default() };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    scene.register(1, &["room4"]);
    scene.answer_call(1, "a");
    scene.answer_call(1, "b");
    scene.answer_call(1, "a");
    assert_eq!(scene.engine.counts().evidence_dropped, 1);
}

#[test]
fn a_state_seen_ahead_of_the_clock_begins_now() {
    let mut scene = Scene::new();
    scene.claim(1, &["room4"]);
    scene.observe(1, registration(Timestamp(i64::MAX), Instant(1_000)));
    assert_eq!(scene.document("room4").since, scene.now.wall);
}

#[test]
fn counts_follow_the_states() {
    let mut scene = Scene::new();
    scene.register(1, &["a"]);
    scene.register(2, &["b"]);
    scene.answer_call(2, "x");
    scene.claim(3, &["c"]);
    scene.settle();
    let counts = scene.engine.counts();
    assert_eq!((counts.available, counts.on_call, counts.offline), (1, 1, 1));
    assert_eq!((counts.principals, counts.agents), (3, 3));
}

#[test]
fn after_a_renewal_the_engine_sleeps_until_the_renewed_expiry() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.pass(Millis::seconds(60));
    scene.keep_alive(1);
    scene.pass(Millis::seconds(61));
    assert_eq!(scene.engine.deadline(), Some(scene.now.instant.after(Millis::seconds(59))));
}
