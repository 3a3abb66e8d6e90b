//! What holds of access rules whatever happens: nobody is told what they forbid, everybody ends with the newest that he may
//! see, and what is fetched is what is told. The rules are read by a small model that shares nothing with the engine.

use crate::scene::{Scene, address, agent};
use engine::{Defaults, Settings, Stop};
use model::{
    Address, Amount, Basic, ContactStatus, Effect, Handling, Level, Millis, OperatorAct, PresenceDocument,
    PresenceState, Refusal, Request, Rule, RuleKey, Service, Subject, Symmetry, Ticket, Times, Version,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who there is; the agent of the same number is its device. The last two are of other domains.
const NAMES: [&str; 4] = ["alice", "bob", "carol@y.example", "anonymous@anonymous.invalid"];

/// Whom rules name.
const SUBJECTS: [&str; 8] = [
    "alice@x.example",
    "bob@x.example",
    "carol@y.example",
    "domain:x.example",
    "domain:y.example",
    "contacts",
    "anonymous",
    "everybody",
];

const STATES: [PresenceState; 4] =
    [PresenceState::Available, PresenceState::Away, PresenceState::Hidden, PresenceState::Dnd];

#[derive(Clone, Debug)]
enum Event {
    Set {
        operator: bool,
        whom: usize,
        who: usize,
        service: Service,
        handling: Handling,
        amount: Amount,
        soon: bool,
    },
    End {
        operator: bool,
        whom: usize,
        who: usize,
        service: Service,
    },
    Subscribe(usize, usize),
    Unsubscribe(usize, usize),
    Decide(usize, usize, bool),
    Block(usize, usize),
    Unblock(usize, usize),
    Publish(usize, usize),
    Leave(usize),
    Join(usize),
    Pass(u64),
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let person = || 0..NAMES.len();
    let service =
        || prop_oneof![3 => Just(Service::All), 1 => Just(Service::Presence), 1 => Just(Service::Messages)];
    let handling = prop_oneof![
        1 => Just(Handling::Block),
        1 => Just(Handling::Confirm),
        1 => Just(Handling::PoliteBlock),
        2 => Just(Handling::Allow),
    ];
    let amount = prop_oneof![
        1 => Just(Amount::Nothing),
        1 => Just(Amount::Basic),
        1 => Just(Amount::Activity),
        2 => Just(Amount::Everything),
        1 => Just(Amount::Location),
    ];
    let set = (any::<bool>(), person(), 0..SUBJECTS.len(), service(), handling, amount, any::<bool>());
    prop_oneof![
        6 => set.prop_map(|(operator, whom, who, service, handling, amount, soon)| {
            Event::Set { operator, whom, who, service, handling, amount, soon }
        }),
        3 => (any::<bool>(), person(), 0..SUBJECTS.len(), service())
            .prop_map(|(operator, whom, who, service)| Event::End { operator, whom, who, service }),
        6 => (person(), person()).prop_map(|(one, other)| Event::Subscribe(one, other)),
        1 => (person(), person()).prop_map(|(one, other)| Event::Unsubscribe(one, other)),
        4 => (person(), person(), prop::bool::weighted(0.8)).prop_map(|(one, other, yes)| Event::Decide(one, other, yes)),
        1 => (person(), person()).prop_map(|(one, other)| Event::Block(one, other)),
        1 => (person(), person()).prop_map(|(one, other)| Event::Unblock(one, other)),
        4 => (person(), 0..STATES.len()).prop_map(|(one, state)| Event::Publish(one, state)),
        1 => person().prop_map(Event::Leave),
        2 => person().prop_map(Event::Join),
        2 => prop_oneof![1_u64..5000, 30_000_u64..200_000].prop_map(Event::Pass),
        1 => Just(Event::Restart),
    ]
}

/// What was decided, as far as one can know it who reads no code of the engine.
#[derive(Default)]
struct Book {
    rules: BTreeMap<RuleKey, Rule>,
    blocks: BTreeSet<(usize, usize)>,
}

impl Book {
    /// The handling and the amount for one who wants something of another.
    fn judge(
        &self,
        now: i64,
        watches: &dyn Fn(usize, usize) -> bool,
        who: usize,
        whom: usize,
        service: Service,
    ) -> (Handling, Amount, bool) {
        let (one, owner) = (address(NAMES[who]), address(NAMES[whom]));
        let is_me = |subject: &Subject| match subject {
            Subject::Address(address) => *address == one,
            Subject::Domain(domain) => domain.as_str() == one.domain(),
            Subject::Anonymous => one.domain() == "anonymous.invalid",
            Subject::Contacts => watches(whom, who),
            _ => true,
        };
        let holds = |rule: &&Rule| {
            rule.times.from.is_none_or(|from| from.0 <= now)
                && rule.times.until.is_none_or(|until| now < until.0)
        };
        for level in [Level::Operator, Level::Owner] {
            for who in SUBJECTS {
                let who: Subject = who.parse().unwrap();
                // The operator's rules have no contacts: they protect many.
                if !is_me(&who) || (level == Level::Operator && who == Subject::Contacts) {
                    continue;
                }
                for service in [service, Service::All] {
                    let key =
                        RuleKey { level, whom: Subject::Address(owner.clone()), who: who.clone(), service };
                    let is_block = level == Level::Owner
                        && service == Service::All
                        && matches!(&who, Subject::Address(_))
                        && self
                            .blocks
                            .contains(&(whom, NAMES.iter().position(|name| address(name) == one).unwrap()));
                    if is_block {
                        return (Handling::Block, Amount::Nothing, true);
                    }
                    if let Some(rule) = self.rules.get(&key).filter(holds) {
                        return (rule.handling, rule.amount, true);
                    }
                }
            }
            // A block names an address that no rule here does.
            if level == Level::Operator && self.blocks.contains(&(whom, who)) && who == 3 {
                return (Handling::Block, Amount::Nothing, true);
            }
        }
        let handling = match (service, one.domain()) {
            (_, "anonymous.invalid") => Handling::Block,
            (Service::Messages, _) => Handling::Allow,
            (_, "x.example") => Handling::Confirm,
            _ => Handling::Block,
        };
        (handling, Amount::Everything, false)
    }
}

/// One run.
struct Play {
    scene: Scene,
    book: Book,
    /// Who was told what last, by watcher and presentity.
    told: BTreeMap<(usize, usize), Arc<PresenceDocument>>,
}

impl Play {
    fn new() -> Self {
        let domains = ["x.example".parse().unwrap()].into();
        let defaults = Defaults { domains, ..Defaults::default() };
        let mut scene = Scene::with(Settings { defaults, ..Settings::default() });
        scene.symmetry = Symmetry::Never;
        for (number, name) in NAMES.iter().enumerate() {
            scene.join(number as u64, &[name]);
        }
        let mut play = Self { scene, book: Book::default(), told: BTreeMap::new() };
        play.listen();
        play
    }

    fn key(operator: bool, whom: usize, who: usize, service: Service) -> RuleKey {
        let level = if operator { Level::Operator } else { Level::Owner };
        let whom = Subject::Address(address(NAMES[whom]));
        RuleKey { level, whom, who: SUBJECTS[who].parse().unwrap(), service }
    }

    /// Whether a rule of this key stands for a block of the contact list, and on whom.
    fn as_block(key: &RuleKey) -> Option<usize> {
        let Subject::Address(who) = &key.who else { return None };
        let who = NAMES.iter().position(|name| address(name) == *who)?;
        (key.level == Level::Owner && key.service == Service::All).then_some(who)
    }

    fn operate(&mut self, act: OperatorAct) -> Result<(), Refusal> {
        let ticket = Ticket(9);
        self.scene.ask(Request::Operate { ticket, act: Box::new(act) });
        self.scene.settle();
        let mut found = None;
        let mut take = |effects: &mut Vec<Effect>| {
            effects.retain(|effect| match effect {
                Effect::Operated { outcome, .. } => {
                    found = Some(outcome.clone());
                    false
                }
                _ => true,
            });
        };
        take(&mut self.scene.promised);
        take(&mut self.scene.immediate);
        found.expect("the operator is answered")
    }

    fn play(&mut self, event: &Event) {
        match event.clone() {
            Event::Set { operator, whom, who, service, handling, amount, soon } => {
                let key = Self::key(operator, whom, who, service);
                let from = soon.then(|| self.scene.now.wall.after(Millis::seconds(60)));
                let amount = if handling == Handling::Allow { amount } else { amount.max(Amount::Basic) };
                let times = Times { from, ..Times::default() };
                let rule = Rule { key: key.clone(), handling, amount, times, since: self.scene.now.wall };
                if self.operate(OperatorAct::SetRule(rule.clone())).is_ok() {
                    let block = Self::as_block(&key);
                    self.book.rules.remove(&key);
                    if let Some(who) = block {
                        self.book.blocks.remove(&(whom, who));
                    }
                    match block.filter(|_| handling == Handling::Block && !soon) {
                        Some(who) => drop(self.book.blocks.insert((whom, who))),
                        None => drop(self.book.rules.insert(key, rule)),
                    }
                }
            }
            Event::End { operator, whom, who, service } => {
                let key = Self::key(operator, whom, who, service);
                let outcome = self.operate(OperatorAct::EndRule(key.clone()));
                let block = Self::as_block(&key).is_some_and(|who| self.book.blocks.remove(&(whom, who)));
                let was_there = block || self.book.rules.remove(&key).is_some();
                assert_eq!(outcome.is_ok(), was_there, "{key:?}");
            }
            Event::Subscribe(one, other) if one != other => {
                // Who asks to watch somebody for the first time blocks it no more.
                let fits = self.is_there(one);
                let has = self.scene.engine.subscriptions_to(&address(NAMES[other]));
                let had = has.iter().any(|record| record.watcher == address(NAMES[one]));
                self.scene.subscribe_to(one as u64, NAMES[other]);
                if fits && !had {
                    self.book.blocks.remove(&(one, other));
                }
            }
            Event::Unsubscribe(one, other) if one != other => {
                self.scene.unsubscribe_from(one as u64, NAMES[other]);
            }
            Event::Decide(one, other, is_approved) if one != other => {
                self.scene.settle();
                let of = self.scene.engine.subscriptions_to(&address(NAMES[one]));
                let record = of.iter().find(|record| record.watcher == address(NAMES[other]));
                if let Some(id) = record.map(|record| record.id) {
                    self.scene.decide(one as u64, id, is_approved);
                }
            }
            Event::Block(one, other) if one != other && self.is_there(one) => {
                self.scene.block(one as u64, NAMES[other]);
                self.book.blocks.insert((one, other));
            }
            Event::Unblock(one, other) if one != other && self.is_there(one) => {
                self.scene.unblock(one as u64, NAMES[other]);
                self.book.blocks.remove(&(one, other));
            }
            Event::Publish(one, state) => self.scene.publish(one as u64, STATES[state]),
            Event::Leave(one) => self.scene.depart(one as u64, "lost"),
            Event::Join(one) => {
                self.scene.join(one as u64, &[NAMES[one]]);
                self.scene.attend(one as u64);
            }
            Event::Pass(length) => self.scene.pass(Millis(length)),
            Event::Restart => {
                self.scene.settle();
                let mut next = self.scene.restarted(&[], Millis::seconds(90));
                next.symmetry = Symmetry::Never;
                next.engine.resume(next.now, Stop::Unclean);
                self.scene = next;
                for (number, name) in NAMES.iter().enumerate() {
                    self.scene.join(number as u64, &[name]);
                    self.scene.attend(number as u64);
                }
                self.told.clear();
            }
            _ => {}
        }
        self.listen();
        // A review of everybody takes its part of each batch.
        self.scene.pass(Millis(1));
        self.listen();
    }

    fn is_there(&self, one: usize) -> bool {
        let explained = self.scene.engine.why(self.scene.now, &address(NAMES[one])).unwrap();
        explained.agents.iter().any(|it| it.agent == agent(one as u64))
    }

    fn listen(&mut self) {
        for watcher in 0..NAMES.len() {
            for effect in self.scene.effects_for(watcher as u64) {
                let number =
                    |address: &Address| NAMES.iter().position(|name| crate::scene::address(name) == *address);
                match effect {
                    Effect::Inform { contact, document, .. } => {
                        self.told.insert((watcher, number(&contact.address).unwrap()), document);
                    }
                    Effect::Listed { contacts, .. } => {
                        for contact in contacts {
                            if contact.status == ContactStatus::Removed {
                                self.told.remove(&(watcher, number(&contact.name.address).unwrap()));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn check(&mut self) {
        let now = self.scene.now.wall.0;
        for who in 0..NAMES.len() {
            for whom in (0..NAMES.len()).filter(|whom| *whom != who) {
                self.check_pair(now, who, whom);
            }
        }
    }

    fn check_pair(&self, now: i64, who: usize, whom: usize) {
        let engine = &self.scene.engine;
        let (one, owner) = (address(NAMES[who]), address(NAMES[whom]));
        let watches = |one: usize, other: usize| {
            let records = engine.subscriptions_to(&address(NAMES[other]));
            records.iter().any(|record| record.watcher == address(NAMES[one]) && record.is_active)
        };
        let explained = engine.explain_rules(&one, &owner).unwrap();
        for explained in &explained {
            let (handling, ..) = self.book.judge(now, &watches, who, whom, explained.service);
            assert_eq!(explained.handling, handling, "{one} of {owner}: {explained:?}");
        }
        let (handling, amount, is_rule) = self.book.judge(now, &watches, who, whom, Service::Presence);
        let records = engine.subscriptions_to(&owner);
        let record = records.iter().find(|record| record.watcher == one);
        let seen = engine.seen_by(&one, &owner);
        let allowed = match handling {
            Handling::Block if is_rule => {
                assert!(record.is_none(), "{one} still watches {owner}, who forbids it");
                return;
            }
            Handling::PoliteBlock => Amount::Nothing,
            _ => amount,
        };
        match handling {
            Handling::Allow => assert!(record.is_none_or(|it| it.is_active), "{one} waits for {owner}"),
            Handling::Confirm => assert!(record.is_none_or(|it| !it.by_rule), "by which rule?"),
            _ => {}
        }
        let Some(seen) = seen else { return };
        let plain = |document: &PresenceDocument| PresenceDocument {
            version: Version::default(),
            ..document.clone()
        };
        let whole = engine.document(&owner).unwrap();
        match allowed {
            Amount::Nothing => {
                assert_eq!(
                    (seen.state, seen.basic),
                    (PresenceState::Offline, Basic::Closed),
                    "{one} sees {owner}"
                );
            }
            Amount::Basic => {
                assert!(matches!(
                    seen.state,
                    PresenceState::Online | PresenceState::Offline | PresenceState::Unknown
                ));
                let hides = whole.state == PresenceState::Hidden;
                assert_eq!(seen.basic, if hides { Basic::Closed } else { whole.basic });
            }
            _ if whole.state == PresenceState::Hidden => assert_eq!(seen.state, PresenceState::Offline),
            _ => assert_eq!(seen.state, whole.state),
        }
        let devices = seen.tuples.iter().any(|tuple| tuple.agent.is_some());
        assert!(!devices || allowed >= Amount::Everything, "{one} sees devices of {owner}");
        if self.is_there(who) {
            let told = self.told.get(&(who, whom)).map(|told| plain(told));
            assert_eq!(told, Some(plain(&seen)), "what {one} was told of {owner} is not what it may see");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    // covers, F-01, F-04, A-5.3.2, F-11, R-010, R-012, R-027, R-048
    #[test]
    fn nobody_is_told_what_the_rules_forbid(events in prop::collection::vec(event(), 1..40)) {
        let mut play = Play::new();
        for event in &events {
            play.play(event);
            play.check();
        }
    }
}
