//! Panics are confined to the step they happen in; too many of them stop the node.

use model::{Instant, Millis};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Panics within [`WINDOW`] that are borne; one more stops the node, because a state machine that fails again and
/// again can't be trusted to tell anybody's presence, and a new process resumes from the last snapshot.
pub const PANICS_MAX: usize = 4;

/// How long a panic is remembered.
pub const WINDOW: Millis = Millis::seconds(60);

/// Runs steps of one state machine and bears a few panics.
#[derive(Debug)]
pub(crate) struct Containment {
    of: &'static str,
    recent: VecDeque<Instant>,
    count: Arc<AtomicU64>,
}

/// What a step that panicked means for the thread that runs it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Panicked {
    /// Go on with the next step.
    GoOn,
    /// Too many; stop.
    Stop,
}

impl Containment {
    /// Confines the panics of the state machine called `of`, and adds them to `count`.
    pub fn new(of: &'static str, count: Arc<AtomicU64>) -> Self {
        Self { of, recent: VecDeque::new(), count }
    }

    /// Runs one step. The state that it worked on stays in use: it may be incomplete, but it is not unsafe.
    pub fn run<T>(&mut self, now: Instant, step: impl FnOnce() -> T) -> Result<T, Panicked> {
        catch_unwind(AssertUnwindSafe(step)).map_err(|_| self.panicked(now))
    }

    fn panicked(&mut self, now: Instant) -> Panicked {
        self.count.fetch_add(1, Ordering::Relaxed);
        while self.recent.front().is_some_and(|at| now.since(*at) > WINDOW) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        if self.recent.len() > PANICS_MAX {
            tracing::error!(
                event = "node.panicked",
                "The {} fails again and again. The node stops.",
                self.of
            );
            return Panicked::Stop;
        }
        tracing::error!(
            event = "step.panicked",
            "One step of the {} failed and was given up; the rest goes on. Please report this.",
            self.of
        );
        Panicked::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_panics_are_borne_and_one_more_stops_the_node() {
        let count = Arc::default();
        let mut containment = Containment::new("test", Arc::clone(&count));
        for _ in 0..PANICS_MAX {
            assert_eq!(containment.run(Instant(0), || panic!("on purpose")), Err::<(), _>(Panicked::GoOn));
        }
        assert_eq!(containment.run(Instant(0), || 7), Ok(7));
        assert_eq!(containment.run(Instant(0), || panic!("on purpose")), Err::<(), _>(Panicked::Stop));
        assert_eq!(count.load(Ordering::Relaxed), PANICS_MAX as u64 + 1);
    }
}
