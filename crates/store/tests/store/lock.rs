//! One herald for one data directory.

use crate::samples::{registered, write};
use std::os::unix::fs::PermissionsExt;
use store::{Options, Store, StoreError};

#[test]
fn a_directory_in_use_is_refused_with_the_process_that_has_it() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    let error = Store::open(place.path(), Options::default()).err().unwrap();
    let own_number = std::process::id();
    assert_eq!(error, StoreError::Locked { directory: place.path().to_path_buf(), holder: Some(own_number) });
    assert!(error.to_string().contains(&format!("process {own_number}")), "{error}");
    assert_eq!(write(&store, registered("room")), Ok(()));
}

#[test]
fn a_closed_store_leaves_the_directory_free() {
    let place = tempfile::tempdir().unwrap();
    let first = Store::open(place.path(), Options::default()).unwrap();
    first.close().unwrap();
    assert!(Store::open(place.path(), Options::default()).is_ok());
}

#[test]
fn a_new_directory_and_all_in_it_is_for_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("var/lib/herald");
    let store = Store::open(&directory, Options::default()).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    store.backup(&directory.join("copy.db")).unwrap();
    let files: Vec<_> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

#[test]
fn a_clean_close_leaves_one_database_file() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    write(&store, registered("room")).unwrap();
    store.close().unwrap();
    assert!(!place.path().join("herald.db-wal").exists());
    assert!(!place.path().join("herald.db-shm").exists());
}
