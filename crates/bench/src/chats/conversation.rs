//! What comes on the connections: calls of writers that go on, and texts that come to their readers.

use super::{Chats, Manner};
use crate::error::BenchError;
use crate::line::{Line, Packets, Stage};
use crate::signalling::{self, Heard, NORMAL};
use crate::streams::{Happening, StreamId};
use h323::wire::q931::message_type;

impl Chats<'_> {
    /// Takes what happened on a connection.
    pub(super) fn happened(&mut self, happening: Happening) -> Result<(), BenchError> {
        self.heard = self.now;
        match happening {
            Happening::Accepted(id, at) => {
                let pair = self.readers.get(&at).copied().unwrap_or_default();
                self.set_line(id, Line::answering(pair));
            }
            Happening::Closed(id) => {
                if self.lines.get(id).is_some_and(Option::is_some) {
                    let is_writer = self.lines[id].as_ref().is_some_and(|line| line.leg.is_caller);
                    self.delivered.broken += u64::from(is_writer);
                    self.give_up(id, "connectionLost");
                }
            }
            Happening::Packet(id, packet) => {
                let Some(Some(line)) = self.lines.get(id) else { return Ok(()) };
                match (line.leg.is_caller, signalling::message_type_of(&packet)) {
                    (true, Some(message_type::STATUS)) => self.accept(id, packet.len()),
                    (_, Some(message_type::STATUS_INQUIRY)) => self.streams.send(id, &line.packets.status),
                    (true, Some(_)) => self.writer(id, &packet)?,
                    (false, Some(_)) => self.reader(id, &packet)?,
                    (_, None) => self.tally.stray += 1,
                }
            }
        }
        Ok(())
    }

    /// A connection is over; what waited there is not accepted.
    fn give_up(&mut self, id: StreamId, reason: &str) {
        if let Some(Some(line)) = self.lines.get_mut(id) {
            let (pair, is_single) = (line.pair, matches!(line.stage, Stage::Calling | Stage::Sent));
            let waiting = std::mem::take(&mut line.waiting);
            if waiting.is_empty() && is_single && self.manner == Manner::Single {
                self.refuse(None, reason);
            }
            for (number, _) in waiting {
                self.refuse(Some((pair, number)), reason);
            }
        }
        self.end(id);
    }

    /// Forgets a connection; a call of ours is over for the gatekeeper too.
    pub(super) fn end(&mut self, id: StreamId) {
        if let Some(line) = self.lines.get_mut(id).and_then(Option::take) {
            if line.leg.is_caller {
                self.requests[self.population.port_of(line.pair)].push_back(line.call * 2 + 1);
            }
            self.sessions.retain(|session| *session != id || line.stage != Stage::Open);
        }
        self.streams.close(id);
    }

    /// A packet for a writer.
    fn writer(&mut self, id: StreamId, packet: &[u8]) -> Result<(), BenchError> {
        let Some(heard) = signalling::read(packet) else {
            self.tally.stray += 1;
            return Ok(());
        };
        let Some(line) = self.lines.get_mut(id).and_then(Option::as_mut) else { return Ok(()) };
        match (heard.message_type, line.stage) {
            (message_type::ALERTING, Stage::Calling) if self.manner == Manner::Texts => {
                line.stage = Stage::Opening;
                let packet = line.leg.session(true)?;
                self.streams.send(id, &packet);
            }
            (message_type::ALERTING, Stage::Calling) => {
                line.stage = Stage::Sent;
                let number = &mut self.written[line.pair as usize];
                *number += 1;
                let begun = self.calls[line.call as usize].begun;
                line.waiting.push_back((*number, begun));
                self.undelivered.insert((line.pair, *number), begun);
                self.tally.requests_sent += 1;
                self.streams.with(id, |out| {
                    let start = out.len();
                    line.packets.append_text(line.pair, *number, out);
                    self.tally.request_octets += (out.len() - start) as u64;
                });
            }
            (message_type::CONNECT, Stage::Opening) => {
                line.stage = Stage::Open;
                self.sessions.push_back(id);
            }
            (message_type::RELEASE_COMPLETE, Stage::Sent) if heard.cause == Some(NORMAL) => {
                self.accept(id, packet.len());
                self.end(id);
            }
            (message_type::RELEASE_COMPLETE, _) => {
                self.give_up(id, &format!("cause {}", heard.cause.unwrap_or_default()));
            }
            (message_type::FACILITY, Stage::Open) => {
                if let Heard { text: Some(text), .. } = heard {
                    // A text that is refused is answered by a text that says so; its Status comes all the same.
                    self.tally.reject(&text.chars().take(60).collect::<String>());
                    self.tally.confirmed = self.tally.confirmed.saturating_sub(1);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A packet for a reader.
    fn reader(&mut self, id: StreamId, packet: &[u8]) -> Result<(), BenchError> {
        let Some(heard) = signalling::read(packet) else {
            self.tally.stray += 1;
            return Ok(());
        };
        let Some(line) = self.lines.get_mut(id).and_then(Option::as_mut) else { return Ok(()) };
        match heard.message_type {
            message_type::SETUP => {
                line.leg.reference = heard.reference;
                line.leg.identifier = heard.identifier;
                line.stage = Stage::Reading;
                line.packets = Packets::of_reader(&line.leg)?;
                let (proceeding, alerting) = (line.leg.call_proceeding()?, line.leg.alerting()?);
                self.streams.send(id, &proceeding);
                self.streams.send(id, &alerting);
            }
            message_type::FACILITY => {
                if heard.open == Some(true) {
                    let packet = line.leg.connect()?;
                    line.waiting.push_back((0, 0));
                    self.streams.send(id, &packet);
                }
                // That a session is open is noted by an entry of its own.
                let is_session = !line.waiting.is_empty();
                let (leg, is_closed) = (line.leg, heard.open == Some(false));
                if let Some(text) = heard.text {
                    self.came(&text, is_session);
                    if !is_session {
                        self.streams.send(id, &leg.release_complete(false)?);
                        self.end(id);
                    }
                }
                if is_closed {
                    self.streams.send(id, &leg.release_complete(false)?);
                    self.end(id);
                }
            }
            message_type::RELEASE_COMPLETE => self.end(id),
            _ => {}
        }
        Ok(())
    }

    /// A text has come to its reader.
    fn came(&mut self, text: &str, is_session: bool) {
        let Some((pair, number)) = signalling::numbers_of(text, &self.population.prefix) else {
            self.tally.stray += 1;
            return;
        };
        match self.undelivered.remove(&(pair, number)) {
            Some(since) => {
                self.delivered.count += 1;
                self.delivered.latency.record(self.now.saturating_sub(since));
            }
            None if self.written.get(pair as usize).is_some_and(|last| number <= *last) => {
                self.delivered.doubles += 1;
            }
            // Of an earlier run on the same names.
            None => self.tally.stray += 1,
        }
        // Single messages of one writer are under way together, so that there is no order among them.
        let has_order = is_session && self.manner == Manner::Texts;
        if let Some(last) = self.read.get_mut(pair as usize).filter(|_| has_order) {
            self.delivered.out_of_order += u64::from(number < *last);
            *last = number.max(*last);
        }
    }
}
