//! Names: whose they are, and what becomes of them.

use crate::scene::{Scene, address, agent};
use engine::{Limits, Settings};
use model::{Effect, Fact, PresenceState, Refusal, Ticket};

fn claimed(effects: &mut Vec<Effect>) -> Vec<String> {
    let names = effects.drain(..).filter_map(|effect| match effect {
        Effect::Claimed { presentity, .. } => Some(presentity.local().to_owned()),
        _ => None,
    });
    names.collect()
}

#[test]
fn a_new_name_is_confirmed_only_as_a_promise() {
    let mut scene = Scene::new();
    scene.claim(1, &["room 4", "4711"]);
    scene.settle();
    assert_eq!(claimed(&mut scene.immediate), [""; 0]);
    assert_eq!(claimed(&mut scene.promised), ["room 4"]);
    let names = scene.facts.iter().map(|fact| match fact {
        Fact::Principal { address, .. } => address.local(),
        Fact::Alias(entry) => entry.original.as_str(),
        other => panic!("{other:?}"),
    });
    assert_eq!(Vec::from_iter(names), ["room 4", "room 4", "4711"]);
}

#[test]
fn known_names_are_confirmed_at_once_and_cost_no_fact() {
    let mut scene = Scene::new();
    scene.claim(1, &["room4", "4711"]);
    scene.settle();
    scene.facts.clear();
    scene.claim(1, &["4711"]);
    scene.settle();
    assert_eq!(claimed(&mut scene.immediate), ["room4"]);
    assert_eq!(scene.facts, []);
}

#[test]
fn a_claim_that_rests_on_names_of_the_same_batch_waits_for_them() {
    let mut scene = Scene::new();
    scene.claim(1, &["room4"]);
    scene.claim(2, &["room4"]);
    scene.settle();
    assert_eq!(claimed(&mut scene.promised), ["room4", "room4"]);
}

// covers: D-19
#[test]
fn a_name_without_a_uri_form_gets_a_presentity() {
    let mut scene = Scene::new();
    scene.register(1, &["meeting room 4"]);
    scene.register(2, &["4711"]);
    assert_eq!(scene.state("meeting room 4"), PresenceState::Online);
    assert_eq!(scene.state("4711"), PresenceState::Online);
}

#[test]
fn the_principal_is_that_of_the_most_preferred_name_anybody_has() {
    let mut scene = Scene::new();
    scene.claim(1, &["bob"]);
    scene.claim(2, &["alice"]);
    scene.claim(3, &["new", "alice", "bob"]);
    scene.settle();
    assert_eq!(scene.engine.resolve(&address("new")), Some(&address("alice")));
    assert_eq!(scene.engine.resolve(&address("bob")), Some(&address("alice")));
}

// covers: D-32, R-130
#[test]
fn a_second_endpoint_of_a_name_is_a_second_device() {
    let mut scene = Scene::new();
    scene.register(1, &["room4"]);
    scene.register(2, &["4711", "room4"]);
    let document = scene.document("4711");
    assert_eq!(document.presentity, address("room4"));
    let agents = document.tuples.iter().filter_map(|tuple| tuple.agent);
    assert_eq!(Vec::from_iter(agents), [agent(1), agent(2)]);
}

// covers: D-28, R-007
#[test]
fn every_name_leads_to_all_names_as_they_were_registered_first() {
    let mut scene = Scene::new();
    scene.claim(1, &["Room 4 ", "4711"]);
    scene.claim(1, &["ROOM 4", "4711"]);
    let aliases = scene.engine.aliases(&address("4711"));
    let texts =
        aliases.iter().map(|entry| (entry.address.local(), entry.original.as_str(), entry.principal.local()));
    assert_eq!(Vec::from_iter(texts), [("4711", "4711", "room 4"), ("room 4", "Room 4 ", "room 4")]);
}

#[test]
fn an_agent_that_claims_other_names_becomes_a_device_of_their_principal() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    scene.settle();
    scene.claim(1, &["bob"]);
    assert_eq!(scene.state("bob"), PresenceState::Online);
    let alice = scene.document("alice");
    assert_eq!(alice.state, PresenceState::Offline);
    assert_eq!(alice.note.as_deref(), Some("its device goes by bob@x.example now"));
}

