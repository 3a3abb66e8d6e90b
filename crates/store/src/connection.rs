//! Connections to the database file: one that writes, many that read.

use crate::{Options, StoreError};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// The database in the data directory.
pub(crate) const DATABASE: &str = "herald.db";

/// How long a statement waits for another program (an operator's shell) that holds the database.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Page cache of the writer in KiB: the inner nodes of a million rows in each table.
const WRITER_CACHE_KIB: i64 = 32 * 1024;
/// The write-ahead log is cut back to this size when it has been copied into the database.
const LOG_OCTETS_KEPT: i64 = 64 * 1024 * 1024;
/// Pages in the write-ahead log (of 4 KiB each) before they are copied into the database.
const CHECKPOINT_PAGES: i64 = 4096;

/// Creates the data directory where it is missing, for its owner alone.
pub(crate) fn create_directory(directory: &Path) -> Result<(), StoreError> {
    if directory.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| StoreError::from_io("create the data directory", directory, &error))?;
    directory.parent().map_or(Ok(()), sync_directory)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    // The parent of a bare file name is the empty path, which means the working directory.
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)
        .and_then(|handle| handle.sync_all())
        .map_err(|error| StoreError::from_io("sync the directory", directory, &error))
}

/// Creates an empty file for its owner alone, where it is missing; SQLite gives its own files the same mode.
pub(crate) fn create_file(file: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(StoreError::from_io("create", file, &error))
        }
        _ => Ok(()),
    }
}

/// Opens an existing database for reading and writing, without touching it yet.
pub(crate) fn open_unconfigured(file: &Path) -> Result<Connection, StoreError> {
    open_with(file, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Turns a connection into the writer: write-ahead log, every commit synced, references enforced.
pub(crate) fn configure_writer(
    connection: &Connection,
    file: &Path,
    options: &Options,
) -> Result<(), StoreError> {
    let configured = || -> rusqlite::Result<bool> {
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // What is deleted is overwritten: texts that were delivered, people that were erased.
        connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "journal_size_limit", LOG_OCTETS_KEPT, |_| Ok(()))?;
        if let Some(octets) = options.database_octets_max {
            let page_octets: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let pages = (octets / page_octets.max(1)).max(1);
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        Ok(mode.eq_ignore_ascii_case("wal"))
    };
    match configured() {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::NoWriteAheadLog { file: file.to_path_buf() }),
        Err(error) => Err(StoreError::from_sqlite(file, &error)),
    }
}

/// Opens an existing database for reading only.
pub(crate) fn open_reader(file: &Path) -> Result<Connection, StoreError> {
    open_with(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open_with(file: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    // SQLite only says "unable to open"; the operating system knows why.
    fs::metadata(file).map_err(|error| StoreError::from_io("open", file, &error))?;
    Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .and_then(|connection| connection.busy_timeout(BUSY_WAIT).map(|()| connection))
        .map_err(|error| StoreError::from_sqlite(file, &error))
}
