//! Streams with other servers (RFC 6120), or with the server in front of us (XEP-0114), without IO.
//!
//! They bring stanzas to other domains and take those that come from domains that have shown that they are what they say.
//! What a stanza says is not their business.

mod dialback;
mod inbound;
mod outbound;
mod pair;
mod settings;
mod stream;
mod taken;
#[cfg(test)]
mod tests;

pub use settings::{Authentication, Component, Limits, Route, Settings};

use crate::random::Random;
use crate::wire::{Condition, Element, Jid, ReadError, StreamCondition, StreamItem};
use link::{ChannelId, Closure, Counter, Input, Level, Output, ResolveError, Target};
use model::{Instant, Millis, Now, Strength};
use pair::{Pair, Way};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use stream::{Phase, Role, Stream};

/// A stanza that is to be brought to another domain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing {
    /// Our domain that it comes from.
    pub from: String,
    /// The domain it is for.
    pub to: String,
    /// The stanza, written without a namespace.
    pub octets: Vec<u8>,
    /// Given where it matters what becomes of it.
    pub tag: Option<u64>,
    /// What it has in it besides where it had to wait for a domain that could not be reached (XEP-0203).
    pub late: Vec<u8>,
}

impl Outgoing {
    /// Notes in a stanza that it is late.
    fn be_late(&mut self) {
        let end = self.octets.windows(2).rposition(|two| two == b"</");
        if let Some(end) = end {
            self.octets.splice(end..end, self.late.drain(..));
        }
    }
}

/// What streams bring about.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// For the server to do.
    Output(Output),
    /// A stanza of a domain that has shown that it is what it says, to one of ours.
    Stanza {
        /// The stanza.
        stanza: Element,
        /// Who sends it.
        from: Jid,
        /// To whom.
        to: Jid,
        /// How surely it is of that domain.
        strength: Strength,
        /// On which stream it came, and as which, where the other server wants to know what is kept.
        receipt: Option<(ChannelId, u32)>,
    },
    /// The other server has what was sent with this tag.
    Taken {
        /// The tag.
        tag: u64,
    },
    /// What was sent with this tag could not be brought there.
    Failed {
        /// The tag.
        tag: u64,
        /// Why.
        condition: Condition,
    },
    /// A domain can be reached again, or not for now.
    Domain {
        /// Which; empty: all, since the server in front can't be reached.
        domain: String,
        /// What is in the way; `None`: nothing any more.
        problem: Option<String>,
    },
}

/// All streams of a gateway.
pub struct Streams {
    settings: Settings,
    random: Random,
    streams: HashMap<ChannelId, Stream>,
    /// By our domain and the other; the same for all others where we are a component.
    pairs: BTreeMap<(String, String), Pair>,
    /// What the answer to a look-up is for.
    queries: HashMap<u64, Query>,
    /// Keys that are being checked: the stream on which each came, by the other domain, ours and the id of that stream.
    checks: BTreeMap<(String, String, String), ChannelId>,
    /// When to come back to what.
    due: BTreeSet<(Instant, Due)>,
    /// Streams with octets to be sent.
    unsent: BTreeSet<ChannelId>,
    /// Pings whose answers are awaited, which may come on any stream: the stream on which each was sent.
    pings: HashMap<String, ChannelId>,
    events: VecDeque<Event>,
    /// How many streams of an address have not shown whose they are.
    unproven: HashMap<IpAddr, usize>,
    channels: u32,
    drawn: u64,
    counts: Counts,
}

