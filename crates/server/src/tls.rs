//! Our certificates and whom we trust: read from files, and again when those change.

mod domains;

pub use domains::DomainFiles;
pub(crate) use domains::DomainKeys;

use link::{PeerCertificate, Tls};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Connection, DigitallySignedStruct, RootCertStore,
    ServerConfig, ServerConnection, SignatureScheme,
};
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The files that TLS needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// Our certificate and those between it and an authority, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// Certificates of authorities, in PEM: whoever is connected to us must have one of theirs. `None`: nobody is asked
    /// for a certificate, and nobody's is looked at.
    pub authorities: Option<PathBuf>,
}

/// Why these files can't be used.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("can't read {}: {error}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// A file has not in it what it should.
    #[error("there is no {what} in PEM in {}", file.display())]
    Empty {
        /// Which.
        file: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// What is in the files can't be used.
    #[error("the certificate, its key or the authorities can't be used: {0}")]
    Unusable(String),
}

/// What the connections of a gateway are secured with.
pub(crate) trait Keys: fmt::Debug + Send {
    /// Our side of a connection that somebody opened to a listener for TLS.
    ///
    /// # Errors
    /// Never seen; rustls has checked the configuration.
    fn accept(&self) -> Result<Connection, rustls::Error>;

    /// Our side of a connection that is to be secured as a link wants it: from the first octet, or later.
    ///
    /// # Errors
    /// There is no such way here.
    fn secure(&self, tls: &Tls, peer: IpAddr, is_direct: bool) -> Result<Connection, rustls::Error>;

    /// Reads the files again where one of them was written since. What they had before stays in use for connections that
    /// are there, and for all where the new can't be used, which is said once.
    fn renew(&mut self);

    /// What a peer has shown; `None` where links are not told.
    fn shown(&self, session: &Connection) -> Option<PeerCertificate>;
}

/// What call signalling is secured with.
#[derive(Debug)]
pub(crate) struct SignallingKeys {
    files: TlsFiles,
    /// When each file was written last.
    written: Vec<Option<SystemTime>>,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl SignallingKeys {
    /// Reads the files.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        // Looked at first, so that a file that is written meanwhile is read once more.
        let written = written(&files);
        let (server, client) = configurations(&files)?;
        Ok(Self { files, written, server, client })
    }
}

impl Keys for SignallingKeys {
    fn accept(&self) -> Result<Connection, rustls::Error> {
        Ok(ServerConnection::new(Arc::clone(&self.server))?.into())
    }

    fn secure(&self, _: &Tls, peer: IpAddr, _: bool) -> Result<Connection, rustls::Error> {
        let name = ServerName::IpAddress(peer.into());
        Ok(ClientConnection::new(Arc::clone(&self.client), name)?.into())
    }

    fn renew(&mut self) {
        let written = written(&self.files);
        if written == self.written {
            return;
        }
        self.written = written;
        match configurations(&self.files) {
            Ok((server, client)) => {
                (self.server, self.client) = (server, client);
                tracing::info!(event = "tls.renewed", "The certificate for call signalling was read again.");
            }
            Err(error) => tracing::error!(
                event = "tls.not_renewed",
                %error,
                "The new certificate for call signalling can't be used; the one before stays in use."
            ),
        }
    }

    fn shown(&self, _: &Connection) -> Option<PeerCertificate> {
        None
    }
}

fn written(files: &TlsFiles) -> Vec<Option<SystemTime>> {
    let all = [Some(&files.certificate), Some(&files.key), files.authorities.as_ref()];
    all.into_iter().flatten().map(written_of).collect()
}

fn written_of(file: &PathBuf) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|about| about.modified()).ok()
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| wrong(file, "private key", error))
}

fn configurations(files: &TlsFiles) -> Result<(Arc<ServerConfig>, Arc<ClientConfig>), TlsError> {
    let unusable = |error: rustls::Error| TlsError::Unusable(error.to_string());
    let certificates = certificates(&files.certificate)?;
    let key = private_key(&files.key)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = files.authorities.as_deref().map(authorities).transpose()?.map(Arc::new);
    let (asking, checking): (Arc<dyn ClientCertVerifier>, _) = match &roots {
        None => (Arc::new(NoClientAuth), None),
        Some(roots) => {
            let text = |error: rustls::server::VerifierBuilderError| TlsError::Unusable(error.to_string());
            let (of_clients, provider) = (Arc::clone(roots), Arc::clone(&provider));
            let asking = WebPkiClientVerifier::builder_with_provider(of_clients, Arc::clone(&provider));
            let checking =
                rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider);
            (asking.build().map_err(text)?, Some(checking.build().map_err(text)?))
        }
    };
    let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_client_cert_verifier(asking)
        .with_single_cert(certificates.clone(), key.clone_key())
        .map_err(unusable)?;
    // Sessions are not resumed: connections are few, and each is to meet the certificates of today.
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    let of_endpoints = OfEndpoints { provider: Arc::clone(&provider), checking };
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(of_endpoints))
        .with_client_auth_cert(certificates, key)
        .map_err(unusable)?;
    client.resumption = Resumption::disabled();
    Ok((Arc::new(server), Arc::new(client)))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| wrong(file, "certificate", error))?;
    if certificates.is_empty() {
        return Err(TlsError::Empty { file: file.to_owned(), what: "certificate" });
    }
    Ok(certificates)
}

fn authorities(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| TlsError::Unusable(error.to_string()))?;
    }
    Ok(roots)
}

fn wrong(file: &Path, what: &'static str, error: pem::Error) -> TlsError {
    match error {
        pem::Error::Io(error) => TlsError::Unreadable { file: file.to_owned(), error },
        _ => TlsError::Empty { file: file.to_owned(), what },
    }
}

/// Checks the certificates of endpoints that we connect to: they are of an authority where those are known. What names they
/// have does not matter: endpoints have no names in the DNS, and addresses that change.
#[derive(Debug)]
struct OfEndpoints {
    provider: Arc<CryptoProvider>,
    checking: Option<Arc<rustls::client::WebPkiServerVerifier>>,
}

impl ServerCertVerifier for OfEndpoints {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(checking) = &self.checking else { return Ok(ServerCertVerified::assertion()) };
        match checking.verify_server_cert(certificate, between, name, ocsp, now) {
            // It is the last thing that is looked at.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
