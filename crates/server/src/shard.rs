//! The engine's thread: takes requests in batches, commits their facts together, and speaks when that is durable.

mod handle;
mod operator;
mod promises;
mod refusal;
#[cfg(test)]
mod tests;
mod unwritten;

pub(crate) use handle::ShardHandle;
pub(crate) use promises::{Promises, to_store};

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::containment::{Containment, Panicked};
use crate::counters::counters;
use crate::driver::{DriverHandle, DriverInput};
use crate::soft::SoftFlow;
use crossbeam_channel::{Receiver, Sender, TrySendError, never, select};
use engine::{Effects, Engine};
use model::{
    Address, AgentId, CallDetailRecord, Effect, Fact, GatewayId, InstantMessage, Now, PresenceDocument,
    Refusal, Request, WatcherId,
};
use operator::{Senders, Sent};
use refusal::is_unwritten;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Requests that may wait; beyond it drivers stop reading.
pub(crate) const INPUTS_MAX: usize = 65_536;

/// Requests in one batch.
const BATCH_MAX: usize = 1024;

counters! {
    /// What a shard counts.
    ShardCounters {
        batches "engine.batches" "batches of requests";
        requests "engine.requests" "requests taken";
        watchers_cut "engine.watchers_cut" "watchers cut off because they were too slow";
        refused "engine.claims_refused_unwritten" "claims refused because the store did not write";
        requests_refused "engine.requests_refused_unwritten" "publications, changes, decisions and messages refused because the store did not write";
        facts_lost "engine.facts_lost" "facts that the store refused for good, or that waited in vain for it to write";
        panics "engine.panics" "steps of the engine that failed by a fault in herald";
        soft_deferred "engine.soft_deferred" "times that the store took no snapshot because it was behind";
    }
}

/// A look at the engine; what it sees it takes along itself.
pub(crate) type Look = Box<dyn FnOnce(&Engine) + Send>;

/// What a shard is given.
pub(crate) enum ShardInput {
    /// A link asks.
    Request(Request),
    /// A call has ended.
    Call(CallDetailRecord),
    /// Somebody watches one presentity, or all.
    Watch { watcher: WatcherId, presentity: Option<Address>, changes: Sender<Change> },
    /// Somebody watches no more.
    Unwatch(WatcherId),
    /// The operator sends a message; what comes of it goes back by `answer`.
    Send { message: Box<InstantMessage>, answer: Sender<Sent> },
    /// Somebody looks at the engine, after all that was given before.
    Look(Look),
    /// The server ends; nothing comes after this.
    Stop,
}

/// What a watcher is sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// The newest document of a presentity.
    Document(Arc<PresenceDocument>),
    /// The subscription was refused; nothing more comes.
    Refused(Refusal),
}

/// One shard.
pub(crate) struct Shard {
    engine: Engine,
    inputs: Receiver<ShardInput>,
    promises: Promises,
    drivers: Vec<(GatewayId, DriverHandle)>,
    watchers: HashMap<WatcherId, Sender<Change>>,
    senders: Senders,
    accounts: Accounts,
    soft: SoftFlow,
    effects: Effects,
    /// Looks of this batch, which come after its documents are composed.
    looks: Vec<Look>,
    clock: Clock,
    containment: Containment,
    counters: Arc<ShardCounters>,
}

/// What a shard is made of.
pub(crate) struct Parts {
    pub engine: Engine,
    pub inputs: Receiver<ShardInput>,
    pub promises: Promises,
    pub drivers: Vec<(GatewayId, DriverHandle)>,
    pub accounts: Accounts,
    pub soft: SoftFlow,
    pub clock: Clock,
    pub counters: Arc<ShardCounters>,
}

/// Why a shard ended before it was told to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Failed;

impl Shard {
    pub fn new(parts: Parts) -> Self {
        let Parts { engine, inputs, promises, drivers, accounts, soft, clock, counters } = parts;
        Self {
            engine,
            inputs,
            promises,
            drivers,
            watchers: HashMap::new(),
            senders: Senders::default(),
            accounts,
            soft,
            effects: Effects::default(),
            looks: Vec::new(),
            clock,
            containment: Containment::new("engine", Arc::clone(&counters.panics)),
            counters,
        }
    }

