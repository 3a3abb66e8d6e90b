//! What every back end must promise. A new one says `conformance!(name, open)` in its own tests.

pub use crate::audit::{
    records_come_back_whole_and_numbered_in_order, rows_are_found_by_who_whom_what_and_when,
};
pub use crate::contacts::{
    contacts_of_nobody_known_contradict_the_store, rules_are_there_when_opened_again,
    subscriptions_and_blocks_are_there_when_opened_again, what_has_ended_is_not_there,
    what_persons_published_is_there_when_opened_again,
};
pub use crate::groups::{
    a_group_that_is_removed_has_no_members_when_it_comes_back, a_member_of_no_group_contradicts_the_store,
    groups_and_their_members_are_there_when_opened_again,
    rules_of_an_inbox_are_kept_until_they_are_as_for_everybody,
};
pub use crate::history::{
    a_history_comes_back_whole_newest_first_and_in_pages, what_became_of_a_message_is_in_both_histories,
    who_is_erased_is_nowhere_and_the_others_are_as_they_were,
    who_is_excepted_from_history_is_known_when_opened_again,
};
pub use crate::messages::{
    a_message_for_nobody_contradicts_the_store, a_message_written_again_is_there_once,
    an_id_that_the_writer_has_forgotten_may_be_used_again, ids_that_left_before_a_moment_are_forgotten,
    messages_come_back_whole_in_order_of_inbox_and_place, what_has_left_is_an_id_and_waits_no_more,
};
use crate::samples::{
    address, alias, alias_book, call, contradiction, principal, principals, registered, soft, soft_table,
    write, write_all,
};
pub use crate::users::users_are_there_when_opened_again_and_what_is_removed_is_not;
use model::{AliasEntry, Batch, CallDetailRecord, Fact, Timestamp};
use std::path::Path;
use std::sync::{Arc, Mutex};
use store::{CallQuery, ErrorKind, LastShutdown, Storage, StoreError};

/// Opens a back end that keeps its data at a place.
pub type Open<S> = fn(&Path) -> S;

pub fn place() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub fn facts_are_there_when_opened_again<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let ended = call(1, 5_000_000);
    let batch = Batch {
        facts: vec![principal("room", 77), alias("4711", "room"), Fact::Call(Box::new(ended.clone()))],
    };
    write(&store, batch).unwrap();
    store.close().unwrap();

    let store = open(place.path());
    let mut found = Vec::new();
    assert_eq!(store.principals(|principal| found.push((principal.address, principal.created_at))), Ok(1));
    assert_eq!(found, [(address("room"), Timestamp(77))]);
    assert_eq!(alias_book(&store), ["4711>room"]);
    assert_eq!(store.calls(&CallQuery { limit: 10, ..CallQuery::default() }), Ok(vec![ended]));
}

// covers: D-28
pub fn an_alias_keeps_the_form_it_was_registered_in<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let originals = [
        "Meeting Room 4",
        " leading and trailing ",
        "a@b/c&d'\"e",
        "\u{5d0}\u{5d1}",
        "e\u{301}",
        "nul\0inside",
        "",
    ];
    let mut facts = vec![principal("room", 1)];
    let entries: Vec<AliasEntry> = originals
        .iter()
        .enumerate()
        .map(|(number, original)| AliasEntry {
            address: address(&format!("name{number}")),
            kind: "h323-ID".to_owned(),
            original: (*original).to_owned(),
            principal: address("room"),
        })
        .collect();
    facts.extend(entries.iter().cloned().map(Fact::Alias));
    write(&store, Batch { facts }).unwrap();

    let mut found = Vec::new();
    store.aliases(|entry| found.push(entry)).unwrap();
    found.sort_by(|a, b| a.address.cmp(&b.address));
    assert_eq!(found, entries);
}

