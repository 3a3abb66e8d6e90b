//! Many batches, few commits.

use crate::samples::{
    contradiction, groups_of, principals, registered, soft, soft_table, wait_until, write_all,
};
use model::Batch;
use std::sync::mpsc;
use std::time::Duration;
use store::{ErrorKind, Options, Store, StoreError};

#[test]
fn waiting_batches_share_a_commit_up_to_the_limit() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), groups_of(512)).unwrap();
    // Two facts in each batch: 1024 batches are four full groups.
    let outcomes = write_all(&store, (0..1024).map(|number| registered(&format!("room{number}"))).collect());
    assert!(outcomes.iter().all(Result::is_ok));
    let status = store.status();
    assert_eq!((status.commits, status.facts, status.group_facts_largest), (4, 2048, 512));
}

#[test]
fn a_bad_batch_costs_its_group_no_further_commit() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), groups_of(6)).unwrap();
    let outcomes = write_all(&store, vec![registered("before"), contradiction(), registered("after")]);
    assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Contradiction { .. }), Ok(())]));
    let status = store.status();
    assert_eq!((status.commits, status.facts, status.batches_failed), (1, 4, 1));
    assert!(matches!(status.last_failure, Some(StoreError::Contradiction { .. })));
}

#[test]
fn a_group_of_bad_batches_is_no_commit() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), groups_of(4)).unwrap();
    let outcomes = write_all(&store, vec![contradiction(), contradiction()]);
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(store.status().commits, 0);
}

#[test]
fn a_batch_larger_than_a_group_commits_alone() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), groups_of(4)).unwrap();
    let large =
        Batch { facts: (0..10).flat_map(|number| registered(&format!("room{number}")).facts).collect() };
    assert_eq!(write_all(&store, vec![large]), [Ok(())]);
    assert_eq!(store.status().group_facts_largest, 20);
}

#[test]
fn a_full_queue_refuses_and_counts_what_it_refused() {
    let place = tempfile::tempdir().unwrap();
    let options = Options {
        queue_facts_max: 4,
        soft_waiting_max: 1,
        soft_interval: Duration::from_secs(3600),
        ..groups_of(100)
    };
    let store = Store::open(place.path(), options).unwrap();
    let writer = store.writer();
    let large = Batch {
        facts: [registered("a"), registered("b"), registered("c")]
            .into_iter()
            .flat_map(|b| b.facts)
            .collect(),
    };
    assert_eq!(writer.submit(large, |_| ()), Err(StoreError::BatchTooLarge { facts: 6, max: 4 }));
    writer.submit(registered("first"), |_| ()).unwrap();
    writer.submit(registered("second"), |_| ()).unwrap();
    let refused =
        writer.submit(registered("third"), |_| panic!("a refused batch is never answered")).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Unavailable { .. }));
    writer.submit_soft(vec![soft("a", Some("1"))]).unwrap();
    assert!(writer.submit_soft(vec![soft("b", Some("1"))]).is_err());
    let status = store.status();
    assert_eq!((status.refused, status.facts_waiting, status.soft_waiting), (2, 4, 1));
    store.close().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    assert_eq!(principals(&store), ["first", "second"]);
}

#[test]
fn soft_records_are_written_while_facts_keep_the_writer_busy() {
    let place = tempfile::tempdir().unwrap();
    let options = Options {
        soft_interval: Duration::ZERO,
        soft_chunk_max: 10,
        group_wait: Duration::ZERO,
        ..Options::default()
    };
    let store = Store::open(place.path(), options).unwrap();
    let writer = store.writer();
    writer.submit_soft((0..100).map(|number| soft(&format!("{number:03}"), Some("1"))).collect()).unwrap();
    let mut number = 0;
    wait_until(|| {
        number += 1;
        writer.submit(registered(&format!("room{number}")), |outcome| outcome.unwrap()).unwrap();
        store.status().soft_records == 100
    });
    assert_eq!(soft_table(&store, "h323.registration").len(), 100);
}

#[test]
fn a_callers_panic_does_not_stop_the_writer() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    let writer = store.writer();
    writer.submit(registered("first"), |_| panic!("this caller's own fault, part of the test")).unwrap();
    let (sender, receiver) = mpsc::channel();
    writer.submit(registered("second"), move |outcome| sender.send(outcome).unwrap()).unwrap();
    assert_eq!(receiver.recv(), Ok(Ok(())));
}

#[test]
fn a_store_that_is_dropped_writes_what_it_has_taken() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), groups_of(100)).unwrap();
    let (sender, receiver) = mpsc::channel();
    store.writer().submit(registered("room"), move |outcome| sender.send(outcome).unwrap()).unwrap();
    drop(store);
    assert_eq!(receiver.recv(), Ok(Ok(())));
}

#[test]
fn a_batch_without_facts_is_written_too_and_so_tells_whether_the_disk_takes_anything() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    let log = place.path().join("herald.db-wal");
    let octets = || std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
    let before = octets();
    crate::samples::write(&store, Batch::default()).unwrap();
    assert!(octets() > before, "{before}");
    store.close().unwrap();
}
