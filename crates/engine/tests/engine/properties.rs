//! What holds whatever happens, in whatever order.

use crate::scene::{Scene, address, call, registration};
use model::{Basic, Evidence, Instant, Millis, PresenceDocument, PresenceState, Source, Timestamp, Version};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Something that can happen; agents are 0 to 3, and each has a name of its own but the last, which shares one.
#[derive(Clone, Debug)]
enum Event {
    Register(u64),
    Answer { number: u64, call: u8, lasts: u64 },
    HangUp { number: u64, call: u8 },
    Unregister(u64),
    Depart(u64),
    Pass(u64),
    Settle,
}

fn name_of(number: u64) -> &'static str {
    NAMES[number as usize % NAMES.len()]
}

fn event() -> impl Strategy<Value = Event> {
    let number = 0_u64..4;
    prop_oneof![
        3 => number.clone().prop_map(Event::Register),
        4 => (number.clone(), 0_u8..3, 1_u64..20_000)
            .prop_map(|(number, call, lasts)| Event::Answer { number, call, lasts }),
        4 => (number.clone(), 0_u8..3).prop_map(|(number, call)| Event::HangUp { number, call }),
        1 => number.clone().prop_map(Event::Unregister),
        1 => number.prop_map(Event::Depart),
        4 => prop_oneof![Just(0), 1_u64..5_000, 100_000_u64..130_000].prop_map(Event::Pass),
        4 => Just(Event::Settle),
    ]
}

/// What ought to hold, written without thought of speed: for each agent that holds a claim the evidence that
/// counts, by call, and until when; the registration is call `None`.
#[derive(Default)]
struct Ledger(BTreeMap<u64, BTreeMap<Option<u8>, (Instant, bool)>>);

impl Ledger {
    fn note(&mut self, event: &Event, now: Instant) {
        match *event {
            Event::Register(number) => {
                self.0
                    .entry(number)
                    .or_default()
                    .insert(None, (now.after(crate::scene::TIME_TO_LIVE), false));
            }
            Event::Answer { number, call, lasts } => {
                if let Some(evidence) = self.0.get_mut(&number) {
                    evidence.insert(Some(call), (now.after(Millis(lasts)), false));
                }
            }
            Event::HangUp { number, call } => {
                let gap = now.after(Millis::seconds(2));
                let evidence = self.0.get_mut(&number);
                let piece = evidence.and_then(|all| all.get_mut(&Some(call))).filter(|(_, held)| !held);
                if let Some((until, held)) = piece {
                    (*until, *held) = (gap.min(*until), true);
                }
            }
            Event::Unregister(number) => {
                if let Some(evidence) =
                    self.0.get_mut(&number).filter(|evidence| evidence.contains_key(&None))
                {
                    evidence.clear();
                }
            }
            Event::Depart(number) => drop(self.0.remove(&number)),
            Event::Pass(_) | Event::Settle => {}
        }
    }

    /// Drops what has expired, in the order in which it did.
    fn expire(&mut self, now: Instant) {
        for evidence in self.0.values_mut() {
            let mut due = Vec::from_iter(evidence.iter().map(|(key, (until, _))| (*until, *key)));
            due.sort();
            for (_, key) in due.iter().filter(|(until, _)| *until <= now) {
                match key {
                    None => evidence.clear(),
                    Some(_) => drop(evidence.remove(key)),
                }
            }
        }
    }

    fn state(&self, name: &str) -> PresenceState {
        let devices = self.0.iter().filter(|(number, _)| name_of(**number) == name);
        let states = devices.filter_map(|(_, evidence)| match evidence.keys().next_back()? {
            Some(_) => Some(PresenceState::OnCall),
            None => Some(PresenceState::Online),
        });
        states.max_by_key(|state| state.interest()).unwrap_or(PresenceState::Offline)
    }
}

fn play(scene: &mut Scene, event: &Event) {
    match *event {
        Event::Register(number) => scene.register(number, &[name_of(number)]),
        Event::Answer { number, call: id, lasts } => {
            let expires = Some(scene.now.instant.after(Millis(lasts)));
            scene.observe(number, Evidence { expires, ..call(&id.to_string(), scene.now.wall) });
        }
        Event::HangUp { number, call } => scene.hang_up(number, &call.to_string()),
        Event::Unregister(number) => scene.withdraw(number, Source::Registration, ""),
        Event::Depart(number) => scene.depart(number, "unregistered"),
        Event::Pass(length) => scene.pass(Millis(length)),
        Event::Settle => scene.settle(),
    }
}

/// A document without what an order of events may leave different: how many changes it took.
fn content(document: &PresenceDocument) -> PresenceDocument {
    PresenceDocument { version: Version::default(), ..document.clone() }
}

