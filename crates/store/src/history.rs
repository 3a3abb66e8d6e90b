//! The history of messages: written beside the messages, read newest first, removed by number and age.

use crate::calls::Removed;
use crate::readers::Readers;
use crate::{Options, StoreError, clock};
use model::{Address, HistoryOutcome, HistoryRecord, MessageContent, MessageId, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, named_params, params};
use std::time::Duration;

/// Rows in one answer.
pub const HISTORY_PAGE_MAX: u32 = 256;

/// Which rows to read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryQuery {
    /// Whose history.
    pub principal: Address,
    /// Only those with a lower number: that of the last row of the page before.
    pub before: Option<u64>,
    /// Only those to and from this one.
    pub peer: Option<Address>,
    /// Only those of this conversation.
    pub thread: Option<[u8; 16]>,
    /// Only those accepted at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those accepted before this moment.
    pub until: Option<Timestamp>,
}

impl HistoryQuery {
    /// All of one principal.
    #[must_use]
    pub const fn of(principal: Address) -> Self {
        Self { principal, before: None, peer: None, thread: None, since: None, until: None }
    }
}

/// Writes a row; a repeat changes nothing.
pub(crate) fn insert(connection: &Connection, record: &HistoryRecord) -> rusqlite::Result<()> {
    let content = record.content.as_ref();
    let written = connection.prepare_cached(INSERT)?.execute(params![
        record.principal.as_str(),
        record.peer.as_str(),
        record.is_sent,
        record.thread,
        record.at.0,
        record.id.0,
        record.text,
        content.map(|content| &content.media_type),
        content.map(|content| &content.body),
        record.outcome.name(),
    ]);
    written.map(|_| ())
}

/// Writes what became of a message, in the histories of both parties.
pub(crate) fn conclude(
    connection: &Connection,
    sender: &Address,
    id: MessageId,
    outcome: HistoryOutcome,
) -> rusqlite::Result<()> {
    let parameters = params![outcome.name(), id.0, sender.as_str()];
    connection.prepare_cached(CONCLUDE)?.execute(parameters).map(|_| ())
}

/// Keeps a history of a principal from now on, or no more; what was kept stays.
pub(crate) fn keep(connection: &Connection, principal: &Address, is_kept: bool) -> rusqlite::Result<()> {
    let sql = if is_kept { EXCEPTED_NO_MORE } else { EXCEPTED };
    connection.prepare_cached(sql)?.execute([principal.as_str()]).map(|_| ())
}

impl Readers {
    pub(crate) fn history(
        &self,
        query: &HistoryQuery,
        limit: u32,
    ) -> Result<Vec<(u64, HistoryRecord)>, StoreError> {
        let parameters = named_params! {
            ":principal": query.principal.as_str(),
            ":before": query.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX)),
            ":peer": query.peer.as_ref().map(Address::as_str),
            ":thread": query.thread,
            ":since": query.since.map_or(i64::MIN, |moment| moment.0),
            ":until": query.until.map_or(i64::MAX, |moment| moment.0),
            ":limit": limit.min(HISTORY_PAGE_MAX),
        };
        let mut page = Vec::new();
        self.rows(SELECT, parameters, |row| {
            let principal = self.address(row, 1, "history.principal")?;
            let peer = self.address(row, 2, "history.peer")?;
            page.push(read(row, principal, peer).map_err(|error| self.fail(&error))?);
            Ok(())
        })?;
        Ok(page)
    }

    pub(crate) fn history_exceptions(&self, mut each: impl FnMut(Address)) -> Result<u64, StoreError> {
        self.rows("SELECT principal FROM history_exceptions ORDER BY principal", [], |row| {
            each(self.address(row, 0, "history_exceptions.principal")?);
            Ok(())
        })
    }
}

/// The limits by number and age, as those of calls.
pub(crate) struct Retention {
    rows_max: u64,
    age_max: Option<Duration>,
    chunk_max: u32,
    /// Rows known to be too many.
    excess: u64,
}

impl Retention {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            rows_max: options.history_rows_max,
            age_max: options.history_age_max,
            chunk_max: options.history_chunk_max.max(1),
            excess: 0,
        }
    }

    /// Removes the oldest rows: those too old, else those too many; at most one chunk.
    pub(crate) fn step(&mut self, connection: &Connection) -> rusqlite::Result<Removed> {
        let remove = |before: i64, limit: u64| -> rusqlite::Result<u64> {
            Ok(connection.prepare_cached(REMOVE)?.execute(params![before, limit])? as u64)
        };
        if self.excess == 0 {
            if let Some(age_max) = self.age_max {
                let age_max = i64::try_from(age_max.as_millis()).unwrap_or(i64::MAX);
                let rows = remove(clock::now().0.saturating_sub(age_max), u64::from(self.chunk_max))?;
                if rows > 0 {
                    return Ok(Removed { rows, more: true });
                }
            }
            let count: u64 = connection.query_row("SELECT count(*) FROM history", [], |row| row.get(0))?;
            self.excess = count.saturating_sub(self.rows_max);
        }
        if self.excess == 0 {
            return Ok(Removed { rows: 0, more: false });
        }
        let rows = remove(i64::MAX, self.excess.min(u64::from(self.chunk_max)))?;
        self.excess = if rows == 0 { 0 } else { self.excess.saturating_sub(rows) };
        Ok(Removed { rows, more: self.excess > 0 })
    }
}

fn read(row: &Row<'_>, principal: Address, peer: Address) -> rusqlite::Result<(u64, HistoryRecord)> {
    const OUTCOME: usize = 10;
    let word: String = row.get(OUTCOME)?;
    let outcome = HistoryOutcome::ALL.into_iter().find(|outcome| outcome.name() == word);
    let outcome = outcome.ok_or_else(|| {
        let unknown = format!("history.outcome is {word:?}").into();
        rusqlite::Error::FromSqlConversionFailure(OUTCOME, Type::Text, unknown)
    })?;
    let content = match row.get::<_, Option<String>>(8)? {
        Some(media_type) => Some(MessageContent { media_type, body: row.get(9)? }),
        None => None,
    };
    let record = HistoryRecord {
        principal,
        peer,
        is_sent: row.get(3)?,
        thread: row.get(4)?,
        at: Timestamp(row.get(5)?),
        id: MessageId(row.get(6)?),
        text: row.get(7)?,
        content,
        outcome,
    };
    Ok((row.get(0)?, record))
}

const INSERT: &str =
    "INSERT INTO history (principal, peer, is_sent, thread, at, id, text, media_type, body, outcome)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (principal, is_sent, peer, id) DO NOTHING";

/// The sender is the principal of the one row, and the peer of the other.
const CONCLUDE: &str = "UPDATE history SET outcome = $1
    WHERE id = $2 AND (CASE WHEN is_sent THEN principal ELSE peer END) = $3";

const EXCEPTED: &str = "INSERT INTO history_exceptions VALUES ($1) ON CONFLICT DO NOTHING";

const EXCEPTED_NO_MORE: &str = "DELETE FROM history_exceptions WHERE principal = $1";

const SELECT: &str =
    "SELECT number, principal, peer, is_sent, thread, at, id, text, media_type, body, outcome
    FROM history WHERE principal = :principal AND number < :before AND at >= :since AND at < :until
    AND (:peer IS NULL OR peer = :peer) AND (:thread IS NULL OR thread = :thread)
    ORDER BY number DESC LIMIT :limit";

const REMOVE: &str = "DELETE FROM history WHERE number IN
    (SELECT number FROM history WHERE at < $1 ORDER BY at, number LIMIT $2)";
