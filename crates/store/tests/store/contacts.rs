//! What every back end must promise of publications, subscriptions and blocks; [`conformance`](crate::conformance)
//! makes tests of it.

use crate::conformance::{Open, place};
use crate::samples::{address, principal, write};
use model::{
    Amount, Batch, BlockRecord, Capability, ContactCard, Fact, Handling, Level, Location, Note,
    PresenceState, Publication, Rule, RuleKey, Service, Subject, SubscriptionId, SubscriptionRecord, Times,
    Timestamp,
};
use store::{ErrorKind, Storage};

fn note(language: Option<&str>, text: &str) -> Note {
    Note { language: language.map(str::to_owned), text: text.to_owned() }
}

fn publication(at: i64) -> Publication {
    Publication {
        state: PresenceState::NotAvailable,
        qualifier: Some("desk".to_owned()),
        custom: vec![note(None, "\u{6c34}")],
        notes: vec![note(Some("de"), "zu Tisch"), note(Some("en"), "nul\0 'and' \"quotes\"")],
        capabilities: Some(vec![
            Capability::Audio,
            Capability::Other { identifier: "1.2.3".to_owned(), text: None },
        ]),
        location: Some(Location { country_code: Some("DE".to_owned()), ..Location::default() }),
        extensions: Box::default(),
        at: Timestamp(at),
    }
}

fn published(device: &str, at: i64) -> Fact {
    let (principal, device) = (address("alice"), device.to_owned());
    Fact::Published { principal, device, publication: Box::new(publication(at)) }
}

fn subscription(presentity: &str, is_active: bool) -> SubscriptionRecord {
    SubscriptionRecord {
        id: SubscriptionId([0xa5; 16]),
        watcher: address("alice"),
        presentity: address(presentity),
        is_active,
        by_rule: is_active,
        hidden_since: is_active.then_some(Timestamp(78)),
        asked_at: Timestamp(77),
        written: Some(("h323-ID".to_owned(), "B\u{d6}B".to_owned())),
        card: ContactCard {
            display: Some(note(Some("en"), "Bob")),
            avatar: Some("/bob.png".to_owned()),
            category: Some(Capability::Video),
        },
    }
}

fn block(blocked: &str, since: i64) -> BlockRecord {
    BlockRecord {
        owner: address("alice"),
        blocked: address(blocked),
        since: Timestamp(since),
        written: None,
        card: ContactCard::default(),
    }
}

fn publications(store: &impl Storage) -> Vec<(String, Publication)> {
    let mut found = Vec::new();
    store.publications(|record| found.push((record.device, record.publication))).unwrap();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn contacts(store: &impl Storage) -> (Vec<SubscriptionRecord>, Vec<BlockRecord>) {
    let (mut subscriptions, mut blocks) = (Vec::new(), Vec::new());
    store.subscriptions(|record| subscriptions.push(record)).unwrap();
    store.blocks(|record| blocks.push(record)).unwrap();
    subscriptions.sort_by(|one, other| one.presentity.cmp(&other.presentity));
    (subscriptions, blocks)
}

pub fn what_persons_published_is_there_when_opened_again<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let facts = vec![principal("alice", 1), published("a", 5), published("b", 6), published("a", 7)];
    write(&store, Batch { facts }).unwrap();
    let expected = [("a".to_owned(), publication(7)), ("b".to_owned(), publication(6))];
    assert_eq!(publications(&store), expected);
    store.close().unwrap();
    assert_eq!(publications(&open(place.path())), expected);
}

// covers: C-09
pub fn subscriptions_and_blocks_are_there_when_opened_again<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let facts = vec![
        principal("alice", 1),
        Fact::Subscription(Box::new(subscription("bob", false))),
        Fact::Subscription(Box::new(subscription("carol", false))),
        Fact::Subscription(Box::new(subscription("bob", true))),
        Fact::Block(Box::new(block("dave", 1))),
        Fact::Block(Box::new(block("dave", 2))),
    ];
    write(&store, Batch { facts }).unwrap();
    store.close().unwrap();
    let expected = (vec![subscription("bob", true), subscription("carol", false)], vec![block("dave", 2)]);
    assert_eq!(contacts(&open(place.path())), expected);
}

pub fn contacts_of_nobody_known_contradict_the_store<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let (of_nobody, by_nobody) = (subscription("bob", true), block("bob", 1));
    for fact in [Fact::Subscription(Box::new(of_nobody)), Fact::Block(Box::new(by_nobody)), published("a", 5)]
    {
        let error = write(&store, Batch { facts: vec![fact] }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Fault);
    }
}

pub fn what_has_ended_is_not_there<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let (alice, bob) = (address("alice"), address("bob"));
    let facts = vec![
        principal("alice", 1),
        published("a", 5),
        Fact::Subscription(Box::new(subscription("bob", true))),
        Fact::Block(Box::new(block("bob", 1))),
    ];
    write(&store, Batch { facts }).unwrap();
    let facts = vec![
        Fact::PublicationEnded { principal: alice.clone(), device: "a".to_owned() },
        Fact::SubscriptionEnded { watcher: alice.clone(), presentity: bob.clone() },
        Fact::BlockEnded { owner: alice, blocked: bob },
    ];
    write(&store, Batch { facts }).unwrap();
    assert_eq!((publications(&store), contacts(&store)), (Vec::new(), (Vec::new(), Vec::new())));
}

fn rule(who: &str, handling: Handling) -> Rule {
    let key = RuleKey {
        level: Level::Owner,
        whom: Subject::Address(address("alice")),
        who: who.parse().unwrap(),
        service: Service::Messages,
    };
    let times =
        Times { until: Some(Timestamp(9)), hours: "mon 08:00-09:00".parse().ok(), ..Times::default() };
    Rule { key, handling, amount: Amount::Activity, times, since: Timestamp(5) }
}

// covers, C-09
pub fn rules_are_there_when_opened_again<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let facts = vec![
        Fact::Rule(Box::new(rule("everybody", Handling::Allow))),
        Fact::Rule(Box::new(rule("group:board@x.example", Handling::Block))),
        Fact::Rule(Box::new(rule("everybody", Handling::Confirm))),
        Fact::Rule(Box::new(rule("contacts", Handling::Allow))),
        Fact::RuleEnded(Box::new(rule("contacts", Handling::Allow).key)),
    ];
    write(&store, Batch { facts }).unwrap();
    store.close().unwrap();
    let mut rules = Vec::new();
    open(place.path()).rules(|rule| rules.push(rule)).unwrap();
    rules.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(rules, [rule("group:board@x.example", Handling::Block), rule("everybody", Handling::Confirm)]);
}
