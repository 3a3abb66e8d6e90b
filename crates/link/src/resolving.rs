//! Where the servers of a name are.

use std::net::SocketAddr;

/// A service of which the DNS may tell (RFC 2782).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceName {
    /// What comes before the name, for example `_xmpp-server._tcp`.
    pub prefix: String,
    /// Whether its servers are secured by TLS from the first octet.
    pub is_secured: bool,
}

/// A server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Its name.
    pub host: String,
    /// Where it is.
    pub address: SocketAddr,
    /// Whether it is secured by TLS from the first octet.
    pub is_secured: bool,
}

/// Why no server was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ResolveError {
    /// There is no such name, or it has no such service.
    #[error("there is no such server")]
    NoService,
    /// Nobody answered; it may be asked again.
    #[error("the DNS does not answer")]
    Unavailable,
}
