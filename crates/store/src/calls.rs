//! Accounts of calls: written once, read newest first, removed by number and age.

use crate::{Options, StoreError, clock};
use model::{CallDetailRecord, CallEnd, Timestamp};
use rusqlite::{Connection, Row, params};
use std::path::Path;
use std::time::Duration;

/// Accounts in one answer; a larger `limit` is cut to it.
pub const CALLS_PAGE_MAX: u32 = 10_000;

/// Which accounts to read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CallQuery {
    /// How many at most; cut to [`CALLS_PAGE_MAX`].
    pub limit: u32,
    /// Only calls that ended at this moment or later.
    pub since: Option<Timestamp>,
    /// Only calls older than this one, by its end and call identifier: the last one of the page before.
    pub before: Option<(Timestamp, String)>,
}

/// Writes one account; a repeat changes nothing.
pub(crate) fn insert(connection: &Connection, call: &CallDetailRecord) -> rusqlite::Result<()> {
    let written = connection.prepare_cached(INSERT)?.execute(params![
        call.call_identifier,
        call.conference_identifier,
        call.caller,
        call.callee,
        call.caller_address,
        call.callee_address,
        call.admitted_at.0,
        call.answered_at.map(|moment| moment.0),
        call.ended_at.0,
        outcome(call.end),
        call.reason,
        call.bandwidth,
    ]);
    written.map(|_| ())
}

/// Reads accounts, the call that ended last first.
pub(crate) fn select(
    connection: &Connection,
    file: &Path,
    query: &CallQuery,
) -> Result<Vec<CallDetailRecord>, StoreError> {
    let fail = |error: rusqlite::Error| StoreError::from_sqlite(file, &error);
    let since = query.since.map_or(i64::MIN, |moment| moment.0);
    let (before, identifier) = match &query.before {
        Some((moment, identifier)) => (moment.0, identifier.as_str()),
        None => (i64::MAX, ""),
    };
    let mut statement = connection.prepare_cached(SELECT).map_err(fail)?;
    let limit = query.limit.min(CALLS_PAGE_MAX);
    let mut rows = statement.query(params![since, before, identifier, limit]).map_err(fail)?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        calls.push(read(row).map_err(fail)?);
    }
    Ok(calls)
}

/// What one step of removal did.
pub(crate) struct Removed {
    pub(crate) rows: u64,
    /// More is to be removed at once.
    pub(crate) more: bool,
}

/// The limits by number and age, and how far the present removal is.
pub(crate) struct Retention {
    rows_max: u64,
    age_max: Option<Duration>,
    chunk_max: u32,
    /// Rows known to be too many; counting a million rows for each step would cost more than the step.
    excess: u64,
}

impl Retention {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            rows_max: options.calls_max,
            age_max: options.calls_age_max,
            chunk_max: options.calls_chunk_max.max(1),
            excess: 0,
        }
    }

    /// Removes the oldest accounts: those too old, else those too many; at most one chunk.
    pub(crate) fn step(&mut self, connection: &Connection) -> rusqlite::Result<Removed> {
        if self.excess == 0 {
            if let Some(age_max) = self.age_max {
                let age_max = i64::try_from(age_max.as_millis()).unwrap_or(i64::MAX);
                let rows =
                    remove(connection, clock::now().0.saturating_sub(age_max), u64::from(self.chunk_max))?;
                if rows > 0 {
                    return Ok(Removed { rows, more: true });
                }
            }
            let count: u64 = connection.prepare_cached(COUNT)?.query_row([], |row| row.get(0))?;
            self.excess = count.saturating_sub(self.rows_max);
        }
        let rows = remove(connection, i64::MAX, self.excess.min(u64::from(self.chunk_max)))?;
        self.excess = if rows == 0 { 0 } else { self.excess.saturating_sub(rows) };
        Ok(Removed { rows, more: self.excess > 0 })
    }
}

/// Removes at most `limit` accounts of calls that ended before a moment, oldest first.
fn remove(connection: &Connection, ended_before: i64, limit: u64) -> rusqlite::Result<u64> {
    if limit == 0 {
        return Ok(0);
    }
    let rows = connection.prepare_cached(REMOVE)?.execute(params![ended_before, limit])?;
    Ok(rows as u64)
}

fn read(row: &Row<'_>) -> rusqlite::Result<CallDetailRecord> {
    const OUTCOME: usize = 9;
    let word: String = row.get(OUTCOME)?;
    let end = end(&word).ok_or_else(|| {
        let unknown = format!("calls.outcome is {word:?}").into();
        rusqlite::Error::FromSqlConversionFailure(OUTCOME, rusqlite::types::Type::Text, unknown)
    })?;
    Ok(CallDetailRecord {
        call_identifier: row.get(0)?,
        conference_identifier: row.get(1)?,
        caller: row.get(2)?,
        callee: row.get(3)?,
        caller_address: row.get(4)?,
        callee_address: row.get(5)?,
        admitted_at: Timestamp(row.get(6)?),
        answered_at: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        ended_at: Timestamp(row.get(8)?),
        end,
        reason: row.get(10)?,
        bandwidth: row.get(11)?,
    })
}

/// The word of the `outcome` column; that of the JSON form.
const fn outcome(end: CallEnd) -> &'static str {
    match end {
        CallEnd::Disengaged => "disengaged",
        CallEnd::OneSided => "oneSided",
        CallEnd::EndpointLost => "endpointLost",
        CallEnd::Vanished => "vanished",
        CallEnd::Disconnected => "disconnected",
    }
}

fn end(word: &str) -> Option<CallEnd> {
    const ENDS: [CallEnd; 5] = [
        CallEnd::Disengaged,
        CallEnd::OneSided,
        CallEnd::EndpointLost,
        CallEnd::Vanished,
        CallEnd::Disconnected,
    ];
    ENDS.into_iter().find(|end| outcome(*end) == word)
}

const INSERT: &str =
    "INSERT INTO calls (call_identifier, conference_identifier, caller, callee, caller_address,
    callee_address, admitted_at, answered_at, ended_at, outcome, reason, bandwidth)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (admitted_at, call_identifier) DO NOTHING";

const SELECT: &str = "SELECT call_identifier, conference_identifier, caller, callee, caller_address,
    callee_address, admitted_at, answered_at, ended_at, outcome, reason, bandwidth
    FROM calls WHERE ended_at >= $1 AND (ended_at, call_identifier) < ($2, $3)
    ORDER BY ended_at DESC, call_identifier DESC LIMIT $4";

const COUNT: &str = "SELECT count(*) FROM calls";

const REMOVE: &str = "DELETE FROM calls WHERE (admitted_at, call_identifier) IN
    (SELECT admitted_at, call_identifier FROM calls WHERE ended_at < $1
     ORDER BY ended_at, call_identifier LIMIT $2)";
