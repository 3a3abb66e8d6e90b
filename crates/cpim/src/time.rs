//! Moments as RFC 3339 writes them.

use model::Timestamp;

/// A moment in UTC with `T` and `Z`, to the millisecond; `None` beyond the year 9999.
pub fn rfc3339(moment: Timestamp) -> Option<String> {
    let timestamp = jiff::Timestamp::from_millisecond(moment.0).ok()?;
    let digits = if moment.0 % 1000 == 0 { 0 } else { 3 };
    Some(format!("{timestamp:.digits$}"))
}

/// Reads a moment with its zone; what is finer than a millisecond is dropped.
pub fn moment(text: &str) -> Option<Timestamp> {
    // Other forms of ISO 8601 are none of RFC 3339; the least octets of one are "2026-11-01T00:00:00Z".
    let octets = text.as_bytes();
    let is_form = octets.len() >= 20
        && octets[4] == b'-'
        && octets[10].eq_ignore_ascii_case(&b'T')
        && octets[13] == b':'
        && octets[16] == b':'
        && octets.iter().all(|octet| octet.is_ascii_digit() || b"-+:.TtZz".contains(octet));
    let timestamp: jiff::Timestamp = is_form.then(|| text.parse().ok()).flatten()?;
    Some(Timestamp(timestamp.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: C-23
    #[test]
    fn moments_have_an_upper_case_t_and_z_and_other_zones_are_read() {
        let written = |milliseconds| rfc3339(Timestamp(milliseconds)).unwrap();
        assert_eq!(written(1_795_399_841_000), "2026-11-23T02:10:41Z");
        assert_eq!(written(1_795_399_841_120), "2026-11-23T02:10:41.120Z");
        assert_eq!(moment("2026-11-23T03:10:41+01:00"), Some(Timestamp(1_795_399_841_000)));
        assert_eq!(moment("2026-11-23t02:10:41.1209z"), Some(Timestamp(1_795_399_841_120)));
        for wrong in [
            "",
            "2026-11-23",
            "2026-11-23T02:10:41",
            "2026-13-23T02:10:41Z",
            "20261123T021041Z",
            "2026-11-23T02:10:41Z[UTC]",
        ] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
        assert_eq!(rfc3339(Timestamp(i64::MAX)), None);
    }
}
