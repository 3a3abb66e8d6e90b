//! The requests that wait for an answer of the gatekeeper.

use super::connection::ConnectionId;
use super::settings::{REQUEST_RETRIES, REQUEST_TIMEOUT};
use crate::wire::h225::RequestSeqNum;
use model::{Instant, Millis};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The most requests that wait; more are sent once and not waited for.
const REQUESTS_MAX: usize = 64;

/// How often a gatekeeper may ask for patience with one request.
const IN_PROGRESS_MAX: u8 = 20;

/// What a request is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// GRQ.
    Discovery,
    /// RRQ in full.
    Registration,
    /// RRQ to keep the registration alive.
    Refresh,
    /// URQ.
    Unregistration,
    /// ARQ, for the call on this connection.
    Admission(ConnectionId),
    /// DRQ.
    Disengagement,
    /// IRR that wants an answer.
    Report,
    /// SCI.
    Indication,
}

/// What is to be done about a request whose time has come.
#[derive(Debug)]
pub(super) enum Due {
    /// Send it again.
    Again(Vec<SocketAddr>, Vec<u8>),
    /// Nobody answered.
    Unanswered(Purpose),
}

/// The requests that wait for an answer, by their sequence number.
#[derive(Debug)]
pub(super) struct Requests {
    waiting: BTreeMap<u16, Request>,
    last: u16,
}

#[derive(Debug)]
struct Request {
    purpose: Purpose,
    to: Vec<SocketAddr>,
    octets: Vec<u8>,
    retries_left: u8,
    patience_left: u8,
    due: Instant,
}

impl Requests {
    /// None yet; sequence numbers go on from `last`.
    pub const fn new(last: u16) -> Self {
        Self { waiting: BTreeMap::new(), last }
    }

    /// The next free sequence number, 1 to 65535.
    pub fn number(&mut self) -> u16 {
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.waiting.contains_key(&self.last) {
                return self.last;
            }
        }
    }

    /// Notes that a request was sent.
    pub fn add(&mut self, now: Instant, number: u16, purpose: Purpose, to: Vec<SocketAddr>, octets: Vec<u8>) {
        if self.waiting.len() < REQUESTS_MAX {
            let (retries_left, patience_left) = (REQUEST_RETRIES, IN_PROGRESS_MAX);
            let due = now.after(REQUEST_TIMEOUT);
            self.waiting.insert(number, Request { purpose, to, octets, retries_left, patience_left, due });
        }
    }

    /// Takes the request that this answer belongs to: of the same number, from where it was sent, and `fitting` the
    /// kind of answer.
    pub fn take(
        &mut self,
        number: RequestSeqNum,
        from: SocketAddr,
        fitting: impl Fn(Purpose) -> bool,
    ) -> Option<Purpose> {
        let number = number.get() as u16;
        let request = self.waiting.get(&number)?;
        let purpose = request.purpose;
        if !request.was_sent_to(from) || !fitting(purpose) {
            return None;
        }
        self.waiting.remove(&number);
        Some(purpose)
    }

    /// Whether such an answer would be taken.
    pub fn expects(&self, number: RequestSeqNum, from: SocketAddr, purpose: Purpose) -> bool {
        let request = self.waiting.get(&(number.get() as u16));
        request.is_some_and(|request| request.purpose == purpose && request.was_sent_to(from))
    }

    /// Waits longer, as the gatekeeper asks; whether there was such a request.
    pub fn wait_longer(
        &mut self,
        now: Instant,
        number: RequestSeqNum,
        from: SocketAddr,
        delay: Millis,
    ) -> bool {
        match self.waiting.get_mut(&(number.get() as u16)) {
            Some(request) if request.was_sent_to(from) && request.patience_left > 0 => {
                request.patience_left -= 1;
                request.due = now.after(delay);
                true
            }
            _ => false,
        }
    }

    /// Forgets requests, of which an answer is no longer wanted.
    pub fn forget(&mut self, unwanted: impl Fn(Purpose) -> bool) {
        self.waiting.retain(|_, request| !unwanted(request.purpose));
    }

    /// The next request whose time has come.
    pub fn due(&mut self, now: Instant) -> Option<Due> {
        let number = *self.waiting.iter().find(|(_, request)| request.due <= now)?.0;
        let request = self.waiting.get_mut(&number)?;
        if request.retries_left > 0 {
            request.retries_left -= 1;
            request.due = now.after(REQUEST_TIMEOUT);
            return Some(Due::Again(request.to.clone(), request.octets.clone()));
        }
        self.waiting.remove(&number).map(|request| Due::Unanswered(request.purpose))
    }

    /// When [`Self::due`] has something next.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.values().map(|request| request.due).min()
    }

    /// Whether nothing is waited for.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Request {
    /// Whether it went to this address; what went to many may be answered by anyone.
    fn was_sent_to(&self, address: SocketAddr) -> bool {
        let is_for_many =
            |to: &SocketAddr| to.ip().is_multicast() || to.ip() == IpAddr::V4(Ipv4Addr::BROADCAST);
        self.to.contains(&address) || self.to.iter().any(is_for_many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_skip_zero_and_those_in_use() {
        let mut requests = Requests::new(65_534);
        let to: SocketAddr = "192.0.2.1:1719".parse().unwrap();
        assert_eq!(requests.number(), 65_535);
        requests.add(Instant(0), 1, Purpose::Report, vec![to], Vec::new());
        assert_eq!(requests.number(), 2);
    }

    #[test]
    fn requests_beyond_the_limit_are_not_waited_for() {
        let mut requests = Requests::new(0);
        let to: SocketAddr = "192.0.2.1:1719".parse().unwrap();
        for _ in 0..1000 {
            let number = requests.number();
            requests.add(Instant(0), number, Purpose::Report, vec![to], Vec::new());
        }
        assert_eq!(requests.waiting.len(), REQUESTS_MAX);
    }
}
