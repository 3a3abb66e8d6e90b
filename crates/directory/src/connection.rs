//! One connection to a server of a directory.

use crate::entry::Entry;
use crate::error::DirectoryError;
use crate::settings::Settings;
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::fs;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// invalidCredentials (RFC 4511 clause 4.1.9).
const INVALID_CREDENTIALS: u32 = 49;

/// inappropriateAuthentication: the entry has no password.
const NO_PASSWORD: u32 = 48;

/// The most octets of a password file.
const PASSWORD_OCTETS_MAX: u64 = 4096;

/// A connection on which it is known who we are.
pub(crate) struct Connection {
    ldap: Ldap,
    url: String,
    answer_max: Duration,
    driver: JoinHandle<()>,
}

impl Connection {
    /// Connects to the first server that answers, and says who we are. A server that answers wrongly is as good as one that
    /// does not; that of the last one is the error.
    pub async fn open(settings: &Settings) -> Result<Self, DirectoryError> {
        let mut last = DirectoryError::NotConfigured;
        for url in &settings.urls {
            let opened = match Self::connect(settings, url).await {
                Ok(mut connection) => match &settings.bind_dn {
                    Some(dn) => {
                        let password = password(settings.password_file.as_deref())?;
                        connection.bind(dn, &password).await.map(|()| connection)
                    }
                    None => Ok(connection),
                },
                Err(error) => Err(error),
            };
            match opened {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Connects to a server, by TLS unless the settings do without.
    async fn connect(settings: &Settings, url: &str) -> Result<Self, DirectoryError> {
        let mut options = LdapConnSettings::new().set_starttls(settings.starttls);
        if let Some(file) = &settings.ca_file {
            options = options.set_config(Arc::new(trusting(file)?));
        }
        let unreachable = |error: LdapError| {
            let cause = match error {
                LdapError::LdapResult { result } => {
                    format!(
                        "the server refuses StartTLS with result code {}; nothing is sent in the clear",
                        result.rc
                    )
                }
                error => error.to_string(),
            };
            DirectoryError::Unreachable { url: url.to_owned(), cause }
        };
        let connecting = LdapConnAsync::with_settings(options, url);
        let connected = in_time(url, "connection", settings.answer_max, connecting).await?;
        let (connection, ldap) = connected.map_err(unreachable)?;
        // What fails there fails here too, at the next answer.
        let driver = tokio::spawn(async move { drop(connection.drive().await) });
        Ok(Self { ldap, url: url.to_owned(), answer_max: settings.answer_max, driver })
    }

    /// Says who we are (RFC 4513 clause 5.1.3).
    pub async fn bind(&mut self, dn: &str, password: &str) -> Result<(), DirectoryError> {
        self.has_password(dn, password).await.and_then(|result| self.success("bind", result))
    }

    /// Whether this is the password of an entry.
    pub async fn is_password(&mut self, dn: &str, password: &str) -> Result<bool, DirectoryError> {
        let result = self.has_password(dn, password).await?;
        if [INVALID_CREDENTIALS, NO_PASSWORD].contains(&result.rc) {
            return Ok(false);
        }
        self.success("bind", result).map(|()| true)
    }

    async fn has_password(&mut self, dn: &str, password: &str) -> Result<LdapResult, DirectoryError> {
        // A name without a password would be an unauthenticated bind, which succeeds and shows nothing (RFC 4513 clause 5.1.2).
        if dn.is_empty() || password.is_empty() {
            return Ok(LdapResult {
                rc: INVALID_CREDENTIALS,
                matched: String::new(),
                text: "there is no name or no password".to_owned(),
                refs: Vec::new(),
                ctrls: Vec::new(),
            });
        }
        let bind = self.ldap.simple_bind(dn, password);
        in_time(&self.url, "bind", self.answer_max, bind)
            .await?
            .map_err(|error| malformed(&self.url, "bind", &error))
    }

    /// All entries below `base` that a filter fits, read page by page; at most `max` of them.
    ///
    /// A search that ends early for whatever reason is an error: what is missing must not look as if it were gone.
    pub async fn search(
        &mut self,
        what: &'static str,
        base: &str,
        filter: &str,
        attributes: Vec<String>,
        page_size: u16,
        max: usize,
    ) -> Result<Vec<Entry>, DirectoryError> {
        let url = self.url.clone();
        let wrong = |error: LdapError| malformed(&url, what, &error);
        let adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(i32::from(page_size)))];
        let starting = self.ldap.streaming_search_with(adapters, base, Scope::Subtree, filter, attributes);
        let mut stream = in_time(&url, what, self.answer_max, starting).await?.map_err(wrong)?;
        let mut entries = Vec::new();
        while let Some(entry) = in_time(&url, what, self.answer_max, stream.next()).await?.map_err(wrong)? {
            if entries.len() >= max {
                return Err(DirectoryError::TooMany { what, max });
            }
            let SearchEntry { dn, attrs, .. } = SearchEntry::construct(entry);
            entries.push(Entry::new(dn, attrs));
        }
        let result = stream.finish().await;
        drop(stream);
        self.success(what, result)?;
        Ok(entries)
    }

    fn success(&self, what: &'static str, result: LdapResult) -> Result<(), DirectoryError> {
        if result.rc == 0 {
            return Ok(());
        }
        let text = result.text.chars().filter(|c| !c.is_control()).take(200).collect();
        Err(DirectoryError::Refused { url: self.url.clone(), what, code: result.rc, text })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn malformed(url: &str, what: &'static str, error: &LdapError) -> DirectoryError {
    let cause = match error {
        LdapError::EndOfStream | LdapError::ResultRecv { .. } | LdapError::OpSend { .. } => {
            "the connection has ended".to_owned()
        }
        error => error.to_string(),
    };
    DirectoryError::Malformed { url: url.to_owned(), what, cause }
}

async fn in_time<T>(
    url: &str,
    what: &'static str,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, DirectoryError> {
    let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let slow = |_| DirectoryError::Slow { url: url.to_owned(), what, limit_ms };
    tokio::time::timeout(limit, work).await.map_err(slow)
}

/// TLS that takes the certificates of a file for true, and no others.
fn trusting(file: &Path) -> Result<ClientConfig, DirectoryError> {
    let wrong = |cause: String| DirectoryError::File { file: file.to_owned(), cause };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))? {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| wrong(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The first line of a file that nobody else may read.
fn password(file: Option<&Path>) -> Result<String, DirectoryError> {
    let Some(file) = file else { return Ok(String::new()) };
    let wrong = |cause: &str| DirectoryError::File { file: file.to_owned(), cause: cause.to_owned() };
    let metadata = fs::metadata(file).map_err(|error| wrong(&error.to_string()))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(wrong("others may read this password; make it so that only its owner can: chmod 600"));
    }
    if metadata.len() > PASSWORD_OCTETS_MAX {
        return Err(wrong("that is too long for a password"));
    }
    let text = fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(wrong("there is no password on the first line")),
    }
}
