//! The chain of hashes.

use super::file;
use crate::connection::DATABASE;
use crate::{StoreError, connection};
use model::AuditRecord;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// A row and its hash, which stands for all rows up to it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The number of the row; 0: there is none yet.
    pub number: u64,
    /// The hash, 64 hexadecimal digits.
    pub hash: String,
}

/// What a verification found to be whole.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// How many rows there are.
    pub rows: u64,
    /// The number of the last row that was removed because of age or number; 0: none was.
    pub removed: u64,
    /// The last row. Noted elsewhere, it shows later that everything up to it is still as it was.
    pub head: AuditHead,
}

/// Appends a record. The caller's transaction makes it durable.
pub(crate) fn append(connection: &Connection, record: &AuditRecord) -> rusqlite::Result<()> {
    let (number, before): (u64, Vec<u8>) = connection
        .prepare_cached("SELECT number, hash FROM audit_head")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let number = number + 1;
    let event = &record.event;
    let name = |name: &Option<String>| name.as_deref().map(|name| file(connection, name)).transpose();
    let [actor, object, target, peer] =
        [name(&event.actor)?, name(&event.object)?, name(&event.target)?, name(&event.peer)?];
    let named = [&actor, &object, &target, &peer];
    let gateway = event.gateway.map(|gateway| gateway.0);
    let hash = hash(
        &before,
        &Fields {
            numbers: [number as i64, record.at.0, record.last_at.0, record.count as i64],
            gateway: gateway.map(i64::from),
            words: [Some(&event.act), Some(event.outcome.name()), event.reason.as_deref()],
            names: named.map(|name| name.as_ref().map(|(_, commitment)| commitment.as_slice())),
        },
    );
    let [actor, object, target, peer] = named.map(|name| name.as_ref().map(|(id, _)| *id));
    connection.prepare_cached(INSERT)?.execute(params![
        number,
        record.at.0,
        record.last_at.0,
        record.count,
        actor,
        event.act,
        object,
        target,
        event.outcome.name(),
        event.reason,
        gateway,
        peer,
        hash,
    ])?;
    connection
        .prepare_cached("UPDATE audit_head SET number = $1, hash = $2")?
        .execute(params![number, hash])
        .map(|_| ())
}

/// Looks through the audit log of a data directory that no server uses; as
/// [`Store::audit_verify`](crate::Store::audit_verify).
pub fn verify_audit(data_dir: &Path, noted: Option<&AuditHead>) -> Result<Verified, StoreError> {
    verify(&data_dir.join(DATABASE), noted)
}

/// Looks through the whole log: every row is there and as it was written, and every name that is not erased belongs
/// to its commitment; `noted` is a head from elsewhere that must be in it.
pub(crate) fn verify(file: &Path, noted: Option<&AuditHead>) -> Result<Verified, StoreError> {
    // A reader of its own, so that what is written meanwhile is neither seen nor held up.
    let connection = connection::open_reader(file)?;
    let fail = |error: rusqlite::Error| StoreError::from_sqlite(file, &error);
    connection.execute_batch("BEGIN").map_err(fail)?;
    match look_through(&connection, noted).map_err(fail)? {
        Ok(verified) => Ok(verified),
        Err(finding) => Err(StoreError::AuditBroken { finding }),
    }
}

