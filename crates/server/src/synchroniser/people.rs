//! People of a directory as users.
//!
//! An account that is disabled, or is there no more, leaves a user who may not register, so that its addresses are
//! nobody else's meanwhile. A user whom an operator made keeps its addresses; the directory decides only whether it may
//! register. A password that the directory no more tells stays as it is: that a right to read was lost must open nothing.

use super::Synchroniser;
use super::standing::Differences;
use crate::control::{Failure, FailureKind, as_command, opened};
use directory::{Person, Snapshot};
use model::{Address, AuditEvent, AuditOutcome, DirectoryState, DirectoryUser, Fact, Password, UserRecord};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::PoisonError;

/// Changes that are made durable together.
const CHANGES_AT_ONCE: usize = 500;

/// A change of one user: as it was, and as it will be; `None`: not there.
struct Change {
    before: Option<UserRecord>,
    after: Option<UserRecord>,
    password: Option<Password>,
}

impl Synchroniser {
    /// Makes users what the directory says of its people.
    pub(super) fn carry_over_people(
        &self,
        snapshot: &Snapshot,
        is_forced: bool,
        differences: &mut Differences,
    ) -> Result<(), Failure> {
        let _turn = self.answering.user_changes.lock().unwrap_or_else(PoisonError::into_inner);
        let users = self.answering.all_users()?;
        let known = users.values().filter_map(|user| Some((user, user.directory.as_ref()?)));
        let known = known.filter(|(_, directory)| directory.state != DirectoryState::Gone);
        let is_gone = |user: &UserRecord| !snapshot.people.contains_key(&user.name.to_lowercase());
        let (of, gone) =
            known.fold((0, 0), |(of, gone), (user, _)| (of + 1, gone + usize::from(is_gone(user))));
        if !self.may_disappear(gone, of, is_forced) {
            let text = format!("the directory has {gone} of {of} people no more; nothing was changed");
            differences.hold_back(text);
            return Ok(());
        }
        let changes = self.changes(&users, snapshot, differences);
        for some in changes.chunks(CHANGES_AT_ONCE) {
            if self.is_stopping() {
                return Ok(());
            }
            self.carry_out(some)?;
            differences.users_changed += some.len();
        }
        Ok(())
    }

    /// What differs. Who is there comes before who is gone: an address goes on to the one who has it now.
    fn changes(
        &self,
        users: &BTreeMap<String, UserRecord>,
        snapshot: &Snapshot,
        differences: &mut Differences,
    ) -> Vec<Change> {
        let by_name: HashMap<String, &UserRecord> =
            users.values().map(|user| (user.name.to_lowercase(), user)).collect();
        let wanted: HashMap<&str, Vec<Address>> =
            snapshot.people.values().map(|person| (person.user.as_str(), self.addresses(person))).collect();
        let mut owners = owners(users, &by_name, &wanted, snapshot);
        let mut changes = Vec::new();
        for person in snapshot.people.values() {
            let before = by_name.get(&person.user).copied();
            let wanted = wanted.get(person.user.as_str()).map_or(&[][..], Vec::as_slice);
            let owned = wanted.iter().filter(|address| match owners.get(*address) {
                Some(owner) if **owner != person.user => {
                    let text = || format!("{address} of {} belongs to the user {owner} already", person.dn);
                    differences.leave_out(text);
                    false
                }
                _ => true,
            });
            let owned = Vec::from_iter(owned.cloned());
            owners.extend(owned.iter().map(|address| (address.clone(), person.user.clone())));
            changes.extend(self.change(before, person, owned, differences));
        }
        for user in users.values().filter(|user| !snapshot.people.contains_key(&user.name.to_lowercase())) {
            changes.extend(departure(user, &owners));
        }
        changes
    }

    /// What differs of one person.
    fn change(
        &self,
        before: Option<&UserRecord>,
        person: &Person,
        owned: Vec<Address>,
        differences: &mut Differences,
    ) -> Option<Change> {
        let owns_addresses = before
            .is_none_or(|user| user.directory.as_ref().is_some_and(|directory| directory.owns_addresses));
        let addresses = match before {
            Some(user) if !owns_addresses || owned.is_empty() => user.addresses.clone(),
            // Nobody who could register.
            None if owned.is_empty() => return None,
            _ => owned,
        };
        let state = if person.is_disabled { DirectoryState::Disabled } else { DirectoryState::Enabled };
        let directory = DirectoryUser {
            dn: person.dn.clone(),
            title: person.title.clone(),
            contacts: person.contacts.clone(),
            state,
            owns_addresses,
        };
        let name = before.map_or_else(|| person.signs_as.clone(), |user| user.name.clone());
        let mut after = UserRecord {
            addresses,
            networks: before.map_or_else(Vec::new, |user| user.networks.clone()),
            directory: Some(directory),
            key: before.and_then(|user| user.key),
            sealed_password: before.and_then(|user| user.sealed_password.clone()),
            since: before.map_or_else(|| self.answering.clock.now().wall, |user| user.since),
            name,
        };
        if let Some(password) = person.password.as_ref().filter(|_| owns_addresses)
            && let Err(error) = self.give_password(&mut after, password)
        {
            differences.leave_out(|| format!("the password of {}: {error}", person.dn));
        }
        let password = person.password.clone().filter(|_| after.sealed_password.is_some() && owns_addresses);
        let is_new = before != Some(&after);
        is_new.then(|| Change { before: before.cloned(), after: Some(after), password })
    }

