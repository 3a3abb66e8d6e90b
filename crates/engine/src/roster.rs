//! The roster: who watches whom, who has asked to, and who has blocked whom.
//!
//! Tables only. A party is the name under which a principal is filed, or a name that belongs to nobody yet.

use crate::alias_book::NameId;
use hashbrown::HashTable;
use model::{Amount, ContactCard, Instant, SubscriptionId, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;

/// All relations and blocks, each from both ends.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    /// By watcher and presentity.
    relations: BTreeMap<(NameId, NameId), Relation>,
    /// By presentity and watcher.
    watchers: BTreeSet<(NameId, NameId)>,
    ids: Ids,
    /// Since when presentities have looked offline to watchers whom they are hidden from by a rule, by watcher and
    /// presentity. Never iterated.
    hidden: HashMap<(NameId, NameId), Timestamp>,
    /// By owner and blocked.
    blocks: BTreeMap<(NameId, NameId), Block>,
    /// By blocked and owner.
    blockers: BTreeSet<(NameId, NameId)>,
    /// How much of whom; nobody without any. Never iterated.
    tallies: HashMap<NameId, Tally>,
    /// When requests expire, by watcher and presentity.
    expires: BTreeMap<(NameId, NameId), Instant>,
    /// The same in the order of time.
    expiries: BTreeSet<(Instant, NameId, NameId)>,
    /// The requests denied last, with who denied them: endpoints repeat decisions.
    denied: VecDeque<(SubscriptionId, NameId)>,
}

/// That one party watches another, or has asked to.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) id: SubscriptionId,
    pub(crate) asked_at: Timestamp,
    /// Whether the presentity has agreed, or a rule for it.
    pub(crate) is_active: bool,
    /// Whether a rule has agreed and the presentity was not asked.
    pub(crate) by_rule: bool,
    /// How much the watcher is shown, as the rules had it last; nothing in a request that its decider is not shown.
    pub(crate) shows: Amount,
    pub(crate) details: Option<Box<Details>>,
}

impl Relation {
    /// Whether it is a request that its decider is not shown.
    pub(crate) fn is_hidden(&self) -> bool {
        !self.is_active && self.shows == Amount::Nothing
    }
}

/// That one party lets another neither watch nor write.
#[derive(Debug)]
pub(crate) struct Block {
    /// Since when the owner looks offline to the blocked one.
    pub(crate) since: Timestamp,
    pub(crate) details: Option<Box<Details>>,
}

/// What is kept with an entry, where there is anything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Details {
    /// How the owner of the list writes the contact, as kind and text.
    pub(crate) written: Option<(String, String)>,
    pub(crate) card: ContactCard,
}

impl Details {
    /// Details, unless there is nothing to keep.
    pub(crate) fn of(written: Option<(String, String)>, card: ContactCard) -> Option<Box<Self>> {
        let details = Self { written, card };
        (details != Self::default()).then(|| Box::new(details))
    }
}

/// How much there is of one party.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// Whom it watches or has asked to, and whom it has blocked.
    pub(crate) contacts: u32,
    /// Whom it has asked and who has not decided.
    pub(crate) pending: u32,
    /// Who has asked it.
    pub(crate) waiting: u32,
}

impl Roster {
    /// Adds a relation, in the place of the one there is between the two in this direction.
    pub(crate) fn insert(&mut self, watcher: NameId, presentity: NameId, relation: Relation) {
        self.remove(watcher, presentity);
        self.ids.set(relation.id, (watcher, presentity), &self.relations);
        self.watchers.insert((presentity, watcher));
        self.count(watcher, presentity, &relation, 1);
        self.relations.insert((watcher, presentity), relation);
    }

    /// Ends a relation.
    pub(crate) fn remove(&mut self, watcher: NameId, presentity: NameId) -> Option<Relation> {
        let relation = self.relations.remove(&(watcher, presentity))?;
        self.watchers.remove(&(presentity, watcher));
        self.count(watcher, presentity, &relation, -1);
        self.expire_never(watcher, presentity);
        self.hidden.remove(&(watcher, presentity));
        let other = self.get(presentity, watcher).is_some_and(|other| other.id == relation.id);
        self.ids.end(relation.id, (watcher, presentity), other);
        Some(relation)
    }

    /// Lets a request expire at a moment, undecided.
    pub(crate) fn expire_at(&mut self, watcher: NameId, presentity: NameId, expires: Instant) {
        self.expire_never(watcher, presentity);
        if self.relations.contains_key(&(watcher, presentity)) {
            self.expires.insert((watcher, presentity), expires);
            self.expiries.insert((expires, watcher, presentity));
        }
    }

    /// When a request expires undecided.
    pub(crate) fn expires(&self, watcher: NameId, presentity: NameId) -> Option<Instant> {
        self.expires.get(&(watcher, presentity)).copied()
    }

