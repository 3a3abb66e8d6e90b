//! Servers in memory that federate with each other, and peers that don't keep to the rules.

use super::{Authentication, Component, Event, Limits, Outgoing, Route, Settings, Streams};
use crate::wire::Condition;
use link::{ChannelId, Closure, Input, Output, PeerCertificate, ResolveError, Target, Tls};
use model::{Instant, Millis, Now, Strength, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// One server, and what has come out of it.
struct Node {
    streams: Streams,
    domain: &'static str,
    /// What its certificate shows to others.
    certificate: PeerCertificate,
    events: Vec<Event>,
}

/// Servers, and the connections between them.
struct Net {
    nodes: Vec<Node>,
    /// The two ends of each connection: node and channel.
    wires: BTreeMap<(usize, ChannelId), (usize, ChannelId)>,
    securing: BTreeSet<(usize, ChannelId)>,
    /// Servers that can't be reached.
    down: BTreeSet<usize>,
    accepted: u32,
    now: u64,
}

fn settings(domain: &str) -> Settings {
    Settings {
        domains: vec![domain.to_owned()],
        component: None,
        authentication: Authentication::default(),
        tls_required: false,
        has_certificate: true,
        routes: BTreeMap::new(),
        secret: [domain.len() as u8; 32],
        limits: Limits::default(),
    }
}

fn certified(domain: &str) -> PeerCertificate {
    PeerCertificate { is_trusted: true, names: vec![domain.to_owned()], problem: None }
}

const HERE: &str = "h323.example";
const THERE: &str = "xmpp.example.net";

impl Net {
    /// Two servers, as changed.
    fn of_two(change: impl Fn(&mut Settings), is_certified: bool) -> Self {
        let node = |domain: &'static str| {
            let mut settings = settings(domain);
            change(&mut settings);
            let certificate = if is_certified { certified(domain) } else { PeerCertificate::default() };
            Node {
                streams: Streams::new(settings, [domain.len() as u8; 32]),
                domain,
                certificate,
                events: Vec::new(),
            }
        };
        Self {
            nodes: vec![node(HERE), node(THERE)],
            wires: BTreeMap::new(),
            securing: BTreeSet::new(),
            down: BTreeSet::new(),
            accepted: 0,
            now: 1_000_000,
        }
    }

    fn time(&self) -> Now {
        Now { instant: Instant(self.now), wall: Timestamp(1_750_000_000_000 + self.now as i64) }
    }

    fn send(&mut self, node: usize, stanza: &str, tag: Option<u64>) {
        let (from, to) = if node == 0 { (HERE, THERE) } else { (THERE, HERE) };
        let out = Outgoing {
            from: from.to_owned(),
            to: to.to_owned(),
            octets: stanza.as_bytes().to_vec(),
            tag,
            late: Vec::new(),
        };
        let now = self.time();
        self.nodes[node].streams.send(now, out);
        self.run();
    }

    fn pass(&mut self, time: Millis) {
        for _ in 0..time.0 / 250 {
            self.now += 250;
            self.run();
        }
    }

    /// Lets them talk until they have said all.
    fn run(&mut self) {
        loop {
            let mut is_quiet = true;
            for node in 0..self.nodes.len() {
                let now = self.time();
                while let Some(event) = self.nodes[node].streams.poll() {
                    is_quiet = false;
                    if let Event::Stanza { receipt: Some((channel, count)), .. } = event {
                        self.nodes[node].streams.settled(channel, count);
                    }
                    match event {
                        Event::Output(output) => self.carry_out(node, output),
                        Event::Stanza { stanza, from, to, .. } if stanza.attribute("type") == Some("get") => {
                            let mut octets = Vec::new();
                            crate::wire::stanza::result(&stanza, None).write(&mut octets);
                            let (from, to) = (to.domain().to_owned(), from.domain().to_owned());
                            self.nodes[node]
                                .streams
                                .send(now, Outgoing { from, to, octets, tag: None, late: Vec::new() });
                        }
                        event => self.nodes[node].events.push(event),
                    }
                }
                if self.nodes[node].streams.deadline().is_some_and(|at| at <= now.instant) {
                    is_quiet = false;
                    self.nodes[node].streams.timeout(now);
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        let now = self.time();
        match output {
            Output::Resolve { query, name, .. } => {
                let found = self.nodes.iter().position(|node| node.domain == name);
                let target = |found| Target {
                    host: name.clone(),
                    address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), found as u16),
                    is_secured: false,
                };
                let found = found.map(|found| vec![target(found)]).ok_or(ResolveError::NoService);
                self.nodes[node].streams.resolved(now, query, found);
            }
            Output::Open { channel, peer, .. } => {
                let other = usize::from(peer.port());
                if self.down.contains(&other) {
                    let input = Input::Closed { how: Closure::Unreachable };
                    return self.nodes[node].streams.receive(now, channel, input);
                }
                self.accepted += 1;
                let accepted = ChannelId(self.accepted);
                self.wires.insert((node, channel), (other, accepted));
                self.wires.insert((other, accepted), (node, channel));
                let input = Input::Accepted { peer, local: peer, is_secured: false };
                self.nodes[other].streams.receive(now, accepted, input);
                self.nodes[node].streams.receive(now, channel, Input::Connected { local: peer });
            }
            Output::Octets { channel, octets } => {
                if let Some((other, channel)) = self.wires.get(&(node, channel)).copied() {
                    // Cut anywhere.
                    for octets in octets.chunks(7) {
                        self.nodes[other].streams.receive(now, channel, Input::Octets { octets });
                    }
                }
            }
            Output::Secure { channel, tls } => {
                assert!(matches!(tls, Tls::ToDomain { .. } | Tls::ForDomain { .. }));
                let Some((other, their_channel)) = self.wires.get(&(node, channel)).copied() else { return };
                self.securing.insert((node, channel));
                if self.securing.contains(&(other, their_channel)) {
                    for (me, channel, peer) in [(other, their_channel, node), (node, channel, other)] {
                        let certificate = self.nodes[peer].certificate.clone();
                        let input = Input::Secured { certificate: &certificate };
                        self.nodes[me].streams.receive(now, channel, input);
                    }
                }
            }
            Output::Close { channel } => {
                if let Some((other, their_channel)) = self.wires.remove(&(node, channel)) {
                    self.wires.remove(&(other, their_channel));
                    let input = Input::Closed { how: Closure::Ended };
                    self.nodes[other].streams.receive(now, their_channel, input);
                }
            }
            Output::Event { .. } => {}
            output => panic!("streams want {output:?}"),
        }
    }

    fn stanzas(&self, node: usize) -> Vec<(String, Strength)> {
        let events = self.nodes[node].events.iter();
        let stanza = |event: &Event| match event {
            Event::Stanza { stanza, strength, .. } => {
                Some((stanza.attribute("id").unwrap_or_default().to_owned(), *strength))
            }
            _ => None,
        };
        events.filter_map(stanza).collect()
    }

    fn counter(&self, node: usize, name: &str) -> u64 {
        let counters = self.nodes[node].streams.counters();
        counters.iter().find(|counter| counter.name == format!("xmpp.streams.{name}")).unwrap().value
    }
}

fn message(node: usize, id: &str) -> String {
    let (from, to) = if node == 0 { (HERE, THERE) } else { (THERE, HERE) };
    format!("<message from='a@{from}' to='b@{to}' id='{id}'><body>Hello</body></message>")
}

// covers: F-01, F-17
#[test]
fn a_certificate_opens_a_stream_and_what_was_sent_is_known_to_have_arrived() {
    let mut net = Net::of_two(|_| {}, true);
    net.send(0, &message(0, "m1"), Some(1));
    net.send(0, &message(0, "m2"), Some(2));
    net.send(1, &message(1, "m3"), Some(3));
    assert_eq!(
        net.stanzas(1),
        [("m1".to_owned(), Strength::Certificate), ("m2".to_owned(), Strength::Certificate)]
    );
    assert_eq!(net.stanzas(0), [("m3".to_owned(), Strength::Certificate)]);
    assert!(net.nodes[0].events.contains(&Event::Taken { tag: 1 }));
    assert!(net.nodes[0].events.contains(&Event::Taken { tag: 2 }));
    assert!(net.nodes[1].events.contains(&Event::Taken { tag: 3 }));
    // Both ways on the one stream.
    assert_eq!((net.counter(0, "now"), net.counter(0, "opened"), net.counter(0, "accepted")), (1, 1, 0));
}

#[test]
fn without_a_certificate_the_dns_shows_who_it_is() {
    let mut net = Net::of_two(|settings| settings.has_certificate = false, false);
    net.send(0, &message(0, "m1"), Some(1));
    assert_eq!(net.stanzas(1), [("m1".to_owned(), Strength::Network)]);
    // The answer to the ping came on a stream of the other server.
    net.pass(Millis::seconds(1));
    net.send(1, "<iq from='xmpp.example.net' to='h323.example' id='none' type='result'/>", None);
    assert_eq!(net.counter(1, "by_dialback"), 1);
}

#[test]
fn where_certificates_are_required_the_dns_is_not_enough() {
    let mut net = Net::of_two(
        |settings| {
            settings.authentication = Authentication::Certificate;
            settings.tls_required = true;
        },
        false,
    );
    net.send(0, &message(0, "m1"), Some(1));
    net.pass(Millis::seconds(60));
    assert!(net.stanzas(1).is_empty());
    let failed = Event::Failed { tag: 1, condition: Condition::RemoteServerNotFound };
    assert!(net.nodes[0].events.contains(&failed), "{:?}", net.nodes[0].events);
}

#[test]
fn a_domain_that_is_down_is_told_of_and_tried_again() {
    let mut net = Net::of_two(|_| {}, true);
    net.down.insert(1);
    net.send(0, &message(0, "m1"), Some(1));
    let failed = Event::Failed { tag: 1, condition: Condition::RemoteServerTimeout };
    let problem = Some("no connection could be opened".to_owned());
    let is_down = Event::Domain { domain: THERE.to_owned(), problem };
    assert_eq!(net.nodes[0].events, [failed, is_down]);
    net.nodes[0].events.clear();
    net.pass(Millis::seconds(30));
    assert!(net.nodes[0].events.is_empty(), "it was told already");
    net.down.clear();
    net.pass(Millis::seconds(60));
    assert_eq!(net.nodes[0].events, [Event::Domain { domain: THERE.to_owned(), problem: None }]);
}

#[test]
fn a_domain_to_which_a_stream_broke_is_told_anew_how_all_are() {
    let mut net = Net::of_two(|_| {}, true);
    net.send(0, &message(0, "m1"), Some(1));
    net.nodes[0].events.clear();
    let (here, there) =
        net.wires.iter().map(|(one, other)| (*one, *other)).find(|((node, _), _)| *node == 0).unwrap();
    for (node, channel) in [here, there] {
        let now = net.time();
        net.nodes[node].streams.receive(now, channel, Input::Closed { how: Closure::Broken });
    }
    net.wires.clear();
    net.pass(Millis::seconds(6));
    assert_eq!(net.nodes[0].events, [Event::Domain { domain: THERE.to_owned(), problem: None }]);
}

#[test]
fn a_domain_without_a_server_is_not_found() {
    let mut net = Net::of_two(|_| {}, true);
    let out = Outgoing {
        from: HERE.into(),
        to: "nowhere.example".into(),
        octets: b"<presence/>".to_vec(),
        tag: Some(1),
        late: Vec::new(),
    };
    let now = net.time();
    net.nodes[0].streams.send(now, out);
    net.run();
    let failed = Event::Failed { tag: 1, condition: Condition::RemoteServerNotFound };
    assert!(net.nodes[0].events.contains(&failed));
}

#[test]
fn what_waits_for_a_domain_is_limited() {
    let mut streams = Streams::new(settings(HERE), [1; 32]);
    let now = Now { instant: Instant(0), wall: Timestamp(0) };
    for tag in 0..20_000 {
        let out = Outgoing {
            from: HERE.into(),
            to: THERE.into(),
            octets: vec![b' '; 1000],
            tag: Some(tag),
            late: Vec::new(),
        };
        streams.send(now, out);
    }
    let failed =
        std::iter::from_fn(|| streams.poll()).filter(|event| matches!(event, Event::Failed { .. })).count();
    assert_eq!(failed, 20_000 - (16 << 20) / 1000);
}

/// A peer that says what a test has it say.
struct Peer {
    streams: Streams,
    now: u64,
    channel: ChannelId,
}

impl Peer {
    fn of(settings: Settings) -> Self {
        let mut peer = Self { streams: Streams::new(settings, [1; 32]), now: 5000, channel: ChannelId(1) };
        peer.connect(1);
        peer
    }

    fn connect(&mut self, channel: u32) {
        self.channel = ChannelId(channel);
        let address: SocketAddr = "127.0.0.9:5".parse().unwrap();
        self.take(Input::Accepted { peer: address, local: address, is_secured: false });
    }

    fn time(&self) -> Now {
        Now { instant: Instant(self.now), wall: Timestamp(self.now as i64) }
    }

    fn take(&mut self, input: Input<'_>) {
        self.streams.receive(self.time(), self.channel, input);
    }

    /// Says something; gives back what was answered, and whether the connection was closed.
    fn say(&mut self, text: &str) -> (String, bool) {
        if !text.is_empty() {
            self.take(Input::Octets { octets: text.as_bytes() });
        }
        self.streams.timeout(self.time());
        let (mut answer, mut is_closed) = (Vec::new(), false);
        while let Some(event) = self.streams.poll() {
            match event {
                Event::Output(Output::Octets { octets, channel }) if channel == self.channel => {
                    answer.extend(octets)
                }
                Event::Output(Output::Close { channel }) if channel == self.channel => is_closed = true,
                Event::Stanza { stanza, .. } => answer.extend(format!("STANZA {}", stanza.name()).bytes()),
                _ => {}
            }
        }
        (String::from_utf8(answer).unwrap(), is_closed)
    }

    fn is_ended(&mut self, text: &str, condition: &str) {
        let (answer, is_closed) = self.say(text);
        assert!(is_closed && answer.contains(&format!("<{condition} ")), "{text}: {answer}");
    }

    /// Shows a certificate.
    fn prove(&mut self) {
        self.say(HEADER);
        self.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        self.take(Input::Secured { certificate: &certified(THERE) });
        self.say(HEADER);
        let (answer, _) =
            self.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
        assert!(answer.contains("<success"), "{answer}");
        self.say(HEADER);
    }
}

const HEADER: &str = "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
    xmlns:db='jabber:server:dialback' from='xmpp.example.net' to='h323.example' version='1.0'>";

// covers: F-17
#[test]
fn who_has_not_shown_who_it_is_says_nothing() {
    for stanza in [message(1, "m"), "<presence from='a@xmpp.example.net' to='b@h323.example'/>".to_owned()] {
        let mut peer = Peer::of(settings(HERE));
        peer.say(HEADER);
        peer.is_ended(&stanza, "not-authorized");
    }
}

// covers: F-17
#[test]
fn nobody_speaks_for_another_domain() {
    for from in ["a@other.example", "h323.example", "a@sub.xmpp.example.net", "a@xmpp.example"] {
        let mut peer = Peer::of(settings(HERE));
        peer.prove();
        peer.is_ended(&format!("<message from='{from}' to='b@h323.example'/>"), "invalid-from");
    }
    let mut peer = Peer::of(settings(HERE));
    peer.prove();
    assert_eq!(peer.say(&message(1, "m")), ("STANZA message".to_owned(), false));
    peer.is_ended("<message from='a@xmpp.example.net'/>", "improper-addressing");
    let mut peer = Peer::of(settings(HERE));
    peer.prove();
    peer.is_ended("<message from='a@xmpp.example.net' to='b@elsewhere.example'/>", "host-unknown");
}

#[test]
fn a_certificate_is_for_the_domain_that_it_names() {
    let mut peer = Peer::of(settings(HERE));
    peer.say(HEADER);
    peer.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    peer.take(Input::Secured { certificate: &certified("other.example") });
    let (features, _) = peer.say(HEADER);
    assert!(!features.contains("EXTERNAL") && features.contains("dialback"), "{features}");
    let other = "PSJvdGhlci5leGFtcGxlIg==";
    let (answer, _) = peer
        .say(&format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>{other}</auth>"));
    assert!(answer.contains("<not-authorized/>"), "{answer}");
}

#[test]
fn what_was_slipped_in_before_tls_is_not_taken_for_secured() {
    let mut peer = Peer::of(settings(HERE));
    peer.say(HEADER);
    let (answer, is_closed) = peer.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><presence/>");
    assert!(answer.contains("<proceed") && is_closed, "{answer}");
}

#[test]
fn a_key_of_ours_is_told_from_others() {
    let mut peer = Peer::of(settings(HERE));
    peer.say(HEADER);
    let key = super::dialback::key(&settings(HERE).secret, THERE, HERE, "id1");
    let verify = |id: &str| format!("<db:verify from='{THERE}' to='{HERE}' id='{id}'>{key}</db:verify>");
    let (answer, _) = peer.say(&verify("id1"));
    assert!(answer.contains("type='valid'"), "{answer}");
    let (answer, _) = peer.say(&verify("id2"));
    assert!(answer.contains("type='invalid'"), "{answer}");
}

#[test]
fn what_no_stream_must_have_ends_it() {
    let cases = [
        ("<!DOCTYPE x [<!ENTITY a 'aaaa'>]>", "not-well-formed"),
        ("<presence>&lol;</presence>", "restricted-xml"),
        ("<!-- words -->", "restricted-xml"),
        ("<presence></message>", "not-well-formed"),
        ("text between stanzas<presence/>", "not-well-formed"),
    ];
    for (text, condition) in cases {
        let mut peer = Peer::of(settings(HERE));
        peer.say(HEADER);
        peer.is_ended(text, condition);
    }
    let mut peer = Peer::of(settings(HERE));
    peer.say(HEADER);
    peer.is_ended(&"<a>".repeat(100), "policy-violation");
    let mut peer = Peer::of(settings(HERE));
    peer.say(HEADER);
    peer.is_ended(&format!("<presence a='{}'/>", "a".repeat(300_000)), "policy-violation");
    let mut peer = Peer::of(settings(HERE));
    let header = HEADER.replace("h323.example", "elsewhere.example");
    peer.is_ended(&header, "host-unknown");
}

#[test]
fn a_flood_is_left_to_its_sender() {
    let mut settings = settings(HERE);
    settings.limits.stanzas_per_second_max = 100;
    let mut peer = Peer::of(settings);
    peer.prove();
    for _ in 0..100 {
        peer.say(&message(1, "m"));
    }
    assert!(!peer.streams.takes(peer.channel));
    peer.now += 1000;
    peer.say("");
    assert!(peer.streams.takes(peer.channel));
}

#[test]
fn few_streams_of_an_address_need_not_show_whose_they_are() {
    let mut peer = Peer::of(settings(HERE));
    for channel in 2..=64 {
        peer.connect(channel);
        assert!(!peer.say("").1);
    }
    peer.connect(65);
    assert!(peer.say("").1);
    // And not for long.
    peer.channel = ChannelId(1);
    peer.now += 30_000;
    assert!(peer.say("").1);
    peer.connect(66);
    assert!(!peer.say("").1);
}

/// A component, and what its server says to it.
fn component() -> (Streams, ChannelId) {
    let mut settings = settings(HERE);
    let route = Route { host: "127.0.0.1".to_owned(), port: 5347, is_secured: false };
    settings.domains.push("rooms.h323.example".to_owned());
    settings.component = Some(Component { route, secret: "test".to_owned() });
    let mut streams = Streams::new(settings, [1; 32]);
    let now = Now { instant: Instant(1), wall: Timestamp(1) };
    streams.timeout(now);
    let resolve = std::iter::from_fn(|| streams.poll()).find_map(|event| match event {
        Event::Output(Output::Resolve { query, port, .. }) => Some((query, port)),
        _ => None,
    });
    let (query, port) = resolve.unwrap();
    let target = Target {
        host: "127.0.0.1".into(),
        address: SocketAddr::from(([127, 0, 0, 1], port)),
        is_secured: false,
    };
    let local = target.address;
    streams.resolved(now, query, Ok(vec![target]));
    let opened = std::iter::from_fn(|| streams.poll()).find_map(|event| match event {
        Event::Output(Output::Open { channel, .. }) => Some(channel),
        _ => None,
    });
    let channel = opened.unwrap();
    streams.receive(now, channel, Input::Connected { local });
    (streams, channel)
}

fn octets(streams: &mut Streams) -> String {
    let now = Now { instant: Instant(2), wall: Timestamp(2) };
    streams.timeout(now);
    let mut text = String::new();
    while let Some(event) = streams.poll() {
        if let Event::Output(Output::Octets { octets, .. }) = event {
            text.push_str(&String::from_utf8(octets).unwrap());
        }
    }
    text
}

// The exchange of XEP-0114 section 3.
#[test]
fn a_component_shows_that_it_knows_the_secret() {
    let now = Now { instant: Instant(2), wall: Timestamp(2) };
    let (mut streams, channel) = component();
    let header = octets(&mut streams);
    assert!(
        header.contains("xmlns='jabber:component:accept'") && header.contains("to='h323.example'"),
        "{header}"
    );
    let answer = b"<stream:stream xmlns:stream='http://etherx.jabber.org/streams' \
        xmlns='jabber:component:accept' from='plays.shakespeare.lit' id='3BF96D32'>";
    streams.receive(now, channel, Input::Octets { octets: answer });
    assert_eq!(octets(&mut streams), "<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>");
    let out = Outgoing {
        from: HERE.into(),
        to: "any.example".into(),
        octets: b"<presence/>".to_vec(),
        tag: Some(7),
        late: Vec::new(),
    };
    streams.send(now, out);
    assert_eq!(octets(&mut streams), "", "before the handshake is taken nothing is sent");
    streams.receive(now, channel, Input::Octets { octets: b"<handshake/>" });
    let sent = octets(&mut streams);
    assert!(sent.starts_with("<presence/><iq from='h323.example' to='any.example' id='"), "{sent}");
    let id = sent.split("id='").nth(1).unwrap().split('\'').next().unwrap();
    let pong = format!("<iq from='any.example' to='h323.example' id='{id}' type='result'/>");
    streams.receive(now, channel, Input::Octets { octets: pong.as_bytes() });
    assert_eq!(streams.poll(), Some(Event::Taken { tag: 7 }));
    // One that can't be reached is told by the server in front.
    let out = Outgoing {
        from: HERE.into(),
        to: "no.example".into(),
        octets: b"<presence/>".to_vec(),
        tag: Some(8),
        late: Vec::new(),
    };
    streams.send(now, out);
    let sent = octets(&mut streams);
    let id = sent.split("id='").nth(1).unwrap().split('\'').next().unwrap();
    let error = Condition::RemoteServerNotFound.element();
    let mut octets = Vec::new();
    error.write(&mut octets);
    let error = String::from_utf8(octets).unwrap();
    let pong = format!("<iq from='no.example' to='h323.example' id='{id}' type='error'>{error}</iq>");
    streams.receive(now, channel, Input::Octets { octets: pong.as_bytes() });
    assert_eq!(streams.poll(), Some(Event::Failed { tag: 8, condition: Condition::RemoteServerNotFound }));
}

#[test]
fn a_server_in_front_that_mixes_up_its_components_is_told_of_once() {
    let now = Now { instant: Instant(2), wall: Timestamp(2) };
    let (mut streams, channel) = component();
    octets(&mut streams);
    let opening = b"<stream:stream xmlns:stream='http://etherx.jabber.org/streams' \
        xmlns='jabber:component:accept' from='h323.example' id='1'><handshake/>";
    streams.receive(now, channel, Input::Octets { octets: opening });
    octets(&mut streams);
    let mut came = Vec::new();
    for domain in ["h323.example", "rooms.h323.example", "rooms.h323.example"] {
        let stanza = format!("<message from='a@any.example' to='b@{domain}'/>");
        streams.receive(now, channel, Input::Octets { octets: stanza.as_bytes() });
        came.extend(std::iter::from_fn(|| streams.poll()));
    }
    let warnings =
        came.iter().filter(|event| matches!(event, Event::Output(Output::Event { name: "xmpp.astray", .. })));
    assert_eq!(warnings.count(), 1);
    let stanzas = came.iter().filter(|event| matches!(event, Event::Stanza { .. }));
    assert_eq!(stanzas.count(), 3, "none is lost for it");
}

proptest! {
    #[test]
    fn nothing_that_comes_breaks_a_stream(parts in prop::collection::vec(prop_oneof![
        Just(HEADER.to_owned()),
        Just(message(1, "m")),
        Just("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_owned()),
        Just("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>".to_owned()),
        Just("<db:result from='xmpp.example.net' to='h323.example'>k</db:result>".to_owned()),
        Just("<db:verify from='xmpp.example.net' to='h323.example' id='1' type='valid'/>".to_owned()),
        Just("<enable xmlns='urn:xmpp:sm:3'/><r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='99'/>".to_owned()),
        Just("<bidi xmlns='urn:xmpp:bidi'/>".to_owned()),
        Just("</stream:stream>".to_owned()),
        "[<>/='\" a-z]{0,40}",
    ], 0..24), is_secured in any::<bool>()) {
        let mut peer = Peer::of(settings(HERE));
        for (index, part) in parts.iter().enumerate() {
            peer.say(part);
            if is_secured && index % 3 == 1 {
                peer.take(Input::Secured { certificate: &certified(THERE) });
            }
        }
        peer.now += 3_600_000;
        peer.say("");
        peer.now += 3_600_000;
        peer.say("");
        let now = peer.streams.counters().into_iter().find(|one| one.name == "xmpp.streams.now").unwrap();
        prop_assert_eq!(now.value, 0, "a stream on which nothing happens stays");
    }
}
