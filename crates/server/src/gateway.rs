//! A gateway of a node: its link, driven in a thread of its own.

use crate::audit::Audit;
use crate::clock::Clock;
use crate::driver::{self, Driver, DriverCounters, DriverHandle, DriverInput, Sockets, Waker};
use crate::node::{Events, StartError};
use crate::resolver::Resolver;
use crate::settings::Settings;
use crate::shard::ShardInput;
use crate::soft::SoftFlow;
use crossbeam_channel::{Sender, bounded};
use link::Link;
use std::sync::Arc;
use std::thread::JoinHandle;
use store::Store;

/// A gateway that runs.
pub(crate) struct Gateway {
    pub handle: DriverHandle,
    pub counters: Arc<DriverCounters>,
    thread: JoinHandle<()>,
}

/// What a gateway is made of.
pub(crate) struct Plan {
    /// What its thread is called.
    pub name: &'static str,
    pub link: Box<dyn Link>,
    pub sockets: Sockets,
    pub connections_max: usize,
    /// Whether it looks up servers.
    pub has_resolver: bool,
}

/// What the gateways of a node share.
pub(crate) struct Surroundings<'a> {
    pub settings: &'a Settings,
    pub store: &'a Store,
    pub shard: &'a Sender<ShardInput>,
    pub audit: &'a Audit,
    pub clock: Clock,
    pub events: &'a Events,
}

impl Gateway {
    /// Starts a gateway: whom it knows is answered from now on; what the engine is to say waits for it in the queue.
    pub fn start(plan: Plan, around: &Surroundings<'_>) -> Result<Self, StartError> {
        let system = |what| move |error| StartError::System { what, error };
        let waker = Arc::new(Waker::new().map_err(system("make a socket"))?);
        let (inputs_in, inputs) = bounded(driver::INPUTS_MAX);
        let handle = DriverHandle { inputs: inputs_in, waker: Arc::clone(&waker) };
        let counters = Arc::<DriverCounters>::default();
        let servers = around.settings.dns.servers();
        let resolver = plan.has_resolver.then(|| Resolver::start(&servers, handle.clone())).transpose();
        let parts = driver::Parts {
            link: plan.link,
            sockets: plan.sockets,
            resolver: resolver.map_err(system("look up other servers"))?,
            inputs,
            waker,
            shard: around.shard.clone(),
            soft: SoftFlow::of(&around.settings.store, around.store, Arc::clone(&counters.soft_deferred)),
            audit: around.audit.clone(),
            datagram_octets_max: around.settings.h323.datagram_octets_max,
            connections_max: plan.connections_max,
            clock: around.clock,
            counters: Arc::clone(&counters),
        };
        let driver = Driver::new(parts).map_err(system("watch over connections"))?;
        let thread = around.events.spawn(plan.name, move || driver.run().is_ok());
        Ok(Self { handle, counters, thread: thread.map_err(system("start a thread"))? })
    }

    /// Ends it in order.
    pub fn stop(self) {
        self.handle.give(DriverInput::Stop);
        let _ = self.thread.join();
    }
}
