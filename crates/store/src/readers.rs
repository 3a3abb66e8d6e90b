//! Reading beside the writer: every read sees what was committed when it began.

use crate::{AuditQuery, AuditRow, CallQuery, StoreError, audit, calls, connection};
use model::{Address, AliasEntry, CallDetailRecord, Timestamp};
use rusqlite::{Connection, Params, Row};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// A principal as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Principal {
    /// Its presentity's address.
    pub address: Address,
    /// Since when it is known.
    pub created_at: Timestamp,
}

/// Reads at one time; one more waits for the first that ends.
const READERS: usize = 4;

/// The reading connections.
#[derive(Debug)]
pub(crate) struct Readers {
    file: PathBuf,
    slots: [Mutex<Option<Connection>>; READERS],
    next: AtomicUsize,
}

impl Readers {
    pub(crate) fn open(file: &Path) -> Result<Self, StoreError> {
        let readers = Self { file: file.to_path_buf(), slots: Default::default(), next: AtomicUsize::new(0) };
        for slot in &readers.slots {
            *lock(slot) = Some(connection::open_reader(file)?);
        }
        Ok(readers)
    }

    /// Waits for the reads that are under way and closes the connections.
    pub(crate) fn close(&self) {
        for slot in &self.slots {
            *lock(slot) = None;
        }
    }

    pub(crate) fn principals(&self, mut each: impl FnMut(Principal)) -> Result<u64, StoreError> {
        self.rows("SELECT address, created_at FROM principals", [], |row| {
            let created_at = Timestamp(row.get(1).map_err(|error| self.fail(&error))?);
            each(Principal { address: self.address(row, 0, "principals.address")?, created_at });
            Ok(())
        })
    }

    pub(crate) fn aliases(&self, mut each: impl FnMut(AliasEntry)) -> Result<u64, StoreError> {
        self.rows("SELECT address, kind, original, principal FROM aliases", [], |row| {
            let address = self.address(row, 0, "aliases.address")?;
            // Most principals have one name, and are filed under it.
            let principal = match self.text(row, 3)? == address.as_str() {
                true => address.clone(),
                false => self.address(row, 3, "aliases.principal")?,
            };
            let kind = row.get(1).map_err(|error| self.fail(&error))?;
            let original = row.get(2).map_err(|error| self.fail(&error))?;
            each(AliasEntry { address, kind, original, principal });
            Ok(())
        })
    }

    pub(crate) fn soft(
        &self,
        table: &str,
        mut each: impl FnMut(&str, &str, Timestamp),
    ) -> Result<u64, StoreError> {
        self.rows("SELECT key, value, updated_at FROM soft WHERE owner_table = $1", [table], |row| {
            let updated_at = Timestamp(row.get(2).map_err(|error| self.fail(&error))?);
            each(self.text(row, 0)?, self.text(row, 1)?, updated_at);
            Ok(())
        })
    }

    pub(crate) fn calls(&self, query: &CallQuery) -> Result<Vec<CallDetailRecord>, StoreError> {
        calls::select(self.free_slot().as_ref().ok_or(StoreError::Closed)?, &self.file, query)
    }

    pub(crate) fn audit(&self, query: &AuditQuery, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        audit::select(self.free_slot().as_ref().ok_or(StoreError::Closed)?, &self.file, query, limit)
    }

    pub(crate) fn audit_start(&self, query: &AuditQuery, last: u32) -> Result<u64, StoreError> {
        audit::start(self.free_slot().as_ref().ok_or(StoreError::Closed)?, &self.file, query, last)
    }

    /// Hands every row to `each`, one at a time, and counts them.
    pub(crate) fn rows(
        &self,
        sql: &str,
        parameters: impl Params,
        mut each: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let slot = self.free_slot();
        let connection = slot.as_ref().ok_or(StoreError::Closed)?;
        let mut statement = connection.prepare_cached(sql).map_err(|error| self.fail(&error))?;
        let mut rows = statement.query(parameters).map_err(|error| self.fail(&error))?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(|error| self.fail(&error))? {
            each(row)?;
            count += 1;
        }
        Ok(count)
    }

    /// A connection nobody uses, else the one whose turn it is.
    fn free_slot(&self) -> MutexGuard<'_, Option<Connection>> {
        for slot in &self.slots {
            match slot.try_lock() {
                Ok(guard) => return guard,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % READERS;
        lock(&self.slots[turn])
    }

    pub(crate) fn address(&self, row: &Row<'_>, column: usize, name: &str) -> Result<Address, StoreError> {
        let text = self.text(row, column)?;
        Address::parse(text)
            .map_err(|error| self.corrupt(format!("{name} holds {text:?}, which is not an address: {error}")))
    }

    pub(crate) fn corrupt(&self, finding: String) -> StoreError {
        StoreError::Corrupt { file: self.file.clone(), finding }
    }

    pub(crate) fn text<'row>(&self, row: &'row Row<'_>, column: usize) -> Result<&'row str, StoreError> {
        row.get_ref(column)
            .and_then(|value| value.as_str().map_err(rusqlite::Error::from))
            .map_err(|error| self.fail(&error))
    }

    pub(crate) fn fail(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(&self.file, error)
    }
}

/// A panic in a caller's function leaves the connection whole: its statement is reset on the way out.
fn lock(slot: &Mutex<Option<Connection>>) -> MutexGuard<'_, Option<Connection>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