#[test]
fn a_principal_that_loses_its_own_address_goes_by_another_name() {
    let mut scene = Scene::new();
    scene.watch_all(9);
    scene.claim(1, &["4711", "alice"]);
    scene.settle();
    scene.depart(1, "unregistered");
    scene.register(2, &["bob"]);
    scene.told(9);
    scene.claim(2, &["bob", "4711"]);
    let told = scene.told(9);
    let told = told.iter().map(|document| (document.presentity.local(), document.note.as_deref()));
    let gone = ("4711", Some("this name belongs to bob@x.example now"));
    assert_eq!(Vec::from_iter(told), [gone, ("alice", Some("unregistered")), ("bob", None)]);
    assert_eq!(scene.document("4711").presentity, address("bob"));
}

#[test]
fn a_principal_without_any_name_is_closed_and_not_listed() {
    let mut scene = Scene::new();
    scene.watch_all(9);
    scene.claim(1, &["4711"]);
    scene.depart(1, "unregistered");
    scene.claim(2, &["bob"]);
    let before = scene.told(9);
    scene.claim(2, &["bob", "4711"]);
    let told = scene.told(9);
    assert_eq!(Vec::from_iter(told.iter().map(|document| document.presentity.local())), ["4711", "bob"]);
    assert_eq!((told[0].state, told[0].tuples.len()), (PresenceState::Offline, 0));
    assert!(
        before
            .iter()
            .filter(|document| document.presentity == address("4711"))
            .all(|old| old.version < told[0].version)
    );
    let listed = scene.engine.documents(None, 10);
    assert_eq!(Vec::from_iter(listed.iter().map(|document| document.presentity.local())), ["bob"]);
}

#[test]
fn versions_under_a_name_grow_even_where_the_name_moves() {
    let mut scene = Scene::new();
    scene.register(1, &["4711"]);
    for round in 0..5 {
        scene.answer_call(1, &round.to_string());
        scene.settle();
    }
    scene.depart(1, "unregistered");
    scene.watch(9, "4711");
    let before = scene.told(9);
    scene.register(2, &["bob"]);
    scene.settle();
    scene.claim(2, &["bob", "4711"]);
    let after = scene.told(9);
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_eq!(after[0].presentity, address("bob"));
    assert!(after[0].version > before[0].version, "{:?}", after[0].version);
}

#[test]
fn a_claim_without_names_is_refused() {
    let mut scene = Scene::new();
    scene.claim(1, &[]);
    let refused = Effect::ClaimRefused { ticket: Ticket(1), agent: agent(1), refusal: Refusal::Nameless };
    scene.settle();
    assert_eq!(scene.immediate, [refused]);
}

#[test]
fn each_limit_refuses_and_leaves_everything_as_it_was() {
    let tight = Limits {
        principals_max: 2,
        names_max: 3,
        names_per_principal_max: 3,
        agents_per_principal_max: 2,
        ..Limits::default()
    };
    let cases: [(&[&str], _); 4] = [
        (&["new"], "principals_max"),
        (&["a", "m"], "names_max"),
        (&["a", "k", "l", "m"], "names_per_principal_max"),
        (&["a"], "agents_per_principal_max"),
    ];
    for (names, limit) in cases {
        let mut scene = Scene::with(Settings { limits: tight.clone(), ..Settings::default() });
        scene.claim(1, &["a", "b"]);
        scene.claim(2, &["a"]);
        scene.claim(3, &["c"]);
        scene.settle();
        let (facts, counts) = (scene.facts.len(), scene.engine.counts());
        scene.claim(4, names);
        scene.settle();
        let refusal = Refusal::Unavailable { limit };
        assert_eq!(
            scene.immediate.pop(),
            Some(Effect::ClaimRefused { ticket: Ticket(4), agent: agent(4), refusal })
        );
        assert_eq!(scene.facts.len(), facts, "{limit}");
        assert_eq!(scene.engine.counts(), engine::Counts { claims_refused: 1, ..counts }, "{limit}");
    }
}

#[test]
fn names_are_found_by_their_beginning_first() {
    let mut scene = Scene::new();
    scene.claim(1, &["room 4"]);
    scene.claim(2, &["board room"]);
    scene.claim(3, &["alice"]);
    let found = scene.engine.find("Room", 10);
    assert_eq!(Vec::from_iter(found.iter().map(|name| name.local())), ["room 4", "board room"]);
    assert_eq!(scene.engine.find("Room", 1).len(), 1);
}
