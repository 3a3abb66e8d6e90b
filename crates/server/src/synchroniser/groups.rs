//! Groups of a directory as groups.
//!
//! A group has all addresses of its people as members, so that it holds whichever of them an endpoint registers; but not
//! those that belong to somebody else. One that
//! the directory has no more loses its members and stays: rules that name it must not come to mean somebody else.

use super::Synchroniser;
use super::standing::Differences;
use crate::control::{Failure, FailureKind};
use directory::{Snapshot, SnapshotGroup};
use engine::GroupSummary;
use model::{Address, GroupChange, GroupSource, UserRecord};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Groups read from the engine at one time.
const PAGE: usize = 256;

/// A group as the directory wants it.
#[derive(Default)]
struct Wanted {
    title: String,
    members: BTreeSet<Address>,
}

impl Synchroniser {
    /// Makes groups what the directory says.
    pub(super) fn carry_over_groups(
        &self,
        snapshot: &Snapshot,
        is_forced: bool,
        differences: &mut Differences,
    ) -> Result<(), Failure> {
        let users = self.answering.all_users()?;
        let owned = Owned::of(&users);
        let mut wanted = self.wanted_groups(snapshot, &owned, differences);
        for group in self.groups_of_directories()? {
            let (address, title) = (group.address, group.title);
            wanted.entry(address).or_insert_with(|| Wanted { title, ..Wanted::default() });
        }
        // Who leaves goes before who joins: what was a loop yesterday need not be one today.
        let mut again = Vec::new();
        for (address, wanted) in wanted {
            if self.is_stopping() {
                return Ok(());
            }
            if self.replace(&address, &wanted, is_forced, differences, false)? {
                again.push((address, wanted));
            }
        }
        for (address, wanted) in again {
            self.replace(&address, &wanted, is_forced, differences, true)?;
        }
        Ok(())
    }

    /// Makes one group what it should be. Whether something was left out that may do when all the others are done.
    fn replace(
        &self,
        address: &Address,
        wanted: &Wanted,
        is_forced: bool,
        differences: &mut Differences,
        is_last: bool,
    ) -> Result<bool, Failure> {
        let known = self.known_group(address)?;
        let members = known.as_ref().map(|group| &group.members[..]).unwrap_or_default();
        let before: BTreeSet<&Address> = members.iter().map(|record| &record.member).collect();
        let title = known.as_ref().map(|group| group.record.title.as_str());
        if known.is_some() && before.iter().copied().eq(wanted.members.iter()) && title == Some(&wanted.title)
        {
            return Ok(false);
        }
        let is_ours = known.as_ref().is_none_or(|group| group.record.source == GroupSource::Directory);
        let gone = before.iter().filter(|member| !wanted.members.contains(**member)).count();
        if is_ours && !self.may_disappear(gone, before.len(), is_forced) {
            let text = format!("{address} would lose {gone} of its {} members, which stay", before.len());
            differences.hold_back(text);
            return Ok(false);
        }
        let (group, title) = (address.clone(), wanted.title.clone());
        let members = wanted.members.iter().cloned().collect();
        let change = GroupChange::Replace { group, title, members };
        let outcome = self.answering.shard.change_group(change);
        match outcome.map_err(|error| Failure::new(FailureKind::Unavailable, error))? {
            Ok(left_out) if left_out.is_empty() || !is_last => {
                let is_changed = left_out.is_empty() || gone > 0 || known.is_none();
                differences.groups_changed += usize::from(is_changed);
                return Ok(!left_out.is_empty());
            }
            Ok(left_out) => {
                for refusal in left_out {
                    differences.leave_out(|| format!("a member of {address}: {refusal}"));
                }
            }
            Err(refusal) => differences.leave_out(|| format!("{address}: {refusal}")),
        }
        Ok(false)
    }

