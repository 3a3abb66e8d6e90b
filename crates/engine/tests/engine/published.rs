//! What persons say of themselves, and how it goes with what is seen.

use crate::people::operator;
use crate::scene::{Scene, Stored, address, agent};
use engine::{Limits, Settings, Stop};
use model::{
    Basic, Capability, Effect, Fact, Location, Millis, Note, PresenceState, Publication, Source, Version,
};

fn alice() -> Scene {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene
}

#[test]
fn a_publication_is_durable_before_it_is_confirmed() {
    let mut scene = alice();
    scene.settle();
    scene.publish(1, PresenceState::Away);
    scene.settle();
    assert!(matches!(scene.facts.last(), Some(Fact::Published { device, .. }) if device == "device 1"));
    assert!(matches!(scene.promised.last(), Some(Effect::Done { .. })));
}

#[test]
fn a_publication_that_says_nothing_new_costs_no_fact_and_no_change() {
    let mut scene = alice();
    scene.publish(1, PresenceState::Away);
    let before = scene.document("alice");
    scene.facts.clear();
    scene.pass(Millis::seconds(1));
    scene.publish(1, PresenceState::Away);
    assert_eq!(scene.document("alice"), before);
    assert_eq!(scene.facts, []);
    assert_eq!(scene.heard(1), ["done", "done"]);
}

#[test]
fn capabilities_and_location_stay_as_told_last_and_all_else_is_replaced() {
    let mut scene = alice();
    let location = Some(Location { country: Some("Norway".to_owned()), ..Location::default() });
    let notes = vec![Note { language: None, text: "back at noon".to_owned() }];
    let capabilities = Some(vec![Capability::Audio]);
    let first = Publication { location, notes, capabilities, ..scene.publication(PresenceState::Away) };
    scene.publish_all(1, first.clone());
    scene.publish(1, PresenceState::Available);
    let video = Some(vec![Capability::Video]);
    scene.publish_all(
        1,
        Publication { capabilities: video.clone(), ..scene.publication(PresenceState::Available) },
    );
    let document = scene.document("alice");
    let shown = document.tuples[0].publication.as_deref().unwrap();
    assert_eq!((&shown.capabilities, &shown.location), (&video, &first.location));
    assert_eq!((shown.state, &shown.notes[..]), (PresenceState::Available, &[] as &[Note]));
    assert_eq!(Stored::of(&scene.facts).publications.values().next(), Some(shown));
}

// covers: D-15
#[test]
fn what_is_published_wins_but_a_call_is_laid_over_available() {
    use PresenceState::*;
    for state in [Available, Online, Chat] {
        let mut scene = alice();
        scene.publish(1, state);
        assert_eq!(scene.state("alice"), state);
        scene.answer_call(1, "x");
        assert_eq!(scene.state("alice"), OnCall, "over {state:?}");
    }
    for state in
        [Away, Idle, Brb, Lunch, NotAvailable, Vacation, Busy, Dnd, VoiceMail, Custom, Hidden, Offline]
    {
        let mut scene = alice();
        scene.publish(1, state);
        scene.answer_call(1, "x");
        assert_eq!(scene.state("alice"), state);
    }
}

// covers: D-15
#[test]
fn what_is_published_wins_over_a_call_too_where_the_rule_says_so() {
    let mut scene = Scene::with(Settings { published_wins: true, ..Settings::default() });
    scene.join(1, &["alice"]);
    scene.publish(1, PresenceState::Available);
    scene.answer_call(1, "x");
    assert_eq!(scene.state("alice"), PresenceState::Available);
}

// covers: D-15
#[test]
fn loss_of_registration_beats_what_is_published_unless_another_device_is_there() {
    let mut scene = alice();
    scene.publish(1, PresenceState::Available);
    scene.join(2, &["alice"]);
    scene.depart(1, "its registration expired");
    let document = scene.document("alice");
    assert_eq!((document.state, &document.tuples[0].publication), (PresenceState::Online, &None));
    scene.depart(2, "its registration expired");
    assert_eq!(scene.state("alice"), PresenceState::Offline);
}

// covers: C-27
#[test]
fn no_activity_that_is_published_closes_anybody() {
    use PresenceState::*;
    for state in
        [Available, Chat, Away, Idle, Brb, Lunch, NotAvailable, Vacation, Busy, Dnd, VoiceMail, Custom]
    {
        let mut scene = alice();
        scene.publish(1, state);
        assert_eq!(scene.document("alice").basic, Basic::Open, "{state:?}");
    }
}

