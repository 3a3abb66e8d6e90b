//! What other servers have of what we sent: they tell it (XEP-0198), or answer a ping that came after it (XEP-0199).

use super::outbound::ACKNOWLEDGEMENTS;
use super::stream::{Ping, Stream};
use super::{Event, Outgoing, Streams};
use crate::wire::namespaces::PING;
use crate::wire::{Condition, Element, write_attribute};
use link::ChannelId;
use model::{Instant, Now};

impl Streams {
    /// Writes a stanza to a stream, and asks whether it was taken where that matters.
    pub(super) fn transmit(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, out: &Outgoing) {
        self.counts.stanzas_out += 1;
        stream.write(&out.octets);
        if let Some(sent) = &mut stream.taken.sent {
            *sent = sent.wrapping_add(1);
        }
        let Some(tag) = out.tag else { return };
        if let Some(sent) = stream.taken.sent {
            stream.taken.open.push_back((sent, tag));
            self.ask_for_acknowledgement(now, channel, stream);
        } else {
            self.ping_after(now, channel, stream, (&out.from, &out.to), tag);
        }
    }

    fn ask_for_acknowledgement(&mut self, now: Now, channel: ChannelId, stream: &mut Stream) {
        if !stream.taken.is_asked && stream.taken.is_enabled && !stream.taken.open.is_empty() {
            stream.write(format!("<r xmlns='{ACKNOWLEDGEMENTS}'/>").as_bytes());
            stream.taken.is_asked = true;
            self.expect_answer(now, channel, stream);
        }
    }

    fn ping_after(
        &mut self,
        now: Now,
        channel: ChannelId,
        stream: &mut Stream,
        (ours, theirs): (&str, &str),
        tag: u64,
    ) {
        let ping = stream.taken.pings.entry((ours.to_owned(), theirs.to_owned())).or_default();
        ping.waiting.push(tag);
        if ping.id.is_none() {
            self.ping(now, channel, stream, (ours, theirs));
        }
    }

    fn ping(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, (ours, theirs): (&str, &str)) {
        let id = self.random.identifier();
        let by = now.instant.after(self.settings.limits.answer_time);
        let Some(ping) = stream.taken.pings.get_mut(&(ours.to_owned(), theirs.to_owned())) else { return };
        ping.asked = std::mem::take(&mut ping.waiting);
        (ping.id, ping.by) = (Some(id.clone()), by);
        let mut octets = b"<iq".to_vec();
        for (name, value) in [("from", ours), ("to", theirs), ("id", &id), ("type", "get")] {
            write_attribute(name, value, &mut octets);
        }
        octets.extend_from_slice(format!("><ping xmlns='{PING}'/></iq>").as_bytes());
        stream.write(&octets);
        if let Some(sent) = &mut stream.taken.sent {
            *sent = sent.wrapping_add(1);
        }
        self.pings.insert(id, channel);
        self.expect_answer(now, channel, stream);
    }

    fn expect_answer(&mut self, now: Now, channel: ChannelId, stream: &mut Stream) {
        let by = now.instant.after(self.settings.limits.answer_time);
        stream.taken.by.get_or_insert(by);
        if by < stream.due {
            self.wait(channel, stream, by);
        }
    }

    /// Takes the answer to a ping of ours. Gives back whether it was one.
    pub(super) fn pong(
        &mut self,
        now: Now,
        channel: ChannelId,
        stream: &mut Stream,
        (ours, theirs): (&str, &str),
        answer: &Element,
    ) -> bool {
        let Some(id) = answer.attribute("id") else { return false };
        let Some(pinged) = self.pings.get(id).copied() else { return false };
        let domains = (ours.to_owned(), theirs.to_owned());
        if pinged == channel {
            self.pong_of(now, channel, stream, &domains, answer);
        } else {
            // The other server answers on a stream of its own.
            self.with(now, pinged, |streams, now, channel, stream| {
                streams.pong_of(now, channel, stream, &domains, answer);
            });
        }
        true
    }