    fn wanted_groups(
        &self,
        snapshot: &Snapshot,
        owned: &Owned<'_>,
        differences: &mut Differences,
    ) -> BTreeMap<Address, Wanted> {
        let mut addresses: BTreeMap<&str, Address> = BTreeMap::new();
        let mut taken: BTreeMap<Address, &str> = BTreeMap::new();
        for (dn, group) in &snapshot.groups {
            match self.group_address(&group.name) {
                Ok(address) => match taken.get(&address) {
                    Some(other) => {
                        differences
                            .leave_out(|| format!("the group {dn} has the name of {other}, {address}"));
                    }
                    None => {
                        taken.insert(address.clone(), dn);
                        addresses.insert(dn, address);
                    }
                },
                Err(why) => differences.leave_out(|| format!("the group {dn}: {why}")),
            }
        }
        let wanted = snapshot.groups.iter().filter_map(|(dn, group)| {
            let members = self.members(snapshot, group, owned, &addresses);
            Some((addresses.get(dn.as_str())?.clone(), Wanted { title: group.title.clone(), members }))
        });
        wanted.collect()
    }

    fn members(
        &self,
        snapshot: &Snapshot,
        group: &SnapshotGroup,
        owned: &Owned<'_>,
        addresses: &BTreeMap<&str, Address>,
    ) -> BTreeSet<Address> {
        let people = group.people.iter().filter_map(|user| snapshot.people.get(user));
        let people = people.flat_map(|person| owned.names_of(&person.user, self.all_addresses(person)));
        let groups = group.groups.iter().filter_map(|dn| addresses.get(dn.as_str()).cloned());
        people.chain(groups).collect()
    }

    fn group_address(&self, name: &str) -> Result<Address, String> {
        let readings = self.answering.names.readings(name).map_err(|failure| failure.text)?;
        let address = readings.into_iter().next().ok_or("it has no address")?;
        match self.answering.names.serves(&address) {
            true => Ok(address),
            false => Err(format!("{address} is not in the domain of this zone, where groups are")),
        }
    }

    fn known_group(&self, address: &Address) -> Result<Option<GroupSummary>, Failure> {
        let address = address.clone();
        self.answering.shard.look(move |engine| engine.group(&address)).ok_or_else(ending)
    }

    /// The groups that came from a directory and have not been emptied.
    fn groups_of_directories(&self) -> Result<Vec<model::GroupRecord>, Failure> {
        let mut all = Vec::new();
        let mut after: Option<Address> = None;
        loop {
            let from = after.take();
            let page = self.answering.shard.look(move |engine| engine.all_groups(from.as_ref(), PAGE));
            let page = page.ok_or_else(ending)?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|group| group.address.clone());
            all.extend(page.into_iter().filter(|group| group.source == GroupSource::Directory));
            if is_last {
                return Ok(all);
            }
        }
    }
}

/// Whose addresses are whose, so that nobody is in a group because somebody else has an alias of his by mistake.
struct Owned<'a> {
    owners: HashMap<&'a Address, String>,
    addresses: HashMap<String, &'a [Address]>,
}

impl<'a> Owned<'a> {
    fn of(users: &'a BTreeMap<String, UserRecord>) -> Self {
        let mut owned = Self { owners: HashMap::new(), addresses: HashMap::new() };
        for user in users.values() {
            let name = user.name.to_lowercase();
            owned.owners.extend(user.addresses.iter().map(|address| (address, name.clone())));
            owned.addresses.insert(name, &user.addresses);
        }
        owned
    }

    /// All addresses of a person: of those that the directory says the ones that are nobody else's, and what the user owns.
    fn names_of(&self, user: &str, said: Vec<Address>) -> Vec<Address> {
        let is_free = |address: &Address| self.owners.get(address).is_none_or(|owner| owner == user);
        let own = self.addresses.get(user).copied().unwrap_or_default();
        said.into_iter().filter(is_free).chain(own.iter().cloned()).collect()
    }
}

fn ending() -> Failure {
    Failure::new(FailureKind::Unavailable, "the server is ending")
}
