//! The epoch, and how the run before this one ended.

use crate::StoreError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::path::Path;

/// How the run before this one ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LastShutdown {
    /// There was none: the database is new.
    FirstStart,
    /// The store was closed and everything handed to it was written, soft state included.
    Clean,
    /// Killed, crashed, or restored from a backup: facts are complete, soft state is as old as its last write.
    Unclean,
}

const EPOCH: &str = "epoch";
const LAST_SHUTDOWN: &str = "last_shutdown";
const CLEAN: &str = "clean";
const UNCLEAN: &str = "unclean";

/// Raises the epoch by one, marks the database as in use, and tells how the last run ended; durable on return.
pub(crate) fn begin_run(connection: &mut Connection, file: &Path) -> Result<(u32, LastShutdown), StoreError> {
    let raise = |connection: &mut Connection| -> rusqlite::Result<Result<(u32, LastShutdown), String>> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = read(&transaction, EPOCH)?;
        let last = match read(&transaction, LAST_SHUTDOWN)?.as_deref() {
            None => LastShutdown::FirstStart,
            Some(CLEAN) => LastShutdown::Clean,
            Some(_) => LastShutdown::Unclean,
        };
        let Some(epoch) =
            before.as_deref().unwrap_or("0").parse::<u32>().ok().and_then(|epoch| epoch.checked_add(1))
        else {
            return Ok(Err(before.unwrap_or_default()));
        };
        write(&transaction, EPOCH, &epoch.to_string())?;
        write(&transaction, LAST_SHUTDOWN, UNCLEAN)?;
        transaction.commit()?;
        Ok(Ok((epoch, last)))
    };
    raise(connection).map_err(|error| StoreError::from_sqlite(file, &error))?.map_err(|epoch| {
        StoreError::Corrupt { file: file.to_path_buf(), finding: format!("meta.epoch is {epoch:?}") }
    })
}

/// Marks that everything handed in was written.
pub(crate) fn end_run(connection: &Connection) -> rusqlite::Result<()> {
    write(connection, LAST_SHUTDOWN, CLEAN)
}

/// The epoch that a database was opened with last; 0 where that can't be read.
pub(crate) fn epoch(connection: &Connection) -> u32 {
    read(connection, EPOCH).ok().flatten().and_then(|epoch| epoch.parse().ok()).unwrap_or(0)
}

/// Prepares a restored database for its next start: not clean, and an epoch that is at least `epoch_min`.
pub(crate) fn mark_restored(connection: &Connection, epoch_min: u32) -> rusqlite::Result<()> {
    write(connection, EPOCH, &epoch(connection).max(epoch_min).to_string())?;
    write(connection, LAST_SHUTDOWN, UNCLEAN)
}

fn read(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT value FROM meta WHERE key = $1", [key], |row| row.get(0)).optional()
}

fn write(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [key, value],
        )
        .map(|_| ())
}