#[test]
fn a_state_holds_since_it_was_published_and_a_note_does_not_begin_it_anew() {
    let mut scene = alice();
    scene.pass(Millis::seconds(5));
    scene.publish(1, PresenceState::Away);
    scene.pass(Millis::seconds(5));
    let notes = vec![Note { language: None, text: "lunch".to_owned() }];
    scene.publish_all(1, Publication { notes, ..scene.publication(PresenceState::Away) });
    assert_eq!(scene.document("alice").since, scene.wall(5_000));
    scene.publish(1, PresenceState::Available);
    assert_eq!(scene.document("alice").since, scene.wall(10_000));
    scene.answer_call(1, "x");
    scene.pass(Millis::seconds(5));
    scene.hang_up(1, "x");
    scene.pass(Millis::seconds(5));
    let document = scene.document("alice");
    assert_eq!((document.state, document.since), (PresenceState::Available, scene.wall(15_000)));
}

// covers: D-18
#[test]
fn a_device_of_which_nothing_is_inferred_shows_what_its_person_says() {
    let mut scene = Scene::new();
    scene.claim_with(1, &["mcu"], false);
    scene.keep_alive(1);
    scene.publish(1, PresenceState::Available);
    scene.answer_call(1, "x");
    let document = scene.document("mcu");
    assert_eq!(
        (document.state, document.basic, &document.note),
        (PresenceState::Available, Basic::Open, &None)
    );
}

#[test]
fn what_was_published_is_there_again_with_the_device_until_it_signs_off() {
    let mut scene = alice();
    scene.publish(1, PresenceState::Away);
    scene.depart(1, "its registration expired");
    scene.pass(Millis::seconds(60));
    scene.join_as(7, &["alice"], "another device");
    assert_eq!(scene.state("alice"), PresenceState::Online);
    scene.join_as(8, &["alice"], "device 1");
    let document = scene.document("alice");
    let states = Vec::from_iter(document.tuples.iter().map(|tuple| tuple.state));
    assert_eq!(states, [PresenceState::Online, PresenceState::Away]);
    assert_eq!(document.tuples[1].since, scene.wall(60_000), "it was not there before");
    scene.farewell(8);
    scene.join_as(8, &["alice"], "device 1");
    assert_eq!(scene.document("alice").tuples[1].publication, None);
    assert_eq!(Stored::of(&scene.facts).publications.len(), 0);
}

#[test]
fn what_was_published_survives_a_restart() {
    let mut scene = alice();
    scene.publish(1, PresenceState::Away);
    let before = scene.document("alice");
    let records = scene.engine.snapshot(usize::MAX);
    let mut next = scene.restarted(&records, Millis::seconds(3));
    next.engine.resume(next.now, Stop::Clean);
    next.join(1, &["alice"]);
    let after = next.document("alice");
    assert_eq!((after.since, &after.tuples), (before.since, &before.tuples));
}

#[test]
fn of_too_many_publications_the_oldest_of_an_absent_device_goes() {
    let limits = Limits { publications_per_principal_max: 2, ..Limits::default() };
    let mut scene = Scene::with(Settings { limits, ..Settings::default() });
    for number in 1..=3 {
        scene.pass(Millis(1));
        scene.join(number, &["alice"]);
        scene.publish(number, PresenceState::Away);
    }
    assert_eq!(
        scene.heard(3),
        ["refused: the server can't take more at present: publications_per_principal_max"]
    );
    scene.depart(2, "gone");
    scene.publish(3, PresenceState::Away);
    assert_eq!(scene.heard(3), ["done"]);
    let stored = Stored::of(&scene.facts).publications.into_keys().map(|(_, device)| device);
    assert_eq!(Vec::from_iter(stored), ["device 1", "device 3"]);
    assert_eq!(scene.engine.counts().publications_dropped, 1);
}

/// Bob, who is 2, is watched by Alice, who is 1.
fn watched() -> Scene {
    let mut scene = alice();
    scene.join(2, &["bob"]);
    scene.befriend((1, "alice"), (2, "bob"));
    scene
}

// covers: D-16
#[test]
fn who_hides_is_seen_offline_by_others_and_nothing_inferred_is_seen() {
    let mut scene = watched();
    scene.publish(2, PresenceState::Hidden);
    assert_eq!(scene.heard(1), ["bob is Offline"]);
    scene.register(3, &["bob"]);
    scene.answer_call(3, "x");
    scene.answer_call(2, "y");
    scene.pass(Millis::seconds(10));
    assert_eq!(scene.heard(1), [""; 0]);
    assert_eq!(scene.state_seen("alice", "bob"), Some(PresenceState::Offline));
    assert_eq!(operator(&mut scene, "bob"), [PresenceState::Hidden], "operators see what is so");
    scene.publish(2, PresenceState::Available);
    assert_eq!(scene.heard(1), ["bob is OnCall"]);
}

