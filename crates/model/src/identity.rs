//! Names that Herald gives: to gateways, to the agents behind them, to watchers, to answers that are due.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A gateway of this node, numbered in the order of configuration.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
pub struct GatewayId(pub u16);

/// An agent (RFC 2778: what acts for a principal; one device, one registration) behind a gateway.
///
/// The number is the gateway's own and is not reused while the process runs. It survives a restart where the
/// gateway restores the same registration.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
pub struct AgentId {
    /// Behind which gateway.
    pub gateway: GatewayId,
    /// Which of its agents.
    pub number: u64,
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.gateway.0, self.number)
    }
}

/// A watcher (RFC 2778) of one or more presentities; the engine only carries the number back.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct WatcherId(pub u64);

/// Pairs a request with its reply; chosen by who asks.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct Ticket(pub u64);
