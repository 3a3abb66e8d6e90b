//! `[dns]`: who says where other servers are.

use super::Written;
use super::limit::AtMost;
use super::table::table;
use super::value::ListenAddress;
use std::net::SocketAddr;

table! {
    /// Who says where the servers of other domains are.
    DnsSettings as "dns" {
        /// Addresses of DNS servers. None: those of the system (`/etc/resolv.conf`).
        servers: Vec<Written<ListenAddress<53>>> = Vec::new(), "", AtMost(8, "addresses");
    }
}

impl DnsSettings {
    /// The servers; none: those of the system.
    #[must_use]
    pub fn servers(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.value().0).collect()
    }
}
