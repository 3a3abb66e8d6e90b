//! The whole of a directory at one time: people, groups, and who is in what.

use crate::entry::Entry;
use crate::group::DirectoryGroup;
use crate::name::normal;
use crate::person::Person;
use crate::settings::Settings;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Everything that was read of a directory.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    /// The people, by the names that they sign in with.
    pub people: BTreeMap<String, Person>,
    /// The groups, by distinguished name in normal form.
    pub groups: BTreeMap<String, SnapshotGroup>,
    /// Entries that are neither: without a name, or with one that another has.
    pub unusable: usize,
}

/// A group with its members.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SnapshotGroup {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// The people in it, by the names that they sign in with.
    pub people: BTreeSet<String>,
    /// The groups in it, by distinguished name in normal form; it may be among them itself.
    pub groups: BTreeSet<String>,
    /// Members that are neither people nor groups of this snapshot.
    pub outside: usize,
}

impl Snapshot {
    /// Puts entries together. A group has the members that it names, and those that name it (`memberOf`): Active Directory
    /// gives only 1500 of the members of a large group, but each member names it.
    #[must_use]
    pub fn compose(people: &[Entry], groups: &[Entry], settings: &Settings) -> Self {
        let mut snapshot = Self::default();
        let mut by_dn: HashMap<String, String> = HashMap::new();
        let mut says_in: Vec<(String, Member)> = Vec::new();
        // Of two people of one name the same one counts each time, in whatever order the directory gives them.
        let mut people = Vec::from_iter(people);
        people.sort_by(|one, other| one.dn.cmp(&other.dn));
        for entry in people {
            let read = Person::read(entry, settings).zip(normal(&entry.dn));
            let Some((person, dn)) = read.filter(|(person, _)| !snapshot.people.contains_key(&person.user))
            else {
                snapshot.unusable += 1;
                continue;
            };
            by_dn.insert(dn, person.user.clone());
            says_in.extend(
                person.member_of.iter().map(|group| (group.clone(), Member::Person(person.user.clone()))),
            );
            snapshot.people.insert(person.user.clone(), person);
        }
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in groups {
            let Some((group, dn)) = DirectoryGroup::read(entry, settings).zip(normal(&entry.dn)) else {
                snapshot.unusable += 1;
                continue;
            };
            says_in.extend(group.member_of.iter().map(|above| (above.clone(), Member::Group(dn.clone()))));
            names.insert(dn.clone(), group.members);
            let (name, title) = (group.name, group.title);
            snapshot.groups.insert(dn, SnapshotGroup { name, title, ..SnapshotGroup::default() });
        }
        for (dn, members) in names {
            for member in members {
                let found = snapshot.member(&member, &by_dn);
                if let Some(group) = snapshot.groups.get_mut(&dn) {
                    group.take(found);
                }
            }
        }
        for (group, member) in says_in {
            if let Some(group) = normal(&group).and_then(|group| snapshot.groups.get_mut(&group)) {
                group.take(Some(member));
            }
        }
        snapshot
    }

    /// Who a value of a member attribute is.
    fn member(&self, value: &str, by_dn: &HashMap<String, String>) -> Option<Member> {
        match normal(value) {
            Some(dn) if self.groups.contains_key(&dn) => Some(Member::Group(dn)),
            Some(dn) => by_dn.get(&dn).cloned().map(Member::Person),
            // RFC 2307: `memberUid`.
            None => {
                let user = value.to_lowercase();
                self.people.contains_key(&user).then_some(Member::Person(user))
            }
        }
    }
}

impl SnapshotGroup {
    fn take(&mut self, member: Option<Member>) {
        match member {
            Some(Member::Person(user)) => drop(self.people.insert(user)),
            Some(Member::Group(dn)) => drop(self.groups.insert(dn)),
            None => self.outside += 1,
        }
    }
}

enum Member {
    Person(String),
    Group(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Kind;

    fn entry(dn: &str, attributes: &[(&str, &[&str])]) -> Entry {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Entry::new(dn.to_owned(), attributes.iter().map(|(name, values)| ((*name).to_owned(), owned(values))))
    }

    #[test]
    fn members_are_found_by_distinguished_name_and_by_the_name_to_sign_in_with() {
        let people = [
            entry("uid=alice,ou=People,dc=x", &[("uid", &["alice"])]),
            entry("uid=bob,ou=People,dc=x", &[("uid", &["Bob"])]),
        ];
        let groups = [
            entry(
                "cn=staff,dc=x",
                &[
                    ("cn", &["staff"]),
                    ("member", &["UID=Alice, ou=people,dc=X", "cn=board,dc=x", "cn=gone,dc=x"]),
                ],
            ),
            entry(
                "cn=board,dc=x",
                &[("cn", &["board"]), ("memberUid", &["BOB", "nobody"]), ("member", &["cn=Staff,dc=x"])],
            ),
        ];
        let snapshot = Snapshot::compose(&people, &groups, &Settings::default());
        let staff = &snapshot.groups["cn=staff,dc=x"];
        assert_eq!(staff.people, BTreeSet::from(["alice".to_owned()]));
        assert_eq!(staff.groups, BTreeSet::from(["cn=board,dc=x".to_owned()]));
        assert_eq!(staff.outside, 1);
        let board = &snapshot.groups["cn=board,dc=x"];
        assert_eq!(board.people, BTreeSet::from(["bob".to_owned()]));
        assert_eq!(board.groups, BTreeSet::from(["cn=staff,dc=x".to_owned()]));
        assert_eq!(board.outside, 1);
    }

    #[test]
    fn a_group_of_active_directory_that_is_cut_off_has_those_too_who_name_it() {
        let settings = Settings::of(Kind::ActiveDirectory);
        let person = |name: &str| {
            entry(&format!("CN={name},DC=x"), &[("sAMAccountName", &[name]), ("memberOf", &["CN=All,DC=x"])])
        };
        let inner = entry("CN=Inner,DC=x", &[("cn", &["Inner"]), ("memberOf", &["CN=All,DC=x"])]);
        let all =
            entry("CN=All,DC=x", &[("cn", &["All"]), ("member", &[]), ("member;range=0-0", &["CN=a,DC=x"])]);
        let snapshot = Snapshot::compose(&[person("a"), person("b")], &[all, inner], &settings);
        let all = &snapshot.groups["cn=all,dc=x"];
        assert_eq!(all.people.len(), 2);
        assert_eq!(all.groups.len(), 1);
    }

    #[test]
    fn two_people_of_one_name_are_not_mixed_up() {
        let people = [
            entry("uid=bob,ou=a,dc=x", &[("uid", &["bob"])]),
            entry("uid=bob,ou=b,dc=x", &[("uid", &["BOB"])]),
        ];
        let groups = [entry("cn=g,dc=x", &[("cn", &["g"]), ("member", &["uid=bob,ou=b,dc=x"])])];
        let snapshot = Snapshot::compose(&people, &groups, &Settings::default());
        assert_eq!((snapshot.people.len(), snapshot.unusable), (1, 1));
        let group = &snapshot.groups["cn=g,dc=x"];
        assert_eq!((group.people.len(), group.outside), (0, 1));
    }
}
