//! What the store tells about itself.

use crate::StoreError;
use model::Timestamp;
use std::time::Duration;

/// Counters since the store was opened, and how it stands now.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Status {
    /// Commits of facts; each is one disk write that was waited for.
    pub commits: u64,
    /// Facts made durable.
    pub facts: u64,
    /// Facts in the largest commit.
    pub group_facts_largest: usize,
    /// How long the last commit of facts took, from the first statement to the disk's confirmation.
    pub last_commit: Duration,
    /// Batches that were accepted and could not be written.
    pub batches_failed: u64,
    /// Batches and soft records that were not accepted because a queue was full.
    pub refused: u64,
    /// Soft records written.
    pub soft_records: u64,
    /// Commits of soft records that failed; their records wait for the next attempt.
    pub soft_failures: u64,
    /// Accounts of calls removed by age or number.
    pub calls_removed: u64,
    /// Rows of the audit log removed by age or number.
    pub audit_removed: u64,
    /// Rows of the history removed by age or number.
    pub history_removed: u64,
    /// Whether the last attempt to write, facts or soft state, was refused by the machine.
    pub is_failing: bool,
    /// The last failure of any kind; it may be long past.
    pub last_failure: Option<StoreError>,
    /// Facts that wait now.
    pub facts_waiting: usize,
    /// Soft records that wait now.
    pub soft_waiting: usize,
    /// The state of the full check of the database file.
    pub integrity: Integrity,
}

/// The state of the full check of the database file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Integrity {
    /// No check has ended since the start.
    #[default]
    NotChecked,
    /// It runs.
    Running,
    /// Nothing was found.
    Sound {
        /// When it ended.
        checked_at: Timestamp,
        /// How long it took.
        took: Duration,
    },
    /// The database is damaged.
    Damaged {
        /// Where and how, and what to do.
        error: StoreError,
    },
}
