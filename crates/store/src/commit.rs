//! The transactions of the writer.

use crate::calls::{self, Removed, Retention};
use crate::queue::SoftRecords;
use crate::{
    Options, StoreError, audit, contacts, groups, history, inboxes, messages, personal, shutdown, users,
};
use model::{AliasEntry, Batch, Fact};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::path::PathBuf;

/// The writing connection.
pub(crate) struct Database {
    connection: Connection,
    file: PathBuf,
    retention: Retention,
    audit_retention: audit::Retention,
    history_retention: history::Retention,
}

/// How a group of batches ended.
pub(crate) struct Committed {
    /// One for each batch, in order.
    pub(crate) outcomes: Vec<Result<(), StoreError>>,
    /// How many commits it took.
    pub(crate) commits: u64,
    /// Facts in the largest of them.
    pub(crate) facts_largest: usize,
}

impl Database {
    pub(crate) fn new(connection: Connection, file: PathBuf, options: &Options) -> Self {
        Self {
            connection,
            file,
            retention: Retention::new(options),
            audit_retention: audit::Retention::new(options),
            history_retention: history::Retention::new(options),
        }
    }

    /// Makes batches durable, all in one commit where possible.
    ///
    /// A batch that contradicts the store fails alone: its part of the transaction is undone and the others go on.
    /// Where the disk has no room for the whole group each batch is tried for itself. Any other failure is the
    /// machine's, not a batch's, and meets all alike.
    pub(crate) fn commit_group(&mut self, batches: &[&Batch]) -> Committed {
        let mut committed =
            Committed { outcomes: Vec::with_capacity(batches.len()), commits: 0, facts_largest: 0 };
        match self.commit_together(batches) {
            Ok(outcomes) => committed.add(batches, outcomes),
            Err(StoreError::Full { .. }) if batches.len() > 1 => {
                for batch in batches.chunks(1) {
                    let outcomes = self.commit_together(batch).unwrap_or_else(|error| vec![Err(error)]);
                    committed.add(batch, outcomes);
                }
            }
            Err(error) => committed.add(batches, vec![Err(error); batches.len()]),
        }
        assert_eq!(committed.outcomes.len(), batches.len(), "every batch has its outcome");
        committed
    }

    /// Writes soft records in one transaction. It is synced like any other: what tells a damaged log from one that a
    /// power failure has cut is that every commit which another goes on from was synced.
    pub(crate) fn commit_soft(&mut self, records: &SoftRecords) -> Result<(), StoreError> {
        let write = |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut replace = transaction.prepare_cached(SOFT_REPLACED)?;
                let mut remove = transaction.prepare_cached(SOFT_REMOVED)?;
                for ((table, key), soft) in records {
                    match &soft.value {
                        Some(value) => replace.execute(params![table, key, value, soft.updated_at.0])?,
                        None => remove.execute(params![table, key])?,
                    };
                }
            }
            transaction.commit()
        };
        write(&mut self.connection).map_err(|error| StoreError::from_sqlite(&self.file, &error))
    }

    /// Removes accounts of calls beyond the limits, a few at a time.
    pub(crate) fn remove_old_calls(&mut self) -> Result<Removed, StoreError> {
        self.retention.step(&self.connection).map_err(|error| StoreError::from_sqlite(&self.file, &error))
    }

    /// Removes rows of the audit log beyond the limits, a few at a time.
    pub(crate) fn remove_old_audit(&mut self) -> Result<Removed, StoreError> {
        let Self { connection, file, audit_retention, .. } = self;
        audit_retention.step(connection).map_err(|error| StoreError::from_sqlite(file, &error))
    }

    /// Removes rows of the history beyond the limits, a few at a time.
    pub(crate) fn remove_old_history(&mut self) -> Result<Removed, StoreError> {
        let removed = self.history_retention.step(&self.connection);
        removed.map_err(|error| StoreError::from_sqlite(&self.file, &error))
    }

    /// Copies the write-ahead log into the file and empties it, so that nothing of what was erased is left there.
    /// Whether it is empty: while somebody reads it can't be.
    pub(crate) fn empty_log(&self) -> Result<bool, StoreError> {
        let is_busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        is_busy.map(|is_busy: i64| is_busy == 0).map_err(|error| StoreError::from_sqlite(&self.file, &error))
    }

    /// Ends the run: marks it clean where it is, copies the write-ahead log into the file, closes the connection.
    pub(crate) fn finish(self, clean: bool) -> Result<(), StoreError> {
        let fail = |error| StoreError::from_sqlite(&self.file, &error);
        if clean {
            shutdown::end_run(&self.connection).map_err(fail)?;
        }
        // Where another program still reads, the log stays and is copied at the next start; nothing is lost.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(fail)?;
        self.connection.close().map_err(|(_, error)| fail(error))
    }

    /// One transaction; where a batch in it is at fault, once more and each batch for itself. Savepoints are for that
    /// alone: with one open, SQLite copies every page before it changes it.
    fn commit_together(&mut self, batches: &[&Batch]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        match self.commit_as_one(batches) {
            Ok(()) => Ok(vec![Ok(()); batches.len()]),
            Err(error @ StoreError::Contradiction { .. }) if batches.len() == 1 => Ok(vec![Err(error)]),
            Err(StoreError::Contradiction { .. }) => self.commit_without_faulty(batches),
            Err(error) => Err(error),
        }
    }

    /// One transaction, which fails as a whole.
    fn commit_as_one(&mut self, batches: &[&Batch]) -> Result<(), StoreError> {
        let write = |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for batch in batches {
                apply_batch(&transaction, batch)?;
            }
            transaction.commit()
        };
        write(&mut self.connection).map_err(|error| StoreError::from_sqlite(&self.file, &error))
    }

    /// One transaction of the batches that don't contradict the store. Fails as a whole where the transaction itself
    /// was lost.
    fn commit_without_faulty(
        &mut self,
        batches: &[&Batch],
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let fail = |error: rusqlite::Error| StoreError::from_sqlite(&self.file, &error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let mut outcomes = Vec::with_capacity(batches.len());
        for batch in batches {
            match apply_in_savepoint(&transaction, batch).map_err(fail) {
                Ok(()) => outcomes.push(Ok(())),
                Err(error @ StoreError::Contradiction { .. }) if !transaction.is_autocommit() => {
                    transaction.execute_batch("ROLLBACK TO batch; RELEASE batch").map_err(fail)?;
                    outcomes.push(Err(error));
                }
                Err(error) => return Err(error),
            }
        }
        transaction.commit().map_err(fail)?;
        Ok(outcomes)
    }
}

