//! Facts to write, and ways to write and read them in one line.

use model::{Address, AliasEntry, Batch, CallDetailRecord, CallEnd, Fact, SoftRecord, Timestamp};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use store::{Options, Storage, StoreError};

/// How long anything may take before a test gives up; far beyond what a loaded machine needs.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn address(local: &str) -> Address {
    Address::parse(&format!("{local}@example.com")).unwrap()
}

pub fn principal(local: &str, created_at: i64) -> Fact {
    Fact::Principal { address: address(local), created_at: Timestamp(created_at) }
}

pub fn alias(name: &str, principal: &str) -> Fact {
    Fact::Alias(AliasEntry {
        address: address(name),
        kind: "h323-ID".to_owned(),
        original: name.to_owned(),
        principal: address(principal),
    })
}

/// A principal and one name of it.
pub fn registered(name: &str) -> Batch {
    Batch { facts: vec![principal(name, 1), alias(name, name)] }
}

/// An alias of a principal nobody knows: contradicts the store.
pub fn contradiction() -> Batch {
    Batch { facts: vec![principal("innocent", 1), alias("orphan", "nobody")] }
}

pub fn call(number: i64, ended_at: i64) -> CallDetailRecord {
    CallDetailRecord {
        call_identifier: format!("{number:032x}"),
        conference_identifier: Some(format!("{:032x}", number + 1)),
        caller: "Meeting Room 4".to_owned(),
        callee: "4711".to_owned(),
        caller_address: Some("192.0.2.4:1720".to_owned()),
        callee_address: None,
        admitted_at: Timestamp(ended_at - 60_000),
        answered_at: Some(Timestamp(ended_at - 50_000)),
        ended_at: Timestamp(ended_at),
        end: CallEnd::OneSided,
        reason: Some("normalDrop".to_owned()),
        bandwidth: 7680,
    }
}

pub fn soft(key: &str, value: Option<&str>) -> SoftRecord {
    SoftRecord { table: "h323.registration", key: key.to_owned(), value: value.map(str::to_owned) }
}

/// Options that commit when a group is full and not before.
pub fn groups_of(facts: usize) -> Options {
    Options { group_facts_max: facts, group_wait: Duration::from_secs(3600), ..Options::default() }
}

/// Hands in a batch and waits for its outcome.
pub fn write(store: &impl Storage, batch: Batch) -> Result<(), StoreError> {
    write_all(store, vec![batch]).remove(0)
}

/// Hands in batches without waiting in between, then waits for all outcomes.
pub fn write_all(store: &impl Storage, batches: Vec<Batch>) -> Vec<Result<(), StoreError>> {
    let (sender, receiver) = mpsc::channel();
    let count = batches.len();
    for batch in batches {
        let sender = sender.clone();
        store.submit(batch, move |outcome| sender.send(outcome).unwrap()).unwrap();
    }
    (0..count).map(|_| receiver.recv_timeout(PATIENCE).expect("every batch is answered")).collect()
}

/// The alias book as `name>principal` texts, sorted.
pub fn alias_book(store: &impl Storage) -> Vec<String> {
    let mut book = Vec::new();
    store
        .aliases(|entry| book.push(format!("{}>{}", entry.address.local(), entry.principal.local())))
        .unwrap();
    book.sort();
    book
}

/// The addresses of all principals, sorted.
pub fn principals(store: &impl Storage) -> Vec<String> {
    let mut names = Vec::new();
    store.principals(|principal| names.push(principal.address.local().to_owned())).unwrap();
    names.sort();
    names
}

/// One table of soft state as `key=value` texts, sorted.
pub fn soft_table(store: &impl Storage, table: &str) -> Vec<String> {
    let mut records = Vec::new();
    store.soft(table, |key, value, _| records.push(format!("{key}={value}"))).unwrap();
    records.sort();
    records
}

/// Waits for another thread to make something true.
pub fn wait_until(mut is_true: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_true() {
        assert!(started.elapsed() < PATIENCE, "it never became true");
        std::thread::sleep(Duration::from_millis(1));
    }
}
