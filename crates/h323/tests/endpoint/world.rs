//! A network without delay and a clock that jumps from deadline to deadline.

use crate::scripted::Gatekeeper;
use codec::per;
use h323::alias::Alias;
use h323::endpoint::{Command, ConnectionId, Endpoint, Event, Offers, Output, Settings};
use h323::wire::h225::RasMessage;
use model::{Instant, Now, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

pub const ALICE: usize = 0;
pub const BOB: usize = 1;

/// When the world begins, in civil time.
pub const EPOCH: i64 = 1_800_000_000_000;

pub struct World {
    pub now: Now,
    pub endpoints: [Endpoint; 2],
    pub events: [Vec<Event>; 2],
    pub finished: [bool; 2],
    pub gatekeepers: BTreeMap<SocketAddr, Gatekeeper>,
    /// So many datagrams are lost from now on.
    pub lose: usize,
    /// Datagrams sent to anyone by endpoints.
    pub sent: Vec<(SocketAddr, Vec<u8>)>,
    /// What went over connections, by the endpoint that sent it.
    pub said: [Vec<Vec<u8>>; 2],
    wires: Vec<[(usize, ConnectionId); 2]>,
    /// Who hears nothing that comes over connections.
    deaf: Option<usize>,
    /// What the endpoints wanted done and is not done yet.
    under_way: VecDeque<(usize, Output)>,
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub fn gatekeeper_address() -> SocketAddr {
    address("10.0.0.1:1719")
}

pub fn ras_address(endpoint: usize) -> SocketAddr {
    address(["10.0.0.11:40000", "10.0.0.12:40000"][endpoint])
}

pub fn signal_address(endpoint: usize) -> SocketAddr {
    address(["10.0.0.11:1720", "10.0.0.12:1720"][endpoint])
}

pub fn settings(endpoint: usize) -> Settings {
    Settings {
        aliases: vec![Alias::H323Id(["alice", "bob"][endpoint].into())],
        gatekeeper: Some(gatekeeper_address()),
        ras_address: ras_address(endpoint),
        call_signal_address: signal_address(endpoint),
        credentials: None,
        time_to_live: 60,
        calls: 1,
        auto_answer: false,
        offers: Offers::ALL,
        by_call: false,
        features: None,
        location: None,
    }
}

impl World {
    pub fn new() -> Self {
        Self::of([settings(ALICE), settings(BOB)])
    }

    pub fn of([alice, bob]: [Settings; 2]) -> Self {
        let gatekeeper = Gatekeeper { time_to_live: Some(60), ..Gatekeeper::default() };
        Self {
            now: Now { instant: Instant(0), wall: Timestamp(EPOCH) },
            endpoints: [Endpoint::new(alice, 1), Endpoint::new(bob, 2)],
            events: [Vec::new(), Vec::new()],
            finished: [false; 2],
            gatekeepers: BTreeMap::from([(gatekeeper_address(), gatekeeper)]),
            lose: 0,
            sent: Vec::new(),
            said: [Vec::new(), Vec::new()],
            wires: Vec::new(),
            deaf: None,
            under_way: VecDeque::new(),
        }
    }

    /// A world in which both are registered.
    pub fn registered() -> Self {
        Self::registered_of([settings(ALICE), settings(BOB)])
    }

    pub fn registered_of(settings: [Settings; 2]) -> Self {
        let mut world = Self::of(settings);
        world.command(ALICE, "register");
        world.command(BOB, "register");
        world.forget();
        world
    }

    /// A world in which alice called bob and bob answered.
    pub fn connected() -> Self {
        let mut world = Self::registered();
        world.command(ALICE, "call bob");
        world.command(BOB, "answer");
        world.forget();
        world
    }

    /// Forgets what was told and heard so far.
    pub fn forget(&mut self) {
        self.events = [Vec::new(), Vec::new()];
        self.sent.clear();
        self.said = [Vec::new(), Vec::new()];
        self.gatekeepers.values_mut().for_each(|gatekeeper| gatekeeper.heard.clear());
    }

    pub fn gatekeeper(&mut self) -> &mut Gatekeeper {
        self.gatekeepers.get_mut(&gatekeeper_address()).unwrap()
    }

    pub fn command(&mut self, endpoint: usize, line: &str) {
        self.endpoints[endpoint].command(self.now, line.parse::<Command>().unwrap());
        self.settle();
    }

    /// A datagram arrives at an endpoint.
    pub fn datagram(&mut self, endpoint: usize, from: SocketAddr, octets: &[u8]) {
        self.endpoints[endpoint].datagram(self.now, from, octets);
        self.settle();
    }

    /// A message of the gatekeeper arrives at an endpoint.
    pub fn tell(&mut self, endpoint: usize, message: &RasMessage) {
        self.datagram(endpoint, gatekeeper_address(), &per::encode(message).unwrap());
    }

    /// Time passes, deadline by deadline.
    pub fn pass(&mut self, seconds: u64) {
        let end = Instant(self.now.instant.0 + seconds * 1000);
        loop {
            let deadlines = self.endpoints.iter().filter_map(Endpoint::deadline);
            let Some(next) = deadlines.min().filter(|next| *next <= end) else { break };
            self.jump(next.max(self.now.instant));
            for endpoint in &mut self.endpoints {
                endpoint.timeout(self.now);
            }
            self.settle();
        }
        self.jump(end);
    }

    fn jump(&mut self, to: Instant) {
        self.now = self.now.after(to.since(self.now.instant));
    }

    /// Carries everything out until nobody has anything more to do: after each input all outputs first.
    pub fn settle(&mut self) {
        loop {
            for endpoint in 0..2 {
                while let Some(output) = self.endpoints[endpoint].poll() {
                    self.take_output(endpoint, output);
                }
            }
            match self.under_way.pop_front() {
                Some((endpoint, output)) => self.carry_out(endpoint, output),
                None => return,
            }
        }
    }

    fn take_output(&mut self, endpoint: usize, output: Output) {
        match output {
            Output::Event(event) => self.events[endpoint].push(event),
            Output::Finished => self.finished[endpoint] = true,
            Output::Datagram { peer, octets } => {
                self.sent.push((peer, octets.clone()));
                if self.lose > 0 {
                    self.lose -= 1;
                } else {
                    self.under_way.push_back((endpoint, Output::Datagram { peer, octets }));
                }
            }
            Output::Send { id, octets } => {
                self.said[endpoint].push(octets.clone());
                self.under_way.push_back((endpoint, Output::Send { id, octets }));
            }
            other => self.under_way.push_back((endpoint, other)),
        }
    }

    fn carry_out(&mut self, endpoint: usize, output: Output) {
        match output {
            Output::Datagram { peer, octets } => {
                let gatekeeper = self.gatekeepers.get_mut(&peer);
                let answer =
                    gatekeeper.and_then(|gatekeeper| gatekeeper.hear(peer, ras_address(endpoint), &octets));
                if let Some(answer) = answer {
                    self.endpoints[endpoint].datagram(self.now, peer, &per::encode(&answer).unwrap());
                }
            }
            Output::Open { id, peer } => {
                let callee = (0..2).find(|number| signal_address(*number) == peer);
                let accepted = callee.and_then(|callee| {
                    let other = self.endpoints[callee].accept(self.now, signal_address(endpoint))?;
                    Some((callee, other))
                });
                match accepted {
                    Some(end) => {
                        self.wires.push([(endpoint, id), end]);
                        assert!(self.endpoints[endpoint].opened(self.now, id));
                    }
                    None => self.endpoints[endpoint].closed(self.now, id),
                }
            }
            Output::Send { id, octets } => {
                if let Some((other, id)) = self.other_end(endpoint, id)
                    && self.deaf != Some(other)
                {
                    self.endpoints[other].received(self.now, id, &octets);
                }
            }
            Output::Close(id) => {
                if let Some((other, other_id)) = self.other_end(endpoint, id) {
                    self.wires.retain(|wire| !wire.contains(&(endpoint, id)));
                    self.endpoints[other].closed(self.now, other_id);
                }
            }
            Output::Event(_) | Output::Finished => {}
        }
    }

    fn other_end(&self, endpoint: usize, id: ConnectionId) -> Option<(usize, ConnectionId)> {
        let wire = self.wires.iter().find(|wire| wire.contains(&(endpoint, id)))?;
        wire.iter().find(|end| **end != (endpoint, id)).copied()
    }

    /// From now on an endpoint hears nothing that comes over connections.
    pub fn hold_back(&mut self, endpoint: usize) {
        self.deaf = Some(endpoint);
    }

    /// The connection of an endpoint that was opened last.
    pub fn last_connection(&self, endpoint: usize) -> ConnectionId {
        let mut ends = self.wires.iter().flatten().filter(|(owner, _)| *owner == endpoint);
        ends.next_back().unwrap().1
    }

    /// The names of the events of an endpoint, in order.
    pub fn names(&self, endpoint: usize) -> Vec<String> {
        let name = |event: &Event| {
            let event: serde_json::Value = serde_json::from_str(&event.json()).unwrap();
            event["event"].as_str().unwrap().to_owned()
        };
        self.events[endpoint].iter().map(name).collect()
    }

    /// The last event of an endpoint as JSON.
    pub fn last(&self, endpoint: usize) -> serde_json::Value {
        serde_json::from_str(&self.events[endpoint].last().unwrap().json()).unwrap()
    }

    /// The events of an endpoint as JSON.
    pub fn told(&self, endpoint: usize) -> Vec<serde_json::Value> {
        self.events[endpoint].iter().map(|event| serde_json::from_str(&event.json()).unwrap()).collect()
    }

    /// The status of an endpoint as JSON.
    pub fn status(&mut self, endpoint: usize) -> serde_json::Value {
        self.command(endpoint, "status");
        self.last(endpoint)
    }

    /// The messages the gatekeeper heard for which `read` has an answer.
    pub fn heard<T>(&mut self, read: impl Fn(&RasMessage) -> Option<T>) -> Vec<T> {
        self.gatekeeper().heard.iter().filter_map(|(_, message)| read(message)).collect()
    }
}
