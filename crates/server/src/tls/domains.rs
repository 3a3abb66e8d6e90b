//! Certificates of domains (RFC 6120 section 13.7): ours, one or more, and what others show. Whether what they show is
//! enough is not decided here: it is told to the link.

use super::{Keys, TlsError, TlsFiles, certificates, private_key, written_of};
use link::{PeerCertificate, Tls};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Connection, DigitallySignedStruct, DistinguishedName,
    RootCertStore, ServerConfig, ServerConnection, SignatureScheme,
};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// The files of a gateway for domains.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DomainFiles {
    /// Our certificates, each for one domain or several. Who asks for another domain is shown the first.
    pub certificates: Vec<TlsFiles>,
    /// Certificates of the authorities that count, in PEM; `None`: those of the system.
    pub authorities: Option<PathBuf>,
}

/// What a gateway secures connections with that are between domains.
#[derive(Debug)]
pub(crate) struct DomainKeys {
    files: DomainFiles,
    written: Vec<Option<SystemTime>>,
    ours: Arc<Ours>,
    trust: Option<Trust>,
    server: ServerConfig,
    client: ClientConfig,
}

impl DomainKeys {
    /// Reads the files.
    pub fn load(files: DomainFiles) -> Result<Self, TlsError> {
        let written = written(&files);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (ours, trust) = (Arc::new(Ours::read(&files, &provider)?), Trust::read(&files, &provider)?);
        let any = Arc::new(AnyPeer { provider });
        let unusable = |error: rustls::Error| TlsError::Unusable(error.to_string());
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&any.provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_client_cert_verifier(Arc::clone(&any) as Arc<dyn ClientCertVerifier>)
            .with_cert_resolver(Arc::clone(&ours) as Arc<dyn ResolvesServerCert>);
        // Each connection is to meet the certificates of today.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        let mut client = ClientConfig::builder_with_provider(Arc::clone(&any.provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&any) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        client.resumption = Resumption::disabled();
        Ok(Self { files, written, ours, trust, server, client })
    }

    /// What the certificate of a peer shows, and those that came with it.
    fn judge(&self, shown: &[CertificateDer<'_>]) -> PeerCertificate {
        let Some((certificate, between)) = shown.split_first() else { return PeerCertificate::default() };
        let names = names(certificate);
        let problem = match &self.trust {
            Some(trust) => trust.problem(certificate, between),
            None => Some("no authorities are known".to_owned()),
        };
        PeerCertificate { is_trusted: problem.is_none(), names, problem }
    }
}

impl Keys for DomainKeys {
    fn accept(&self) -> Result<Connection, rustls::Error> {
        let mut server = self.server.clone();
        server.alpn_protocols = vec![DIRECT.to_vec()];
        Ok(ServerConnection::new(Arc::new(server))?.into())
    }

    fn secure(&self, tls: &Tls, peer: IpAddr, is_direct: bool) -> Result<Connection, rustls::Error> {
        match tls {
            Tls::ToDomain { domain, ours } => {
                let mut client = self.client.clone();
                client.client_auth_cert_resolver = Arc::new(Shown(self.ours.of(ours)));
                if is_direct {
                    client.alpn_protocols = vec![DIRECT.to_vec()];
                }
                let name = ServerName::try_from(domain.clone()).unwrap_or(ServerName::IpAddress(peer.into()));
                Ok(ClientConnection::new(Arc::new(client), name)?.into())
            }
            Tls::ForDomain { domain } => {
                let mut server = self.server.clone();
                server.cert_resolver = Arc::new(Shown(self.ours.of(domain)));
                Ok(ServerConnection::new(Arc::new(server))?.into())
            }
            Tls::Signalling => Err(rustls::Error::General("no call signalling here".to_owned())),
        }
    }

    fn renew(&mut self) {
        let written = written(&self.files);
        if written == self.written {
            return;
        }
        match Self::load(self.files.clone()) {
            Ok(new) => {
                *self = new;
                tracing::info!(event = "tls.renewed", "The certificates of our domains were read again.");
            }
            Err(error) => {
                self.written = written;
                tracing::error!(
                    event = "tls.not_renewed",
                    %error,
                    "New certificates of our domains can't be used; those before stay in use."
                );
            }
        }
    }

    fn shown(&self, session: &Connection) -> Option<PeerCertificate> {
        Some(self.judge(session.peer_certificates().unwrap_or_default()))
    }
}

/// The protocol of TLS from the first octet (XEP-0368).
const DIRECT: &[u8] = b"xmpp-server";

fn written(files: &DomainFiles) -> Vec<Option<SystemTime>> {
    let certificates = files.certificates.iter().flat_map(|files| [&files.certificate, &files.key]);
    certificates.chain(files.authorities.as_ref()).map(written_of).collect()
}

/// The domains that a certificate is for, in lower case.
fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else { return Vec::new() };
    certificate.valid_dns_names().map(str::to_ascii_lowercase).collect()
}

