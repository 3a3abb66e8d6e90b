//! The way to the audit log.
//!
//! Refusals come from the engine and the gateway through a bounded queue to a thread of its own, which gathers repeats
//! and hands them to the store. Nothing waits for them: where the queue or the store is full they are dropped and counted, and
//! the log says so when there is room. Acts of operators are written before they are carried out.

mod gathering;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use crate::counters::counters;
use crate::settings::AuditSettings;
use crossbeam_channel::{Receiver, Sender, bounded, never, select};
use gathering::{Gathering, is_about, unnamed};
use model::{AuditEvent, AuditOutcome, AuditRecord, Batch, Erasure, Fact};
use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use store::{StoreError, Writer};

/// Events that may wait for the thread.
const EVENTS_MAX: usize = 8192;

/// Records that may wait for the store.
const WAITING_MAX: usize = 8192;

/// Records in one commit.
const CHUNK: usize = 256;

/// How long the store is left alone after it took nothing.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// How long an act waits until it is written.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// How long the end waits for a store that does not write.
const FINISH_MAX: Duration = Duration::from_secs(5);

counters! {
    /// What the audit log counts.
    AuditCounters {
        written "audit.written" "records of the audit log handed to the store and written";
        repeats "audit.repeats" "refusals that were told as repeats of another one";
        dropped "audit.dropped" "refusals that are not in the audit log, because more came than could be written";
    }
}

/// Where records go: [`store::Writer::submit`], or what a test puts in its place.
pub(crate) type RecordSink = Arc<
    dyn Fn(Batch, Box<dyn FnOnce(Result<(), StoreError>) + Send>) -> Result<(), StoreError> + Send + Sync,
>;

/// The way to the audit log; clones share it.
#[derive(Clone)]
pub(crate) struct Audit {
    events: Sender<Noted>,
    sink: RecordSink,
    clock: Clock,
    pub counters: Arc<AuditCounters>,
}

/// What the thread is told.
enum Noted {
    /// Something that may be gathered with its repeats.
    Event(Box<AuditRecord>),
    /// Something that is written as it is, and never dropped for what may be gathered.
    Act(Box<AuditRecord>),
    /// Somebody is erased: what waits names him no more. Said when that is done.
    Forget(HashSet<String>, Sender<()>),
    /// The end.
    Stop,
}

/// An act that could not be recorded.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("it can't be recorded in the audit log: {0}")]
pub(crate) struct Unrecorded(pub String);

impl Audit {
    /// Starts to write to a store.
    pub fn to_store(
        writer: Writer,
        clock: Clock,
        settings: &AuditSettings,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let sink = Arc::new(move |batch, done| writer.submit(batch, done));
        Self::start(sink, clock, settings.refusals_max)
    }

    /// Starts the thread; it ends when it is [stopped](Self::stop). At most `open_max` refusals that differ are gathered
    /// in a minute.
    pub fn start(sink: RecordSink, clock: Clock, open_max: usize) -> io::Result<(Self, JoinHandle<()>)> {
        let (events, noted) = bounded(EVENTS_MAX);
        let counters = Arc::<AuditCounters>::default();
        let audit = Self { events, sink: Arc::clone(&sink), clock, counters: Arc::clone(&counters) };
        let recorder = Recorder::new(noted, sink, clock, open_max, counters);
        let thread = thread::Builder::new().name("audit".to_owned()).spawn(move || recorder.run())?;
        Ok((audit, thread))
    }

