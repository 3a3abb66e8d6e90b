//! Groups: who is a member of what, directly and through other groups.
//!
//! Only bookkeeping and walks. Every walk visits a group once, so that it ends also where the store holds a loop. Who
//! may change a group is decided in [`crate::membership`], what its members write to each other goes through
//! [`crate::conversation`].

use crate::alias_book::NameId;
use crate::settings::Limits;
use model::{GroupRecord, GroupRole};
use std::collections::{BTreeMap, BTreeSet};

/// All groups, by name.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: BTreeMap<NameId, Group>,
    /// In which groups a name is itself, in order.
    memberships: BTreeMap<NameId, Vec<NameId>>,
    /// Members of all groups.
    members: usize,
}

/// One group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) record: GroupRecord,
    pub(crate) members: BTreeMap<NameId, GroupRole>,
}

impl Groups {
    /// Files a group, or what is new of it.
    pub(crate) fn put(&mut self, name: NameId, record: GroupRecord) {
        match self.groups.get_mut(&name) {
            Some(known) => known.record = record,
            None => drop(self.groups.insert(name, Group { record, members: BTreeMap::new() })),
        }
    }

    /// Takes a group out; gives back its members.
    pub(crate) fn remove(&mut self, name: NameId) -> Vec<NameId> {
        let Some(group) = self.groups.remove(&name) else { return Vec::new() };
        self.members -= group.members.len();
        let members = Vec::from_iter(group.members.into_keys());
        for member in &members {
            self.forget(name, *member);
        }
        members
    }

    /// Adds a member, or changes what it is; gives back whether anything is new. There must be such a group.
    pub(crate) fn join(&mut self, name: NameId, member: NameId, role: GroupRole) -> bool {
        let Some(group) = self.groups.get_mut(&name) else { return false };
        let before = group.members.insert(member, role);
        if before.is_none() {
            self.members += 1;
            let groups = self.memberships.entry(member).or_default();
            let place = groups.partition_point(|other| *other < name);
            groups.insert(place, name);
        }
        before != Some(role)
    }

    /// Takes a member out; gives back whether it was one.
    pub(crate) fn leave(&mut self, name: NameId, member: NameId) -> bool {
        let was_member =
            self.groups.get_mut(&name).is_some_and(|group| group.members.remove(&member).is_some());
        if was_member {
            self.members -= 1;
            self.forget(name, member);
        }
        was_member
    }

    fn forget(&mut self, name: NameId, member: NameId) {
        if let Some(groups) = self.memberships.get_mut(&member) {
            groups.retain(|group| *group != name);
            if groups.is_empty() {
                self.memberships.remove(&member);
            }
        }
    }

    /// The group of a name.
    pub(crate) fn get(&self, name: NameId) -> Option<&Group> {
        self.groups.get(&name)
    }

    /// All groups, in the order in which their names became known.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// How many members all groups have.
    pub(crate) fn members_len(&self) -> usize {
        self.members
    }

    /// How many names are kept because of groups, at most.
    pub(crate) fn names_len(&self) -> usize {
        self.groups.len() + self.memberships.len()
    }

    /// Whether a name is a group's or a member's.
    pub(crate) fn mentions(&self, name: NameId) -> bool {
        self.groups.contains_key(&name) || self.memberships.contains_key(&name)
    }

    /// The groups that a name is a member of itself.
    pub(crate) fn direct(&self, member: NameId) -> &[NameId] {
        self.memberships.get(&member).map_or(&[], Vec::as_slice)
    }

    /// The groups that any of these names is a member of, directly or through other groups; each once, the near ones
    /// first.
    pub(crate) fn above(&self, names: impl IntoIterator<Item = NameId>) -> Above<'_> {
        Above { groups: self, seen: BTreeSet::new(), waiting: Vec::from_iter(names), found: Vec::new() }
    }

    /// The names below a group that are no groups themselves, and how many groups it has inside it; each once.
    pub(crate) fn below(&self, name: NameId) -> BTreeSet<NameId> {
        let mut leaves = BTreeSet::new();
        let mut seen = BTreeSet::from([name]);
        let mut waiting = vec![name];
        while let Some(next) = waiting.pop() {
            let Some(group) = self.groups.get(&next) else {
                leaves.insert(next);
                continue;
            };
            waiting.extend(group.members.keys().filter(|member| seen.insert(**member)));
        }
        leaves
    }

    /// The groups between a group and one that is somehow a member of it, both included: each is a member of the one
    /// before.
    pub(crate) fn path(&self, from: NameId, to: NameId) -> Option<Vec<NameId>> {
        let mut reached_by = BTreeMap::from([(to, to)]);
        let mut waiting = vec![to];
        while let Some(next) = waiting.pop() {
            if next == from {
                let mut path = vec![from];
                while let Some(last) = path.last().copied().filter(|last| *last != to) {
                    path.extend(reached_by.get(&last));
                }
                return Some(path);
            }
            for group in self.direct(next) {
                if !reached_by.contains_key(group) {
                    reached_by.insert(*group, next);
                    waiting.push(*group);
                }
            }
        }
        None
    }

    /// How many groups lie in a row above a name, and below it, itself included where it is one; at most `max` + 1.
    pub(crate) fn depth(&self, name: NameId, towards: Towards, max: usize) -> usize {
        let mut level = BTreeSet::from([name]);
        level.retain(|name| towards == Towards::Above || self.groups.contains_key(name));
        let mut depth = 0;
        while !level.is_empty() && depth <= max {
            depth += 1;
            let next = level.iter().flat_map(|name| match towards {
                Towards::Above => self.direct(*name).to_vec(),
                Towards::Below => self.groups_in(*name),
            });
            level = next.collect();
        }
        depth
    }

    fn groups_in(&self, name: NameId) -> Vec<NameId> {
        let members = self.groups.get(&name).into_iter().flat_map(|group| group.members.keys());
        members.copied().filter(|member| self.groups.contains_key(member)).collect()
    }

    /// Whether there is room for one more member, or `more` of them, in a group.
    pub(crate) fn admit(
        &self,
        name: NameId,
        more: usize,
        limits: &Limits,
    ) -> Result<(), (&'static str, usize)> {
        let members = self.groups.get(&name).map_or(0, |group| group.members.len());
        if members + more > limits.members_per_group_max {
            return Err(("members_per_group_max", limits.members_per_group_max));
        }
        if self.members + more > limits.memberships_max {
            return Err(("memberships_max", limits.memberships_max));
        }
        Ok(())
    }
}

/// Which way to go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Towards {
    /// To the groups that it is in.
    Above,
    /// To the groups that are in it.
    Below,
}

/// A walk upwards.
pub(crate) struct Above<'a> {
    groups: &'a Groups,
    seen: BTreeSet<NameId>,
    waiting: Vec<NameId>,
    found: Vec<NameId>,
}

impl Iterator for Above<'_> {
    type Item = NameId;

    fn next(&mut self) -> Option<NameId> {
        loop {
            if let Some(found) = self.found.pop() {
                self.waiting.push(found);
                return Some(found);
            }
            let next = self.waiting.pop()?;
            let direct = self.groups.direct(next).iter().rev();
            let new = direct.copied().filter(|group| self.seen.insert(*group));
            self.found.extend(new);
        }
    }
}
