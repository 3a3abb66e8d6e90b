//! The server without threads: engine, gatekeeper and store, each step to its end.

use engine::{Effects, Engine};
use link::{ChannelId, Input, Link, Output};
use model::{Batch, Instant, Now, SoftRecord};
use server::{Settings, StateMachines};
use std::path::Path;
use std::sync::mpsc;
use store::{Options, Store};

/// A server that does everything it is asked at once.
pub(crate) struct Server {
    store: Store,
    engine: Engine,
    gatekeeper: Box<dyn Link>,
    effects: Effects,
}

impl Server {
    /// Starts over a data directory, as the program does.
    pub(crate) fn start(
        data: &Path,
        settings: &Settings,
        call_signal_port: u16,
        seed: [u8; 32],
        now: Now,
    ) -> Self {
        let store = Store::open(data, Options::default()).expect("a data directory of a test can be opened");
        let state = StateMachines::load(settings, Some(call_signal_port), [[7; 32], seed], now, &store);
        let StateMachines { engine, gatekeeper, .. } = state.expect("what the store wrote can be read");
        Self { store, engine, gatekeeper, effects: Effects::default() }
    }

    pub(crate) fn receive(&mut self, now: Now, channel: ChannelId, input: Input<'_>) {
        self.gatekeeper.receive(now, channel, input);
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, now: Now) {
        if self.gatekeeper.deadline().is_some_and(|deadline| deadline <= now.instant) {
            self.gatekeeper.timeout(now);
        }
        if self.engine.deadline().is_some_and(|deadline| deadline <= now.instant) {
            self.engine.timeout(now);
            self.settle(now);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.gatekeeper.deadline().into_iter().chain(self.engine.deadline()).min()
    }

    /// The next thing the gatekeeper wants done that is not for the engine.
    pub(crate) fn poll(&mut self, now: Now) -> Option<Output> {
        loop {
            match self.gatekeeper.poll()? {
                Output::Request(request) => {
                    self.engine.handle(now, request, &mut self.effects);
                    self.settle(now);
                }
                other => return Some(other),
            }
        }
    }

    /// Composes, commits, and speaks.
    fn settle(&mut self, now: Now) {
        self.engine.settle(now, &mut self.effects);
        let Effects { facts, promised, immediate } = std::mem::take(&mut self.effects);
        if !facts.is_empty() {
            let (done, written) = mpsc::channel();
            let submitted =
                self.store.writer().submit(Batch { facts }, move |outcome| drop(done.send(outcome)));
            assert_eq!(submitted, Ok(()), "the store takes the facts of one request");
            assert_eq!(written.recv(), Ok(Ok(())), "the store writes the facts of one request");
        }
        for effect in immediate.into_iter().chain(promised) {
            if effect.agent().is_some() {
                self.gatekeeper.apply(now, effect);
            }
        }
    }

    /// Ends in order: all soft state is written.
    pub(crate) fn stop(mut self, now: Now) {
        let mut records: Vec<SoftRecord> = self.gatekeeper.snapshot(now, usize::MAX);
        records.extend(self.engine.snapshot(usize::MAX));
        self.store.writer().submit_soft(records).expect("the store takes the last state");
        self.store.close().expect("the store writes the last state");
    }
}
