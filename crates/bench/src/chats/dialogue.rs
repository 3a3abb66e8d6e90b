//! What is asked by RAS: admission of each call, and its end.

use super::{Call, Chats, Manner, Offer};
use crate::admission;
use crate::error::BenchError;
use crate::exchange::{Answer, Dialogue};
use crate::flights::Micros;
use crate::socket::Batch;
use crate::tally::Tally;
use std::os::fd::BorrowedFd;

/// After so long without news no more sessions are expected to open.
const PATIENCE: Micros = 10_000_000;

impl Dialogue for Chats<'_> {
    fn next(&mut self, _now: Micros, port: usize) -> Option<u32> {
        self.requests[port].pop_front()
    }

    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>) {
        let Call { leg, pair, .. } = self.calls[subject as usize / 2];
        let message = match subject % 2 {
            0 => {
                let way = (pair, self.pairs + pair);
                admission::request(self.population, self.identifiers, &leg, way, sequence)
            }
            _ => admission::disengagement(self.identifiers, &leg, pair, sequence),
        };
        match message {
            Ok(octets) => out.extend_from_slice(&octets),
            Err(error) => self.failure = Some(error),
        }
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        admission::answer(octets)
    }

    fn confirm(&mut self, _now: Micros, subject: u32, octets: &[u8]) -> bool {
        if subject % 2 == 1 {
            return true;
        }
        let Some(to) = admission::destination(octets) else {
            self.failure = Some(BenchError::Unsupported(
                "the gatekeeper sends callers directly to each other: it keeps no messages in calls"
                    .to_owned(),
            ));
            return false;
        };
        if let Err(error) = self.connect(subject / 2, to) {
            self.failure = Some(error);
        }
        true
    }

    fn fail(&mut self, _now: Micros, subject: u32, reject: Option<&str>) {
        if subject.is_multiple_of(2) && self.manner == Manner::Single {
            self.refuse(None, reject.unwrap_or("no answer to ARQ"));
        }
    }

    fn unasked(&mut self, _now: Micros, octets: &[u8], out: &mut Batch) -> bool {
        self.indications.confirm(octets, out).is_some()
    }

    fn turn(&mut self, now: Micros) -> usize {
        self.now = now;
        let happenings = self.streams.take();
        let mut count = happenings.len();
        for happening in happenings {
            if let Err(error) = self.happened(happening) {
                self.failure = Some(error);
            }
        }
        count += self.write_messages();
        self.streams.flush();
        count
    }

    fn elsewhere(&self) -> Option<(&Tally, usize)> {
        Some((&self.tally, self.unaccepted))
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.streams.descriptor())
    }

    fn waits(&self) -> bool {
        if self.failure.is_some() {
            return false;
        }
        let is_opening = self.manner == Manner::Texts
            && self.sessions.len() < self.pairs as usize
            && self.now < self.heard + PATIENCE;
        let is_under_way = self.unaccepted > 0 || !self.undelivered.is_empty();
        is_opening || is_under_way || !matches!(self.offer, Offer::Nothing)
    }
}