/// Our certificates.
#[derive(Debug)]
struct Ours(Vec<(Vec<String>, Arc<CertifiedKey>)>);

impl Ours {
    fn read(files: &DomainFiles, provider: &CryptoProvider) -> Result<Self, TlsError> {
        let read = |files: &TlsFiles| {
            let chain = certificates(&files.certificate)?;
            let names = chain.first().map(names).unwrap_or_default();
            let key = CertifiedKey::from_der(chain, private_key(&files.key)?, provider);
            let key = key.map_err(|error| TlsError::Unusable(error.to_string()))?;
            Ok((names, Arc::new(key)))
        };
        files.certificates.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// That of a domain, or the first.
    fn of(&self, domain: &str) -> Option<Arc<CertifiedKey>> {
        let is_for = |names: &[String]| {
            names.iter().any(|name| match name.strip_prefix("*.") {
                Some(parent) => domain.split_once('.').is_some_and(|(_, rest)| rest == parent),
                None => name == domain,
            })
        };
        let found = self.0.iter().find(|(names, _)| is_for(names)).or(self.0.first());
        found.map(|(_, key)| Arc::clone(key))
    }
}

impl ResolvesServerCert for Ours {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.of(hello.server_name().unwrap_or_default())
    }
}

/// The certificate of one connection.
#[derive(Debug)]
struct Shown(Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// Whom we trust.
#[derive(Debug)]
struct Trust {
    as_server: Arc<WebPkiServerVerifier>,
    as_client: Arc<dyn ClientCertVerifier>,
}

impl Trust {
    fn read(files: &DomainFiles, provider: &Arc<CryptoProvider>) -> Result<Option<Self>, TlsError> {
        let mut roots = RootCertStore::empty();
        match &files.authorities {
            Some(file) => {
                for certificate in certificates(file)? {
                    roots.add(certificate).map_err(|error| TlsError::Unusable(error.to_string()))?;
                }
            }
            // A machine without them trusts nobody, and says so of each certificate.
            None => {
                let found = certificates(SYSTEM_AUTHORITIES.as_ref()).unwrap_or_default();
                roots.add_parsable_certificates(found);
            }
        }
        if roots.is_empty() {
            return Ok(None);
        }
        let roots = Arc::new(roots);
        let unusable = |error: rustls::server::VerifierBuilderError| TlsError::Unusable(error.to_string());
        let as_server =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(provider)).build();
        let as_client = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider)).build();
        Ok(Some(Self { as_server: as_server.map_err(unusable)?, as_client: as_client.map_err(unusable)? }))
    }

    /// Why a certificate does not count; `None`: it does. Its names are not looked at. Servers show the same certificate
    /// whichever of them connects, so it may be one for servers or one for clients.
    fn problem(&self, certificate: &CertificateDer<'_>, between: &[CertificateDer<'_>]) -> Option<String> {
        let (nobody, now) = (ServerName::IpAddress(IpAddr::from([0, 0, 0, 0]).into()), UnixTime::now());
        match self.as_server.verify_server_cert(certificate, between, &nobody, &[], now) {
            Ok(_)
            | Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => None,
            Err(error) => {
                let as_client = self.as_client.verify_client_cert(certificate, between, now);
                as_client.err().map(|_| error.to_string())
            }
        }
    }
}

/// Where Debian and most others have the certificates of the authorities that a system trusts.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Takes whatever certificate a peer shows whose key it has.
#[derive(Debug)]
struct AnyPeer {
    provider: Arc<CryptoProvider>,
}

impl AnyPeer {
    fn signed_12(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn signed_13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }
}

impl ServerCertVerifier for AnyPeer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signed_12(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signed_13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for AnyPeer {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signed_12(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signed_13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn file(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
    }

    fn keys(authority: &str) -> DomainKeys {
        let certificate =
            TlsFiles { certificate: file("server.pem"), key: file("server.key"), authorities: None };
        let authorities = Some(file(authority));
        DomainKeys::load(DomainFiles { certificates: vec![certificate], authorities }).unwrap()
    }

    // covers: F-17
    #[test]
    fn a_certificate_counts_where_its_authority_does() {
        let shown = certificates(&file("server.pem")).unwrap();
        let judged = keys("authority.pem").judge(&shown);
        assert!(judged.is_trusted && judged.problem.is_none(), "{judged:?}");
        let judged = keys("server.pem").judge(&certificates(&file("endpoint.pem")).unwrap());
        assert!(!judged.is_trusted && judged.problem.is_some(), "{judged:?}");
        assert_eq!(keys("authority.pem").judge(&[]), PeerCertificate::default());
    }
}
