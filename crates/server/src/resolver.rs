//! Looks up where servers are (RFC 2782), in a thread of its own.

use crate::driver::{DriverHandle, DriverInput};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::SRV;
use link::{ResolveError, ServiceName, Target};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Semaphore, oneshot};

/// Look-ups at a time; others wait.
const LOOKUPS_MAX: usize = 128;
/// Servers of one name.
const SERVERS_MAX: usize = 8;
/// Addresses of one server.
const ADDRESSES_MAX: usize = 4;

/// The way to the DNS. What is found is given to a driver.
pub(crate) struct Resolver {
    handle: Handle,
    lookups: Arc<Lookups>,
    /// Dropped to end the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Lookups {
    resolver: TokioResolver,
    room: Semaphore,
    driver: DriverHandle,
}

impl Resolver {
    /// Begins to look up: at these servers, or at those of the system where there are none.
    ///
    /// # Errors
    /// There is no thread to be had, or nothing is known of the system's servers.
    pub fn start(servers: &[SocketAddr], driver: DriverHandle) -> io::Result<Self> {
        let resolver = if servers.is_empty() {
            TokioResolver::builder_tokio()
        } else {
            let servers = servers.iter().map(|at| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let connections = connections.map(|mut one| {
                    one.port = at.port();
                    one
                });
                NameServerConfig::new(at.ip(), true, connections.into())
            });
            let configuration = ResolverConfig::from_name_servers(servers.collect());
            Ok(TokioResolver::builder_with_config(configuration, TokioRuntimeProvider::default()))
        };
        let resolver = resolver.and_then(|builder| builder.build()).map_err(io::Error::other)?;
        let lookups = Arc::new(Lookups { resolver, room: Semaphore::new(LOOKUPS_MAX), driver });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("resolver".to_owned()).spawn(move || {
            // Its sender is dropped at the end.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, lookups, stop: Some(stop), thread: Some(thread) })
    }

    /// Looks up a name; the driver is told.
    pub fn find(&self, query: u64, name: String, services: Vec<ServiceName>, port: u16) {
        let lookups = Arc::clone(&self.lookups);
        self.handle.spawn(async move {
            let _room = lookups.room.acquire().await;
            let found = lookups.find(&name, &services, port).await;
            lookups.driver.give(DriverInput::Resolved { query, found });
        });
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Lookups {
    async fn find(
        &self,
        name: &str,
        services: &[ServiceName],
        port: u16,
    ) -> Result<Vec<Target>, ResolveError> {
        if let Ok(address) = name.parse::<IpAddr>() {
            let address = SocketAddr::new(address, port);
            return Ok(vec![Target { host: name.to_owned(), address, is_secured: false }]);
        }
        let mut servers = Vec::new();
        for service in services {
            servers.extend(self.servers(name, service).await?);
        }
        if servers.is_empty() {
            return self.addresses(name, port, false).await;
        }
        // A root as the only server says that the service is decidedly not there.
        servers.retain(|(server, _)| !server.target.is_root());
        order(&mut servers, rand::random::<f64>);
        let (mut targets, mut problem) = (Vec::new(), ResolveError::NoService);
        for (server, is_secured) in servers.into_iter().take(SERVERS_MAX) {
            let host = server.target.to_utf8();
            match self.addresses(host.trim_end_matches('.'), server.port, is_secured).await {
                Ok(found) => targets.extend(found),
                Err(error) => problem = error,
            }
        }
        if targets.is_empty() { Err(problem) } else { Ok(targets) }
    }

    async fn servers(&self, name: &str, service: &ServiceName) -> Result<Vec<(SRV, bool)>, ResolveError> {
        match self.resolver.srv_lookup(format!("{}.{name}.", service.prefix)).await {
            Ok(found) => {
                let servers = found.answers().iter().filter_map(|record| match &record.data {
                    RData::SRV(server) => Some((server.clone(), service.is_secured)),
                    _ => None,
                });
                Ok(servers.collect())
            }
            Err(error) => none_or(&error).map(|()| Vec::new()),
        }
    }

    async fn addresses(&self, host: &str, port: u16, is_secured: bool) -> Result<Vec<Target>, ResolveError> {
        let target =
            |address| Target { host: host.to_owned(), address: SocketAddr::new(address, port), is_secured };
        match self.resolver.lookup_ip(format!("{host}.")).await {
            Ok(found) => Ok(found.iter().take(ADDRESSES_MAX).map(target).collect()),
            Err(error) => none_or(&error).and(Err(ResolveError::NoService)),
        }
    }
}

/// Whether an error says that there is nothing.
fn none_or(error: &NetError) -> Result<(), ResolveError> {
    if error.is_no_records_found() || error.is_nx_domain() {
        return Ok(());
    }
    tracing::debug!(event = "dns.unavailable", %error, "The DNS did not answer.");
    Err(ResolveError::Unavailable)
}

/// Puts servers into the order in which they are to be tried: by priority, and by chance as their weights have it.
fn order(servers: &mut [(SRV, bool)], mut chance: impl FnMut() -> f64) {
    let mut drawn: Vec<_> = Vec::with_capacity(servers.len());
    for (place, (server, _)) in servers.iter().enumerate() {
        // Where the largest is drawn first, this gives each its share.
        let key = chance().max(f64::MIN_POSITIVE).ln() / f64::from(server.weight).max(0.001);
        drawn.push((server.priority, key, place));
    }
    drawn.sort_by(|one, other| one.0.cmp(&other.0).then(other.1.total_cmp(&one.1)));
    let ordered: Vec<_> = drawn.iter().filter_map(|(_, _, place)| servers.get(*place).cloned()).collect();
    servers.iter_mut().zip(ordered).for_each(|(place, server)| *place = server);
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::rr::Name;

    #[test]
    fn servers_are_tried_by_priority_and_then_as_often_first_as_their_weight_says() {
        let server = |priority, weight, port| (SRV::new(priority, weight, port, Name::root()), false);
        let mut first = [0; 4];
        let mut state: u64 = 1;
        for _ in 0..1000 {
            let mut servers = [server(20, 0, 3), server(10, 30, 1), server(10, 10, 2)];
            order(&mut servers, || {
                // A generator of Knuth's, whose high bits are good enough here.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                f64::from((state >> 33) as u32) / f64::from(1u32 << 31)
            });
            assert_eq!(servers[2].0.port, 3);
            first[usize::from(servers[0].0.port)] += 1;
        }
        assert!((650..850).contains(&first[1]) && first[1] + first[2] == 1000, "{first:?}");
    }
}
