//! No room: what was confirmed stays, what was not is reported, and room makes it work again.

use crate::samples::{groups_of, principal, principals, registered, soft, soft_table, write, write_all};
use model::Batch;
use store::{ErrorKind, LastShutdown, Options, Store, StoreError};

/// Room for an empty database and a few hundred rows.
const OCTETS: u64 = 256 * 1024;

fn small() -> Options {
    Options { database_octets_max: Some(OCTETS), ..Options::default() }
}

#[test]
fn what_was_confirmed_before_the_disk_was_full_is_there_and_room_makes_it_work_again() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), small()).unwrap();
    let mut confirmed = Vec::new();
    let error = loop {
        let name = format!("room{:05}", confirmed.len());
        match write(&store, registered(&name)) {
            Ok(()) => confirmed.push(name),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }));
    assert!(confirmed.len() > 100, "only {} fit", confirmed.len());
    assert_eq!(principals(&store), confirmed);
    store.close().unwrap();

    let store = Store::open(place.path(), Options::default()).unwrap();
    assert_eq!(principals(&store), confirmed);
    assert_eq!(write(&store, registered("room99999")), Ok(()));
}

#[test]
fn a_batch_that_does_not_fit_does_not_fail_its_neighbours() {
    let place = tempfile::tempdir().unwrap();
    let options = Options { database_octets_max: Some(OCTETS), ..groups_of(10_004) };
    let store = Store::open(place.path(), options).unwrap();
    let huge = Batch { facts: (0..10_000).map(|number| principal(&format!("room{number}"), 1)).collect() };
    let outcomes = write_all(&store, vec![registered("before"), huge, registered("after")]);
    assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Full { .. }), Ok(())]), "{outcomes:?}");
    assert_eq!(principals(&store), ["after", "before"]);
}

#[test]
fn a_close_that_could_not_write_all_soft_state_is_not_clean() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), small()).unwrap();
    let large = "x".repeat(usize::try_from(OCTETS).unwrap());
    store.writer().submit_soft(vec![soft("large", Some(&large))]).unwrap();
    assert!(matches!(store.close(), Err(StoreError::Full { .. })));
    assert_eq!(store.status().soft_failures, 1);
    let store = Store::open(place.path(), Options::default()).unwrap();
    assert_eq!(store.last_shutdown(), LastShutdown::Unclean);
}

#[test]
fn soft_state_that_did_not_fit_is_tried_again() {
    let place = tempfile::tempdir().unwrap();
    let store =
        Store::open(place.path(), Options { soft_interval: std::time::Duration::ZERO, ..small() }).unwrap();
    let large = "x".repeat(usize::try_from(OCTETS).unwrap());
    store.writer().submit_soft(vec![soft("key", Some(&large))]).unwrap();
    crate::samples::wait_until(|| store.status().soft_failures > 1);
    store.writer().submit_soft(vec![soft("key", Some("small"))]).unwrap();
    store.close().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    assert_eq!(soft_table(&store, "h323.registration"), ["key=small"]);
}
