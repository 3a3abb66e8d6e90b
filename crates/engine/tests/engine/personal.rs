//! What is kept of one: a history where its domain keeps one, and nothing after an erasure.

use crate::correspondence::id;
use crate::scene::{Scene, Stored, address};
use engine::{HistoryDomains, Settings};
use model::{
    Address, DeliveryOutcome, Effect, Erasure, Fact, HistoryOutcome, HistoryRecord, Millis, OperatorAct,
    PresenceState, Refusal, Request, Ticket,
};
use proptest::prelude::*;

fn keeping(history: HistoryDomains) -> Scene {
    let mut scene = Scene::with(Settings { history, ..Settings::default() });
    scene.sign_on(1, "alice");
    scene.sign_on(2, "bob");
    scene.settle();
    scene
}

/// Alice is 1 and Bob is 2, and both have contact lists.
fn people() -> Scene {
    let mut scene = Scene::new();
    scene.join(1, &["alice"]);
    scene.join(2, &["bob"]);
    scene
}

/// The histories so far, as `whose peer sent?`.
fn kept(scene: &Scene) -> Vec<String> {
    let line = |record: &HistoryRecord| {
        let arrow = if record.is_sent { ">" } else { "<" };
        format!("{} {arrow} {}", record.principal.local(), record.peer.local())
    };
    let record = |fact: &Fact| match fact {
        Fact::Remembered(record) => Some(line(record)),
        _ => None,
    };
    scene.facts.iter().filter_map(record).collect()
}

fn administer(scene: &mut Scene, act: OperatorAct) -> Result<(), Refusal> {
    scene.ask(Request::Operate { ticket: Ticket(99), act: Box::new(act) });
    scene.settle();
    let all = scene.promised.iter().chain(&scene.immediate);
    let done = all.filter_map(|effect| match effect {
        Effect::Operated { ticket: Ticket(99), outcome } => Some(outcome.clone()),
        _ => None,
    });
    Vec::from_iter(done).pop().expect("every administration is answered")
}

fn erase(scene: &mut Scene, name: &str) {
    administer(scene, OperatorAct::Erase { principal: address(name) }).unwrap();
}

//
#[test]
fn nothing_is_kept_unless_the_domain_says_so() {
    let elsewhere = "elsewhere.example".parse().unwrap();
    for history in [HistoryDomains::None, HistoryDomains::Of([elsewhere].into())] {
        let mut scene = keeping(history);
        scene.send(1, 5, "bob");
        scene.settle();
        assert_eq!(kept(&scene), [""; 0]);
    }
}

#[test]
fn each_party_has_its_row_in_the_batch_that_accepts_the_message_and_learns_what_became_of_it() {
    let mut scene = keeping(HistoryDomains::All);
    scene.facts.clear();
    scene.send(1, 5, "bob");
    scene.settle();
    assert!(matches!(scene.facts[0], Fact::Message { .. }));
    assert_eq!(kept(&scene), ["alice > bob", "bob < alice"]);
    scene.facts.clear();
    scene.conclude(2, "alice", 5, DeliveryOutcome::Delivered);
    scene.settle();
    let outcome =
        Fact::HistoryConcluded { sender: address("alice"), id: id(5), outcome: HistoryOutcome::Delivered };
    assert!(scene.facts.contains(&outcome), "{:?}", scene.facts);
    scene.facts.clear();
    scene.send(1, 5, "bob");
    scene.send(1, 6, "nobody");
    scene.settle();
    assert_eq!(kept(&scene), [""; 0], "neither a repeat nor what was refused");
}

