//! Measures the store on this machine's disk: durable facts, soft state, loading, checks, backup.
//!
//! `cargo run --release -p store --example measure -- <empty directory> [principals]`

use model::{Address, AliasEntry, Batch, Fact, SoftRecord, Timestamp};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use store::{Options, Store, StoreError, Writer};

fn main() -> Result<(), StoreError> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("the first argument is an empty directory");
    let principals = arguments.next().map_or(100_000, |count| count.parse().expect("a number of principals"));
    let directory = Path::new(&directory);

    let store = Store::open(directory, Options::default())?;
    report("first registrations (2 facts each), handed in at once", &store, || {
        register(&store.writer(), principals)
    });
    for callers in [1, 8, 64] {
        report(&format!("{callers} callers, each waiting for its fact"), &store, || {
            wait_each(&store, callers)
        });
    }
    let started = Instant::now();
    remember(&store.writer(), principals);
    while store.status().soft_records < principals as u64 {
        thread::sleep(Duration::from_millis(5));
    }
    println!("{:<58} {:>9.0}/s", "soft records", principals as f64 / started.elapsed().as_secs_f64());
    timed("close", || store.close())?;

    let store = timed("open", || Store::open(directory, Options::default()))?;
    println!("{:<58} {:>9}", "checked whole at start", store.was_checked_whole());
    timed("read all principals", || store.principals(|_| ()))?;
    timed("read the alias book", || store.aliases(|_| ()))?;
    timed("read soft state", || store.soft("h323.registration", |_, _, _| ()))?;
    let (sender, receiver) = mpsc::channel();
    timed("full check", || {
        store.integrity_check_in_background(move |outcome| sender.send(outcome).unwrap_or_default())?;
        receiver.recv().unwrap_or(Err(StoreError::Closed))
    })?;
    let copy = directory.join("copy.db");
    timed("backup", || store.backup(&copy))?;
    store.close()?;
    timed("restore", || store::restore(directory, &copy, None))?;
    Ok(())
}

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.com")).expect("the name is plain")
}

fn alias(name: &str) -> Fact {
    let kind = "h323-ID".to_owned();
    Fact::Alias(AliasEntry {
        address: address(name),
        kind,
        original: name.to_owned(),
        principal: address(name),
    })
}

fn register(writer: &Writer, principals: usize) {
    let (sender, receiver) = mpsc::channel();
    for number in 0..principals {
        // Spread over the tree, as names are.
        let name = format!("room{:08x}", (number as u32).wrapping_mul(0x9e37_79b1));
        let facts = vec![Fact::Principal { address: address(&name), created_at: Timestamp(1) }, alias(&name)];
        loop {
            let sender = sender.clone();
            match writer.submit(Batch { facts: facts.clone() }, move |outcome| drop(sender.send(outcome))) {
                Err(StoreError::QueueFull { .. }) => thread::sleep(Duration::from_millis(1)),
                outcome => break outcome.expect("the store takes batches"),
            }
        }
    }
    drop(sender);
    assert!(receiver.iter().all(|outcome| outcome.is_ok()));
}

fn wait_each(store: &Store, callers: usize) {
    const FOR: Duration = Duration::from_secs(3);
    thread::scope(|scope| {
        for caller in 0..callers {
            scope.spawn(move || {
                let writer = store.writer();
                let name = format!("caller{caller}");
                let facts =
                    vec![Fact::Principal { address: address(&name), created_at: Timestamp(1) }, alias(&name)];
                let started = Instant::now();
                while started.elapsed() < FOR {
                    let (sender, receiver) = mpsc::channel();
                    let batch = Batch { facts: facts.clone() };
                    writer
                        .submit(batch, move |outcome| drop(sender.send(outcome)))
                        .expect("the queue has room");
                    receiver.recv().expect("every batch is answered").expect("the disk has room");
                }
            });
        }
    });
}

fn remember(writer: &Writer, records: usize) {
    for number in 0..records {
        let value =
            format!("{{\"rasAddress\":\"192.0.2.1:1719\",\"expires\":{number},\"pad\":\"{:0200}\"}}", number);
        let record =
            SoftRecord { table: "h323.registration", key: format!("{number:08}"), value: Some(value) };
        while writer.submit_soft(vec![record.clone()]).is_err() {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn report(what: &str, store: &Store, work: impl FnOnce()) {
    let before = store.status();
    let started = Instant::now();
    work();
    let seconds = started.elapsed().as_secs_f64();
    let after = store.status();
    let facts = (after.facts - before.facts) as f64;
    let commits = (after.commits - before.commits) as f64;
    println!(
        "{what:<58} {:>9.0} facts/s {:>7.0} commits/s {:>7.1} facts/commit",
        facts / seconds,
        commits / seconds,
        facts / commits
    );
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let started = Instant::now();
    let outcome = work();
    println!("{what:<58} {:>9.3} s", started.elapsed().as_secs_f64());
    outcome
}
