//! What one direction of watching means for the other (E-26).

use crate::scene::{Scene, address};
use engine::{Defaults, Settings};
use model::{Handling, Symmetry};

/// Alice is 1 and Bob is 2; nobody watches anybody. They are of one domain, or Alice is of another.
fn scene(alice: &str, symmetry: Symmetry) -> Scene {
    let domains = [model::address::Domain::parse("x.example").unwrap()].into();
    let mut scene = Scene::with(Settings {
        defaults: Defaults { domains, other_domains: Handling::Confirm, ..Defaults::default() },
        ..Settings::default()
    });
    scene.symmetry = symmetry;
    scene.join(1, &[alice]);
    scene.join(2, &["bob"]);
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene
}

fn is_seen(scene: &Scene, watcher: &str, presentity: &str) -> bool {
    scene.engine.seen_by(&address(watcher), &address(presentity)).is_some()
}

// covers: E-25, E-26
#[test]
fn who_agrees_to_somebody_of_another_domain_is_seen_and_only_asks_to_see_in_turn() {
    let mut scene = scene("alice@other.example", Symmetry::Auto);
    scene.subscribe_to(1, "bob");
    let id = scene.request_id("alice@other.example", "bob");
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.decide(2, id, true);
    assert_eq!(scene.heard(1), ["bob Subscribed", "asked by bob for alice", "bob is Online"]);
    assert_eq!(scene.heard(2), ["done"], "alice is pending for bob as before");
    assert!(!is_seen(&scene, "bob", "alice@other.example"), "alice has not agreed");
    scene.answer_call(1, "x");
    assert_eq!(scene.heard(2), [""; 0]);
    // Both directions have one name; who decides says which is meant.
    assert_eq!(scene.request_id("bob", "alice@other.example"), id);
    scene.decide(1, id, true);
    assert_eq!(scene.heard(2), ["alice@other.example Subscribed", "alice@other.example is OnCall"]);
    assert_eq!(scene.heard(1), ["done"]);
    assert!(is_seen(&scene, "alice@other.example", "bob"));
}

#[test]
fn who_is_asked_in_turn_may_refuse_and_nobody_watches_anybody_then() {
    let mut scene = scene("alice", Symmetry::Ask);
    scene.subscribe_to(1, "bob");
    let id = scene.request_id("alice", "bob");
    scene.decide(2, id, true);
    scene.hear_nothing_of(1);
    scene.hear_nothing_of(2);
    scene.decide(1, id, false);
    assert_eq!(scene.heard(2), ["alice Removed"]);
    assert!(!is_seen(&scene, "bob", "alice") && !is_seen(&scene, "alice", "bob"));
    let contacts = |name| scene.engine.contacts(&address(name)).len();
    assert_eq!((contacts("alice"), contacts("bob")), (0, 0));
}

#[test]
fn two_who_ask_each_other_have_agreed_only_where_asking_means_so() {
    for (alice, symmetry, is_agreed) in [
        ("alice", Symmetry::Auto, true),
        ("alice@other.example", Symmetry::Auto, false),
        ("alice", Symmetry::Ask, false),
        ("alice", Symmetry::Never, false),
    ] {
        let mut scene = scene(alice, symmetry);
        scene.subscribe_to(1, "bob");
        scene.subscribe_to(2, alice);
        let seen = [is_seen(&scene, alice, "bob"), is_seen(&scene, "bob", alice)];
        assert_eq!(seen, [is_agreed; 2], "{alice} {symmetry:?}");
        let id = scene.request_id(alice, "bob");
        scene.decide(2, id, true);
        assert_eq!(is_seen(&scene, "bob", alice), is_agreed, "{alice} {symmetry:?}");
        assert!(is_seen(&scene, alice, "bob"));
    }
}

#[test]
fn a_rule_that_agrees_for_who_is_asked_in_turn_is_obeyed_as_is_one_that_refuses() {
    for (handling, is_watching) in
        [(Handling::Allow, true), (Handling::Block, false), (Handling::PoliteBlock, false)]
    {
        let mut scene = scene("alice", Symmetry::Ask);
        scene.set_simple("alice", "domain:x.example", handling);
        scene.subscribe_to(1, "bob");
        let id = scene.request_id("alice", "bob");
        scene.hear_nothing_of(1);
        scene.decide(2, id, true);
        let asked = scene.heard(1).into_iter().filter(|line| line.starts_with("asked")).count();
        assert_eq!((is_seen(&scene, "bob", "alice"), asked), (is_watching, 0), "{handling}");
    }
}

#[test]
fn who_can_not_be_asked_in_turn_is_seen_and_a_review_of_the_rules_does_not_change_that() {
    let mut scene = scene("alice", Symmetry::Ask);
    scene.subscribe_to(1, "bob");
    let id = scene.request_id("alice", "bob");
    // She comes back with an endpoint that has no presence.
    scene.register(1, &["alice"]);
    scene.decide(2, id, true);
    assert!(is_seen(&scene, "bob", "alice"));
    scene.set_simple("alice", "domain:other.example", Handling::Block);
    assert!(is_seen(&scene, "bob", "alice"));
}
