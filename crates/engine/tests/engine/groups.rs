//! Groups: who is a member, directly and through other groups, and who may change that.

use crate::scene::{Scene, address, agent, alias};
use engine::{Limits, Settings};
use model::{
    Effect, Fact, GroupChange, GroupRecord, GroupRefusal, GroupRole, GroupSource, MemberRecord, Millis,
    Refusal, Request, Ticket, Timestamp,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The ticket of every request here.
const TICKET: Ticket = Ticket(9);

pub fn record(name: &str) -> GroupRecord {
    GroupRecord::of(address(name), Timestamp(0))
}

pub fn member(group: &str, member: &str, role: GroupRole) -> MemberRecord {
    MemberRecord { group: address(group), member: address(member), role }
}

impl Scene {
    /// Changes a group; what was left out, or why all of it was refused.
    pub fn change_group(
        &mut self,
        by: Option<u64>,
        change: GroupChange,
    ) -> Result<Vec<GroupRefusal>, GroupRefusal> {
        self.settle();
        let (agent, change) = (by.map(agent), Box::new(change));
        self.ask(Request::ChangeGroup { ticket: TICKET, agent, change });
        self.settle();
        let is_answer =
            |effect: &mut Effect| matches!(effect, Effect::GroupChanged { .. } | Effect::GroupRefused { .. });
        let mut answers = Vec::from_iter(self.promised.extract_if(.., is_answer));
        answers.extend(self.immediate.extract_if(.., is_answer));
        match answers.as_slice() {
            [Effect::GroupChanged { ticket: TICKET, agent: to, left_out }] if *to == agent => {
                Ok(left_out.clone())
            }
            [Effect::GroupRefused { ticket: TICKET, agent: to, refusal }] if *to == agent => {
                Err(refusal.clone())
            }
            answers => panic!("{answers:?}"),
        }
    }

    pub fn create_group(&mut self, name: &str) {
        self.change_group(None, GroupChange::Create(record(name))).unwrap();
    }

    pub fn try_join(&mut self, group: &str, name: &str) -> Result<Vec<GroupRefusal>, GroupRefusal> {
        self.change_group(None, GroupChange::Join(member(group, name, GroupRole::Member)))
    }

    pub fn join_group(&mut self, group: &str, names: &[&str]) {
        for name in names {
            self.try_join(group, name).unwrap();
        }
    }

    pub fn leave_group(&mut self, group: &str, name: &str) -> Result<Vec<GroupRefusal>, GroupRefusal> {
        self.change_group(None, GroupChange::Leave { group: address(group), member: address(name) })
    }

    pub fn is_member(&self, group: &str, name: &str) -> bool {
        self.engine.is_member(&address(group), &address(name))
    }

    fn groups_of(&self, name: &str) -> Vec<String> {
        self.engine.groups_of(&address(name)).iter().map(|group| group.local().to_owned()).collect()
    }
}

fn replace(group: &str, members: &[&str]) -> GroupChange {
    let members = members.iter().map(|member| address(member)).collect();
    GroupChange::Replace { group: address(group), title: group.to_owned(), members }
}

fn limited(limits: Limits) -> Scene {
    Scene::with(Settings { limits, ..Settings::default() })
}

#[test]
fn a_member_is_known_by_every_name_it_has_and_before_it_registers() {
    let mut scene = Scene::new();
    scene.create_group("board");
    scene.join_group("board", &["7001", "carol"]);
    assert!(scene.is_member("board", "7001"), "nobody has registered under it yet");
    scene.register(1, &["alice", "7001"]);
    scene.register(2, &["bob"]);
    for (name, expected) in
        [("alice", true), ("7001", true), ("carol", true), ("bob", false), ("dave", false)]
    {
        assert_eq!(scene.is_member("board", name), expected, "{name}");
    }
    assert_eq!(scene.groups_of("alice"), ["board"]);
}

#[test]
fn members_of_groups_in_a_group_are_its_members_as_long_as_they_are_in_it() {
    let mut scene = Scene::new();
    for group in ["staff", "sales", "north"] {
        scene.create_group(group);
    }
    scene.join_group("north", &["alice"]);
    scene.join_group("sales", &["north"]);
    scene.join_group("staff", &["sales", "north"]);
    assert_eq!(scene.groups_of("alice"), ["north", "sales", "staff"]);
    assert!(scene.is_member("staff", "alice"));
    scene.leave_group("staff", "north").unwrap();
    assert!(scene.is_member("staff", "alice"), "sales is in it still");
    scene.leave_group("sales", "north").unwrap();
    assert!(!scene.is_member("staff", "alice"));
    assert_eq!(scene.engine.group(&address("staff")).unwrap().reached, 0);
}

#[test]
fn a_group_can_not_be_put_into_itself_and_is_told_by_which_way() {
    let mut scene = Scene::new();
    for group in ["a", "b", "c"] {
        scene.create_group(group);
    }
    scene.join_group("a", &["b"]);
    scene.join_group("b", &["c"]);
    let facts = scene.facts.len();
    let refusal = scene.try_join("a", "a").unwrap_err();
    assert_eq!(refusal, GroupRefusal::Loop(vec![address("a"), address("a")]));
    let refusal = scene.try_join("c", "a").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "a@x.example would be a member of itself: a@x.example has the member b@x.example has the member \
         c@x.example has the member a@x.example"
    );
    assert_eq!(scene.facts.len(), facts, "nothing is changed");
}

