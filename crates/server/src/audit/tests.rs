//! Refusals on their way to the store: gathered, dropped and counted, and never waited for.

use super::*;
use model::{Instant as Moment, Timestamp};
use std::sync::Mutex;

fn refusal(object: &str) -> AuditEvent {
    AuditEvent { object: Some(object.to_owned()), ..AuditEvent::refused("message", "blocked") }
}

fn at(second: i64, object: &str) -> AuditRecord {
    AuditRecord::once(Timestamp(second * 1000), refusal(object))
}

const fn moment(second: u64) -> Moment {
    Moment(second * 1000)
}

/// What came to the store.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<AuditRecord>>>);

impl Written {
    fn take(&self, batch: Batch) {
        let records = batch.facts.into_iter().filter_map(|fact| match fact {
            Fact::Audited(record) => Some(*record),
            _ => None,
        });
        self.0.lock().unwrap().extend(records);
    }

    fn records(&self) -> Vec<AuditRecord> {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn repeats_within_a_minute_are_one_record_with_their_number() {
    let mut gathering = Gathering::new(10);
    assert_eq!(gathering.note(moment(0), at(0, "a")), Some(at(0, "a")), "the first is told at once");
    assert_eq!(gathering.note(moment(5), at(5, "a")), None);
    assert_eq!(gathering.note(moment(9), at(9, "a")), None);
    assert_eq!(gathering.note(moment(9), at(9, "b")), Some(at(9, "b")));
    assert_eq!(gathering.take_due(moment(59)), []);
    let repeats = AuditRecord { last_at: Timestamp(9000), count: 2, ..at(5, "a") };
    assert_eq!(gathering.take_due(moment(60)), [repeats]);
    assert_eq!(gathering.take_due(moment(69)), [], "what happened once is told once");
    assert_eq!(gathering.note(moment(70), at(70, "a")), Some(at(70, "a")));
    assert_eq!(gathering.due(), Some(moment(130)));
}

#[test]
fn a_flood_of_which_each_is_about_somebody_else_is_a_few_records() {
    let mut gathering = Gathering::new(10);
    let all: Vec<_> =
        (0..100_000).filter_map(|number| gathering.note(moment(1), at(1, &number.to_string()))).collect();
    assert_eq!(all.len(), 11);
    assert_eq!(all[10].event.object, None);
    let repeats = gathering.take_all();
    assert_eq!(repeats.iter().map(|repeats| repeats.count).collect::<Vec<_>>(), [99_989]);
}

#[test]
fn what_a_store_that_does_not_write_can_not_take_is_dropped_counted_and_told_later() {
    let (written, is_full) = (Written::default(), Arc::new(Mutex::new(true)));
    let sink: RecordSink = {
        let (written, is_full) = (written.clone(), Arc::clone(&is_full));
        Arc::new(move |batch, done| {
            if *is_full.lock().unwrap() {
                return Err(StoreError::QueueFull { limit: "queue_facts_max", max: 0 });
            }
            written.take(batch);
            done(Ok(()));
            Ok(())
        })
    };
    let (audit, thread) = Audit::start(sink, Clock::start(), 1 << 20).unwrap();
    let all = (WAITING_MAX + EVENTS_MAX + 1000) as u64;
    for number in 0..all {
        audit.note(refusal(&number.to_string()));
    }
    assert!(audit.record(refusal("act")).is_err(), "who does something is told");
    *is_full.lock().unwrap() = false;
    audit.stop();
    thread.join().unwrap();
    let records = written.records();
    let dropped: u64 =
        records.iter().filter(|record| record.event.act == "audit.dropped").map(|record| record.count).sum();
    let told = records.iter().filter(|record| record.event.act == "message").count() as u64;
    assert!(dropped >= 1000, "{dropped}");
    assert_eq!(dropped, audit.counters.dropped.load(Ordering::Relaxed));
    let is_act = |record: &&AuditRecord| record.event.object.as_deref() == Some("act");
    let acts = records.iter().filter(is_act).count() as u64;
    assert_eq!(told - acts + dropped, all);
}

#[test]
fn an_act_is_written_when_it_returns() {
    let written = Written::default();
    let sink: RecordSink = {
        let written = written.clone();
        Arc::new(move |batch, done| {
            written.take(batch);
            done(Ok(()));
            Ok(())
        })
    };
    let (audit, thread) = Audit::start(sink, Clock::start(), 16).unwrap();
    audit.record(refusal("a")).unwrap();
    assert_eq!(written.records().len(), 1);
    audit.stop();
    thread.join().unwrap();
}

// covers: F-20
#[test]
fn what_waits_about_somebody_who_is_erased_names_him_no_more() {
    let written = Written::default();
    let sink: RecordSink = {
        let written = written.clone();
        Arc::new(move |batch, done| {
            written.take(batch);
            done(Ok(()));
            Ok(())
        })
    };
    let (audit, thread) = Audit::start(sink, Clock::start(), 16).unwrap();
    for _ in 0..3 {
        audit.note(refusal("mallory@example.com"));
        audit.note(refusal("bob@example.com"));
    }
    let name = model::Address::parse("mallory@example.com").unwrap();
    audit.forget(&Erasure { principal: name.clone(), names: vec![name], originals: Vec::new() });
    audit.stop();
    thread.join().unwrap();
    let records = written.records();
    let about = |object: Option<&str>| {
        let of = records.iter().filter(|record| record.event.object.as_deref() == object);
        of.map(|record| record.count).sum::<u64>()
    };
    let told = records.iter().map(|record| record.count).sum::<u64>();
    assert_eq!(told, 6, "nothing is lost");
    assert_eq!(about(Some("mallory@example.com")), 1, "what was written before is for the store to erase");
    assert_eq!(about(None), 2);
}
