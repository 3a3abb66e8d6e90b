//! The engine's thread: takes requests in batches, commits their facts together, and speaks when that is durable.

mod core;
mod handle;
mod operator;
mod promises;
mod refusal;
#[cfg(test)]
mod tests;
mod unwritten;

pub use self::core::{Core, Failed, Taken};
pub(crate) use handle::ShardHandle;

use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::counters::counters;
use crate::driver::{DriverHandle, DriverInput, EFFECTS_AT_ONCE};
use crate::soft::SoftFlow;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, never, select};
use engine::Engine;
use model::{
    Address, Batch, CallDetailRecord, Effect, GatewayId, Now, PresenceDocument, Refusal, Request, WatcherId,
};
use operator::{Operators, Ticketed};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::{StoreError, Writer};

/// Inputs that may wait; beyond it drivers stop reading.
pub(crate) const INPUTS_MAX: usize = 1024;

/// The most requests of one input. Handing over is what they cost most while there are many, so they come together.
pub(crate) const REQUESTS_AT_ONCE: usize = 64;

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
    /// What a link asks, in order.
    Requests(Vec<Request>),
    /// A call has ended.
    Call(CallDetailRecord),
    /// Somebody watches one presentity, or all.
    Watch { watcher: WatcherId, presentity: Option<Address>, changes: Sender<Change> },
    /// Somebody watches no more.
    Unwatch(WatcherId),
    /// The operator asks for something; what comes of it goes back by `answer`.
    Operate { request: Ticketed, answer: Sender<Effect> },
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

/// Where batches go: [`Writer::submit`], or what a test puts in its place.
pub(crate) type BatchSink =
    Box<dyn Fn(Batch, Box<dyn FnOnce(Result<(), StoreError>) + Send>) -> Result<(), StoreError> + Send>;

/// Where the facts of a shard are written.
pub(crate) fn to_store(writer: Writer) -> BatchSink {
    Box::new(move |batch, done| writer.submit(batch, done))
}

/// One shard: the thread around a [`Core`].
pub(crate) struct Shard {
    core: Core,
    inputs: Receiver<ShardInput>,
    sink: BatchSink,
    /// How commits ended, in the order in which they were begun.
    ended: Sender<Result<(), StoreError>>,
    outcomes: Receiver<Result<(), StoreError>>,
    /// Tells the other threads that the store does not write.
    failing: Arc<AtomicBool>,
    drivers: Vec<Gateway>,
    watchers: HashMap<WatcherId, Sender<Change>>,
    operators: Operators,
    accounts: Accounts,
    audit: Audit,
    soft: SoftFlow,
    /// Looks of this batch, which come after its documents are composed.
    looks: Vec<Look>,
    clock: Clock,
    watchers_cut: Arc<AtomicU64>,
}

/// What a shard is made of.
pub(crate) struct Parts {
    pub engine: Engine,
    pub inputs: Receiver<ShardInput>,
    pub sink: BatchSink,
    pub failing: Arc<AtomicBool>,
    pub drivers: Vec<(GatewayId, DriverHandle)>,
    pub accounts: Accounts,
    pub audit: Audit,
    pub soft: SoftFlow,
    pub clock: Clock,
    pub counters: Arc<ShardCounters>,
}