#[test]
fn a_store_that_holds_a_loop_is_loaded_and_ends_every_walk() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    for group in ["a", "b", "c"] {
        scene.engine.load_group(record(group));
    }
    for (group, name) in [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("c", "alice")] {
        assert!(scene.engine.load_member(&member(group, name, GroupRole::Member)));
    }
    assert!(!scene.engine.load_member(&member("nothing", "alice", GroupRole::Member)));
    for group in ["a", "b", "c"] {
        assert!(scene.is_member(group, "alice"));
        assert!(!scene.is_member(group, "bob"));
        assert_eq!(scene.engine.group(&address(group)).unwrap().reached, 1);
    }
    assert_eq!(scene.groups_of("alice"), ["a", "b", "c"]);
    scene.create_group("d");
    let refusal = scene.try_join("d", "a").unwrap_err();
    assert_eq!(refusal, GroupRefusal::Full { limit: "group_depth_max", max: 8 });
}

#[test]
fn groups_lie_in_each_other_as_deep_as_is_allowed_from_whichever_end_they_are_joined() {
    let mut scene = limited(Limits { group_depth_max: 3, ..Limits::default() });
    for group in ["a", "b", "c", "d"] {
        scene.create_group(group);
    }
    scene.join_group("b", &["c"]);
    scene.join_group("a", &["b"]);
    let full = GroupRefusal::Full { limit: "group_depth_max", max: 3 };
    assert_eq!(scene.try_join("c", "d"), Err(full.clone()));
    assert_eq!(scene.try_join("d", "a"), Err(full.clone()));
    scene.join_group("c", &["someone", "later"]);
    let change = GroupChange::Create(record("later"));
    assert_eq!(scene.change_group(None, change), Err(full), "a member that turns out to be a group");
}

#[test]
fn groups_and_members_have_limits() {
    let limits = Limits { groups_max: 2, members_per_group_max: 2, memberships_max: 3, ..Limits::default() };
    let mut scene = limited(limits);
    scene.create_group("a");
    scene.create_group("b");
    let full = |limit, max| Err(GroupRefusal::Full { limit, max });
    assert_eq!(scene.change_group(None, GroupChange::Create(record("c"))), full("groups_max", 2));
    scene.join_group("a", &["x", "y", "y"]);
    assert_eq!(scene.try_join("a", "z"), full("members_per_group_max", 2));
    scene.join_group("b", &["x"]);
    assert_eq!(scene.try_join("b", "y"), full("memberships_max", 3));
    scene.leave_group("a", "x").unwrap();
    scene.join_group("b", &["y"]);
    assert_eq!(scene.engine.counts().group_members, 3);
    assert_eq!(scene.engine.counts().group_changes_refused, 3);
}

#[test]
fn a_group_has_no_name_of_a_person_and_nobody_registers_under_the_name_of_a_group() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    scene.settle();
    let taken = Err(GroupRefusal::NameTaken(address("alice")));
    assert_eq!(scene.change_group(None, GroupChange::Create(record("alice"))), taken);
    scene.create_group("board");
    let known = Err(GroupRefusal::Known(address("board")));
    assert_eq!(scene.change_group(None, GroupChange::Create(record("board"))), known);
    scene.immediate.clear();
    scene.register(2, &["bob", "board"]);
    scene.settle();
    let refusal = |effect: &Effect| match effect {
        Effect::ClaimRefused { refusal, .. } => Some(refusal.clone()),
        _ => None,
    };
    assert_eq!(Vec::from_iter(scene.immediate.iter().filter_map(refusal)), [Refusal::NameOfGroup]);
    assert_eq!(scene.engine.resolve(&address("bob")), None, "nothing of the claim holds");
    scene.change_group(None, GroupChange::Remove(address("board"))).unwrap();
    scene.register(2, &["bob", "board"]);
    assert_eq!(scene.engine.resolve(&address("board")), Some(&address("bob")));
}