/// What a look-up is for.
#[derive(Clone, Debug)]
enum Query {
    /// The way between two domains.
    Way((String, String)),
    /// To ask a domain whether a key is right.
    Check { ours: String, theirs: String, id: String, key: String },
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Due {
    Stream(ChannelId),
    Pair((String, String)),
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    opened: u64,
    accepted: u64,
    refused: u64,
    proven_by_certificate: u64,
    proven_by_dialback: u64,
    unproven: u64,
    impostors: u64,
    astray: u64,
    malformed: u64,
    dropped: u64,
    stanzas_in: u64,
    stanzas_out: u64,
}

impl Streams {
    /// No streams. `seed` is secret and random.
    #[must_use]
    pub fn new(settings: Settings, seed: [u8; 32]) -> Self {
        let mut streams = Self {
            settings,
            random: Random::new(seed),
            streams: HashMap::new(),
            pairs: BTreeMap::new(),
            queries: HashMap::new(),
            checks: BTreeMap::new(),
            due: BTreeSet::new(),
            unsent: BTreeSet::new(),
            pings: HashMap::new(),
            events: VecDeque::new(),
            unproven: HashMap::new(),
            channels: 0,
            drawn: 0,
            counts: Counts::default(),
        };
        if streams.settings.component.is_some() {
            // The server in front must know that we are there before anything is sent.
            for domain in &streams.settings.domains {
                let key = (domain.clone(), String::new());
                streams.pairs.entry(key.clone()).or_default().way = Way::Later { at: Instant(0) };
                streams.due.insert((Instant(0), Due::Pair(key)));
            }
        }
        streams
    }

    /// Takes what happened on a connection.
    pub fn receive(&mut self, now: Now, channel: ChannelId, input: Input<'_>) {
        match input {
            Input::Accepted { peer, is_secured, .. } => self.accept(now, channel, peer.ip(), is_secured),
            Input::Connected { .. } => self.with(now, channel, Self::connected),
            Input::Secured { certificate } => {
                let certificate = certificate.clone();
                self.with(now, channel, |streams, now, channel, stream| {
                    streams.secured(now, channel, stream, certificate);
                });
            }
            Input::Octets { octets } => self.with(now, channel, |streams, now, channel, stream| {
                streams.read(now, channel, stream, octets);
            }),
            Input::Closed { how } => {
                if let Some(mut stream) = self.streams.remove(&channel) {
                    stream.is_broken = matches!(how, Closure::Broken | Closure::Stuck);
                    self.gone(now, channel, stream, closed_words(how));
                }
            }
            Input::Datagram { .. } => {}
        }
    }

    /// Whether more may be read from a connection now.
    #[must_use]
    pub fn takes(&self, channel: ChannelId) -> bool {
        self.streams.get(&channel).is_none_or(|stream| !stream.flow.is_held)
    }

    /// Brings a stanza to another domain.
    pub fn send(&mut self, now: Now, out: Outgoing) {
        let key = self.key(&out.from, &out.to);
        let expires = now.instant.after(self.settings.limits.queue_time);
        let octets_max = self.settings.limits.queue_octets_max;
        if self.pairs.len() >= self.settings.limits.streams_max && !self.pairs.contains_key(&key) {
            self.counts.dropped += 1;
            return self.failed(out.tag, Condition::ResourceConstraint);
        }
        let pair = self.pairs.entry(key.clone()).or_default();
        if let Way::Open { channel } = pair.way {
            return self.with(now, channel, |streams, now, channel, stream| {
                streams.transmit(now, channel, stream, &out);
            });
        }
        if let (Way::Later { .. }, Some(condition)) = (&pair.way, pair.unreachable) {
            return self.failed(out.tag, condition);
        }
        if let Err(out) = pair.push(out, expires, octets_max) {
            (self.counts.dropped, pair.has_lost) = (self.counts.dropped + 1, true);
            return self.failed(out.tag, Condition::ResourceConstraint);
        }
        if matches!(pair.way, Way::None) {
            self.find(key.clone());
        }
        self.due.insert((expires, Due::Pair(key)));
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Now) {
        while let Some((at, _)) = self.due.first() {
            if *at > now.instant {
                break;
            }
            match self.due.pop_first() {
                Some((_, Due::Stream(channel))) => self.with(now, channel, Self::tend_stream),
                Some((_, Due::Pair(key))) => self.tend_pair(now, key),
                None => break,
            }
        }
        self.flush();
    }

