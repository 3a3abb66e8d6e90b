//! The server without threads: engine and promises, gatekeeper and store as they are, and between them the queues that
//! the threads of the real one have.

use crate::disk::{Disk, SimStore};
use crate::fault::{Fault, Faults};
use crate::journal::{Journal, Seen};
use crate::people::BOARD;
use crate::random::Random;
use crate::seam::{Asked, Seam};
use link::{ChannelId, Command, Input, Link, Outcome, Output};
use model::{Batch, CallDetailRecord, Effect, Fact, Instant, Millis, Now, Request, SoftRecord};
use server::shard::Core;
use server::{Settings, StateMachines};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use store::{Storage, StoreError};

/// A server that is running.
pub(crate) struct Server {
    store: SimStore,
    disk: Rc<RefCell<Disk>>,
    core: Core,
    gatekeeper: Box<dyn Link>,
    /// From the gateway's thread to the engine's.
    asked: VecDeque<ToEngine>,
    asked_at: Option<Instant>,
    /// And back.
    told: VecDeque<Effect>,
    told_at: Option<Instant>,
    /// How long things stay in the queues at most.
    pub(crate) pace: Millis,
    ended: Sender<Result<(), StoreError>>,
    outcomes: Receiver<Result<(), StoreError>>,
    /// For each commit under way, whether its end was told before it came; for the fault.
    told_early: VecDeque<bool>,
    /// Whether the gateway is not woken any more; for the fault.
    timers_off: bool,
    /// Whether it is woken late; for the fault.
    timers_late: bool,
    /// Whether what the store did not write is not tried again any more; for the fault.
    retries_off: bool,
    snapshot_interval: Millis,
    snapshot_at: Instant,
    /// Records that the store did not take.
    kept_soft: [Vec<SoftRecord>; 2],
    random: Random,
    faults: Faults,
    seam: Seam,
}

enum ToEngine {
    Request(Request),
    Call(CallDetailRecord),
}

impl Server {
    /// Starts over a disk, as the program does.
    pub(crate) fn start(
        disk: &Rc<RefCell<Disk>>,
        settings: &Settings,
        call_signal_port: u16,
        seed: [u8; 32],
        now: Now,
        faults: Faults,
        mut random: Random,
    ) -> Self {
        let store = SimStore::open(disk);
        let is_misdated = disk.borrow().synced().has_soft() && faults.strike(Fault::SoftStateMisdated);
        let taken_at = if is_misdated { now.after(MISDATED_BY) } else { now };
        let state = StateMachines::load(settings, Some(call_signal_port), [[7; 32], seed], taken_at, &store);
        let StateMachines { engine, gatekeeper, .. } = state.expect("what the store wrote can be read");
        let (ended, outcomes) = channel();
        let interval = Millis(settings.store.snapshot_interval_ms);
        Self {
            store,
            disk: Rc::clone(disk),
            core: Core::new(engine),
            gatekeeper,
            asked: VecDeque::new(),
            asked_at: None,
            told: VecDeque::new(),
            told_at: None,
            pace: Millis(0),
            ended,
            outcomes,
            told_early: VecDeque::new(),
            timers_off: false,
            timers_late: faults.strike(Fault::TimerLate),
            retries_off: false,
            snapshot_interval: interval,
            snapshot_at: now.instant.after(interval),
            kept_soft: Default::default(),
            seam: Seam::new(faults.clone(), random.branch()),
            random,
            faults,
        }
    }