impl Committed {
    fn add(&mut self, batches: &[&Batch], outcomes: Vec<Result<(), StoreError>>) {
        let written = || batches.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
        self.commits += u64::from(written().next().is_some());
        self.facts_largest = self.facts_largest.max(written().map(|(batch, _)| batch.facts.len()).sum());
        self.outcomes.extend(outcomes);
    }
}

fn apply_in_savepoint(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    transaction.prepare_cached("SAVEPOINT batch")?.execute([])?;
    apply_batch(transaction, batch)?;
    transaction.prepare_cached("RELEASE batch")?.execute([]).map(|_| ())
}

fn apply_batch(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    batch.facts.iter().try_for_each(|fact| apply(transaction, fact))?;
    if batch.facts.is_empty() {
        probe(transaction)?;
    }
    Ok(())
}

/// Writes what is there already: SQLite would write nothing for a transaction that changes nothing, and a batch without
/// facts asks whether the disk takes anything.
fn probe(transaction: &Connection) -> rusqlite::Result<()> {
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    transaction.pragma_update(None, "user_version", version)
}

fn apply(transaction: &Connection, fact: &Fact) -> rusqlite::Result<()> {
    match fact {
        Fact::Principal { address, created_at } => {
            transaction.prepare_cached(PRINCIPAL)?.execute(params![address.as_str(), created_at.0])?;
        }
        Fact::Alias(entry) => {
            let AliasEntry { address, kind, original, principal } = entry;
            let row = params![address.as_str(), kind, original, principal.as_str()];
            // In one statement SQLite would copy every page before it changes it, should the update fail half done.
            if transaction.prepare_cached(ALIAS)?.execute(row)? == 0 {
                transaction.prepare_cached(ALIAS_REPLACED)?.execute(row)?;
            }
        }
        Fact::AliasRemoved { address } => {
            transaction.prepare_cached(ALIAS_REMOVED)?.execute([address.as_str()])?;
        }
        Fact::Call(call) => calls::insert(transaction, call)?,
        Fact::Message { inbox, place, message } => messages::insert(transaction, inbox, *place, message)?,
        Fact::MessageSettled { inbox, sender, id, at } => {
            messages::settle(transaction, inbox, sender, *id, *at)?;
        }
        Fact::MessagesForgotten { before } => messages::forget(transaction, *before)?,
        Fact::Published { principal, device, publication } => {
            contacts::published(transaction, principal, device, publication)?;
        }
        Fact::PublicationEnded { principal, device } => {
            contacts::publication_ended(transaction, principal, device)?;
        }
        Fact::Subscription(record) => contacts::subscription(transaction, record)?,
        Fact::SubscriptionEnded { watcher, presentity } => {
            contacts::subscription_ended(transaction, watcher, presentity)?;
        }
        Fact::Block(record) => contacts::block(transaction, record)?,
        Fact::BlockEnded { owner, blocked } => contacts::block_ended(transaction, owner, blocked)?,
        Fact::Rule(rule) => contacts::rule(transaction, rule)?,
        Fact::RuleEnded(key) => contacts::rule_ended(transaction, key)?,
        Fact::Group(record) => groups::group(transaction, record)?,
        Fact::GroupRemoved { address } => groups::removed(transaction, address)?,
        Fact::GroupMember(record) => groups::member(transaction, record)?,
        Fact::InboxRules(record) => inboxes::rules(transaction, record)?,
        Fact::GroupMemberRemoved { group, member } => groups::member_removed(transaction, group, member)?,
        Fact::Audited(record) => audit::append(transaction, record)?,
        Fact::Remembered(record) => history::insert(transaction, record)?,
        Fact::HistoryConcluded { sender, id, outcome } => {
            history::conclude(transaction, sender, *id, *outcome)?;
        }
        Fact::HistoryKept { principal, is_kept } => history::keep(transaction, principal, *is_kept)?,
        Fact::Erased(erasure) => personal::erase(transaction, erasure)?,
        Fact::User(record) => users::user(transaction, record)?,
        Fact::UserRemoved { name } => users::removed(transaction, name)?,
    }
    Ok(())
}

const PRINCIPAL: &str =
    "INSERT INTO principals (address, created_at) VALUES ($1, $2) ON CONFLICT (address) DO NOTHING";

const ALIAS: &str = "INSERT INTO aliases (address, kind, original, principal) VALUES ($1, $2, $3, $4)
    ON CONFLICT (address) DO NOTHING";

const ALIAS_REPLACED: &str = "UPDATE aliases SET kind = ?2, original = ?3, principal = ?4 WHERE address = ?1";

const ALIAS_REMOVED: &str = "DELETE FROM aliases WHERE address = $1";

const SOFT_REPLACED: &str = "INSERT INTO soft (owner_table, key, value, updated_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (owner_table, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";

const SOFT_REMOVED: &str = "DELETE FROM soft WHERE owner_table = $1 AND key = $2";
