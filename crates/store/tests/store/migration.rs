//! Schema versions: from nothing to the newest, and never backwards.

use crate::samples::{principals, registered, write};
use rusqlite::Connection;
use std::fs;
use store::{LastShutdown, Options, Store, StoreError};

#[test]
fn a_new_directory_gets_the_newest_schema() {
    let place = tempfile::tempdir().unwrap();
    Store::open(place.path(), Options::default()).unwrap().close().unwrap();
    let shell = Connection::open(place.path().join("herald.db")).unwrap();
    let mut tables =
        shell.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(
        names,
        [
            "aliases",
            "audit",
            "audit_head",
            "audit_names",
            "blocks",
            "calls",
            "group_members",
            "groups",
            "history",
            "history_exceptions",
            "inbox_rules",
            "messages",
            "meta",
            "principals",
            "publications",
            "rules",
            "soft",
            "subscriptions",
            "users"
        ]
    );
    let version: u32 = shell.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 8);
}

#[test]
fn a_creation_broken_off_is_begun_again() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("herald.db.new"), "").unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    assert_eq!(store.last_shutdown(), LastShutdown::FirstStart);
    assert_eq!(write(&store, registered("room")), Ok(()));
}

#[test]
fn a_newer_schema_is_refused_and_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    write(&store, registered("room")).unwrap();
    store.close().unwrap();
    let file = place.path().join("herald.db");
    let shell = Connection::open(&file).unwrap();
    shell.pragma_update(None, "user_version", 99).unwrap();
    drop(shell);
    let before = fs::read(&file).unwrap();

    let error = Store::open(place.path(), Options::default()).err().unwrap();
    assert_eq!(error, StoreError::NewerSchema { file: file.clone(), found: 99, known: 8 });
    assert!(error.to_string().contains("99"), "{error}");
    assert!(fs::read(&file).unwrap() == before, "the file has changed");
}

#[test]
fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("herald.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE principals (a TEXT)").unwrap();
    let before = fs::read(&file).unwrap();
    let error = Store::open(place.path(), Options::default()).err().unwrap();
    assert_eq!(error, StoreError::NotHerald { file: file.clone() });
    assert!(fs::read(&file).unwrap() == before, "the file has changed");
}

#[test]
fn opening_again_changes_no_facts() {
    let place = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        write(&Store::open(place.path(), Options::default()).unwrap(), registered(name)).unwrap();
    }
    assert_eq!(principals(&Store::open(place.path(), Options::default()).unwrap()), ["a", "b", "c"]);
}
