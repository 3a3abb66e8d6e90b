//! Whether a token is fresh: made not long ago, and not seen before.

use model::Millis;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// The tokens remembered of one user. Where one more comes, the oldest is forgotten, and no token that is as old counts as
/// fresh any more.
const TOKENS_MAX: usize = 512;

/// Why a token is not fresh.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stale {
    /// Its time is too far from ours.
    Skew,
    /// It was seen before, or may have been.
    Replay,
}

/// The tokens of the last time.
#[derive(Debug)]
pub struct Window {
    /// How far a time may be from ours, either way.
    width: Millis,
    users: HashMap<Arc<str>, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Nothing as old as that is fresh.
    floor: u32,
    tokens: BTreeMap<(u32, Option<i64>), IpAddr>,
}

impl Window {
    /// A window in which a token is fresh for so long.
    pub fn new(width: Millis) -> Self {
        Self { width, users: HashMap::new() }
    }

    /// Whether a time, in seconds since 1970, is near enough to ours.
    ///
    /// # Errors
    /// It is not.
    pub const fn check(&self, now: u64, time_stamp: u32) -> Result<(), Stale> {
        let distance = now.abs_diff(time_stamp as u64);
        if distance <= self.width.0 / 1000 { Ok(()) } else { Err(Stale::Skew) }
    }

    /// Notes a token whose sender is known to have made it. One without a number can't be told from another of the same
    /// second; it is good for the address that it came from first.
    ///
    /// # Errors
    /// It was seen before.
    pub fn take(
        &mut self,
        now: u64,
        user: &Arc<str>,
        (time_stamp, number): (u32, Option<i64>),
        from: IpAddr,
    ) -> Result<(), Stale> {
        let seen = self.users.entry(user.clone()).or_default();
        let oldest = u32::try_from(now.saturating_sub(self.width.0 / 1000)).unwrap_or(u32::MAX);
        seen.tokens = seen.tokens.split_off(&(oldest, None));
        if time_stamp <= seen.floor {
            return Err(Stale::Replay);
        }
        match seen.tokens.get(&(time_stamp, number)) {
            Some(first) if number.is_some() || *first != from => return Err(Stale::Replay),
            Some(_) => return Ok(()),
            None => seen.tokens.insert((time_stamp, number), from),
        };
        if seen.tokens.len() > TOKENS_MAX
            && let Some(((forgotten, _), _)) = seen.tokens.pop_first()
        {
            seen.floor = forgotten;
        }
        Ok(())
    }

    /// Forgets who is no user any more.
    pub fn retain(&mut self, is_user: impl Fn(&str) -> bool) {
        self.users.retain(|name, _| is_user(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    //
    #[test]
    fn a_token_is_fresh_once_and_within_its_time() {
        let mut window = Window::new(Millis::seconds(600));
        let user: Arc<str> = "alice".into();
        assert_eq!(window.check(10_000, 10_601), Err(Stale::Skew));
        assert_eq!(window.check(10_000, 9_399), Err(Stale::Skew));
        assert_eq!(window.check(10_000, 10_600), Ok(()));
        assert_eq!(window.take(10_000, &user, (10_000, Some(7)), FROM), Ok(()));
        assert_eq!(window.take(10_599, &user, (10_000, Some(7)), FROM), Err(Stale::Replay));
        assert_eq!(window.take(10_000, &user, (10_000, Some(8)), FROM), Ok(()));
        assert_eq!(window.take(10_000, &"bob".into(), (10_000, Some(7)), FROM), Ok(()));
    }

    #[test]
    fn a_token_without_a_number_is_good_for_one_address() {
        let mut window = Window::new(Millis::seconds(600));
        let user: Arc<str> = "alice".into();
        let other: IpAddr = "127.0.0.2".parse().unwrap();
        assert_eq!(window.take(10_000, &user, (10_000, None), FROM), Ok(()));
        assert_eq!(window.take(10_000, &user, (10_000, None), FROM), Ok(()));
        assert_eq!(window.take(10_000, &user, (10_000, None), other), Err(Stale::Replay));
    }

    #[test]
    fn what_is_forgotten_is_never_fresh_again() {
        let mut window = Window::new(Millis::seconds(6000));
        let user: Arc<str> = "alice".into();
        for time in 1..=1000 {
            assert_eq!(window.take(3000, &user, (2000 + time, Some(1)), FROM), Ok(()));
        }
        assert_eq!(window.users[&user].tokens.len(), TOKENS_MAX);
        for time in 1..=1000 {
            assert_eq!(window.take(3000, &user, (2000 + time, Some(1)), FROM), Err(Stale::Replay));
        }
    }
}
