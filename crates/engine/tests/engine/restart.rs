//! A stop and a start are nobody's change of state.

use crate::scene::{Scene, address, agent, call, registration};
use engine::Stop;
use model::{Basic, Instant, Millis, PresenceState, SoftRecord, Source};

/// A house where room4 was in a call and hung up, room5 is in a call, room6 has left, room7 never came.
fn house() -> Scene {
    let mut scene = Scene::new();
    for (number, name) in [(4, "room4"), (5, "room5"), (6, "room6")] {
        scene.register(number, &[name]);
    }
    scene.claim(7, &["room7"]);
    scene.answer_call(4, "a");
    scene.answer_call(5, "b");
    scene.pass(Millis::seconds(10));
    scene.hang_up(4, "a");
    scene.depart(6, "unregistered");
    scene.pass(Millis::seconds(10));
    scene
}

fn records(scene: &mut Scene) -> Vec<SoftRecord> {
    scene.settle();
    scene.engine.snapshot(usize::MAX)
}

/// The link offers again what it restored.
fn offer(scene: &mut Scene, number: u64, name: &str) {
    scene.claim(number, &[name]);
    let since = scene.wall(0);
    let expires = scene.now.instant.after(Millis::seconds(300));
    scene.observe(number, registration(since, expires));
}

#[test]
fn states_go_on_since_when_they_were() {
    for stop in [Stop::Clean, Stop::Unclean] {
        let mut before = house();
        let records = records(&mut before);
        let mut after = before.restarted(&records, Millis::seconds(30));
        after.engine.resume(after.now, stop);
        offer(&mut after, 4, "room4");
        offer(&mut after, 5, "room5");
        let began = after.wall(0);
        after.observe(5, call("b", began));
        for name in ["room4", "room5"] {
            let (old, new) = (before.document(name), after.document(name));
            assert_eq!(
                (new.state, new.since, &new.tuples),
                (old.state, old.since, &old.tuples),
                "{name} {stop:?}"
            );
            assert!(new.version > old.version);
        }
        assert_eq!(after.document("room4").since, after.wall(10_000));
    }
}

#[test]
fn after_a_clean_stop_who_was_offline_stays_so_with_reason_and_time() {
    let mut before = house();
    let records = records(&mut before);
    let mut after = before.restarted(&records, Millis::seconds(30));
    after.engine.resume(after.now, Stop::Clean);
    for name in ["room6", "room7"] {
        let (old, new) = (before.document(name), after.document(name));
        assert_eq!(
            (new.state, new.since, &new.note),
            (PresenceState::Offline, old.since, &old.note),
            "{name}"
        );
    }
}

#[test]
fn after_an_unclean_stop_nobody_is_offline_before_one_refresh_interval_has_passed() {
    let mut before = house();
    let records = records(&mut before);
    let mut after = before.restarted(&records, Millis::seconds(30));
    after.engine.resume(after.now, Stop::Unclean);
    for name in ["room4", "room5", "room6", "room7"] {
        let document = after.document(name);
        assert_eq!((document.state, document.basic), (PresenceState::Unknown, Basic::Closed), "{name}");
    }
    after.pass(Millis(149_999));
    assert_eq!(after.state("room4"), PresenceState::Unknown);
    after.pass(Millis(1));
    let missed = after.document("room4");
    assert_eq!((missed.state, missed.since), (PresenceState::Offline, after.now.wall));
    assert_eq!(missed.note.as_deref(), Some("not heard of since the server restarted"));
    let left = after.document("room6");
    assert_eq!((left.since, &left.note), (before.document("room6").since, &before.document("room6").note));
}

#[test]
fn a_device_that_leaves_after_a_restart_is_offline_at_once() {
    let mut before = house();
    let records = records(&mut before);
    let mut after = before.restarted(&records, Millis::seconds(30));
    after.engine.resume(after.now, Stop::Unclean);
    after.claim(4, &["room4"]);
    assert_eq!(after.state("room4"), PresenceState::Unknown, "a claim alone shows nothing");
    after.depart(4, "unregistered");
    assert_eq!(after.state("room4"), PresenceState::Offline);
}

