//! A node: the parts of a server put together, in the order in which they depend on each other.

use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::control::{Answering, Heard, Listener, Listening, Names, Operator, opened};
use crate::driver::{OpenError, Sockets, descriptors};
use crate::gateway::{Gateway, Plan, Surroundings};
use crate::report::{Report, is_small, small_buffer};
use crate::settings::Settings;
use crate::shard::{self, Shard, ShardCounters, ShardHandle, ShardInput};
use crate::soft::SoftFlow;
use crate::state;
use crate::synchroniser::{DirectoryHandle, Synchronising};
use crate::tls::{DomainKeys, Keys, SignallingKeys, TlsError};
use crate::vault::Vault;
use crate::{secrets, signals};
use crossbeam_channel::{Receiver, Sender, bounded};
use engine::Engine;
use h323::alias::Zone;
use link::Link;
use model::{AuditOutcome, Now};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use store::{Store, StoreError};

/// Events about the node itself that may wait: a stop and the end of each thread.
const EVENTS_MAX: usize = 16;

/// A running server.
pub struct Node {
    report: Arc<Report>,
    events: Receiver<Event>,
    control: Listener,
    gateways: Vec<Gateway>,
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
    /// It can't show other servers who it is.
    #[error("TLS with servers of XMPP is not possible: {0}")]
    DomainTls(TlsError),
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

        let Foundation {
            sockets,
            federation,
            store,
            clock,
            now,
            zone,
            gatekeeper,
            loading,
            vault,
            writers,
            directory,
        } = Foundation::lay(settings, data)?;
        let Writers { accounts, accounts_thread, audit, audit_thread } = writers;
        let shard_counters = Arc::<ShardCounters>::default();
        let store_failing = Arc::<AtomicBool>::default();
        let (shard_in, shard_inputs) = bounded(shard::INPUTS_MAX);
        let shard = ShardHandle { inputs: shard_in.clone() };
        let heard = Heard::of(&sockets, federation.as_ref().map(|(_, sockets)| sockets));
        let gateways = {
            let around = Surroundings {
                settings,
                store: &store,
                shard: &shard_in,
                audit: &audit,
                clock,
                events: &Events(events_in.clone()),
            };
            start_gateways((gatekeeper, sockets), federation, &around)?
        };
        let report = Arc::new(Report {
            started_at: now.wall,
            data: data.to_owned(),
            domain: settings.zone.domain.to_string(),
            heard,
            store_failing: Arc::clone(&store_failing),
            drivers: gateways.iter().map(|gateway| Arc::clone(&gateway.counters)).collect(),
            shard: Arc::clone(&shard_counters),
            accounts_missed: accounts.missed(),
            audit: Arc::clone(&audit.counters),
            clients_cut: Arc::default(),
            directory: directory.as_ref().map(DirectoryHandle::standing),
        });
        let engine = loading.join().map_err(|_| StartError::Panicked)??;
        let handles: Vec<_> = gateways.iter().map(|gateway| gateway.handle.clone()).collect();
        let shard_parts = shard::Parts {
            engine,
            inputs: shard_inputs,
            sink: shard::to_store(store.writer()),
            failing: store_failing,
            drivers: [state::H323, state::XMPP].into_iter().zip(handles.iter().cloned()).collect(),
            accounts,
            audit: audit.clone(),
            soft: SoftFlow::of(&settings.store, &store, Arc::clone(&shard_counters.soft_deferred)),
            clock,
            counters: shard_counters,
        };
        let answering = Answering {
            shard: shard.clone(),
            drivers: handles,
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
        let shard_thread = Events(events_in)
            .spawn("engine", move || Shard::new(shard_parts).run().is_ok())
            .map_err(system("start a thread"))?;
        audit.note_act(Operator::oneself().does("start", AuditOutcome::Done));
        Ok(Self {
            report,
            events,
            control,
            gateways,
            shard,
            shard_thread,
            accounts_thread,
            synchroniser,
            audit,
            audit_thread,
            store,
        })
    }