#[test]
fn names_that_only_groups_kept_are_forgotten_with_them() {
    let mut scene = Scene::new();
    scene.create_group("board");
    scene.join_group("board", &["nobody", "noone"]);
    scene.leave_group("board", "nobody").unwrap();
    scene.change_group(None, GroupChange::Remove(address("board"))).unwrap();
    assert_eq!(scene.engine.counts().unknown_names, 0);
    assert!(!scene.is_member("board", "noone"));
    assert_eq!(scene.engine.group(&address("board")), None);
    let unknown = Err(GroupRefusal::Unknown(address("board")));
    assert_eq!(scene.try_join("board", "noone"), unknown);
    let not_member = scene.leave_group("board", "noone");
    assert_eq!(not_member, Err(GroupRefusal::Unknown(address("board"))));
}

#[test]
fn owners_let_members_in_and_put_them_out_and_others_only_leave() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    scene.register(2, &["bob"]);
    scene.register(3, &["carol"]);
    scene.create_group("board");
    let owner = GroupChange::Join(member("board", "alice", GroupRole::Owner));
    scene.change_group(None, owner).unwrap();
    let join = |name| GroupChange::Join(member("board", name, GroupRole::Member));
    let leave = |name| GroupChange::Leave { group: address("board"), member: address(name) };
    scene.change_group(Some(1), join("bob")).unwrap();
    scene.change_group(Some(1), join("dave")).unwrap();
    let promoted = GroupChange::Join(member("board", "bob", GroupRole::Owner));
    for (by, change) in [
        (2, join("carol")),
        (2, promoted),
        (2, leave("dave")),
        (3, join("carol")),
        (3, leave("bob")),
        (9, join("carol")),
        (1, GroupChange::Remove(address("board"))),
        (1, GroupChange::Create(record("other"))),
        (1, replace("board", &[])),
    ] {
        let refused = scene.change_group(Some(by), change.clone());
        assert_eq!(refused, Err(GroupRefusal::NotOwner), "{by}: {change:?}");
    }
    scene.change_group(Some(2), leave("bob")).unwrap();
    scene.change_group(Some(1), leave("dave")).unwrap();
    assert!(scene.is_member("board", "alice"));
    assert!(!scene.is_member("board", "bob") && !scene.is_member("board", "dave"));
}

#[test]
fn a_directory_replaces_all_members_and_what_would_close_a_loop_is_left_out() {
    let mut scene = Scene::new();
    scene.register(1, &["alice"]);
    assert_eq!(scene.change_group(None, replace("staff", &["alice", "bob"])), Ok(vec![]));
    assert_eq!(scene.change_group(None, replace("north", &["staff"])), Ok(vec![]));
    let before = scene.facts.len();
    let left_out = scene.change_group(None, replace("staff", &["bob", "north", "carol"])).unwrap();
    assert!(matches!(left_out.as_slice(), [GroupRefusal::Loop(_)]), "{left_out:?}");
    let told = |fact: &Fact| match fact {
        Fact::GroupMember(record) => format!("+{}", record.member.local()),
        Fact::GroupMemberRemoved { member, .. } => format!("-{}", member.local()),
        other => panic!("{other:?}"),
    };
    assert_eq!(Vec::from_iter(scene.facts[before..].iter().map(told)), ["-alice", "+carol"]);
    assert_eq!(scene.engine.group(&address("staff")).unwrap().record.source, GroupSource::Directory);
    let by_hand = Err(GroupRefusal::OfDirectory(address("staff")));
    assert_eq!(scene.try_join("staff", "dave"), by_hand);
    assert_eq!(scene.leave_group("staff", "bob"), by_hand);
    scene.create_group("board");
    let of_operator = Err(GroupRefusal::OfOperator(address("board")));
    assert_eq!(scene.change_group(None, replace("board", &["dave"])), of_operator);
}

