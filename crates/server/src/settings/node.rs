//! Tables about the node itself: `[store]`, `[calls]`, `[control]`, `[log]`.

use super::limit::{Any, IfSet};
use super::table::table;
use serde::{Deserialize, Serialize};
use std::time::Duration;

table! {
    /// What is kept on disk in the data directory.
    StoreSettings as "store" {
        /// How often what changed is written, so that a restart resumes with it.
        snapshot_interval_ms: u64 = 2000, "ms", 100..=60_000;
        /// Records written of what changed at one time; what is left over comes next time.
        snapshot_records_max: usize = 32_768, "", 64..=1_000_000;
        /// Accounts of calls that are kept; the oldest go first.
        calls_max: u64 = 1_000_000, "", 0..=1_000_000_000;
        /// How long accounts of calls are kept; not set: as long as `calls_max` allows.
        calls_age_max: Option<u32> = None, "days", IfSet(1..=36_500);
        /// How large the database may grow; not set: what the disk holds.
        database_size_max: Option<u32> = None, "MiB", IfSet(16..=16_777_216);
    }
}

table! {
    /// The account of each call that has ended, one line of JSON in `calls.jsonl` in the data directory.
    CallsSettings as "calls" {
        /// Whether the file is written. The accounts are in the store in any case (`herald calls --history`).
        file: bool = true, "", Any("true or false");
        /// The file is set aside as `calls.jsonl.1` when it would grow beyond this size.
        file_size_max: u32 = 64, "MiB", 1..=65_536;
        /// Files that were set aside and are kept.
        files_kept: u8 = 8, "", 0..=100;
    }
}

table! {
    /// The socket `control.sock` in the data directory, through which the other verbs of `herald` ask the server.
    ControlSettings as "control" {
        /// The most clients at one time.
        clients_max: usize = 64, "", 1..=1024;
        /// Changes that may wait for one client of `herald watch`; a slower client is cut off.
        watch_queue_max: usize = 4096, "", 16..=1_000_000;
    }
}

table! {
    /// The log, which goes to standard error.
    LogSettings as "log" {
        /// The least important messages that are written: `debug` has each request, `info` the life of the node,
        /// `warn` what healed by itself, `error` what someone must act on. `--log-level` overrides it.
        level: LogLevel = LogLevel::Info, "", Any("\"error\", \"warn\", \"info\" or \"debug\"");
        /// `human`, or `json` with one object on each line. `--log-format` overrides it.
        format: LogFormat = LogFormat::Human, "", Any("\"human\" or \"json\"");
    }
}

/// The least important messages that are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Someone must act.
    Error,
    /// It healed by itself.
    Warn,
    /// The life of the node.
    Info,
    /// Each request.
    Debug,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object on each line.
    Json,
}

impl StoreSettings {
    /// What the store is told.
    pub fn options(&self) -> store::Options {
        const MEBIOCTETS: u64 = 1024 * 1024;
        store::Options {
            calls_max: self.calls_max,
            calls_age_max: self.calls_age_max.map(|days| Duration::from_secs(u64::from(days) * 86_400)),
            database_octets_max: self.database_size_max.map(|size| u64::from(size) * MEBIOCTETS),
            soft_interval: SOFT_INTERVAL,
            ..store::Options::default()
        }
    }

    /// How often soft state is written.
    pub const fn snapshot_interval(&self) -> Duration {
        Duration::from_millis(self.snapshot_interval_ms)
    }
}

/// How long the store gathers soft state, and leaves the disk alone when it could not write it. Its owners have gathered
/// it for [`StoreSettings::snapshot_interval`] already; to do so twice would double what a kill loses.
const SOFT_INTERVAL: Duration = Duration::from_millis(200);
