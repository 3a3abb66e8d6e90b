//! What every back end must promise of the audit log, and what only a file can be tried on: the chain, the triggers,
//! what is removed by age and number. [`conformance`](crate::conformance) makes tests of the first.

use crate::conformance::Open;
use crate::samples::write;
use model::{AuditEvent, AuditOutcome, AuditRecord, Batch, Fact, GatewayId, Timestamp};
use store::{AUDIT_PAGE_MAX, AuditQuery, AuditRow, Storage};

/// A record in which no field has its default value.
pub fn record(number: i64, object: &str) -> AuditRecord {
    AuditRecord {
        at: Timestamp(number * 1000),
        last_at: Timestamp(number * 1000 + 1),
        count: 2,
        event: AuditEvent {
            act: "message".into(),
            actor: Some("mallory@example.com".to_owned()),
            object: Some(object.to_owned()),
            target: Some("bob@example.com".to_owned()),
            outcome: AuditOutcome::Refused,
            reason: Some("the recipient does not take messages from this sender".into()),
            gateway: Some(GatewayId(7)),
            peer: Some("192.0.2.4".to_owned()),
        },
    }
}

pub fn short(number: i64, act: &'static str) -> AuditRecord {
    AuditRecord::once(Timestamp(number * 1000), AuditEvent::new(act, AuditOutcome::Done))
}

pub fn append(store: &impl Storage, records: impl IntoIterator<Item = AuditRecord>) {
    let facts = records.into_iter().map(|record| Fact::Audited(Box::new(record))).collect();
    write(store, Batch { facts }).unwrap();
}

pub fn numbers(store: &impl Storage, query: &AuditQuery) -> Vec<u64> {
    store.audit(query, AUDIT_PAGE_MAX).unwrap().iter().map(|row| row.number).collect()
}

// covers: F-18
pub fn records_come_back_whole_and_numbered_in_order<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    append(&store, [record(5, "alice@example.com")]);
    append(&store, [short(3, "start"), record(4, "room4@example.com")]);
    store.close().unwrap();
    let store = open(place.path());
    append(&store, [short(9, "stop")]);
    let expected =
        [record(5, "alice@example.com"), short(3, "start"), record(4, "room4@example.com"), short(9, "stop")];
    let expected = (1..).zip(expected).map(|(number, record)| AuditRow { number, record });
    assert_eq!(store.audit(&AuditQuery::default(), 10).unwrap(), expected.collect::<Vec<_>>());
}

pub fn rows_are_found_by_who_whom_what_and_when<S: Storage>(open: Open<S>) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let other = AuditRecord {
        event: AuditEvent { actor: Some("root (uid 0)".to_owned()), ..record(4, "room@example.com").event },
        ..record(4, "room@example.com")
    };
    append(&store, [record(1, "alice@example.com"), short(2, "stop"), record(3, "room4@example.com"), other]);
    let ask = |change: fn(&mut AuditQuery)| {
        let mut query = AuditQuery::default();
        change(&mut query);
        numbers(&store, &query)
    };
    assert_eq!(ask(|query| query.object = Some("alice@example.com".to_owned())), [1]);
    assert_eq!(ask(|query| query.object = Some("room".to_owned())), [4], "and not room4");
    assert_eq!(ask(|query| query.object = Some("bob".to_owned())), [1, 3, 4], "the target is an object too");
    assert_eq!(ask(|query| query.actor = Some("mallory".to_owned())), [1, 3]);
    assert_eq!(ask(|query| query.actor = Some("root".to_owned())), [4]);
    assert_eq!(ask(|query| query.act = Some("stop".to_owned())), [2]);
    assert_eq!(ask(|query| query.since = Some(Timestamp(3000))), [3, 4]);
    assert_eq!(ask(|query| query.until = Some(Timestamp(3000))), [1, 2]);
    assert_eq!(ask(|query| query.after = 2), [3, 4]);
    assert!(ask(|query| query.actor = Some("nobody".to_owned())).is_empty());
    let page = store.audit(&AuditQuery { after: 1, ..AuditQuery::default() }, 2).unwrap();
    assert_eq!(page.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 3]);
}