    fn expire_never(&mut self, watcher: NameId, presentity: NameId) {
        if let Some(expires) = self.expires.remove(&(watcher, presentity)) {
            self.expiries.remove(&(expires, watcher, presentity));
        }
    }

    /// Puts other details in the place of those of a relation.
    pub(crate) fn describe(&mut self, watcher: NameId, presentity: NameId, details: Option<Box<Details>>) {
        if let Some(relation) = self.relations.get_mut(&(watcher, presentity)) {
            relation.details = details;
        }
    }

    /// Notes how much a watcher is shown.
    pub(crate) fn set_shows(&mut self, watcher: NameId, presentity: NameId, amount: Amount) {
        if let Some(relation) = self.relations.get_mut(&(watcher, presentity)) {
            relation.shows = amount;
        }
    }

    /// Notes since when a presentity has looked offline to a watcher; `None`: it does not, or because of a block.
    pub(crate) fn hide(&mut self, watcher: NameId, presentity: NameId, since: Option<Timestamp>) {
        let is_active = self.get(watcher, presentity).is_some_and(|relation| relation.is_active);
        match since.filter(|_| is_active) {
            Some(since) => drop(self.hidden.insert((watcher, presentity), since)),
            None => drop(self.hidden.remove(&(watcher, presentity))),
        }
    }

    /// Since when a presentity has looked offline to a watcher because of a rule.
    pub(crate) fn hidden_since(&self, watcher: NameId, presentity: NameId) -> Option<Timestamp> {
        self.hidden.get(&(watcher, presentity)).copied()
    }

    /// Notes that the presentity itself has agreed to what a rule had granted.
    pub(crate) fn consent(&mut self, watcher: NameId, presentity: NameId) -> bool {
        let relation = self.relations.get_mut(&(watcher, presentity)).filter(|it| it.is_active && it.by_rule);
        relation.map(|relation| relation.by_rule = false).is_some()
    }

    /// Adds a block, or replaces it.
    pub(crate) fn block(&mut self, owner: NameId, blocked: NameId, block: Block) {
        if self.blocks.insert((owner, blocked), block).is_none() {
            self.blockers.insert((blocked, owner));
            self.tally_mut(owner, |tally| tally.contacts += 1);
        }
    }

    /// Ends a block.
    pub(crate) fn unblock(&mut self, owner: NameId, blocked: NameId) -> Option<Block> {
        let block = self.blocks.remove(&(owner, blocked))?;
        self.blockers.remove(&(blocked, owner));
        self.tally_mut(owner, |tally| tally.contacts -= 1);
        Some(block)
    }

    /// Keeps that a request was denied.
    pub(crate) fn deny(&mut self, id: SubscriptionId, decider: NameId) {
        if self.denied.len() >= DENIALS_KEPT {
            self.denied.pop_front();
        }
        self.denied.push_back((id, decider));
    }

    /// The relation of one direction.
    pub(crate) fn get(&self, watcher: NameId, presentity: NameId) -> Option<&Relation> {
        self.relations.get(&(watcher, presentity))
    }

    /// A relation of this id, as watcher and presentity.
    pub(crate) fn named(&self, id: SubscriptionId) -> Option<(NameId, NameId)> {
        self.ids.get(id, &self.relations)
    }

    /// Whether somebody denied a request of this id lately.
    pub(crate) fn was_denied(&self, id: SubscriptionId, decider: NameId) -> bool {
        self.denied.contains(&(id, decider))
    }

    /// Whom a party watches or has asked to watch.
    pub(crate) fn watched_by(&self, watcher: NameId) -> impl Iterator<Item = NameId> {
        self.relations.range(all_of(watcher)).map(|((_, presentity), _)| *presentity)
    }

    /// Who watches a party or has asked to.
    pub(crate) fn watchers_of(&self, presentity: NameId) -> impl Iterator<Item = NameId> {
        self.watchers.range(all_of(presentity)).map(|(_, watcher)| *watcher)
    }

    /// Who has asked to watch a party and waits.
    pub(crate) fn waiting_for(&self, presentity: NameId) -> impl Iterator<Item = NameId> {
        let waits = move |watcher: &NameId| self.get(*watcher, presentity).is_some_and(|one| !one.is_active);
        self.watchers_of(presentity).filter(waits)
    }

    /// The block of one direction.
    pub(crate) fn block_of(&self, owner: NameId, blocked: NameId) -> Option<&Block> {
        self.blocks.get(&(owner, blocked))
    }

    /// Whom a party has blocked.
    pub(crate) fn blocked_by(&self, owner: NameId) -> impl Iterator<Item = NameId> {
        self.blocks.range(all_of(owner)).map(|((_, blocked), _)| *blocked)
    }

    /// Who has blocked a party.
    pub(crate) fn blockers_of(&self, blocked: NameId) -> impl Iterator<Item = NameId> {
        self.blockers.range(all_of(blocked)).map(|(_, owner)| *owner)
    }

