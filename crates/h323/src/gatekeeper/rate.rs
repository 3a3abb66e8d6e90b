//! Rate limits: a token bucket for each source address outside the trusted networks.

use super::settings::Network;
use model::{Instant, Millis};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// The most addresses with a bucket; the oldest is forgotten for a new one.
const ADDRESSES_MAX: usize = 65_536;

/// Who may send how much.
#[derive(Debug)]
pub(super) struct RateLimit {
    trusted: Vec<Network>,
    each_second: u64,
    burst: u64,
    buckets: HashMap<IpAddr, Bucket>,
    order: VecDeque<IpAddr>,
}

/// Tokens in thousandths, and when they were counted last.
#[derive(Debug)]
struct Bucket {
    tokens: u64,
    counted: Instant,
}

impl RateLimit {
    pub fn new(trusted: Vec<Network>, (each_second, burst): (u32, u32)) -> Self {
        let (each_second, burst) = (u64::from(each_second), u64::from(burst.max(1)));
        Self { trusted, each_second, burst, buckets: HashMap::new(), order: VecDeque::new() }
    }

    /// Whether one more datagram from `address` is within its limit; if so, it is counted.
    pub fn admit(&mut self, now: Instant, address: IpAddr) -> bool {
        if self.trusted.iter().any(|network| network.contains(address)) {
            return true;
        }
        let full = self.burst * 1000;
        if !self.buckets.contains_key(&address) {
            if self.order.len() == ADDRESSES_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.buckets.remove(&oldest);
            }
            self.order.push_back(address);
        }
        let bucket = self.buckets.entry(address).or_insert(Bucket { tokens: full, counted: now });
        let Millis(passed) = now.since(bucket.counted);
        bucket.tokens = full.min(bucket.tokens.saturating_add(passed.saturating_mul(self.each_second)));
        bucket.counted = now;
        match bucket.tokens.checked_sub(1000) {
            Some(left) => {
                bucket.tokens = left;
                true
            }
            None => false,
        }
    }

    /// A request of ours goes to `address`: its answer is to cost nothing.
    pub fn expect_answer(&mut self, address: IpAddr) {
        if let Some(bucket) = self.buckets.get_mut(&address) {
            bucket.tokens = bucket.tokens.saturating_add(1000);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_burst_and_then_its_rate() {
        let mut limit = RateLimit::new(vec!["192.0.2.0/24".parse().unwrap()], (10, 5));
        let address = "203.0.113.1".parse().unwrap();
        let admitted =
            |limit: &mut RateLimit, at| (0..20).filter(|_| limit.admit(Instant(at), address)).count();
        assert_eq!(admitted(&mut limit, 0), 5);
        assert_eq!(admitted(&mut limit, 99), 0);
        assert_eq!(admitted(&mut limit, 300), 3);
        assert!((0..1000).all(|_| limit.admit(Instant(300), "192.0.2.7".parse().unwrap())));
    }

    #[test]
    fn an_answer_that_was_asked_for_costs_nothing() {
        let mut limit = RateLimit::new(Vec::new(), (1, 2));
        let address = "203.0.113.1".parse().unwrap();
        for _ in 0..10 {
            limit.expect_answer(address);
            assert!(limit.admit(Instant(0), address));
        }
        assert_eq!((0..10).filter(|_| limit.admit(Instant(0), address)).count(), 1);
    }

    #[test]
    fn a_flood_of_addresses_is_forgotten_in_order_of_age() {
        let mut limit = RateLimit::new(Vec::new(), (1, 1));
        for number in 0..ADDRESSES_MAX as u32 + 10 {
            assert!(limit.admit(Instant(0), IpAddr::from(number.to_be_bytes())));
        }
        assert_eq!(limit.buckets.len(), ADDRESSES_MAX);
    }
}
