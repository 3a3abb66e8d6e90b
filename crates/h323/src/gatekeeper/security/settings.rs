//! What the operator decides about who must show who he is.

use crate::gatekeeper::Network;
use crate::security::Method;
use model::Millis;
use std::net::IpAddr;

/// Whether endpoints must show who they are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Authentication {
    /// Nobody is asked, and tokens are not looked at.
    Off,
    /// Who has a password must use it; others go on as if there were none.
    #[default]
    Offer,
    /// Everybody must.
    Require,
}

/// Who must show who he is, and how.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthenticationSettings {
    /// What holds for all networks that are not named below.
    pub mode: Authentication,
    /// Networks in which everybody must.
    pub required: Vec<Network>,
    /// Networks in which nobody is asked, also where `required` names them.
    pub off: Vec<Network>,
    /// The methods that count.
    pub methods: Vec<Method>,
    /// How far the time of a token may be from ours.
    pub window: Millis,
    /// Whether the Setup of a call must be signed as requests are, and ours is signed for who signs whole messages.
    pub signed_setup: bool,
}

impl Default for AuthenticationSettings {
    fn default() -> Self {
        Self {
            mode: Authentication::Offer,
            required: Vec::new(),
            off: Vec::new(),
            methods: Method::ALL.to_vec(),
            window: Millis::seconds(600),
            signed_setup: false,
        }
    }
}

impl AuthenticationSettings {
    /// What holds for an address.
    pub(super) fn of(&self, address: IpAddr) -> Authentication {
        let is_in = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
        if is_in(&self.off) {
            Authentication::Off
        } else if is_in(&self.required) {
            Authentication::Require
        } else {
            self.mode
        }
    }
}