// covers: D-16
#[test]
fn who_hides_looks_exactly_like_somebody_who_has_left() {
    let (mut hidden, mut left) = (watched(), watched());
    hidden.pass(Millis::seconds(10));
    left.pass(Millis::seconds(10));
    hidden.publish(2, PresenceState::Hidden);
    left.depart(2, "unregistered");
    let documents = [&mut hidden, &mut left].map(|scene| {
        let mut document = (*scene.seen("alice", "bob").unwrap()).clone();
        document.version = Version::default();
        document
    });
    assert_eq!(documents[0], documents[1]);
}

// covers: D-16
#[test]
fn to_come_and_go_in_hiding_is_not_seen() {
    let mut scene = watched();
    scene.publish(2, PresenceState::Hidden);
    let before = scene.seen("alice", "bob");
    scene.hear_nothing_of(1);
    scene.pass(Millis::seconds(10));
    scene.depart(2, "its registration expired");
    scene.pass(Millis::seconds(10));
    scene.join(2, &["bob"]);
    let records = {
        scene.settle();
        scene.engine.snapshot(usize::MAX)
    };
    assert_eq!(scene.heard(1), [""; 0]);
    let mut next = scene.restarted(&records, Millis::seconds(3));
    next.engine.resume(next.now, Stop::Clean);
    for join in [false, true] {
        if join {
            next.join(2, &["bob"]);
        }
        let after = next.seen("alice", "bob");
        let content = |document: &Option<std::sync::Arc<model::PresenceDocument>>| {
            document.as_deref().map(|it| (it.state, it.basic, it.since, it.note.clone(), it.tuples.clone()))
        };
        assert_eq!(content(&after), content(&before), "joined: {join}");
    }
}

// covers: D-16
#[test]
fn what_was_published_last_on_any_device_decides_whether_one_hides() {
    let mut scene = watched();
    scene.join(3, &["bob"]);
    scene.publish(2, PresenceState::Hidden);
    scene.pass(Millis(1));
    scene.publish(3, PresenceState::Busy);
    assert_eq!(scene.state_seen("alice", "bob"), Some(PresenceState::Busy));
    let seen = scene.seen("alice", "bob").unwrap();
    assert_eq!(Vec::from_iter(seen.tuples.iter().map(|tuple| tuple.agent)), [Some(agent(3))]);
    scene.pass(Millis(1));
    let notes = vec![Note { language: None, text: "really".to_owned() }];
    scene.publish_all(2, Publication { notes, ..scene.publication(PresenceState::Hidden) });
    assert_eq!(scene.state_seen("alice", "bob"), Some(PresenceState::Offline));
}

#[test]
fn an_explanation_lists_what_was_published_with_its_rank() {
    let mut scene = alice();
    scene.join(2, &["alice"]);
    scene.publish(1, PresenceState::Away);
    scene.publish(2, PresenceState::Dnd);
    scene.settle();
    let why = |scene: &Scene| scene.engine.why(scene.now, &address("alice")).unwrap();
    let pieces = |scene: &Scene| {
        let all = why(scene).evidence.into_iter();
        Vec::from_iter(all.map(|piece| (piece.agent, piece.source, piece.id, piece.decides)))
    };
    let (published, registered) = (Source::Publication, Source::Registration);
    assert_eq!(
        pieces(&scene),
        [
            (Some(agent(1)), published, "device 1".to_owned(), false),
            (Some(agent(1)), registered, String::new(), false),
            (Some(agent(2)), published, "device 2".to_owned(), true),
            (Some(agent(2)), registered, String::new(), false),
        ]
    );
    assert!(why(&scene).evidence[0].rank > why(&scene).evidence[1].rank);
    assert!(why(&scene).rule.contains("published"));
    scene.publish(2, PresenceState::Available);
    scene.depart(1, "gone");
    scene.answer_call(2, "x");
    scene.settle();
    let pieces = pieces(&scene);
    assert_eq!(pieces[1], (Some(agent(2)), Source::Call, "x".to_owned(), true), "{pieces:?}");
    assert_eq!(pieces.last(), Some(&(None, published, "device 1".to_owned(), false)));
    assert_eq!(serde_json::to_value(published).unwrap(), "publication");
}
