//! Removing the beginning of the log, by age and number. A record says so, with the hash of the last row that is gone:
//! the chain goes on from there.

use super::chain::{append, hexadecimal};
use crate::calls::Removed;
use crate::{Options, clock};
use model::{AuditEvent, AuditOutcome, AuditRecord};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::time::Duration;

/// The act of a record of a removal.
pub(super) const ACT: &str = "audit.removed";

/// What a record of a removal says.
pub(super) fn reason(through: u64, hash: &str) -> String {
    format!("rows up to {through}, of which the last has hash {hash}")
}

/// The limits by number and age.
pub(crate) struct Retention {
    rows_max: u64,
    age_max: Option<Duration>,
    chunk_max: u32,
}

impl Retention {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            rows_max: options.audit_rows_max.max(1),
            age_max: options.audit_age_max,
            chunk_max: options.audit_chunk_max.max(1),
        }
    }

    /// Removes the first rows where they are too many or too old; at most one chunk.
    pub(crate) fn step(&self, connection: &mut Connection) -> rusqlite::Result<Removed> {
        let (head, removed): (u64, u64) =
            connection.query_row("SELECT number, removed FROM audit_head", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        // The record of the removal is a row too.
        let excess = (head - removed).saturating_sub(self.rows_max);
        let too_many = if excess > 0 { removed + excess + 1 } else { removed };
        let through = too_many.max(self.last_too_old(connection)?.unwrap_or(0)).min(head);
        if through <= removed {
            return Ok(Removed { rows: 0, more: false });
        }
        let last = through.min(removed + u64::from(self.chunk_max));
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let hash: Vec<u8> =
            transaction.query_row("SELECT hash FROM audit WHERE number = $1", [last], |row| row.get(0))?;
        transaction
            .prepare_cached("UPDATE audit_head SET removed = $1, removed_hash = $2")?
            .execute(params![last, hash])?;
        let names = names_of(&transaction, last)?;
        let rows = transaction.prepare_cached("DELETE FROM audit WHERE number <= $1")?.execute([last])?;
        for name in names {
            transaction.prepare_cached(FORGET_NAME)?.execute([name])?;
        }
        let event = AuditEvent {
            reason: Some(reason(last, &hexadecimal(&hash)).into()),
            ..AuditEvent::new(ACT, AuditOutcome::Done)
        };
        let now = clock::now();
        append(&transaction, &AuditRecord { count: rows as u64, ..AuditRecord::once(now, event) })?;
        transaction.commit()?;
        Ok(Removed { rows: rows as u64, more: last < through })
    }

    /// The last row of those at the beginning that are all too old.
    fn last_too_old(&self, connection: &Connection) -> rusqlite::Result<Option<u64>> {
        let Some(age_max) = self.age_max else { return Ok(None) };
        let before = clock::now().0.saturating_sub(i64::try_from(age_max.as_millis()).unwrap_or(i64::MAX));
        let first_kept = connection
            .prepare_cached("SELECT number FROM audit WHERE last_at >= $1 ORDER BY number LIMIT 1")?
            .query_row([before], |row| row.get::<_, u64>(0))
            .optional()?;
        match first_kept {
            Some(first_kept) => Ok(Some(first_kept - 1)),
            // The record of a removal is new, so it is not removed again and again.
            None => {
                connection
                    .query_row("SELECT max(number) FROM audit WHERE last_at < $1", [before], |row| row.get(0))
            }
        }
    }
}

fn names_of(connection: &Connection, last: u64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT actor FROM audit WHERE number <= $1 AND actor IS NOT NULL
        UNION SELECT object FROM audit WHERE number <= $1 AND object IS NOT NULL
        UNION SELECT target FROM audit WHERE number <= $1 AND target IS NOT NULL
        UNION SELECT peer FROM audit WHERE number <= $1 AND peer IS NOT NULL",
    )?;
    statement.query_map([last], |row| row.get(0))?.collect()
}

const FORGET_NAME: &str = "DELETE FROM audit_names WHERE id = $1
    AND NOT EXISTS (SELECT 1 FROM audit WHERE actor = $1) AND NOT EXISTS (SELECT 1 FROM audit WHERE object = $1)
    AND NOT EXISTS (SELECT 1 FROM audit WHERE target = $1) AND NOT EXISTS (SELECT 1 FROM audit WHERE peer = $1)";
