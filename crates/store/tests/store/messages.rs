//! What every back end must promise of instant messages: what waits, in which order, and that what has left leaves
//! nothing but its id; [`conformance`](crate::conformance) makes tests of it.

use crate::conformance::Open;
use crate::samples::{address, principal, write};
use model::{Batch, Fact, InstantMessage, MessageContent, MessageId, ReceiptsWanted, Timestamp};
use store::{ErrorKind, Storage};

/// A message in which no field has its default value.
pub fn message(sender: &str, number: u8) -> InstantMessage {
    InstantMessage {
        id: MessageId([number; 16]),
        sender: address(sender),
        recipient: address("4711"),
        text: format!("secret {number} \u{e9}\u{5d0}\u{1f600}\0 end"),
        content: Some(MessageContent {
            media_type: "text/html".to_owned(),
            body: vec![0, 0xff, b'<', number],
        }),
        language: Some("pt-BR".to_owned()),
        sent_at: Timestamp(-5),
        expires_at: Some(Timestamp(2_000)),
        max_forwards: 69,
        thread: Some([9; 16]),
        wanted: ReceiptsWanted { delivered: true, displayed: false, failed: true },
        in_session: true,
        is_report: true,
        is_ignored: true,
    }
}

pub fn plain(sender: &str, number: u8) -> InstantMessage {
    InstantMessage {
        content: None,
        language: None,
        expires_at: None,
        thread: None,
        wanted: ReceiptsWanted::default(),
        in_session: false,
        is_report: false,
        is_ignored: false,
        ..message(sender, number)
    }
}

pub fn stored(inbox: &str, place: u64, message: InstantMessage) -> Fact {
    Fact::Message { inbox: address(inbox), place, message: Box::new(message) }
}

pub fn settled(inbox: &str, sender: &str, number: u8, at: i64) -> Fact {
    let (inbox, sender) = (address(inbox), address(sender));
    Fact::MessageSettled { inbox, sender, id: MessageId([number; 16]), at: Timestamp(at) }
}

pub fn fill(store: &impl Storage, facts: Vec<Fact>) {
    let mut all = vec![principal("a", 1), principal("b", 1)];
    all.extend(facts);
    write(store, Batch { facts: all }).unwrap();
}

/// What waits, as inbox, place and message.
fn waiting(store: &impl Storage) -> Vec<(String, u64, InstantMessage)> {
    let mut found = Vec::new();
    let each = |inbox: model::Address, place, message| found.push((inbox.local().to_owned(), place, message));
    let count = store.messages(each).unwrap();
    assert_eq!(count, found.len() as u64);
    found
}

/// What has left, as inbox, sender, number and when.
fn left(store: &impl Storage) -> Vec<(String, String, u8, i64)> {
    let mut found = Vec::new();
    store
        .settled(|inbox, sender, id, at| {
            found.push((inbox.local().to_owned(), sender.local().to_owned(), id.0[0], at.0));
        })
        .unwrap();
    found
}

pub fn messages_come_back_whole_in_order_of_inbox_and_place<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let last = (1 << 62) + 1;
    fill(
        &store,
        vec![
            stored("b", 2, message("x", 1)),
            stored("a", last, plain("x", 2)),
            stored("b", 1, plain("y", 1)),
        ],
    );
    store.close().unwrap();
    let expected = [
        ("a".to_owned(), last, plain("x", 2)),
        ("b".to_owned(), 1, plain("y", 1)),
        ("b".to_owned(), 2, message("x", 1)),
    ];
    assert_eq!(waiting(&open(place.path())), expected);
}

//
pub fn what_has_left_is_an_id_and_waits_no_more<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    fill(
        &store,
        vec![stored("b", 1, message("x", 1)), stored("b", 2, message("x", 2)), stored("a", 3, plain("x", 1))],
    );
    write(&store, Batch { facts: vec![settled("b", "x", 2, 70), settled("b", "x", 1, 60)] }).unwrap();
    assert_eq!(waiting(&store), [("a".to_owned(), 3, plain("x", 1))]);
    let expected = [("b".to_owned(), "x".to_owned(), 1, 60), ("b".to_owned(), "x".to_owned(), 2, 70)];
    assert_eq!(left(&store), expected, "the one that left first before the others");
}

pub fn ids_that_left_before_a_moment_are_forgotten<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let facts = (1..=4).map(|number| stored("b", u64::from(number), plain("x", number)));
    fill(&store, facts.collect());
    let facts = vec![
        settled("b", "x", 1, 10),
        settled("b", "x", 2, 20),
        settled("b", "x", 3, 30),
        Fact::MessagesForgotten { before: Timestamp(20) },
    ];
    write(&store, Batch { facts }).unwrap();
    assert_eq!(left(&store).iter().map(|left| left.2).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(waiting(&store).len(), 1);
}

pub fn a_message_written_again_is_there_once<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    fill(&store, vec![stored("b", 1, message("x", 1)), stored("b", 1, message("x", 1))]);
    assert_eq!(waiting(&store), [("b".to_owned(), 1, message("x", 1))]);
}

pub fn an_id_that_the_writer_has_forgotten_may_be_used_again<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    fill(&store, vec![stored("b", 1, message("x", 1)), settled("b", "x", 1, 60)]);
    write(&store, Batch { facts: vec![stored("b", 2, plain("x", 1))] }).unwrap();
    assert_eq!(waiting(&store), [("b".to_owned(), 2, plain("x", 1))]);
    assert_eq!(left(&store), []);
}

pub fn a_message_for_nobody_contradicts_the_store<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let error = write(&store, Batch { facts: vec![stored("nobody", 1, plain("x", 1))] }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fault);
}