#[test]
fn ten_thousand_members_are_taken_at_once_and_one_more_is_not() {
    let mut scene = Scene::new();
    let names = Vec::from_iter((0..=10_000).map(|number| format!("p{number}")));
    let names = Vec::from_iter(names.iter().map(String::as_str));
    assert_eq!(scene.change_group(None, replace("staff", &names[..10_000])), Ok(vec![]));
    assert!(scene.is_member("staff", "p9999"));
    let full = GroupRefusal::Full { limit: "members_per_group_max", max: 10_000 };
    assert_eq!(scene.change_group(None, replace("staff", &names)), Err(full));
    assert!(!scene.is_member("staff", "p10000"));
    scene.watch(1, "somebody");
    scene.settle();
    assert_eq!(scene.engine.counts().unknown_names, 1, "members that are not known take nobody's room");
}

#[test]
fn groups_are_there_after_a_restart() {
    let mut scene = Scene::new();
    scene.register(1, &["alice", "7001"]);
    scene.create_group("board");
    scene.create_group("staff");
    scene.create_group("gone");
    scene.join_group("staff", &["board", "bob"]);
    scene.join_group("board", &["7001"]);
    scene.leave_group("staff", "bob").unwrap();
    scene.change_group(None, GroupChange::Remove(address("gone"))).unwrap();
    let next = scene.restarted(&[], Millis::seconds(1));
    assert!(next.is_member("staff", "alice") && !next.is_member("staff", "bob"));
    assert_eq!(next.engine.group(&address("staff")), scene.engine.group(&address("staff")));
    let all = Vec::from_iter(next.engine.all_groups(None, 9).into_iter().map(|record| record.address));
    assert_eq!(all, [address("board"), address("staff")]);
    assert_eq!(next.engine.all_groups(Some(&address("board")), 9).len(), 1);
    assert_eq!(alias("7001").address, address("7001"));
}

/// What random operators do to a few groups and people.
#[derive(Clone, Debug)]
enum Step {
    Join(usize, usize),
    Leave(usize, usize),
    Remove(usize),
    Create(usize),
}

/// The first four are groups.
const NAMES: [&str; 8] = ["g0", "g1", "g2", "g3", "p0", "p1", "p2", "p3"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_usize, 0..8_usize).prop_map(|(group, member)| Step::Join(group, member)),
        3 => (0..4_usize, 0..8_usize).prop_map(|(group, member)| Step::Leave(group, member)),
        1 => (0..4_usize).prop_map(Step::Remove),
        2 => (0..4_usize).prop_map(Step::Create),
    ]
}

/// Membership as a mathematician writes it down.
fn closure(members: &BTreeMap<usize, BTreeSet<usize>>) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    loop {
        let before = pairs.len();
        for (group, direct) in members {
            for member in direct {
                pairs.insert((*group, *member));
                let inner = pairs.iter().filter(|(of, _)| of == member).map(|(_, inner)| (*group, *inner));
                pairs.extend(Vec::from_iter(inner));
            }
        }
        if pairs.len() == before {
            return pairs;
        }
    }
}

proptest! {
    #[test]
    fn membership_is_what_the_joins_and_leaves_make_of_it_and_never_a_loop(steps in prop::collection::vec(step(), 0..60)) {
        let mut scene = Scene::new();
        let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Create(group) => {
                    let done = scene.change_group(None, GroupChange::Create(record(NAMES[group]))).is_ok();
                    // A member that is no group yet may close a loop only when it has members, which it has not.
                    prop_assert_eq!(done, !members.contains_key(&group));
                    members.entry(group).or_default();
                }
                Step::Remove(group) => {
                    let done = scene.change_group(None, GroupChange::Remove(address(NAMES[group]))).is_ok();
                    prop_assert_eq!(done, members.remove(&group).is_some());
                }
                Step::Join(group, member) => {
                    let loops = member == group && members.contains_key(&group)
                        || closure(&members).contains(&(member, group));
                    let done = scene.try_join(NAMES[group], NAMES[member]).is_ok();
                    prop_assert_eq!(done, members.contains_key(&group) && !loops);
                    if done {
                        members.entry(group).or_default().insert(member);
                    }
                }
                Step::Leave(group, member) => {
                    let done = scene.leave_group(NAMES[group], NAMES[member]).is_ok();
                    prop_assert_eq!(done, members.get_mut(&group).is_some_and(|direct| direct.remove(&member)));
                }
            }
        }
        let pairs = closure(&members);
        let next = scene.restarted(&[], Millis(0));
        for (group, group_name) in NAMES.iter().enumerate().take(4) {
            for (member, name) in NAMES.iter().enumerate() {
                let expected = pairs.contains(&(group, member));
                prop_assert_eq!(scene.is_member(group_name, name), expected);
                prop_assert_eq!(next.is_member(group_name, name), expected);
            }
        }
    }
}
