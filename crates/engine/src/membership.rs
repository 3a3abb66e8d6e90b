//! Who is in a group, and who may change that.

use crate::alias_book::NameId;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::groups::{Group, Towards};
use crate::principal::PrincipalId;
use model::{
    Address, AgentId, Effect, Fact, GroupChange, GroupRecord, GroupRefusal, GroupRole, GroupSource,
    MemberRecord, Now, Ticket,
};
use serde::Serialize;
use std::collections::BTreeSet;

impl Engine {
    /// Whether somebody is a member of a group, by any of its names, directly or through other groups; groups from
    /// everywhere count.
    #[must_use]
    pub fn is_member(&self, group: &Address, party: &Address) -> bool {
        let Some(group) = self.book.id(group) else { return false };
        self.groups.get(group).is_some()
            && self.groups.above(self.member_names_of(party)).any(|above| above == group)
    }

    /// The addresses of all groups that somebody is a member of, in order.
    #[must_use]
    pub fn groups_of(&self, party: &Address) -> Vec<Address> {
        let above = self.groups.above(self.member_names_of(party));
        let mut groups = Vec::from_iter(above.map(|group| self.book.address(group).clone()));
        groups.sort();
        groups
    }

    /// A group with its members, as they joined.
    #[must_use]
    pub fn group(&self, group: &Address) -> Option<GroupSummary> {
        self.groups.get(self.book.id(group)?).map(|group| self.summary(group))
    }

    /// All groups, in the order of their addresses, `limit` at a time: those after the address `after`.
    #[must_use]
    pub fn all_groups(&self, after: Option<&Address>, limit: usize) -> Vec<GroupRecord> {
        let mut records = Vec::from_iter(self.groups.all().map(|group| &group.record));
        records.sort_by(|one, other| one.address.cmp(&other.address));
        let after = records.into_iter().filter(|record| after.is_none_or(|after| record.address > *after));
        after.take(limit).cloned().collect()
    }

    fn summary(&self, group: &Group) -> GroupSummary {
        let record = group.record.clone();
        let mut members = Vec::from_iter(group.members.iter().map(|(member, role)| {
            let (group, member) = (record.address.clone(), self.book.address(*member).clone());
            MemberRecord { group, member, role: *role }
        }));
        members.sort_by(|one, other| one.member.cmp(&other.member));
        let reached = self.book.id(&record.address).map_or(0, |name| self.principals_in(name).len());
        GroupSummary { record, members, reached }
    }

    /// The names under which somebody may be a member: all that lead to the same principal.
    fn member_names_of(&self, party: &Address) -> Vec<NameId> {
        let Some(name) = self.book.id(party) else { return Vec::new() };
        match self.member_behind(name) {
            Some(id) => self.member_names(id).collect(),
            None => vec![name],
        }
    }

    /// The names under which a principal may be a member.
    pub(crate) fn member_names(&self, id: PrincipalId) -> impl Iterator<Item = NameId> {
        let principal = &self.principals[id];
        // A name that another principal is filed under means that one.
        let others = principal.names.iter().copied().filter(|name| self.book.filed(*name).is_none());
        [principal.identity].into_iter().chain(others)
    }

    /// The principal that a member is: who is filed under its name, or else has it.
    pub(crate) fn member_behind(&self, name: NameId) -> Option<PrincipalId> {
        self.book.filed(name).or_else(|| self.book.owner(name))
    }

    /// Whether a principal is in a group, directly or through others.
    pub(crate) fn is_in_group(&self, group: NameId, id: PrincipalId) -> bool {
        self.groups.above(self.member_names(id)).any(|above| above == group)
    }

    /// The principals that a group reaches, each once.
    pub(crate) fn principals_in(&self, group: NameId) -> BTreeSet<PrincipalId> {
        self.groups.below(group).into_iter().filter_map(|name| self.member_behind(name)).collect()
    }

    /// Takes a principal that is erased out of all groups; the store does the same.
    pub(crate) fn leave_groups(&mut self, id: PrincipalId) {
        self.conferences.leave(id);
        let principal = &self.principals[id];
        let names = Vec::from_iter([principal.identity].into_iter().chain(principal.names.iter().copied()));
        for name in names {
            for group in self.groups.direct(name).to_vec() {
                self.groups.leave(group, name);
            }
        }
        if self.rules.name_groups() {
            self.review_all();
        }
    }

