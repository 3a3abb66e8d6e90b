//! Damaged files: found, named, with the way out.

use crate::samples::{alias_book, registered, wait_until, write, write_all};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use store::{Integrity, Options, Store, StoreError};

/// A closed database of many pages.
fn database() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    let outcomes = write_all(&store, (0..3000).map(|number| registered(&format!("room{number}"))).collect());
    assert!(outcomes.iter().all(Result::is_ok));
    store.close().unwrap();
    let file = place.path().join("herald.db");
    (place, file)
}

/// Overwrites the last quarter of the file.
fn damage(file: &Path) {
    let quarter = file.metadata().unwrap().len() / 4;
    let garbage = vec![0xa5; usize::try_from(quarter).unwrap()];
    OpenOptions::new().write(true).open(file).unwrap().write_all_at(&garbage, quarter * 3).unwrap();
}

fn assert_names_the_file_and_the_way_out(error: &StoreError, file: &Path) {
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(file.to_str().unwrap()) && text.contains("herald restore"), "{text}");
}

#[test]
fn damaged_pages_are_found_at_start() {
    let (place, file) = database();
    damage(&file);
    let error = Store::open(place.path(), Options::default()).err().unwrap();
    assert_names_the_file_and_the_way_out(&error, &file);
}

#[test]
fn a_damaged_page_is_named_with_its_table() {
    let (place, file) = database();
    let shell = rusqlite::Connection::open(&file).unwrap();
    let root: u64 = shell
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'aliases'", [], |row| row.get(0))
        .unwrap();
    drop(shell);
    let handle = OpenOptions::new().write(true).open(&file).unwrap();
    handle.write_all_at(&[0xa5; 8], (root - 1) * 4096).unwrap();
    let error = Store::open(place.path(), Options::default()).err().unwrap();
    assert_names_the_file_and_the_way_out(&error, &file);
    let text = error.to_string();
    assert!(text.contains("table aliases") && text.contains(&format!("page {root}")), "{text}");
}

#[test]
fn a_file_that_is_no_database_is_damage() {
    let (place, file) = database();
    OpenOptions::new().write(true).open(&file).unwrap().write_all_at(&[0; 4096], 0).unwrap();
    let error = Store::open(place.path(), Options::default()).err().unwrap();
    assert_names_the_file_and_the_way_out(&error, &file);
}

#[test]
fn a_shortened_file_is_damage() {
    let (place, file) = database();
    let length = file.metadata().unwrap().len();
    OpenOptions::new().write(true).open(&file).unwrap().set_len(length / 2).unwrap();
    let error = Store::open(place.path(), Options::default()).err().unwrap();
    assert_names_the_file_and_the_way_out(&error, &file);
}

#[test]
fn an_emptied_file_is_not_taken_for_a_new_one() {
    let (place, file) = database();
    fs::write(&file, "").unwrap();
    let error = Store::open(place.path(), Options::default()).err().unwrap();
    assert_names_the_file_and_the_way_out(&error, &file);
    assert_eq!(file.metadata().unwrap().len(), 0);
}

#[test]
fn a_log_without_its_database_is_not_taken_for_a_new_one() {
    let (place, file) = database();
    fs::remove_file(&file).unwrap();
    fs::write(place.path().join("herald.db-wal"), "content").unwrap();
    let error = Store::open(place.path(), Options::default()).err().unwrap();
    assert_names_the_file_and_the_way_out(&error, &file);
}

#[test]
fn a_failed_start_leaves_the_directory_free() {
    let (place, file) = database();
    let sound = fs::read(&file).unwrap();
    damage(&file);
    assert!(Store::open(place.path(), Options::default()).is_err());
    fs::write(&file, sound).unwrap();
    assert_eq!(alias_book(&Store::open(place.path(), Options::default()).unwrap()).len(), 3000);
}

#[test]
fn the_check_at_start_ends_when_its_time_is_over() {
    let (place, _) = database();
    let hurried = Options { start_check_max: Duration::from_nanos(1), ..Options::default() };
    assert!(!Store::open(place.path(), hurried).unwrap().was_checked_whole());
}

#[test]
fn the_full_check_finds_what_the_check_at_start_had_no_time_for() {
    let (place, file) = database();
    damage(&file);
    let unchecked = Options { start_check_max: Duration::ZERO, ..Options::default() };
    let store = Store::open(place.path(), unchecked).unwrap();
    assert!(!store.was_checked_whole());
    let (sender, receiver) = mpsc::channel();
    store.integrity_check_in_background(move |outcome| sender.send(outcome).unwrap()).unwrap();
    let error = receiver.recv().unwrap().unwrap_err();
    assert_names_the_file_and_the_way_out(&error, &file);
    assert_eq!(store.status().integrity, Integrity::Damaged { error });
}

#[test]
fn the_full_check_finds_an_index_that_disagrees_with_its_table() {
    let (place, file) = database();
    // Hides an index from SQLite while a row is changed; the number of rows stays that of its entries.
    for step in [
        "INSERT INTO blocks VALUES ('room1@example.com', 'room2@example.com', 0, NULL, NULL, '{}');
         PRAGMA writable_schema = ON;
         CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'blocks_by_blocked';
         DELETE FROM sqlite_schema WHERE name = 'blocks_by_blocked';",
        "UPDATE blocks SET blocked = 'room3@example.com';
         PRAGMA writable_schema = ON;
         INSERT INTO sqlite_schema SELECT * FROM hidden;
         DROP TABLE hidden;",
    ] {
        rusqlite::Connection::open(&file).unwrap().execute_batch(step).unwrap();
    }
    let store = Store::open(place.path(), Options::default()).unwrap();
    let (sender, receiver) = mpsc::channel();
    store.integrity_check_in_background(move |outcome| sender.send(outcome).unwrap()).unwrap();
    assert_names_the_file_and_the_way_out(&receiver.recv().unwrap().unwrap_err(), &file);
}

#[test]
fn a_sound_database_passes_while_it_is_written() {
    let (place, _) = database();
    let store = Store::open(place.path(), Options::default()).unwrap();
    assert!(store.was_checked_whole());
    let (sender, receiver) = mpsc::channel();
    store.integrity_check_in_background(move |outcome| sender.send(outcome).unwrap()).unwrap();
    write(&store, registered("beside")).unwrap();
    assert_eq!(receiver.recv(), Ok(Ok(())));
    wait_until(|| matches!(store.status().integrity, Integrity::Sound { .. }));
}

#[test]
fn an_address_that_cannot_be_read_is_named_with_its_table() {
    let (place, file) = database();
    let shell = rusqlite::Connection::open(&file).unwrap();
    shell.execute("INSERT INTO principals VALUES ('not an address', 1)", []).unwrap();
    drop(shell);
    let store = Store::open(place.path(), Options::default()).unwrap();
    let error = store.principals(|_| ()).unwrap_err();
    assert!(error.to_string().contains("principals.address holds \"not an address\""), "{error}");
}
