//! What every back end must promise of the history of messages and of erasure;
//! [`conformance`](crate::conformance) makes tests of it.

use crate::audit::{append, numbers, record};
use crate::conformance::Open;
use crate::messages::{fill, plain, settled, stored};
use crate::samples::{address, alias, alias_book, principals, soft, soft_table, write};
use model::{
    Batch, BlockRecord, ContactCard, Erasure, Fact, HistoryOutcome, HistoryRecord, MessageContent, MessageId,
    SubscriptionId, SubscriptionRecord, Timestamp,
};
use store::{AuditQuery, HistoryQuery, Storage};

/// A message as the history of one has it; no field has its default value.
pub fn kept(principal: &str, peer: &str, is_sent: bool, number: u8) -> HistoryRecord {
    HistoryRecord {
        principal: address(principal),
        peer: address(peer),
        is_sent,
        thread: Some([number; 16]),
        at: Timestamp(i64::from(number) * 1000),
        id: MessageId([number; 16]),
        text: format!("secret {number} \u{e9}\0 end"),
        content: Some(MessageContent { media_type: "text/html".to_owned(), body: vec![0, 0xff, number] }),
        outcome: HistoryOutcome::Accepted,
    }
}

fn remembered(record: HistoryRecord) -> Fact {
    Fact::Remembered(Box::new(record))
}

fn all(store: &impl Storage, principal: &str) -> Vec<HistoryRecord> {
    let rows = store.history(&HistoryQuery::of(address(principal)), u32::MAX).unwrap();
    rows.into_iter().map(|(_, record)| record).collect()
}

pub fn a_history_comes_back_whole_newest_first_and_in_pages<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let rows = [kept("a", "b", true, 1), kept("a", "x", false, 2), kept("a", "b", false, 3)];
    let mut facts = Vec::from(rows.clone().map(remembered));
    facts.insert(1, remembered(kept("b", "a", false, 1)));
    // A repeat.
    facts.push(remembered(kept("a", "b", true, 1)));
    fill(&store, facts);
    store.close().unwrap();
    let store = open(place.path());
    let [first, second, third] = rows;
    assert_eq!(all(&store, "a"), [third.clone(), second.clone(), first.clone()]);
    assert_eq!(all(&store, "b"), [kept("b", "a", false, 1)]);
    assert!(all(&store, "nobody").is_empty());
    let ask = |change: fn(&mut HistoryQuery)| {
        let mut query = HistoryQuery::of(address("a"));
        change(&mut query);
        let rows = store.history(&query, 10).unwrap();
        rows.into_iter().map(|(_, record)| record).collect::<Vec<_>>()
    };
    assert_eq!(ask(|query| query.peer = Some(address("b"))), [third.clone(), first.clone()]);
    assert_eq!(ask(|query| query.thread = Some([2; 16])), std::slice::from_ref(&second));
    assert_eq!(ask(|query| query.since = Some(Timestamp(2000))), [third.clone(), second.clone()]);
    assert_eq!(ask(|query| query.until = Some(Timestamp(2000))), [first]);
    let mut query = HistoryQuery::of(address("a"));
    let page = store.history(&query, 1).unwrap();
    query.before = Some(page[0].0);
    assert_eq!(store.history(&query, 1).unwrap()[0].1, second);
}

pub fn what_became_of_a_message_is_in_both_histories<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let concluded = |sender, number, outcome| Fact::HistoryConcluded {
        sender: address(sender),
        id: MessageId([number; 16]),
        outcome,
    };
    let facts = vec![
        remembered(kept("a", "b", true, 1)),
        remembered(kept("b", "a", false, 1)),
        // Another sender's message of the same name.
        remembered(kept("a", "b", false, 1)),
        remembered(kept("a", "b", true, 2)),
        concluded("a", 1, HistoryOutcome::Delivered),
        concluded("a", 2, HistoryOutcome::Failed),
        concluded("nobody", 2, HistoryOutcome::Delivered),
    ];
    fill(&store, facts);
    let outcomes = |principal| Vec::from_iter(all(&store, principal).iter().map(|row| row.outcome));
    use HistoryOutcome::{Accepted, Delivered, Failed};
    assert_eq!(outcomes("a"), [Failed, Accepted, Delivered]);
    assert_eq!(outcomes("b"), [Delivered]);
}

