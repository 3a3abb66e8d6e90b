//! The limits and intervals of a store.

use std::time::Duration;

/// The limits and intervals of a store; every default serves a million registered endpoints.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// Facts that may wait for the writer; beyond it [`crate::StoreError::QueueFull`]. A batch without facts counts
    /// as one.
    pub queue_facts_max: usize,
    /// Facts in one commit; a larger batch commits alone.
    pub group_facts_max: usize,
    /// How long the first batch of a group waits for company. Zero is best nearly everywhere: while one commit is on
    /// its way to the disk the next group gathers by itself, and callers who wait for their answer write 2 to 8
    /// times as much as with 2 ms. A few milliseconds spare a disk that wears out by writing.
    pub group_wait: Duration,
    /// Soft records (one for each key) that may wait; beyond it [`crate::StoreError::QueueFull`].
    pub soft_waiting_max: usize,
    /// How long soft records wait to be merged with newer ones of the same key.
    pub soft_interval: Duration,
    /// Soft records in one commit, so that facts never wait long behind them.
    pub soft_chunk_max: usize,
    /// Accounts of calls that are kept; the oldest go first.
    pub calls_max: u64,
    /// How long accounts of calls are kept after their end; `None`: as long as `calls_max` allows.
    pub calls_age_max: Option<Duration>,
    /// Accounts removed in one commit.
    pub calls_chunk_max: u32,
    /// How often it is checked whether accounts of calls, rows of the audit log or of the
    /// history are to be removed.
    pub calls_check_interval: Duration,
    /// Rows of the audit log that are kept; the oldest go first.
    pub audit_rows_max: u64,
    /// How long rows of the audit log are kept; `None`: as long as `audit_rows_max` allows.
    pub audit_age_max: Option<Duration>,
    /// Rows of the audit log removed in one commit.
    pub audit_chunk_max: u32,
    /// Rows of the history of messages that are kept; the oldest go first.
    pub history_rows_max: u64,
    /// How long rows of the history are kept; `None`: as long as `history_rows_max` allows.
    pub history_age_max: Option<Duration>,
    /// Rows of the history removed in one commit.
    pub history_chunk_max: u32,
    /// Octets the database file may grow to, without its write-ahead log; `None`: what the disk holds.
    pub database_octets_max: Option<u64>,
    /// How long the check at start may take. A database that needs more is checked as far as that reaches; the
    /// rest is for the check in the background. Zero: no check at start.
    pub start_check_max: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_facts_max: 65_536,
            group_facts_max: 4096,
            group_wait: Duration::ZERO,
            soft_waiting_max: 262_144,
            soft_interval: Duration::from_secs(2),
            soft_chunk_max: 2048,
            calls_max: 1_000_000,
            calls_age_max: None,
            calls_chunk_max: 512,
            calls_check_interval: Duration::from_secs(60),
            audit_rows_max: 1_000_000,
            audit_age_max: None,
            audit_chunk_max: 512,
            history_rows_max: 10_000_000,
            history_age_max: None,
            history_chunk_max: 512,
            database_octets_max: None,
            start_check_max: Duration::from_millis(500),
        }
    }
}