fn look_through(
    connection: &Connection,
    noted: Option<&AuditHead>,
) -> rusqlite::Result<Result<Verified, String>> {
    let heads = "SELECT number, hash, removed, removed_hash FROM audit_head";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let Some((head, head_hash, removed, removed_hash)): Option<(u64, Vec<u8>, u64, Vec<u8>)> =
        connection.query_row(heads, [], read).optional()?
    else {
        return Ok(Err("the row of its head is missing".to_owned()));
    };
    let (mut number, mut hash) = (removed, removed_hash);
    let mut removal = None;
    let mut is_noted = noted.is_none_or(|noted| noted.number <= removed);
    let mut statement = connection.prepare(ROWS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        number += 1;
        let found: u64 = row.get(0)?;
        if found != number {
            return Ok(Err(match found > number {
                true => format!("row {number} is missing"),
                false => format!("row {found} should have been removed"),
            }));
        }
        let (computed, written): (Vec<u8>, Vec<u8>) = (hash_of(&hash, row)?, row.get(12)?);
        if computed != written {
            return Ok(Err(format!("row {number} was altered, or the one before it exchanged")));
        }
        if row.get_ref(5)?.as_str()? == super::retention::ACT {
            removal = row.get::<_, Option<String>>(9)?;
        }
        if let Some(noted) = noted.filter(|noted| noted.number == number) {
            is_noted = noted.hash == hexadecimal(&written);
        }
        hash = written;
    }
    let kept = number - removed;
    let anchor = super::retention::reason(removed, &hexadecimal(&connection_hash(connection)?));
    Ok(if (number, &hash) != (head, &head_hash) {
        Err(format!("the rows end with number {number} and not with {head}"))
    } else if removed > 0 && removal.is_none_or(|said| said != anchor) {
        Err(format!("rows up to {removed} are missing, and no record says that they were removed"))
    } else if let Some(name) = wrong_name(connection)? {
        Err(format!("name {name} was exchanged"))
    } else if !is_noted {
        Err("the head that was noted is not in it: the log was written anew or cut".to_owned())
    } else {
        Ok(Verified { rows: kept, removed, head: AuditHead { number: head, hash: hexadecimal(&head_hash) } })
    })
}

fn connection_hash(connection: &Connection) -> rusqlite::Result<Vec<u8>> {
    connection.query_row("SELECT removed_hash FROM audit_head", [], |row| row.get(0))
}

/// The first name that does not belong to its commitment.
fn wrong_name(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let mut statement =
        connection.prepare("SELECT id, commitment, salt, name FROM audit_names WHERE name IS NOT NULL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (written, salt): (Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?);
        if commitment(&salt, row.get_ref(3)?.as_str()?) != written {
            return Ok(Some(row.get(0)?));
        }
    }
    Ok(None)
}

/// What the hash of a row stands for.
struct Fields<'a> {
    /// Number, first and last moment, count.
    numbers: [i64; 4],
    gateway: Option<i64>,
    /// Act, outcome, reason.
    words: [Option<&'a str>; 3],
    /// Commitments of actor, object, target, peer.
    names: [Option<&'a [u8]>; 4],
}

fn hash_of(before: &[u8], row: &Row<'_>) -> rusqlite::Result<Vec<u8>> {
    let blob = |column| row.get::<_, Option<Vec<u8>>>(column);
    let names = [blob(4)?, blob(6)?, blob(7)?, blob(11)?];
    let (act, outcome, reason): (String, String, Option<String>) = (row.get(5)?, row.get(8)?, row.get(9)?);
    let fields = Fields {
        numbers: [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?],
        gateway: row.get(10)?,
        words: [Some(&act), Some(&outcome), reason.as_deref()],
        names: names.each_ref().map(Option::as_deref),
    };
    Ok(hash(before, &fields))
}

fn hash(before: &[u8], fields: &Fields<'_>) -> Vec<u8> {
    let mut digest = Sha256::new();
    let mut add = |field: Option<&[u8]>| {
        // With its length, so that no two rows are the same octets.
        digest.update(field.map_or(u64::MAX, |octets| octets.len() as u64).to_be_bytes());
        digest.update(field.unwrap_or_default());
    };
    add(Some(before));
    fields.numbers.iter().for_each(|number| add(Some(&number.to_be_bytes())));
    add(fields.gateway.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    fields.words.iter().for_each(|word| add(word.map(str::as_bytes)));
    fields.names.iter().for_each(|name| add(*name));
    digest.finalize().to_vec()
}

pub(super) fn commitment(salt: &[u8], name: &str) -> Vec<u8> {
    Sha256::new().chain_update(salt).chain_update(name).finalize().to_vec()
}

pub(super) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

const INSERT: &str =
    "INSERT INTO audit (number, at, last_at, count, actor, act, object, target, outcome, reason, gateway,
    peer, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// As [`INSERT`] has them, with commitments for names.
const ROWS: &str =
    "SELECT number, at, last_at, count, a.commitment, act, o.commitment, t.commitment, outcome, reason, gateway,
    p.commitment, hash FROM audit
    LEFT JOIN audit_names a ON a.id = actor LEFT JOIN audit_names o ON o.id = object
    LEFT JOIN audit_names t ON t.id = target LEFT JOIN audit_names p ON p.id = peer
    ORDER BY number";
