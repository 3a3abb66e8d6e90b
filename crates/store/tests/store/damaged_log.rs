//! A damaged write-ahead log: SQLite reads it as far as it is sound and calls that the end; what was confirmed after
//! that must not be missing in silence.

use crate::samples::{principals, registered, write, write_all};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use store::{Options, Store, StoreError, backup};

/// Commits in the log, one principal each.
const COMMITS: usize = 30;
/// The header of the log; each frame has a header of its own and a page.
const HEADER: u64 = 32;
const FRAME: u64 = 24 + 4096;

/// What `kill -9` leaves of a store, with the names that were confirmed.
fn killed() -> (tempfile::TempDir, Vec<String>) {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    let names: Vec<_> = (0..COMMITS).map(|number| format!("room{number:02}")).collect();
    for name in &names {
        write(&store, registered(name)).unwrap();
    }
    (copy_of(place.path()), names)
}

/// The files of a running store as they are.
fn copy_of(directory: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["herald.db", "herald.db-wal", "herald.db-shm"] {
        fs::copy(directory.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

fn log(place: &tempfile::TempDir) -> PathBuf {
    place.path().join("herald.db-wal")
}

fn length(file: &Path) -> u64 {
    file.metadata().unwrap().len()
}

fn flip(file: &Path, place: u64) {
    let handle = fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
    let mut octet = [0];
    handle.read_exact_at(&mut octet, place).unwrap();
    handle.write_all_at(&[octet[0] ^ 0x10], place).unwrap();
}

fn cut(file: &Path, octets: u64) {
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(octets).unwrap();
}

/// What a store on this directory has, or why it does not open.
fn open(place: &tempfile::TempDir) -> Result<Vec<String>, StoreError> {
    Store::open(place.path(), Options::default()).map(|store| principals(&store))
}

#[track_caller]
fn assert_is_named(error: &StoreError, place: &tempfile::TempDir) {
    let text = error.to_string();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(text.contains(log(place).to_str().unwrap()) && text.contains("herald restore"), "{text}");
}

#[test]
fn the_log_of_a_killed_process_is_taken_as_it_is() {
    let (place, names) = killed();
    assert!(length(&log(&place)) > HEADER + COMMITS as u64 * FRAME);
    assert_eq!(open(&place), Ok(names));
}

#[test]
fn a_damaged_frame_before_others_is_named_and_nothing_is_touched() {
    let (place, names) = killed();
    let middle = length(&log(&place)) / 2;
    flip(&log(&place), middle);
    let damaged = fs::read(log(&place)).unwrap();
    assert_is_named(&open(&place).unwrap_err(), &place);
    assert_is_named(&backup(place.path(), &place.path().join("copy.db")).unwrap_err(), &place);
    assert_eq!(fs::read(log(&place)).unwrap(), damaged);
    flip(&log(&place), middle);
    assert_eq!(open(&place), Ok(names));
}

#[test]
fn a_damaged_frame_is_found_without_the_shared_memory_file_where_a_later_commit_proves_it() {
    let (place, _) = killed();
    fs::remove_file(place.path().join("herald.db-shm")).unwrap();
    flip(&log(&place), HEADER + 10 * FRAME + 100);
    assert_is_named(&open(&place).unwrap_err(), &place);
}

#[test]
fn a_damaged_header_of_the_log_is_named() {
    for octet in [0, 9, 17, 25] {
        let (place, _) = killed();
        flip(&log(&place), octet);
        assert_is_named(&open(&place).unwrap_err(), &place);
    }
}

#[test]
fn a_log_that_was_cut_is_named() {
    let (place, _) = killed();
    let half = length(&log(&place)) / 2;
    cut(&log(&place), half);
    assert_is_named(&open(&place).unwrap_err(), &place);
}

#[test]
fn wherever_one_octet_is_flipped_nothing_confirmed_is_missing_in_silence() {
    let (place, names) = killed();
    let sound = fs::read(log(&place)).unwrap();
    // A step that has no factor in common with the length of a frame.
    for octet in (0..sound.len() as u64).step_by(1511) {
        let copy = copy_of(place.path());
        flip(&log(&copy), octet);
        match open(&copy) {
            Ok(found) => assert_eq!(found, names, "octet {octet}"),
            Err(error) => assert_is_named(&error, &copy),
        }
    }
}

#[test]
fn a_last_commit_that_a_power_failure_tore_is_no_damage() {
    let (place, mut names) = killed();
    // What the system had not written of it; and the shared memory is that of another run, or none.
    fs::remove_file(place.path().join("herald.db-shm")).unwrap();
    let end = length(&log(&place));
    flip(&log(&place), end - 2000);
    names.pop();
    assert_eq!(open(&place), Ok(names));
}

#[test]
fn a_log_that_a_power_failure_cut_anywhere_is_no_damage() {
    let (place, names) = killed();
    fs::remove_file(place.path().join("herald.db-shm")).unwrap();
    for octets in (0..length(&log(&place))).step_by(4999) {
        let copy = tempfile::tempdir().unwrap();
        for name in ["herald.db", "herald.db-wal"] {
            fs::copy(place.path().join(name), copy.path().join(name)).unwrap();
        }
        cut(&log(&copy), octets);
        let found = open(&copy).unwrap();
        assert!(names.starts_with(&found), "cut at {octets}: {found:?}");
    }
}

#[test]
fn what_lies_in_the_log_behind_its_end_is_no_damage() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    let outcomes = write_all(&store, (0..3000).map(|number| registered(&format!("old{number}"))).collect());
    assert!(outcomes.iter().all(Result::is_ok));
    // From here on the log is written from its beginning again, over frames of before.
    let shell = rusqlite::Connection::open(place.path().join("herald.db")).unwrap();
    shell.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
    write(&store, registered("new")).unwrap();
    let copy = copy_of(place.path());
    let end = length(&log(&copy));
    flip(&log(&copy), end - 1000);
    assert_eq!(open(&copy).map(|found| found.len()), Ok(3001));
}