    /// Tells of a refusal, and waits for nothing.
    pub fn note(&self, event: AuditEvent) {
        let record = AuditRecord::once(self.clock.now().wall, event);
        if self.events.try_send(Noted::Event(Box::new(record))).is_err() {
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes an act, and waits until it is durable. Where the store does not write, it is written when it does again,
    /// and the failure says so; it is for the caller to decide whether to go on.
    pub fn record(&self, event: AuditEvent) -> Result<(), Unrecorded> {
        let record = Box::new(AuditRecord::once(self.clock.now().wall, event));
        let (done, ended) = bounded(1);
        let batch = Batch { facts: vec![Fact::Audited(record.clone())] };
        let taken = (self.sink)(batch, Box::new(move |outcome| drop(done.try_send(outcome))));
        let failure = match taken.map(|()| ended.recv_timeout(WRITTEN_WITHIN)) {
            Ok(Ok(Ok(()))) => {
                self.counters.written.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            // It waits in the store's own queue, and will be written or reported there.
            Ok(Err(_)) => return Err(Unrecorded("the store has not written it in time".to_owned())),
            Ok(Ok(Err(error))) | Err(error) => error,
        };
        tracing::warn!(
            event = "audit.unrecorded", act = %record.event.act, error = %failure,
            "An act of an operator is not in the audit log yet."
        );
        let _ = self.events.try_send(Noted::Act(record));
        Err(Unrecorded(failure.to_string()))
    }

    /// Sees to it that nothing that waits here names somebody who is erased next.
    pub fn forget(&self, called: &Erasure) {
        let Erasure { names, originals, .. } = called;
        let mut texts = HashSet::from_iter(names.iter().map(ToString::to_string));
        texts.extend(originals.iter().cloned());
        texts.extend(names.iter().map(|name| name.local().to_owned()));
        let (done, forgotten) = bounded(1);
        if self.events.send_timeout(Noted::Forget(texts, done), WRITTEN_WITHIN).is_ok() {
            let _ = forgotten.recv_timeout(WRITTEN_WITHIN);
        }
    }

    /// Tells of an act that nobody waits for.
    pub fn note_act(&self, event: AuditEvent) {
        let record = AuditRecord::once(self.clock.now().wall, event);
        let _ = self.events.try_send(Noted::Act(Box::new(record)));
    }

    /// Writes nothing, for tests of others.
    #[cfg(test)]
    pub fn nowhere() -> Self {
        let sink: RecordSink = Arc::new(|_, _| Err(StoreError::Closed));
        Self { events: bounded(0).0, sink, clock: Clock::start(), counters: Arc::default() }
    }

    /// Ends the thread when it has written what it was told.
    pub fn stop(&self) {
        let _ = self.events.send_timeout(Noted::Stop, FINISH_MAX);
    }
}

/// The thread.
struct Recorder {
    noted: Receiver<Noted>,
    sink: RecordSink,
    clock: Clock,
    gathering: Gathering,
    waiting: VecDeque<AuditRecord>,
    ended: Sender<Result<(), StoreError>>,
    outcomes: Receiver<Result<(), StoreError>>,
    /// Records of `waiting` that the store is writing.
    under_way: usize,
    retry_at: Option<Instant>,
    counters: Arc<AuditCounters>,
    /// How many drops the log has been told.
    drops_told: u64,
}

impl Recorder {
    fn new(
        noted: Receiver<Noted>,
        sink: RecordSink,
        clock: Clock,
        open_max: usize,
        counters: Arc<AuditCounters>,
    ) -> Self {
        let (ended, outcomes) = bounded(1);
        Self {
            noted,
            sink,
            clock,
            gathering: Gathering::new(open_max),
            waiting: VecDeque::new(),
            ended,
            outcomes,
            under_way: 0,
            retry_at: None,
            counters,
            drops_told: 0,
        }
    }

    fn run(mut self) {
        loop {
            let due = [self.gathering.due().map(|due| self.clock.until(due)), self.retry_in()];
            let wait = due.into_iter().flatten().min();
            let idle = never();
            let timer = wait.map_or(idle, crossbeam_channel::after);
            select! {
                recv(self.noted) -> noted => match noted {
                    Ok(Noted::Event(record)) => self.gather(*record),
                    Ok(Noted::Act(record)) => self.wait(*record, 2 * WAITING_MAX),
                    Ok(Noted::Forget(texts, done)) => {
                        self.forget(&texts);
                        let _ = done.send(());
                    }
                    Ok(Noted::Stop) | Err(_) => return self.finish(),
                },
                recv(self.outcomes) -> outcome => self.take_outcome(outcome),
                recv(timer) -> _ => {}
            }
            self.keep_time();
            self.hand_in();
        }
    }

    fn gather(&mut self, record: AuditRecord) {
        match self.gathering.note(self.clock.now().instant, record) {
            Some(record) => self.wait(record, WAITING_MAX),
            None => drop(self.counters.repeats.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Puts a record behind those that wait for the store, or drops it where so many do.
    fn wait(&mut self, record: AuditRecord, waiting_max: usize) {
        if self.waiting.len() >= waiting_max {
            self.counters.dropped.fetch_add(record.count, Ordering::Relaxed);
        } else {
            self.waiting.push_back(record);
        }
    }

    fn forget(&mut self, texts: &HashSet<String>) {
        let gathered = self.gathering.take_about(texts);
        for record in self.waiting.iter_mut().filter(|record| is_about(&record.event, texts)) {
            record.event = unnamed(&record.event);
        }
        for record in gathered {
            self.wait(AuditRecord { event: unnamed(&record.event), ..record }, WAITING_MAX);
        }
    }

    /// Writes what was gathered of minutes that are over, and how much was dropped where there is room again.
    fn keep_time(&mut self) {
        for record in self.gathering.take_due(self.clock.now().instant) {
            self.wait(record, WAITING_MAX);
        }
        let dropped = self.counters.dropped.load(Ordering::Relaxed);
        if dropped > self.drops_told && self.waiting.len() < WAITING_MAX / 2 && self.retry_at.is_none() {
            let count = dropped - self.drops_told;
            self.drops_told = dropped;
            let event = AuditEvent {
                reason: Some("more was refused than could be written".into()),
                ..AuditEvent::new("audit.dropped", AuditOutcome::Failed)
            };
            let record = AuditRecord { count, ..AuditRecord::once(self.clock.now().wall, event) };
            self.waiting.push_back(record);
        }
    }

    /// Hands the store what waits, one commit at a time.
    fn hand_in(&mut self) {
        if self.under_way > 0 || self.waiting.is_empty() || self.retry_in().is_some() {
            return;
        }
        self.retry_at = None;
        let chunk = self.waiting.iter().take(CHUNK).cloned();
        let facts = Vec::from_iter(chunk.map(Box::new).map(Fact::Audited));
        self.under_way = facts.len();
        let ended = self.ended.clone();
        let done = Box::new(move |outcome| drop(ended.try_send(outcome)));
        if let Err(error) = (self.sink)(Batch { facts }, done) {
            self.take_outcome(Ok(Err(error)));
        }
    }

    fn take_outcome(&mut self, outcome: Result<Result<(), StoreError>, crossbeam_channel::RecvError>) {
        let records = std::mem::take(&mut self.under_way);
        if outcome.is_ok_and(|outcome| outcome.is_ok()) {
            self.waiting.drain(..records.min(self.waiting.len()));
            self.counters.written.fetch_add(records as u64, Ordering::Relaxed);
        } else {
            self.retry_at = Some(Instant::now() + RETRY_INTERVAL);
        }
    }

    /// How long the store is to be left alone.
    fn retry_in(&self) -> Option<Duration> {
        let left = self.retry_at?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Writes all that is left, as far as the store takes it in time.
    fn finish(mut self) {
        for record in self.gathering.take_all() {
            self.wait(record, WAITING_MAX);
        }
        let give_up = Instant::now() + FINISH_MAX;
        while (!self.waiting.is_empty() || self.under_way > 0) && Instant::now() < give_up {
            self.keep_time();
            self.hand_in();
            if let Ok(outcome) = self.outcomes.recv_timeout(RETRY_INTERVAL) {
                self.take_outcome(Ok(outcome));
            }
        }
        if !self.waiting.is_empty() {
            tracing::error!(
                event = "audit.lost",
                records = self.waiting.len(),
                "The store did not write; these records of the audit log are lost."
            );
        }
    }
}
