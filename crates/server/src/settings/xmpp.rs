//! `[xmpp]`: federation with XMPP.

use super::limit::{Any, AtMost, IfSet};
use super::table::table;
use super::value::ListenAddress;
use super::{Problem, Settings, Written};
use crate::tls::{DomainFiles, TlsFiles};
use model::address::Domain;
use model::{Address, Millis};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use xmpp::{gateway, streams, wire};

/// The port of XMPP servers for servers (RFC 6120 section 14.7).
const SERVER_PORT: u16 = 5269;
/// The port for TLS from the first octet, as most have it (XEP-0368).
const SECURED_PORT: u16 = 5270;
/// The port at which servers take components, as most have it (XEP-0114).
const COMPONENT_PORT: u16 = 5347;

table! {
    /// Federation with XMPP: as a server among servers, or as a component of the one you have. See "XMPP" in the book.
    XmppSettings as "xmpp" {
        /// `off`, `server`: other servers connect to us and we to them (RFC 6120), or `component`: one server is in front of us
        /// and does that (XEP-0114).
        mode: XmppMode = XmppMode::Off, "", Any("\"off\", \"server\" or \"component\"");
        /// Where other servers connect to. Without a port: 5269.
        listen: Vec<Written<ListenAddress<SERVER_PORT>>> = vec!["0.0.0.0".parse().expect("an address")],
            "", AtMost(16, "addresses");
        /// Where they do so with TLS from the first octet (XEP-0368). Without a port: 5270.
        tls_listen: Vec<Written<ListenAddress<SECURED_PORT>>> = Vec::new(), "", AtMost(16, "addresses");
        /// Our certificates with those between them and their authorities, and their keys, in PEM:
        /// `[{ certificate = "PATH", key = "PATH" }]`. Each is shown for the domains that it names. When a file changes, it is
        /// read again by itself.
        certificates: Vec<Certificate> = Vec::new(), "", AtMost(64, "certificates");
        /// Certificates of the authorities that count, in PEM. Not set: those of the system.
        authorities: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// What shows that a server is that of its domain: its `certificate`, or also that the domain's server in the DNS says
        /// so (XEP-0220): `certificate-or-dialback`.
        authentication: XmppAuthentication = XmppAuthentication::CertificateOrDialback,
            "", Any("\"certificate\" or \"certificate-or-dialback\"");
        /// Whether nothing passes without TLS.
        tls_required: bool = true, "", Any("true or false");
        /// How certain domains are reached, whatever the DNS says:
        /// `[{ domain = "DOMAIN", host = "HOST", port = 5269, tls = false }]`; `tls`: from the first octet.
        routes: Vec<RouteSetting> = Vec::new(), "", AtMost(1024, "routes");
        /// The server of which we are a component. Without a port: 5347.
        component_server: Option<Written<ServerName>> = None, "", IfSet(Any("HOST or HOST:PORT"));
        /// The file with the secret that it and we know on its first line, which only the server's user can read.
        component_secret_file: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// The domain of rooms. Not set: `rooms.` and the domain of the zone.
        rooms_domain: Option<Written<Domain>> = None, "", IfSet(Any("a domain name"));
        /// People of other domains who are told by the command `why` all that `herald why` tells.
        operators: Vec<Address> = Vec::new(), "", AtMost(256, "addresses");
        /// A picture that clients show for everybody who is served here: a file of PNG, JPEG or GIF with at most 64 KiB.
        avatar: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// Addresses on the web where you tell what is out of order, for clients to look at (XEP-0455).
        outage_addresses: Vec<String> = Vec::new(), "", AtMost(8, "URIs");
        /// The most streams at a time.
        streams_max: usize = 10_000, "", 1..=1_000_000;
        /// The most streams of one address that have not shown yet whose they are.
        unproven_streams_max: usize = 64, "", 1..=10_000;
        /// The largest stanza that is taken.
        stanza_octets_max: usize = 262_144, "octets", 10_000..=16_777_216;
        /// Stanzas that one stream may bring, on the average. Who sends more is read more slowly.
        stanzas_per_second_max: u32 = 5000, "1/s", 10..=1_000_000;
        /// The most that waits for one domain.
        queue_octets_max: usize = 16_777_216, "octets", 10_000..=1_073_741_824;
        /// How long something waits for a domain that can't be reached, before the message goes back to its inbox.
        queue_time: u64 = 60, "s", 1..=3600;
        /// How long a stream is kept on which nothing happens.
        idle_time: u64 = 900, "s", 10..=86_400;
        /// The most people of other domains with whom somebody here has to do.
        users_max: usize = 200_000, "", 10..=10_000_000;
        /// The most clients of one of them.
        clients_per_user_max: usize = 16, "", 1..=1024;
    }
}