    /// How many names are in the book for nobody, those that groups keep left aside.
    pub(crate) fn unknown_names(&self) -> usize {
        self.book.unknown_len().saturating_sub(self.groups.names_len())
    }

    /// Changes a group, or refuses to.
    pub(crate) fn change_group(
        &mut self,
        now: Now,
        ticket: Ticket,
        agent: Option<AgentId>,
        change: GroupChange,
        effects: &mut Effects,
    ) {
        let admitted = agent.map_or(Ok(()), |agent| self.admit_change(agent, &change));
        match admitted.and_then(|()| self.apply_change(now, change, effects)) {
            Ok(left_out) => {
                if self.rules.name_groups() {
                    self.review_all();
                }
                self.refresh_rooms();
                effects.answer(Effect::GroupChanged { ticket, agent, left_out });
            }
            Err(refusal) => {
                self.counts.group_changes_refused += 1;
                effects.immediate.push(Effect::GroupRefused { ticket, agent, refusal });
            }
        }
    }

    /// Whether an agent may change a group: its owners say who is a member, and everybody may leave.
    fn admit_change(&self, agent: AgentId, change: &GroupChange) -> Result<(), GroupRefusal> {
        let id = self.agents.get(agent).ok_or(GroupRefusal::NotOwner)?;
        // Whether there is such a group is not for everybody to know.
        let name = self.book.id(change.group()).ok_or(GroupRefusal::NotOwner)?;
        let group = self.groups.get(name).ok_or(GroupRefusal::NotOwner)?;
        let names = BTreeSet::from_iter(self.member_names(id));
        let is_owner = group.members.iter().any(|(member, role)| {
            *role == GroupRole::Owner && (names.contains(member) || self.is_in_group(*member, id))
        });
        let may = match change {
            GroupChange::Leave { member, .. } => {
                is_owner || self.book.id(member).is_some_and(|member| names.contains(&member))
            }
            GroupChange::Join(_) => is_owner,
            _ => false,
        };
        if may { Ok(()) } else { Err(GroupRefusal::NotOwner) }
    }

    fn apply_change(
        &mut self,
        now: Now,
        change: GroupChange,
        effects: &mut Effects,
    ) -> Result<Vec<GroupRefusal>, GroupRefusal> {
        let group = change.group().clone();
        match change {
            GroupChange::Create(record) => {
                self.create_group(GroupRecord { created_at: now.wall, ..record }, effects)?;
            }
            GroupChange::Alter(record) => self.alter_group(record, effects)?,
            GroupChange::Remove(group) => {
                let name = self.remove_group(&group, effects)?;
                if let Some(id) = self.book.filed(name) {
                    self.touch(id);
                }
                self.release(name);
                return Ok(Vec::new());
            }
            GroupChange::Join(MemberRecord { group, member, role }) => {
                self.admit_by_hand(&group)?;
                let name = self.group_name(&group)?;
                let was_member = self.is_direct_member(name, &member);
                self.join(&group, &member, role, effects)?;
                if !was_member {
                    let text = format!("{} has joined.", self.name_of(&member).original);
                    self.announce(now, name, &text, effects);
                }
                return Ok(Vec::new());
            }
            GroupChange::Leave { group, member } => {
                self.admit_by_hand(&group)?;
                let name = self.group_name(&group)?;
                let text = format!("{} has left.", self.name_of(&member).original);
                self.leave(&group, &member, effects)?;
                self.announce(now, name, &text, effects);
                return Ok(Vec::new());
            }
            GroupChange::Replace { group, title, members } => {
                return self.replace_members(now, group, title, members, effects);
            }
        }
        let name = self.group_name(&group)?;
        self.show_group(now, name, effects);
        Ok(Vec::new())
    }

