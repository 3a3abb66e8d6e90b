//! Watchers subscribe, presentities approve: what must stand before states can be told.

use crate::endpoints::{Identifiers, Population};
use crate::exchange::{Answer, Dialogue};
use crate::flights::Micros;
use crate::indication::{self, Asked, Indications, Saying, Shape, Told};
use crate::presence::Circle;
use crate::socket::Batch;
use std::collections::VecDeque;

/// The most requests that wait for one presentity; a server need not keep more for it.
const WAITING_MAX: u32 = 100;

/// After so long without news the subscriptions count as far as they will come.
const PATIENCE: Micros = 10_000_000;

/// The subscriptions of all watchers, from the asking to the word that they stand.
#[derive(Debug)]
pub(crate) struct Acquaintance<'a> {
    pub population: &'a Population,
    pub identifiers: &'a Identifiers,
    pub indications: &'a mut Indications,
    pub circle: Circle,
    /// The next watcher of each socket, counted from the first watcher.
    next: Vec<u32>,
    /// Of each presentity, how many requests are asked and not decided.
    waiting: Vec<u32>,
    /// By socket: what is to be approved.
    to_approve: Vec<VecDeque<u32>>,
    approvals: Vec<Asked>,
    stands: Vec<bool>,
    standing: u32,
    heard: Micros,
    now: Micros,
}

impl<'a> Acquaintance<'a> {
    pub fn new(
        population: &'a Population,
        identifiers: &'a Identifiers,
        indications: &'a mut Indications,
        circle: Circle,
        now: Micros,
    ) -> Self {
        let sockets = population.sockets.len();
        let mut this = Self {
            population,
            identifiers,
            indications,
            circle,
            next: vec![0; sockets],
            waiting: vec![0; circle.presentities as usize],
            to_approve: vec![VecDeque::new(); sockets],
            approvals: Vec::new(),
            stands: vec![false; circle.watchers_all() as usize],
            standing: 0,
            heard: now,
            now,
        };
        for socket in 0..sockets as u32 {
            let sockets = sockets as u32;
            this.next[socket as usize] = (socket + sockets - circle.presentities % sockets) % sockets;
        }
        this
    }

    /// How many subscriptions stand.
    pub const fn standing(&self) -> u32 {
        self.standing
    }
}

impl Dialogue for Acquaintance<'_> {
    fn next(&mut self, now: Micros, port: usize) -> Option<u32> {
        self.now = now;
        if let Some(approval) = self.to_approve[port].pop_front() {
            return Some(self.circle.watchers_all() + approval);
        }
        let watcher = self.next[port];
        if watcher >= self.circle.watchers_all() {
            return None;
        }
        let waiting = &mut self.waiting[self.circle.presentity_of(watcher) as usize];
        if *waiting >= WAITING_MAX {
            return None;
        }
        *waiting += 1;
        self.next[port] += self.next.len() as u32;
        Some(watcher)
    }

    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>) {
        let all = self.circle.watchers_all();
        let (shape, own, other, subscription) = match subject.checked_sub(all) {
            None => {
                let own = self.circle.watcher(subject);
                (Shape::Subscribe, own, self.circle.presentity_of(subject), [0; 16])
            }
            Some(approval) => {
                let asked = self.approvals[approval as usize];
                (Shape::Approve, asked.presentity, asked.watcher, asked.identifier)
            }
        };
        let identifier = self.identifiers.of(own);
        let saying = Saying { identifier, own, other, subscription, version: 0 };
        // What can't be written leaves an empty datagram, which counts as lost.
        let _ = self.indications.write(shape, saying, sequence, out);
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        indication::answer(octets)
    }

    fn confirm(&mut self, _now: Micros, _subject: u32, _octets: &[u8]) -> bool {
        true
    }

    fn unasked(&mut self, now: Micros, octets: &[u8], out: &mut Batch) -> bool {
        if self.indications.confirm(octets, out).is_none() {
            return false;
        }
        for told in self.indications.decode(octets).unwrap_or_default() {
            match told {
                Told::Asked(asked) if asked.presentity < self.circle.presentities => {
                    let port = self.population.port_of(asked.presentity);
                    self.to_approve[port].push_back(self.approvals.len() as u32);
                    self.approvals.push(asked);
                    self.heard = now;
                }
                Told::Subscribed { watcher, presentity } => {
                    let Some(number) = self.circle.number(watcher, presentity) else { continue };
                    if !std::mem::replace(&mut self.stands[number as usize], true) {
                        self.standing += 1;
                        self.heard = now;
                        let waiting = &mut self.waiting[presentity as usize];
                        *waiting = waiting.saturating_sub(1);
                    }
                }
                _ => {}
            }
        }
        true
    }

    fn waits(&self) -> bool {
        self.standing < self.circle.watchers_all() && self.now < self.heard + PATIENCE
    }
}
