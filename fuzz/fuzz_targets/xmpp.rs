//! The gateway to XMPP as a whole: a server that has shown who it is, one that has not, and an engine that grants
//! everything, in any order.
//!
//! The input is a row of events: one octet that says what happens, two with a length, and as many octets of content.

#![no_main]

use herald_fuzz::{events, granted};
use link::{ChannelId, Closure, Input, Link, Output, PeerCertificate, ResolveError, Target};
use model::{GatewayId, Instant, Millis, Now, Timestamp};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use xmpp::{Xmpp, gateway, streams};

/// The most outputs after one event: a loop inside would give more.
const OUTPUTS_MAX: usize = 20_000;
const HEADER: &str = "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
    xmlns:db='jabber:server:dialback' from='xmpp.example' to='h323.example' version='1.0'>";

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut world = World::new();
    for (what, content) in events(octets) {
        world.happen(what, content);
    }
});

struct World {
    link: Xmpp,
    now: Now,
    opened: Vec<ChannelId>,
}

impl World {
    fn new() -> Self {
        let streams = streams::Settings {
            domains: vec!["h323.example".to_owned(), "rooms.h323.example".to_owned()],
            component: None,
            authentication: streams::Authentication::default(),
            tls_required: false,
            has_certificate: true,
            routes: BTreeMap::new(),
            secret: [1; 32],
            limits: streams::Limits { streams_max: 16, ..streams::Limits::default() },
        };
        let gateway = gateway::Settings {
            domain: "h323.example".parse().expect("a domain"),
            rooms_domain: "rooms.h323.example".parse().expect("a domain"),
            users_max: 8,
            clients_per_user_max: 4,
            operators: Vec::new(),
            outage_addresses: Vec::new(),
            avatar: None,
            forget_after: Millis::seconds(60),
        };
        let link = Xmpp::new(GatewayId(1), streams, gateway, [2; 32]);
        let mut world = Self {
            link,
            now: Now { instant: Instant(1), wall: Timestamp(1_750_000_000_000) },
            opened: Vec::new(),
        };
        world.log_in(ChannelId(1));
        world
    }

    /// A server shows who it is.
    fn log_in(&mut self, channel: ChannelId) {
        let peer: SocketAddr = "192.0.2.1:5".parse().expect("an address");
        self.take(channel, Input::Accepted { peer, local: peer, is_secured: false });
        self.say(channel, HEADER);
        self.say(channel, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        let names = vec!["xmpp.example".to_owned()];
        let certificate = PeerCertificate { is_trusted: true, names, problem: None };
        self.take(channel, Input::Secured { certificate: &certificate });
        self.say(channel, HEADER);
        self.say(channel, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
        self.say(channel, HEADER);
    }

    fn say(&mut self, channel: ChannelId, text: &str) {
        self.take(channel, Input::Octets { octets: text.as_bytes() });
    }

    fn take(&mut self, channel: ChannelId, input: Input<'_>) {
        self.link.receive(self.now, channel, input);
        self.drain();
    }

    fn happen(&mut self, what: u8, content: &[u8]) {
        let channel = ChannelId(1 + u32::from(what >> 4 & 1));
        let opened = self.opened.get(usize::from(what >> 4)).copied();
        match what & 0x0f {
            0..=7 if !content.is_empty() => self.take(channel, Input::Octets { octets: content }),
            8 => {
                let seconds = content.first().copied().unwrap_or(1);
                self.now.instant = self.now.instant.after(Millis::seconds(seconds.into()));
                self.now.wall = self.now.wall.after(Millis::seconds(seconds.into()));
                self.link.timeout(self.now);
                self.drain();
            }
            9 => self.take(channel, Input::Closed { how: Closure::Broken }),
            10 => self.log_in(channel),
            11 => {
                let peer: SocketAddr = "192.0.2.2:5".parse().expect("an address");
                self.take(channel, Input::Accepted { peer, local: peer, is_secured: what & 0x80 != 0 });
            }
            12 if !content.is_empty() => {
                if let Some(channel) = opened {
                    self.take(channel, Input::Octets { octets: content });
                }
            }
            13 => {
                if let Some(channel) = opened {
                    self.take(channel, Input::Secured { certificate: &PeerCertificate::default() });
                }
            }
            _ => {}
        }
    }

    fn drain(&mut self) {
        for _ in 0..OUTPUTS_MAX {
            let Some(output) = self.link.poll() else { return };
            match output {
                Output::Request(request) => {
                    if let Some(effect) = granted(request) {
                        self.link.apply(self.now, effect);
                    }
                }
                Output::Resolve { query, name, port, .. } => {
                    let address = SocketAddr::from(([192, 0, 2, 9], port));
                    let found = match name.len() % 3 {
                        0 => Err(ResolveError::NoService),
                        _ => Ok(vec![Target { host: name, address, is_secured: false }]),
                    };
                    self.link.resolved(self.now, query, found);
                }
                Output::Open { channel, .. } => {
                    self.opened.push(channel);
                    let local = SocketAddr::from(([192, 0, 2, 1], 1));
                    self.link.receive(self.now, channel, Input::Connected { local });
                }
                _ => {}
            }
        }
        panic!("it never has enough");
    }
}