    /// When something is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let unsent = (!self.unsent.is_empty()).then_some(Instant(0));
        unsent.or_else(|| self.due.first().map(|(at, _)| *at))
    }

    /// The next thing that they bring about.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Takes where servers are.
    pub fn resolved(&mut self, now: Now, query: u64, found: Result<Vec<Target>, ResolveError>) {
        match self.queries.remove(&query) {
            Some(Query::Way(key)) => self.way_found(now, key, found),
            Some(Query::Check { ours, theirs, id, key }) => {
                self.checker_found(now, (ours, theirs, id), key, found);
            }
            None => {}
        }
    }

    /// The numbers of the streams, with their stable names.
    #[must_use]
    pub fn counters(&self) -> Vec<Counter> {
        let counter = |name: &str, value: u64, help: &str| Counter {
            name: format!("xmpp.streams.{name}"),
            value,
            help: help.to_owned(),
        };
        let c = &self.counts;
        let unreachable = self.pairs.values().filter(|pair| pair.unreachable.is_some()).count();
        vec![
            counter("now", self.streams.len() as u64, "streams now"),
            counter("unreachable", unreachable as u64, "domains that can't be reached now"),
            counter("opened", c.opened, "streams that we opened"),
            counter("accepted", c.accepted, "streams that others opened"),
            counter("refused", c.refused, "streams refused for want of room"),
            counter("by_certificate", c.proven_by_certificate, "domains that have shown a certificate"),
            counter("by_dialback", c.proven_by_dialback, "domains that the DNS has shown"),
            counter("unproven", c.unproven, "streams that did not show whose they are"),
            counter("impostors", c.impostors, "stanzas of a domain that their stream is not of"),
            counter(
                "astray",
                c.astray,
                "stanzas to one of our domains on the connection of another component",
            ),
            counter("malformed", c.malformed, "streams ended because of what came on them"),
            counter("dropped", c.dropped, "stanzas dropped because too much waited"),
            counter("stanzas_in", c.stanzas_in, "stanzas received"),
            counter("stanzas_out", c.stanzas_out, "stanzas sent"),
        ]
    }

    /// Works on a stream, which is out of the table meanwhile.
    fn with(
        &mut self,
        now: Now,
        channel: ChannelId,
        work: impl FnOnce(&mut Self, Now, ChannelId, &mut Stream),
    ) {
        let Some(mut stream) = self.streams.remove(&channel) else { return };
        work(self, now, channel, &mut stream);
        if stream.is_closing {
            self.part(now, channel, stream);
            return;
        }
        if !stream.out.is_empty() || stream.taken.is_owed {
            self.unsent.insert(channel);
        }
        self.streams.insert(channel, stream);
    }

    /// Hands over what is to be sent.
    fn flush(&mut self) {
        for channel in std::mem::take(&mut self.unsent) {
            if let Some(stream) = self.streams.get_mut(&channel) {
                if std::mem::take(&mut stream.taken.is_owed) {
                    let kept = stream.taken.settled;
                    stream
                        .write(format!("<a xmlns='{}' h='{kept}'/>", outbound::ACKNOWLEDGEMENTS).as_bytes());
                }
                let octets = std::mem::take(&mut stream.out);
                self.events.push_back(Event::Output(Output::Octets { channel, octets }));
            }
        }
    }

