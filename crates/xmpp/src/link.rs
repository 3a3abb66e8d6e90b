//! The gateway as the server drives it.

use crate::gateway::{self, Gateway, Output as Wanted};
use crate::streams::{self, Event, Streams};
use link::{ChannelId, Command, CommandError, Input, Level, Link, Outcome, Output, ResolveError, Target};
use model::{Effect, GatewayId, Instant, Now, SoftRecord};
use std::collections::VecDeque;

/// All XMPP of a node: the streams, and what the stanzas on them mean.
pub struct Xmpp {
    streams: Streams,
    gateway: Gateway,
    /// Stanzas of which other servers are told when they are kept: what must be settled for each.
    unsettled: VecDeque<(u64, ChannelId, u32)>,
    outputs: VecDeque<Output>,
}

impl Xmpp {
    /// A link that knows nobody. `seed` is secret and random, and of this process only; `secret` is kept over restarts:
    /// other servers hold our dialback keys.
    #[must_use]
    pub fn new(
        id: GatewayId,
        streams: streams::Settings,
        gateway: gateway::Settings,
        seed: [u8; 32],
    ) -> Self {
        Self {
            streams: Streams::new(streams, seed),
            gateway: Gateway::new(id, gateway, seed),
            unsettled: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Lets what one of the two wants reach the other, until neither wants anything but of the server.
    fn settle(&mut self, now: Now) {
        loop {
            while let Some(event) = self.streams.poll() {
                self.take(now, event);
            }
            while let Some((mark, channel, count)) = self.unsettled.front().copied() {
                if !self.gateway.is_settled(now, mark) {
                    break;
                }
                self.unsettled.pop_front();
                self.streams.settled(channel, count);
            }
            let Some(wanted) = self.gateway.poll() else { return };
            match wanted {
                Wanted::Request(request) => self.outputs.push_back(Output::Request(request)),
                Wanted::Stanza(stanza) => self.streams.send(now, stanza),
                Wanted::Event { name, text } => {
                    self.outputs.push_back(Output::Event { level: Level::Warn, name, text });
                }
            }
        }
    }

    fn take(&mut self, now: Now, event: Event) {
        match event {
            Event::Output(output) => self.outputs.push_back(output),
            Event::Stanza { stanza, from, to, strength, receipt } => {
                self.gateway.receive(now, &stanza, &from, &to, strength);
                self.unsettled.extend(receipt.map(|(channel, count)| (self.gateway.mark(), channel, count)));
            }
            Event::Taken { tag } => self.gateway.concluded(now, tag, None),
            Event::Failed { tag, condition } => self.gateway.concluded(now, tag, Some(condition)),
            Event::Domain { domain, problem } => {
                self.gateway.domain_changed(now, &domain, problem.as_deref());
            }
        }
    }
}

impl Link for Xmpp {
    fn receive(&mut self, now: Now, channel: ChannelId, input: Input<'_>) {
        self.streams.receive(now, channel, input);
        self.settle(now);
    }

    fn resolved(&mut self, now: Now, query: u64, found: Result<Vec<Target>, ResolveError>) {
        self.streams.resolved(now, query, found);
        self.settle(now);
    }

    fn takes(&self, channel: ChannelId) -> bool {
        self.streams.takes(channel)
    }

    fn apply(&mut self, now: Now, effect: Effect) {
        self.gateway.apply(now, effect);
        self.settle(now);
    }

    fn timeout(&mut self, now: Now) {
        self.streams.timeout(now);
        self.gateway.timeout(now);
        self.settle(now);
    }

    fn command(&mut self, _: Now, command: Command) -> Result<Outcome, CommandError> {
        match command {
            Command::Counters => {
                let mut counters = self.gateway.counters().list();
                counters.extend(self.streams.counters());
                Ok(Outcome::Counters(counters))
            }
            // Who is who is for other servers to say.
            Command::SetUser(_) | Command::RemoveUser { .. } | Command::DisableUser { .. } => {
                Ok(Outcome::Known)
            }
            _ => Err(CommandError::Unsupported),
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.streams.deadline().into_iter().chain(self.gateway.deadline()).min()
    }

    fn snapshot(&mut self, _: Now, _: usize) -> Vec<SoftRecord> {
        Vec::new()
    }

    fn restore(&mut self, _: Now, _: SoftRecord) {}
}
