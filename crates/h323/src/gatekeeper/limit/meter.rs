//! How much came from where, in memory that does not grow.
//!
//! A table with an entry for each source is what floods are made for: whoever writes random addresses on his datagrams
//! fills it, and then either the newest are refused or the oldest forgotten. Here each source has a place in two rows of
//! meters instead, which it shares with others by chance; the lower of its two counts. Nobody's meter can be pushed
//! out, and a flood from random addresses raises all meters by so little each that they run down faster than it fills
//! them: with 65,536 places and 50 datagrams a second for each, three million a second would be needed. Who must suffer
//! for another has to share both places with others who are over their limit; where a thousand are, that happens to one
//! source in five thousand.

use super::Rate;
use model::{Instant, Millis};

/// The unit of a meter: what a rate of one a minute lets pass in a millisecond.
const UNITS: u64 = 60_000;

/// The meters of one kind, a power of two of them in each of two rows.
#[derive(Debug)]
pub(super) struct Meters {
    rate: Rate,
    places: usize,
    /// Units that have come and not run out yet, and when that was.
    meters: Vec<(u64, u64)>,
}

impl Meters {
    /// Meters that are all at zero; `places` is a power of two.
    pub fn new(rate: Rate, places: usize) -> Self {
        Self { rate, places, meters: vec![(0, 0); 2 * places] }
    }

    /// Whether `cost` more from the source with this hash is within its limit; if so, it is counted.
    pub fn admit(&mut self, now: Instant, hash: u64, cost: u64) -> bool {
        let places = self.places_of(hash);
        let [one, other] = places.map(|place| self.level(now, place));
        let level = one.min(other).saturating_add(cost.saturating_mul(UNITS));
        if level > self.rate.burst.saturating_mul(UNITS) {
            return false;
        }
        for (place, before) in places.into_iter().zip([one, other]) {
            // Who shares the place and used it more is not charged.
            self.meters[place] = (before.max(level), now.0);
        }
        true
    }

    /// Takes back what was counted, or what will be.
    pub fn refund(&mut self, hash: u64, cost: u64) {
        for place in self.places_of(hash) {
            let meter = &mut self.meters[place].0;
            *meter = meter.saturating_sub(cost.saturating_mul(UNITS));
        }
    }

    fn level(&self, now: Instant, place: usize) -> u64 {
        let (units, at) = self.meters[place];
        let Millis(passed) = now.since(Instant(at));
        units.saturating_sub(passed.saturating_mul(self.rate.each_minute))
    }

    fn places_of(&self, hash: u64) -> [usize; 2] {
        let mask = self.places - 1;
        [hash as usize & mask, self.places + ((hash >> 32) as usize & mask)]
    }
}
