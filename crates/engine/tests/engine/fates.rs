//! What holds of messages whatever happens, in whatever order: none is lost in silence, none comes again, and those
//! of one sender come in order.

use crate::correspondence::{ALL, message, rows};
use crate::scene::{Scene, address, agent};
use engine::{MessageSettings, Settings};
use model::{
    AgentId, Delivery, DeliveryOutcome, Effect, Fact, InstantMessage, MessageFailure, MessageId, Millis,
    ReceiptKind, ReceiptsWanted, Request, Ticket,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Something that can happen; agents 0 to 5 are two devices for each name.
#[derive(Clone, Debug)]
enum Event {
    Join { number: u64, has_messaging: bool },
    Depart(u64),
    Attend(u64),
    Send { from: u64, to: usize, wanted: bool, lasts: Option<u64> },
    Repeat { from: u64, to: usize, back: u32 },
    Conclude { which: prop::sample::Index, outcome: DeliveryOutcome },
    Pass(u64),
    Restart(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let number = 0_u64..6;
    let outcome = prop_oneof![
        4 => Just(DeliveryOutcome::Delivered),
        1 => Just(DeliveryOutcome::Displayed),
        3 => Just(DeliveryOutcome::Later),
        3 => Just(DeliveryOutcome::Failed(MessageFailure::NotSupported)),
    ];
    prop_oneof![
        3 => (number.clone(), prop::bool::weighted(0.8))
            .prop_map(|(number, has_messaging)| Event::Join { number, has_messaging }),
        2 => number.clone().prop_map(Event::Depart),
        2 => number.clone().prop_map(Event::Attend),
        6 => (number.clone(), 0_usize..3, any::<bool>(), prop::option::weighted(0.3, 1_u64..100_000))
            .prop_map(|(from, to, wanted, lasts)| Event::Send { from, to, wanted, lasts }),
        1 => (number, 0_usize..3, 0_u32..3).prop_map(|(from, to, back)| Event::Repeat { from, to, back }),
        10 => (any::<prop::sample::Index>(), outcome)
            .prop_map(|(which, outcome)| Event::Conclude { which, outcome }),
        3 => prop_oneof![1_u64..20_000, 60_000_u64..400_000].prop_map(Event::Pass),
        1 => (0_u64..200_000).prop_map(Event::Restart),
    ]
}

/// A message: of whom, to whose inbox, which.
type Key = (String, String, MessageId);

/// The world around the engine: what links have under way, and what was seen so far.
struct World {
    scene: Scene,
    settings: Settings,
    sent: u32,
    /// What each link was given and has not concluded.
    in_hand: BTreeMap<(AgentId, String), MessageId>,
    /// Messages that left an inbox.
    settled: BTreeSet<Key>,
    /// The places of messages that were delivered to anybody for the first time, by sender and inbox.
    first: BTreeMap<(String, String), Vec<u64>>,
    seen: BTreeSet<Key>,
    facts_seen: usize,
}

fn inbox_of(agent: AgentId) -> String {
    address(NAMES[agent.number as usize % 3]).to_string()
}

impl World {
    fn new(messages: MessageSettings) -> Self {
        let settings = Settings { messages, ..Settings::default() };
        let mut scene = Scene::with(settings.clone());
        for (number, name) in (0..).zip(NAMES) {
            scene.sign_on(number, name);
        }
        scene.settle();
        Self {
            scene,
            settings,
            sent: 0,
            in_hand: BTreeMap::new(),
            settled: BTreeSet::new(),
            first: BTreeMap::new(),
            seen: BTreeSet::new(),
            facts_seen: 0,
        }
    }

    fn send(&mut self, from: u64, number: u32, to: usize, wanted: bool, lasts: Option<u64>) {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let sent = InstantMessage {
            id: MessageId(id),
            wanted: if wanted { ALL } else { ReceiptsWanted::default() },
            expires_at: lasts.map(|lasts| self.scene.now.wall.after(Millis(lasts))),
            ..message(0, NAMES[to], "text")
        };
        let (ticket, agent) = (Ticket(u64::from(number)), Some(agent(from)));
        self.scene.ask(Request::Send { ticket, agent, message: Box::new(sent) });
    }

    fn play(&mut self, event: &Event) {
        match *event {
            Event::Join { number, has_messaging } => {
                self.scene.join_with(number, NAMES[number as usize % 3], has_messaging);
            }
            Event::Depart(number) => {
                self.scene.depart(number, "unregistered");
                self.in_hand.retain(|(to, _), _| *to != agent(number));
            }
            Event::Attend(number) => self.scene.attend(number),
            Event::Send { from, to, wanted, lasts } => {
                self.sent += 1;
                self.send(from, self.sent, to, wanted, lasts);
            }
            Event::Repeat { from, to, back } => {
                self.send(from, self.sent.saturating_sub(back), to, true, None)
            }
            Event::Conclude { which, outcome } => {
                let held = Vec::from_iter(self.in_hand.clone());
                if held.is_empty() {
                    return;
                }
                let ((agent, sender), id) = held[which.index(held.len())].clone();
                self.in_hand.remove(&(agent, sender.clone()));
                if matches!(outcome, DeliveryOutcome::Delivered | DeliveryOutcome::Displayed) {
                    self.settled.insert((sender.clone(), inbox_of(agent), id));
                }
                let sender = model::Address::parse(&sender).unwrap();
                self.scene.ask(Request::Conclude { agent, sender, message: id, outcome });
            }
            Event::Pass(length) => self.scene.pass(Millis(length)),
            Event::Restart(down) => {
                self.scene = self.scene.resumed(self.settings.clone(), Millis(down));
                self.in_hand.clear();
            }
        }
        self.scene.settle();
    }

    /// Looks at what an event led to.
    fn look(&mut self) -> Result<(), TestCaseError> {
        let rows = rows(&self.scene.facts);
        let mut told = 0;
        for effect in std::mem::take(&mut self.scene.promised) {
            match effect {
                Effect::Deliver { agent, delivery } => {
                    let place = rows[&key_of_row(agent, &delivery)].0;
                    self.deliver(agent, &delivery, place)?;
                }
                Effect::Reported { receipt, .. } if matches!(receipt.kind, ReceiptKind::Failed(_)) => {
                    told += 1
                }
                Effect::Accepted { ticket, .. } => {
                    let number = u32::try_from(ticket.0).unwrap().to_be_bytes();
                    prop_assert!(rows.keys().any(|(_, _, id)| id.0[..4] == number), "accepted is durable");
                }
                _ => {}
            }
        }
        // Devices of one sender are told alike; what counts here is that somebody is.
        let mut failed = 0;
        let mut reports = 0;
        for fact in self.scene.facts.clone().into_iter().skip(self.facts_seen) {
            match fact {
                Fact::Message { message, .. } if message.is_report => reports += 1,
                Fact::MessageSettled { inbox, sender, id, .. } => {
                    let is_report = rows[&(inbox.to_string(), sender.to_string(), id)].1.is_report;
                    let is_new = self.settled.insert((sender.to_string(), inbox.to_string(), id));
                    failed += usize::from(is_new && !is_report);
                }
                _ => {}
            }
        }
        self.facts_seen = self.scene.facts.len();
        let least = reports + usize::from(told > 0);
        prop_assert!(
            least <= failed && failed <= reports + told,
            "{} failed, {} + {} told",
            failed,
            reports,
            told
        );
        let waiting = rows.values().filter(|(_, _, settled)| settled.is_none()).count();
        prop_assert_eq!(
            self.scene.engine.counts().messages_waiting,
            waiting,
            "the engine and the store agree"
        );
        Ok(())
    }

    fn deliver(&mut self, agent: AgentId, delivery: &Delivery, place: u64) -> Result<(), TestCaseError> {
        let (sender, id) = (delivery.message.sender.to_string(), delivery.message.id);
        let before = self.in_hand.insert((agent, sender.clone()), id);
        prop_assert_eq!(before, None, "one of a sender is under way to an agent");
        let key = (sender.clone(), inbox_of(agent), id);
        prop_assert!(!self.settled.contains(&key), "what has left does not come again");
        if self.seen.insert(key) {
            let places = self.first.entry((sender, inbox_of(agent))).or_default();
            prop_assert!(places.last().is_none_or(|last| *last < place), "first deliveries are in order");
            places.push(place);
        }
        Ok(())
    }
}

fn key_of_row(agent: AgentId, delivery: &Delivery) -> (String, String, MessageId) {
    (inbox_of(agent), delivery.message.sender.to_string(), delivery.message.id)
}

proptest! {
    //
    #[test]
    fn every_accepted_message_waits_is_delivered_or_is_told_as_failed_and_none_comes_again(
        events in prop::collection::vec(event(), 1..120),
    ) {
        let mut world = World::new(MessageSettings::default());
        world.look()?;
        for event in &events {
            world.play(event);
            world.look()?;
        }
        // Whoever comes at last has all that waits.
        for (number, name) in (10..).zip(NAMES) {
            world.scene.sign_on(number, name);
            world.scene.drain(number);
        }
        world.scene.settle();
        prop_assert_eq!(world.scene.engine.counts().messages_waiting, 0);
    }

    #[test]
    fn every_table_stays_within_its_limits(events in prop::collection::vec(event(), 1..120)) {
        let messages = MessageSettings {
            messages_per_inbox_max: 3,
            messages_max: 5,
            octets_per_inbox_max: 100,
            repeats_max: 4,
            ..MessageSettings::default()
        };
        let mut world = World::new(messages);
        for event in &events {
            world.play(event);
            let mut waiting = 0;
            for name in NAMES {
                let inbox = world.scene.inbox(name);
                prop_assert!(inbox.waiting <= 3 && inbox.octets <= 100, "{:?}", inbox);
                prop_assert_eq!(inbox.senders.iter().map(|(_, len)| len).sum::<usize>(), inbox.waiting);
                waiting += inbox.waiting;
            }
            let counts = world.scene.engine.counts();
            prop_assert!(waiting <= 5);
            prop_assert_eq!(counts.messages_waiting, waiting);
        }
    }

    #[test]
    fn every_message_of_a_run_is_counted_once(events in prop::collection::vec(event(), 1..80)) {
        let mut world = World::new(MessageSettings::default());
        for event in events.iter().filter(|event| !matches!(event, Event::Restart(_))) {
            world.play(event);
            for effect in std::mem::take(&mut world.scene.promised) {
                if let Effect::Deliver { agent, delivery } = effect {
                    world.in_hand.insert((agent, delivery.message.sender.to_string()), delivery.message.id);
                }
            }
            let counts = world.scene.engine.counts();
            let left = counts.messages_delivered + counts.messages_failed + counts.messages_retracted;
            prop_assert_eq!(counts.messages_accepted, left + counts.messages_waiting as u64);
        }
    }
}
