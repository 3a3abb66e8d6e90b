//! Who watches which name.

use crate::alias_book::NameId;
use model::WatcherId;
use std::collections::{BTreeSet, HashMap};

/// All subscriptions, from both ends. A watcher watches names, not principals: a name that moves takes its
/// watchers along.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    names: BTreeSet<(WatcherId, NameId)>,
    /// Each list in order. The table is never iterated, so its order is of no consequence.
    watchers: HashMap<NameId, Vec<WatcherId>>,
    of_all: BTreeSet<WatcherId>,
    len: usize,
}

impl Watchers {
    /// Adds a subscription to a name, unless it is there.
    pub(crate) fn add(&mut self, watcher: WatcherId, name: NameId) {
        self.len += usize::from(!self.contains(watcher));
        if self.names.insert((watcher, name)) {
            let watchers = self.watchers.entry(name).or_default();
            let place = watchers.partition_point(|other| *other < watcher);
            watchers.insert(place, watcher);
        }
    }

    /// Adds a subscription to everybody, unless it is there.
    pub(crate) fn add_to_all(&mut self, watcher: WatcherId) {
        self.len += usize::from(!self.contains(watcher));
        self.of_all.insert(watcher);
    }

    /// Ends all subscriptions of a watcher; gives back the names that nobody watches any more.
    pub(crate) fn remove(&mut self, watcher: WatcherId) -> Vec<NameId> {
        self.len -= usize::from(self.contains(watcher));
        self.of_all.remove(&watcher);
        let names = Vec::from_iter(self.names_of(watcher));
        let is_left_alone = |name: &NameId| {
            self.names.remove(&(watcher, *name));
            let Some(watchers) = self.watchers.get_mut(name) else { return true };
            watchers.retain(|other| *other != watcher);
            let is_alone = watchers.is_empty();
            if is_alone {
                self.watchers.remove(name);
            }
            is_alone
        };
        names.into_iter().filter(is_left_alone).collect()
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
        self.len
    }

    /// How many subscriptions there are.
    pub(crate) fn subscriptions(&self) -> usize {
        self.names.len() + self.of_all.len()
    }

    fn contains(&self, watcher: WatcherId) -> bool {
        self.of_all.contains(&watcher) || self.names_of(watcher).next().is_some()
    }

    fn names_of(&self, watcher: WatcherId) -> impl Iterator<Item = NameId> {
        self.names.range((watcher, NameId::FIRST)..=(watcher, NameId::LAST)).map(|(_, name)| *name)
    }
}
