//! Accounts of calls go when they are too many or too old, the oldest first.

use crate::history::kept;
use crate::messages::fill;
use crate::samples::{call, wait_until, write};
use model::{Batch, Fact};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use store::{CallQuery, HistoryQuery, Options, Store};

fn write_calls(place: &Path, ends: impl Iterator<Item = i64>) {
    let store = Store::open(place, Options::default()).unwrap();
    let facts =
        ends.enumerate().map(|(number, end)| Fact::Call(Box::new(call(number as i64, end)))).collect();
    write(&store, Batch { facts }).unwrap();
    store.close().unwrap();
}

fn ends(store: &Store) -> Vec<i64> {
    let calls = store.calls(&CallQuery { limit: 1000, ..CallQuery::default() }).unwrap();
    calls.iter().map(|call| call.ended_at.0).collect()
}

#[test]
fn the_oldest_accounts_go_when_there_are_too_many() {
    let place = tempfile::tempdir().unwrap();
    write_calls(place.path(), (0..95).map(|number| number * 1000));
    let store =
        Store::open(place.path(), Options { calls_max: 20, calls_chunk_max: 10, ..Options::default() })
            .unwrap();
    wait_until(|| store.status().calls_removed >= 75);
    store.close().unwrap();
    let store = Store::open(place.path(), Options::default()).unwrap();
    assert_eq!(ends(&store), (75..95).rev().map(|number| number * 1000).collect::<Vec<i64>>());
}

#[test]
fn accounts_that_are_too_old_go() {
    let place = tempfile::tempdir().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let hour = 3_600_000;
    write_calls(place.path(), [now - hour, now - 30 * hour, now - 40 * hour].into_iter());
    let day = Duration::from_secs(24 * 3600);
    let store =
        Store::open(place.path(), Options { calls_age_max: Some(day), ..Options::default() }).unwrap();
    wait_until(|| store.status().calls_removed >= 2);
    assert_eq!(ends(&store), [now - hour]);
}

#[test]
fn a_page_is_never_larger_than_its_limit() {
    let place = tempfile::tempdir().unwrap();
    write_calls(place.path(), 0..10_001);
    let store = Store::open(place.path(), Options::default()).unwrap();
    let calls = store.calls(&CallQuery { limit: u32::MAX, ..CallQuery::default() }).unwrap();
    assert_eq!(calls.len(), store::CALLS_PAGE_MAX as usize);
}

// covers: F-20
#[test]
fn messages_that_are_kept_expire_by_number_and_age() {
    let place = tempfile::tempdir().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let day = 24 * 3_600_000;
    let ages = [90 * day, 20 * day, 10 * day, 0];
    let store = Store::open(place.path(), Options::default()).unwrap();
    let rows = (1..).zip(ages).map(|(number, age)| {
        let at = model::Timestamp(now - age);
        Fact::Remembered(Box::new(model::HistoryRecord { at, ..kept("a", "b", true, number) }))
    });
    fill(&store, rows.collect());
    store.close().unwrap();
    let left = |options: Options, removed| {
        let store = Store::open(place.path(), options).unwrap();
        wait_until(|| store.status().history_removed == removed);
        let query = HistoryQuery::of(crate::samples::address("a"));
        store.history(&query, 10).unwrap().iter().map(|(_, row)| row.id.0[0]).collect::<Vec<_>>()
    };
    let month = Duration::from_secs(30 * 24 * 3600);
    assert_eq!(left(Options { history_age_max: Some(month), ..Options::default() }, 1), [4, 3, 2]);
    let chunk = Options { history_rows_max: 1, history_chunk_max: 1, ..Options::default() };
    assert_eq!(left(chunk, 2), [4]);
}
