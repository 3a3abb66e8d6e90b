//! The table of users and their agents.

use super::user::User;
use model::{Address, Instant, Millis};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// All users, by address and by the numbers of their agents.
#[derive(Debug, Default)]
pub(crate) struct Users {
    users: BTreeMap<Address, User>,
    /// Whose an agent is, and of which client; `None`: the one that stands for the user.
    agents: HashMap<u64, (Address, Option<String>)>,
    /// Users with whom nobody has to do, by when that was seen.
    idle: BTreeSet<(Instant, Address)>,
}

impl Users {
    pub(crate) fn get(&self, address: &Address) -> Option<&User> {
        self.users.get(address)
    }

    pub(crate) fn get_mut(&mut self, address: &Address) -> Option<&mut User> {
        self.users.get_mut(address)
    }

    /// Whose an agent is, and of which client.
    pub(crate) fn owner(&self, agent: u64) -> Option<&(Address, Option<String>)> {
        self.agents.get(&agent)
    }

    /// The number of the agent that stands for a user; the same in every process, so that what was published goes on
    /// after a restart.
    pub(crate) fn insert(&mut self, user: User) -> u64 {
        let agent = self.number(&user.address, None);
        self.users.insert(user.address.clone(), user);
        agent
    }

    /// A number for the agent of a client.
    pub(crate) fn add_client(&mut self, user: &Address, resource: &str) -> u64 {
        self.number(user, Some(resource))
    }

    fn number(&mut self, user: &Address, resource: Option<&str>) -> u64 {
        let mut hasher = DefaultHasher::new();
        (user.as_str(), resource).hash(&mut hasher);
        let mut number = hasher.finish();
        let owner = (user.clone(), resource.map(str::to_owned));
        while self.agents.get(&number).is_some_and(|other| *other != owner) {
            number = number.wrapping_add(1);
        }
        self.agents.insert(number, owner);
        number
    }

    /// The number of the agent that stands for a user.
    pub(crate) fn agent(&mut self, user: &Address) -> u64 {
        self.number(user, None)
    }

    pub(crate) fn remove_agent(&mut self, agent: u64) {
        self.agents.remove(&agent);
    }

    /// Takes a user out with the agent that stands for it.
    pub(crate) fn remove(&mut self, address: &Address) -> Option<(u64, User)> {
        let agent = self.agent(address);
        self.agents.remove(&agent);
        Some((agent, self.users.remove(address)?))
    }

    pub(crate) fn len(&self) -> usize {
        self.users.len()
    }

    /// Notes that a user may be forgotten some time after `now`, should nothing come between.
    pub(crate) fn rest(&mut self, address: &Address, now: Instant) {
        self.idle.insert((now, address.clone()));
    }

    /// The next user that has been idle since `before` or longer.
    pub(crate) fn pop_idle(&mut self, before: Instant) -> Option<Address> {
        while let Some((noted, address)) = self.idle.first().cloned() {
            if noted > before {
                return None;
            }
            self.idle.pop_first();
            let Some(user) = self.users.get(&address) else { continue };
            if !user.is_idle() {
                continue;
            }
            if user.active_at > noted {
                self.idle.insert((user.active_at, address));
                continue;
            }
            return Some(address);
        }
        None
    }

    /// When a user may be forgotten that has been idle for `length`.
    pub(crate) fn deadline(&self, length: Millis) -> Option<Instant> {
        self.idle.first().map(|(noted, _)| noted.after(length))
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.users.keys()
    }
}