    /// How much there is of a party.
    pub(crate) fn tally(&self, party: NameId) -> Tally {
        self.tallies.get(&party).copied().unwrap_or_default()
    }

    /// Whether anything is known of a party.
    pub(crate) fn mentions(&self, party: NameId) -> bool {
        self.tallies.contains_key(&party)
            || self.watchers_of(party).next().is_some()
            || self.blockers_of(party).next().is_some()
    }

    /// All requests that wait, as watcher and presentity.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (NameId, NameId, &Relation)> {
        let waiting = self.relations.iter().filter(|(_, relation)| !relation.is_active);
        waiting.map(|((watcher, presentity), relation)| (*watcher, *presentity, relation))
    }

    /// The request that expires first, as watcher and presentity, and when.
    pub(crate) fn first_expiry(&self) -> Option<(Instant, NameId, NameId)> {
        self.expiries.first().copied()
    }

    /// All who watch somebody or have asked to, and all whom somebody watches or has asked to, again and again.
    pub(crate) fn parties(&self) -> impl Iterator<Item = NameId> {
        self.relations.keys().flat_map(|(watcher, presentity)| [*watcher, *presentity])
    }

    /// How many relations there are.
    pub(crate) fn relations_len(&self) -> usize {
        self.relations.len()
    }

    /// How many blocks there are.
    pub(crate) fn blocks_len(&self) -> usize {
        self.blocks.len()
    }

    fn count(&mut self, watcher: NameId, presentity: NameId, relation: &Relation, by: i32) {
        let is_pending = by * i32::from(!relation.is_active);
        self.tally_mut(watcher, |tally| {
            tally.contacts = tally.contacts.saturating_add_signed(by);
            tally.pending = tally.pending.saturating_add_signed(is_pending);
        });
        self.tally_mut(presentity, |tally| tally.waiting = tally.waiting.saturating_add_signed(is_pending));
    }

    fn tally_mut(&mut self, party: NameId, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally(party);
        change(&mut tally);
        match tally == Tally::default() {
            true => drop(self.tallies.remove(&party)),
            false => drop(self.tallies.insert(party, tally)),
        }
    }
}

/// A relation for each id, as watcher and presentity; where both directions share one, either. The ids themselves are in
/// the relations only.
#[derive(Debug, Default)]
struct Ids {
    hasher: RandomState,
    relations: HashTable<Named>,
}

/// A relation, with the hash of its id, so that a table that grows need not look for it.
#[derive(Debug)]
struct Named {
    hash: u32,
    watcher: NameId,
    presentity: NameId,
}

impl Ids {
    fn hash(&self, id: SubscriptionId) -> u32 {
        (self.hasher.hash_one(id) >> 32) as u32
    }

    fn get(
        &self,
        id: SubscriptionId,
        relations: &BTreeMap<(NameId, NameId), Relation>,
    ) -> Option<(NameId, NameId)> {
        let hash = self.hash(id);
        let is_it = |named: &Named| {
            named.hash == hash && relations.get(&named.parties()).is_some_and(|relation| relation.id == id)
        };
        self.relations.find(spread(hash), is_it).map(Named::parties)
    }

    /// Lets an id lead to a relation.
    fn set(
        &mut self,
        id: SubscriptionId,
        (watcher, presentity): (NameId, NameId),
        relations: &BTreeMap<(NameId, NameId), Relation>,
    ) {
        if let Some((watcher, presentity)) = self.get(id, relations) {
            self.end(id, (watcher, presentity), false);
        }
        let named = Named { hash: self.hash(id), watcher, presentity };
        self.relations.insert_unique(spread(named.hash), named, |named| spread(named.hash));
    }

    /// An id leads to this relation no more, but to that of the other direction where it has the same.
    fn end(&mut self, id: SubscriptionId, parties: (NameId, NameId), has_other: bool) {
        let hash = self.hash(id);
        let is_it = |named: &Named| named.hash == hash && named.parties() == parties;
        if let Ok(mut found) = self.relations.find_entry(spread(hash), is_it) {
            if has_other {
                let named = found.get_mut();
                (named.watcher, named.presentity) = (parties.1, parties.0);
            } else {
                found.remove();
            }
        }
    }
}

impl Named {
    const fn parties(&self) -> (NameId, NameId) {
        (self.watcher, self.presentity)
    }
}

/// A hash as a table wants it: with something to tell entries by in its first bits and in its last.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// All keys that begin with a party.
fn all_of(party: NameId) -> RangeInclusive<(NameId, NameId)> {
    (party, NameId::FIRST)..=(party, NameId::LAST)
}

/// Denied requests that are remembered.
const DENIALS_KEPT: usize = 1024;

#[cfg(test)]
mod tests {
    use super::{Block, Relation};

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Relation>(), 40);
        assert_eq!(size_of::<Block>(), 16);
    }
}
