//! Timers as data: what is due when.
//!
//! A timer that moves is not looked for: when the old one fires, its owner sees that it is not due yet and sets it
//! again. A registration that is refreshed every two minutes so costs one entry, moved every two minutes.

use link::ChannelId;
use model::Instant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is due.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Due {
    /// Registrations from before a restart, to be claimed.
    Claims,
    /// A registration: its time to live, its probes, its grace.
    Registration(u64),
    /// A call: a check, or its timeout.
    Call([u8; 16]),
    /// A request of ours that has no answer yet.
    Request(u16),
    /// What an endpoint is still to be told.
    Outbox(u64),
    /// What is under way in the package with a registration: missing parts, missing receipts.
    Package(u64),
    /// A connection of call signalling: what is awaited on it.
    Connection(ChannelId),
    /// Who is over a limit: whether he still is.
    Offenders,
    /// The packets of a connection: the next of those that wait, or one that is not whole yet.
    Packets(ChannelId),
}

/// The timers, the next one first. A heap takes half the room of a set in order, of which the last entries are added at
/// one end.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, Due)>>);

impl Timers {
    pub fn set(&mut self, at: Instant, due: Due) {
        self.0.push(Reverse((at, due)));
    }

    pub fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next one that is due.
    pub fn take(&mut self, now: Instant) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        let Reverse((at, due)) = self.0.pop()?;
        // One that was set twice for the same time is due once.
        while self.0.peek() == Some(&Reverse((at, due))) {
            self.0.pop();
        }
        Some(due)
    }
}
