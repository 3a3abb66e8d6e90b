//! What lasts: how many of a thing each address and each network has.

use super::{Limit, Sources};
use crate::gatekeeper::settings::Network;
use std::collections::HashMap;
use std::net::IpAddr;

/// How many there are of what lasts. No more is noted than there are such things, and who has none is not noted.
#[derive(Debug)]
pub(in crate::gatekeeper) struct Holdings {
    sources: Sources,
    held: HashMap<(Limit, Network), usize>,
}

impl Holdings {
    pub fn new(sources: Sources) -> Self {
        Self { sources, held: HashMap::new() }
    }

    /// Whether an address may have one more, where it may have so many.
    ///
    /// # Errors
    /// It has as many as it may, or its network has: which of the two.
    pub fn check(&self, limit: Limit, address: IpAddr, most: usize) -> Result<(), Network> {
        let most = [most, most.saturating_mul(self.sources.factor as usize)];
        for (source, most) in self.sources.of(address).into_iter().zip(most) {
            if self.held.get(&(limit, source)).is_some_and(|held| *held >= most) {
                return Err(source);
            }
        }
        Ok(())
    }

    /// An address has one more.
    pub fn add(&mut self, limit: Limit, address: IpAddr) {
        for source in self.sources.of(address) {
            *self.held.entry((limit, source)).or_default() += 1;
        }
    }

    /// It has one less.
    pub fn remove(&mut self, limit: Limit, address: IpAddr) {
        for source in self.sources.of(address) {
            let Some(held) = self.held.get_mut(&(limit, source)) else { continue };
            *held -= 1;
            if *held == 0 {
                self.held.remove(&(limit, source));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_its_network_a_multiple() {
        let mut holdings = Holdings::new(Sources { prefixes: (24, 64), factor: 4 });
        let hosts = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"];
        let check = |holdings: &Holdings, host: &str| {
            holdings.check(Limit::Connections, host.parse().unwrap(), 2).map_err(|source| source.to_string())
        };
        for host in hosts.iter().chain(&hosts) {
            assert_eq!(check(&holdings, host), Ok(()));
            holdings.add(Limit::Connections, host.parse().unwrap());
        }
        assert_eq!(check(&holdings, "203.0.113.1"), Err("203.0.113.1".to_owned()));
        assert_eq!(check(&holdings, "203.0.113.9"), Err("203.0.113.0/24".to_owned()));
        assert_eq!(check(&holdings, "203.0.114.9"), Ok(()));
        holdings.remove(Limit::Connections, "203.0.113.1".parse().unwrap());
        assert_eq!(check(&holdings, "203.0.113.9"), Ok(()));
        for host in hosts.iter().chain(&hosts[1..]) {
            holdings.remove(Limit::Connections, host.parse().unwrap());
        }
        assert!(holdings.held.is_empty());
    }
}
