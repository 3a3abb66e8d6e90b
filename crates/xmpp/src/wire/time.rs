//! Moments (XEP-0082).

use model::Timestamp;

/// A moment as it is written, in UTC.
#[must_use]
pub fn write(moment: Timestamp) -> String {
    let civil = jiff::Timestamp::from_millisecond(moment.0).unwrap_or_default();
    civil.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads a moment.
#[must_use]
pub fn read(text: &str) -> Option<Timestamp> {
    text.trim().parse::<jiff::Timestamp>().ok().map(|moment| Timestamp(moment.as_millisecond()))
}
