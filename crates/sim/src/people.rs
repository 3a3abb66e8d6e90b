//! The people: who they are, and what they do with their endpoints.

use crate::check;
use crate::journal::Seen;
use crate::random::Random;
use crate::world::World;
use h323::endpoint::{Event, Offers};
use model::{Address, GroupChange, GroupRecord, GroupRole, Instant, MemberRecord, Millis, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Everybody.
pub(crate) struct People {
    random: Random,
    persons: Vec<Person>,
    act_at: Instant,
    /// How long people wait between two things they do, at most.
    idle: u64,
    messages: u64,
    states: u64,
    is_resting: bool,
    /// Who is in the board; all of them speak the package.
    members: Vec<usize>,
    /// What is written to the board.
    board: Random,
    board_messages: u64,
}

/// One person, as far as can be told from outside.
#[derive(Default)]
pub(crate) struct Person {
    pub(crate) is_registered: bool,
    pub(crate) is_dead: bool,
    has_presence: bool,
    /// With whom a session is open.
    sessions: BTreeSet<String>,
    /// Calls, and whether they are answered.
    pub(crate) calls: BTreeMap<String, bool>,
    /// Who waits for a decision.
    requests: BTreeSet<String>,
    /// The last state that was typed: its word, and the number in its note.
    pub(crate) last_state: Option<(&'static str, u64)>,
    is_last_state_confirmed: bool,
}

impl People {
    /// Some people with endpoints of all kinds.
    pub(crate) fn new(world: &mut World, mut random: Random) -> Self {
        let count = 5 + random.below(8) as usize;
        let mut persons = Vec::new();
        let mut members = Vec::new();
        for number in 0..count {
            let offers = match random.below(10) {
                0 => Offers::NONE,
                1 | 2 => Offers { package: false, ..Offers::ALL },
                3 => Offers { messaging: false, ..Offers::ALL },
                4 => Offers { presence: false, ..Offers::ALL },
                _ => Offers::ALL,
            };
            let (name, digits) = (format!("p{number}"), (100 + number).to_string());
            world.add(&name, &[&name, &digits], offers);
            if offers == Offers::ALL {
                members.push(number);
            }
            persons.push(Person { has_presence: offers.presence, ..Person::default() });
        }
        let idle = [500, 2000, 8000][random.below(3) as usize];
        let board = random.branch();
        Self {
            random,
            persons,
            act_at: world.now.instant,
            idle,
            messages: 0,
            states: 0,
            is_resting: false,
            members,
            board,
            board_messages: 0,
        }
    }

    pub(crate) fn due(&self) -> Instant {
        self.act_at
    }

    pub(crate) fn person(&self, number: usize) -> &Person {
        &self.persons[number]
    }

    /// Who is in the board.
    pub(crate) fn members(&self) -> &[usize] {
        &self.members
    }

    /// The operator makes the board.
    pub(crate) fn found_board(&self, world: &mut World) {
        let group = world.address(BOARD).expect("it is a plain name");
        let record = GroupRecord { is_conversation: true, ..GroupRecord::of(group.clone(), Timestamp(0)) };
        world.change_group(GroupChange::Create(record));
        for number in &self.members {
            let (group, member) = (group.clone(), check::address(world, *number));
            world.change_group(GroupChange::Join(MemberRecord { group, member, role: GroupRole::Member }));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.persons.len()
    }

    /// Keeps up with what people were shown.
    pub(crate) fn see(&mut self, seen: &Seen) {
        match seen {
            Seen::Switched(number, is_on) => {
                let Person { has_presence, .. } = self.persons[*number];
                self.persons[*number] = Person { has_presence, is_dead: !is_on, ..Person::default() };
            }
            Seen::Shown(number, event) => self.persons[*number].see(event),
            _ => {}
        }
    }

    /// Somebody does something, if it is time.
    pub(crate) fn act(&mut self, world: &mut World) {
        if self.act_at > world.now.instant {
            return;
        }
        self.act_at = world.now.instant.after(Millis(1 + self.random.below(self.idle)));
        let number = self.random.below(self.persons.len() as u64) as usize;
        let person = &self.persons[number];
        if person.is_dead {
            if self.random.percent(30) {
                world.network.cut_off.remove(&number);
                world.switch_on(number);
            }
            return;
        }
        if !person.is_registered {
            return if self.random.percent(70) {
                self.say(world, number, "register")
            };
        }
        if self.members.contains(&number) && self.board.percent(8) {
            return self.write_to_board(world, number);
        }
        let other = self.name(number);
        match self.random.below(100) {
            0 => self.say(world, number, "unregister"),
            1 => {
                let name = world.terminals[number].0.clone();
                world.vanish(&name).expect("everybody has a name");
            }
            2..=15 => self.publish(world, number),
            16..=25 => self.say(world, number, &format!("subscribe {other}")),
            26..=27 => self.say(world, number, &format!("unsubscribe {other}")),
            28..=42 => self.decide(world, number),
            43..=44 => self.say(world, number, &format!("block {other}")),
            45..=48 => self.say(world, number, &format!("unblock {other}")),
            49..=54 => self.call(world, number, &other),
            55..=57 => self.say(world, number, &format!("typing {other} on")),
            58..=62 => self.say(world, number, &format!("open {other}")),
            63..=76 => self.write(world, number, "say", &other),
            77..=78 => self.say(world, number, &format!("close {other}")),
            _ => self.write(world, number, "send", &other),
        }
    }

    /// Everybody ends what goes on; some of those who are away come back.
    pub(crate) fn begin_rest(&mut self, world: &mut World) {
        self.is_resting = true;
        for number in 0..self.persons.len() {
            if self.persons[number].is_dead && self.random.percent(60) {
                world.switch_on(number);
            } else if !self.persons[number].is_dead {
                self.say(world, number, "hangup");
            }
        }
    }

    /// Everybody who is there closes what is open, and registers.
    pub(crate) fn keep_resting(&mut self, world: &mut World) {
        for number in 0..self.persons.len() {
            let person = &self.persons[number];
            if person.is_dead {
                continue;
            }
            let sessions = Vec::from_iter(person.sessions.iter().cloned());
            if !person.calls.is_empty() {
                self.say(world, number, "hangup");
            }
            for other in sessions {
                self.say(world, number, &format!("close {other}"));
            }
            let person = &self.persons[number];
            if !person.is_registered {
                self.say(world, number, "register");
            } else if person.last_state.is_some()
                && !person.is_last_state_confirmed
                && self.random.percent(20)
            {
                self.publish(world, number);
            }
        }
    }

    /// Everybody who can tells a state.
    pub(crate) fn tell_last_states(&mut self, world: &mut World) {
        for number in 0..self.persons.len() {
            if !self.persons[number].is_dead {
                self.publish(world, number);
            }
        }
    }

    fn publish(&mut self, world: &mut World, number: usize) {
        if !self.persons[number].has_presence {
            return;
        }
        let words = if self.is_resting { &STATES[..3] } else { &STATES[..] };
        let word = *self.random.pick(words);
        self.states += 1;
        self.persons[number].last_state = Some((word, self.states));
        self.persons[number].is_last_state_confirmed = false;
        self.say(world, number, &format!("state {word} n{}", self.states));
    }

    fn decide(&mut self, world: &mut World, number: usize) {
        let Some(from) = self.persons[number].requests.pop_first() else { return };
        let word = if self.random.percent(75) { "approve" } else { "deny" };
        self.say(world, number, &format!("{word} {from}"));
    }

    fn call(&mut self, world: &mut World, number: usize, other: &str) {
        let calls = &self.persons[number].calls;
        match calls.values().next() {
            None => self.say(world, number, &format!("call {other}")),
            Some(false) if self.random.percent(70) => self.say(world, number, "answer"),
            Some(_) => self.say(world, number, "hangup"),
        }
    }

    fn write(&mut self, world: &mut World, number: usize, word: &str, other: &str) {
        self.messages += 1;
        // Sometimes two at once, which must not overtake each other.
        let copies = 1 + u64::from(self.random.percent(25));
        for _ in 0..copies {
            let text = format!("m{} from p{number} to {other}", self.messages);
            self.messages += 1;
            self.say(world, number, &format!("{word} {other} {text}"));
        }
    }

    fn write_to_board(&mut self, world: &mut World, number: usize) {
        for _ in 0..1 + self.board.below(3) {
            self.board_messages += 1;
            let text = format!("g-{} of p{number}", self.board_messages);
            self.say(world, number, &format!("send {BOARD} {text}"));
        }
    }

    /// A name of somebody else, or, seldom, of nobody.
    fn name(&mut self, number: usize) -> String {
        if self.random.percent(2) {
            return "nobody".to_owned();
        }
        let others = self.persons.len() as u64 - 1;
        // People have friends: half of what they do is about two others.
        let step = 1 + if self.random.percent(50) { self.random.below(2) } else { self.random.below(others) };
        let other = (number as u64 + step) % (others + 1);
        if self.random.percent(85) { format!("p{other}") } else { (100 + other).to_string() }
    }

    fn say(&mut self, world: &mut World, number: usize, line: &str) {
        let name = world.terminals[number].0.clone();
        world.command(&name, line).expect("people type what there is");
    }
}

impl Person {
    fn see(&mut self, event: &Event) {
        match event {
            Event::Registered { .. } => self.is_registered = true,
            Event::Unregistered { .. } => {
                self.is_registered = false;
                self.requests.clear();
            }
            Event::SubscriptionRequest { from, .. } => drop(self.requests.insert(from.clone())),
            Event::SessionOpened { with, .. } => drop(self.sessions.insert(with.clone())),
            Event::SessionClosed { with, .. } | Event::SessionFailed { with, .. } => {
                self.sessions.remove(with);
            }
            Event::Calling { call_identifier, .. } => {
                self.calls.insert(call_identifier.clone(), true);
            }
            Event::Incoming { call_identifier, .. } => {
                self.calls.insert(call_identifier.clone(), false);
            }
            Event::Connected { call_identifier, .. } => {
                self.calls.insert(call_identifier.clone(), true);
            }
            Event::Ended { call_identifier, .. } | Event::AdmissionRejected { call_identifier, .. } => {
                self.calls.remove(call_identifier);
            }
            Event::Confirmed { command: "state", .. } => self.is_last_state_confirmed = true,
            Event::GatekeeperLost { .. } => self.is_registered = false,
            _ => {}
        }
    }
}

/// The group that there is.
pub(crate) const BOARD: &str = "board";

/// The number of the person that an address belongs to.
pub(crate) fn of_address(address: &Address) -> Option<usize> {
    of_name(address.local())
}

/// The number of the person of this name.
pub(crate) fn of_name(name: &str) -> Option<usize> {
    match name.strip_prefix('p') {
        Some(number) => number.parse().ok(),
        None => name.parse::<usize>().ok()?.checked_sub(100),
    }
}

/// The states that people tell; the last one is not to be seen.
const STATES: [&str; 4] = ["available", "away", "notAvailable", "hidden"];