    fn create_group(&mut self, record: GroupRecord, effects: &mut Effects) -> Result<(), GroupRefusal> {
        self.admit_conversation(&record)?;
        let limits = &self.settings.limits;
        if self.groups.len() >= limits.groups_max {
            return Err(GroupRefusal::Full { limit: "groups_max", max: limits.groups_max });
        }
        if let Some(name) = self.book.id(&record.address) {
            if self.groups.get(name).is_some() {
                return Err(GroupRefusal::Known(record.address));
            }
            if self.is_somebodys(name) {
                return Err(GroupRefusal::NameTaken(record.address));
            }
            // It may be a member of other groups already.
            let depth = self.groups.depth(name, Towards::Above, limits.group_depth_max);
            if depth > limits.group_depth_max {
                return Err(GroupRefusal::Full { limit: "group_depth_max", max: limits.group_depth_max });
            }
        }
        let name = self.book.intern(&record.address);
        effects.facts.push(Fact::Group(Box::new(record.clone())));
        self.groups.put(name, record);
        Ok(())
    }

    /// Whether there is room for one more principal, where a group that is a conversation is none yet.
    fn admit_conversation(&self, record: &GroupRecord) -> Result<(), GroupRefusal> {
        let is_principal = self.book.id(&record.address).is_some_and(|name| self.book.filed(name).is_some());
        let max = self.settings.limits.principals_max;
        match record.is_conversation && !is_principal && self.principals.len() >= max {
            true => Err(GroupRefusal::Full { limit: "principals_max", max }),
            false => Ok(()),
        }
    }

    /// Whether a person, room or machine goes by a name.
    fn is_somebodys(&self, name: NameId) -> bool {
        self.book
            .owner(name)
            .is_some_and(|id| self.book.is_registered(name) || !self.principals[id].devices.is_empty())
    }

    fn alter_group(&mut self, record: GroupRecord, effects: &mut Effects) -> Result<(), GroupRefusal> {
        let name = self.group_name(&record.address)?;
        let Some(group) = self.groups.get(name) else { return Err(GroupRefusal::Unknown(record.address)) };
        let GroupRecord { source, created_at, .. } = group.record;
        let record = GroupRecord { source, created_at, ..record };
        self.admit_conversation(&record)?;
        if record != group.record {
            effects.facts.push(Fact::Group(Box::new(record.clone())));
            self.groups.put(name, record);
        }
        Ok(())
    }

    fn remove_group(&mut self, group: &Address, effects: &mut Effects) -> Result<NameId, GroupRefusal> {
        let name = self.group_name(group)?;
        effects.facts.push(Fact::GroupRemoved { address: group.clone() });
        for member in self.groups.remove(name) {
            self.release(member);
        }
        Ok(name)
    }

    fn join(
        &mut self,
        group: &Address,
        member: &Address,
        role: GroupRole,
        effects: &mut Effects,
    ) -> Result<(), GroupRefusal> {
        let name = self.group_name(group)?;
        self.admit_member(name, member)?;
        let limits = &self.settings.limits;
        let is_known = self.is_direct_member(name, member);
        let room = self.groups.admit(name, usize::from(!is_known), limits);
        room.map_err(|(limit, max)| GroupRefusal::Full { limit, max })?;
        let member_name = self.book.intern(member);
        if self.groups.join(name, member_name, role) {
            let record = MemberRecord { group: group.clone(), member: member.clone(), role };
            effects.facts.push(Fact::GroupMember(Box::new(record)));
        }
        Ok(())
    }

    fn leave(
        &mut self,
        group: &Address,
        member: &Address,
        effects: &mut Effects,
    ) -> Result<(), GroupRefusal> {
        let name = self.group_name(group)?;
        let member_name = self.book.id(member).filter(|member| self.groups.leave(name, *member));
        let Some(member_name) = member_name else {
            return Err(GroupRefusal::NotMember { group: group.clone(), member: member.clone() });
        };
        effects.facts.push(Fact::GroupMemberRemoved { group: group.clone(), member: member.clone() });
        self.release(member_name);
        Ok(())
    }