pub fn a_name_belongs_to_whom_it_was_given_last_and_is_free_when_removed<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    write(&store, registered("first")).unwrap();
    write(&store, registered("second")).unwrap();
    write(&store, Batch { facts: vec![alias("shared", "first"), alias("shared", "second")] }).unwrap();
    assert_eq!(alias_book(&store), ["first>first", "second>second", "shared>second"]);
    write(&store, Batch { facts: vec![Fact::AliasRemoved { address: address("shared") }] }).unwrap();
    assert_eq!(alias_book(&store), ["first>first", "second>second"]);
}

pub fn a_principal_that_comes_again_stays_as_it_was<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    write(&store, Batch { facts: vec![principal("room", 1)] }).unwrap();
    write(&store, Batch { facts: vec![principal("room", 2)] }).unwrap();
    let mut since = Vec::new();
    store.principals(|principal| since.push(principal.created_at)).unwrap();
    assert_eq!(since, [Timestamp(1)]);
}

pub fn a_call_is_written_once<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let first = call(1, 5_000_000);
    let again = CallDetailRecord { reason: Some("changed".to_owned()), ..first.clone() };
    let same_identifier_later =
        CallDetailRecord { admitted_at: Timestamp(0), ended_at: Timestamp(1), ..first.clone() };
    let facts = [&first, &again, &same_identifier_later].map(|call| Fact::Call(Box::new(call.clone())));
    write(&store, Batch { facts: facts.into() }).unwrap();
    let calls = store.calls(&CallQuery { limit: 10, ..CallQuery::default() });
    assert_eq!(calls, Ok(vec![first, same_identifier_later]));
}

pub fn calls_come_newest_first_and_in_pages<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    // Two of them end in the same millisecond.
    let ends = [(3, 3000), (1, 1000), (4, 3000), (2, 2000)];
    write(&store, Batch { facts: ends.map(|(number, end)| Fact::Call(Box::new(call(number, end)))).into() })
        .unwrap();
    let mut seen = Vec::new();
    let mut query = CallQuery { limit: 1, since: Some(Timestamp(2000)), before: None };
    while let Some(last) = store.calls(&query).unwrap().pop() {
        query.before = Some((last.ended_at, last.call_identifier.clone()));
        seen.push(last);
    }
    assert_eq!(seen, [call(4, 3000), call(3, 3000), call(2, 2000)]);
}

pub fn a_batch_is_written_whole_or_not_at_all<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let error = write(&store, contradiction()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fault);
    assert_eq!(principals(&store), Vec::<String>::new());
}

pub fn one_bad_batch_does_not_fail_its_neighbours<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let outcomes = write_all(&store, vec![registered("before"), contradiction(), registered("after")]);
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(principals(&store), ["after", "before"]);
}

pub fn batches_are_written_and_answered_in_order<S: Storage>(open: Open<S>) {
    const BATCHES: usize = 2000;
    let place = place();
    let store = open(place.path());
    write(&store, Batch { facts: (0..7).map(|n| principal(&format!("p{n}"), 1)).collect() }).unwrap();
    let answered = Arc::new(Mutex::new(Vec::new()));
    for number in 0..BATCHES {
        let answered = Arc::clone(&answered);
        let batch = Batch { facts: vec![alias("moving", &format!("p{}", number % 7))] };
        store
            .submit(batch, move |outcome| {
                outcome.unwrap();
                answered.lock().unwrap().push(number);
            })
            .unwrap();
    }
    store.close().unwrap();
    assert_eq!(*answered.lock().unwrap(), (0..BATCHES).collect::<Vec<_>>());
    assert_eq!(alias_book(&open(place.path())), [format!("moving>p{}", (BATCHES - 1) % 7)]);
}

pub fn an_empty_batch_is_answered<S: Storage>(open: Open<S>) {
    let place = place();
    assert_eq!(write(&open(place.path()), Batch::default()), Ok(()));
}

pub fn the_newest_soft_record_of_a_key_is_there_after_a_restart<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    store.submit_soft(vec![soft("a", Some("1")), soft("b", Some("1")), soft("c", Some("1"))]).unwrap();
    store.submit_soft(vec![soft("b", Some("2")), soft("c", None)]).unwrap();
    store.close().unwrap();
    let store = open(place.path());
    assert_eq!(soft_table(&store, "h323.registration"), ["a=1", "b=2"]);
    assert_eq!(soft_table(&store, "h323.other"), Vec::<String>::new());
    store.submit_soft(vec![soft("a", None)]).unwrap();
    store.close().unwrap();
    assert_eq!(soft_table(&open(place.path()), "h323.registration"), ["b=2"]);
}

