//! Drives the link of a gateway: one thread, its sockets and connections, and the queues to and from the shard.
//!
//! Nothing here blocks but the wait for sockets. When the shard's queue is full the driver reads nothing more until
//! there is room, so the system's buffers fill: peers feel it as datagrams lost, which they are made to repair, and
//! as connections that take nothing.

mod channels;
mod connection;
mod connections;
mod conversation;
pub(crate) mod descriptors;
mod discovery;
mod interfaces;
mod open;
mod port_owner;
mod session;
mod socket;
#[cfg(test)]
mod tests;
mod trace;
mod waker;

pub use open::OpenError;
pub(crate) use open::Sockets;
pub(crate) use waker::Waker;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::containment::{Containment, Panicked};
use crate::counters::counters;
use crate::resolver::Resolver;
use crate::shard::{REQUESTS_AT_ONCE, ShardInput};
use crate::soft::SoftFlow;
use channels::{CHANNELS_MAX, Channels};
use connections::Connections;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use discovery::Discovery;
use link::{Command, CommandError, Input, Level, Link, Outcome, Output, ResolveError, Target, Traced};
use model::{Effect, Now, Request};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket::Arrival;
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use trace::Traces;

/// Datagrams read from one socket before the others have their turn.
const DATAGRAMS_AT_ONCE: usize = 64;

/// Inputs taken before the sockets have their turn.
const INPUTS_AT_ONCE: usize = 16;

/// Inputs that may wait; who gives more waits.
pub(crate) const INPUTS_MAX: usize = 1024;

/// The most effects of one input; as with requests, it is the handing over that costs.
pub(crate) const EFFECTS_AT_ONCE: usize = 64;

/// How long the driver waits for room in the shard's queue before it looks again.
const CONGESTION_WAIT: Duration = Duration::from_millis(1);

/// How often new interfaces are looked for.
const INTERFACES_INTERVAL: Duration = Duration::from_secs(30);

/// How often it is looked whether the certificate has changed.
const KEYS_INTERVAL: Duration = Duration::from_secs(5);

counters! {
    /// What a driver counts.
    DriverCounters {
        received "driver.received" "datagrams read";
        sent "driver.sent" "datagrams sent";
        unsendable "driver.unsent" "datagrams that could not be sent";
        too_long "driver.too_long" "datagrams dropped because they exceed datagram_octets_max";
        not_ours "driver.not_ours" "discovery requests that came to an address that is not listened on";
        failed_reads "driver.failed_reads" "reads that failed";
        channels_exhausted "driver.channels_exhausted" "datagrams answered from an address that the system chose";
        congested "driver.congested" "times that reading paused because the engine was behind";
        panics "driver.panics" "steps of the gateway that failed by a fault in herald";
        soft_deferred "driver.soft_deferred" "times that the store took no snapshot because it was behind";
        connections "driver.connections" "connections open now";
        accepted "driver.accepted" "connections accepted";
        opened "driver.opened" "connections begun";
        unreachable "driver.unreachable" "connections that could not be opened";
        stuck "driver.stuck" "connections given up because their peer did not read";
        tls_secured "tls.secured" "connections secured by TLS";
        tls_refused "tls.refused" "connections ended because what came on them was not TLS, or not such as counts here";
        tls_truncated "tls.truncated" "connections cut off without a closing of TLS";
        tls_silent "tls.silent" "connections given up because TLS was not agreed on in time";
        accepting_paused "driver.accepting_paused" "times that accepting paused because connections_max was reached or no descriptor was left";
        accepting_pauses "driver.accepting_pauses" "1 while accepting pauses";
        traces_cut "driver.traces_cut" "traces cut off because they were not read fast enough";
    }
}

/// What the driver is given by other threads.
pub(crate) enum DriverInput {
    /// What the shard asks of the link, in order.
    Effects(Vec<Effect>),
    /// An operator asks something; the answer goes back by the sender.
    Command(Command, Sender<Result<Outcome, CommandError>>),
    /// An operator follows an endpoint: the number of the trace goes back by `answer`, what is seen by `messages`.
    Trace { endpoint: String, answer: Sender<Result<u64, CommandError>>, messages: Sender<Traced> },
    /// An operator follows no more.
    Untrace(u64),
    /// What came of a look-up.
    Resolved { query: u64, found: Result<Vec<Target>, ResolveError> },
    /// The server ends.
    Stop,
}

