//! Reading the log, a page at a time, in the order in which it was written.

use crate::StoreError;
use model::{AuditEvent, AuditOutcome, AuditRecord, GatewayId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Rows in one answer.
pub const AUDIT_PAGE_MAX: u32 = 1000;

/// Which rows to read. A name that is asked for is that of a row where it is the whole of it, or what is before its
/// domain or its first space.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditQuery {
    /// Only those with a higher number.
    #[serde(default)]
    pub after: u64,
    /// Only what happened at this moment or later.
    pub since: Option<Timestamp>,
    /// Only what happened before this moment.
    pub until: Option<Timestamp>,
    /// Only what this one did or asked.
    pub actor: Option<String>,
    /// Only what is about this one.
    pub object: Option<String>,
    /// Only this act.
    pub act: Option<String>,
}

/// A row of the log.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its number.
    pub number: u64,
    /// What it says. A name that was erased is `erased-` and a number, the same wherever that name was.
    #[serde(flatten)]
    pub record: AuditRecord,
}

/// Reads the next page of at most so many rows.
pub(crate) fn select(
    connection: &Connection,
    file: &Path,
    query: &AuditQuery,
    limit: u32,
) -> Result<Vec<AuditRow>, StoreError> {
    let fail = |error: rusqlite::Error| StoreError::from_sqlite(file, &error);
    let sql = format!("{} ORDER BY number LIMIT :limit", rows_of(query, COLUMNS));
    let mut statement = connection.prepare_cached(&sql).map_err(fail)?;
    let (actor, object) = (&query.actor, &query.object);
    let mut rows = statement
        .query(named_params! {
            ":after": query.after,
            ":since": query.since.map_or(i64::MIN, |moment| moment.0),
            ":until": query.until.map_or(i64::MAX, |moment| moment.0),
            ":actor": actor, ":object": object, ":act": query.act,
            ":limit": limit.min(AUDIT_PAGE_MAX),
        })
        .map_err(fail)?;
    let mut read = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        read.push(row_of(row).map_err(fail)?);
    }
    Ok(read)
}

/// After which number to read to get the last so many rows.
pub(crate) fn start(
    connection: &Connection,
    file: &Path,
    query: &AuditQuery,
    last: u32,
) -> Result<u64, StoreError> {
    let sql = format!("{} ORDER BY number DESC LIMIT 1 OFFSET :last", rows_of(query, "number"));
    let found = connection.prepare_cached(&sql).and_then(|mut statement| {
        let parameters = named_params! {
            ":after": query.after,
            ":since": query.since.map_or(i64::MIN, |moment| moment.0),
            ":until": query.until.map_or(i64::MAX, |moment| moment.0),
            ":actor": query.actor, ":object": query.object, ":act": query.act,
            ":last": last,
        };
        statement.query_row(parameters, |row| row.get(0)).optional()
    });
    found.map(|number| number.unwrap_or(query.after)).map_err(|error| StoreError::from_sqlite(file, &error))
}

/// The statement for a query. What is not asked for stands in it all the same, so that there is one text for each
/// combination of names, and each uses the index that fits.
fn rows_of(query: &AuditQuery, columns: &str) -> String {
    const NAMED: &str = "(SELECT id FROM audit_names WHERE name = :NAME
        OR substr(name, 1, length(:NAME) + 1) IN (:NAME || '@', :NAME || ' '))";
    let condition = |asked: bool, condition: &str, parameter: &str| match asked {
        true => condition.replace("NAMED", NAMED).replace(":NAME", parameter),
        false => format!("{parameter} IS NULL"),
    };
    let actor = condition(query.actor.is_some(), "actor IN NAMED", ":actor");
    let object = condition(query.object.is_some(), "(object IN NAMED OR target IN NAMED)", ":object");
    format!(
        "SELECT {columns} FROM audit WHERE number > :after AND at >= :since AND at < :until
        AND (:act IS NULL OR act = :act) AND {actor} AND {object}"
    )
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    const OUTCOME: usize = 8;
    let word: String = row.get(OUTCOME)?;
    let outcome = AuditOutcome::ALL.into_iter().find(|outcome| outcome.name() == word);
    let outcome = outcome.ok_or_else(|| {
        let unknown = format!("audit.outcome is {word:?}").into();
        rusqlite::Error::FromSqlConversionFailure(OUTCOME, rusqlite::types::Type::Text, unknown)
    })?;
    let event = AuditEvent {
        actor: row.get(4)?,
        act: row.get::<_, String>(5)?.into(),
        object: row.get(6)?,
        target: row.get(7)?,
        outcome,
        reason: row.get::<_, Option<String>>(9)?.map(Into::into),
        gateway: row.get::<_, Option<u16>>(10)?.map(GatewayId),
        peer: row.get(11)?,
    };
    let (at, last_at) = (Timestamp(row.get(1)?), Timestamp(row.get(2)?));
    Ok(AuditRow { number: row.get(0)?, record: AuditRecord { at, last_at, count: row.get(3)?, event } })
}

const COLUMNS: &str = "number, at, last_at, count,
    (SELECT coalesce(name, 'erased-' || id) FROM audit_names WHERE id = actor), act,
    (SELECT coalesce(name, 'erased-' || id) FROM audit_names WHERE id = object),
    (SELECT coalesce(name, 'erased-' || id) FROM audit_names WHERE id = target), outcome, reason, gateway,
    (SELECT coalesce(name, 'erased-' || id) FROM audit_names WHERE id = peer)";
