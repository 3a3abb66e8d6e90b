//! The chain of the audit log on real files: what is altered or removed is found, what goes by age leaves it whole.

use crate::audit::{append, numbers, record, short};
use crate::samples::{wait_until, write};
use model::{Batch, Erasure, Fact};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;
use store::{AuditHead, AuditQuery, Options, Store, StoreError, Verified};

/// A closed store with ten rows, and its head.
fn ten(place: &Path) -> AuditHead {
    let store = Store::open(place, Options::default()).unwrap();
    append(&store, (1..=10).map(|number| record(number, &format!("room{number}@example.com"))));
    let Verified { rows, removed, head } = store.audit_verify(None).unwrap();
    assert_eq!((rows, removed, head.number), (10, 0, 10));
    store.close().unwrap();
    head
}

/// What a verification finds after somebody with a shell has been at the file.
fn finding(place: &Path, tampering: &str) -> String {
    let connection = Connection::open(place.join("herald.db")).unwrap();
    let triggers = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_removed_by_age_alone;
        DROP TRIGGER audit_names_are_erased_alone;";
    connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {triggers} {tampering}")).unwrap();
    connection.close().unwrap();
    match Store::open(place, Options::default()).unwrap().audit_verify(None) {
        Err(StoreError::AuditBroken { finding }) => finding,
        other => panic!("{other:?}"),
    }
}

// covers: F-18
#[test]
fn a_row_that_was_altered_removed_exchanged_or_added_is_found() {
    for (tampering, expected) in [
        ("UPDATE audit SET count = 3 WHERE number = 4", "row 4 was altered"),
        ("UPDATE audit SET actor = object WHERE number = 4", "row 4 was altered"),
        ("UPDATE audit SET reason = NULL WHERE number = 10", "row 10 was altered"),
        ("DELETE FROM audit WHERE number = 4", "row 4 is missing"),
        ("DELETE FROM audit WHERE number <= 4", "row 1 is missing"),
        ("DELETE FROM audit WHERE number > 8", "the rows end with number 8 and not with 10"),
        (
            "DELETE FROM audit WHERE number = 4; UPDATE audit SET number = 4 WHERE number = 10",
            "row 4 was altered",
        ),
        ("UPDATE audit_names SET name = 'eve@example.com' WHERE name LIKE 'mallory%'", "was exchanged"),
        (
            "UPDATE audit_head SET removed = 4, removed_hash = (SELECT hash FROM audit WHERE number = 4);
             DELETE FROM audit WHERE number <= 4",
            "no record says that they were removed",
        ),
        ("DELETE FROM audit_head", "its head is missing"),
    ] {
        let place = tempfile::tempdir().unwrap();
        ten(place.path());
        let found = finding(place.path(), tampering);
        assert!(found.contains(expected), "{tampering}: {found}");
    }
}

// covers: F-20
#[test]
fn a_name_that_was_erased_is_in_no_file_and_the_chain_holds() {
    let place = tempfile::tempdir().unwrap();
    ten(place.path());
    let store = Store::open(place.path(), Options::default()).unwrap();
    let name = model::Address::parse("room3@example.com").unwrap();
    let erasure =
        Erasure { principal: name.clone(), names: vec![name], originals: vec!["Room 3".to_owned()] };
    append(&store, [record(11, "room 3"), record(12, "Room 3")]);
    write(&store, Batch { facts: vec![Fact::Erased(Box::new(erasure))] }).unwrap();
    let found = || {
        let files = std::fs::read_dir(place.path()).unwrap();
        files.into_iter().any(|file| {
            let octets = std::fs::read(file.unwrap().path()).unwrap();
            octets.windows(6).any(|word| word.eq_ignore_ascii_case(b"room3@"))
        })
    };
    wait_until(|| !found());
    assert_eq!(store.audit_verify(None).unwrap().rows, 12);
    let rows = store.audit(&AuditQuery::default(), 12).unwrap();
    assert!(rows[2].record.event.object.as_ref().unwrap().starts_with("erased-"), "{:?}", rows[2]);
    assert_eq!(rows[3].record.event.object.as_deref(), Some("room4@example.com"));
}

#[test]
fn the_database_itself_refuses_to_change_the_log() {
    let place = tempfile::tempdir().unwrap();
    ten(place.path());
    let connection = Connection::open(place.path().join("herald.db")).unwrap();
    for tampering in [
        "UPDATE audit SET count = 3",
        "DELETE FROM audit WHERE number = 10",
        "DELETE FROM audit",
        "UPDATE audit_names SET name = 'eve@example.com'",
        "UPDATE audit_names SET commitment = x'00', name = NULL, salt = NULL",
    ] {
        let error = connection.execute_batch(tampering).unwrap_err().to_string();
        assert!(error.contains("audit log"), "{tampering}: {error}");
    }
}

#[test]
fn a_log_that_was_written_anew_does_not_have_the_head_that_was_noted() {
    let place = tempfile::tempdir().unwrap();
    let head = ten(place.path());
    let store = Store::open(place.path(), Options::default()).unwrap();
    append(&store, [short(11, "start")]);
    assert_eq!(store.audit_verify(Some(&head)).unwrap().head.number, 11);
    let other = AuditHead { hash: "0".repeat(64), ..head.clone() };
    assert!(matches!(store.audit_verify(Some(&other)), Err(StoreError::AuditBroken { .. })));
    let later = AuditHead { number: 12, ..head };
    assert!(matches!(store.audit_verify(Some(&later)), Err(StoreError::AuditBroken { .. })));
}

// covers: F-20
#[test]
fn the_oldest_rows_go_when_they_are_too_many_and_a_row_says_so() {
    let place = tempfile::tempdir().unwrap();
    let many = Options { audit_rows_max: 20, audit_chunk_max: 10, ..Options::default() };
    let store = Store::open(place.path(), Options::default()).unwrap();
    append(&store, (1..=95).map(|number| record(number, &format!("room{number}@example.com"))));
    store.close().unwrap();
    let store = Store::open(place.path(), many).unwrap();
    wait_until(|| store.status().audit_removed >= 75);
    wait_until(|| numbers(&store, &AuditQuery::default()).len() <= 20);
    let Verified { rows, removed, head } = store.audit_verify(None).unwrap();
    assert!(rows <= 20 && removed >= 75, "{rows} {removed}");
    assert_eq!(rows + removed, head.number);
    let removals = AuditQuery { act: Some("audit.removed".to_owned()), ..AuditQuery::default() };
    assert!(!numbers(&store, &removals).is_empty());
    store.close().unwrap();
    let names = "SELECT count(*) FROM audit_names WHERE name = 'room1@example.com'";
    let connection = Connection::open(place.path().join("herald.db")).unwrap();
    assert_eq!(connection.query_row(names, [], |row| row.get::<_, u64>(0)), Ok(0), "nor do names stay");
}

#[test]
fn rows_that_are_too_old_go() {
    let place = tempfile::tempdir().unwrap();
    ten(place.path());
    let day = Duration::from_secs(24 * 3600);
    let store =
        Store::open(place.path(), Options { audit_age_max: Some(day), ..Options::default() }).unwrap();
    wait_until(|| store.status().audit_removed == 10);
    let Verified { rows, removed, .. } = store.audit_verify(None).unwrap();
    assert_eq!((rows, removed), (1, 10));
}