pub fn the_epoch_grows_by_one_with_each_start_and_an_unclean_end_is_known<S: Storage>(open: Open<S>) {
    let place = place();
    let first = open(place.path());
    assert_eq!((first.epoch(), first.last_shutdown()), (1, LastShutdown::FirstStart));
    first.close().unwrap();
    let second = open(place.path());
    assert_eq!((second.epoch(), second.last_shutdown()), (2, LastShutdown::Clean));
    drop(second);
    let third = open(place.path());
    assert_eq!((third.epoch(), third.last_shutdown()), (3, LastShutdown::Unclean));
}

pub fn a_closed_store_takes_nothing_and_says_so<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    store.close().unwrap();
    assert_eq!(store.submit(registered("late"), |_| panic!("it was refused")), Err(StoreError::Closed));
    assert_eq!(store.submit_soft(vec![soft("late", None)]), Err(StoreError::Closed));
    assert_eq!(store.aliases(|_| ()), Err(StoreError::Closed));
    assert_eq!(store.close(), Ok(()));
}

/// Makes each claim a test of a back end.
macro_rules! claims {
    ($back_end:ident, $open:expr, [$($claim:ident),* $(,)?]) => {
        mod $back_end {
            #[allow(unused_imports, reason = "what opens the back end may name things outside")]
            use super::*;
            $(
                #[test]
                fn $claim() {
                    crate::conformance::$claim($open);
                }
            )*
        }
    };
}

macro_rules! conformance {
    ($back_end:ident, $open:expr) => {
        crate::conformance::claims!(
            $back_end,
            $open,
            [
                facts_are_there_when_opened_again,
                an_alias_keeps_the_form_it_was_registered_in,
                a_name_belongs_to_whom_it_was_given_last_and_is_free_when_removed,
                a_principal_that_comes_again_stays_as_it_was,
                a_call_is_written_once,
                calls_come_newest_first_and_in_pages,
                a_batch_is_written_whole_or_not_at_all,
                one_bad_batch_does_not_fail_its_neighbours,
                batches_are_written_and_answered_in_order,
                an_empty_batch_is_answered,
                messages_come_back_whole_in_order_of_inbox_and_place,
                what_has_left_is_an_id_and_waits_no_more,
                ids_that_left_before_a_moment_are_forgotten,
                a_message_written_again_is_there_once,
                an_id_that_the_writer_has_forgotten_may_be_used_again,
                a_message_for_nobody_contradicts_the_store,
                the_newest_soft_record_of_a_key_is_there_after_a_restart,
                the_epoch_grows_by_one_with_each_start_and_an_unclean_end_is_known,
                a_closed_store_takes_nothing_and_says_so,
                what_persons_published_is_there_when_opened_again,
                rules_are_there_when_opened_again,
                subscriptions_and_blocks_are_there_when_opened_again,
                contacts_of_nobody_known_contradict_the_store,
                what_has_ended_is_not_there,
                a_group_that_is_removed_has_no_members_when_it_comes_back,
                a_member_of_no_group_contradicts_the_store,
                a_history_comes_back_whole_newest_first_and_in_pages,
                groups_and_their_members_are_there_when_opened_again,
                records_come_back_whole_and_numbered_in_order,
                rows_are_found_by_who_whom_what_and_when,
                rules_of_an_inbox_are_kept_until_they_are_as_for_everybody,
                users_are_there_when_opened_again_and_what_is_removed_is_not,
                what_became_of_a_message_is_in_both_histories,
                who_is_erased_is_nowhere_and_the_others_are_as_they_were,
                who_is_excepted_from_history_is_known_when_opened_again,
            ]
        );
    };
}

pub(crate) use {claims, conformance};