/// What Herald is to XMPP.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum XmppMode {
    /// Nothing.
    Off,
    /// A server.
    Server,
    /// A component of a server.
    Component,
}

/// What shows that a server is that of its domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum XmppAuthentication {
    /// Its certificate.
    Certificate,
    /// That, or dialback.
    CertificateOrDialback,
}

/// A certificate and its key.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// In PEM, and those between it and its authority.
    pub certificate: PathBuf,
    /// In PEM.
    pub key: PathBuf,
}

/// How a domain is reached.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSetting {
    /// Which.
    pub domain: Domain,
    /// The name or address of its server.
    pub host: String,
    /// Its port.
    #[serde(default = "server_port")]
    pub port: u16,
    /// Whether it is secured by TLS from the first octet.
    #[serde(default)]
    pub tls: bool,
}

const fn server_port() -> u16 {
    SERVER_PORT
}

/// A server by its name or address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerName {
    host: String,
    port: u16,
}

impl FromStr for ServerName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(ListenAddress::<COMPONENT_PORT>(address)) = text.parse() {
            return Ok(Self { host: address.ip().to_string(), port: address.port() });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| format!("{port:?} is not a port"))?),
            None => (text, COMPONENT_PORT),
        };
        let domain: Domain = host.parse().map_err(|error| format!("{host:?} is not a server: {error}"))?;
        Ok(Self { host: domain.to_string(), port })
    }
}

impl XmppSettings {
    /// Whether there is such a gateway.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.mode != XmppMode::Off
    }

    /// What is wrong beyond the single values.
    pub(super) fn check_together(&self) -> Vec<Problem> {
        let problem = |field: &str, text: &str| Problem::at("xmpp", field, text.to_owned());
        let mut problems = Vec::new();
        if self.mode == XmppMode::Component {
            if self.component_server.is_none() {
                problems.push(problem("component_server", "must be set for mode = \"component\""));
            }
            if self.component_secret_file.is_none() {
                problems.push(problem("component_secret_file", "must be set for mode = \"component\""));
            }
        }
        if self.mode == XmppMode::Server && self.tls_required && self.certificates.is_empty() {
            let text = "must name one, since tls_required is true: no other server could connect";
            problems.push(problem("certificates", text));
        }
        problems
    }

    /// Where other servers connect to: without TLS at first, and with it.
    #[must_use]
    pub fn addresses(&self) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        if self.mode != XmppMode::Server {
            return (Vec::new(), Vec::new());
        }
        let plain = self.listen.iter().map(|address| address.value().0).collect();
        (plain, self.tls_listen.iter().map(|address| address.value().0).collect())
    }

    /// The files for TLS.
    #[must_use]
    pub fn files(&self) -> DomainFiles {
        let files = |one: &Certificate| TlsFiles {
            certificate: one.certificate.clone(),
            key: one.key.clone(),
            authorities: None,
        };
        DomainFiles {
            certificates: self.certificates.iter().map(files).collect(),
            authorities: self.authorities.clone(),
        }
    }

    fn rooms_domain(&self, zone: &Domain) -> Domain {
        let set = self.rooms_domain.as_ref().map(|domain| domain.value().clone());
        // A zone whose name leaves no room for more has none.
        set.or_else(|| format!("rooms.{zone}").parse().ok()).unwrap_or_else(|| zone.clone())
    }
}

