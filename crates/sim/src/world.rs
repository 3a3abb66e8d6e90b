//! The world: who is in it, what is under way, and the clock.

use crate::server_side::Server;
use crate::terminal::{self, Terminal};
use h323::endpoint::{Command, ConnectionId, Offers, Output as TerminalOutput};
use link::{ChannelId, Closure, Input, Output};
use model::{Instant, Millis, Now, Timestamp};
use server::settings::SecondDevice;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tempfile::TempDir;

/// The moment at which every world begins.
const BEGINNING: Timestamp = Timestamp(1_800_000_000_000);

/// Where the server takes RAS messages and calls.
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const RAS: SocketAddr = SocketAddr::new(SERVER, 1719);
const SIGNALLING: SocketAddr = SocketAddr::new(SERVER, 1720);

/// The channel of the server's RAS socket.
const RAS_CHANNEL: ChannelId = ChannelId(0);

/// Steps without time passing after which something must be going round in circles.
const STEPS_MAX: usize = 1_000_000;

/// A simulated world. Equal seeds and inputs give equal outcomes, but for the order of the disk.
pub struct World {
    now: Now,
    seed: u64,
    data: TempDir,
    settings: server::Settings,
    server: Option<Server>,
    terminals: Vec<(String, Terminal)>,
    wires: Vec<[End; 2]>,
    under_way: VecDeque<UnderWay>,
    /// So many of a hundred datagrams are lost.
    loss_percent: u64,
    last_channel: u32,
    starts: u8,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Server(ChannelId),
    Terminal(usize, ConnectionId),
}

/// What is on its way.
enum UnderWay {
    Datagram { from: SocketAddr, to: SocketAddr, octets: Vec<u8> },
    Octets { to: End, octets: Vec<u8> },
    Closed { end: End },
}

