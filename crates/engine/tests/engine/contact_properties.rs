//! What holds of contact lists and publications whatever happens, in whatever order.

use crate::scene::{Scene, Stored, address, agent, alias};
use engine::{Limits, Settings, Stop};
use model::{
    Address, AgentId, ContactCard, ContactChange, ContactStatus, Effect, Millis, PresenceDocument,
    PresenceState, Publication, SubscriptionRecord, Symmetry, Timestamp, Version,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who there is; the agent of the same number is its device. The last one can't be asked.
const NAMES: [&str; 4] = ["alice", "bob", "carol", "room"];

/// Names that can be written: the last is nobody's until Carol takes it.
const WRITTEN: [&str; 5] = ["alice", "bob", "carol", "room", "4711"];

const STATES: [PresenceState; 5] = [
    PresenceState::Available,
    PresenceState::Away,
    PresenceState::Hidden,
    PresenceState::Dnd,
    PresenceState::Offline,
];

#[derive(Clone, Debug)]
enum Event {
    Join(u64),
    TakeName,
    Leave(u64),
    SignOff(u64),
    Publish(u64, usize),
    Answer(u64),
    HangUp(u64),
    Change(u64, ContactChange, usize),
    /// One decides the request of another.
    Decide(u64, usize, bool),
    Attend(u64),
    Pass(u64),
    Settle,
}

fn event() -> impl Strategy<Value = Event> {
    let number = 0_u64..4;
    let change = prop_oneof![
        4 => Just(ContactChange::Subscribe),
        1 => Just(ContactChange::Unsubscribe),
        1 => Just(ContactChange::Block),
        1 => Just(ContactChange::Unblock),
    ];
    prop_oneof![
        2 => number.clone().prop_map(Event::Join),
        1 => Just(Event::TakeName),
        1 => number.clone().prop_map(Event::Leave),
        1 => number.clone().prop_map(Event::SignOff),
        3 => (number.clone(), 0..STATES.len()).prop_map(|(number, state)| Event::Publish(number, state)),
        2 => number.clone().prop_map(Event::Answer),
        2 => number.clone().prop_map(Event::HangUp),
        6 => (number.clone(), change, 0..WRITTEN.len())
            .prop_map(|(number, change, whom)| Event::Change(number, change, whom)),
        5 => (number.clone(), 0..NAMES.len(), prop::bool::weighted(0.8))
            .prop_map(|(number, whom, approves)| Event::Decide(number, whom, approves)),
        1 => number.prop_map(Event::Attend),
        2 => prop_oneof![1_u64..5_000, 100_000_u64..700_000].prop_map(Event::Pass),
        4 => Just(Event::Settle),
    ]
}

fn play(scene: &mut Scene, event: &Event) {
    match *event {
        Event::Join(3) => scene.register(3, &["room"]),
        Event::Join(number) => {
            scene.join(number, &[NAMES[number as usize]]);
            scene.attend(number);
        }
        Event::TakeName => {
            scene.join(2, &["carol", "4711"]);
            scene.attend(2);
        }
        Event::Leave(number) => scene.depart(number, "lost"),
        Event::SignOff(number) => scene.farewell(number),
        Event::Publish(number, state) => scene.publish(number, STATES[state]),
        Event::Answer(number) => scene.answer_call(number, "x"),
        Event::HangUp(number) => scene.hang_up(number, "x"),
        Event::Change(number, change, whom) => {
            scene.change(number, change, alias(WRITTEN[whom]), ContactCard::default());
        }
        Event::Decide(number, whom, is_approved) => {
            scene.settle();
            let of = scene.engine.subscriptions_to(&address(NAMES[number as usize]));
            let id = of.iter().find(|record| record.watcher == address(NAMES[whom])).map(|record| record.id);
            if let Some(id) = id {
                scene.decide(number, id, is_approved);
            }
        }
        Event::Attend(number) => scene.attend(number),
        Event::Pass(length) => scene.pass(Millis(length)),
        Event::Settle => scene.settle(),
    }
}

/// What an agent has been told of a contact, by the address of the contact.
type Told = BTreeMap<(AgentId, Address), Arc<PresenceDocument>>;

fn content(document: &PresenceDocument) -> PresenceDocument {
    PresenceDocument { version: Version::default(), ..document.clone() }
}

/// Takes down what agents were told; an entry that is gone from a list takes its document along.
fn take_down(told: &mut Told, effects: &mut Vec<Effect>) -> Vec<(AgentId, Address, Arc<PresenceDocument>)> {
    let mut informed = Vec::new();
    for effect in effects.drain(..) {
        match effect {
            Effect::Inform { agent, contact, document } => {
                if let Some(before) = told.insert((agent, contact.address.clone()), Arc::clone(&document)) {
                    assert!(before.version <= document.version, "{before:?} then {document:?}");
                    let is_news = before.version < document.version;
                    assert!(is_news || before == document, "one version, two documents");
                }
                informed.push((agent, contact.address, document));
            }
            Effect::Listed { agent, contacts } => {
                for contact in contacts.iter().filter(|it| it.status != ContactStatus::Subscribed) {
                    told.remove(&(agent, contact.name.address.clone()));
                }
            }
            _ => {}
        }
    }
    informed
}

fn name_of(agent: AgentId) -> Address {
    address(NAMES[agent.number as usize])
}

fn settings(polite_block: bool) -> Settings {
    let limits = Limits {
        contacts_per_principal_max: 3,
        pending_per_watcher_max: 2,
        waiting_per_presentity_max: 2,
        ..Limits::default()
    };
    Settings { polite_block, limits, request_expires: Millis::seconds(600), ..Settings::default() }
}

/// All that operators and watchers can see of lists and contacts, versions aside.
type Picture = (Vec<Vec<model::Contact>>, Vec<Vec<SubscriptionRecord>>, Vec<Option<PresenceDocument>>);

fn picture(scene: &Scene) -> Picture {
    let engine = &scene.engine;
    let names = NAMES.map(address);
    let pairs = names.iter().flat_map(|one| names.iter().map(move |other| (one, other)));
    let seen = pairs.map(|(one, other)| engine.seen_by(one, other).as_deref().map(content));
    (
        names.iter().map(|name| engine.contacts(name)).collect(),
        names.iter().map(|name| engine.subscriptions_to(name)).collect(),
        seen.collect(),
    )
}

fn symmetry() -> impl Strategy<Value = Symmetry> {
    prop::sample::select(vec![Symmetry::Never, Symmetry::Ask, Symmetry::Auto])
}

proptest! {
    // covers, D-16, A-5.3.2, F-11, R-021
    #[test]
    fn every_watcher_has_the_newest_it_may_see_and_nobody_else_anything(
        events in prop::collection::vec(event(), 1..80), polite in any::<bool>(), symmetry in symmetry(),
    ) {
        let mut scene = Scene::with(settings(polite));
        scene.symmetry = symmetry;
        let mut told = Told::new();
        for event in &events {
            play(&mut scene, event);
            // Between settled batches anything may be under way.
            scene.settle();
            let mut effects = std::mem::take(&mut scene.promised);
            effects.append(&mut scene.immediate);
            for (agent, contact, _) in take_down(&mut told, &mut effects) {
                let seen = scene.engine.seen_by(&name_of(agent), &contact);
                let told = told.get(&(agent, contact.clone()));
                prop_assert_eq!(seen.as_ref(), told, "{} was told of {}", agent, contact);
            }
            for ((agent, contact), document) in &told {
                prop_assert_ne!(document.state, PresenceState::Hidden);
                prop_assert!(document.tuples.iter().all(|tuple| tuple.state != PresenceState::Hidden));
                let is_there = scene.engine.why(scene.now, &name_of(*agent))
                    .is_some_and(|why| why.agents.iter().any(|there| there.agent == *agent));
                let seen = scene.engine.seen_by(&name_of(*agent), contact);
                if is_there {
                    prop_assert_eq!(seen.as_deref().map(content), Some(content(document)), "{} {}", agent, contact);
                }
            }
            for number in 0..3 {
                let is_there = scene.engine.why(scene.now, &address(NAMES[number as usize]))
                    .is_some_and(|why| why.agents.iter().any(|there| there.agent == agent(number)));
                for contact in scene.engine.contacts(&address(NAMES[number as usize])) {
                    let is_watched = contact.status == ContactStatus::Subscribed;
                    let key = (agent(number), contact.name.address);
                    prop_assert!(!is_there || !is_watched || told.contains_key(&key), "{:?}", key);
                }
            }
            if let Event::Leave(number) | Event::SignOff(number) = event {
                told.retain(|(agent, _), _| agent.number != *number);
            }
        }
    }

    #[test]
    fn lists_agree_with_what_is_stored_and_stay_within_limits(
        events in prop::collection::vec(event(), 1..80), polite in any::<bool>(), symmetry in symmetry(),
    ) {
        let mut scene = Scene::with(settings(polite));
        scene.symmetry = symmetry;
        for event in &events {
            play(&mut scene, event);
            scene.settle();
            let stored = Stored::of(&scene.facts);
            let counts = scene.engine.counts();
            prop_assert_eq!(counts.contacts, stored.subscriptions.len());
            prop_assert_eq!(counts.blocks, stored.blocks.len());
            prop_assert_eq!(counts.publications, stored.publications.len());
            for name in NAMES.map(address) {
                let of_it = stored.subscriptions.values().filter(|record| record.watcher == name);
                let blocks = stored.blocks.values().filter(|record| record.owner == name).count();
                let pending = of_it.clone().filter(|record| !record.is_active).count();
                prop_assert!(of_it.count() + blocks <= 3 && pending <= 2);
                let records = scene.engine.subscriptions_to(&name);
                let expected = stored.subscriptions.values().filter(|record| record.presentity == name);
                prop_assert_eq!(records.clone(), Vec::from_iter(expected.cloned()));
                for record in records.iter().filter(|record| stored.blocks.contains_key(&(name.clone(), record.watcher.clone()))) {
                    prop_assert!(polite, "{:?}", record);
                }
            }
        }
    }

    // covers: C-09
    #[test]
    fn a_restart_in_the_middle_changes_nothing_that_can_be_seen(
        events in prop::collection::vec(event(), 1..80), polite in any::<bool>(), symmetry in symmetry(),
    ) {
        let mut scene = Scene::with(settings(polite));
        scene.symmetry = symmetry;
        events.iter().for_each(|event| play(&mut scene, event));
        scene.pass(Millis::seconds(3));
        let before = picture(&scene);
        let records = scene.engine.snapshot(usize::MAX);
        let mut next = scene.restarted(&records, Millis(0));
        next.engine.resume(next.now, Stop::Clean);
        prop_assert_eq!(&picture(&next).0, &before.0);
        prop_assert_eq!(&picture(&next).1, &before.1);
        let facts = next.facts.len();
        for (number, name) in (0..).zip(NAMES) {
            let Some(why) = scene.engine.why(scene.now, &address(name)) else { continue };
            for _ in &why.agents {
                if number == 3 { next.claim(3, &[name]) } else { next.claim_again(number, name) }
                for piece in why.evidence.iter().filter(|piece| piece.agent == Some(agent(number))) {
                    next.observe_again(number, piece);
                }
            }
        }
        next.settle();
        prop_assert_eq!(next.facts.len(), facts, "nothing had to be stored again");
        let after = picture(&next);
        for (before, after) in before.2.iter().zip(&after.2) {
            // Whose device is away is unknown for a while where it was not known to be offline.
            let is_unknown = after.as_ref().is_some_and(|after| after.state == PresenceState::Unknown);
            if !is_unknown {
                prop_assert_eq!(before, after);
            }
        }
    }

    // covers: D-15
    #[test]
    fn the_order_of_publications_and_evidence_is_of_no_consequence(
        published in prop::collection::vec((0..STATES.len(), 0_i64..3), 3),
        calls in prop::collection::vec(any::<bool>(), 3),
        order in Just(Vec::from_iter(0..6_usize)).prop_shuffle(),
    ) {
        let play = |order: &[usize]| {
            let mut scene = Scene::new();
            for number in 0..3 {
                scene.join(number, &["alice"]);
            }
            for step in order {
                let (number, device) = ((step % 3) as u64, step % 3);
                if *step < 3 {
                    let (state, at) = published[device];
                    let publication = scene.publication(STATES[state]);
                    scene.publish_all(number, Publication { at: Timestamp(at), ..publication });
                } else if calls[device] {
                    scene.answer_call(number, "x");
                }
            }
            content(&scene.document("alice"))
        };
        prop_assert_eq!(play(&order), play(&[0, 1, 2, 3, 4, 5]));
    }
}
