//! `[security]`: who must show who he is.

use super::Written;
use super::limit::{Any, AtMost, IfSet};
use super::table::table;
use h323::gatekeeper::{self, Network};
use h323::security;
use model::Millis;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

table! {
    /// Who must show by a password who he is (H.235). `herald user` makes users and gives them passwords.
    SecuritySettings as "security" {
        /// `off`: nobody is asked. `offer`: what a user may register, and what comes from who registered it, must be signed
        /// by that user; everybody else goes on as if there were no passwords. `require`: everything must be signed by a
        /// user.
        authentication: Authentication = Authentication::Offer, "", Any("\"off\", \"offer\" or \"require\"");
        /// Networks in which it is as with `require`.
        authentication_required: Vec<Written<Network>> = Vec::new(), "", AtMost(1024, "networks");
        /// Networks in which it is as with `off`, also where `authentication_required` names them.
        authentication_off: Vec<Written<Network>> = Vec::new(), "", AtMost(1024, "networks");
        /// The methods that count. `procedure1` (H.235.1) signs whole messages; `md5` and `cat` show only that the sender
        /// knew the password, and need it kept, encrypted, by this server.
        authentication_methods: Vec<Method> = Method::ALL.to_vec(), "", AtMost(3, "methods");
        /// How far the clock of an endpoint may be from ours. For so long tokens are remembered, so that none is good twice.
        authentication_window: u64 = 600, "s", 10..=14_400;
        /// The file with the key that encrypts passwords which must be kept: 32 octets that only the server's user can read.
        /// Not set: `secret.key` in the data directory, made when it is first needed.
        secret_key_file: Option<PathBuf> = None, "", IfSet(Any("a path"));
    }
}

/// Whether endpoints must show who they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authentication {
    /// Nobody is asked.
    Off,
    /// Who has a password must use it.
    Offer,
    /// Everybody must.
    Require,
}

/// A way to show who sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// H.235.1.
    Procedure1,
    /// `cryptoEPPwdHash`.
    Md5,
    /// The Cisco access token.
    Cat,
}

impl Method {
    const ALL: [Self; 3] = [Self::Procedure1, Self::Md5, Self::Cat];
}

impl SecuritySettings {
    /// What the gatekeeper is told of it.
    pub fn gatekeeper(&self) -> gatekeeper::AuthenticationSettings {
        let networks = |written: &[Written<Network>]| written.iter().map(|one| *one.value()).collect();
        gatekeeper::AuthenticationSettings {
            mode: match self.authentication {
                Authentication::Off => gatekeeper::Authentication::Off,
                Authentication::Offer => gatekeeper::Authentication::Offer,
                Authentication::Require => gatekeeper::Authentication::Require,
            },
            required: networks(&self.authentication_required),
            off: networks(&self.authentication_off),
            methods: self
                .authentication_methods
                .iter()
                .map(|method| match method {
                    Method::Procedure1 => security::Method::Procedure1,
                    Method::Md5 => security::Method::Md5,
                    Method::Cat => security::Method::Cat,
                })
                .collect(),
            window: Millis::seconds(self.authentication_window),
        }
    }
}