    fn pong_of(
        &mut self,
        now: Now,
        channel: ChannelId,
        stream: &mut Stream,
        domains: &(String, String),
        answer: &Element,
    ) {
        let id = answer.attribute("id");
        let Some(ping) = stream.taken.pings.get_mut(domains).filter(|ping| ping.id.as_deref() == id) else {
            return;
        };
        let tags = std::mem::take(&mut ping.asked);
        self.pings.extract_if(|known, _| Some(known.as_str()) == id).for_each(drop);
        ping.id = None;
        let is_idle = ping.waiting.is_empty();
        // A server in front answers for those that it can't reach.
        let failed = match answer.attribute("type") {
            Some("error") => Some(Condition::of(answer)).filter(|condition| {
                matches!(condition, Condition::RemoteServerNotFound | Condition::RemoteServerTimeout)
            }),
            _ => None,
        };
        self.conclude(tags, failed);
        if is_idle {
            stream.taken.pings.remove(domains);
        } else {
            self.ping(now, channel, stream, (&domains.0, &domains.1));
        }
        stream.taken.by = stream.taken.first_due();
    }

    fn conclude(&mut self, tags: Vec<u64>, failed: Option<Condition>) {
        self.events.extend(tags.into_iter().map(|tag| match failed {
            Some(condition) => Event::Failed { tag, condition },
            None => Event::Taken { tag },
        }));
    }

    /// Takes an element of XEP-0198. Gives back whether it was one.
    pub(super) fn acknowledged(
        &mut self,
        now: Now,
        channel: ChannelId,
        stream: &mut Stream,
        element: &Element,
    ) -> bool {
        if element.namespace() != ACKNOWLEDGEMENTS {
            return false;
        }
        match element.name() {
            // Streams of servers are not resumed.
            "enable" if stream.is_proven() && stream.taken.handled.is_none() => {
                stream.write(format!("<enabled xmlns='{ACKNOWLEDGEMENTS}'/>").as_bytes());
                // It holds in both directions, where both are used.
                (stream.taken.handled, stream.taken.sent, stream.taken.is_enabled) = (Some(0), Some(0), true);
            }
            "enabled" if stream.taken.sent.is_some() => {
                (stream.taken.handled, stream.taken.is_enabled) = (Some(0), true);
                self.ask_for_acknowledgement(now, channel, stream);
            }
            "failed" => {
                stream.taken.sent = None;
                for (_, tag) in std::mem::take(&mut stream.taken.open) {
                    let (ours, theirs) = (stream.ours.clone(), stream.theirs.clone());
                    self.ping_after(now, channel, stream, (&ours, &theirs), tag);
                }
            }
            "r" => stream.taken.is_owed = stream.taken.handled.is_some(),
            "a" => {
                let handled = element.attribute("h").and_then(|handled| handled.parse::<u32>().ok());
                if let (Some(handled), Some(_)) = (handled, stream.taken.sent) {
                    let tags = stream.taken.up_to(handled);
                    self.conclude(tags, None);
                    (stream.taken.is_asked, stream.taken.by) = (false, None);
                    self.ask_for_acknowledgement(now, channel, stream);
                }
            }
            _ => {}
        }
        true
    }

    /// What came on a stream up to a stanza is kept.
    pub fn settled(&mut self, channel: ChannelId, count: u32) {
        if let Some(stream) = self.streams.get_mut(&channel) {
            (stream.taken.settled, stream.taken.is_owed) = (count, true);
            self.unsent.insert(channel);
        }
    }

    /// Gives up the answers that did not come in time. Gives back whether the stream is to be given up with them.
    pub(super) fn give_up_answers(&mut self, now: Instant, stream: &mut Stream) -> bool {
        if stream.taken.by.is_none_or(|by| by > now) {
            return false;
        }
        if self.settings.component.is_none() {
            return true;
        }
        // That one domain does not answer says nothing of the server in front.
        let overdue = stream.taken.pings.iter().filter(|(_, ping)| ping.by <= now);
        for domains in Vec::from_iter(overdue.map(|(domains, _)| domains.clone())) {
            let ping = stream.taken.pings.remove(&domains).unwrap_or_default();
            if let Some(id) = ping.id {
                self.pings.remove(&id);
            }
            let tags = ping.asked.into_iter().chain(ping.waiting).collect();
            self.conclude(tags, Some(Condition::RemoteServerTimeout));
        }
        stream.taken.by = stream.taken.first_due();
        false
    }

    /// Nothing of what was sent on a stream will be told of any more.
    pub(super) fn forget_answers(&mut self, stream: &mut Stream) {
        let mut tags: Vec<u64> = stream.taken.open.drain(..).map(|(_, tag)| tag).collect();
        for Ping { id, asked, waiting, .. } in std::mem::take(&mut stream.taken.pings).into_values() {
            if let Some(id) = id {
                self.pings.remove(&id);
            }
            tags.extend(asked.into_iter().chain(waiting));
        }
        self.conclude(tags, Some(Condition::RemoteServerTimeout));
    }
}