    /// Makes a directory's group what the directory says.
    fn replace_members(
        &mut self,
        now: Now,
        group: Address,
        title: String,
        members: Vec<Address>,
        effects: &mut Effects,
    ) -> Result<Vec<GroupRefusal>, GroupRefusal> {
        let known = self.group(&group);
        if known.as_ref().is_some_and(|known| known.record.source != GroupSource::Directory) {
            return Err(GroupRefusal::OfOperator(group));
        }
        let wanted = BTreeSet::from_iter(members);
        let limits = &self.settings.limits;
        let before = known.as_ref().map_or(0, |known| known.members.len());
        if wanted.len() > limits.members_per_group_max {
            return Err(GroupRefusal::Full {
                limit: "members_per_group_max",
                max: limits.members_per_group_max,
            });
        }
        if self.groups.members_len() - before + wanted.len() > limits.memberships_max {
            return Err(GroupRefusal::Full { limit: "memberships_max", max: limits.memberships_max });
        }
        match &known {
            Some(known) => self.alter_group(GroupRecord { title, ..known.record.clone() }, effects)?,
            None => {
                let source = GroupSource::Directory;
                let record = GroupRecord { title, source, ..GroupRecord::of(group.clone(), now.wall) };
                self.create_group(record, effects)?;
            }
        }
        let gone = known.into_iter().flat_map(|known| known.members).map(|record| record.member);
        for member in Vec::from_iter(gone.filter(|member| !wanted.contains(member))) {
            self.leave(&group, &member, effects)?;
        }
        let joined = wanted.iter().map(|member| self.join(&group, member, GroupRole::Member, effects));
        Ok(joined.filter_map(Result::err).collect())
    }

    /// Refuses what would put a group into itself, or too many of them into each other.
    fn admit_member(&self, group: NameId, member: &Address) -> Result<(), GroupRefusal> {
        let Some(member) = self.book.id(member) else { return Ok(()) };
        if self.groups.get(member).is_none() {
            return Ok(());
        }
        if let Some(mut path) = self.groups.path(member, group) {
            path.push(member);
            let names = path.into_iter().map(|name| self.book.address(name).clone());
            return Err(GroupRefusal::Loop(names.collect()));
        }
        let max = self.settings.limits.group_depth_max;
        let depth =
            self.groups.depth(group, Towards::Above, max) + self.groups.depth(member, Towards::Below, max);
        if depth > max {
            return Err(GroupRefusal::Full { limit: "group_depth_max", max });
        }
        Ok(())
    }

    /// Refuses to change the members of a directory's group one by one.
    fn admit_by_hand(&self, group: &Address) -> Result<(), GroupRefusal> {
        let name = self.group_name(group)?;
        let is_directorys =
            self.groups.get(name).is_some_and(|group| group.record.source == GroupSource::Directory);
        if is_directorys { Err(GroupRefusal::OfDirectory(group.clone())) } else { Ok(()) }
    }

    fn is_direct_member(&self, group: NameId, member: &Address) -> bool {
        let member = self.book.id(member);
        member.is_some_and(|member| self.groups.direct(member).contains(&group))
    }

    fn group_name(&self, group: &Address) -> Result<NameId, GroupRefusal> {
        let name = self.book.id(group).filter(|name| self.groups.get(*name).is_some());
        name.ok_or_else(|| GroupRefusal::Unknown(group.clone()))
    }

    /// Takes a group from the store, after the principals and aliases.
    pub fn load_group(&mut self, record: GroupRecord) {
        let name = self.book.intern(&record.address);
        if let Some(id) = self.book.filed(name) {
            self.principals[id].is_silent |= record.is_conversation;
        }
        self.groups.put(name, record);
    }

    /// Takes a member from the store, after all groups; gives back whether there is such a group. Loops are taken as
    /// they are.
    pub fn load_member(&mut self, record: &MemberRecord) -> bool {
        let Some(group) = self.book.id(&record.group).filter(|name| self.groups.get(*name).is_some()) else {
            return false;
        };
        let member = self.book.intern(&record.member);
        self.groups.join(group, member, record.role);
        true
    }
}

/// A group and its members, for operators.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupSummary {
    /// What is known of it.
    #[serde(flatten)]
    pub record: GroupRecord,
    /// Who joined, in order.
    pub members: Vec<MemberRecord>,
    /// How many persons, rooms and machines are reached, those of groups in it among them, each once.
    pub reached: usize,
}
