//! One registered endpoint.

use super::presence::Offer;
use crate::alias::Alias;
use link::ChannelId;
use model::{Address, Instant, Millis, Now, Strength, Timestamp};
use std::net::SocketAddr;
use std::str;

/// What an endpoint says it is (H.225.0 `EndpointType`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    Terminal,
    Gateway,
    Mcu,
    Gatekeeper,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Gateway => "gateway",
            Self::Mcu => "mcu",
            Self::Gatekeeper => "gatekeeper",
        }
    }
}

/// Where an endpoint's messages come from and answers go.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub(super) struct Peer {
    pub channel: ChannelId,
    pub address: SocketAddr,
    /// Our address that it reaches.
    pub local: SocketAddr,
}

/// Whether an endpoint is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Liveness {
    /// Heard within its time to live.
    Alive,
    /// Silent for longer, and asked.
    Probing,
    /// No probe was answered; it ends at that time unless it comes back.
    Grace { ends: Instant },
}

/// One name of an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Name {
    pub alias: Alias,
    pub address: Address,
}

/// The endpointIdentifier of a registration: 16 characters of ASCII that we chose.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub(super) struct EndpointIdentifier([u8; 16]);

impl EndpointIdentifier {
    /// The identifier of 80 bits; those beyond are left out.
    pub fn of_bits(bits: u128) -> Self {
        const CHARACTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        Self(std::array::from_fn(|at| CHARACTERS[(bits >> (at * 5)) as usize & 31]))
    }

    /// The identifier with this text; `None` where it can be none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        text.is_ascii().then_some(())?;
        text.as_bytes().try_into().ok().map(Self)
    }

    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// One registered endpoint. There may be a million, so nothing here has room to spare.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    /// Herald's number for it; survives a re-registration.
    pub number: u64,
    /// The endpointIdentifier it was given.
    pub identifier: EndpointIdentifier,
    pub peer: Peer,
    /// The name of its presentity first; empty only where every alias is unusable.
    pub names: Box<[Name]>,
    /// The transport addresses it takes calls at, at least one.
    pub call_signal_addresses: Box<[SocketAddr]>,
    pub kind: Kind,
    pub prefixes: Box<[String]>,
    pub product: Option<Box<str>>,
    pub features: Box<[String]>,
    /// What it offered of the features that Herald speaks with it.
    pub offer: Offer,
    /// Whether it takes messages, once that was seen.
    pub messaging: Option<bool>,
    pub time_to_live: Millis,
    pub registered_at: Timestamp,
    pub heard_at: Now,
    pub liveness: Liveness,
    /// Set by the engine's answer to the claim.
    pub presentity: Option<Address>,
    /// Whether the engine has confirmed the claim.
    pub claimed: bool,
    /// Whether it is in a trusted network.
    pub is_trusted: bool,
    /// Whether it has shown that its address is its own.
    pub is_proven: bool,
    /// How surely it is who it says it is.
    pub strength: Strength,
    /// Whether it was sent an indication before that.
    pub was_indicated: bool,
    /// A gateway's word that it takes no more calls (RAI).
    pub almost_out_of_resources: bool,
}

impl Registration {
    /// When it falls silent unless it is heard before.
    pub fn silent_at(&self) -> Instant {
        self.heard_at.instant.after(self.time_to_live)
    }

    /// What people call it.
    pub fn label(&self) -> String {
        self.names.first().map_or_else(|| self.peer.address.to_string(), |name| name.alias.text())
    }

    /// The transport address a call from `caller` is sent to.
    pub fn call_signal_address(&self, caller: SocketAddr) -> Option<SocketAddr> {
        crate::transport::of_family(self.call_signal_addresses.iter(), caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Registration>(), 256);
        assert_eq!(size_of::<Name>(), 64);
    }

    #[test]
    fn an_endpoint_identifier_is_16_characters_and_nothing_else_is_one() {
        let identifier = EndpointIdentifier::of_bits(u128::MAX);
        assert_eq!(identifier.as_str(), "7777777777777777");
        assert_eq!(EndpointIdentifier::parse(identifier.as_str()), Some(identifier));
        for text in ["", "777777777777777", "77777777777777777", "77777777777777é"] {
            assert_eq!(EndpointIdentifier::parse(text), None);
        }
    }
}
