//! A node: the parts of a server put together, in the order in which they depend on each other.

use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::control::{Answering, Listener, Listening, Names, Operator, opened};
use crate::driver::{
    self, Driver, DriverCounters, DriverHandle, DriverInput, OpenError, Sockets, Waker, descriptors,
};
use crate::report::{Report, is_small, small_buffer};
use crate::settings::Settings;
use crate::shard::{self, Shard, ShardCounters, ShardHandle, ShardInput};
use crate::soft::SoftFlow;
use crate::state;
use crate::synchroniser::{DirectoryHandle, Synchronising};
use crate::tls::{Keys, TlsError};
use crate::vault::Vault;
use crate::{secrets, signals};
use crossbeam_channel::{Receiver, Sender, bounded};
use engine::Engine;
use h323::alias::Zone;
use link::Link;
use model::{AuditOutcome, Now};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread::{self, JoinHandle};
use store::{Store, StoreError};

/// Events about the node itself that may wait: a stop and the end of each thread.
const EVENTS_MAX: usize = 16;

/// A running server.
pub struct Node {
    report: Arc<Report>,
    events: Receiver<Event>,
    control: Listener,
    driver: DriverHandle,
    driver_thread: JoinHandle<()>,
    shard: ShardHandle,
    shard_thread: JoinHandle<()>,
    accounts_thread: Option<JoinHandle<()>>,
    synchroniser: Option<Synchronising>,
    audit: Audit,
    audit_thread: JoinHandle<()>,
    store: Arc<Store>,
}

/// Why a server can't start.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It can't listen.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It can't take call signalling over TLS.
    #[error("call signalling over TLS is not possible: {0}")]
    Tls(#[from] TlsError),
    /// The configuration contradicts itself.
    #[error("the configuration can't be used: {0}")]
    Settings(String),
    /// The control socket can't be made.
    #[error(
        "can't make the control socket {}: {error}; its path may have 107 octets at most, and its directory must be \
         writable", path.display()
    )]
    Control {
        /// Where.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// What the store has could not be taken back, by a fault in herald.
    #[error("the state of the last run could not be loaded; the log says where, please report it")]
    Panicked,
    /// The system refused something else.
    #[error("the system refused to {what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's words.
        error: io::Error,
    },
}

