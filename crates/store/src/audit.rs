//! The audit log: appended, read in pages, removed by age and number from its beginning, and verified.
//!
//! Row *n* has `SHA-256(hash of row n-1, fields of row n)`. In the place of names the hash has their commitments,
//! `SHA-256(salt, name)`: a name and its salt can be erased, what remains can't be guessed from the commitment, and the
//! chain still holds. Who can write the file can make a whole new chain; against that helps a head (number and hash) that
//! was noted elsewhere.

mod chain;
mod query;
mod retention;

pub use chain::{AuditHead, Verified, verify_audit};
pub(crate) use chain::{append, verify};
pub use query::{AUDIT_PAGE_MAX, AuditQuery, AuditRow};
pub(crate) use query::{select, start};
pub(crate) use retention::Retention;

use rusqlite::{Connection, OptionalExtension, params};

/// The number and the commitment of a name, which is filed where it is new.
fn file(connection: &Connection, name: &str) -> rusqlite::Result<(i64, Vec<u8>)> {
    let filed = connection
        .prepare_cached("SELECT id, commitment FROM audit_names WHERE name = $1")?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some(filed) = filed {
        return Ok(filed);
    }
    // SQLite draws from the system's random numbers.
    let salt: Vec<u8> =
        connection.prepare_cached("SELECT randomblob(32)")?.query_row([], |row| row.get(0))?;
    let commitment = chain::commitment(&salt, name);
    connection
        .prepare_cached("INSERT INTO audit_names (commitment, salt, name) VALUES ($1, $2, $3)")?
        .execute(params![commitment, salt, name])?;
    Ok((connection.last_insert_rowid(), commitment))
}
