//! Answers kept for a while, so that a repeated request is answered again and not processed again
//! (H.225.0 clause 7.19).

use super::security::Signer;
use model::{Instant, Millis};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;

/// How long an answer is kept: longer than any endpoint repeats a request.
const KEPT: Millis = Millis::seconds(60);

/// The most answers kept; the oldest goes for a new one.
const ANSWERS_MAX: usize = 131_072;

/// Names a request by who sent it and every octet of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub(super) struct RequestKey(u64);

/// What is known of a request that came before.
pub(super) enum Seen {
    /// It is still being worked on.
    InProgress,
    /// It was answered with these octets.
    Answered(Vec<u8>),
}

/// The requests of the last minute and their answers.
#[derive(Debug, Default)]
pub(super) struct ReplyCache {
    hasher: RandomState,
    answers: HashMap<RequestKey, Option<Vec<u8>>>,
    order: VecDeque<(Instant, RequestKey)>,
    /// Of requests that were signed, by whom.
    signers: HashMap<RequestKey, Signer>,
}

impl ReplyCache {
    pub fn key(&self, peer: SocketAddr, octets: &[u8]) -> RequestKey {
        RequestKey(self.hasher.hash_one((peer, octets)))
    }

    /// What became of this request if it came before; notes it as in progress if not.
    pub fn begin(&mut self, now: Instant, key: RequestKey) -> Option<Seen> {
        while let Some((since, oldest)) = self.order.front()
            && (now.since(*since) > KEPT || self.order.len() > ANSWERS_MAX)
        {
            self.answers.remove(oldest);
            self.signers.remove(oldest);
            self.order.pop_front();
        }
        match self.answers.get(&key) {
            Some(Some(answer)) => return Some(Seen::Answered(answer.clone())),
            Some(None) => return Some(Seen::InProgress),
            None => {}
        }
        self.answers.insert(key, None);
        self.order.push_back((now, key));
        None
    }

    /// Notes who has signed a request that was begun.
    pub fn sign(&mut self, key: RequestKey, signer: Signer) {
        self.signers.insert(key, signer);
    }

    /// Who has signed a request.
    pub fn signer(&self, key: RequestKey) -> Option<&Signer> {
        self.signers.get(&key)
    }

    /// Keeps the answer of a request that was begun.
    pub fn answer(&mut self, key: RequestKey, octets: &[u8]) {
        if let Some(answer) = self.answers.get_mut(&key) {
            *answer = Some(octets.to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_request_meets_its_answer_until_that_is_forgotten() {
        let mut cache = ReplyCache::default();
        let key = cache.key("127.0.0.1:1719".parse().unwrap(), b"request");
        assert!(cache.begin(Instant(0), key).is_none());
        assert!(matches!(cache.begin(Instant(1), key), Some(Seen::InProgress)));
        cache.answer(key, b"answer");
        assert!(matches!(cache.begin(Instant(2), key), Some(Seen::Answered(answer)) if answer == b"answer"));
        assert!(cache.begin(Instant(61_000), key).is_none());
    }

    #[test]
    fn the_same_octets_from_another_address_are_another_request() {
        let cache = ReplyCache::default();
        let key = |peer: &str| cache.key(peer.parse().unwrap(), b"request");
        assert_ne!(key("127.0.0.1:1719"), key("127.0.0.1:1720"));
    }
}
