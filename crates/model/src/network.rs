//! Ranges of IP addresses.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address range, for example `192.0.2.0/24`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The range of all addresses that share their first `prefix` bits with `address`; `None` where the address has
    /// fewer bits.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= bits).then_some(Self { address, prefix })
    }

    /// The range that an address is in, with the bits after the prefix zero; a prefix that is too long means the address
    /// alone.
    pub fn of(address: IpAddr, prefix: u8) -> Self {
        let cut = |bits: u128, whole: u8| {
            let left = u32::from(whole - prefix.min(whole));
            bits.checked_shr(left).and_then(|bits| bits.checked_shl(left)).unwrap_or(0)
        };
        match address {
            IpAddr::V4(address) => Self {
                address: IpAddr::from((cut(u128::from(address.to_bits()), 32) as u32).to_be_bytes()),
                prefix: prefix.min(32),
            },
            IpAddr::V6(address) => {
                let bits = cut(address.to_bits(), 128);
                Self { address: IpAddr::from(bits.to_be_bytes()), prefix: prefix.min(128) }
            }
        }
    }

    /// How many bits the addresses of the range share.
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether an address is in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
            IpAddr::V6(address) => address.to_bits(),
        };
        let shift = 128 - u32::from(self.prefix);
        let same = (bits(address) ^ bits(self.address)).checked_shr(shift).unwrap_or(0) == 0;
        same && address.is_ipv4() == self.address.is_ipv4()
    }
}

/// Writes `address/prefix`, or a whole address alone.
impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        match self.prefix {
            prefix if prefix == whole => write!(out, "{}", self.address),
            prefix => write!(out, "{}/{prefix}", self.address),
        }
    }
}

/// Reads `address/prefix`, or an address alone.
impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a network; write an address and a prefix, like 192.0.2.0/24");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        Self::new(address, prefix.unwrap_or(whole)).ok_or_else(wrong)
    }
}

impl Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
