//! Why the store could not do what was asked, each cause with its way out.

use model::Millis;
use rusqlite::ErrorCode;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

/// Why the store could not do what was asked.
///
/// Every text says what happened, why, and what to do next. Cheap to clone, because one failed commit is reported
/// to everyone whose batch was in it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// Another process works on this data directory.
    #[error(
        "the data directory {} is in use by {}; stop that herald first, or give this one a data directory of its own",
        directory.display(), process(*holder)
    )]
    Locked {
        /// The data directory.
        directory: PathBuf,
        /// The process that holds it, where it left its number.
        holder: Option<u32>,
    },
    /// The file is damaged.
    #[error(
        "the database {} is damaged ({finding}); restore the newest sound backup with `herald restore`, which keeps the \
         damaged file under another name, and look at the disk before trusting it again",
        file.display()
    )]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// What was found.
        finding: String,
    },
    /// The file is a sound database of some other program.
    #[error("{} is not a database of Herald; name the file that `herald backup` wrote, or another data directory", file.display())]
    NotHerald {
        /// The file.
        file: PathBuf,
    },
    /// The database was written by a newer Herald.
    #[error(
        "the database {} has schema version {found} and this herald knows {known}: a newer herald wrote it; start \
         that version or a later one, or restore a backup made before the upgrade",
        file.display()
    )]
    NewerSchema {
        /// The file.
        file: PathBuf,
        /// The version it has.
        found: u32,
        /// The newest version this build knows.
        known: u32,
    },
    /// No room for another page.
    #[error(
        "no room to write {}: the disk or quota is full, or the database has reached its configured size; free \
         space or raise the limit, nothing that was confirmed is lost",
        file.display()
    )]
    Full {
        /// What could not grow.
        file: PathBuf,
    },
    /// Writing is not allowed.
    #[error(
        "{} can't be written; check the owner and mode of the data directory and whether its file system is mounted \
         read-only",
        path.display()
    )]
    ReadOnly {
        /// What could not be written.
        path: PathBuf,
    },
    /// The file system can't hold a write-ahead log.
    #[error(
        "the file system of {} can't share memory between processes, so no write-ahead log is possible; put the \
         data directory on a local disk",
        file.display()
    )]
    NoWriteAheadLog {
        /// The database.
        file: PathBuf,
    },
    /// More waits to be written than the limit allows; nothing was taken.
    #[error(
        "the store is behind: {limit} ({max}) is reached; try again shortly, and look at the disk if it stays so"
    )]
    QueueFull {
        /// The limit, by its name in [`crate::Options`].
        limit: &'static str,
        /// Its value.
        max: usize,
    },
    /// One batch exceeds what the queue may ever hold.
    #[error("a batch of {facts} facts is larger than queue_facts_max ({max}); divide it")]
    BatchTooLarge {
        /// Its length.
        facts: usize,
        /// The limit.
        max: usize,
    },
    /// A fact contradicts the facts in the store; its batch was not written.
    #[error(
        "a batch was not written because it contradicts the store ({finding}); this is a fault in herald, report it"
    )]
    Contradiction {
        /// Which rule of the schema was broken.
        finding: String,
    },
    /// The audit log is not as it was written.
    #[error(
        "the audit log is not as it was written: {finding}. Keep a copy of the database, and compare it with a backup"
    )]
    AuditBroken {
        /// What was found.
        finding: String,
    },
    /// The store is closed, or its writer has stopped.
    #[error("the store is closed; the batch was not written")]
    Closed,
    /// Someone else is at the same work, or holds the database longer than patience lasts.
    #[error("{what}; wait for it to end and try again")]
    Busy {
        /// What is going on.
        what: &'static str,
    },
    /// A backup may not be written over the files of the data directory itself.
    #[error("{} belongs to the running database; give the backup another name or directory", path.display())]
    TargetInUse {
        /// The refused target.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("can't {action} {}: {message}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The kind, for the program.
        kind: io::ErrorKind,
        /// The operating system's words, for people.
        message: String,
    },
    /// SQLite failed in a way that has no cause of its own here.
    #[error("SQLite failed on {} ({code}): {message}; look at the disk and the system log", file.display())]
    Sqlite {
        /// The database.
        file: PathBuf,
        /// SQLite's extended result code.
        code: i32,
        /// SQLite's words.
        message: String,
    },
}

