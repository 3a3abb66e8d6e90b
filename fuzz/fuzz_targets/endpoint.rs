//! An endpoint as a whole: commands, a gatekeeper and a stranger who say anything, connections, and time.
//!
//! The input is a row of events: one octet that says what happens, two with a length, and as many octets of content.

#![no_main]

use codec::per;
use h323::alias::Alias;
use h323::endpoint::{CONNECTIONS_MAX, Command, ConnectionId, Endpoint, Offers, Output, Settings};
use h323::wire::h225::{RasMessage, RegistrationConfirm};
use herald_fuzz::{call_message, events, ras_message};
use model::{Instant, Millis, Now, Timestamp};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// The most outputs after one event: a loop inside would give more.
const OUTPUTS_MAX: usize = 10_000;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut world = World::new();
    world.register();
    for (what, content) in events(octets) {
        world.happens(what, content);
    }
    world.pass(Millis::seconds(600));
});

struct World {
    endpoint: Endpoint,
    now: Now,
    connections: Vec<ConnectionId>,
    accepted: BTreeSet<ConnectionId>,
    /// The request of ours that was sent last.
    asked: Option<RasMessage>,
}

impl World {
    fn new() -> Self {
        let settings = Settings {
            aliases: vec![Alias::H323Id("alice".to_owned())],
            gatekeeper: Some(gatekeeper()),
            ras_address: address([192, 0, 2, 10], 1719),
            call_signal_address: address([192, 0, 2, 10], 1720),
            credentials: None,
            time_to_live: 60,
            calls: 4,
            auto_answer: true,
            offers: Offers::ALL,
            by_call: false,
            features: None,
            location: None,
        };
        Self {
            endpoint: Endpoint::new(settings, 1),
            now: Now { instant: Instant(1000), wall: Timestamp(1_800_000_000_000) },
            connections: Vec::new(),
            accepted: BTreeSet::new(),
            asked: None,
        }
    }

    fn register(&mut self) {
        self.command("register");
        for _ in 0..3 {
            match self.asked.take() {
                Some(RasMessage::RegistrationRequest(request)) => {
                    let confirm = RegistrationConfirm {
                        request_seq_num: request.request_seq_num,
                        feature_set: request.feature_set.clone(),
                        ..RegistrationConfirm::default()
                    };
                    self.tell(gatekeeper(), &RasMessage::RegistrationConfirm(confirm.into()));
                }
                _ => return,
            }
        }
    }

    fn happens(&mut self, what: u8, content: &[u8]) {
        let connection = self.connections.get(usize::from(what >> 4)).or(self.connections.last()).copied();
        match what % 12 {
            0 => self.datagram(gatekeeper(), content),
            1 => self.datagram(stranger(), content),
            2 => self.tell(gatekeeper(), &ras_message(content)),
            3 => self.tell(stranger(), &ras_message(content)),
            4 => {
                if let Ok(line) = std::str::from_utf8(content) {
                    self.command(line);
                }
            }
            5 => {
                if let Some(id) = self.endpoint.accept(self.now, stranger()) {
                    self.accepted.insert(id);
                    self.connections.push(id);
                }
                self.drain();
            }
            6 | 7 => {
                if let Some(id) = connection {
                    self.endpoint.received(self.now, id, content);
                    self.drain();
                }
            }
            8 | 9 => {
                if let (Some(id), Some(packet)) = (connection, call_message(content)) {
                    self.endpoint.received(self.now, id, &packet);
                    self.drain();
                }
            }
            10 => {
                if let Some(id) = connection {
                    self.connections.retain(|other| *other != id);
                    self.endpoint.closed(self.now, id);
                    self.drain();
                }
            }
            _ => self.pass(Millis(u64::from(content.first().copied().unwrap_or(1)) * 500)),
        }
        assert!(self.connections.len() <= 2 * CONNECTIONS_MAX, "more connections than may be");
    }

    fn command(&mut self, line: &str) {
        if let Ok(command) = line.parse::<Command>() {
            self.endpoint.command(self.now, command);
            self.drain();
        }
    }

    fn tell(&mut self, peer: SocketAddr, message: &RasMessage) {
        if let Ok(octets) = per::encode(message) {
            self.datagram(peer, &octets);
        }
    }

    fn datagram(&mut self, peer: SocketAddr, octets: &[u8]) {
        self.endpoint.datagram(self.now, peer, octets);
        let sent = self.drain();
        let to_stranger: usize =
            sent.iter().filter(|(to, _)| *to == stranger()).map(|(_, length)| length).sum();
        assert!(
            peer != stranger() || to_stranger <= octets.len() + 64,
            "a stranger is sent more than he sent"
        );
    }

    fn pass(&mut self, length: Millis) {
        let end = self.now.instant.after(length);
        for _ in 0..OUTPUTS_MAX {
            let Some(next) = self.endpoint.deadline().filter(|next| *next <= end) else {
                self.now = self.now.after(end.since(self.now.instant));
                return;
            };
            self.now = self.now.after(next.since(self.now.instant));
            self.endpoint.timeout(self.now);
            self.drain();
        }
        panic!("the clock does not get on");
    }

    /// Does what the endpoint wants: to whom datagrams went, and how long they were.
    fn drain(&mut self) -> Vec<(SocketAddr, usize)> {
        let mut sent = Vec::new();
        for _ in 0..OUTPUTS_MAX {
            let Some(output) = self.endpoint.poll() else { return sent };
            match output {
                Output::Datagram { peer, octets } => {
                    sent.push((peer, octets.len()));
                    self.asked = Some(per::decode(&octets).expect("an endpoint sends RAS messages"));
                }
                Output::Open { id, .. } => {
                    if self.endpoint.opened(self.now, id) {
                        self.connections.push(id);
                    }
                }
                Output::Close(id) => self.connections.retain(|other| *other != id),
                _ => {}
            }
        }
        panic!("one event leads to more than {OUTPUTS_MAX} outputs");
    }
}

fn gatekeeper() -> SocketAddr {
    address([192, 0, 2, 1], 1719)
}

fn stranger() -> SocketAddr {
    address([198, 51, 100, 9], 5000)
}

fn address(host: [u8; 4], port: u16) -> SocketAddr {
    SocketAddr::from((host, port))
}