    /// Gives a user the password of the directory, where it has another.
    fn give_password(&self, user: &mut UserRecord, password: &Password) -> Result<(), Failure> {
        let key = h323::security::key_of(password);
        let is_legacy = self.settings.h235_legacy;
        if user.key == Some(key) && user.sealed_password.is_some() == is_legacy {
            return Ok(());
        }
        let seal = || self.answering.vault.seal(&user.name, password);
        let sealed = is_legacy.then(seal).transpose();
        let sealed = sealed.map_err(|error| Failure::new(FailureKind::Unavailable, error))?;
        (user.key, user.sealed_password, user.since) = (Some(key), sealed, self.answering.clock.now().wall);
        Ok(())
    }

    /// The addresses of a person that are in our zone.
    fn addresses(&self, person: &Person) -> Vec<Address> {
        let mut addresses = self.all_addresses(person);
        addresses.retain(|address| self.answering.names.serves(address));
        addresses
    }

    /// All addresses of a person; what can't be read as an alias is none.
    pub(super) fn all_addresses(&self, person: &Person) -> Vec<Address> {
        let mut addresses: Vec<Address> = Vec::new();
        for alias in &person.aliases {
            let reading = self.answering.names.readings(alias).ok().and_then(|all| all.into_iter().next());
            addresses.extend(reading.filter(|address| !addresses.contains(address)));
        }
        addresses
    }

