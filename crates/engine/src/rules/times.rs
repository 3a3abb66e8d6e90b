//! When a rule holds. Pure; the hours are those of a time zone.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use model::{Hours, Times, Timestamp};

/// Whether a rule of these times holds at `now`.
pub(crate) fn holds(times: &Times, now: Timestamp, zone: &TimeZone) -> bool {
    times.from.is_none_or(|from| from <= now)
        && times.until.is_none_or(|until| now < until)
        && times.hours.is_none_or(|hours| holds_at(hours, now, zone))
}

fn holds_at(hours: Hours, now: Timestamp, zone: &TimeZone) -> bool {
    // A moment that no calendar has is in no hours.
    let Some(local) = civil(now, zone) else { return false };
    let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
    let is_day = |weekday: Weekday| hours.days & (1 << weekday.to_monday_zero_offset()) != 0;
    let (today, yesterday) = (local.weekday(), local.weekday().previous());
    if hours.from < hours.until {
        return is_day(today) && (hours.from..hours.until).contains(&minute);
    }
    (is_day(today) && minute >= hours.from) || (is_day(yesterday) && minute < hours.until)
}

/// The first moment after `now` at which a rule of these times may begin or cease to hold.
pub(crate) fn next_turn(times: &Times, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let ends = [times.from, times.until].into_iter().flatten();
    let clock = times.hours.into_iter().flat_map(|hours| turns(hours, now, zone));
    ends.chain(clock).filter(|at| *at > now).min()
}

/// The beginnings and ends of hours today and tomorrow, whatever the day of the week.
fn turns(hours: Hours, now: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
    let Some(local) = civil(now, zone) else { return Vec::new() };
    let at = |day: i64, minute: u16| {
        let midnight = local.date().checked_add(day.days()).ok()?.to_datetime(jiff::civil::Time::midnight());
        let civil = midnight.checked_add(i64::from(minute).minutes()).ok()?;
        zone.to_zoned(civil).ok().map(|zoned| Timestamp(zoned.timestamp().as_millisecond()))
    };
    let minutes = [hours.from, hours.until];
    [0, 1].into_iter().flat_map(|day| minutes.into_iter().filter_map(move |minute| at(day, minute))).collect()
}

fn civil(now: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    jiff::Timestamp::from_millisecond(now.0).ok().map(|now| now.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 was a Monday.
    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn within(hours: &str) -> Times {
        Times { hours: Some(hours.parse().unwrap()), ..Times::default() }
    }

    // covers: F-06
    #[test]
    fn hours_hold_on_their_days_and_over_midnight() {
        let utc = TimeZone::UTC;
        let office = within("mon-fri 08:00-18:00");
        assert!(holds(&office, at("2026-11-23T08:00:00Z"), &utc));
        assert!(!holds(&office, at("2026-11-23T18:00:00Z"), &utc));
        assert!(!holds(&office, at("2026-11-22T12:00:00Z"), &utc), "a Sunday");
        let night = within("fri 22:00-06:00");
        assert!(holds(&night, at("2026-11-27T23:00:00Z"), &utc));
        assert!(holds(&night, at("2026-11-28T05:59:00Z"), &utc), "the morning after");
        assert!(!holds(&night, at("2026-11-27T05:00:00Z"), &utc), "the morning before");
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        let east = TimeZone::fixed(jiff::tz::offset(9));
        let office = within("mon 08:00-18:00");
        assert!(holds(&office, at("2026-11-22T23:30:00Z"), &east));
        assert_eq!(next_turn(&office, at("2026-11-22T23:30:00Z"), &east), Some(at("2026-11-23T09:00:00Z")));
    }

    #[test]
    fn the_next_turn_is_the_nearest_end_or_beginning() {
        let utc = TimeZone::UTC;
        let times = Times { until: Some(at("2026-11-23T12:00:00Z")), ..within("mon-sun 08:00-18:00") };
        assert_eq!(next_turn(&times, at("2026-11-23T07:00:00Z"), &utc), Some(at("2026-11-23T08:00:00Z")));
        assert_eq!(next_turn(&times, at("2026-11-23T08:00:00Z"), &utc), Some(at("2026-11-23T12:00:00Z")));
        assert_eq!(next_turn(&times, at("2026-11-23T19:00:00Z"), &utc), Some(at("2026-11-24T08:00:00Z")));
        assert_eq!(next_turn(&Times::default(), at("2026-11-23T19:00:00Z"), &utc), None);
        assert!(!holds(&times, at("2026-11-23T12:00:00Z"), &utc));
        assert!(!holds(&within("08:00-09:00"), Timestamp(i64::MAX), &utc), "no calendar has that moment");
    }
}