    /// Works until it is told to stop, and then settles what it has promised and hands in what is left of the
    /// engine's state.
    pub fn run(mut self) -> Result<(), Failed> {
        loop {
            match self.wait() {
                Woken::Input(input) => {
                    if self.batch(Some(input))? == Turn::Last {
                        break;
                    }
                }
                Woken::Outcome(outcome) => {
                    let effects = self.promises.conclude(outcome);
                    self.release(effects);
                }
                Woken::Time => {
                    self.batch(None)?;
                }
            }
            self.promises.keep_time();
            self.snapshot()?;
        }
        for effects in self.promises.finish() {
            self.release(effects);
        }
        let Self { soft, engine, containment, .. } = &mut self;
        soft.finish(|wanted| containment.run(|| engine.snapshot(wanted)).unwrap_or_default());
        Ok(())
    }

    fn wait(&self) -> Woken {
        // A store that is behind must catch up first; links then stop reading, and their peers ask again.
        let idle = never();
        let inputs = if self.promises.is_behind() { &idle } else { &self.inputs };
        let mut due = self.soft.due();
        if let Some(promises_due) = self.promises.due() {
            due = due.min(promises_due);
        }
        let mut wait = due.saturating_duration_since(Instant::now());
        if let Some(deadline) = self.engine.deadline() {
            wait = wait.min(self.clock.until(deadline));
        }
        select! {
            recv(inputs) -> input => Woken::Input(input.unwrap_or(ShardInput::Stop)),
            recv(self.promises.outcomes()) -> outcome => outcome.map_or(Woken::Time, Woken::Outcome),
            default(wait.max(WAIT_MIN)) => Woken::Time,
        }
    }

    /// Takes an input and what waits behind it, up to a limit, or only what time brings; thinks once and speaks
    /// once.
    fn batch(&mut self, first: Option<ShardInput>) -> Result<Turn, Failed> {
        let now = self.clock.now();
        let mut facts = Vec::new();
        let mut turn = Turn::More;
        let mut next = first;
        let mut taken = 0;
        while let Some(input) = next.take() {
            if matches!(input, ShardInput::Stop) {
                turn = Turn::Last;
                break;
            }
            self.take(now, input, &mut facts)?;
            taken += 1;
            if taken < BATCH_MAX {
                next = self.inputs.try_recv().ok();
            }
        }
        if self.engine.deadline().is_some_and(|deadline| deadline <= now.instant) {
            self.think(|engine, _| engine.timeout(now))?;
        }
        self.think(|engine, effects| engine.settle(now, effects))?;
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        self.speak(facts);
        for look in std::mem::take(&mut self.looks) {
            self.think(|engine, _| look(engine))?;
        }
        Ok(turn)
    }

    fn take(&mut self, now: Now, input: ShardInput, facts: &mut Vec<Fact>) -> Result<(), Failed> {
        match input {
            ShardInput::Request(request) => self.request(now, request),
            ShardInput::Call(record) => {
                self.accounts.write(&record);
                facts.push(Fact::Call(record));
                Ok(())
            }
            ShardInput::Watch { watcher, presentity, changes } => {
                self.watchers.insert(watcher, changes);
                self.request(now, Request::Subscribe { watcher, presentity })
            }
            ShardInput::Unwatch(watcher) => {
                // A watcher that was cut off has been unsubscribed then.
                match self.watchers.remove(&watcher) {
                    Some(_) => self.request(now, Request::Unsubscribe { watcher }),
                    None => Ok(()),
                }
            }
            ShardInput::Send { message, answer } => {
                let ticket = self.senders.admit(answer);
                self.request(now, Request::Send { ticket, agent: None, message })
            }
            ShardInput::Look(look) => {
                self.looks.push(look);
                Ok(())
            }
            ShardInput::Stop => Ok(()),
        }
    }

    fn request(&mut self, now: Now, request: Request) -> Result<(), Failed> {
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(refused) = self.refuse_unwritable(&request) {
            self.effects.immediate.push(refused);
            return Ok(());
        }
        let before = (self.effects.facts.len(), self.effects.promised.len(), self.effects.immediate.len());
        let panics = self.counters.panics.load(Ordering::Relaxed);
        let operator = request.ticket().filter(|(_, agent)| agent.is_none()).map(|(ticket, _)| ticket);
        self.think(|engine, effects| engine.handle(now, request, effects))?;
        if self.counters.panics.load(Ordering::Relaxed) != panics {
            // Half of what a request leads to is worse than nothing; whoever asked asks again. An operator is told.
            self.effects.facts.truncate(before.0);
            self.effects.promised.truncate(before.1);
            self.effects.immediate.truncate(before.2);
            if let Some(ticket) = operator {
                self.senders.forget(ticket);
            }
        }
        Ok(())
    }

