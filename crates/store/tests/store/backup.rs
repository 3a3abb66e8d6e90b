//! Backups: of one moment, made while the server writes, never half.

use crate::samples::{principals, registered, wait_until, write};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use store::{Options, Store, StoreError, backup, restore};

/// The principals in a backup.
fn content(file: &Path) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    restore(place.path(), file, None).unwrap();
    principals(&Store::open(place.path(), Options::default()).unwrap())
}

#[test]
fn a_backup_made_while_writing_has_all_that_was_confirmed_before_it() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    let copy = place.path().join("copy.db");
    let confirmed = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let confirmed_before = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let number = confirmed.load(Ordering::Relaxed);
                write(&store, registered(&format!("room{number:08}"))).unwrap();
                confirmed.store(number + 1, Ordering::Relaxed);
            }
        });
        wait_until(|| confirmed.load(Ordering::Relaxed) >= 50);
        let confirmed_before = confirmed.load(Ordering::Relaxed);
        store.backup(&copy).unwrap();
        wait_until(|| confirmed.load(Ordering::Relaxed) > confirmed_before);
        stop.store(true, Ordering::Relaxed);
        confirmed_before
    });
    let found = content(&copy);
    assert!(found.len() as u64 >= confirmed_before);
    // Of one moment: no row without the one written before it.
    let expected: Vec<String> = (0..found.len()).map(|number| format!("room{number:08}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_backup_works_without_a_server_and_beside_one_of_another_process() {
    let place = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    write(&store, registered("room")).unwrap();
    backup(place.path(), &target.path().join("beside.db")).unwrap();
    store.close().unwrap();
    backup(place.path(), &target.path().join("without.db")).unwrap();
    assert_eq!(content(&target.path().join("beside.db")), ["room"]);
    assert_eq!(content(&target.path().join("without.db")), ["room"]);
}

#[test]
fn a_newer_backup_replaces_the_older_one_and_leaves_nothing_beside_it() {
    let place = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    let copy = target.path().join("copy.db");
    fs::write(target.path().join("copy.db.partial"), "of a backup that was killed").unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    store.backup(&copy).unwrap();
    write(&store, registered("room")).unwrap();
    store.backup(&copy).unwrap();
    assert_eq!(content(&copy), ["room"]);
    let files: Vec<_> = target.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["copy.db"]);
}

#[test]
fn a_backup_over_the_running_database_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    for name in ["herald.db", "herald.db-wal", "herald.lock"] {
        let target = place.path().join("../").join(place.path().file_name().unwrap()).join(name);
        assert_eq!(store.backup(&target), Err(StoreError::TargetInUse { path: target }));
    }
    assert_eq!(write(&store, registered("room")), Ok(()));
}

#[test]
fn a_backup_that_fails_leaves_the_older_one_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    let copy = target.path().join("copy.db");
    let store = Store::open(place.path(), Options::default()).unwrap();
    write(&store, registered("room")).unwrap();
    store.backup(&copy).unwrap();
    store.close().unwrap();
    fs::write(place.path().join("herald.db"), "damaged beyond recognition".repeat(1000)).unwrap();
    assert!(matches!(backup(place.path(), &copy), Err(StoreError::Corrupt { .. })));
    assert_eq!(content(&copy), ["room"]);
    assert!(!target.path().join("copy.db.partial").exists());
}

#[test]
fn a_backup_holds_nothing_that_was_deleted() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    let name = "somebody-who-asked-to-be-forgotten";
    store.writer().submit_soft(vec![crate::samples::soft("key", Some(name))]).unwrap();
    store.close().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    store.writer().submit_soft(vec![crate::samples::soft("key", None)]).unwrap();
    store.close().unwrap();
    let copy = place.path().join("copy.db");
    backup(place.path(), &copy).unwrap();
    let octets = fs::read(&copy).unwrap();
    assert!(!octets.windows(name.len()).any(|window| window == name.as_bytes()));
}
