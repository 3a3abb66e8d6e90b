//! The world: who is in it, what is under way, and the clock.

use crate::disk::Disk;
use crate::fault::{Fault, Faults};
use crate::journal::{Journal, Seen};
use crate::network::{Arrival, End, Network};
use crate::random::Random;
use crate::server_side::Server;
use crate::terminal::{self, Terminal};
use h323::endpoint::{Command, Offers, Output as TerminalOutput};
use link::{ChannelId, Closure, Input, Output};
use model::{Address, GroupChange, Instant, Millis, Now, Request, Ticket, Timestamp};
use server::settings::SecondDevice;
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

/// The moment at which every world begins.
const BEGINNING: Timestamp = Timestamp(1_800_000_000_000);

/// Where the server takes RAS messages and calls.
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const RAS: SocketAddr = SocketAddr::new(SERVER, 1719);
const SIGNALLING: SocketAddr = SocketAddr::new(SERVER, 1720);

/// The channel of the server's RAS socket.
const RAS_CHANNEL: ChannelId = ChannelId(0);

/// Steps without time passing after which something must be going round in circles.
const STEPS_MAX: usize = 100_000;

/// A simulated world. Equal seeds and inputs give equal outcomes.
pub struct World {
    pub(crate) now: Now,
    /// What the server's clock of civil time is ahead of that of everybody else.
    pub(crate) clock_step: i64,
    random: Random,
    pub(crate) disk: Rc<RefCell<Disk>>,
    pub(crate) faults: Faults,
    pub(crate) settings: server::Settings,
    pub(crate) server: Option<Server>,
    /// How long things stay in the queues between the server's threads at most.
    pub(crate) pace: Millis,
    pub(crate) terminals: Vec<(String, Terminal)>,
    pub(crate) network: Network,
    pub(crate) journal: Journal,
    last_channel: u32,
    starts: u8,
    /// That the world did not come to rest.
    pub(crate) is_in_circles: bool,
}