/// The four kinds a caller can act on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorKind {
    /// What was handed in can't be read.
    Malformed,
    /// Policy forbids it; the same request will be refused again.
    Refused,
    /// Load or the machine; the same request may succeed after this time.
    Unavailable {
        /// When trying again makes sense.
        retry_after: Millis,
    },
    /// A fault of ours.
    Fault,
}

/// When to try again where only the queue is behind.
const RETRY_AFTER_LOAD: Millis = Millis::seconds(1);
/// When to try again where an operator has to act first.
const RETRY_AFTER_OPERATOR: Millis = Millis::seconds(60);

impl StoreError {
    /// What kind of error this is, for the one table each protocol has.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::NotHerald { .. } => ErrorKind::Malformed,
            Self::NewerSchema { .. } | Self::BatchTooLarge { .. } | Self::TargetInUse { .. } => {
                ErrorKind::Refused
            }
            Self::QueueFull { .. } | Self::Busy { .. } => {
                ErrorKind::Unavailable { retry_after: RETRY_AFTER_LOAD }
            }
            Self::Locked { .. }
            | Self::Corrupt { .. }
            | Self::AuditBroken { .. }
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::NoWriteAheadLog { .. }
            | Self::Closed
            | Self::Io { .. }
            | Self::Sqlite { .. } => ErrorKind::Unavailable { retry_after: RETRY_AFTER_OPERATOR },
            Self::Contradiction { .. } => ErrorKind::Fault,
        }
    }

    /// Names the cause of an error of the operating system.
    pub(crate) fn from_io(action: &'static str, path: &Path, error: &io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { file: path },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly { path },
            kind => Self::Io { action, path, kind, message: error.to_string() },
        }
    }

    /// Names the cause of an error of SQLite on `file`.
    pub(crate) fn from_sqlite(file: &Path, error: &rusqlite::Error) -> Self {
        let path = file.to_path_buf();
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => {
                let message = error.to_string();
                match failure.code {
                    ErrorCode::DiskFull => Self::Full { file: path },
                    // No room for the shared memory, at a start.
                    _ if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => {
                        Self::Full { file: path }
                    }
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                        Self::Corrupt { file: path, finding: message }
                    }
                    ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Self::ReadOnly { path },
                    // SQLite says no more than that; a file system that has become read-only says so when it is asked.
                    ErrorCode::SystemIoFailure if is_read_only(file) => Self::ReadOnly { path },
                    ErrorCode::ConstraintViolation => Self::Contradiction { finding: message },
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                        Self::Busy { what: "another program is writing to the database" }
                    }
                    _ => Self::Sqlite { file: path, code: failure.extended_code, message },
                }
            }
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::InvalidColumnType(..) => {
                Self::Corrupt { file: path, finding: error.to_string() }
            }
            _ => Self::Sqlite { file: path, code: 0, message: error.to_string() },
        }
    }
}

/// Whether the file system or the mode of a file forbids to write it.
fn is_read_only(file: &Path) -> bool {
    let opened = OpenOptions::new().append(true).open(file);
    opened.is_err_and(|error| {
        matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
    })
}

/// The words for the process that holds a lock.
fn process(holder: Option<u32>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |number| format!("process {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_file_system_and_a_full_disk_have_causes_of_their_own() {
        let path = Path::new("herald.db");
        for (kind, expected) in [
            (io::ErrorKind::ReadOnlyFilesystem, StoreError::ReadOnly { path: path.into() }),
            (io::ErrorKind::PermissionDenied, StoreError::ReadOnly { path: path.into() }),
            (io::ErrorKind::StorageFull, StoreError::Full { file: path.into() }),
            (io::ErrorKind::QuotaExceeded, StoreError::Full { file: path.into() }),
        ] {
            assert_eq!(StoreError::from_io("open", path, &io::Error::from(kind)), expected);
        }
    }

    #[test]
    fn load_asks_for_another_try_and_a_contradiction_does_not() {
        let behind = StoreError::QueueFull { limit: "queue_facts_max", max: 1 };
        assert!(matches!(behind.kind(), ErrorKind::Unavailable { .. }));
        let contradiction = StoreError::Contradiction { finding: String::new() };
        assert_eq!(contradiction.kind(), ErrorKind::Fault);
    }
}
