//! Why a directory could not be asked.

use std::path::PathBuf;

/// Why a directory could not be asked. Nothing of what it has said until then counts.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DirectoryError {
    /// No connection to a server, or none that its certificate makes safe.
    #[error("{url}: {cause}")]
    Unreachable {
        /// Which server.
        url: String,
        /// The words of the system or of TLS.
        cause: String,
    },
    /// A server took too long.
    #[error("{url}: no answer to the {what} within {limit_ms} ms")]
    Slow {
        /// Which server.
        url: String,
        /// What was asked.
        what: &'static str,
        /// How long was waited.
        limit_ms: u64,
    },
    /// A server answered with a failure (RFC 4511 clause 4.1.9).
    #[error("{url}: the {what} failed with result code {code}{}{}", if text.is_empty() { "" } else { ": " }, text)]
    Refused {
        /// Which server.
        url: String,
        /// What was asked.
        what: &'static str,
        /// The result code.
        code: u32,
        /// The server's own words.
        text: String,
    },
    /// A server sent what is no LDAP, or closed the connection.
    #[error("{url}: the {what} was answered by what is no LDAP, or not to its end: {cause}")]
    Malformed {
        /// Which server.
        url: String,
        /// What was asked.
        what: &'static str,
        /// Where it fails.
        cause: String,
    },
    /// There are more entries than may be taken.
    #[error("the {what} found more than {max} (entries_max); narrow its filter or raise the limit")]
    TooMany {
        /// Which search.
        what: &'static str,
        /// How many may be.
        max: usize,
    },
    /// A file of the settings can't be used.
    #[error("{}: {cause}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why not.
        cause: String,
    },
    /// There are no servers in the settings.
    #[error("no directory is configured; `urls` in [directory] names its servers")]
    NotConfigured,
    /// Too much is being asked at this moment.
    #[error("{0} questions to the directory wait already; try again later")]
    Busy(usize),
    /// The thread of the directory has ended, or failed at what the server sent.
    #[error("the question was given up; the server ends, or the log says what failed")]
    Ended,
}
