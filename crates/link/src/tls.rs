//! TLS as a link asks for it, and what its peer has shown.

/// How a connection is secured by TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tls {
    /// As call signalling is: with our certificate, and a peer whose certificate must be of a known authority where those
    /// are known.
    Signalling,
    /// We connect to a server of a domain, which is named in the handshake. Whatever certificate is shown, or none that
    /// counts, is told with [`Input::Secured`](crate::Input::Secured).
    ToDomain {
        /// The domain.
        domain: String,
        /// Our domain, whose certificate is shown.
        ours: String,
    },
    /// Somebody has connected to a domain of ours, whose certificate is shown; the peer is asked for one and need not
    /// have any.
    ForDomain {
        /// The domain.
        domain: String,
    },
}

/// What certificate a peer has shown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PeerCertificate {
    /// Whether one was shown that leads to an authority we trust and is valid now.
    pub is_trusted: bool,
    /// The domains it is for, in lower case, wildcards as they are; none where none was shown.
    pub names: Vec<String>,
    /// Why it is not trusted, for people.
    pub problem: Option<String>,
}
