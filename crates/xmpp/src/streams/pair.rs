//! What is between a domain of ours and another: the way there, and what waits for it.

use super::Outgoing;
use crate::wire::Condition;
use link::{ChannelId, Target};
use model::{Instant, Millis};
use std::collections::VecDeque;

/// The way from a domain of ours to another.
#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) way: Way,
    /// What waits until there is a stream, the oldest first.
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) octets: usize,
    /// How often in a row no stream could be had.
    pub(super) failures: u32,
    /// Why the domain can't be reached, once whoever asks was told so.
    pub(super) unreachable: Option<Condition>,
    /// Whether something may be lost that nobody was told of, so that the domain is to be told anew how all are.
    pub(super) has_lost: bool,
}

/// How far the way is open.
#[derive(Debug, Default)]
pub(super) enum Way {
    /// Nobody needs it.
    #[default]
    None,
    /// It is looked up where the servers are.
    Resolving,
    /// A stream is being opened; these are to be tried after it.
    Opening { channel: ChannelId, left: VecDeque<Target> },
    /// There is a stream.
    Open { channel: ChannelId },
    /// It is tried again then.
    Later { at: Instant },
}

/// Something that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) out: Outgoing,
    pub(super) expires: Instant,
}

impl Pair {
    /// Adds something; gives it back where there is no room.
    pub(super) fn push(
        &mut self,
        out: Outgoing,
        expires: Instant,
        octets_max: usize,
    ) -> Result<(), Outgoing> {
        if self.octets + out.octets.len() > octets_max {
            return Err(out);
        }
        self.octets += out.octets.len();
        self.waiting.push_back(Waiting { out, expires });
        Ok(())
    }

    pub(super) fn take_all(&mut self) -> VecDeque<Waiting> {
        self.octets = 0;
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn take_expired(&mut self, now: Instant) -> Option<Waiting> {
        let expired = self.waiting.front().is_some_and(|waiting| waiting.expires <= now);
        let waiting = expired.then(|| self.waiting.pop_front()).flatten()?;
        self.octets -= waiting.out.octets.len();
        Some(waiting)
    }

    /// How long to wait before the next attempt.
    pub(super) fn pause(&self) -> Millis {
        let step = self.failures.saturating_sub(1).min(6);
        Millis::seconds(PAUSE_SECONDS << step)
    }
}

/// The first pause after a failure; it doubles with each.
const PAUSE_SECONDS: u64 = 5;
