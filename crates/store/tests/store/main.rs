//! What the store promises, tried on real files.

#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in the tests themselves, but not in what they share"
)]

mod audit;
mod audit_chain;
mod backup;
mod conformance;
mod contacts;
mod damage;
mod damaged_log;
mod full_disk;
mod group_commit;
mod groups;
mod history;
mod kill;
mod lock;
mod messages;
mod migration;
mod read_only;
mod restore;
mod retention;
mod rows;
mod samples;
mod sqlite;
mod users;
