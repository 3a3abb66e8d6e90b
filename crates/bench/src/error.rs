//! Why a measurement could not be made.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// Why a measurement could not be made.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Load goes to this machine only, unless the caller answers for the network.
    #[error("{0} is not on this machine's loopback; load on other hosts needs --yes-this-network-is-mine")]
    NotLoopback(IpAddr),
    /// No gatekeeper is there.
    #[error("{target} does not answer{hint}; is a gatekeeper running there?")]
    NoAnswer {
        /// Where it was looked for.
        target: SocketAddr,
        /// What may be the reason.
        hint: &'static str,
    },
    /// The target does not do what is to be measured.
    #[error("{0}")]
    Unsupported(String),
    /// A message of ours can't be encoded.
    #[error("a message can't be made: {0}")]
    Template(String),
    /// The system refused something.
    #[error("{doing}: {error}")]
    System {
        /// What was to be done.
        doing: String,
        /// What the system says.
        error: io::Error,
    },
    /// The arguments contradict each other.
    #[error("{0}")]
    Usage(String),
}

impl BenchError {
    /// The error for something the system refused.
    pub(crate) fn system(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |error| Self::System { doing, error }
    }
}
