//! How many descriptors the process may have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that are kept for everything but connections of the gateway and clients of the control socket: the
/// store, sockets, files.
const KEPT: usize = 128;

/// The most connections that leave descriptors for `clients_max` clients and the rest of the process, at most
/// `wanted`. Takes for the process what the system allows it.
pub(crate) fn connections_max(wanted: usize, clients_max: usize) -> usize {
    let fits = raise().saturating_sub(KEPT + clients_max);
    if fits < wanted {
        tracing::info!(
            event = "node.few_descriptors",
            wanted,
            fits,
            "The system allows fewer open files than connections_max wants; `ulimit -Hn` or LimitNOFILE= raises that."
        );
    }
    wanted.min(fits)
}

/// Raises the limit of descriptors as far as may be; what it is then.
fn raise() -> usize {
    // The limit of a system that does not tell one is what accepting finds out.
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return usize::MAX };
    let limit =
        if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    usize::try_from(limit).unwrap_or(usize::MAX)
}