#[test]
fn records_hold_only_what_changed_and_come_in_portions() {
    let mut scene = house();
    assert_eq!(scene.engine.snapshot(2).len(), 2);
    assert_eq!(scene.engine.snapshot(usize::MAX).len(), 1, "room7 was never there");
    assert_eq!(scene.engine.snapshot(usize::MAX), []);
    scene.keep_alive(4);
    assert_eq!(records(&mut scene), []);
    scene.depart(4, "unregistered");
    let changed = records(&mut scene);
    assert_eq!(Vec::from_iter(changed.iter().map(|record| record.key.as_str())), ["room4@x.example"]);
}

#[test]
fn a_restart_alone_changes_no_record() {
    let mut before = house();
    let records_before = records(&mut before);
    let mut after = before.restarted(&records_before, Millis::seconds(30));
    after.engine.resume(after.now, Stop::Unclean);
    offer(&mut after, 4, "room4");
    assert_eq!(records(&mut after), []);
}

#[test]
fn records_that_cannot_be_read_are_counted_and_dropped() {
    let mut scene = house();
    for (key, value) in
        [("room4@x.example", Some("{}")), ("nobody@x.example", Some("{}")), ("room4@x.example", None)]
    {
        let value = value.map(str::to_owned);
        scene.engine.restore(&SoftRecord { table: engine::PRESENCE_TABLE, key: key.to_owned(), value });
    }
    assert_eq!(scene.engine.counts().records_dropped, 3);
}

#[test]
fn records_of_an_earlier_version_are_taken_back() {
    let before = house();
    let at = before.wall(0).0;
    let value = format!(
        r#"{{"state":"online","since":{at},"devices":[{{"agent":{{"gateway":0,"number":4}},"state":"online","since":{at}}}]}}"#
    );
    let (key, value) = ("room4@x.example".to_owned(), Some(value));
    let records = [SoftRecord { table: engine::PRESENCE_TABLE, key, value }];
    let mut after = before.restarted(&records, Millis::seconds(30));
    after.engine.resume(after.now, Stop::Unclean);
    offer(&mut after, 4, "room4");
    assert_eq!(after.document("room4").since.0, at);
    assert_eq!(after.engine.counts().records_dropped, 0);
}

#[test]
fn moved_names_are_where_they_were_after_a_restart() {
    let mut before = Scene::new();
    before.claim(1, &["4711", "alice"]);
    before.depart(1, "unregistered");
    before.register(2, &["bob"]);
    before.claim(2, &["bob", "4711"]);
    let records = records(&mut before);
    let mut after = before.restarted(&records, Millis::seconds(1));
    after.engine.resume(after.now, Stop::Clean);
    assert_eq!(after.engine.resolve(&address("4711")), Some(&address("bob")));
    assert_eq!(after.document("alice").presentity, address("alice"));
    assert_eq!(after.document("alice").note.as_deref(), Some("unregistered"));
}

#[test]
fn an_alias_of_nobody_is_an_error() {
    let mut scene = Scene::new();
    scene.claim(1, &["room4"]);
    scene.settle();
    let mut entries = scene.engine.aliases(&address("room4"));
    entries[0].principal = address("nobody");
    assert!(scene.engine.load_alias(&entries[0]).is_err());
    assert_eq!(scene.engine.resolve(&address("room4")), Some(&address("room4")));
}

#[test]
fn the_restart_is_evidence_with_an_expiry() {
    let mut before = house();
    let records = records(&mut before);
    let mut after = before.restarted(&records, Millis::seconds(30));
    after.engine.resume(after.now, Stop::Unclean);
    let explanation = after.engine.why(after.now, &address("room6")).unwrap();
    let sources = explanation.evidence.iter().map(|piece| (piece.source, piece.agent, piece.decides));
    let left = (Source::Departure, Some(agent(6)), false);
    assert_eq!(Vec::from_iter(sources), [left, (Source::Restart, None, true)]);
    assert_eq!(explanation.evidence[1].expires, Some(after.now.wall.after(Millis::seconds(150))));
    assert_eq!(after.engine.deadline(), Some(Instant(150_007)));
}
