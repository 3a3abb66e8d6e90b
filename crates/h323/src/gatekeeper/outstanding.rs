//! Requests of ours that wait for an answer: repeated until it comes (H.225.0 clause 7.19).

use super::registration::Peer;
use model::{Instant, Millis};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

/// The most requests that wait at a time; the sequence numbers would allow 65,535.
const REQUESTS_MAX: usize = 60_000;

/// Why a request was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// Is a silent endpoint still there (IRQ)?
    Probe,
    /// Is the holder of a name still there, which another endpoint claims (IRQ)?
    Contest,
    /// Is an endpoint there that says nothing in a session (IRQ)?
    Session,
    /// What has become of a call (IRQ)?
    CallCheck([u8; 16]),
    /// Your registration has ended (URQ).
    Unregister,
    /// End this call (DRQ).
    Disengage([u8; 16]),
    /// There is a call for you (SCI).
    IncomingCall,
    /// This is what your contacts do (SCI).
    Presence,
    /// Here is a message, or a part of one (SCI).
    Delivery,
    /// This became of your message (SCI).
    Receipt,
    /// Somebody writes to you (SCI).
    Typing,
    /// You wrote this on another device (SCI).
    Carbon,
}

/// A request that waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub purpose: Purpose,
    /// The registration it is about.
    pub number: u64,
    pub peer: Peer,
    pub octets: Vec<u8>,
    pub interval: Millis,
    /// How often it is still repeated.
    pub repeats: u8,
    pub due: Instant,
}

/// The requests that wait, by sequence number.
#[derive(Debug)]
pub(super) struct Outstanding {
    requests: HashMap<u16, Request>,
    last: u16,
    secret: u64,
}

impl Outstanding {
    /// No requests. Their numbers follow from `secret`.
    pub fn new(secret: u64) -> Self {
        Self { requests: HashMap::new(), last: 0, secret }
    }

    /// A sequence number that no waiting request has; `None` while too many wait.
    pub fn next(&mut self) -> Option<u16> {
        if self.requests.len() >= REQUESTS_MAX {
            return None;
        }
        loop {
            self.last = self.last.wrapping_add(1);
            let sequence = shuffled(self.last, self.secret);
            if sequence != 0 && !self.requests.contains_key(&sequence) {
                return Some(sequence);
            }
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    pub fn insert(&mut self, sequence: u16, request: Request) {
        self.requests.insert(sequence, request);
    }

    pub fn get_mut(&mut self, sequence: u16) -> Option<&mut Request> {
        self.requests.get_mut(&sequence)
    }

    /// Takes the request that an answer from `peer` belongs to.
    pub fn answered(&mut self, sequence: u16, peer: &Peer) -> Option<Request> {
        self.requests.get(&sequence).filter(|request| request.peer.address.ip() == peer.address.ip())?;
        self.requests.remove(&sequence)
    }

    pub fn remove(&mut self, sequence: u16) -> Option<Request> {
        self.requests.remove(&sequence)
    }
}

/// The number that stands for another one: each for one only, so that none comes twice in a round, and no outsider knows
/// which comes next. Who answers with the right one has read the request. (A Feistel network of four rounds.)
fn shuffled(number: u16, secret: u64) -> u16 {
    let [mut left, mut right] = number.to_be_bytes();
    for round in 0..4_u8 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(secret);
        hasher.write_u8(round);
        hasher.write_u8(right);
        (left, right) = (right, left ^ hasher.finish() as u8);
    }
    u16::from_be_bytes([left, right])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_comes_twice_in_a_round_and_each_secret_has_an_order_of_its_own() {
        let round = |secret| {
            let mut outstanding = Outstanding::new(secret);
            (0..65_535).map(|_| outstanding.next().unwrap()).collect::<Vec<_>>()
        };
        let (one, other) = (round(1), round(2));
        assert_eq!(one.iter().collect::<std::collections::HashSet<_>>().len(), 65_535);
        assert!(one.iter().zip(&other).filter(|(one, other)| one == other).count() < 100);
        assert!(one.windows(2).filter(|pair| pair[1] == pair[0].wrapping_add(1)).count() < 100);
    }
}