    fn read(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, mut octets: &[u8]) {
        stream.heard_at = now.instant;
        while !stream.is_closing {
            if stream.phase == Phase::Securing {
                // Nothing comes between `proceed` and TLS, or somebody has slipped it in.
                if !octets.is_empty() {
                    self.counts.malformed += 1;
                    stream.is_closing = true;
                }
                return;
            }
            let before = octets;
            match stream.reader.read(&mut octets) {
                Ok(Some(StreamItem::Header(header))) => {
                    let header_octets = before.get(..before.len() - octets.len()).unwrap_or_default();
                    if stream.role == Role::In && is_for_clients(header_octets) {
                        return self.end(stream, StreamCondition::InvalidNamespace, None);
                    }
                    self.header(now, channel, stream, &header);
                }
                Ok(Some(StreamItem::Element(element))) => self.element(now, channel, stream, element),
                Ok(Some(StreamItem::End)) => {
                    stream.write(b"</stream:stream>");
                    stream.is_closing = true;
                }
                Ok(None) => break,
                Err(error) => {
                    self.counts.malformed += 1;
                    let condition = match error {
                        ReadError::NotWellFormed => StreamCondition::NotWellFormed,
                        ReadError::Restricted => StreamCondition::RestrictedXml,
                        ReadError::NoStream => StreamCondition::BadFormat,
                        ReadError::OtherNamespace => StreamCondition::InvalidNamespace,
                        ReadError::TooLarge(_) => StreamCondition::PolicyViolation,
                    };
                    self.end(stream, condition, Some(&error.to_string()));
                }
            }
        }
        stream.reader.rest();
    }

    fn header(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, header: &Element) {
        match stream.role {
            Role::In => self.header_in(now, channel, stream, header),
            Role::Out | Role::Verify { .. } | Role::Component => self.header_out(stream, header),
        }
    }

    fn element(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, element: Element) {
        if element.is("error", crate::wire::namespaces::STREAMS) {
            let (condition, text) = StreamCondition::of(&element);
            if matches!(condition, StreamCondition::HostUnknown | StreamCondition::HostGone) {
                stream.failure = Condition::RemoteServerNotFound;
            }
            let text = text.map(|text| format!(" ({text})")).unwrap_or_default();
            self.tell(
                Level::Debug,
                "xmpp.stream_ended",
                format!("{} ended a stream: {}{text}.", stream.theirs, condition.word()),
            );
            stream.write(b"</stream:stream>");
            stream.is_closing = true;
            return;
        }
        if crate::wire::Kind::of(&element).is_some() {
            return self.stanza(now, channel, stream, element);
        }
        if self.acknowledged(now, channel, stream, &element) {
            return;
        }
        match stream.role {
            Role::In => self.element_in(now, channel, stream, &element),
            Role::Out | Role::Verify { .. } | Role::Component => {
                self.element_out(now, channel, stream, &element);
            }
        }
    }

