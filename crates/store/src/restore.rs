//! Putting a backup in the place of the database.
//!
//! The backup is copied beside the database and checked; giving the copy the name `herald.db.restoring` is the
//! moment of decision. A crash before it leaves the database as it was; after it the next start (or the next
//! restore) completes the exchange.

use crate::backup::{copy, rename, verify, with_suffix};
use crate::connection::{self, DATABASE};
use crate::lock::{DATA_DIRECTORY_LOCK, Lock};
use crate::{StoreError, audit, clock, migration, shutdown};
use model::AuditRecord;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What a restore did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restored {
    /// Where the replaced database lies now; `None` where there was none.
    pub replaced: Option<PathBuf>,
}

/// Puts a backup in the place of the database in `data_dir`, which may be damaged or missing.
///
/// Refuses with `Locked` while a server uses the directory, and with `Corrupt`, `NotHerald` or `NewerSchema` for a
/// backup that can't be trusted. The replaced database is kept as `herald.db.replaced-<date>`. The epoch of the
/// restored database is raised above any the replaced one can have given out, because a watcher drops what seems
/// older than what it has seen: to that of the replaced one, and at least (it may be unreadable) to the seconds
/// since 1970, which no server reaches by starting. `record` goes to the end of the audit log of the backup; that of the
/// replaced database stays with it.
pub fn restore(data_dir: &Path, from: &Path, record: Option<&AuditRecord>) -> Result<Restored, StoreError> {
    verify(from)?;
    connection::create_directory(data_dir)?;
    let _lock = Lock::take(data_dir, DATA_DIRECTORY_LOCK)?;
    let restoring = data_dir.join(RESTORING);
    let partial = with_suffix(&restoring, ".partial");
    copy(from, &partial)?;
    let seconds = u32::try_from(clock::now().0 / 1000).unwrap_or(0);
    let epoch_replaced =
        connection::open_reader(&data_dir.join(DATABASE)).map_or(0, |old| shutdown::epoch(&old));
    mark(&partial, seconds.max(epoch_replaced), record)?;
    rename(&partial, &restoring)?;
    finish(data_dir).map(|replaced| Restored { replaced })
}

/// Completes an exchange that was decided; does nothing where there is none. The caller holds the lock.
///
/// The date in the name of the replaced database is that of the copy, so that a second attempt after a crash
/// finds the same name and no file is parted from its log.
pub(crate) fn finish(data_dir: &Path) -> Result<Option<PathBuf>, StoreError> {
    let restoring = data_dir.join(RESTORING);
    if !restoring.exists() {
        return Ok(None);
    }
    let database = data_dir.join(DATABASE);
    let replaced = with_suffix(&database, &format!(".replaced-{}", date_of(&restoring)?));
    for part in ["-wal", "-shm", "-journal", ""] {
        let old = with_suffix(&database, part);
        if old.exists() {
            rename(&old, &with_suffix(&replaced, part))?;
        }
    }
    rename(&restoring, &database)?;
    Ok(replaced.exists().then_some(replaced))
}

/// A complete and checked copy of a backup that is to become the database.
const RESTORING: &str = "herald.db.restoring";

fn mark(file: &Path, epoch_min: u32, record: Option<&AuditRecord>) -> Result<(), StoreError> {
    let mut connection = connection::open_unconfigured(file)?;
    if record.is_some() {
        // A log to write it to is there from version 5 on.
        let found = migration::version(&connection, file)?;
        migration::migrate(&mut connection, file, found)?;
    }
    shutdown::mark_restored(&connection, epoch_min)
        .and_then(|()| record.map_or(Ok(()), |record| audit::append(&connection, record)))
        .and_then(|()| connection.close().map_err(|(_, error)| error))
        .map_err(|error| StoreError::from_sqlite(file, &error))
}

/// When a file was written, as `20261122T124400.123Z`.
fn date_of(file: &Path) -> Result<String, StoreError> {
    let modified = file
        .metadata()
        .and_then(|metadata| metadata.modified())
        .map_err(|error| StoreError::from_io("read the date of", file, &error))?;
    let since_1970 = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    // SQLite has a calendar; a crate for one name would be too much.
    let date: String = Connection::open_in_memory()
        .and_then(|calendar| {
            calendar
                .query_row("SELECT strftime('%Y%m%dT%H%M%S', $1, 'unixepoch')", [seconds], |row| row.get(0))
        })
        .map_err(|error| StoreError::from_sqlite(file, &error))?;
    Ok(format!("{date}.{:03}Z", since_1970.subsec_millis()))
}
