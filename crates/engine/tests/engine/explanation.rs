//! Why a state is shown.

use crate::scene::{Scene, TIME_TO_LIVE, address, agent};
use model::{Millis, PresenceState, Source};

#[test]
fn every_piece_is_told_and_the_one_that_decides() {
    let mut scene = Scene::new();
    scene.register(1, &["alice", "4711"]);
    scene.register(2, &["alice"]);
    scene.register(3, &["alice"]);
    scene.answer_call(2, "call 1");
    scene.depart(3, "unregistered");
    scene.settle();
    let explanation = scene.engine.why(scene.now, &address("4711")).unwrap();
    let pieces = explanation
        .evidence
        .iter()
        .map(|piece| (piece.agent, piece.source, piece.id.as_str(), piece.decides));
    assert_eq!(
        Vec::from_iter(pieces),
        [
            (Some(agent(1)), Source::Registration, "", false),
            (Some(agent(2)), Source::Call, "call 1", true),
            (Some(agent(2)), Source::Registration, "", false),
            (Some(agent(3)), Source::Departure, "", false),
        ]
    );
    assert_eq!(explanation.evidence[0].expires, Some(scene.now.wall.after(TIME_TO_LIVE)));
    let agents =
        explanation.agents.iter().map(|agent| (agent.description.as_str(), agent.state, agent.decides));
    let (online, on_call) = (Some(PresenceState::Online), Some(PresenceState::OnCall));
    assert_eq!(Vec::from_iter(agents), [("endpoint 1", online, false), ("endpoint 2", on_call, true)]);
    assert!(explanation.rule.contains("2 devices"), "{}", explanation.rule);
    assert_eq!(explanation.aliases.len(), 2);
    assert_eq!(explanation.document.state, PresenceState::OnCall);
}

#[test]
fn an_explanation_prints_as_json() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    scene.answer_call(1, "call 1");
    scene.hang_up(1, "call 1");
    scene.settle();
    let explanation = scene.engine.why(scene.now, &address("alice")).unwrap();
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["asked"], "alice@x.example");
    assert_eq!(json["document"]["state"], "onCall");
    assert_eq!(json["evidence"][0]["source"], "call");
    assert_eq!(json["evidence"][0]["held"], true);
    assert_eq!(json["evidence"][0]["expires"], 1_002_000);
    assert_eq!(json["evidence"][1]["detail"], "registered");
}

#[test]
fn a_dead_room_tells_how_it_died() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.pass(Millis::seconds(60));
    scene.depart(1, "did not answer three probes");
    scene.settle();
    let explanation = scene.engine.why(scene.now, &address("room4")).unwrap();
    let [piece] = explanation.evidence.as_slice() else { panic!("{explanation:?}") };
    assert_eq!((piece.source, piece.agent, piece.decides), (Source::Departure, Some(agent(1)), true));
    assert_eq!((piece.since, piece.detail.as_str()), (scene.wall(60_000), "did not answer three probes"));
}

#[test]
fn a_device_that_is_not_inferred_is_explained_so() {
    let mut scene = Scene::new();
    scene.claim_with(1, &["mcu"], false);
    scene.keep_alive(1);
    scene.settle();
    let explanation = scene.engine.why(scene.now, &address("mcu")).unwrap();
    assert!(explanation.rule.contains("not inferred"), "{}", explanation.rule);
    assert!(!explanation.evidence[0].decides);
}

#[test]
fn a_name_that_was_a_principal_of_its_own_is_explained_so() {
    let mut scene = Scene::new();
    scene.claim(1, &["4711"]);
    scene.depart(1, "unregistered");
    scene.register(2, &["bob"]);
    scene.claim(2, &["bob", "4711"]);
    scene.settle();
    let explanation = scene.engine.why(scene.now, &address("4711")).unwrap();
    assert!(explanation.rule.contains("principal of its own"), "{}", explanation.rule);
    assert_eq!(scene.engine.why(scene.now, &address("nobody")), None);
}