    pub(crate) fn receive(&mut self, now: Now, channel: ChannelId, input: Input<'_>) {
        self.gatekeeper.receive(now, channel, input);
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, now: Now, journal: &mut Journal) {
        if is_due(self.told_at, now) {
            self.told_at = None;
            for effect in std::mem::take(&mut self.told) {
                self.apply(now, effect, journal);
            }
        }
        if is_due(self.gatekeeper_deadline(), now) {
            self.gatekeeper.timeout(now);
            self.timers_off = self.faults.strike(Fault::TimerOff);
        }
        let mut has_news = self.take_outcomes(now);
        if is_due(self.asked_at, now) && !self.core.is_behind() {
            self.asked_at = None;
            for input in std::mem::take(&mut self.asked) {
                match input {
                    ToEngine::Request(request) => {
                        self.core.request(now, request).expect("the engine does not panic again and again");
                    }
                    ToEngine::Call(record) => self.core.call(record),
                }
            }
            has_news = true;
        }
        if has_news || is_due(self.core_deadline(), now) {
            self.turn(now, journal);
        }
        if self.snapshot_at <= now.instant {
            self.snapshot_at = now.instant.after(self.snapshot_interval);
            self.snapshot(now);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let own = [self.gatekeeper_deadline(), self.core_deadline(), self.asked_at, self.told_at];
        own.into_iter().flatten().chain([self.snapshot_at]).min()
    }

    /// The next thing the gatekeeper wants done that is not for the engine.
    pub(crate) fn poll(&mut self, now: Now, journal: &mut Journal) -> Option<Output> {
        loop {
            match self.gatekeeper.poll()? {
                Output::Request(request) => {
                    journal.see(now, Seen::Asked(Box::new(request.clone())));
                    let Asked { requests, told } = self.seam.asked(request);
                    self.asked.extend(requests.into_iter().map(ToEngine::Request));
                    self.told.extend(told);
                    self.stir(now);
                }
                Output::Call(record) => {
                    self.asked.push_back(ToEngine::Call(record));
                    self.stir(now);
                }
                other => return Some(other),
            }
        }
    }

    /// Asks the engine for something as the operator does.
    pub(crate) fn operate(&mut self, now: Now, request: Request, journal: &mut Journal) {
        journal.see(now, Seen::Asked(Box::new(request.clone())));
        let Asked { requests, told } = self.seam.asked(request);
        self.asked.extend(requests.into_iter().map(ToEngine::Request));
        self.told.extend(told);
        self.stir(now);
    }

    /// Ends in order: what is promised is settled as far as the disk lets it, and all soft state is written.
    pub(crate) fn stop(mut self, now: Now, journal: &mut Journal) {
        for input in std::mem::take(&mut self.asked) {
            if let ToEngine::Request(request) = input {
                self.core.request(now, request).expect("the engine does not panic again and again");
            }
        }
        // The gateway has ended: nobody is told any more.
        let mut later = now;
        for _ in 0..STOP_TURNS {
            self.turn(later, journal);
            self.told.clear();
            if self.core.is_at_rest() {
                break;
            }
            later = later.after(Millis(100));
            self.disk.borrow_mut().step(later);
            self.take_outcomes(later);
        }
        self.core.give_up();
        let mut records = self.gatekeeper.snapshot(now, usize::MAX);
        records.extend(self.core.snapshot(now, usize::MAX).expect("the engine does not panic"));
        // As with the real one, a store that does not write leaves an unclean end behind.
        if self.store.submit_soft(records).is_ok() {
            let _ = self.store.close();
        }
    }

    pub(crate) const fn core(&self) -> &Core {
        &self.core
    }

    /// What an operator sees.
    pub(crate) fn command(&mut self, now: Now, command: Command) -> Option<Outcome> {
        self.gatekeeper.command(now, command).ok()
    }

    /// Whether everything that was asked has been answered, as far as the server knows.
    pub(crate) fn is_idle(&self) -> bool {
        self.asked.is_empty() && self.told.is_empty() && self.core.is_at_rest()
    }

    fn gatekeeper_deadline(&self) -> Option<Instant> {
        let deadline = self.gatekeeper.deadline().filter(|_| !self.timers_off)?;
        Some(if self.timers_late { deadline.after(LATE_BY) } else { deadline })
    }

    fn core_deadline(&self) -> Option<Instant> {
        let core = self.core.deadline();
        if self.retries_off { core.filter(|_| self.core.retry_due().is_none()) } else { core }
    }

    /// Sees that what is in the queues is taken out of them after a moment.
    fn stir(&mut self, now: Now) {
        let mut moment = |at: &mut Option<Instant>| {
            if at.is_none() {
                *at = Some(now.instant.after(Millis(self.random.below(self.pace.0 + 1))));
            }
        };
        if !self.asked.is_empty() {
            moment(&mut self.asked_at);
        }
        if !self.told.is_empty() {
            moment(&mut self.told_at);
        }
    }

    fn take_outcomes(&mut self, now: Now) -> bool {
        let mut has_news = false;
        while let Ok(outcome) = self.outcomes.try_recv() {
            if !self.told_early.pop_front().unwrap_or(false) {
                self.core.conclude(now.instant, outcome);
                has_news = true;
            }
        }
        has_news
    }

    /// Ends a batch, hands in what is to be committed, and lets go what may be told; until nothing is left that a
    /// disk without delay could answer at once.
    fn turn(&mut self, now: Now, journal: &mut Journal) {
        self.core.end_batch(now).expect("the engine does not panic again and again");
        self.retries_off |= is_due(self.core.retry_due(), now) && self.faults.strike(Fault::RetryNever);
        if !self.retries_off {
            self.core.keep_time(now.instant);
        }
        loop {
            while let Some(batch) = self.core.poll_commit(now.instant) {
                self.submit(now, batch);
            }
            if !self.take_outcomes(now) {
                break;
            }
        }
        while let Some(effect) = self.core.poll(now).expect("the engine does not panic again and again") {
            if effect.agent().is_some() || matches!(effect, Effect::Operated { .. }) {
                self.told.extend(self.seam.told(effect));
            }
        }
        self.told.extend(self.seam.after_batch());
        // The audit log is a promise to nobody.
        drop(self.core.take_audited());
        self.stir(now);
        if self.told_at.is_some_and(|at| at <= now.instant) {
            self.told_at = None;
            for effect in std::mem::take(&mut self.told) {
                self.apply(now, effect, journal);
            }
        }
    }

    fn submit(&mut self, now: Now, mut batch: Batch) {
        let is_copy =
            |fact: &Fact| matches!(fact, Fact::Message { message, .. } if message.recipient.local() == BOARD);
        if let Some(place) = batch.facts.iter().rposition(is_copy)
            && self.faults.strike(Fault::CopyDropped)
        {
            batch.facts.remove(place);
        }
        let ended = self.ended.clone();
        let done = move |outcome| {
            // A server that has ended is told nothing.
            let _ = ended.send(outcome);
        };
        match self.store.submit(batch, done) {
            Ok(()) => {
                let is_early = self.told_early.is_empty() && self.faults.strike(Fault::EarlyPromise);
                self.told_early.push_back(is_early);
                if is_early {
                    self.core.conclude(now.instant, Ok(()));
                }
            }
            Err(error) => self.core.refused(now.instant, &error),
        }
    }

    fn apply(&mut self, now: Now, effect: Effect, journal: &mut Journal) {
        journal.see(now, Seen::Told(Box::new(effect.clone())));
        if effect.agent().is_some() {
            self.gatekeeper.apply(now, effect);
        }
    }

    fn snapshot(&mut self, now: Now) {
        for part in 0..self.kept_soft.len() {
            if self.kept_soft[part].is_empty() {
                self.kept_soft[part] = match part {
                    0 => self.gatekeeper.snapshot(now, SNAPSHOT_MAX),
                    _ => self.core.snapshot(now, SNAPSHOT_MAX).expect("the engine does not panic"),
                };
            }
            if !self.kept_soft[part].is_empty()
                && self.store.submit_soft(self.kept_soft[part].clone()).is_ok()
            {
                self.kept_soft[part].clear();
            }
        }
    }
}

fn is_due(at: Option<Instant>, now: Now) -> bool {
    at.is_some_and(|at| at <= now.instant)
}

/// Records taken at one time; few, so that a crash finds some taken and others not.
const SNAPSHOT_MAX: usize = 16;

/// How often the end looks whether the disk has written; ten seconds of it.
const STOP_TURNS: usize = 100;

/// How late the gateway is woken by the fault.
const LATE_BY: Millis = Millis::seconds(60);

/// How wrong the time is that soft state is taken up from by the fault.
const MISDATED_BY: Millis = Millis::seconds(300);