    fn think(&mut self, step: impl FnOnce(&mut Engine, &mut Effects)) -> Result<(), Failed> {
        let Self { engine, effects, containment, .. } = self;
        match containment.run(|| step(engine, effects)) {
            Err(Panicked::Stop) => Err(Failed),
            Ok(()) | Err(Panicked::GoOn) => Ok(()),
        }
    }

    /// Commits the facts of a batch, and sends what need not wait for that.
    fn speak(&mut self, calls: Vec<Fact>) {
        let mut facts = std::mem::take(&mut self.effects.facts);
        facts.extend(calls);
        let promised = std::mem::take(&mut self.effects.promised);
        let immediate = std::mem::take(&mut self.effects.immediate);
        self.effects.clear();
        if !facts.is_empty() || !promised.is_empty() {
            let effects = self.promises.promise(facts, promised);
            self.release(effects);
        }
        for effect in immediate {
            // What brings no news may rest on facts that an earlier batch brought.
            let effects =
                if self.waits_in_line(&effect) { self.promises.answer(effect) } else { vec![effect] };
            self.release(effects);
        }
    }

    fn release(&mut self, effects: Vec<Effect>) {
        for retract in self.promises.take_retracted() {
            let now = self.clock.now();
            // A second failure here has been told; what follows comes with the next batch.
            let _ = self.think(|engine, effects| engine.handle(now, retract, effects));
        }
        for effect in effects {
            self.count_refusal(&effect);
            match effect {
                Effect::Notify { watcher, document } => {
                    self.tell_watcher(watcher, Change::Document(document))
                }
                Effect::SubscriptionRefused { watcher, refusal, .. } => {
                    self.tell_watcher(watcher, Change::Refused(refusal));
                    self.watchers.remove(&watcher);
                }
                Effect::ClaimRefused { agent, ref refusal, .. } => {
                    if is_unwritten(refusal) {
                        self.forget(agent);
                    }
                    self.tell_driver(agent, effect);
                }
                other => match other.agent() {
                    Some(agent) => self.tell_driver(agent, other),
                    None => self.senders.tell(&other),
                },
            }
        }
    }

    /// Takes back a claim that the engine granted and the store did not.
    fn forget(&mut self, agent: AgentId) {
        let now = self.clock.now();
        let request = Request::Depart {
            agent,
            at: now.wall,
            reason: "the server could not store its name".into(),
            is_farewell: false,
        };
        // A second failure here has been told; the documents follow with the next batch.
        let _ = self.think(|engine, effects| engine.handle(now, request, effects));
    }

    fn tell_driver(&self, agent: AgentId, effect: Effect) {
        if let Some((_, driver)) = self.drivers.iter().find(|(gateway, _)| *gateway == agent.gateway) {
            driver.give(DriverInput::Effect(effect));
        }
    }

    fn tell_watcher(&mut self, watcher: WatcherId, change: Change) {
        let Some(changes) = self.watchers.get(&watcher) else { return };
        let Err(error) = changes.try_send(change) else { return };
        if matches!(error, TrySendError::Full(_)) {
            self.counters.watchers_cut.fetch_add(1, Ordering::Relaxed);
        }
        self.watchers.remove(&watcher);
        let now = self.clock.now();
        let _ = self.think(|engine, effects| engine.handle(now, Request::Unsubscribe { watcher }, effects));
    }

    fn snapshot(&mut self) -> Result<(), Failed> {
        let Self { soft, engine, containment, .. } = self;
        let mut panicked = None;
        soft.step(|wanted| {
            containment.run(|| engine.snapshot(wanted)).unwrap_or_else(|how| {
                panicked = Some(how);
                Vec::new()
            })
        });
        if panicked == Some(Panicked::Stop) { Err(Failed) } else { Ok(()) }
    }
}

/// What ended a wait.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives for one turn, and a request is taken out of a queue by value anyway"
)]
enum Woken {
    Input(ShardInput),
    Outcome(promises::Outcome),
    Time,
}

/// Whether more batches come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    More,
    Last,
}

/// The shortest wait, so that a deadline a fraction of a millisecond away is not waited for in a circle.
const WAIT_MIN: Duration = Duration::from_millis(1);
