//! Values that the file writes as text.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The RAS port of gatekeepers (H.225.0, appendix IV).
pub const RAS_PORT: u16 = 1719;

/// The call signalling port (H.225.0, appendix IV).
pub const CALL_SIGNAL_PORT: u16 = 1720;

/// An address to listen on, with or without a port: `192.0.2.1`, `192.0.2.1:1719`, `::1`, `[::1]:1719`. What has none
/// is on `PORT`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListenAddress<const PORT: u16 = RAS_PORT>(pub SocketAddr);

impl<const PORT: u16> FromStr for ListenAddress<PORT> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self(SocketAddr::new(address, PORT)));
        }
        text.parse().map(Self).map_err(|_| {
            format!(
                "{text:?} is not an address to listen on; write one like 192.0.2.1, 192.0.2.1:{PORT} or \
                 [2001:db8::1]:{PORT}"
            )
        })
    }
}

impl<const PORT: u16> fmt::Display for ListenAddress<PORT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value together with the text it was written as.
#[derive(Clone, Debug)]
pub struct Written<T> {
    text: String,
    value: T,
}

impl<T> Written<T> {
    /// The value.
    pub const fn value(&self) -> &T {
        &self.value
    }
}

impl<T> PartialEq for Written<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T: FromStr> FromStr for Written<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        Ok(Self { text: text.to_owned(), value: text.parse()? })
    }
}

impl<T> fmt::Display for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Written<T>
where
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An address that is known to be right, for defaults.
pub(super) fn any_address(address: IpAddr) -> Written<ListenAddress> {
    let value = ListenAddress(SocketAddr::new(address, RAS_PORT));
    Written { text: value.to_string(), value }
}
