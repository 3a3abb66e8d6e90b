//! `[security]`: who must show who he is.

use super::limit::{Any, AtMost, IfSet};
use super::table::table;
use super::{Problem, Written};
use crate::tls::TlsFiles;
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
        /// Whether the Setup of a call that comes by us must be signed as what comes over RAS, and ours is signed for endpoints
        /// with `procedure1`. Endpoints that sign over RAS alone, as most do, can't call by us then.
        signed_setup: bool = false, "", Any("true or false");
        /// The file with the key that encrypts passwords which must be kept: 32 octets that only the server's user can read.
        /// Not set: `secret.key` in the data directory, made when it is first needed.
        secret_key_file: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// Our certificate in PEM, and those between it and its authority. Set: call signalling is taken over TLS too, and
        /// endpoints that can are called over it. When this file or one of the next two changes, it is read again by itself.
        tls_certificate: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// The private key of that certificate, in PEM.
        tls_key: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// Certificates of authorities in PEM. Set: whoever connects to us over TLS, or is connected to, must show a
        /// certificate of one of these. Not set: endpoints are asked for none, and theirs are not looked at.
        tls_authorities: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// The port for call signalling over TLS, at the addresses where it is taken without.
        tls_port: u16 = 1300, "", Any("0 to 65535; 0: as the system chooses");
        /// Whether call signalling is taken and placed over TLS only. Who can't has no messages in calls, and no calls that
        /// come by us.
        tls_required: bool = false, "", Any("true or false");
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
    /// What is wrong beyond the single values.
    pub(super) fn check_together(&self) -> Vec<Problem> {
        let problem = |field: &str, text: &str| Problem::at("security", field, text.to_owned());
        match (&self.tls_certificate, &self.tls_key) {
            (Some(_), None) => vec![problem("tls_certificate", "needs tls_key beside it")],
            (None, Some(_)) => vec![problem("tls_key", "needs tls_certificate beside it")],
            (None, None) if self.tls_required => {
                vec![problem("tls_required", "needs tls_certificate and tls_key")]
            }
            _ => Vec::new(),
        }
    }

    /// The files for TLS, where it is wanted.
    #[must_use]
    pub fn tls_files(&self) -> Option<TlsFiles> {
        let (certificate, key) = (self.tls_certificate.clone()?, self.tls_key.clone()?);
        Some(TlsFiles { certificate, key, authorities: self.tls_authorities.clone() })
    }

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
            signed_setup: self.signed_setup,
        }
    }
}
