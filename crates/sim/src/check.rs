//! The checkers: what must hold whatever happens, written against what can be seen from outside, what passes between
//! gateway and engine, and the tables.

mod book;
mod evidence;
mod groups;
mod messages;
mod rest;
mod rules;
mod versions;

use crate::journal::Seen;
use crate::people::{self, People};
use crate::run::Tally;
use crate::world::World;
use model::{Address, AgentId, Effect, Instant, Millis, Now, Request};
use std::collections::HashMap;
use std::fmt;

/// Which of the promises was broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Checker {
    /// No accepted message is lost.
    Loss,
    /// No message is in an inbox, or shown, twice.
    Twice,
    /// Messages of one sender to one recipient keep their order.
    Order,
    /// Every watcher ends with the newest state it may see.
    Convergence,
    /// Versions and states never go back.
    Versions,
    /// No state outlives its evidence.
    Evidence,
    /// Nobody is told what the rules forbid, nor what nobody said.
    Rules,
    /// Every table stays within its limit.
    Limits,
    /// Nothing is left hanging when all is quiet.
    Rest,
    /// What the disk has is what the server knows.
    Memory,
    /// Nobody is busy without end.
    Circles,
}

/// Something that must not be.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The promise that was broken.
    pub checker: Checker,
    /// When, in the time of the world.
    pub at: Instant,
    /// What was seen.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Instant(at) = self.at;
        write!(f, "{:?} at {}.{:03}: {}", self.checker, at / 1000, at % 1000, self.text)
    }
}

/// All checkers, and what they share.
pub(crate) struct Checks {
    parties: Parties,
    messages: messages::Messages,
    group_messages: groups::GroupMessages,
    rules: rules::Rules,
    versions: versions::Versions,
    evidence: evidence::EvidenceCheck,
    tally: Tally,
    limits_at: Instant,
    engine_settings: engine::Settings,
}

/// Whose agent is whose.
#[derive(Default)]
pub(crate) struct Parties(HashMap<AgentId, usize>);

impl Parties {
    /// The number of the person whose endpoint this is.
    fn of(&self, agent: AgentId) -> Option<usize> {
        self.0.get(&agent).copied()
    }
}

impl Checks {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            parties: Parties::default(),
            messages: messages::Messages::default(),
            group_messages: groups::GroupMessages::default(),
            rules: rules::Rules::default(),
            versions: versions::Versions::default(),
            evidence: evidence::EvidenceCheck::default(),
            tally: Tally::default(),
            limits_at: Instant(0),
            engine_settings: world.settings.engine(),
        }
    }

    /// Looks at one thing that was seen.
    pub(crate) fn see(
        &mut self,
        now: Now,
        seen: &Seen,
        world: &World,
        people: &People,
    ) -> Result<(), Violation> {
        match seen {
            Seen::Asked(request) => {
                if let Request::Claim { claim, .. } = &**request
                    && let Some(number) =
                        claim.aliases.iter().find_map(|name| people::of_address(&name.address))
                {
                    self.parties.0.insert(claim.agent, number);
                }
            }
            Seen::Told(effect) => self.tally.states += u64::from(matches!(**effect, Effect::Inform { .. })),
            Seen::Ended => self.tally.ends += 1,
            _ => {}
        }
        let view = View { now: now.instant, parties: &self.parties, world, people };
        self.rules.see(&view, seen)?;
        self.messages.see(&view, seen, &self.rules, &mut self.tally)?;
        self.group_messages.see(&view, seen)?;
        self.versions.see(&view, seen)?;
        self.evidence.see(&view, seen);
        Ok(())
    }

    /// Looks at the tables.
    pub(crate) fn look(&mut self, world: &World) -> Result<(), Violation> {
        let now = world.now.instant;
        let violation = |checker, text| Err(Violation { checker, at: now, text });
        if world.is_in_circles {
            return violation(Checker::Circles, "the world does not come to rest at this moment".to_owned());
        }
        let Some(server) = &world.server else { return Ok(()) };
        if now < self.limits_at {
            return Ok(());
        }
        self.limits_at = now.after(Millis(500));
        let (engine, settings) = (server.core().engine(), &self.engine_settings);
        let counts = engine.counts();
        let limits = [
            ("messages", counts.messages_waiting, settings.messages.messages_max),
            ("names", counts.names, settings.limits.names_max),
            ("principals", counts.principals, settings.limits.principals_max),
            ("unknown names", counts.unknown_names, settings.limits.unknown_names_max),
            ("contacts", counts.contacts + counts.blocks, settings.limits.subscriptions_max),
        ];
        for (what, size, limit) in limits {
            if size > limit {
                return violation(Checker::Limits, format!("{size} {what} where {limit} are allowed"));
            }
        }
        for number in 0..world.terminals.len() {
            let inbox = engine.inbox(&address(world, number)).unwrap_or_default();
            let limit = settings.messages.messages_per_inbox_max;
            if inbox.waiting > limit {
                let waiting = inbox.waiting;
                return violation(
                    Checker::Limits,
                    format!("{waiting} messages wait for p{number}; {limit} may"),
                );
            }
        }
        self.evidence.look(world)
    }

    /// Looks at everything, once all is quiet.
    pub(crate) fn rest(&mut self, world: &mut World, people: &People) -> Result<(), Violation> {
        self.messages.rest(world, people)?;
        self.group_messages.rest(world, people)?;
        rest::check(world, people, &self.versions)
    }

    pub(crate) const fn tally(&mut self) -> Tally {
        self.tally
    }
}

/// What a checker may look at.
pub(crate) struct View<'a> {
    now: Instant,
    parties: &'a Parties,
    world: &'a World,
    people: &'a People,
}

impl View<'_> {
    fn violation<T>(&self, checker: Checker, text: String) -> Result<T, Violation> {
        Err(Violation { checker, at: self.now, text })
    }
}

/// The address of a person.
pub(crate) fn address(world: &World, number: usize) -> Address {
    let domain = &world.settings.zone.domain;
    Address::parse(&format!("p{number}@{domain}")).expect("people have plain names")
}
