//! The store as its owner sees it.

use crate::check::{self, BackgroundCheck, Extent};
use crate::commit::Database;
use crate::connection::{self, DATABASE};
use crate::lock::{DATA_DIRECTORY_LOCK, Lock};
use crate::queue::Queue;
use crate::readers::Readers;
use crate::writer::WriterThread;
use crate::{
    AuditHead, AuditQuery, AuditRow, CallQuery, HistoryQuery, LastShutdown, Options, Principal,
    PublicationRecord, Status, StoreError, Verified, Writer, audit, backup, log, migration, restore,
    shutdown,
};
use model::{
    Address, AliasEntry, BlockRecord, CallDetailRecord, Erasure, GroupRecord, HistoryRecord, InboxRecord,
    InstantMessage, MemberRecord, MessageId, Rule, SubscriptionRecord, Timestamp, UserRecord,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// An open data directory.
///
/// Close it with [`Store::close`]; a store that is only dropped writes all it has accepted and counts as not shut
/// down cleanly.
pub struct Store {
    directory: PathBuf,
    epoch: u32,
    last_shutdown: LastShutdown,
    start_check: Extent,
    queue: Arc<Queue>,
    status: Arc<Mutex<Status>>,
    readers: Readers,
    background_check: BackgroundCheck,
    /// Whether the end that comes is a clean one.
    clean: Arc<AtomicBool>,
    running: Mutex<Option<Running>>,
}

/// What ends when the store is closed; the lock last.
struct Running {
    thread: JoinHandle<Result<(), StoreError>>,
    _lock: Lock,
}

impl Store {
    /// Opens the data directory, creating it (mode 0700) and the database in it where they are missing.
    ///
    /// Takes the lock of the directory, completes a restore that a crash interrupted, checks the write-ahead log, checks
    /// the file for at most [`Options::start_check_max`], brings the schema to this build's version and raises the
    /// epoch; all that is durable on return. Fails with `Locked`, `Corrupt`, `NotHerald`, `NewerSchema`, `Full`, `ReadOnly`,
    /// `NoWriteAheadLog`, `Io` or `Sqlite`, and then has changed nothing but what the schema needed.
    pub fn open(data_dir: &Path, options: Options) -> Result<Self, StoreError> {
        connection::create_directory(data_dir)?;
        let lock = Lock::take(data_dir, DATA_DIRECTORY_LOCK)?;
        restore::finish(data_dir)?;
        let file = data_dir.join(DATABASE);
        migration::create_if_missing(&file)?;
        log::check(&file)?;
        let mut connection = connection::open_unconfigured(&file)?;
        let found = migration::version(&connection, &file)?;
        connection::configure_writer(&connection, &file, &options)?;
        let start_check = check::check_at_start(&mut connection, &file, options.start_check_max)?;
        migration::migrate(&mut connection, &file, found)?;
        let (epoch, last_shutdown) = shutdown::begin_run(&mut connection, &file)?;

        let readers = Readers::open(&file)?;
        let queue = Arc::new(Queue::new(&options));
        let status = Arc::<Mutex<Status>>::default();
        let clean = Arc::new(AtomicBool::new(false));
        let database = Database::new(connection, file.clone(), &options);
        let writer = WriterThread::new(database, Arc::clone(&queue), Arc::clone(&status), &options);
        let is_clean = Arc::clone(&clean);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(|| is_clean.load(Ordering::Relaxed)))
            .map_err(|error| StoreError::from_io("start a thread to write", &file, &error))?;
        Ok(Self {
            directory: data_dir.to_path_buf(),
            epoch,
            last_shutdown,
            start_check,
            queue,
            status,
            readers,
            background_check: BackgroundCheck::default(),
            clean,
            running: Mutex::new(Some(Running { thread, _lock: lock })),
        })
    }

    /// The epoch of this run: one more than that of the run before, durable before anyone can have seen it.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// How the run before this one ended.
    pub const fn last_shutdown(&self) -> LastShutdown {
        self.last_shutdown
    }

    /// Whether the check at start reached the end of the file; where not, the full check has more to say.
    pub fn was_checked_whole(&self) -> bool {
        self.start_check == Extent::Whole
    }

    /// The way to write.
    pub fn writer(&self) -> Writer {
        Writer::new(Arc::clone(&self.queue))
    }

    /// Hands every principal to `each`, in no particular order, and returns how many there were.
    ///
    /// One row is in memory at a time. `each` must not read from the store itself. Fails with `Corrupt` for a row
    /// that can't be read; `each` has then seen the rows before it.
    pub fn principals(&self, each: impl FnMut(Principal)) -> Result<u64, StoreError> {
        self.readers.principals(each)
    }

    /// Hands every entry of the alias book to `each`; as [`Store::principals`].
    pub fn aliases(&self, each: impl FnMut(AliasEntry)) -> Result<u64, StoreError> {
        self.readers.aliases(each)
    }

    /// Hands everything that persons published to `each`; as [`Store::principals`].
    pub fn publications(&self, each: impl FnMut(PublicationRecord)) -> Result<u64, StoreError> {
        self.readers.publications(each)
    }

    /// Hands every subscription to `each`; as [`Store::principals`].
    pub fn subscriptions(&self, each: impl FnMut(SubscriptionRecord)) -> Result<u64, StoreError> {
        self.readers.subscriptions(each)
    }

    /// Hands every block to `each`; as [`Store::principals`].
    pub fn blocks(&self, each: impl FnMut(BlockRecord)) -> Result<u64, StoreError> {
        self.readers.blocks(each)
    }

    /// Calls `each` for every access rule, the operator's first; returns how many there are.
    ///
    /// # Errors
    /// As [`Self::principals`].
    pub fn rules(&self, each: impl FnMut(Rule)) -> Result<u64, StoreError> {
        self.readers.rules(each)
    }
    /// Hands every group to `each`; as [`Store::principals`].
    pub fn groups(&self, each: impl FnMut(GroupRecord)) -> Result<u64, StoreError> {
        self.readers.groups(each)
    }

    /// Hands every member of every group to `each`; as [`Store::principals`].
    pub fn group_members(&self, each: impl FnMut(MemberRecord)) -> Result<u64, StoreError> {
        self.readers.group_members(each)
    }

    /// Hands the rules of every inbox that has its own to `each`; as [`Store::principals`].
    pub fn inbox_rules(&self, each: impl FnMut(InboxRecord)) -> Result<u64, StoreError> {
        self.readers.inbox_rules(each)
    }
    /// Hands every user to `each`, in order of their names; as [`Store::principals`].
    pub fn users(&self, each: impl FnMut(UserRecord)) -> Result<u64, StoreError> {
        self.readers.users(each)
    }

    /// Hands every message that waits to `each`, with its inbox and its place, in order of both; as
    /// [`Store::principals`].
    pub fn messages(&self, each: impl FnMut(Address, u64, InstantMessage)) -> Result<u64, StoreError> {
        self.readers.messages(each)
    }

    /// Hands the id of every message that has left its inbox and is not forgotten to `each` (inbox, sender, id, when
    /// it left), the one that left first before the others; as [`Store::principals`].
    pub fn settled(
        &self,
        each: impl FnMut(Address, Address, MessageId, Timestamp),
    ) -> Result<u64, StoreError> {
        self.readers.settled(each)
    }

    /// Hands every record of one table of soft state to `each` (key, JSON text, when it was handed in); as
    /// [`Store::principals`]. Records that still wait to be written are not seen.
    pub fn soft(&self, table: &str, each: impl FnMut(&str, &str, Timestamp)) -> Result<u64, StoreError> {
        self.readers.soft(table, each)
    }

    /// Reads accounts of calls, the call that ended last first.
    pub fn calls(&self, query: &CallQuery) -> Result<Vec<CallDetailRecord>, StoreError> {
        self.readers.calls(query)
    }

    /// Reads the next rows of the audit log, at most so many and never more than
    /// [`AUDIT_PAGE_MAX`](crate::AUDIT_PAGE_MAX).
    pub fn audit(&self, query: &AuditQuery, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.readers.audit(query, limit)
    }

    /// After which row to read to get the last so many that a query is about ([`AuditQuery::after`]).
    pub fn audit_start(&self, query: &AuditQuery, last: u32) -> Result<u64, StoreError> {
        self.readers.audit_start(query, last)
    }

    /// Looks whether the whole audit log is as it was written, and whether a head that was noted elsewhere is in it.
    /// Takes seconds for a million rows. Fails with `AuditBroken`.
    pub fn audit_verify(&self, noted: Option<&AuditHead>) -> Result<Verified, StoreError> {
        audit::verify(&self.directory.join(DATABASE), noted)
    }

    /// Reads the next rows of a principal's history with their numbers, the newest first, at most so many and never more
    /// than [`HISTORY_PAGE_MAX`](crate::HISTORY_PAGE_MAX).
    pub fn history(&self, query: &HistoryQuery, limit: u32) -> Result<Vec<(u64, HistoryRecord)>, StoreError> {
        self.readers.history(query, limit)
    }

    /// Hands every principal of whom no history is kept to `each`; as [`Store::principals`].
    pub fn history_exceptions(&self, each: impl FnMut(Address)) -> Result<u64, StoreError> {
        self.readers.history_exceptions(each)
    }

    /// Hands everything about a principal to `each`: the table, and a row as JSON. One row is in memory at a time.
    pub fn export(
        &self,
        of: &Erasure,
        each: impl FnMut(&'static str, serde_json::Value),
    ) -> Result<u64, StoreError> {
        self.readers.export(of, each)
    }

    /// Checks the whole database in a thread of its own, beside all other work.
    ///
    /// `done` is called in that thread: `Ok` for a sound database, `Corrupt` with the finding, `Closed` where the
    /// store was closed before the end. It must not close the store. The outcome also stays in
    /// [`Status::integrity`]. Returns `Busy` while another check runs.
    pub fn integrity_check_in_background(
        &self,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.background_check.start(self.directory.join(DATABASE), Arc::clone(&self.status), done)
    }

    /// Writes a checked copy of the database to a file; see [`backup`](fn@crate::backup). Blocks until it is done.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        backup::backup(&self.directory, to)
    }

    /// What the store tells about itself.
    pub fn status(&self) -> Status {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (status.facts_waiting, status.soft_waiting, status.refused) = self.queue.depth();
        status
    }

    /// Writes all that was accepted, marks a clean shutdown, and releases the directory.
    ///
    /// Nothing is accepted from here on. Where this fails (a full disk), facts already confirmed are safe, those
    /// that waited were reported to their `done`, and the next start sees an unclean shutdown. A second call does
    /// nothing.
    pub fn close(&self) -> Result<(), StoreError> {
        self.clean.store(true, Ordering::Relaxed);
        self.stop()
    }

    fn stop(&self) -> Result<(), StoreError> {
        self.queue.close();
        self.background_check.stop();
        // The writer must close last: the last connection removes the write-ahead log, and a reader may not.
        self.readers.close();
        let Some(running) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(());
        };
        running.thread.join().unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Whoever cares for the outcome calls `close`.
        let _ = self.stop();
    }
}
