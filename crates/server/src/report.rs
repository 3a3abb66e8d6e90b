//! What the server says about itself.

use crate::audit::AuditCounters;
use crate::control::{Heard, Status, StoreStatus};
use crate::driver::DriverCounters;
use crate::shard::ShardCounters;
use crate::synchroniser::Standing;
use link::{Counter, LimitedSummary};
use model::Timestamp;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use store::{Integrity, LastShutdown, Store};

/// A receive buffer below this loses datagrams in a burst of re-registrations, for example after a power cut.
const RECEIVE_BUFFER_WANTED: usize = 1024 * 1024;

/// What does not change while the server runs, and where to read what does.
pub(crate) struct Report {
    pub started_at: Timestamp,
    pub data: PathBuf,
    pub domain: String,
    pub heard: Heard,
    pub store_failing: Arc<AtomicBool>,
    /// Of the gateway to H.323, and of that to XMPP where there is one.
    pub drivers: Vec<Arc<DriverCounters>>,
    pub shard: Arc<ShardCounters>,
    /// Accounts of calls that are not in the file.
    pub accounts_missed: Arc<AtomicU64>,
    pub audit: Arc<AuditCounters>,
    /// Clients of the control socket that did not read.
    pub clients_cut: Arc<AtomicU64>,
    /// What is known of the directory, where there is one.
    pub directory: Option<Arc<Standing>>,
}

impl Report {
    /// How the server is, with what the engine and the link have counted.
    pub fn status(
        &self,
        store: &Store,
        presence: Value,
        limited: Vec<LimitedSummary>,
        counters: Vec<Counter>,
    ) -> Status {
        let of_store = store.status();
        // The engine takes a store that has nothing left to write for one that writes again.
        let is_failing = self.store_failing.load(Ordering::Relaxed) || of_store.is_failing;
        let store_status = StoreStatus {
            state: if is_failing { "failing" } else { "writing" }.to_owned(),
            epoch: store.epoch(),
            last_shutdown: match store.last_shutdown() {
                LastShutdown::FirstStart => "firstStart",
                LastShutdown::Clean => "clean",
                LastShutdown::Unclean => "unclean",
            }
            .to_owned(),
            last_commit_us: u64::try_from(of_store.last_commit.as_micros()).unwrap_or(u64::MAX),
            last_failure: of_store.last_failure.as_ref().map(ToString::to_string),
            integrity: match of_store.integrity {
                Integrity::NotChecked => "notChecked",
                Integrity::Running => "running",
                Integrity::Sound { .. } => "sound",
                Integrity::Damaged { .. } => "damaged",
            }
            .to_owned(),
        };
        let clients_cut = self.clients_cut.load(Ordering::Relaxed);
        let accounts_missed = self.accounts_missed.load(Ordering::Relaxed);
        let mut all = counters;
        for (driver, prefix) in self.drivers.iter().zip(["", "xmpp."]) {
            all.extend(
                driver.list().into_iter().map(|one| Counter { name: format!("{prefix}{}", one.name), ..one }),
            );
        }
        all.extend(self.shard.list());
        all.extend(self.audit.list());
        all.extend(self.directory.iter().flat_map(|directory| directory.list()));
        all.extend(store_counters(&of_store));
        all.push(counter(
            "control.cut_off",
            clients_cut,
            "clients of the control socket cut off because they did not read",
        ));
        all.push(counter("calls.missed_in_file", accounts_missed, "accounts that are not in calls.jsonl"));
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            started_at: self.started_at,
            data: self.data.clone(),
            domain: self.domain.clone(),
            problems: self.problems(&of_store, is_failing),
            heard: self.heard.clone(),
            store: store_status,
            presence,
            limited,
            counters: all,
        }
    }

    /// What an operator should do something about.
    fn problems(&self, store: &store::Status, is_failing: bool) -> Vec<String> {
        let mut problems = Vec::new();
        if is_failing {
            let why = store.last_failure.as_ref().map_or_else(String::new, |error| format!(": {error}"));
            problems.push(format!(
                "the store can't write, so new names, publications, contacts and messages are refused{why}"
            ));
        }
        if let Integrity::Damaged { error } = &store.integrity {
            problems.push(error.to_string());
        }
        let settings = ["`connections_max` of [h323]", "`streams_max` of [xmpp]"];
        for (driver, setting) in self.drivers.iter().zip(settings) {
            if driver.accepting_pauses.load(Ordering::Relaxed) > 0 {
                let connections = driver.connections.load(Ordering::Relaxed);
                problems.push(format!(
                    "no more connections than the {connections} that are open are taken for now, and messages wait: \
                     {setting} is reached or the system allows too few open files; see who is connected, raise that \
                     setting, or LimitNOFILE= and `ulimit -Hn`"
                ));
            }
        }
        problems.extend(self.directory.iter().flat_map(|directory| directory.problems()));
        if let Some(smallest) = self.heard.listening.iter().map(|one| one.receive_buffer).min()
            && smallest < RECEIVE_BUFFER_WANTED
        {
            problems.push(small_buffer(smallest));
        }
        let gateways = self.drivers.iter().map(|driver| (&driver.panics, "gateway"));
        for (count, what) in gateways.chain([(&self.shard.panics, "engine")]) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                problems.push(format!(
                    "the {what} failed {count} times by a fault in herald; please report the log"
                ));
            }
        }
        problems
    }
}

/// What is wrong with a small receive buffer, and what helps.
pub(crate) fn small_buffer(octets: usize) -> String {
    format!(
        "the system gave a receive buffer of {} KiB only, so a burst of many endpoints at once may lose requests; \
         `sysctl -w net.core.rmem_max=4194304` and a restart help",
        octets / 1024
    )
}

/// Whether a receive buffer is worth a word.
pub(crate) const fn is_small(octets: usize) -> bool {
    octets < RECEIVE_BUFFER_WANTED
}

fn store_counters(status: &store::Status) -> [Counter; 9] {
    [
        counter("store.commits", status.commits, "commits of facts"),
        counter("store.facts", status.facts, "facts made durable"),
        counter("store.batches_failed", status.batches_failed, "batches that could not be written"),
        counter("store.refused", status.refused, "batches that were not accepted because too much waited"),
        counter("store.soft_records", status.soft_records, "soft records written"),
        counter("store.soft_failures", status.soft_failures, "commits of soft records that failed"),
        counter("store.calls_removed", status.calls_removed, "accounts of calls removed by age or number"),
        counter("store.facts_waiting", status.facts_waiting as u64, "facts that wait now"),
        counter("store.soft_waiting", status.soft_waiting as u64, "soft records that wait now"),
    ]
}

fn counter(name: &str, value: u64, help: &str) -> Counter {
    Counter { name: name.to_owned(), value, help: help.to_owned() }
}
