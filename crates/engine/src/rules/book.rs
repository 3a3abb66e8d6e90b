//! The book of rules: a table only.

use super::times;
use crate::alias_book::NameId;
use jiff::tz::TimeZone;
use model::{Level, Rule, RuleKey, Subject, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All rules.
#[derive(Debug, Default)]
pub(crate) struct RuleBook {
    /// By the party that each protects, in the order of their keys. No list is empty.
    owners: HashMap<NameId, Vec<Rule>>,
    /// Those of the operator, by whom they name.
    operator: BTreeMap<Subject, Vec<Rule>>,
    /// When rules begin or cease to hold next, and whose.
    turns: BTreeSet<(Timestamp, Whose)>,
    len: usize,
    /// How many of them name a group.
    with_groups: usize,
    /// How many of them name whoever comes in some way.
    with_ways: usize,
}

/// Whose rules.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Whose {
    Operator,
    Owner(NameId),
}

impl RuleBook {
    /// Adds a rule, in the place of the one of its key; `owner` is the party that one of an owner protects.
    pub(crate) fn insert(&mut self, owner: NameId, rule: Rule) {
        self.remove(owner, &rule.key);
        let rules = match rule.key.level {
            Level::Operator => self.operator.entry(rule.key.who.clone()).or_default(),
            Level::Owner => self.owners.entry(owner).or_default(),
        };
        let place = rules.partition_point(|other| other.key < rule.key);
        self.with_groups += usize::from(names_group(&rule.key));
        self.with_ways += usize::from(names_way(&rule.key));
        rules.insert(place, rule);
        self.len += 1;
    }

    /// Takes a rule out.
    pub(crate) fn remove(&mut self, owner: NameId, key: &RuleKey) -> Option<Rule> {
        let rules = match key.level {
            Level::Operator => self.operator.get_mut(&key.who),
            Level::Owner => self.owners.get_mut(&owner),
        }?;
        let place = rules.iter().position(|rule| rule.key == *key)?;
        let rule = rules.remove(place);
        let is_last = rules.is_empty();
        match key.level {
            Level::Operator if is_last => drop(self.operator.remove(&key.who)),
            Level::Owner if is_last => drop(self.owners.remove(&owner)),
            _ => {}
        }
        self.len -= 1;
        self.with_groups -= usize::from(names_group(key));
        self.with_ways -= usize::from(names_way(key));
        Some(rule)
    }

    /// Forgets all rules of an owner, and all of others that are named by `is_meant`; gives back whose they were.
    pub(crate) fn forget(&mut self, owner: NameId, is_meant: impl Fn(&RuleKey) -> bool) -> Vec<NameId> {
        let mut keys = Vec::new();
        for (of, rules) in &self.owners {
            let meant = rules.iter().filter(|rule| *of == owner || is_meant(&rule.key));
            keys.extend(meant.map(|rule| (*of, rule.key.clone())));
        }
        let meant = self.operator.values().flatten().filter(|rule| is_meant(&rule.key));
        keys.extend(meant.map(|rule| (owner, rule.key.clone())));
        keys.sort();
        for (of, key) in &keys {
            self.remove(*of, key);
        }
        keys.into_iter().map(|(of, _)| of).collect()
    }

    /// The rules of an owner, in order.
    pub(crate) fn of(&self, owner: NameId) -> &[Rule] {
        self.owners.get(&owner).map_or(&[], Vec::as_slice)
    }

    /// The operator's rules that name this subject.
    pub(crate) fn of_operator(&self, who: &Subject) -> &[Rule] {
        self.operator.get(who).map_or(&[], Vec::as_slice)
    }

    /// All of the operator's rules, in order.
    pub(crate) fn all_of_operator(&self) -> impl Iterator<Item = &Rule> {
        self.operator.values().flatten()
    }

    /// The groups that the operator's rules name.
    pub(crate) fn groups_of_operator(&self) -> impl Iterator<Item = &Subject> {
        self.operator.keys().filter(|who| matches!(who, Subject::Group(_)))
    }

    /// Notes when the rules of somebody turn next after `now`.
    pub(crate) fn set_turn(&mut self, whose: Whose, now: Timestamp, zone: &TimeZone) {
        self.turns.retain(|(_, other)| *other != whose);
        let next = |rules: &mut dyn Iterator<Item = &Rule>| {
            rules.filter_map(|rule| times::next_turn(&rule.times, now, zone)).min()
        };
        let turn = match whose {
            Whose::Operator => next(&mut self.all_of_operator()),
            Whose::Owner(owner) => next(&mut self.of(owner).iter()),
        };
        self.turns.extend(turn.map(|turn| (turn, whose)));
    }

    /// Whose rules turn first, and when.
    pub(crate) fn first_turn(&self) -> Option<(Timestamp, Whose)> {
        self.turns.first().copied()
    }

    /// Whether any rule names a group.
    pub(crate) const fn name_groups(&self) -> bool {
        self.with_groups > 0
    }

    /// Whether any rule names people by the devices through which they come.
    pub(crate) const fn name_ways(&self) -> bool {
        self.with_ways > 0
    }

    /// How many rules there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

fn names_group(key: &RuleKey) -> bool {
    [&key.who, &key.whom].into_iter().any(|subject| matches!(subject, Subject::Group(_)))
}

fn names_way(key: &RuleKey) -> bool {
    matches!(key.who, Subject::Gateway(_) | Subject::Unauthenticated)
}
