//! Requests of ours that wait for an answer: repeated until it comes (H.225.0 clause 7.19).

use super::registration::Peer;
use model::{Instant, Millis};
use std::collections::HashMap;

/// The most requests that wait at a time; the sequence numbers would allow 65,535.
const REQUESTS_MAX: usize = 60_000;

/// Why a request was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// Is a silent endpoint still there (IRQ)?
    Probe,
    /// Is the holder of a name still there, which another endpoint claims (IRQ)?
    Contest,
    /// What has become of a call (IRQ)?
    CallCheck([u8; 16]),
    /// Your registration has ended (URQ).
    Unregister,
    /// End this call (DRQ).
    Disengage([u8; 16]),
    /// This is what your contacts do (SCI).
    Presence,
    /// Here is a message, or a part of one (SCI).
    Delivery,
    /// This became of your message (SCI).
    Receipt,
    /// Somebody writes to you (SCI).
    Typing,
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
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    requests: HashMap<u16, Request>,
    last: u16,
}

impl Outstanding {
    /// A sequence number that no waiting request has; `None` while too many wait.
    pub fn next(&mut self) -> Option<u16> {
        if self.requests.len() >= REQUESTS_MAX {
            return None;
        }
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.requests.contains_key(&self.last) {
                return Some(self.last);
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