    /// Where it is reached.
    pub fn heard(&self) -> &Heard {
        &self.report.heard
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
        self.gateways.into_iter().for_each(Gateway::stop);
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
    /// The gateway to XMPP, where there is one, and its sockets.
    federation: Option<(Box<dyn Link>, Sockets)>,
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
        let servers = settings.xmpp.is_on().then(|| open_for_servers(settings)).transpose()?;
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
        let federation = state::load_xmpp(settings, &zone, random()?)?.zip(servers);
        let mut gatekeeper =
            state::load_gatekeeper(settings, zone.clone(), ports, random()?, now, store.as_ref())?;
        let vault = Vault::new(data, settings.security.secret_key_file.as_deref());
        state::load_users(gatekeeper.as_mut(), now, store.as_ref(), |record| opened(record, &vault))?;
        let thread = |error| StartError::System { what: "start a thread", error };
        let writers = Writers::start(settings, data, &store, clock).map_err(thread)?;
        let directory = DirectoryHandle::open(&settings.directory).map_err(thread)?;
        Ok(Self {
            sockets,
            federation,
            store,
            clock,
            now,
            zone,
            gatekeeper,
            vault,
            loading,
            writers,
            directory,
        })
    }
}

fn open_sockets(settings: &Settings) -> Result<Sockets, StartError> {
    let keys = settings.security.tls_files().map(SignallingKeys::load).transpose()?;
    let keys = keys.map(|keys| Box::new(keys) as Box<dyn Keys>);
    let addresses: Vec<_> = settings.h323.listen.iter().map(|address| address.value().0).collect();
    let mut sockets = Sockets::open(&addresses, settings.h323.discovery, settings.h323.socket_buffer_octets)?;
    let (plain, secured) = settings.signalling_addresses();
    sockets.listen_for_calls(&plain)?;
    sockets.listen_for_secured_calls(&secured, keys)?;
    for Listening { address, receive_buffer } in Heard::of(&sockets, None).listening {
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

/// Sockets for servers of XMPP.
fn open_for_servers(settings: &Settings) -> Result<Sockets, StartError> {
    // What is wrong with its files is found before the store is touched, which would take that for a crash.
    let _ = settings.xmpp_streams([0; 32]).map_err(StartError::Settings)?;
    let _ = settings.xmpp_gateway().map_err(StartError::Settings)?;
    let keys = DomainKeys::load(settings.xmpp.files()).map_err(StartError::DomainTls)?;
    let sockets = Sockets::for_servers(settings.xmpp.addresses(), Box::new(keys))?;
    for address in sockets.signalling().into_iter().chain(sockets.secured()) {
        tracing::info!(event = "node.listening", %address, "Listening for servers of XMPP.");
    }
    Ok(sockets)
}

/// Starts the gateway to H.323, and that to XMPP where there is one.
fn start_gateways(
    (link, sockets): (Box<dyn Link>, Sockets),
    federation: Option<(Box<dyn Link>, Sockets)>,
    around: &Surroundings<'_>,
) -> Result<Vec<Gateway>, StartError> {
    let settings = around.settings;
    let of_servers = if federation.is_some() { settings.xmpp.streams_max } else { 0 };
    let (wanted, clients) = (settings.h323.connections_max, settings.control.clients_max);
    let connections_max = descriptors::connections_max(wanted.saturating_add(of_servers), clients);
    // What there is is shared as it was wanted.
    let of_servers = of_servers.min(connections_max / 2);
    let connections_max = connections_max - of_servers;
    let h323 = Plan { name: "gateway", link, sockets, connections_max, has_resolver: false };
    let mut gateways = vec![Gateway::start(h323, around)?];
    if let Some((link, sockets)) = federation {
        let plan = Plan { name: "xmpp", link, sockets, connections_max: of_servers, has_resolver: true };
        gateways.push(Gateway::start(plan, around)?);
    }
    Ok(gateways)
}

/// SIGTERM and SIGINT end the node.
fn end_on_signals(events: &Sender<Event>) -> Result<(), StartError> {
    let stop = events.clone();
    signals::on_stop(move |signal| drop(stop.send(Event::Stop(signal))))
        .map_err(|error| StartError::System { what: "wait for signals", error })
}

/// The way to the node's own events.
pub(crate) struct Events(Sender<Event>);

impl Events {
    /// Starts a part in a thread of its own; its failure is an event.
    pub fn spawn(
        &self,
        part: &'static str,
        run: impl FnOnce() -> bool + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        let events = self.0.clone();
        thread::Builder::new().name(part.to_owned()).spawn(move || {
            let is_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(false);
            if !is_well {
                let _ = events.try_send(Event::Failed(part));
            }
        })
    }
}
