//! A run: people, calamities and checkers, all from one seed.

use crate::calamity::Calamities;
use crate::check::{Checks, Violation};
use crate::fault::Fault;
use crate::network::Weather;
use crate::operator::Operator;
use crate::people::People;
use crate::random::Random;
use crate::world::World;
use model::{Instant, Millis};
use std::fmt;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Everything follows from it.
    pub seed: u64,
    /// The mistake that is made on purpose.
    pub fault: Option<Fault>,
    /// Whether to print everything that is seen.
    pub is_printed: bool,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// One number for all that was seen: equal runs have equal ones.
    pub hash: u64,
    /// How much was seen.
    pub seen: u64,
    /// How long it took in the world.
    pub simulated: Millis,
    /// How often the planted fault happened.
    pub struck: u64,
    /// What happened in it, to be added up over runs.
    pub tally: Tally,
    /// What must not be, with which the run ended.
    pub violation: Option<Violation>,
}

/// How much of what the checkers are about happened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Messages accepted.
    pub accepted: u64,
    /// Messages shown.
    pub shown: u64,
    /// States that watchers were shown.
    pub states: u64,
    /// Ends of the server, in order or not.
    pub ends: u64,
}

impl Tally {
    /// Adds that of another run.
    pub const fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.shown += other.shown;
        self.states += other.states;
        self.ends += other.ends;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, shown, states, ends } = self;
        write!(
            f,
            "{accepted} messages accepted, {shown} shown, {states} states told, {ends} ends of the server"
        )
    }
}

/// How long the quiet at the end lasts: longer than a message that was put off again and again waits.
const QUIET: Millis = Millis::seconds(1500);

/// How long after the quiet began everybody tells a state once more.
const LAST_STATES: Millis = Millis::seconds(240);

/// Runs a seed to its end, or to the first thing that must not be.
#[must_use]
pub fn run(run: Run) -> Report {
    let mut random = Random::new(run.seed);
    let mut world = World::empty(random.next(), run.fault);
    world.journal.is_printed = run.is_printed;
    let operator = Operator::new(run.seed, world.now.instant);
    world.settings.h323.symmetric = operator.symmetric;
    let mut play = Play {
        people: People::new(&mut world, random.branch()),
        calamities: Calamities::new(random.branch(), world.now.instant),
        operator,
        checks: Checks::new(&world),
        world,
    };
    let length = Millis::seconds(120 + random.below(900));
    let violation = play.act(length).err();
    let Play { world, mut checks, .. } = play;
    Report {
        hash: world.journal.hash(),
        seen: world.journal.length(),
        simulated: Millis(world.now.instant.0),
        struck: world.faults.struck(),
        tally: checks.tally(),
        violation,
    }
}

struct Play {
    world: World,
    people: People,
    calamities: Calamities,
    operator: Operator,
    checks: Checks,
}

impl Play {
    fn act(&mut self, length: Millis) -> Result<(), Violation> {
        self.calamities.begin(&mut self.world);
        self.people.found_board(&mut self.world);
        // Before anything goes wrong the group is on the disk.
        self.pass_until(self.world.now.instant.after(Millis::seconds(1)))?;
        let end = self.world.now.instant.after(length);
        while self.world.now.instant < end {
            let next = self.people.due().min(self.calamities.due()).min(self.operator.due()).min(end);
            self.pass_until(next)?;
            self.people.act(&mut self.world);
            self.calamities.act(&mut self.world);
            self.operator.act(&mut self.world);
            self.look()?;
        }
        self.rest()
    }

    /// Faults stop, everybody who is there hangs up, registers, and tells a last state; then nothing may be amiss.
    fn rest(&mut self) -> Result<(), Violation> {
        self.calamities.end(&mut self.world);
        self.world.network.weather = Weather { delay: Millis(5), ..Weather::default() };
        self.people.begin_rest(&mut self.world);
        let begin = self.world.now.instant;
        let (last_states, end) = (begin.after(LAST_STATES), begin.after(QUIET));
        self.rest_until(last_states)?;
        self.people.tell_last_states(&mut self.world);
        self.rest_until(end)?;
        self.checks.rest(&mut self.world, &self.people)
    }

    fn rest_until(&mut self, end: Instant) -> Result<(), Violation> {
        while self.world.now.instant < end {
            let next = self.world.now.instant.after(REST_STEP).min(end);
            self.pass_until(next)?;
            self.people.keep_resting(&mut self.world);
        }
        Ok(())
    }

    fn pass_until(&mut self, end: Instant) -> Result<(), Violation> {
        while self.world.pass_to_next(end) {
            self.look()?;
        }
        self.look()
    }

    fn look(&mut self) -> Result<(), Violation> {
        let seen = std::mem::take(&mut self.world.journal.seen);
        for (now, seen) in &seen {
            self.people.see(seen);
            self.checks.see(*now, seen, &self.world, &self.people)?;
        }
        self.checks.look(&self.world)?;
        self.world.journal.seen = seen;
        self.world.journal.seen.clear();
        Ok(())
    }
}

/// How often people look in the quiet whether they are still registered.
const REST_STEP: Millis = Millis::seconds(10);