impl Settings {
    /// What the streams of XMPP are told; `dialback` is for keys of dialback.
    ///
    /// # Errors
    /// The secret of the component can't be read.
    pub fn xmpp_streams(&self, dialback: [u8; 32]) -> Result<streams::Settings, String> {
        let (xmpp, zone) = (&self.xmpp, self.zone.domain.value());
        let mut domains = vec![zone.to_string(), xmpp.rooms_domain(zone).to_string()];
        domains.dedup();
        let component = match (xmpp.mode, &xmpp.component_server, &xmpp.component_secret_file) {
            (XmppMode::Component, Some(server), Some(file)) => {
                let server = server.value();
                let (host, port) = (server.host.clone(), server.port);
                let route = streams::Route { host, port, is_secured: false };
                Some(streams::Component { route, secret: secret(file)? })
            }
            _ => None,
        };
        let route = |one: &RouteSetting| {
            let route = streams::Route { host: one.host.clone(), port: one.port, is_secured: one.tls };
            (one.domain.to_string(), route)
        };
        Ok(streams::Settings {
            domains,
            component,
            authentication: match xmpp.authentication {
                XmppAuthentication::Certificate => streams::Authentication::Certificate,
                XmppAuthentication::CertificateOrDialback => streams::Authentication::CertificateOrDialback,
            },
            tls_required: xmpp.tls_required && xmpp.mode == XmppMode::Server,
            has_certificate: !xmpp.certificates.is_empty(),
            routes: xmpp.routes.iter().map(route).collect(),
            secret: dialback,
            limits: streams::Limits {
                stanza: wire::Limits { octets_max: xmpp.stanza_octets_max, ..wire::Limits::default() },
                streams_max: xmpp.streams_max,
                unproven_per_address_max: xmpp.unproven_streams_max,
                queue_octets_max: xmpp.queue_octets_max,
                queue_time: Millis::seconds(xmpp.queue_time),
                stanzas_per_second_max: xmpp.stanzas_per_second_max,
                idle_time: Millis::seconds(xmpp.idle_time),
                ..streams::Limits::default()
            },
        })
    }

    /// What the gateway to XMPP is told.
    ///
    /// # Errors
    /// The picture can't be read.
    pub fn xmpp_gateway(&self) -> Result<gateway::Settings, String> {
        let domain = self.zone.domain.value().clone();
        Ok(gateway::Settings {
            rooms_domain: self.xmpp.rooms_domain(&domain),
            domain,
            users_max: self.xmpp.users_max,
            clients_per_user_max: self.xmpp.clients_per_user_max,
            operators: self.xmpp.operators.clone(),
            outage_addresses: self.xmpp.outage_addresses.clone(),
            avatar: self.xmpp.avatar.as_deref().map(avatar).transpose()?,
            forget_after: FORGET_AFTER,
        })
    }
}

/// After what time somebody of another domain is forgotten with whom nobody has to do.
const FORGET_AFTER: Millis = Millis::seconds(3600);

/// The largest picture: it goes as one stanza.
const AVATAR_OCTETS_MAX: usize = 65_536;

fn avatar(file: &Path) -> Result<gateway::Avatar, String> {
    let wrong = |what: &str| format!("avatar in [xmpp]: {} {what}", file.display());
    let octets = std::fs::read(file).map_err(|error| wrong(&format!("can't be read: {error}")))?;
    if octets.len() > AVATAR_OCTETS_MAX {
        return Err(wrong("has more than 64 KiB"));
    }
    let begins: [(&[u8], &str); 3] =
        [(b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif")];
    let kind = begins.iter().find(|(begin, _)| octets.starts_with(begin));
    let (_, media_type) = kind.ok_or_else(|| wrong("is neither PNG nor JPEG nor GIF"))?;
    Ok(gateway::Avatar { media_type: (*media_type).to_owned(), octets })
}

fn secret(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!("component_secret_file in [xmpp]: can't read {}: {error}", file.display())
    })?;
    match text.lines().next().map(str::trim) {
        Some(secret) if !secret.is_empty() => Ok(secret.to_owned()),
        _ => {
            Err(format!("component_secret_file in [xmpp]: {} has nothing on its first line", file.display()))
        }
    }
}