    /// Ends a stream because of something that is wrong.
    fn end(&mut self, stream: &mut Stream, condition: StreamCondition, text: Option<&str>) {
        if stream.role == Role::In && stream.id.is_empty() {
            // An error has its place in a stream.
            stream.id = self.random.identifier();
            self.greet_back(stream, true);
        }
        stream.write(b"<stream:error><");
        stream.write(condition.word().as_bytes());
        stream.write(b" xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
        if let Some(text) = text {
            stream.write(b"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>");
            crate::wire::write_escaped(text, &mut stream.out);
            stream.write(b"</text>");
        }
        stream.write(b"</stream:error></stream:stream>");
        stream.is_closing = true;
    }

    /// Closes the connection of a stream.
    fn part(&mut self, now: Now, channel: ChannelId, mut stream: Stream) {
        let octets = std::mem::take(&mut stream.out);
        if !octets.is_empty() {
            self.events.push_back(Event::Output(Output::Octets { channel, octets }));
        }
        self.events.push_back(Event::Output(Output::Close { channel }));
        self.gone(now, channel, stream, "the stream was closed");
    }

    /// A stream is not there any more.
    fn gone(&mut self, now: Now, channel: ChannelId, mut stream: Stream, problem: &str) {
        self.unsent.remove(&channel);
        self.due.remove(&(stream.due, Due::Stream(channel)));
        self.forget_answers(&mut stream);
        if stream.role == Role::In && stream.proven.is_empty() {
            self.counts.unproven += 1;
            self.one_less_unproven(stream.address);
        }
        match &stream.role {
            Role::In => self.checks.retain(|_, asker| *asker != channel),
            Role::Verify { for_channel, for_id, .. } => {
                let key = (stream.theirs.clone(), stream.ours.clone(), for_id.clone());
                if self.checks.remove(&key).is_some() {
                    self.check_failed(now, *for_channel, (&stream.ours, &stream.theirs));
                }
            }
            Role::Out | Role::Component => {}
        }
        // On one that goes both ways we may have sent, too.
        let key = self.key(&stream.ours, &stream.theirs);
        let is_its_way = match self.pairs.get(&key).map(|pair| &pair.way) {
            Some(Way::Open { channel: open } | Way::Opening { channel: open, .. }) => *open == channel,
            _ => false,
        };
        if is_its_way {
            self.way_gone(now, key, &stream, problem);
        }
    }

    fn key(&self, ours: &str, theirs: &str) -> (String, String) {
        // The server in front of a component knows the ways.
        let theirs = if self.settings.component.is_some() { "" } else { theirs };
        (ours.to_owned(), theirs.to_owned())
    }

    fn is_ours(&self, domain: &str) -> bool {
        self.settings.domains.iter().any(|ours| ours == domain)
    }

    fn failed(&mut self, tag: Option<u64>, condition: Condition) {
        self.events.extend(tag.map(|tag| Event::Failed { tag, condition }));
    }

    fn tell(&mut self, level: Level, name: &'static str, text: String) {
        self.events.push_back(Event::Output(Output::Event { level, name, text }));
    }

    fn next_channel(&mut self) -> ChannelId {
        self.channels = self.channels.wrapping_add(1) % (1 << 30);
        ChannelId(ChannelId::OPENED + self.channels)
    }

    fn wait(&mut self, channel: ChannelId, stream: &mut Stream, until: Instant) {
        self.due.remove(&(stream.due, Due::Stream(channel)));
        stream.due = until;
        self.due.insert((until, Due::Stream(channel)));
    }

    /// Looks after a stream: who does not show who it is, or has nothing to say, does not keep it.
    fn tend_stream(&mut self, now: Now, channel: ChannelId, stream: &mut Stream) {
        if stream.flow.is_held {
            self.refill(now, stream);
            if stream.flow.is_held {
                return self.wait(channel, stream, now.instant.after(Millis(50)));
            }
        }
        let limits = &self.settings.limits;
        let (proof, idle) =
            (stream.opened_at.after(limits.proof_time), stream.heard_at.after(limits.idle_time));
        if self.give_up_answers(now.instant, stream) {
            return self.end(stream, StreamCondition::ConnectionTimeout, None);
        }
        if !stream.is_proven() {
            if proof <= now.instant {
                return self.end(stream, StreamCondition::ConnectionTimeout, None);
            }
            return self.wait(channel, stream, proof);
        }
        if idle <= now.instant && stream.role != Role::Component && stream.taken.by.is_none() {
            stream.write(b"</stream:stream>");
            stream.is_closing = true;
            return;
        }
        let idle = idle.max(now.instant.after(Millis::seconds(1)));
        let next = stream.taken.by.map_or(idle, |by| by.min(idle));
        self.wait(channel, stream, next);
    }
}

/// Whether a header is that of a client, which has connected to the wrong port.
fn is_for_clients(header: &[u8]) -> bool {
    let name = crate::wire::namespaces::CLIENT.as_bytes();
    header.windows(name.len() + 2).any(|part| {
        let quote = part.first();
        matches!(quote, Some(b'\'' | b'"')) && part.last() == quote && part.get(1..=name.len()) == Some(name)
    })
}

const fn closed_words(how: Closure) -> &'static str {
    match how {
        Closure::Ended => "the other server closed the connection",
        Closure::Broken => "the connection broke, or TLS failed",
        Closure::Unreachable => "no connection could be opened",
        Closure::Stuck => "the other server did not read",
    }
}
