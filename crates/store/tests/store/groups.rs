//! What every back end must promise of groups; [`conformance`](crate::conformance) makes tests of it.

use crate::conformance::{Open, place};
use crate::samples::{address, principal, write};
use model::{
    Batch, DeliverTo, Fact, FailureReports, GroupRecord, GroupRole, GroupSource, InboxRecord, InboxRules,
    MemberRecord, Timestamp, Writers,
};
use store::{ErrorKind, Storage};

fn group(name: &str) -> GroupRecord {
    GroupRecord {
        title: "The \"board\"\n\u{1f44d}".to_owned(),
        source: GroupSource::Directory,
        is_conversation: true,
        writers: Writers::Anybody,
        announces: true,
        reports: FailureReports::Owners,
        ..GroupRecord::of(address(name), Timestamp(7))
    }
}

fn member(group: &str, member: &str, role: GroupRole) -> MemberRecord {
    MemberRecord { group: address(group), member: address(member), role }
}

fn joins(group: &str, name: &str, role: GroupRole) -> Fact {
    Fact::GroupMember(Box::new(member(group, name, role)))
}

fn exists(record: GroupRecord) -> Fact {
    Fact::Group(Box::new(record))
}

fn groups(store: &impl Storage) -> (Vec<GroupRecord>, Vec<MemberRecord>) {
    let (mut groups, mut members) = (Vec::new(), Vec::new());
    store.groups(|record| groups.push(record)).unwrap();
    store.group_members(|record| members.push(record)).unwrap();
    groups.sort_by(|one, other| one.address.cmp(&other.address));
    members.sort_by(|one, other| (&one.group, &one.member).cmp(&(&other.group, &other.member)));
    (groups, members)
}

pub fn groups_and_their_members_are_there_when_opened_again<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let facts = vec![
        exists(group("board")),
        exists(GroupRecord { title: "first".to_owned(), ..group("staff") }),
        joins("staff", "board", GroupRole::Member),
        joins("board", "nobody known", GroupRole::Member),
        joins("board", "nobody known", GroupRole::Owner),
        exists(GroupRecord { title: "second".to_owned(), ..group("staff") }),
    ];
    write(&store, Batch { facts }).unwrap();
    store.close().unwrap();
    let (found, members) = groups(&open(place.path()));
    assert_eq!(found, [group("board"), GroupRecord { title: "second".to_owned(), ..group("staff") }]);
    let nobody = member("board", "nobody known", GroupRole::Owner);
    assert_eq!(members, [nobody, member("staff", "board", GroupRole::Member)]);
}

pub fn a_group_that_is_removed_has_no_members_when_it_comes_back<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let facts = vec![
        exists(group("board")),
        exists(group("staff")),
        joins("board", "alice", GroupRole::Member),
        joins("staff", "alice", GroupRole::Member),
        joins("staff", "bob", GroupRole::Member),
    ];
    write(&store, Batch { facts }).unwrap();
    let facts = vec![
        Fact::GroupRemoved { address: address("board") },
        Fact::GroupMemberRemoved { group: address("staff"), member: address("bob") },
        exists(group("board")),
    ];
    write(&store, Batch { facts }).unwrap();
    let (found, members) = groups(&store);
    assert_eq!(found.len(), 2);
    assert_eq!(members, [member("staff", "alice", GroupRole::Member)]);
}

pub fn a_member_of_no_group_contradicts_the_store<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let error = write(&store, Batch { facts: vec![joins("board", "alice", GroupRole::Member)] }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fault);
}

pub fn rules_of_an_inbox_are_kept_until_they_are_as_for_everybody<S: Storage>(open: Open<S>) {
    let place = place();
    let store = open(place.path());
    let rules = InboxRules {
        deliver: DeliverTo::MostAvailable,
        messages_max: Some(5),
        age_max: Some(u32::MAX),
        no_carbons: true,
        ..InboxRules::default()
    };
    let ruled = |name: &str, rules| InboxRecord { principal: address(name), rules };
    let fact = |name: &str, rules| Fact::InboxRules(Box::new(ruled(name, rules)));
    assert_eq!(
        write(&store, Batch { facts: vec![fact("nobody", rules)] }).unwrap_err().kind(),
        ErrorKind::Fault
    );
    let facts = vec![
        principal("alice", 1),
        principal("bob", 1),
        fact("bob", rules),
        fact("alice", InboxRules { octets_max: Some(0), ..rules }),
        fact("alice", rules),
        fact("bob", InboxRules::default()),
    ];
    write(&store, Batch { facts }).unwrap();
    store.close().unwrap();
    let mut found = Vec::new();
    open(place.path()).inbox_rules(|record| found.push(record)).unwrap();
    assert_eq!(found, [ruled("alice", rules)]);
}
