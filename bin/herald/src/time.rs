//! Moments and lengths of time for people, in their own time zone.

use jiff::{Span, Zoned};
use model::{Millis, Timestamp};

/// The present moment.
pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// A moment: the time where it is today, else day and time.
pub fn moment(moment: Timestamp) -> String {
    show(moment, &Zoned::now())
}

/// How long ago a moment was.
pub fn ago(moment: Timestamp) -> String {
    length(now().since(moment))
}

/// A length of time in its two largest units.
pub fn length(Millis(milliseconds): Millis) -> String {
    let seconds = milliseconds / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

/// Reads a moment in RFC 3339, or a length of time ago.
pub fn moment_or_ago(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(moment.as_millisecond()));
    }
    let ago = text.parse::<Span>().ok().and_then(|span| Zoned::now().checked_sub(span).ok());
    ago.map(|moment| Timestamp(moment.timestamp().as_millisecond())).ok_or_else(|| {
        "write a moment like 2026-11-01T00:00:00Z, or a time ago like 90m, 2h or 7d".to_owned()
    })
}

fn show(moment: Timestamp, now: &Zoned) -> String {
    let Ok(shown) = jiff::Timestamp::from_millisecond(moment.0) else { return moment.0.to_string() };
    let shown = shown.to_zoned(now.time_zone().clone());
    let format = if shown.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    shown.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_its_two_largest_units() {
        let lengths = [0, 59_999, 60_000, 3_599_000, 3_600_000, 7_380_000, 90_000_000];
        let shown = lengths.map(|milliseconds| length(Millis(milliseconds)));
        assert_eq!(shown, ["0 s", "59 s", "1 min", "59 min", "1 h 0 min", "2 h 3 min", "1 d 1 h"]);
    }

    #[test]
    fn a_moment_of_another_day_has_its_day() {
        let now: Zoned = "2026-11-22T13:02:11+01:00[Europe/Berlin]".parse().unwrap();
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        assert_eq!(show(at("2026-11-22T12:00:00Z"), &now), "13:00:00");
        assert_eq!(show(at("2026-11-21T12:00:00Z"), &now), "2026-11-21 13:00:00");
    }

    #[test]
    fn a_time_ago_is_read_in_short_words() {
        let ago = now().since(moment_or_ago("2h").unwrap());
        assert!((7_199_000..7_202_000).contains(&ago.0), "{ago:?}");
        assert_eq!(moment_or_ago("1970-01-01T00:00:01Z"), Ok(Timestamp(1000)));
        assert!(moment_or_ago("recently").is_err());
    }
}