/// Why a server ended with a failure.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A part failed again and again.
    #[error("the {0} failed again and again and the node has stopped; the log says where, please report it")]
    Failed(&'static str),
    /// The store could not be closed.
    #[error("the last state could not be written: {0}")]
    Store(#[from] StoreError),
}

enum Event {
    /// Someone wants the end.
    Stop(&'static str),
    /// A part ended before it was told to.
    Failed(&'static str),
}

impl Node {
    /// Starts a server on a data directory: opens the store, takes back the state of the process before, and
    /// listens. From here on SIGTERM and SIGINT end it.
    ///
    /// # Errors
    /// Something can't be had; the process is then of no use any more.
    pub fn start(settings: &Settings, data: &Path) -> Result<Self, StartError> {
        let system = |what| move |error| StartError::System { what, error };
        let (events_in, events) = bounded(EVENTS_MAX);
        end_on_signals(&events_in)?;

        let Foundation { sockets, store, clock, now, zone, gatekeeper, loading, vault, writers, directory } =
            Foundation::lay(settings, data)?;
        let Writers { accounts, accounts_thread, audit, audit_thread } = writers;
        let driver_counters = Arc::<DriverCounters>::default();
        let shard_counters = Arc::<ShardCounters>::default();
        let store_failing = Arc::<AtomicBool>::default();
        let report = Arc::new(Report {
            started_at: now.wall,
            data: data.to_owned(),
            domain: settings.zone.domain.to_string(),
            listening: listening(&sockets),
            discovery: sockets.discovery(),
            signalling: sockets.signalling(),
            tls_signalling: sockets.secured(),
            store_failing: Arc::clone(&store_failing),
            driver: Arc::clone(&driver_counters),
            shard: Arc::clone(&shard_counters),
            accounts_missed: accounts.missed(),
            audit: Arc::clone(&audit.counters),
            clients_cut: Arc::default(),
            directory: directory.as_ref().map(DirectoryHandle::standing),
        });
        let soft = |deferred| soft_flow(settings, &store, deferred);
        let waker = Arc::new(Waker::new().map_err(system("make a socket"))?);
        let (driver_in, driver_inputs) = bounded(driver::INPUTS_MAX);
        let (shard_in, shard_inputs) = bounded(shard::INPUTS_MAX);
        let driver = DriverHandle { inputs: driver_in, waker: Arc::clone(&waker) };
        let shard = ShardHandle { inputs: shard_in.clone() };
        let (connections, clients) = (settings.h323.connections_max, settings.control.clients_max);
        let driver_parts = driver::Parts {
            link: gatekeeper,
            sockets,
            inputs: driver_inputs,
            waker,
            shard: shard_in,
            soft: soft(Arc::clone(&driver_counters.soft_deferred)),
            audit: audit.clone(),
            datagram_octets_max: settings.h323.datagram_octets_max,
            connections_max: descriptors::connections_max(connections, clients),
            clock,
            counters: driver_counters,
        };
        let the_driver = Driver::new(driver_parts).map_err(system("watch over connections"))?;
        // Endpoints that are known are answered from now on; what the engine is to say waits for it in the queue.
        let driver_thread = spawn("gateway", &events_in, move || the_driver.run().is_ok())
            .map_err(system("start a thread"))?;
        let engine = loading.join().map_err(|_| StartError::Panicked)??;
        let shard_parts = shard::Parts {
            engine,
            inputs: shard_inputs,
            sink: shard::to_store(store.writer()),
            failing: store_failing,
            drivers: vec![(state::H323, driver.clone())],
            accounts,
            audit: audit.clone(),
            soft: soft(Arc::clone(&shard_counters.soft_deferred)),
            clock,
            counters: shard_counters,
        };
        let answering = Answering {
            shard: shard.clone(),
            driver: driver.clone(),
            store: Arc::clone(&store),
            names: Names::new(zone),
            report: Arc::clone(&report),
            clock,
            audit: audit.clone(),
            watch_queue_max: settings.control.watch_queue_max,
            symmetric: settings.h323.symmetric,
            vault,
            user_changes: Arc::default(),
            directory: directory.clone(),
        };
        let start = |handle: DirectoryHandle| handle.start(settings.directory.clone(), answering.clone());
        let synchroniser = directory.map(start).transpose().map_err(system("start a thread"))?;
        let control = Listener::start(data, settings.control.clients_max, answering)
            .map_err(|error| StartError::Control { path: data.join(crate::control::SOCKET), error })?;
        let shard_thread = spawn("engine", &events_in, move || Shard::new(shard_parts).run().is_ok())
            .map_err(system("start a thread"))?;
        audit.note_act(Operator::oneself().does("start", AuditOutcome::Done));
        Ok(Self {
            report,
            events,
            control,
            driver,
            driver_thread,
            shard,
            shard_thread,
            accounts_thread,
            synchroniser,
            audit,
            audit_thread,
            store,
        })
    }

    /// Where it listens.
    pub fn listening(&self) -> Vec<SocketAddr> {
        self.report.listening.iter().map(|one| one.address).collect()
    }

    /// Where endpoints can find it without knowing its address.
    pub fn discovery(&self) -> &[SocketAddr] {
        &self.report.discovery
    }

    /// Where call signalling connections are accepted.
    pub fn signalling(&self) -> &[SocketAddr] {
        &self.report.signalling
    }

    /// Where call signalling connections over TLS are accepted.
    pub fn tls_signalling(&self) -> &[SocketAddr] {
        &self.report.tls_signalling
    }

    /// Waits for a signal or a failure, and then ends everything in order: the gateway first, so that nothing new
    /// comes; then the engine, which keeps its promises; then the store.
    ///
    /// # Errors
    /// A part failed, or the last state could not be written.
    pub fn run(self) -> Result<(), RunError> {
        let outcome = match self.events.recv() {
            Ok(Event::Stop(signal)) => {
                tracing::info!(event = "node.stopping", signal, "The node stops and writes its state.");
                Ok(())
            }
            Ok(Event::Failed(part)) => Err(RunError::Failed(part)),
            Err(_) => Ok(()),
        };
        self.control.stop();
        if let Some(synchroniser) = self.synchroniser {
            synchroniser.stop();
        }
        self.driver.give(DriverInput::Stop);
        let _ = self.driver_thread.join();
        let _ = self.shard.inputs.send(ShardInput::Stop);
        let _ = self.shard_thread.join();
        if let Some(thread) = self.accounts_thread {
            let _ = thread.join();
        }
        self.audit.note_act(Operator::oneself().does("stop", AuditOutcome::Done));
        self.audit.stop();
        let _ = self.audit_thread.join();
        if let Err(error) = &outcome {
            tracing::error!(event = "node.failed", %error, "The node stops.");
        }
        // The next start must not take a state for complete that a failed part may have left incomplete.
        outcome?;
        self.store.close()?;
        tracing::info!(event = "node.stopped", "The node has stopped; its state is written.");
        Ok(())
    }
}

/// What the threads of a node work on.
struct Foundation {
    sockets: Sockets,
    store: Arc<Store>,
    clock: Clock,
    /// The moment at which the state was taken back.
    now: Now,
    zone: Zone,
    gatekeeper: Box<dyn Link>,
    vault: Vault,
    /// The engine, which takes longest.
    loading: JoinHandle<Result<Engine, StoreError>>,
    writers: Writers,
    directory: Option<DirectoryHandle>,
}

/// Who writes what nobody waits for.
struct Writers {
    accounts: Accounts,
    accounts_thread: Option<JoinHandle<()>>,
    audit: Audit,
    audit_thread: JoinHandle<()>,
}

impl Writers {
    fn start(settings: &Settings, data: &Path, store: &Store, clock: Clock) -> io::Result<Self> {
        let (accounts, accounts_thread) = Accounts::start(data, &settings.calls)?;
        let (audit, audit_thread) = Audit::to_store(store.writer(), clock, &settings.audit)?;
        Ok(Self { accounts, accounts_thread, audit, audit_thread })
    }
}

impl Foundation {
    /// Opens the sockets and the store, and takes back the state of the process before.
    fn lay(settings: &Settings, data: &Path) -> Result<Self, StartError> {
        // The sockets first: a start that fails here has not touched the store, which would take it for a crash.
        let sockets = open_sockets(settings)?;
        let store = Arc::new(Store::open(data, settings.store_options())?);
        let clock = Clock::start();
        let now = clock.now();
        let random =
            || secrets::random().map_err(|error| StartError::System { what: "give random numbers", error });
        let zone = state::load_zone(settings, random()?, store.as_ref())?;
        let loading = {
            let (settings, store) = (settings.clone(), Arc::clone(&store));
            thread::Builder::new()
                .name("engine".to_owned())
                .spawn(move || state::load_engine(&settings, now, store.as_ref()))
                .map_err(|error| StartError::System { what: "start a thread", error })?
        };
        let ports = sockets.signal_ports();
        let mut gatekeeper =
            state::load_gatekeeper(settings, zone.clone(), ports, random()?, now, store.as_ref())?;
        let vault = Vault::new(data, settings.security.secret_key_file.as_deref());
        state::load_users(gatekeeper.as_mut(), now, store.as_ref(), |record| opened(record, &vault))?;
        let thread = |error| StartError::System { what: "start a thread", error };
        let writers = Writers::start(settings, data, &store, clock).map_err(thread)?;
        let directory = DirectoryHandle::open(&settings.directory).map_err(thread)?;
        Ok(Self { sockets, store, clock, now, zone, gatekeeper, vault, loading, writers, directory })
    }
}

fn open_sockets(settings: &Settings) -> Result<Sockets, StartError> {
    let keys = settings.security.tls_files().map(Keys::load).transpose()?;
    let addresses: Vec<_> = settings.h323.listen.iter().map(|address| address.value().0).collect();
    let mut sockets = Sockets::open(&addresses, settings.h323.discovery, settings.h323.socket_buffer_octets)?;
    let (plain, secured) = settings.signalling_addresses();
    sockets.listen_for_calls(&plain)?;
    sockets.listen_for_secured_calls(&secured, keys)?;
    for Listening { address, receive_buffer } in listening(&sockets) {
        tracing::info!(event = "node.listening", %address, receive_buffer, "Listening for RAS.");
        if is_small(receive_buffer) {
            tracing::warn!(event = "node.small_buffer", %address, "{}", small_buffer(receive_buffer));
        }
    }
    for address in sockets.signalling() {
        tracing::info!(event = "node.listening", %address, "Listening for call signalling.");
    }
    for address in sockets.secured() {
        tracing::info!(event = "node.listening", %address, "Listening for call signalling over TLS.");
    }
    Ok(sockets)
}

fn listening(sockets: &Sockets) -> Vec<Listening> {
    let all = sockets.listening().into_iter();
    all.map(|(address, receive_buffer)| Listening { address, receive_buffer }).collect()
}

/// SIGTERM and SIGINT end the node.
fn end_on_signals(events: &Sender<Event>) -> Result<(), StartError> {
    let stop = events.clone();
    signals::on_stop(move |signal| drop(stop.send(Event::Stop(signal))))
        .map_err(|error| StartError::System { what: "wait for signals", error })
}

/// The way of soft state to the store.
fn soft_flow(settings: &Settings, store: &Store, deferred: Arc<AtomicU64>) -> SoftFlow {
    let (interval, records_max) = (settings.store.snapshot_interval(), settings.store.snapshot_records_max);
    SoftFlow::new(store.writer(), interval, records_max, deferred)
}

/// Starts a part in a thread of its own; its failure is an event.
fn spawn(
    part: &'static str,
    events: &Sender<Event>,
    run: impl FnOnce() -> bool + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let events = events.clone();
    thread::Builder::new().name(part.to_owned()).spawn(move || {
        let is_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(false);
        if !is_well {
            let _ = events.try_send(Event::Failed(part));
        }
    })
}