impl World {
    /// A world with a server in it and nobody else.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut settings = server::Settings::default();
        settings.h323.rate_burst = 1_000_000;
        let mut world = Self {
            now: Now { instant: Instant(1000), wall: BEGINNING },
            seed,
            data: tempfile::tempdir().expect("the machine has room for a directory"),
            settings,
            server: None,
            terminals: Vec::new(),
            wires: Vec::new(),
            under_way: VecDeque::new(),
            loss_percent: 0,
            last_channel: 0,
            starts: 0,
        };
        world.start_server();
        world
    }

    /// Adds an endpoint.
    pub fn add(&mut self, name: &str, aliases: &[&str], offers: Offers) {
        let number = self.terminals.len();
        let seed = self.random();
        self.terminals.push((name.to_owned(), Terminal::new(aliases, number, RAS, offers, seed)));
    }

    /// Types a line at an endpoint.
    ///
    /// # Errors
    /// There is no such endpoint, or no such command.
    pub fn command(&mut self, name: &str, line: &str) -> Result<(), String> {
        let number = self.number(name)?;
        let command = line.parse::<Command>().map_err(|error| error.to_string())?;
        self.terminals[number].1.endpoint.command(self.now, command);
        self.settle();
        Ok(())
    }

    /// Waits until an endpoint has shown a sentence that contains `text`, after those looked at before.
    ///
    /// # Errors
    /// It did not come within `patience`; what was shown instead.
    pub fn expect(&mut self, name: &str, text: &str, patience: Millis) -> Result<(), String> {
        let number = self.number(name)?;
        let give_up = self.now.instant.after(patience);
        loop {
            let terminal = &mut self.terminals[number].1;
            let unseen = terminal.shown.iter().enumerate().skip(terminal.seen);
            if let Some((place, _)) = unseen.into_iter().find(|(_, event)| event.to_string().contains(text)) {
                terminal.seen = place + 1;
                return Ok(());
            }
            if !self.pass_to_next(give_up) {
                return Err(format!("{name} was not shown {text:?}, but:\n{}", self.unseen(number)));
            }
        }
    }

    /// Makes sure that an endpoint was shown nothing that contains `text` since it was last looked at.
    ///
    /// # Errors
    /// It was.
    pub fn expect_nothing(&mut self, name: &str, text: &str) -> Result<(), String> {
        let number = self.number(name)?;
        let terminal = &self.terminals[number].1;
        match terminal.shown.iter().skip(terminal.seen).find(|event| event.to_string().contains(text)) {
            Some(event) => Err(format!("{name} was shown {event}")),
            None => Ok(()),
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, length: Millis) {
        let end = self.now.instant.after(length);
        while self.pass_to_next(end) {}
    }

    /// From now on so many of a hundred datagrams are lost.
    pub fn lose(&mut self, percent: u64) {
        self.loss_percent = percent.min(100);
    }

    /// From the next start of the server on a second endpoint of a name is one more device of the same person.
    pub fn allow_devices(&mut self) {
        self.settings.h323.second_device = SecondDevice::Accept;
    }

    /// Kills the server: it has no time to write anything.
    pub fn kill_server(&mut self) {
        self.server = None;
        self.break_connections_of_server();
    }

    /// Stops the server in order.
    pub fn stop_server(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(self.now);
        }
        self.break_connections_of_server();
    }

    /// Starts the server over what is on the disk.
    pub fn start_server(&mut self) {
        self.starts += 1;
        let seed = [self.starts; 32];
        self.server =
            Some(Server::start(self.data.path(), &self.settings, SIGNALLING.port(), seed, self.now));
        self.settle();
    }

    /// An endpoint vanishes without a word.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub fn vanish(&mut self, name: &str) -> Result<(), String> {
        let number = self.number(name)?;
        self.terminals[number].1.is_dead = true;
        Ok(())
    }

    /// No datagram reaches an endpoint from now on, or all do again.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub fn deafen(&mut self, name: &str, is_deaf: bool) -> Result<(), String> {
        let number = self.number(name)?;
        self.terminals[number].1.is_deaf = is_deaf;
        Ok(())
    }

    fn number(&self, name: &str) -> Result<usize, String> {
        let place = self.terminals.iter().position(|(other, _)| other == name);
        place.ok_or_else(|| format!("nobody is called {name}"))
    }

    fn unseen(&self, number: usize) -> String {
        let terminal = &self.terminals[number].1;
        let lines = terminal.shown.iter().skip(terminal.seen).map(|event| format!("  {event}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Lets time pass to the next deadline, or to `end`; whether there may be more before `end`.
    fn pass_to_next(&mut self, end: Instant) -> bool {
        let terminals = self.terminals.iter().filter(|(_, terminal)| !terminal.is_dead);
        let of_terminals = terminals.filter_map(|(_, terminal)| terminal.endpoint.deadline());
        let of_server = self.server.iter().filter_map(Server::deadline);
        let next = of_terminals.chain(of_server).min().filter(|next| *next <= end);
        let to = next.unwrap_or(end).max(self.now.instant);
        self.now = self.now.after(to.since(self.now.instant));
        if next.is_none() {
            return false;
        }
        for (_, terminal) in &mut self.terminals {
            if !terminal.is_dead {
                terminal.endpoint.timeout(self.now);
            }
        }
        if let Some(server) = &mut self.server {
            server.timeout(self.now);
        }
        self.settle();
        true
    }

    /// Carries out everything until nobody wants anything more.
    fn settle(&mut self) {
        for _ in 0..STEPS_MAX {
            self.collect();
            match self.under_way.pop_front() {
                Some(item) => self.arrive(item),
                None => return,
            }
        }
        panic!("the world goes round in circles");
    }

    fn collect(&mut self) {
        for number in 0..self.terminals.len() {
            while let Some(output) = self.terminals[number].1.endpoint.poll() {
                self.terminal_wants(number, output);
            }
        }
        loop {
            let Some(output) = self.server.as_mut().and_then(|server| server.poll(self.now)) else { return };
            self.server_wants(output);
        }
    }

    fn terminal_wants(&mut self, number: usize, output: TerminalOutput) {
        let terminal = &mut self.terminals[number].1;
        if let TerminalOutput::Event(event) = output {
            return terminal.shown.push(event);
        }
        if terminal.is_dead {
            return;
        }
        match output {
            TerminalOutput::Datagram { peer, octets } => {
                let from = (terminal::host(number), 5000).into();
                self.under_way.push_back(UnderWay::Datagram { from, to: peer, octets });
            }
            TerminalOutput::Open { id, peer } => self.open_from_terminal(number, id, peer),
            TerminalOutput::Send { id, octets } => self.send(End::Terminal(number, id), octets),
            TerminalOutput::Close(id) => self.close(End::Terminal(number, id)),
            TerminalOutput::Event(_) | TerminalOutput::Finished => {}
        }
    }

    fn server_wants(&mut self, output: Output) {
        match output {
            Output::Datagram { peer, octets, .. } => {
                self.under_way.push_back(UnderWay::Datagram { from: RAS, to: peer, octets });
            }
            Output::Open { channel, peer, .. } => self.open_from_server(channel, peer),
            Output::Octets { channel, octets } => self.send(End::Server(channel), octets),
            Output::Close { channel } => self.close(End::Server(channel)),
            Output::Request(_) | Output::Call(_) | Output::Event { .. } | Output::Traced(_) => {}
        }
    }

    fn open_from_terminal(&mut self, number: usize, id: ConnectionId, peer: SocketAddr) {
        let here = End::Terminal(number, id);
        let from = SocketAddr::from((terminal::host(number), 30_000));
        let there = if peer == SIGNALLING && self.server.is_some() {
            self.last_channel += 1;
            let channel = ChannelId(1_000_000 + self.last_channel);
            self.server_receives(channel, Input::Accepted { peer: from, local: SIGNALLING });
            Some(End::Server(channel))
        } else {
            self.accept_at_terminal(peer, from)
        };
        match there {
            Some(there) => {
                self.wires.push([here, there]);
                self.terminals[number].1.endpoint.opened(self.now, id);
            }
            None => self.terminals[number].1.endpoint.closed(self.now, id),
        }
    }

    fn open_from_server(&mut self, channel: ChannelId, peer: SocketAddr) {
        match self.accept_at_terminal(peer, (SERVER, 30_000).into()) {
            Some(there) => {
                self.wires.push([End::Server(channel), there]);
                self.server_receives(channel, Input::Connected { local: (SERVER, 30_000).into() });
            }
            None => self.server_receives(channel, Input::Closed { how: Closure::Unreachable }),
        }
    }

    fn accept_at_terminal(&mut self, address: SocketAddr, from: SocketAddr) -> Option<End> {
        let number = (0..self.terminals.len())
            .find(|number| SocketAddr::from((terminal::host(*number), 1720)) == address)?;
        let terminal = &mut self.terminals[number].1;
        if terminal.is_dead {
            return None;
        }
        let id = terminal.endpoint.accept(self.now, from)?;
        Some(End::Terminal(number, id))
    }

    fn send(&mut self, from: End, octets: Vec<u8>) {
        if let Some(to) = self.other(from) {
            self.under_way.push_back(UnderWay::Octets { to, octets });
        }
    }

    /// What was sent before arrives first.
    fn close(&mut self, end: End) {
        if let Some(other) = self.other(end) {
            self.under_way.push_back(UnderWay::Closed { end: other });
        }
    }

    fn arrive(&mut self, item: UnderWay) {
        match item {
            UnderWay::Datagram { from, to, octets } => {
                if self.random() % 100 >= self.loss_percent {
                    self.datagram(from, to, &octets);
                }
            }
            UnderWay::Octets { to: End::Server(channel), octets } => {
                self.server_receives(channel, Input::Octets { octets: &octets });
            }
            UnderWay::Octets { to: End::Terminal(number, id), octets } => {
                if !self.terminals[number].1.is_dead {
                    self.terminals[number].1.endpoint.received(self.now, id, &octets);
                }
            }
            UnderWay::Closed { end } => {
                let is_there = self.wires.iter().any(|wire| wire.contains(&end));
                self.wires.retain(|wire| !wire.contains(&end));
                match end {
                    _ if !is_there => {}
                    End::Server(channel) => {
                        self.server_receives(channel, Input::Closed { how: Closure::Ended })
                    }
                    End::Terminal(number, id) => self.terminals[number].1.endpoint.closed(self.now, id),
                }
            }
        }
    }

    fn datagram(&mut self, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        if to == RAS {
            let input = Input::Datagram { peer: from, local: RAS, to_many: false, octets };
            return self.server_receives(RAS_CHANNEL, input);
        }
        let number = (0..self.terminals.len()).find(|number| IpAddr::V4(terminal::host(*number)) == to.ip());
        let Some((_, terminal)) = number.and_then(|number| self.terminals.get_mut(number)) else { return };
        if !terminal.is_dead && !terminal.is_deaf {
            terminal.endpoint.datagram(self.now, from, octets);
        }
    }

    fn server_receives(&mut self, channel: ChannelId, input: Input<'_>) {
        if let Some(server) = &mut self.server {
            server.receive(self.now, channel, input);
        }
    }

    fn break_connections_of_server(&mut self) {
        let wires = std::mem::take(&mut self.wires);
        let is_of_server = |wire: &[End; 2]| wire.iter().any(|end| matches!(end, End::Server(_)));
        let (broken, kept): (Vec<_>, Vec<_>) = wires.into_iter().partition(is_of_server);
        self.wires = kept;
        self.under_way.retain(|item| matches!(item, UnderWay::Datagram { .. }));
        for end in broken.into_iter().flatten() {
            if let End::Terminal(number, id) = end {
                self.terminals[number].1.endpoint.closed(self.now, id);
            }
        }
        self.settle();
    }

    fn other(&self, end: End) -> Option<End> {
        let wire = self.wires.iter().find(|wire| wire.contains(&end))?;
        wire.iter().copied().find(|other| *other != end)
    }

    /// The next number of a row that the seed determines (splitmix64).
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ self.seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
