//! What the operator decides about streams.

use crate::wire::Limits as StanzaLimits;
use model::Millis;
use std::collections::BTreeMap;

/// How other servers are reached, and what they must show.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The domains that are served here.
    pub domains: Vec<String>,
    /// The server that we are a component of; `None`: we are a server.
    pub component: Option<Component>,
    /// What shows that a server is that of its domain.
    pub authentication: Authentication,
    /// Whether nothing passes without TLS.
    pub tls_required: bool,
    /// Whether we have a certificate to show, so that others may begin TLS with us.
    pub has_certificate: bool,
    /// How certain domains are reached, whatever the DNS says.
    pub routes: BTreeMap<String, Route>,
    /// For keys of dialback; kept over restarts, and the same on all nodes of a cluster.
    pub secret: [u8; 32],
    /// The most of everything.
    pub limits: Limits,
}

/// A server in front of us (XEP-0114).
#[derive(Clone, Debug)]
pub struct Component {
    /// Where it takes components.
    pub route: Route,
    /// What we and it know.
    pub secret: String,
}

/// Where a server is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is secured by TLS from the first octet.
    pub is_secured: bool,
}

/// What shows that a server is that of its domain.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Authentication {
    /// A certificate that is trusted and for that domain.
    Certificate,
    /// That, or that the domain's server in the DNS says so (XEP-0220).
    #[default]
    CertificateOrDialback,
}

/// The most of everything.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Of one stanza.
    pub stanza: StanzaLimits,
    /// Streams at a time, those that are checked among them.
    pub streams_max: usize,
    /// Streams of one address that have not shown yet whose they are.
    pub unproven_per_address_max: usize,
    /// Octets that wait for one domain, or are being sent to it.
    pub queue_octets_max: usize,
    /// How long something waits for a domain that can't be reached.
    pub queue_time: Millis,
    /// Stanzas that one stream may bring in a second, on the average.
    pub stanzas_per_second_max: u32,
    /// How long a server has to show who it is.
    pub proof_time: Millis,
    /// How long a stream is kept on which nothing happens.
    pub idle_time: Millis,
    /// How long an answer may take that shows that the other server is there.
    pub answer_time: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stanza: StanzaLimits::default(),
            streams_max: 10_000,
            unproven_per_address_max: 64,
            queue_octets_max: 16 << 20,
            queue_time: Millis::seconds(60),
            stanzas_per_second_max: 5000,
            proof_time: Millis::seconds(30),
            idle_time: Millis::seconds(900),
            answer_time: Millis::seconds(60),
        }
    }
}
