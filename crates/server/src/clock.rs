//! The two clocks, read together.

use model::{Instant, Now, Timestamp};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the state machines' time comes from; clones show the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: std::time::Instant,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { started: std::time::Instant::now() }
    }

    /// The time on both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        let since_start = milliseconds(self.started.elapsed());
        Now { instant: Instant(since_start), wall: wall() }
    }

    /// How long it is until `deadline`; zero where it has passed.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Duration {
        (self.started + Duration::from_millis(deadline.0))
            .saturating_duration_since(std::time::Instant::now())
    }
}

/// The civil time; before 1970 it stands still.
pub(crate) fn wall() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