pub fn who_is_excepted_from_history_is_known_when_opened_again<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let keep = |name, is_kept| Fact::HistoryKept { principal: address(name), is_kept };
    fill(&store, vec![keep("a", false), keep("b", false), keep("b", false), keep("b", true)]);
    store.close().unwrap();
    let mut excepted = Vec::new();
    assert_eq!(open(place.path()).history_exceptions(|principal| excepted.push(principal)), Ok(1));
    assert_eq!(excepted, [address("a")]);
}

// covers: F-20
pub fn who_is_erased_is_nowhere_and_the_others_are_as_they_were<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let watches = |watcher, presentity, id| {
        Fact::Subscription(Box::new(SubscriptionRecord {
            id: SubscriptionId([id; 16]),
            watcher: address(watcher),
            presentity: address(presentity),
            is_active: true,
            by_rule: false,
            hidden_since: None,
            asked_at: Timestamp(1),
            written: None,
            card: ContactCard::default(),
        }))
    };
    let blocks = |owner, blocked| {
        Fact::Block(Box::new(BlockRecord {
            owner: address(owner),
            blocked: address(blocked),
            since: Timestamp(1),
            written: None,
            card: ContactCard::default(),
        }))
    };
    let facts = vec![
        alias("a", "a"),
        alias("a2", "a"),
        alias("b", "b"),
        watches("a", "b", 1),
        watches("b", "a", 2),
        watches("b", "c", 3),
        blocks("a", "c"),
        blocks("b", "a2"),
        blocks("b", "c"),
        stored("a", 1, plain("b", 1)),
        stored("b", 2, plain("a2", 2)),
        stored("b", 3, plain("c", 3)),
        settled("b", "a2", 2, 50),
        remembered(kept("a", "b", true, 1)),
        remembered(kept("b", "a", false, 1)),
        remembered(kept("b", "c", false, 2)),
        Fact::HistoryKept { principal: address("a"), is_kept: false },
    ];
    fill(&store, facts);
    append(&store, [record(1, "a@example.com"), record(2, "b@example.com")]);
    let erasure = Erasure {
        principal: address("a"),
        names: vec![address("a"), address("a2")],
        originals: vec!["a".to_owned(), "a2".to_owned()],
    };
    write(&store, Batch { facts: vec![Fact::Erased(Box::new(erasure))] }).unwrap();
    store.submit_soft(vec![soft("k", Some("1"))]).unwrap();
    store.close().unwrap();

    let store = open(place.path());
    assert_eq!(principals(&store), ["b"]);
    assert_eq!(alias_book(&store), ["b>b"]);
    let mut relations = Vec::new();
    store.subscriptions(|record| relations.push((record.watcher, record.presentity))).unwrap();
    store.blocks(|record| relations.push((record.owner, record.blocked))).unwrap();
    assert_eq!(relations, [(address("b"), address("c")), (address("b"), address("c"))]);
    let mut senders = Vec::new();
    store.messages(|_, _, message| senders.push(message.sender)).unwrap();
    store.settled(|_, sender, _, _| senders.push(sender)).unwrap();
    assert_eq!(senders, [address("c")]);
    assert!(all(&store, "a").is_empty());
    assert_eq!(all(&store, "b"), [kept("b", "c", false, 2)]);
    assert_eq!(store.history_exceptions(|principal| panic!("{principal}")), Ok(0));
    assert_eq!(soft_table(&store, "h323.registration"), ["k=1"]);
    let about = |name: &str| AuditQuery { object: Some(name.to_owned()), ..AuditQuery::default() };
    assert_eq!(numbers(&store, &AuditQuery::default()), [1, 2], "the chain goes on");
    assert!(numbers(&store, &about("a@example.com")).is_empty());
    assert!(numbers(&store, &about("b@example.com")).contains(&2));
    // The name is free, for whoever comes next.
    write(&store, Batch { facts: vec![crate::samples::principal("a", 9), alias("a", "a")] }).unwrap();
}
