//! The operator: makes and ends access rules while everybody goes on.
//!
//! His numbers are a row of his own, so that the people of a seed do the same with and without him.

use crate::random::Random;
use crate::world::World;
use model::{
    Amount, Handling, Instant, Level, Millis, OperatorAct, Request, Rule, RuleKey, Service, Subject,
    Symmetry, Ticket, Times,
};

/// The operator of a run.
pub(crate) struct Operator {
    random: Random,
    act_at: Instant,
    /// How long he waits between two things that he does, at most; `None`: he does nothing.
    idle: Option<u64>,
    tickets: u64,
    /// What one direction of watching means for the other, as he has set it.
    pub(crate) symmetric: Symmetry,
    /// Rules that he has made, as far as he knows.
    made: Vec<RuleKey>,
}

impl Operator {
    /// The operator of a seed. In some runs he sleeps.
    pub(crate) fn new(seed: u64, now: Instant) -> Self {
        let mut random = Random::new(seed ^ ROW);
        let idle = *random.pick(&[None, Some(2_000), Some(20_000), Some(120_000)]);
        let symmetric = *random.pick(&[Symmetry::Auto, Symmetry::Auto, Symmetry::Ask, Symmetry::Never]);
        Self { random, act_at: now, idle, tickets: 0, symmetric, made: Vec::new() }
    }

    pub(crate) fn due(&self) -> Instant {
        self.idle.map_or(Instant(u64::MAX), |_| self.act_at)
    }

    /// He does something, if it is time and there is a server to do it with.
    pub(crate) fn act(&mut self, world: &mut World) {
        let Some(idle) = self.idle.filter(|_| self.act_at <= world.now.instant) else { return };
        self.act_at = world.now.instant.after(Millis(1 + self.random.below(idle)));
        let act = match self.made.is_empty() || self.random.percent(60) {
            true => OperatorAct::SetRule(self.rule(world)),
            false => {
                let place = self.random.below(self.made.len() as u64) as usize;
                OperatorAct::EndRule(self.made.swap_remove(place))
            }
        };
        if let OperatorAct::SetRule(rule) = &act {
            self.made.retain(|key| *key != rule.key);
            self.made.push(rule.key.clone());
        }
        self.tickets += 1;
        world.operate(Request::Operate { ticket: Ticket(self.tickets), act: Box::new(act) });
    }

    fn rule(&mut self, world: &World) -> Rule {
        let person = |random: &mut Random| {
            let number = random.below(world.terminals.len() as u64) as usize;
            Subject::Address(crate::check::address(world, number))
        };
        // An owner's rule that names somebody for all services would be a block of the contact list.
        let level = *self.random.pick(&[Level::Operator, Level::Owner]);
        let (whom, who) = match level {
            Level::Operator => match self.random.below(3) {
                0 => (Subject::Everybody, person(&mut self.random)),
                1 => (person(&mut self.random), Subject::Everybody),
                _ => (person(&mut self.random), person(&mut self.random)),
            },
            Level::Owner => (person(&mut self.random), Subject::Everybody),
        };
        // What is written is only refused: what is taken and goes nowhere looks like a loss.
        let for_messages = self.random.percent(20);
        let service = if for_messages { Service::Messages } else { Service::Presence };
        let handling = match for_messages {
            true => Handling::Block,
            false => *self.random.pick(&[
                Handling::Allow,
                Handling::Allow,
                Handling::Block,
                Handling::PoliteBlock,
                Handling::Confirm,
            ]),
        };
        let amounts = [Amount::Basic, Amount::Activity, Amount::Everything, Amount::Location];
        let amount = match handling {
            Handling::Allow if self.random.percent(10) => Amount::Nothing,
            _ => *self.random.pick(&amounts),
        };
        let key = RuleKey { level, whom, who, service };
        Rule { key, handling, amount, times: Times::default(), since: world.now.wall }
    }
}

/// What tells his row of numbers from that of the seed.
const ROW: u64 = 0x6f70_6572_6174_6f72;
