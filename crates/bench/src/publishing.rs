//! Publications, and the notifications that follow from them.

use crate::endpoints::{Identifiers, Population};
use crate::exchange::{Answer, Dialogue};
use crate::flights::Micros;
use crate::indication::{self, Indications, Saying, Shape, Told};
use crate::presence::Circle;
use crate::socket::Batch;
use crate::tally::Latency;
use std::collections::VecDeque;

/// Each so many notifications are decoded whole and compared with the quick reading.
const CHECK_EACH: u64 = 256;

/// One publication.
#[derive(Clone, Copy, Debug)]
struct Publication {
    presentity: u32,
    version: u32,
    sent_at: Micros,
    /// How many watchers have not been told it, or something newer.
    left: u32,
}

/// What was counted of notifications.
#[derive(Debug, Default)]
pub(crate) struct Notified {
    /// Datagrams of the server that were confirmed, and their octets and those of the confirms.
    pub indications: u64,
    pub octets: u64,
    pub confirm_octets: u64,
    /// Newer states that watchers were told.
    pub states: u64,
    /// States that a newer one took the place of, before the watcher was told.
    pub superseded: u64,
    /// States that the watcher knew, or older ones.
    pub repeated: u64,
    /// Older ones among them, that came after newer ones.
    pub wrong: u64,
    /// From the publication to the watcher.
    pub each: Latency,
    /// From the publication to its last watcher.
    pub last: Latency,
    /// Publications of which all watchers know.
    pub complete: u64,
    /// When the last state came.
    pub last_at: Micros,
}

/// Presentities that publish; watchers that are told.
#[derive(Debug)]
pub(crate) struct Publishing<'a> {
    pub population: &'a Population,
    pub identifiers: &'a Identifiers,
    pub indications: &'a mut Indications,
    circle: Circle,
    /// By socket, the presentities whose turn it is.
    ready: Vec<VecDeque<u32>>,
    /// Whether a presentity publishes again only when all know.
    one_by_one: bool,
    publications: Vec<Publication>,
    /// Of each presentity the publications, in order.
    of: Vec<Vec<u32>>,
    /// What each watcher was told last.
    told: Vec<u32>,
    incomplete: u64,
    /// Whether there are no new ones, and what is on the way is waited for.
    pub is_closing: bool,
    pub notified: Notified,
}

impl<'a> Publishing<'a> {
    pub fn new(
        population: &'a Population,
        identifiers: &'a Identifiers,
        indications: &'a mut Indications,
        circle: Circle,
        one_by_one: bool,
    ) -> Self {
        let mut ready = vec![VecDeque::new(); population.sockets.len()];
        for presentity in 0..circle.presentities {
            ready[population.port_of(presentity)].push_back(presentity);
        }
        Self {
            population,
            identifiers,
            indications,
            circle,
            ready,
            one_by_one,
            publications: Vec::new(),
            of: vec![Vec::new(); circle.presentities as usize],
            told: vec![0; circle.watchers_all() as usize],
            incomplete: 0,
            is_closing: false,
            notified: Notified::default(),
        }
    }

    /// How many watchers do not know the last state of whom they watch.
    pub fn behind(&self) -> u64 {
        let last = |presentity: u32| self.of[presentity as usize].len() as u32;
        let numbers = 0..self.circle.watchers_all();
        numbers
            .filter(|number| self.told[*number as usize] < last(self.circle.presentity_of(*number)))
            .count() as u64
    }

    /// A watcher is told a state.
    fn state(&mut self, now: Micros, watcher: u32, presentity: u32, version: u32) {
        let Some(number) = self.circle.number(watcher, presentity) else { return };
        let published = &self.of[presentity as usize];
        let before = self.told[number as usize];
        if version > published.len() as u32 {
            // Of an earlier run on the same names.
            return;
        }
        if version <= before {
            self.notified.repeated += 1;
            self.notified.wrong += u64::from(version < before);
            return;
        }
        self.told[number as usize] = version;
        self.notified.states += 1;
        self.notified.superseded += u64::from(version - before - 1);
        self.notified.last_at = now;
        for index in &published[before as usize..version as usize] {
            let publication = &mut self.publications[*index as usize];
            publication.left -= 1;
            let waited = now.saturating_sub(publication.sent_at);
            if publication.version == version {
                self.notified.each.record(waited);
            }
            if publication.left == 0 {
                self.incomplete -= 1;
                self.notified.complete += 1;
                self.notified.last.record(waited);
                if self.one_by_one && publication.version == published.len() as u32 {
                    self.ready[self.population.port_of(presentity)].push_back(presentity);
                }
            }
        }
    }
}

impl Dialogue for Publishing<'_> {
    fn next(&mut self, now: Micros, port: usize) -> Option<u32> {
        if self.is_closing {
            return None;
        }
        let presentity = self.ready[port].pop_front()?;
        if !self.one_by_one {
            self.ready[port].push_back(presentity);
        }
        let index = self.publications.len() as u32;
        let published = &mut self.of[presentity as usize];
        published.push(index);
        let version = published.len() as u32;
        let left = self.circle.watchers;
        self.publications.push(Publication { presentity, version, sent_at: now, left });
        self.incomplete += 1;
        Some(index)
    }

    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>) {
        let Publication { presentity: own, version, .. } = self.publications[subject as usize];
        let identifier = self.identifiers.of(own);
        let saying = Saying { identifier, own, other: own, version, ..Saying::default() };
        // What can't be written leaves an empty datagram, which counts as lost.
        let _ = self.indications.write(Shape::Publish, saying, sequence, out);
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        indication::answer(octets)
    }

    fn confirm(&mut self, _now: Micros, _subject: u32, _octets: &[u8]) -> bool {
        true
    }

    fn fail(&mut self, _now: Micros, subject: u32, _reject: Option<&str>) {
        // Nobody is told what was not taken: those who watch are behind until the next, which comes at once.
        let presentity = self.publications[subject as usize].presentity;
        if self.one_by_one {
            self.ready[self.population.port_of(presentity)].push_back(presentity);
        }
    }

    fn unasked(&mut self, now: Micros, octets: &[u8], out: &mut Batch) -> bool {
        let Some(confirm) = self.indications.confirm(octets, out) else { return false };
        self.notified.indications += 1;
        self.notified.octets += octets.len() as u64;
        self.notified.confirm_octets += confirm as u64;
        let mut states = [(0, 0, 0); 16];
        let mut count = 0;
        self.indications.scan(octets, |watcher, presentity, version| {
            if let Some(place) = states.get_mut(count) {
                *place = (watcher, presentity, version);
                count += 1;
            }
        });
        if self.notified.indications.is_multiple_of(CHECK_EACH) {
            let decoded = self.indications.decode(octets).unwrap_or_default();
            let same = decoded.iter().zip(&states[..count]).all(|(told, (watcher, presentity, version))| {
                *told == Told::State { watcher: *watcher, presentity: *presentity, version: *version }
            });
            self.notified.wrong += u64::from(!same || decoded.len() != count);
        }
        for (watcher, presentity, version) in &states[..count] {
            self.state(now, *watcher, *presentity, *version);
        }
        true
    }

    fn waits(&self) -> bool {
        self.incomplete > 0 || !self.is_closing && self.one_by_one
    }
}
