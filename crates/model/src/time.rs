//! Time as the state machines see it: handed in, never read.

use serde::{Deserialize, Serialize};

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
pub struct Millis(pub u64);

impl Millis {
    /// A length of whole seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }
}

/// A point on the monotonic clock of this process, in milliseconds since its start; it never goes back and
/// means nothing to another process.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct Instant(pub u64);

impl Instant {
    /// The instant `length` later; saturates at the end of time.
    pub const fn after(self, length: Millis) -> Self {
        Self(self.0.saturating_add(length.0))
    }

    /// How long ago `earlier` was; zero where it lies ahead.
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

/// A moment of civil time: milliseconds since 1970-01-01T00:00:00Z. For showing and storing, never for measuring.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment `length` later.
    pub const fn after(self, length: Millis) -> Self {
        Self(self.0.saturating_add(length.0 as i64))
    }

    /// The moment itself where it lies between `first` and `last`, else the nearer of the two; `first` where the clock
    /// went back in between.
    pub const fn within(self, first: Self, last: Self) -> Self {
        if self.0 < first.0 || last.0 < first.0 {
            first
        } else if self.0 > last.0 {
            last
        } else {
            self
        }
    }

    /// The time from `earlier` to this moment; zero where the clock went back in between.
    pub const fn since(self, earlier: Self) -> Millis {
        let length = self.0.saturating_sub(earlier.0);
        Millis(if length < 0 { 0 } else { length as u64 })
    }
}

/// The two clocks read together, once for each input.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Now {
    /// The monotonic clock; every deadline is measured on it.
    pub instant: Instant,
    /// Civil time; what people are shown.
    pub wall: Timestamp,
}

impl Now {
    /// Both clocks moved on by `length`.
    pub const fn after(self, length: Millis) -> Self {
        Self { instant: self.instant.after(length), wall: self.wall.after(length) }
    }

    /// The instant of this process at which the civil clock showed (or will show) `moment`; clamped to the
    /// start of the process for moments before it.
    pub const fn instant_of(self, moment: Timestamp) -> Instant {
        let ahead = moment.0.saturating_sub(self.wall.0);
        let instant = (self.instant.0 as i64).saturating_add(ahead);
        Instant(if instant < 0 { 0 } else { instant as u64 })
    }

    /// The civil time of `instant` by the present relation of the two clocks.
    pub const fn wall_of(self, instant: Instant) -> Timestamp {
        Timestamp(self.wall.0.saturating_add(instant.0 as i64 - self.instant.0 as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_kept_within_a_span_even_where_the_clock_went_back_in_it() {
        let within = |moment, first, last| Timestamp(moment).within(Timestamp(first), Timestamp(last)).0;
        assert_eq!([within(5, 1, 9), within(0, 1, 9), within(10, 1, 9)], [5, 1, 9]);
        assert_eq!([within(5, 9, 1), within(0, 9, 1), within(10, 9, 1)], [9, 9, 9]);
    }
}