/// The way to a driver; clones share it.
#[derive(Clone)]
pub(crate) struct DriverHandle {
    pub inputs: Sender<DriverInput>,
    pub waker: Arc<Waker>,
}

impl DriverHandle {
    /// Hands something in; waits while too much waits already, and does nothing where the driver has ended.
    pub fn give(&self, input: DriverInput) {
        let _ = self.inputs.send(input);
        self.waker.wake();
    }

    /// Asks the link for something; `None` where the driver has ended.
    pub fn command(&self, command: Command) -> Option<Result<Outcome, CommandError>> {
        let (answer, answered) = crossbeam_channel::bounded(1);
        self.give(DriverInput::Command(command, answer));
        answered.recv().ok()
    }
}

/// The driver of one link.
pub(crate) struct Driver {
    link: Box<dyn Link>,
    channels: Channels,
    connections: Connections,
    traces: Traces,
    discovery: Option<Discovery>,
    /// For a link that looks up servers.
    resolver: Option<Resolver>,
    inputs: Receiver<DriverInput>,
    waker: Arc<Waker>,
    shard: Sender<ShardInput>,
    /// Requests of this turn.
    gathered: Vec<Request>,
    /// What the shard's queue had no room for; nothing is read while it is not empty.
    held: VecDeque<ShardInput>,
    soft: SoftFlow,
    audit: Audit,
    /// For datagrams.
    buffer: Vec<u8>,
    /// For connections.
    stream_buffer: Vec<u8>,
    clock: Clock,
    containment: Containment,
    counters: Arc<DriverCounters>,
    interfaces_due: Instant,
    keys_due: Instant,
}

/// What a driver is made of.
pub(crate) struct Parts {
    pub link: Box<dyn Link>,
    pub sockets: Sockets,
    pub resolver: Option<Resolver>,
    pub inputs: Receiver<DriverInput>,
    pub waker: Arc<Waker>,
    pub shard: Sender<ShardInput>,
    pub soft: SoftFlow,
    pub audit: Audit,
    pub datagram_octets_max: usize,
    pub connections_max: usize,
    pub clock: Clock,
    pub counters: Arc<DriverCounters>,
}

/// Why a driver ended before it was told to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Failed;

impl Driver {
    /// # Errors
    /// The system gives no descriptor to wait for connections with.
    pub fn new(parts: Parts) -> io::Result<Self> {
        let Parts {
            link,
            sockets,
            resolver,
            inputs,
            waker,
            shard,
            soft,
            audit,
            datagram_octets_max,
            connections_max,
            clock,
            counters,
        } = parts;
        let first = u32::try_from(CHANNELS_MAX).unwrap_or(0);
        let listeners = [sockets.signalling, sockets.secured];
        let connections =
            Connections::new(listeners, sockets.keys, first, connections_max, Arc::clone(&counters))?;
        Ok(Self {
            link,
            channels: Channels::new(sockets.listening, &interfaces::addresses(), Arc::clone(&counters)),
            connections,
            traces: Traces::default(),
            discovery: sockets.discovery,
            resolver,
            inputs,
            waker,
            shard,
            gathered: Vec::new(),
            held: VecDeque::new(),
            soft,
            audit,
            buffer: vec![0; datagram_octets_max],
            stream_buffer: vec![0; session::RECEIVED_OCTETS_MAX],
            clock,
            containment: Containment::new("gateway", Arc::clone(&counters.panics)),
            counters,
            interfaces_due: Instant::now() + INTERFACES_INTERVAL,
            keys_due: Instant::now() + KEYS_INTERVAL,
        })
    }

    /// Works until it is told to stop, and then hands in what is left of the link's state.
    pub fn run(mut self) -> Result<(), Failed> {
        // What the link wants after it took back the state of an earlier process.
        self.step(|_, _| {})?;
        while !self.take_inputs()? {
            self.keep_time()?;
            self.tell_ended()?;
            self.end_traces()?;
            self.hand_over_gathered();
            self.release_held();
            self.connections.release(|channel| self.link.takes(channel));
            let mut ready = self.wait();
            let has_connections_ready = ready.pop().unwrap_or(true);
            self.read_sockets(&ready)?;
            if has_connections_ready {
                self.attend_connections()?;
            }
            self.hand_over_gathered();
        }
        self.hand_over_gathered();
        for held in self.held.drain(..) {
            // The shard ends after us; where it has ended by a fault, nobody waits for this.
            let _ = self.shard.send(held);
        }
        let now = self.clock.now();
        let Self { soft, link, containment, .. } = &mut self;
        soft.finish(|wanted| containment.run(now.instant, || link.snapshot(now, wanted)).unwrap_or_default());
        Ok(())
    }

