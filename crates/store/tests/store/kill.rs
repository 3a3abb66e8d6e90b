//! `kill -9` at any moment: all that was confirmed is there.

use crate::messages::message;
use crate::samples::{address, alias_book, registered, soft, soft_table};
use model::{Fact, Timestamp};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use store::{Integrity, LastShutdown, Options, Store, StoreError};

const DIRECTORY: &str = "STORE_TEST_KILL_DIRECTORY";
const ROUND: &str = "STORE_TEST_KILL_ROUND";
/// Kills, and how many more a slow machine gets until enough was confirmed.
const ROUNDS: u32 = 20;
const ROUNDS_MAX: u32 = 200;
const CONFIRMED_MIN: usize = 1000;

/// Writes without end and prints the number of every batch after its confirmation.
#[test]
#[ignore = "the child of the test in this file, which kills it"]
fn child() {
    let directory = std::env::var(DIRECTORY).expect("the parent names the directory");
    let round = std::env::var(ROUND).expect("the parent names the round");
    let options =
        Options { soft_interval: Duration::from_millis(5), soft_chunk_max: 16, ..Options::default() };
    let store = Store::open(Path::new(&directory), options).unwrap();
    println!("epoch {}", store.epoch());
    let writer = store.writer();
    for number in 0_u64.. {
        let name = format!("r{round}n{number}");
        let line = format!("confirmed {name}\n");
        let confirm = move |outcome: Result<(), StoreError>| {
            outcome.unwrap();
            std::io::stdout().write_all(line.as_bytes()).unwrap();
        };
        let mut batch = registered(&name);
        batch.facts.extend(message_facts(&round, number));
        while let Err(StoreError::QueueFull { .. }) = writer.submit(batch.clone(), confirm.clone()) {
            thread::yield_now();
        }
        let _ = writer.submit_soft(vec![soft(&format!("key{}", number % 100), Some(&name))]);
        if number % 64 == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A message in the inbox of the person of this number; every third time the one before has left its inbox.
fn message_facts(round: &str, number: u64) -> Vec<Fact> {
    let [before, inbox] = [number.saturating_sub(1), number].map(|number| format!("r{round}n{number}"));
    let message = message(&inbox, 1);
    let (left, sender, id) = (address(&before), address(&before), message.id);
    let mut facts = vec![Fact::Message { inbox: address(&inbox), place: number, message: Box::new(message) }];
    if number > 0 && number.is_multiple_of(3) {
        facts.push(Fact::MessageSettled { inbox: left, sender, id, at: Timestamp(1) });
    }
    facts
}

/// Names of confirmed batches whose messages are not as those batches left them.
fn messages_lost(store: &Store, confirmed: &BTreeSet<String>) -> Vec<String> {
    let mut waiting = BTreeSet::new();
    store
        .messages(|inbox, _, found| {
            assert_eq!(found, message(inbox.local(), 1));
            waiting.insert(inbox.local().to_owned());
        })
        .unwrap();
    let mut left = BTreeSet::new();
    let note_left = |inbox: model::Address, _, _, _| {
        left.insert(inbox.local().to_owned());
    };
    store.settled(note_left).unwrap();
    let is_lost = |name: &&String| {
        let (round, number) = name.split_once('n').unwrap();
        let number: u64 = number.parse().unwrap();
        let must_have_left = number > 0 && number.is_multiple_of(3);
        !waiting.contains(*name) && !left.contains(*name)
            || must_have_left && !left.contains(&format!("{round}n{}", number - 1))
    };
    confirmed.iter().filter(is_lost).cloned().collect()
}

fn start(directory: &Path, round: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "kill::child"])
        .env(DIRECTORY, directory)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a child write for a while, kills it, and returns its epoch and what it had confirmed.
fn write_and_kill(directory: &Path, round: u32) -> (Option<u32>, Vec<String>) {
    let mut child = start(directory, round);
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = thread::spawn(move || {
        let mut epoch = None;
        let mut confirmed = Vec::new();
        // The last line may be cut; what is not whole was not said.
        for line in output.lines().map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("epoch", number)) => epoch = number.parse().ok(),
                Some(("confirmed", name)) => confirmed.push(name.to_owned()),
                _ => {}
            }
        }
        (epoch, confirmed)
    });
    // From the middle of the start to the middle of writing.
    thread::sleep(Duration::from_millis(4 + u64::from(round * 37 % 150)));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
fn all_that_was_confirmed_survives_a_kill_at_any_moment() {
    let place = tempfile::tempdir().unwrap();
    let mut confirmed = BTreeSet::new();
    let mut epoch_seen = 0;
    let mut round = 0;
    while round < ROUNDS || confirmed.len() < CONFIRMED_MIN {
        assert!(round < ROUNDS_MAX, "only {} batches were confirmed", confirmed.len());
        round += 1;
        let (epoch, names) = write_and_kill(place.path(), round);
        if let Some(epoch) = epoch {
            assert!(epoch > epoch_seen, "epoch {epoch} after {epoch_seen}");
            epoch_seen = epoch;
        }
        confirmed.extend(names);
    }
    let store = Store::open(place.path(), Options::default()).unwrap();
    assert!(store.epoch() > epoch_seen);
    assert_eq!(store.last_shutdown(), LastShutdown::Unclean);
    let found: BTreeSet<String> = alias_book(&store).into_iter().collect();
    let is_lost = |name: &&String| !found.contains(&format!("{name}>{name}"));
    let lost: Vec<&String> = confirmed.iter().filter(is_lost).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {:?}", lost.len(), confirmed.len(), lost.first());
    assert_eq!(messages_lost(&store, &confirmed), [""; 0]);
    assert!(!soft_table(&store, "h323.registration").is_empty());

    let (sender, receiver) = std::sync::mpsc::channel();
    store.integrity_check_in_background(move |outcome| sender.send(outcome).unwrap()).unwrap();
    assert_eq!(receiver.recv(), Ok(Ok(())));
    assert!(matches!(store.status().integrity, Integrity::Sound { .. }));
}

#[test]
fn a_directory_used_by_another_process_is_refused_until_that_one_is_killed() {
    let place = tempfile::tempdir().unwrap();
    let mut child = start(place.path(), 0);
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    while !output.next().unwrap().unwrap().starts_with("epoch") {}
    let refused = Store::open(place.path(), Options::default()).err();
    let holder = Some(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(refused, Some(StoreError::Locked { directory: place.path().to_path_buf(), holder }));
    assert!(Store::open(place.path(), Options::default()).is_ok());
}
