//! The civil clock, for the moments the store itself has to stamp.

use model::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The present moment; the start of 1970 where the clock stands before it.
pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