    /// Makes changes durable, then tells the gateway.
    fn carry_out(&self, changes: &[Change]) -> Result<(), Failure> {
        let facts = changes.iter().filter_map(|change| match (&change.before, &change.after) {
            (_, Some(user)) => Some(Fact::User(Box::new(user.clone()))),
            (Some(user), None) => Some(Fact::UserRemoved { name: user.name.clone() }),
            (None, None) => None,
        });
        self.answering.write_all(facts.collect())?;
        for Change { before, after, password } in changes {
            self.audit(before.as_ref(), after.as_ref());
            let known = before.as_ref().map(|user| as_command(user, None));
            match (after, before) {
                (Some(user), _) if user.key.is_some() && !user.is_disabled() => {
                    let command = match password {
                        Some(password) => as_command(user, Some(password.clone())),
                        None => opened(user, &self.answering.vault),
                    };
                    self.answering.tell(command)?;
                }
                (Some(user), before) => {
                    let command = as_command(user, None);
                    if known.as_ref().is_some_and(|known| *known != command)
                        || before.is_none() && user.is_disabled()
                    {
                        self.answering.tell(command)?;
                    }
                }
                (None, Some(user)) => {
                    self.answering.tell(link::Command::RemoveUser { name: user.name.clone() })?;
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Keeps a record of who may register no more, and who may again.
    fn audit(&self, before: Option<&UserRecord>, after: Option<&UserRecord>) {
        let Some(user) = after else { return };
        let act = match (before.is_some_and(UserRecord::is_disabled), user.is_disabled()) {
            (false, true) => "disableUser",
            (true, false) => "enableUser",
            _ => return,
        };
        let event = AuditEvent::new(act, AuditOutcome::Done);
        let (actor, object) = (Some("directory".to_owned()), Some(user.name.clone()));
        let target = user.directory.as_ref().map(|directory| directory.dn.chars().take(256).collect());
        self.answering.audit.note_act(AuditEvent { actor, object, target, ..event });
    }
}

/// Whose an address is already. What a user of the directory does not want any more is free, and so is what belongs to
/// somebody who is gone and is wanted by somebody who is there.
fn owners(
    users: &BTreeMap<String, UserRecord>,
    by_name: &HashMap<String, &UserRecord>,
    wanted: &HashMap<&str, Vec<Address>>,
    snapshot: &Snapshot,
) -> HashMap<Address, String> {
    let all: HashSet<&Address> = wanted.values().flatten().collect();
    let mut owners = HashMap::new();
    for user in users.values() {
        let name = user.name.to_lowercase();
        let follows = user.directory.as_ref().is_some_and(|directory| directory.owns_addresses);
        let is_there = snapshot.people.contains_key(&name) && by_name.contains_key(&name);
        let keeps = |address: &&Address| match (follows, is_there) {
            (false, _) => true,
            (true, true) => wanted.get(name.as_str()).is_some_and(|wanted| wanted.contains(*address)),
            (true, false) => !all.contains(*address),
        };
        owners.extend(user.addresses.iter().filter(keeps).map(|address| (address.clone(), name.clone())));
    }
    owners
}

/// What becomes of a user whom the directory has no more, or has never had.
fn departure(user: &UserRecord, owners: &HashMap<Address, String>) -> Option<Change> {
    let directory = user.directory.clone()?;
    let name = user.name.to_lowercase();
    let is_own = |address: &&Address| owners.get(*address) == Some(&name);
    let addresses = match directory.owns_addresses {
        true => user.addresses.iter().filter(is_own).cloned().collect(),
        false => user.addresses.clone(),
    };
    let directory = DirectoryUser { state: DirectoryState::Gone, ..directory };
    let is_left = !addresses.is_empty();
    let after = UserRecord { addresses, directory: Some(directory), ..user.clone() };
    let after = is_left.then_some(after);
    (after.as_ref() != Some(user)).then(|| Change { before: Some(user.clone()), after, password: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn user(name: &str, addresses: &[&str], owns_addresses: bool, state: DirectoryState) -> UserRecord {
        let dn = format!("uid={name},dc=example");
        let directory = DirectoryUser { dn, title: None, contacts: Vec::new(), state, owns_addresses };
        UserRecord {
            name: name.to_owned(),
            addresses: addresses.iter().map(|text| address(text)).collect(),
            networks: Vec::new(),
            key: None,
            sealed_password: None,
            since: Timestamp(7),
            directory: Some(directory),
        }
    }

    /// The owners where the directory has only these people, who want these addresses.
    fn owners_of(users: &[&UserRecord], people: &[(&str, &[&str])]) -> HashMap<Address, String> {
        let users = users.iter().map(|user| (user.name.clone(), (*user).clone())).collect::<BTreeMap<_, _>>();
        let by_name = users.values().map(|user| (user.name.to_lowercase(), user)).collect();
        let wanted =
            people.iter().map(|(name, wanted)| (*name, wanted.iter().map(|text| address(text)).collect()));
        let entry = |name: &str| {
            directory::Entry::new(format!("uid={name},dc=x"), [("uid".to_owned(), vec![name.to_owned()])])
        };
        let entries = Vec::from_iter(people.iter().map(|(name, _)| entry(name)));
        let snapshot = Snapshot::compose(&entries, &[], &directory::Settings::default());
        owners(&users, &by_name, &wanted.collect(), &snapshot)
    }

    #[test]
    fn an_address_stays_with_who_has_it_until_the_directory_takes_it_away() {
        let alice = user("Alice", &["alice@x", "1@x"], true, DirectoryState::Enabled);
        let both: &[(&str, &[&str])] = &[("alice", &["alice@x", "1@x"]), ("bob", &["1@x"])];
        assert_eq!(owners_of(&[&alice], both).get(&address("1@x")).map(String::as_str), Some("alice"));
        let moved: &[(&str, &[&str])] = &[("alice", &["alice@x"]), ("bob", &["1@x"])];
        assert_eq!(owners_of(&[&alice], moved).get(&address("1@x")), None);
        // What an operator gave is nobody else's, whatever the directory says.
        let kept = user("Alice", &["1@x"], false, DirectoryState::Gone);
        assert_eq!(owners_of(&[&kept], moved).get(&address("1@x")).map(String::as_str), Some("alice"));
    }

    #[test]
    fn who_is_gone_keeps_what_nobody_else_has_and_is_changed_once() {
        let alice = user("alice", &["alice@x", "1@x"], true, DirectoryState::Enabled);
        let gone = departure(&alice, &owners_of(&[&alice], &[("bob", &["1@x"])])).unwrap().after.unwrap();
        assert_eq!((gone.addresses.as_slice(), gone.is_disabled()), ([address("alice@x")].as_slice(), true));
        assert!(departure(&gone, &owners_of(&[&gone], &[("bob", &["1@x"])])).is_none());
        let taken = departure(&gone, &owners_of(&[&gone], &[("bob", &["alice@x"])])).unwrap();
        assert_eq!(taken.after, None, "nothing is left of it");
        let by_hand = UserRecord { directory: None, ..alice };
        assert!(departure(&by_hand, &HashMap::new()).is_none(), "the directory never had it");
    }
}