impl Shard {
    pub fn new(parts: Parts) -> Self {
        let Parts { engine, inputs, sink, failing, drivers, accounts, audit, soft, clock, counters } = parts;
        // Room for every commit under way, so that the writer's thread never waits for us.
        let (ended, outcomes) = bounded(promises::COMMITS_MAX);
        Self {
            watchers_cut: Arc::clone(&counters.watchers_cut),
            core: Core::counting(engine, counters),
            inputs,
            sink,
            ended,
            outcomes,
            failing,
            drivers: drivers.into_iter().map(Gateway::of).collect(),
            watchers: HashMap::new(),
            operators: Operators::default(),
            accounts,
            audit,
            soft,
            looks: Vec::new(),
            clock,
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
                Woken::Outcome(outcome) => self.core.conclude(self.clock.now().instant, outcome),
                Woken::Time => {
                    self.batch(None)?;
                }
            }
            self.drain()?;
            self.snapshot()?;
        }
        self.drain()?;
        self.finish()?;
        let Self { soft, core, clock, .. } = &mut self;
        soft.finish(|wanted| core.snapshot(clock.now(), wanted).unwrap_or_default());
        Ok(())
    }

    fn wait(&self) -> Woken {
        // A store that is behind must catch up first; links then stop reading, and their peers ask again.
        let idle = never();
        let inputs = if self.core.is_behind() { &idle } else { &self.inputs };
        let mut wait = self.soft.due().saturating_duration_since(Instant::now());
        if let Some(deadline) = self.core.deadline() {
            wait = wait.min(self.clock.until(deadline));
        }
        select! {
            recv(inputs) -> input => Woken::Input(input.unwrap_or(ShardInput::Stop)),
            recv(self.outcomes) -> outcome => outcome.map_or(Woken::Time, Woken::Outcome),
            default(wait.max(WAIT_MIN)) => Woken::Time,
        }
    }

    /// Takes an input and what waits behind it, up to a limit, or only what time brings; thinks once.
    fn batch(&mut self, first: Option<ShardInput>) -> Result<Turn, Failed> {
        let now = self.clock.now();
        let mut turn = Turn::More;
        let mut next = first;
        let mut taken = 0;
        while let Some(input) = next.take() {
            if matches!(input, ShardInput::Stop) {
                turn = Turn::Last;
                break;
            }
            taken += self.take(now, input)?;
            if taken < BATCH_MAX {
                next = self.inputs.try_recv().ok();
            }
        }
        self.core.end_batch(now)?;
        if !self.looks.is_empty() {
            // Who looks sees what was told before.
            self.drain()?;
        }
        for look in std::mem::take(&mut self.looks) {
            self.core.look(now, look)?;
        }
        Ok(turn)
    }

    /// Takes an input; as how many requests it counts.
    fn take(&mut self, now: Now, input: ShardInput) -> Result<usize, Failed> {
        if let ShardInput::Requests(requests) = input {
            let taken = requests.len();
            requests.into_iter().try_for_each(|request| self.core.request(now, request).map(drop))?;
            return Ok(taken);
        }
        self.take_one(now, input).map(|()| 1)
    }

    fn take_one(&mut self, now: Now, input: ShardInput) -> Result<(), Failed> {
        match input {
            ShardInput::Call(record) => {
                self.accounts.write(&record);
                self.core.call(record);
                Ok(())
            }
            ShardInput::Watch { watcher, presentity, changes } => {
                self.watchers.insert(watcher, changes);
                self.core.request(now, Request::Subscribe { watcher, presentity }).map(drop)
            }
            ShardInput::Unwatch(watcher) => {
                // A watcher that was cut off has been unsubscribed then.
                match self.watchers.remove(&watcher) {
                    Some(_) => self.core.request(now, Request::Unsubscribe { watcher }).map(drop),
                    None => Ok(()),
                }
            }
            ShardInput::Operate { request, answer } => {
                let ticket = self.operators.admit(answer);
                if self.core.request(now, request(ticket))? == Taken::GivenUp {
                    self.operators.forget(ticket);
                }
                Ok(())
            }
            ShardInput::Look(look) => {
                self.looks.push(look);
                Ok(())
            }
            ShardInput::Requests(_) | ShardInput::Stop => Ok(()),
        }
    }

    /// Hands to the store what is to be committed, and tells what may be told.
    fn drain(&mut self) -> Result<(), Failed> {
        let now = self.clock.now();
        self.core.keep_time(now.instant);
        while let Some(batch) = self.core.poll_commit(now.instant) {
            let ended = self.ended.clone();
            let done = Box::new(move |outcome| drop(ended.send(outcome)));
            if let Err(error) = (self.sink)(batch, done) {
                self.core.refused(now.instant, &error);
            }
        }
        self.failing.store(!self.core.is_writing(), Ordering::Relaxed);
        while let Some(effect) = self.core.poll(now)? {
            self.release(effect);
        }
        self.drivers.iter_mut().for_each(Gateway::flush);
        self.core.take_audited().into_iter().for_each(|event| self.audit.note(event));
        Ok(())
    }

    /// Waits for all commits, and for a while for a store that does not write.
    fn finish(&mut self) -> Result<(), Failed> {
        let give_up = Instant::now() + FINISH_MAX;
        while !self.core.is_at_rest() && Instant::now() < give_up {
            let due = self.core.retry_due().map_or(FINISH_MAX, |due| self.clock.until(due)).max(WAIT_MIN);
            if let Ok(outcome) = self.outcomes.recv_deadline(give_up.min(Instant::now() + due)) {
                self.core.conclude(self.clock.now().instant, outcome);
            }
            self.drain()?;
        }
        self.core.give_up();
        Ok(())
    }

    fn release(&mut self, effect: Effect) {
        match effect {
            Effect::Summon { gateway, .. } => self.tell_gateway(gateway, effect),
            Effect::Notify { watcher, document } => self.tell_watcher(watcher, Change::Document(document)),
            Effect::SubscriptionRefused { watcher, refusal, .. } => {
                self.tell_watcher(watcher, Change::Refused(refusal));
                self.watchers.remove(&watcher);
            }
            other => match other.agent() {
                Some(agent) => self.tell_gateway(agent.gateway, other),
                None => self.operators.tell(other),
            },
        }
    }

    fn tell_gateway(&mut self, id: GatewayId, effect: Effect) {
        if let Some(gateway) = self.drivers.iter_mut().find(|gateway| gateway.id == id) {
            gateway.tell(effect);
        }
    }

    fn tell_watcher(&mut self, watcher: WatcherId, change: Change) {
        let Some(changes) = self.watchers.get(&watcher) else { return };
        let Err(error) = changes.try_send(change) else { return };
        if matches!(error, TrySendError::Full(_)) {
            self.watchers_cut.fetch_add(1, Ordering::Relaxed);
        }
        self.watchers.remove(&watcher);
        // A failure here has been told; it leaves a subscription that nobody is told of.
        let _ = self.core.request(self.clock.now(), Request::Unsubscribe { watcher });
    }

    fn snapshot(&mut self) -> Result<(), Failed> {
        let Self { soft, core, clock, .. } = self;
        let mut failed = None;
        soft.step(|wanted| {
            core.snapshot(clock.now(), wanted).unwrap_or_else(|failure| {
                failed = Some(failure);
                Vec::new()
            })
        });
        failed.map_or(Ok(()), Err)
    }
}

/// The way to the driver of a gateway.
struct Gateway {
    id: GatewayId,
    driver: DriverHandle,
    /// What it is told next.
    told: Vec<Effect>,
}

impl Gateway {
    fn of((id, driver): (GatewayId, DriverHandle)) -> Self {
        Self { id, driver, told: Vec::new() }
    }

    fn tell(&mut self, effect: Effect) {
        self.told.push(effect);
        if self.told.len() >= EFFECTS_AT_ONCE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.told.is_empty() {
            self.driver.give(DriverInput::Effects(std::mem::take(&mut self.told)));
        }
    }
}

/// What ended a wait.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives for one turn, and a request is taken out of a queue by value anyway"
)]
enum Woken {
    Input(ShardInput),
    Outcome(Result<(), StoreError>),
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

/// How long the end waits for a store that does not write.
const FINISH_MAX: Duration = Duration::from_secs(10);
