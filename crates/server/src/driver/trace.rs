//! The way of what an operator follows from the link to the operator.

use super::{Driver, DriverCounters, DriverHandle, DriverInput, Failed};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use link::{Command, CommandError, Traced};
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// Who follows what. The link limits how many there are.
#[derive(Debug, Default)]
pub(super) struct Traces {
    last: u64,
    followers: HashMap<u64, Sender<Traced>>,
    /// Those that the link has not been told the end of.
    ended: Vec<u64>,
}

impl Traces {
    /// Hands a message to who follows; who does not keep up is cut off.
    pub fn tell(&mut self, traced: Traced, counters: &DriverCounters) {
        let trace = traced.trace;
        let Some(follower) = self.followers.get(&trace) else { return };
        let Err(error) = follower.try_send(traced) else { return };
        if matches!(error, TrySendError::Full(_)) {
            counters.traces_cut.fetch_add(1, Ordering::Relaxed);
        }
        self.end(trace);
    }

    /// Somebody follows no more.
    pub fn end(&mut self, trace: u64) {
        if self.followers.remove(&trace).is_some() {
            self.ended.push(trace);
        }
    }
}

impl Driver {
    pub(super) fn begin_trace(
        &mut self,
        endpoint: String,
        answer: &Sender<Result<u64, CommandError>>,
        messages: Sender<Traced>,
    ) -> Result<(), Failed> {
        self.traces.last += 1;
        let trace = self.traces.last;
        // Before the link knows of it, because its first message may come in the same step.
        self.traces.followers.insert(trace, messages);
        let mut begun = Err(CommandError::Unsupported);
        let command = Command::Trace { trace, endpoint };
        self.step(|link, now| begun = link.command(now, command).map(|_| trace))?;
        if begun.is_err() {
            self.traces.followers.remove(&trace);
        }
        // Whoever asked may have gone.
        if answer.send(begun).is_err() {
            self.traces.end(trace);
        }
        Ok(())
    }

    /// Tells the link which traces have ended.
    pub(super) fn end_traces(&mut self) -> Result<(), Failed> {
        for trace in std::mem::take(&mut self.traces.ended) {
            self.step(|link, now| drop(link.command(now, Command::Untrace { trace })))?;
        }
        Ok(())
    }
}

impl DriverHandle {
    /// Follows an endpoint; at most `queue_max` messages may wait to be taken. `None` where the driver has ended.
    pub fn trace(&self, endpoint: String, queue_max: usize) -> Option<Result<Trace, CommandError>> {
        let (messages, receiver) = bounded(queue_max);
        let (answer, answered) = bounded(1);
        self.give(DriverInput::Trace { endpoint, answer, messages });
        let begun = answered.recv().ok()?;
        Some(begun.map(|number| Trace { messages: receiver, number, driver: self.clone() }))
    }
}

/// An endpoint that is followed, until this is dropped.
pub(crate) struct Trace {
    /// Ends when the follower was too slow, or the server stops.
    pub messages: Receiver<Traced>,
    number: u64,
    driver: DriverHandle,
}

impl Drop for Trace {
    fn drop(&mut self) {
        self.driver.give(DriverInput::Untrace(self.number));
    }
}