impl World {
    /// A world with a server in it and nobody else.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut world = Self::empty(seed, None);
        world.start_server();
        world
    }

    /// A world without a running server, in which a mistake is made on purpose.
    pub(crate) fn empty(seed: u64, planted: Option<Fault>) -> Self {
        let mut settings = server::Settings::default();
        settings.h323.rate_burst = 1_000_000;
        let mut random = Random::new(seed);
        let faults = Faults::new(planted, random.branch());
        Self {
            now: Now { instant: Instant(1000), wall: BEGINNING },
            clock_step: 0,
            disk: Disk::new(random.branch(), faults.clone()),
            faults,
            settings,
            server: None,
            pace: Millis(0),
            terminals: Vec::new(),
            network: Network::new(random.branch()),
            journal: Journal::new(),
            last_channel: 0,
            starts: 0,
            random,
            is_in_circles: false,
        }
    }

    /// Adds an endpoint.
    pub fn add(&mut self, name: &str, aliases: &[&str], offers: Offers) {
        let number = self.terminals.len();
        let seed = self.random.next();
        self.terminals.push((name.to_owned(), Terminal::new(aliases, number, RAS, offers, seed)));
    }

    /// Types a line at an endpoint.
    ///
    /// # Errors
    /// There is no such endpoint, or no such command.
    pub fn command(&mut self, name: &str, line: &str) -> Result<(), String> {
        let number = self.number(name)?;
        let command = line.parse::<Command>().map_err(|error| error.to_string())?;
        self.journal.see(self.now, Seen::Typed(number, line.to_owned()));
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
        self.network.weather.loss = percent.min(100);
    }

    /// The operator changes a group; at a server that does not run nothing happens.
    pub fn change_group(&mut self, change: GroupChange) {
        let (ticket, change) = (Ticket(u64::MAX), Box::new(change));
        self.operate(Request::ChangeGroup { ticket, agent: None, change });
    }

    /// The address of a name in the zone of this world.
    ///
    /// # Errors
    /// It can't be one.
    pub fn address(&self, name: &str) -> Result<Address, String> {
        Address::new(name, self.settings.zone.domain.value()).map_err(|error| error.to_string())
    }

    /// From the next start of the server on a second endpoint of a name is one more device of the same person.
    pub fn allow_devices(&mut self) {
        self.settings.h323.second_device = SecondDevice::Accept;
    }

    /// Kills the server: it has no time to write anything, and the power fails with it.
    pub fn kill_server(&mut self) {
        self.server = None;
        self.disk.borrow_mut().crash();
        self.journal.see(self.now, Seen::Ended);
        self.break_connections_of_server();
    }

    /// Stops the server in order.
    pub fn stop_server(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(self.server_now(), &mut self.journal);
            // Where the disk did not let it write, what is left of it is what a crash leaves.
            self.disk.borrow_mut().crash();
        }
        self.journal.see(self.now, Seen::Ended);
        self.break_connections_of_server();
    }

    /// Starts the server over what is on the disk.
    pub fn start_server(&mut self) {
        self.starts = self.starts.wrapping_add(1);
        let seed = [self.starts; 32];
        let (faults, random, now) = (self.faults.clone(), self.random.branch(), self.server_now());
        self.disk.borrow_mut().step(now);
        let mut server =
            Server::start(&self.disk, &self.settings, SIGNALLING.port(), seed, now, faults, random);
        server.pace = self.pace;
        self.server = Some(server);
        self.journal.see(self.now, Seen::Started);
        self.settle();
    }

    /// An endpoint vanishes without a word.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub fn vanish(&mut self, name: &str) -> Result<(), String> {
        let number = self.number(name)?;
        self.terminals[number].1.is_dead = true;
        self.network.fall_silent(self.now.instant, number);
        self.journal.see(self.now, Seen::Switched(number, false));
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

    /// An endpoint that has vanished is switched on again, and knows nothing of before.
    pub(crate) fn switch_on(&mut self, number: usize) {
        let is_of = |end: End| matches!(end, End::Terminal(of, _) if of == number);
        self.network.break_all(self.now.instant, is_of);
        let seed = self.random.next();
        self.terminals[number].1.switch_on(seed);
        self.journal.see(self.now, Seen::Switched(number, true));
    }

    /// The time as the server sees it.
    pub(crate) const fn server_now(&self) -> Now {
        Now { instant: self.now.instant, wall: Timestamp(self.now.wall.0 + self.clock_step) }
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

    /// The operator asks the server for something, where one runs.
    pub(crate) fn operate(&mut self, request: Request) {
        let now = self.server_now();
        if let Some(server) = &mut self.server {
            server.operate(now, request, &mut self.journal);
            self.settle();
        }
    }

    /// Lets time pass to the next deadline, or to `end`; whether there may be more before `end`.
    pub(crate) fn pass_to_next(&mut self, end: Instant) -> bool {
        let terminals = self.terminals.iter().filter(|(_, terminal)| !terminal.is_dead);
        let of_terminals = terminals.filter_map(|(_, terminal)| terminal.endpoint.deadline());
        let of_server = self.server.iter().filter_map(Server::deadline);
        let of_others = self.network.due().into_iter().chain(self.disk.borrow().due());
        let next = of_terminals.chain(of_server).chain(of_others).min().filter(|next| *next <= end);
        let to = next.unwrap_or(end).max(self.now.instant);
        self.now = self.now.after(to.since(self.now.instant));
        if next.is_none() || self.is_in_circles {
            return false;
        }
        for (_, terminal) in &mut self.terminals {
            if !terminal.is_dead && terminal.endpoint.deadline().is_some_and(|due| due <= self.now.instant) {
                terminal.endpoint.timeout(self.now);
            }
        }
        self.settle();
        true
    }

    /// Carries out everything until nobody wants anything more at this moment.
    pub(crate) fn settle(&mut self) {
        for _ in 0..STEPS_MAX {
            self.collect();
            let now = self.server_now();
            for number in std::mem::take(&mut self.network.broken) {
                self.journal.see(self.now, Seen::Broken(number));
            }
            if let Some(arrival) = self.network.arrive(now.instant) {
                self.arrive(arrival);
            } else if self.disk.borrow().due().is_some_and(|due| due <= now.instant) {
                self.disk.borrow_mut().step(now);
                if let Some(server) = &mut self.server {
                    server.timeout(now, &mut self.journal);
                }
            } else if let Some(server) = &mut self.server
                && server.deadline().is_some_and(|due| due <= now.instant)
            {
                self.disk.borrow_mut().step(now);
                server.timeout(now, &mut self.journal);
            } else {
                return;
            }
        }
        self.is_in_circles = true;
    }

    fn collect(&mut self) {
        for number in 0..self.terminals.len() {
            while let Some(output) = self.terminals[number].1.endpoint.poll() {
                self.terminal_wants(number, output);
            }
        }
        let now = self.server_now();
        while let Some(output) = self.server.as_mut().and_then(|server| server.poll(now, &mut self.journal)) {
            self.server_wants(output);
        }
    }

    fn terminal_wants(&mut self, number: usize, output: TerminalOutput) {
        let now = self.now.instant;
        let terminal = &mut self.terminals[number].1;
        if terminal.is_dead {
            return;
        }
        match output {
            TerminalOutput::Event(event) => {
                self.journal.see(self.now, Seen::Shown(number, Box::new(event.clone())));
                terminal.show(event);
            }
            TerminalOutput::Datagram { peer, octets } => {
                let from = (terminal::host(number), terminal::RAS_PORT).into();
                self.network.send_datagram(now, from, peer, octets);
            }
            TerminalOutput::Open { id, peer } => {
                let from = SocketAddr::from((terminal::host(number), 30_000));
                self.network.open(now, End::Terminal(number, id), from, peer);
            }
            TerminalOutput::Send { id, octets } => self.network.send(now, End::Terminal(number, id), octets),
            TerminalOutput::Close(id) => self.network.close(now, End::Terminal(number, id)),
            TerminalOutput::Finished => {}
        }
    }

    fn server_wants(&mut self, output: Output) {
        let now = self.now.instant;
        match output {
            Output::Datagram { peer, octets, .. } => self.network.send_datagram(now, RAS, peer, octets),
            Output::Open { channel, peer, .. } => {
                self.network.open(now, End::Server(channel), (SERVER, 30_000).into(), peer);
            }
            Output::Octets { channel, octets } => self.network.send(now, End::Server(channel), octets),
            Output::Close { channel } => self.network.close(now, End::Server(channel)),
            Output::Request(_)
            | Output::Call(_)
            | Output::Event { .. }
            | Output::Traced(_)
            | Output::Audited(_)
            | Output::Secure { .. }
            | Output::Resolve { .. } => {}
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        let now = self.now;
        match arrival {
            Arrival::Datagram { from, to, octets } => self.datagram(from, to, &octets),
            Arrival::Call { wire, from, to } => {
                let called = match to == SIGNALLING {
                    true => self.accept_at_server(from),
                    false => self.accept_at_terminal(to, from),
                };
                self.network.answer(self.now.instant, wire, called);
            }
            Arrival::Opened { end: End::Server(channel) } => {
                self.server_receives(channel, Input::Connected { local: (SERVER, 30_000).into() });
            }
            Arrival::Octets { end: End::Server(channel), octets } => {
                self.server_receives(channel, Input::Octets { octets: &octets });
            }
            Arrival::Ended { end: End::Server(channel) } => {
                self.server_receives(channel, Input::Closed { how: Closure::Ended });
            }
            Arrival::Broken { end: End::Server(channel), is_refused } => {
                let how = if is_refused { Closure::Unreachable } else { Closure::Broken };
                self.server_receives(channel, Input::Closed { how });
            }
            Arrival::Opened { end: End::Terminal(number, id) } => {
                if let Some(terminal) = self.living(number) {
                    terminal.endpoint.opened(now, id);
                }
            }
            Arrival::Octets { end: End::Terminal(number, id), octets } => {
                if let Some(terminal) = self.living(number) {
                    terminal.endpoint.received(now, id, &octets);
                }
            }
            Arrival::Ended { end: End::Terminal(number, id) }
            | Arrival::Broken { end: End::Terminal(number, id), .. } => {
                if let Some(terminal) = self.living(number) {
                    terminal.endpoint.closed(now, id);
                }
            }
        }
    }

    fn living(&mut self, number: usize) -> Option<&mut Terminal> {
        self.terminals.get_mut(number).map(|(_, terminal)| terminal).filter(|terminal| !terminal.is_dead)
    }

    fn accept_at_server(&mut self, from: SocketAddr) -> Option<End> {
        self.server.as_ref()?;
        self.last_channel += 1;
        let channel = ChannelId(1_000_000 + self.last_channel);
        self.server_receives(channel, Input::Accepted { peer: from, local: SIGNALLING, is_secured: false });
        Some(End::Server(channel))
    }

    fn accept_at_terminal(&mut self, address: SocketAddr, from: SocketAddr) -> Option<End> {
        let number = self.at(address.ip()).filter(|_| address.port() == terminal::SIGNALLING_PORT)?;
        let now = self.now;
        let id = self.living(number)?.endpoint.accept(now, from)?;
        Some(End::Terminal(number, id))
    }

    fn datagram(&mut self, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        let is_cut = |ip| self.at(ip).is_some_and(|number| self.network.cut_off.contains(&number));
        if is_cut(from.ip()) || is_cut(to.ip()) {
            return;
        }
        if to == RAS {
            if let Some(number) = self.at(from.ip()).filter(|_| self.server.is_some()) {
                self.journal.see(self.now, Seen::Heard(number));
            }
            let input = Input::Datagram { peer: from, local: RAS, to_many: false, octets };
            return self.server_receives(RAS_CHANNEL, input);
        }
        let now = self.now;
        let Some(terminal) = self.at(to.ip()).and_then(|number| self.living(number)) else { return };
        if !terminal.is_deaf {
            terminal.endpoint.datagram(now, from, octets);
        }
    }

    /// Who is at an address.
    fn at(&self, ip: IpAddr) -> Option<usize> {
        (0..self.terminals.len()).find(|number| IpAddr::V4(terminal::host(*number)) == ip)
    }

    fn server_receives(&mut self, channel: ChannelId, input: Input<'_>) {
        let now = self.server_now();
        if let Some(server) = &mut self.server {
            server.receive(now, channel, input);
        }
    }

    fn break_connections_of_server(&mut self) {
        self.network.break_all(self.now.instant, |end| matches!(end, End::Server(_)));
        self.settle();
    }
}
