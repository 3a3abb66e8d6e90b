//! Restores: over anything, from nothing that can't be trusted, and never half.

use crate::samples::{principals, registered, write};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use store::{LastShutdown, Options, Store, StoreError, restore};

/// A data directory with the principal `old` in its backup and `old` and `new` in its database, closed.
fn directory_with_backup() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("backup.db");
    let store = open(place.path());
    write(&store, registered("old")).unwrap();
    store.backup(&copy).unwrap();
    write(&store, registered("new")).unwrap();
    store.close().unwrap();
    (place, copy)
}

fn open(place: &Path) -> Store {
    Store::open(place, Options::default()).unwrap()
}

#[test]
fn a_restore_brings_back_the_backup_and_keeps_what_it_replaced() {
    let (place, copy) = directory_with_backup();
    let replaced = restore(place.path(), &copy, None).unwrap().replaced.unwrap();
    assert_eq!(principals(&open(place.path())), ["old"]);
    let name = replaced.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("herald.db.replaced-2") && name.ends_with('Z'), "{name}");
    let elsewhere = tempfile::tempdir().unwrap();
    restore(elsewhere.path(), &replaced, None).unwrap();
    assert_eq!(principals(&open(elsewhere.path())), ["new", "old"]);
}

#[test]
fn a_restore_over_a_damaged_database_works_and_keeps_it() {
    let (place, copy) = directory_with_backup();
    let garbage = "damaged beyond recognition".repeat(1000);
    fs::write(place.path().join("herald.db"), &garbage).unwrap();
    fs::write(place.path().join("herald.db-wal"), "its log").unwrap();
    let replaced = restore(place.path(), &copy, None).unwrap().replaced.unwrap();
    assert_eq!(fs::read_to_string(&replaced).unwrap(), garbage);
    assert_eq!(fs::read_to_string(format!("{}-wal", replaced.display())).unwrap(), "its log");
    assert_eq!(principals(&open(place.path())), ["old"]);
}

#[test]
fn a_restore_into_a_new_directory_works() {
    let (_place, copy) = directory_with_backup();
    let elsewhere = tempfile::tempdir().unwrap();
    let directory = elsewhere.path().join("herald");
    assert_eq!(restore(&directory, &copy, None).unwrap().replaced, None);
    assert_eq!(principals(&open(&directory)), ["old"]);
}

#[test]
fn a_restore_is_refused_while_a_server_runs() {
    let (place, copy) = directory_with_backup();
    let store = open(place.path());
    assert!(matches!(restore(place.path(), &copy, None), Err(StoreError::Locked { .. })));
    assert_eq!(principals(&store), ["new", "old"]);
}

#[test]
fn a_backup_that_cannot_be_trusted_changes_nothing() {
    let (place, copy) = directory_with_backup();
    let mut damaged = fs::read(&copy).unwrap();
    let half = damaged.len() / 2;
    damaged[half..].fill(0xa5);
    fs::write(&copy, damaged).unwrap();
    let foreign = place.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE a (a TEXT)").unwrap();
    let newer = place.path().join("newer.db");
    fs::copy(place.path().join("herald.db"), &newer).unwrap();
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let empty = place.path().join("empty.db");
    fs::write(&empty, "").unwrap();

    assert!(
        matches!(restore(place.path(), &copy, None), Err(StoreError::Corrupt { file, .. }) if file == copy)
    );
    assert!(matches!(restore(place.path(), &foreign, None), Err(StoreError::NotHerald { .. })));
    assert!(matches!(restore(place.path(), &newer, None), Err(StoreError::NewerSchema { found: 99, .. })));
    assert!(matches!(restore(place.path(), &empty, None), Err(StoreError::NotHerald { .. })));
    let missing = place.path().join("missing.db");
    assert!(
        matches!(restore(place.path(), &missing, None), Err(StoreError::Io { path, .. }) if path == missing)
    );
    assert_eq!(principals(&open(place.path())), ["new", "old"]);
}

#[test]
fn the_epoch_after_a_restore_is_above_all_that_were_seen() {
    let (place, copy) = directory_with_backup();
    let mut seen = 0;
    for _ in 0..3 {
        for _ in 0..2 {
            let store = open(place.path());
            assert!(store.epoch() > seen, "{} after {seen}", store.epoch());
            seen = store.epoch();
            store.close().unwrap();
        }
        restore(place.path(), &copy, None).unwrap();
    }
}

#[test]
fn the_epoch_after_a_restore_is_above_those_of_a_database_that_cannot_be_read() {
    let (place, copy) = directory_with_backup();
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    fs::write(place.path().join("herald.db"), "damaged beyond recognition".repeat(1000)).unwrap();
    restore(place.path(), &copy, None).unwrap();
    assert!(u64::from(open(place.path()).epoch()) > seconds);
}

#[test]
fn a_restored_database_was_not_shut_down_cleanly() {
    let (place, _) = directory_with_backup();
    let copy = place.path().join("herald.db");
    let elsewhere = tempfile::tempdir().unwrap();
    restore(elsewhere.path(), &copy, None).unwrap();
    assert_eq!(open(elsewhere.path()).last_shutdown(), LastShutdown::Unclean);
}

#[test]
fn an_exchange_that_a_crash_interrupted_is_completed_at_the_next_start() {
    let (place, copy) = directory_with_backup();
    // As the crash leaves it: the copy has its name, the old log has been moved, the old database not yet.
    fs::copy(&copy, place.path().join("herald.db.restoring")).unwrap();
    assert_eq!(principals(&open(place.path())), ["old"]);
    assert!(!place.path().join("herald.db.restoring").exists());
}

#[test]
fn a_copy_that_was_not_complete_is_not_used() {
    let (place, copy) = directory_with_backup();
    fs::write(place.path().join("herald.db.restoring.partial"), "half a copy").unwrap();
    assert_eq!(principals(&open(place.path())), ["new", "old"]);
    restore(place.path(), &copy, None).unwrap();
    assert_eq!(principals(&open(place.path())), ["old"]);
}
