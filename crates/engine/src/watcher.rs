//! Who watches which name.

use crate::alias_book::NameId;
use model::WatcherId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All subscriptions, from both ends. A watcher watches names, not principals: a name that moves takes its
/// watchers along.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    names: BTreeMap<WatcherId, Vec<NameId>>,
    /// Each list in order.
    watchers: HashMap<NameId, Vec<WatcherId>>,
    of_all: BTreeSet<WatcherId>,
    subscriptions: usize,
}

impl Watchers {
    /// Adds a subscription to a name; `false` where it was there.
    pub(crate) fn add(&mut self, watcher: WatcherId, name: NameId) -> bool {
        let watchers = self.watchers.entry(name).or_default();
        let Err(place) = watchers.binary_search(&watcher) else { return false };
        watchers.insert(place, watcher);
        self.names.entry(watcher).or_default().push(name);
        self.subscriptions += 1;
        true
    }

    /// Adds a subscription to everybody.
    pub(crate) fn add_to_all(&mut self, watcher: WatcherId) {
        self.subscriptions += usize::from(self.of_all.insert(watcher));
    }

    /// Ends all subscriptions of a watcher; gives back the names that nobody watches any more.
    pub(crate) fn remove(&mut self, watcher: WatcherId) -> Vec<NameId> {
        self.subscriptions -= usize::from(self.of_all.remove(&watcher));
        let names = self.names.remove(&watcher).unwrap_or_default();
        self.subscriptions -= names.len();
        let leaves_alone = |name: &NameId| {
            let Some(watchers) = self.watchers.get_mut(name) else { return true };
            if let Ok(place) = watchers.binary_search(&watcher) {
                watchers.remove(place);
            }
            let is_alone = watchers.is_empty();
            if is_alone {
                self.watchers.remove(name);
            }
            is_alone
        };
        names.into_iter().filter(leaves_alone).collect()
    }

    /// Who watches a name, in order.
    pub(crate) fn of(&self, name: NameId) -> &[WatcherId] {
        self.watchers.get(&name).map_or(&[], Vec::as_slice)
    }

    /// Who watches everybody, in order.
    pub(crate) fn of_all(&self) -> impl Iterator<Item = WatcherId> {
        self.of_all.iter().copied()
    }

    /// How many watchers there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len() + self.of_all.iter().filter(|watcher| !self.names.contains_key(watcher)).count()
    }

    /// How many subscriptions there are.
    pub(crate) fn subscriptions(&self) -> usize {
        self.subscriptions
    }
}
