//! The schema and its versions.
//!
//! A version is one SQL file, applied in one transaction together with the number in the header of the file
//! (`PRAGMA user_version`), so a crash leaves either the old version or the new one. A library for migrations would
//! add a table, its own checksums and a higher minimum of the compiler, and do no more than this loop. A published
//! file is never edited: what changes comes as the next number.

use crate::backup::{rename, with_suffix};
use crate::{StoreError, connection};
use rusqlite::{Connection, TransactionBehavior};
use std::io;
use std::path::Path;

/// The versions in order; the first is version 1.
const MIGRATIONS: [&str; 8] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_service.sql"),
    include_str!("../migrations/0003_messages.sql"),
    include_str!("../migrations/0004_clustered.sql"),
    include_str!("../migrations/0005_rules.sql"),
    include_str!("../migrations/0006_groups.sql"),
    include_str!("../migrations/0007_audit.sql"),
    include_str!("../migrations/0008_users.sql"),
];

/// The newest schema version this build knows.
pub(crate) const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

/// Marks a file as ours in its header ("HRLD"); tools such as `file` show it.
const APPLICATION_ID: i32 = 0x4852_4c44;

/// Reads which version of the schema a file has, without changing it; 0 is an empty file.
///
/// Fails with `NewerSchema`, `NotHerald` or `Corrupt`.
pub(crate) fn version(connection: &Connection, file: &Path) -> Result<u32, StoreError> {
    let read = || -> rusqlite::Result<(i32, u32, u64)> {
        Ok((
            connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
            connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
        ))
    };
    match read().map_err(|error| StoreError::from_sqlite(file, &error))? {
        (0, 0, 0) => Ok(0),
        (APPLICATION_ID, found, _) if found > SCHEMA_VERSION => {
            Err(StoreError::NewerSchema { file: file.to_path_buf(), found, known: SCHEMA_VERSION })
        }
        (APPLICATION_ID, found, _) => Ok(found),
        _ => Err(StoreError::NotHerald { file: file.to_path_buf() }),
    }
}

/// Creates the database where it is missing, and refuses one that has lost its content.
///
/// A new database gets its name only when it is complete. An empty file of that name is therefore never a new
/// one: something has cut it, and SQLite would take it for new and discard its write-ahead log.
pub(crate) fn create_if_missing(file: &Path) -> Result<(), StoreError> {
    let lost = |finding: &str| StoreError::Corrupt { file: file.to_path_buf(), finding: finding.to_owned() };
    match file.metadata() {
        Ok(metadata) if metadata.len() == 0 => Err(lost("the file is empty")),
        Ok(_) => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::from_io("open", file, &error))
        }
        Err(_) if with_suffix(file, "-wal").exists() => {
            Err(lost("the file is missing and its write-ahead log is not"))
        }
        Err(_) => create(file),
    }
}

fn create(file: &Path) -> Result<(), StoreError> {
    let new = with_suffix(file, ".new");
    connection::create_file(&new)?;
    let mut connection = connection::open_unconfigured(&new)?;
    let found = version(&connection, &new)?;
    migrate(&mut connection, &new, found)?;
    connection.close().map_err(|(_, error)| StoreError::from_sqlite(&new, &error))?;
    rename(&new, file)
}

/// Brings a database from version `found` to the newest, one transaction for each step.
pub(crate) fn migrate(connection: &mut Connection, file: &Path, found: u32) -> Result<(), StoreError> {
    for (version, sql) in (1_u32..).zip(MIGRATIONS).skip(found as usize) {
        apply(connection, version, sql).map_err(|error| StoreError::from_sqlite(file, &error))?;
    }
    Ok(())
}

fn apply(connection: &mut Connection, version: u32, sql: &str) -> rusqlite::Result<()> {
    // A table that is put in the place of another has its references looked at when all is done.
    connection.pragma_update(None, "foreign_keys", false)?;
    let applied = apply_unreferenced(connection, version, sql);
    connection.pragma_update(None, "foreign_keys", true)?;
    applied
}

fn apply_unreferenced(connection: &mut Connection, version: u32, sql: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(sql)?;
    let violations = transaction.prepare("PRAGMA foreign_key_check")?.query([])?.next()?.is_some();
    if violations {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
        return Err(rusqlite::Error::SqliteFailure(code, None));
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_references_of_an_older_version_are_kept() {
        let mut connection = Connection::open_in_memory().unwrap();
        for (version, sql) in (1_u32..).zip(MIGRATIONS).take(3) {
            apply(&mut connection, version, sql).unwrap();
        }
        let rows = "INSERT INTO principals VALUES ('room@x', 1);
            INSERT INTO aliases VALUES ('room@x', 'h323-ID', 'Room', 'room@x');
            INSERT INTO subscriptions VALUES (x'01', 'room@x', 'lobby@x', 1, 2, NULL, NULL, '{}');
            INSERT INTO messages (inbox, place, sender, id, recipient, sent_at, text, handling)
                VALUES ('room@x', 1, 'a@x', x'02', 'room@x', 3, 'Hello', '{}');
            INSERT INTO soft VALUES ('t', 'k', 'v', 4);";
        connection.execute_batch(rows).unwrap();
        migrate(&mut connection, Path::new("herald.db"), 3).unwrap();
        let all = "SELECT a.original || s.presentity || m.text || t.value
            FROM principals p JOIN aliases a ON a.principal = p.address JOIN subscriptions s ON s.watcher = p.address
            JOIN messages m ON m.inbox = p.address JOIN soft t";
        let kept: String = connection.query_row(all, [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "Roomlobby@xHellov");
        let stranger = "INSERT INTO aliases VALUES ('lobby@x', 'h323-ID', 'Lobby', 'lobby@x')";
        assert!(connection.execute_batch(stranger).unwrap_err().to_string().contains("FOREIGN KEY"));
        assert!(connection.execute_batch("DELETE FROM principals").is_err());
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let file = Path::new("herald.db");
        migrate(&mut connection, file, 0).unwrap();
        assert!(
            apply(
                &mut connection,
                SCHEMA_VERSION + 1,
                "CREATE TABLE half (a TEXT); CREATE TABLE meta (a TEXT);"
            )
            .is_err()
        );
        assert_eq!(version(&connection, file), Ok(SCHEMA_VERSION));
        let half: u32 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(half, 0);
    }
}