    /// Takes what other threads gave; whether the server ends.
    fn take_inputs(&mut self) -> Result<bool, Failed> {
        self.waker.clear();
        for _ in 0..INPUTS_AT_ONCE {
            match self.inputs.try_recv() {
                Ok(DriverInput::Effects(effects)) => {
                    for effect in effects {
                        self.step(|link, now| link.apply(now, effect))?;
                    }
                }
                Ok(DriverInput::Command(command, answer)) => self.step(|link, now| {
                    // Whoever asked may have gone.
                    let _ = answer.send(link.command(now, command));
                })?,
                Ok(DriverInput::Trace { endpoint, answer, messages }) => {
                    self.begin_trace(endpoint, &answer, messages)?;
                }
                Ok(DriverInput::Resolved { query, found }) => {
                    self.step(|link, now| link.resolved(now, query, found))?;
                }
                Ok(DriverInput::Untrace(trace)) => self.traces.end(trace),
                Ok(DriverInput::Stop) => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
        // There may be more, so the next wait must not be long.
        self.waker.wake();
        Ok(false)
    }

    /// Does what is due.
    fn keep_time(&mut self) -> Result<(), Failed> {
        if self.link.deadline().is_some_and(|deadline| deadline <= self.clock.now().instant) {
            self.step(|link, now| link.timeout(now))?;
        }
        self.connections.keep_time();
        let now = self.clock.now();
        let Self { soft, link, containment, .. } = self;
        let mut panicked = None;
        soft.step(|wanted| {
            containment.run(now.instant, || link.snapshot(now, wanted)).unwrap_or_else(|how| {
                panicked = Some(how);
                Vec::new()
            })
        });
        if panicked == Some(Panicked::Stop) {
            return Err(Failed);
        }
        if Instant::now() >= self.interfaces_due {
            self.interfaces_due = Instant::now() + INTERFACES_INTERVAL;
            self.discovery.iter_mut().for_each(Discovery::join_group);
        }
        if Instant::now() >= self.keys_due {
            self.keys_due = Instant::now() + KEYS_INTERVAL;
            self.connections.renew_keys();
        }
        Ok(())
    }

    /// One input for the link, then everything it wants done.
    fn step(&mut self, input: impl FnOnce(&mut dyn Link, Now)) -> Result<(), Failed> {
        let now = self.clock.now();
        let link = self.link.as_mut();
        // After a step that failed the link may still have something to say.
        let _ = bear(self.containment.run(now.instant, || input(link, now)))?;
        loop {
            let link = self.link.as_mut();
            match bear(self.containment.run(now.instant, || link.poll()))? {
                Some(Some(output)) => self.carry_out(output),
                Some(None) => return Ok(()),
                None => {}
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Datagram { channel, peer, octets } => self.channels.send(channel, peer, &octets),
            Output::Open { channel, peer, local, tls } => {
                self.connections.open(channel, peer, local, tls.as_ref());
            }
            Output::Secure { channel, tls } => self.connections.secure(channel, &tls),
            Output::Resolve { query, name, services, port } => {
                if let Some(resolver) = &self.resolver {
                    resolver.find(query, name, services, port);
                }
            }
            Output::Octets { channel, octets } => self.connections.send(channel, &octets),
            Output::Close { channel } => self.connections.close(channel),
            Output::Audited(event) => self.audit.note(*event),
            Output::Traced(traced) => self.traces.tell(*traced, &self.counters),
            Output::Request(request) => {
                self.gathered.push(request);
                if self.gathered.len() >= REQUESTS_AT_ONCE {
                    self.hand_over_gathered();
                }
            }
            Output::Call(record) => {
                self.hand_over_gathered();
                self.hand_over(ShardInput::Call(record));
            }
            Output::Event { level, name, text } => match level {
                Level::Error => tracing::error!(event = name, "{text}"),
                Level::Warn => tracing::warn!(event = name, "{text}"),
                Level::Info => tracing::info!(event = name, "{text}"),
                Level::Debug => tracing::debug!(event = name, "{text}"),
            },
        }
    }

    fn hand_over_gathered(&mut self) {
        if !self.gathered.is_empty() {
            let requests = std::mem::take(&mut self.gathered);
            self.hand_over(ShardInput::Requests(requests));
        }
    }

    fn hand_over(&mut self, input: ShardInput) {
        if !self.held.is_empty() {
            self.held.push_back(input);
            return;
        }
        if let Err(TrySendError::Full(input)) = self.shard.try_send(input) {
            self.counters.congested.fetch_add(1, Ordering::Relaxed);
            self.held.push_back(input);
        }
    }

    fn release_held(&mut self) {
        while let Some(input) = self.held.pop_front() {
            if let Err(TrySendError::Full(input)) = self.shard.try_send(input) {
                self.held.push_front(input);
                return;
            }
        }
    }

    /// Waits for a datagram, a connection, an input or the next deadline. Which sockets have something: those that are
    /// listened on, then those of discovery, and last all connections together. While the shard is behind nothing is
    /// waited for but inputs, and nothing is known of sockets.
    fn wait(&self) -> Vec<bool> {
        let reads = self.held.is_empty();
        let mut descriptors = vec![PollFd::new(self.waker.as_fd(), PollFlags::POLLIN)];
        if reads {
            let discovery = self.discovery.iter().flat_map(Discovery::sockets);
            let sockets = self.channels.sockets().iter().chain(discovery);
            descriptors.extend(sockets.map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)));
            descriptors.push(PollFd::new(self.connections.as_fd(), PollFlags::POLLIN));
        }
        let now = Instant::now();
        let due =
            self.connections.due().into_iter().chain([self.soft.due(), self.interfaces_due, self.keys_due]);
        let mut wait = due.min().map_or(Duration::ZERO, |due| due.saturating_duration_since(now));
        if let Some(deadline) = self.link.deadline() {
            wait = wait.min(self.clock.until(deadline));
        }
        if !reads {
            wait = wait.min(CONGESTION_WAIT);
        }
        // Rounded up, because a wait that is too short by a fraction is followed by many of no length.
        let milliseconds = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
        // An interrupted wait is a short one.
        let _ = poll(&mut descriptors, timeout);
        if descriptors.first().and_then(PollFd::any).unwrap_or(false) {
            self.waker.drain();
        }
        descriptors.iter().skip(1).map(|descriptor| descriptor.any().unwrap_or(true)).collect()
    }

    fn read_sockets(&mut self, ready: &[bool]) -> Result<(), Failed> {
        let listening = self.channels.sockets().len();
        for (socket, _) in ready.iter().enumerate().filter(|(_, is_ready)| **is_ready) {
            for _ in 0..DATAGRAMS_AT_ONCE {
                if !self.held.is_empty() {
                    return Ok(());
                }
                let arrival = match (socket.checked_sub(listening), &mut self.discovery) {
                    (None, _) => self.channels.receive(socket, &mut self.buffer),
                    (Some(socket), Some(discovery)) => discovery.receive(socket, &mut self.buffer),
                    (Some(_), None) => Ok(None),
                };
                let Some(arrival) = self.arrived(arrival) else { break };
                let answering =
                    if socket < listening { Some(socket) } else { self.channels.socket_of(arrival.local) };
                match answering {
                    Some(answering) => self.feed(answering, arrival)?,
                    None => {
                        self.counters.not_ours.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        Ok(())
    }

    fn arrived(&self, arrival: std::io::Result<Option<Arrival>>) -> Option<Arrival> {
        match arrival {
            Ok(arrival) => arrival,
            Err(error) => {
                self.counters.failed_reads.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(event = "datagram.unread", %error, "A socket could not be read.");
                None
            }
        }
    }

    /// Gives the link what lies in the buffer.
    fn feed(&mut self, socket: usize, arrival: Arrival) -> Result<(), Failed> {
        self.counters.received.fetch_add(1, Ordering::Relaxed);
        let Some(length) = arrival.length else {
            self.counters.too_long.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        let (channel, local) = self.channels.channel(socket, arrival.local);
        // The buffer is lent to the link for one step; taking it is cheaper than copying what it holds.
        let buffer = std::mem::take(&mut self.buffer);
        let octets = buffer.get(..length).unwrap_or_default();
        let input = Input::Datagram { peer: arrival.peer, local, to_many: arrival.to_many, octets };
        let outcome = self.step(|link, now| link.receive(now, channel, input));
        self.buffer = buffer;
        outcome
    }
}

/// What came of a contained step; `None` where it failed and life goes on.
fn bear<T>(outcome: Result<T, Panicked>) -> Result<Option<T>, Failed> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Panicked::GoOn) => Ok(None),
        Err(Panicked::Stop) => Err(Failed),
    }
}