#[test]
fn of_an_exception_nothing_is_kept_also_after_a_restart() {
    let mut scene = keeping(HistoryDomains::All);
    let keep = |is_kept| OperatorAct::KeepHistory { principal: address("bob"), is_kept };
    assert_eq!(administer(&mut scene, keep(false)), Ok(()));
    assert_eq!(scene.engine.keeps_history_of(&address("bob")), Some(false));
    scene.send(1, 5, "bob");
    scene.settle();
    assert_eq!(kept(&scene), ["alice > bob"]);
    assert!(scene.facts.contains(&Fact::HistoryKept { principal: address("bob"), is_kept: false }));
    scene.facts.clear();
    assert_eq!(administer(&mut scene, keep(true)), Ok(()));
    scene.send(1, 6, "bob");
    scene.settle();
    assert_eq!(kept(&scene), ["alice > bob", "bob < alice"]);
    let nobody = OperatorAct::KeepHistory { principal: address("nobody"), is_kept: true };
    assert_eq!(administer(&mut scene, nobody), Err(Refusal::NoSuchPrincipal));
}

// covers: F-20
#[test]
fn who_is_erased_is_known_to_nobody_and_its_contacts_are_told() {
    let mut scene = people();
    scene.befriend((1, "alice"), (2, "bob"));
    scene.watch(7, "bob");
    scene.watch_all(8);
    scene.settle();
    scene.hear_nothing_of(1);
    scene.told(7);
    scene.told(8);
    erase(&mut scene, "bob");
    assert_eq!(scene.heard(1), ["bob Removed"]);
    for watcher in [7, 8] {
        assert_eq!(scene.states_told(watcher), [PresenceState::Offline], "{watcher}");
    }
    assert_eq!(scene.engine.resolve(&address("bob")), None);
    assert_eq!(scene.engine.contacts(&address("alice")), []);
    assert_eq!(scene.engine.subscriptions_to(&address("bob")), []);
    let names: Vec<_> =
        scene.engine.documents(None, 10).iter().map(|document| document.presentity.clone()).collect();
    assert_eq!(names, [address("alice")]);
    let erased: Vec<_> = scene.facts.iter().filter(|fact| matches!(fact, Fact::Erased(_))).collect();
    let [Fact::Erased(erasure)] = erased.as_slice() else { panic!("{erased:?}") };
    assert_eq!((&erasure.principal, &erasure.names), (&address("bob"), &vec![address("bob")]));
    scene.send(1, 9, "bob");
    scene.settle();
    assert_eq!(scene.engine.inbox(&address("bob")), None);
    let removed = scene.engine.snapshot(100).into_iter().find(|record| record.key.starts_with("bob@"));
    assert_eq!(removed.unwrap().value, None);
}

#[test]
fn messages_from_and_to_the_erased_are_dropped_and_nobody_is_told() {
    let mut scene = keeping(HistoryDomains::None);
    scene.depart(2, "gone");
    scene.send(1, 5, "bob");
    scene.settle();
    assert_eq!(scene.engine.inbox(&address("bob")).unwrap().waiting, 1);
    scene.promised.clear();
    erase(&mut scene, "alice");
    assert_eq!(scene.engine.inbox(&address("bob")).unwrap().waiting, 0);
    assert_eq!(scene.engine.counts().messages_waiting, 0);
    assert!(
        !scene
            .promised
            .iter()
            .any(|effect| matches!(effect, Effect::Reported { .. } | Effect::Deliver { .. }))
    );
}

#[test]
fn blocks_of_and_by_the_erased_are_gone() {
    let mut scene = people();
    scene.block(1, "bob");
    scene.block(2, "alice");
    scene.settle();
    scene.hear_nothing_of(1);
    erase(&mut scene, "bob");
    assert_eq!(scene.heard(1), ["bob Unblocked"]);
    assert_eq!(scene.engine.counts().blocks, 0);
    assert!(Stored::of(&scene.facts).blocks.is_empty());
}