proptest! {
    // covers: D-11, D-12, D-15, D-17, D-20
    #[test]
    fn no_state_outlives_its_evidence_and_none_is_missing(events in prop::collection::vec(event(), 1..60)) {
        let mut scene = Scene::new();
        let mut ledger = Ledger::default();
        scene.watch_all(9);
        for event in &events {
            let now = scene.now.instant;
            play(&mut scene, event);
            ledger.note(event, now);
            ledger.expire(scene.now.instant);
            for name in NAMES {
                scene.settle();
                let document = scene.engine.document(&address(name));
                let state = document.as_ref().map_or(PresenceState::Offline, |document| document.state);
                prop_assert_eq!(state, ledger.state(name), "{} after {:?}", name, event);
                let is_open = document.is_some_and(|document| document.basic == Basic::Open);
                prop_assert_eq!(is_open, state != PresenceState::Offline);
            }
        }
    }

    #[test]
    fn every_version_is_a_real_change_and_higher_than_the_one_before(events in prop::collection::vec(event(), 1..60)) {
        let mut scene = Scene::new();
        scene.watch_all(8);
        let mut last: BTreeMap<_, Arc<PresenceDocument>> = BTreeMap::new();
        for event in &events {
            play(&mut scene, event);
            for document in scene.told(8) {
                if let Some(before) = last.insert(document.presentity.clone(), Arc::clone(&document)) {
                    prop_assert!(before.version < document.version);
                    prop_assert_ne!(content(&before), content(&document));
                }
            }
            for (name, document) in &last {
                let newest = scene.engine.document(name);
                prop_assert_eq!(newest.as_ref(), Some(document), "a watcher has the newest");
            }
        }
    }

    #[test]
    fn a_batch_brings_one_version_however_long(events in prop::collection::vec(event(), 1..30)) {
        let mut scene = Scene::new();
        scene.watch_all(8);
        for event in events.iter().filter(|event| !matches!(event, Event::Pass(_) | Event::Settle)) {
            play(&mut scene, event);
        }
        let told = scene.told(8);
        let presentities: BTreeSet<_> = told.iter().map(|document| &document.presentity).collect();
        prop_assert_eq!(presentities.len(), told.len());
    }

    // covers: D-17
    #[test]
    fn the_order_of_evidence_is_of_no_consequence(
        evidence in prop::collection::btree_map((0_u64..4, 0_u8..4), 0_i64..1_000, 1..12),
        order in any::<prop::sample::Index>(),
        (swaps, settles) in (prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..12), any::<u16>()),
    ) {
        let mut given = Vec::from_iter(evidence);
        let documents = |given: &[((u64, u8), i64)], settles: u16| {
            let mut scene = Scene::new();
            for number in 0..4 {
                scene.claim(number, &[name_of(number)]);
            }
            for (place, ((number, id), since)) in given.iter().enumerate() {
                let since = Timestamp(*since);
                scene.observe(*number, match id {
                    0 => registration(since, Instant(1_000_000)),
                    _ => call(&id.to_string(), since),
                });
                if settles >> (place % 16) & 1 == 1 {
                    scene.settle();
                }
            }
            NAMES.map(|name| content(&scene.document(name)))
        };
        let straight = documents(&given, settles);
        for (one, other) in swaps {
            let (one, other) = (one.index(given.len()), other.index(given.len()));
            given.swap(one, other);
        }
        let middle = order.index(given.len());
        given.rotate_left(middle);
        prop_assert_eq!(straight, documents(&given, !settles));
    }

    #[test]
    fn equal_requests_have_equal_effects(events in prop::collection::vec(event(), 1..40)) {
        let run = || {
            let mut scene = Scene::new();
            scene.watch_all(8);
            scene.watch(9, "a");
            events.iter().for_each(|event| play(&mut scene, event));
            scene.settle();
            (scene.facts, scene.promised, scene.immediate, scene.engine.snapshot(usize::MAX))
        };
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn after_a_restart_everybody_is_as_before_and_since_then(events in prop::collection::vec(event(), 1..40)) {
        let mut scene = Scene::new();
        events.iter().for_each(|event| play(&mut scene, event));
        scene.pass(Millis::seconds(2));
        let records = scene.engine.snapshot(usize::MAX);
        let mut next = scene.restarted(&records, Millis::seconds(3));
        next.engine.resume(next.now, engine::Stop::Clean);
        for name in NAMES.map(address) {
            let Some(explanation) = scene.engine.why(scene.now, &name) else { continue };
            for device in &explanation.agents {
                next.claim(device.agent.number, &[name_of(device.agent.number)]);
            }
            for piece in explanation.evidence.iter().filter(|piece| piece.source >= Source::Registration) {
                let Some(number) = piece.agent.map(|agent| agent.number) else { continue };
                next.observe(number, match piece.source {
                    Source::Call => call(&piece.id, piece.since),
                    _ => registration(piece.since, Instant(1_000_000)),
                });
            }
            next.settle();
            let (before, after) = (scene.engine.document(&name), next.engine.document(&name));
            prop_assert_eq!(before.as_deref().map(content), after.as_deref().map(content));
        }
    }

    #[test]
    fn the_deadline_is_never_missed_by_looking_early(events in prop::collection::vec(event(), 1..40), every in 1_u64..700) {
        let mut patient = Scene::new();
        let mut eager = Scene::new();
        for event in &events {
            play(&mut patient, event);
            match event {
                Event::Pass(length) if *length < 10_000 => {
                    let steps = length / every;
                    for _ in 0..steps {
                        eager.pass(Millis(every));
                        eager.engine.timeout(eager.now);
                    }
                    eager.pass(Millis(length - steps * every));
                }
                _ => play(&mut eager, event),
            }
            for name in NAMES.map(address) {
                patient.settle();
                eager.settle();
                prop_assert_eq!(patient.engine.document(&name), eager.engine.document(&name));
            }
        }
    }
}