#[test]
fn who_comes_back_after_an_erasure_is_new_and_its_watchers_see_it() {
    let mut scene = keeping(HistoryDomains::None);
    scene.befriend((1, "alice"), (2, "bob"));
    scene.watch(7, "bob");
    scene.settle();
    erase(&mut scene, "bob");
    let before = scene.told(7).pop().unwrap().version;
    scene.facts.clear();
    scene.sign_on(3, "bob");
    scene.settle();
    let document = scene.told(7).pop().unwrap();
    assert!(document.version > before, "{:?} is not after {before:?}", document.version);
    assert_eq!(document.state, PresenceState::Online);
    assert!(scene.facts.iter().any(|fact| matches!(fact, Fact::Principal { .. })));
    assert_eq!(scene.engine.contacts(&address("bob")), []);
    scene.send(1, 9, "bob");
    scene.settle();
    assert_eq!(scene.texts(3), ["9"]);
}

/// The facts that a store has after erasures, as `personal.rs` of the store removes them.
fn left(facts: Vec<Fact>) -> Vec<Fact> {
    let mut left: Vec<Fact> = Vec::new();
    for fact in facts {
        let Fact::Erased(erasure) = &fact else {
            left.push(fact);
            continue;
        };
        let Erasure { principal, names, .. } = &**erasure;
        let is_it = |address: &Address| address == principal || names.contains(address);
        left.retain(|fact| match fact {
            Fact::Principal { address, .. } => address != principal,
            Fact::Alias(entry) => entry.principal != *principal,
            Fact::Published { principal: of, .. } | Fact::PublicationEnded { principal: of, .. } => {
                of != principal
            }
            Fact::Subscription(record) => record.watcher != *principal && !is_it(&record.presentity),
            Fact::SubscriptionEnded { watcher, presentity } => watcher != principal && !is_it(presentity),
            Fact::Block(record) => record.owner != *principal && !is_it(&record.blocked),
            Fact::BlockEnded { owner, blocked } => owner != principal && !is_it(blocked),
            Fact::Message { inbox, message, .. } => inbox != principal && !names.contains(&message.sender),
            Fact::MessageSettled { inbox, sender, .. } => inbox != principal && !names.contains(sender),
            _ => true,
        });
    }
    left
}

proptest! {
    // covers: F-20
    #[test]
    fn after_any_erasures_memory_and_store_agree(acts in prop::collection::vec((0_u8..12, 0_u64..4, 0_u64..4), 1..80)) {
        const NAMES: [&str; 4] = ["alice", "bob", "carol", "dora"];
        let settings = Settings { history: HistoryDomains::All, ..Settings::default() };
        let mut scene = Scene::with(settings.clone());
        let mut number = 0;
        for (act, one, other) in acts {
            let name = NAMES[other as usize];
            number += 1;
            match act {
                0 | 1 => scene.join(one, &[NAMES[one as usize]]),
                2 => scene.sign_on(one, NAMES[one as usize]),
                3 => scene.depart(one, "gone"),
                4 => scene.subscribe_to(one, name),
                5 => scene.unsubscribe_from(one, name),
                6 => scene.block(one, name),
                7 => scene.unblock(one, name),
                8 => scene.send(one, number, name),
                9 => scene.conclude(one, name, number.saturating_sub(1), DeliveryOutcome::Delivered),
                10 => scene.publish(one, PresenceState::Away),
                _ => drop(administer(&mut scene, OperatorAct::Erase { principal: address(name) })),
            }
            if one == other {
                scene.settle();
            }
        }
        scene.settle();
        scene.facts = left(std::mem::take(&mut scene.facts));
        let next = scene.resumed(settings, Millis(0));
        for name in NAMES.map(address) {
            prop_assert_eq!(scene.engine.resolve(&name), next.engine.resolve(&name));
            prop_assert_eq!(scene.engine.contacts(&name), next.engine.contacts(&name), "contacts of {}", name);
            prop_assert_eq!(scene.engine.subscriptions_to(&name), next.engine.subscriptions_to(&name));
            prop_assert_eq!(scene.engine.inbox(&name), next.engine.inbox(&name), "inbox of {}", name);
        }
        let [live, stored] = [&scene, &next].map(|scene| scene.engine.counts());
        prop_assert_eq!(live.names, stored.names);
        prop_assert_eq!(live.publications, stored.publications);
        prop_assert_eq!(live.messages_waiting, stored.messages_waiting);
    }
}
