//! What a simulated disk holds, as the tables of the real store.

use model::{
    Address, AliasEntry, AuditRecord, BlockRecord, CallDetailRecord, Erasure, Fact, GroupRecord,
    HistoryRecord, InboxRecord, InboxRules, InstantMessage, MemberRecord, MessageId, Publication, Rule,
    RuleKey, SubscriptionRecord, Timestamp, UserRecord,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{LastShutdown, StoreError};

/// The tables of a store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tables {
    pub(crate) epoch: u32,
    pub(crate) last_shutdown: LastShutdown,
    pub(crate) principals: BTreeMap<Address, Timestamp>,
    pub(crate) aliases: BTreeMap<Address, AliasEntry>,
    pub(crate) publications: BTreeMap<(Address, String), Publication>,
    /// By watcher and presentity.
    pub(crate) subscriptions: BTreeMap<(Address, Address), SubscriptionRecord>,
    /// By owner and blocked.
    pub(crate) blocks: BTreeMap<(Address, Address), BlockRecord>,
    pub(crate) rules: BTreeMap<RuleKey, Rule>,
    pub(crate) groups: BTreeMap<Address, GroupRecord>,
    /// By group and member.
    pub(crate) group_members: BTreeMap<(Address, Address), MemberRecord>,
    pub(crate) inbox_rules: BTreeMap<Address, InboxRecord>,
    pub(crate) users: BTreeMap<String, UserRecord>,
    /// By inbox, sender and id.
    pub(crate) messages: BTreeMap<(Address, Address, MessageId), Row>,
    /// By admission and identifier.
    pub(crate) calls: BTreeMap<(Timestamp, String), CallDetailRecord>,
    /// In order; the first has number 1.
    pub(crate) audit: Vec<AuditRecord>,
    /// By number.
    pub(crate) history: BTreeMap<u64, HistoryRecord>,
    pub(crate) history_exceptions: BTreeSet<Address>,
    /// By table and key: JSON text, and when it was handed in.
    pub(crate) soft: BTreeMap<(&'static str, String), (String, Timestamp)>,
}

/// A message, or what is left of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) place: u64,
    /// `None`: it has left.
    pub(crate) message: Option<InstantMessage>,
    pub(crate) settled_at: Option<Timestamp>,
}

/// What is written in one go.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Facts(Vec<Fact>),
    Soft(BTreeMap<(&'static str, String), (Option<String>, Timestamp)>),
    Run { epoch: u32, last_shutdown: LastShutdown },
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            epoch: 0,
            last_shutdown: LastShutdown::FirstStart,
            principals: BTreeMap::new(),
            aliases: BTreeMap::new(),
            publications: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            blocks: BTreeMap::new(),
            rules: BTreeMap::new(),
            groups: BTreeMap::new(),
            group_members: BTreeMap::new(),
            inbox_rules: BTreeMap::new(),
            users: BTreeMap::new(),
            messages: BTreeMap::new(),
            calls: BTreeMap::new(),
            audit: Vec::new(),
            history: BTreeMap::new(),
            history_exceptions: BTreeSet::new(),
            soft: BTreeMap::new(),
        }
    }
}

impl Tables {
    /// Whether anything is there that a start takes up, but for the key of the node.
    pub(crate) fn has_soft(&self) -> bool {
        self.soft.keys().any(|(table, _)| table.starts_with("h323."))
    }

    /// Whether facts contradict the tables, as the constraints of the real schema have it.
    pub(crate) fn check(&self, facts: &[Fact]) -> Result<(), StoreError> {
        let mut new = Vec::new();
        let mut new_groups = Vec::new();
        let mut places = BTreeMap::new();
        for fact in facts {
            let needed = match fact {
                Fact::Principal { address, .. } => {
                    new.push(address);
                    None
                }
                Fact::Alias(entry) => Some(&entry.principal),
                Fact::Published { principal, .. } => Some(principal),
                Fact::Subscription(record) => Some(&record.watcher),
                Fact::Block(record) => Some(&record.owner),
                Fact::InboxRules(record) if record.rules != InboxRules::default() => Some(&record.principal),
                Fact::Group(record) => {
                    new_groups.push(&record.address);
                    None
                }
                Fact::GroupMember(record)
                    if !self.groups.contains_key(&record.group) && !new_groups.contains(&&record.group) =>
                {
                    return Err(contradiction(format!("there is no group {}", record.group)));
                }
                Fact::Remembered(record) => Some(&record.principal),
                Fact::HistoryKept { principal, .. } => Some(principal),
                Fact::Message { inbox, place, message } => {
                    let key = (&message.sender, message.id);
                    let here = places.insert((inbox, *place), key).is_some_and(|other| other != key);
                    let there = self.messages.iter().any(|((of, sender, id), row)| {
                        of == inbox && row.place == *place && (sender, *id) != key
                    });
                    if here || there {
                        return Err(contradiction(format!("place {place} of {inbox} is taken")));
                    }
                    Some(inbox)
                }
                _ => None,
            };
            if let Some(needed) = needed
                && !self.principals.contains_key(needed)
                && !new.contains(&needed)
            {
                return Err(contradiction(format!("there is no principal {needed}")));
            }
        }
        Ok(())
    }

    pub(crate) fn apply(&mut self, change: &Change) {
        match change {
            Change::Facts(facts) => facts.iter().for_each(|fact| self.apply_fact(fact)),
            Change::Soft(records) => {
                for (key, (value, at)) in records {
                    match value {
                        Some(value) => self.soft.insert(key.clone(), (value.clone(), *at)),
                        None => self.soft.remove(key),
                    };
                }
            }
            Change::Run { epoch, last_shutdown } => {
                (self.epoch, self.last_shutdown) = (*epoch, *last_shutdown);
            }
        }
    }

    fn apply_fact(&mut self, fact: &Fact) {
        match fact.clone() {
            Fact::Principal { address, created_at } => {
                self.principals.entry(address).or_insert(created_at);
            }
            Fact::Alias(entry) => drop(self.aliases.insert(entry.address.clone(), entry)),
            Fact::AliasRemoved { address } => drop(self.aliases.remove(&address)),
            Fact::Published { principal, device, publication } => {
                self.publications.insert((principal, device), *publication);
            }
            Fact::PublicationEnded { principal, device } => {
                self.publications.remove(&(principal, device));
            }
            Fact::Subscription(record) => {
                self.subscriptions.insert((record.watcher.clone(), record.presentity.clone()), *record);
            }
            Fact::SubscriptionEnded { watcher, presentity } => {
                self.subscriptions.remove(&(watcher, presentity));
            }
            Fact::Block(record) => {
                self.blocks.insert((record.owner.clone(), record.blocked.clone()), *record);
            }
            Fact::BlockEnded { owner, blocked } => drop(self.blocks.remove(&(owner, blocked))),
            Fact::Rule(rule) => drop(self.rules.insert(rule.key.clone(), *rule)),
            Fact::RuleEnded(key) => drop(self.rules.remove(&key)),
            Fact::Message { inbox, place, message } => {
                let key = (inbox, message.sender.clone(), message.id);
                self.messages.insert(key, Row { place, message: Some(*message), settled_at: None });
            }
            Fact::MessageSettled { inbox, sender, id, at } => {
                if let Some(row) = self.messages.get_mut(&(inbox, sender, id)) {
                    (row.message, row.settled_at) = (None, Some(at));
                }
            }
            Fact::MessagesForgotten { before } => {
                self.messages.retain(|_, row| row.settled_at.is_none_or(|at| at >= before));
            }
            Fact::Group(record) => drop(self.groups.insert(record.address.clone(), *record)),
            Fact::GroupRemoved { address } => {
                self.groups.remove(&address);
                self.group_members.retain(|(group, _), _| *group != address);
            }
            Fact::GroupMember(record) => {
                self.group_members.insert((record.group.clone(), record.member.clone()), *record);
            }
            Fact::GroupMemberRemoved { group, member } => drop(self.group_members.remove(&(group, member))),
            Fact::InboxRules(record) if record.rules == InboxRules::default() => {
                self.inbox_rules.remove(&record.principal);
            }
            Fact::InboxRules(record) => drop(self.inbox_rules.insert(record.principal.clone(), *record)),
            Fact::User(record) => drop(self.users.insert(record.name.clone(), *record)),
            Fact::UserRemoved { name } => drop(self.users.remove(&name)),
            Fact::Call(record) => {
                self.calls.entry((record.admitted_at, record.call_identifier.clone())).or_insert(*record);
            }
            Fact::Audited(record) => self.audit.push(*record),
            Fact::Remembered(record) => self.remember(*record),
            Fact::HistoryConcluded { sender, id, outcome } => {
                for row in self.history.values_mut().filter(|row| row.id == id) {
                    let writer = if row.is_sent { &row.principal } else { &row.peer };
                    if *writer == sender {
                        row.outcome = outcome;
                    }
                }
            }
            Fact::HistoryKept { principal, is_kept: true } => {
                self.history_exceptions.remove(&principal);
            }
            Fact::HistoryKept { principal, is_kept: false } => {
                self.history_exceptions.insert(principal);
            }
            Fact::Erased(erasure) => self.erase(&erasure),
        }
    }
}

impl Tables {
    fn remember(&mut self, record: HistoryRecord) {
        let is_it = |row: &HistoryRecord| {
            (&row.principal, row.is_sent, &row.peer, row.id)
                == (&record.principal, record.is_sent, &record.peer, record.id)
        };
        if !self.history.values().any(is_it) {
            let number = self.history.last_key_value().map_or(0, |(number, _)| *number) + 1;
            self.history.insert(number, record);
        }
    }

    fn erase(&mut self, Erasure { principal, names, originals }: &Erasure) {
        let is_called = |text: &String| {
            originals.contains(text) || names.iter().any(|name| name.as_str() == text || name.local() == text)
        };
        for record in &mut self.audit {
            let event = &mut record.event;
            for name in [&mut event.actor, &mut event.object, &mut event.target, &mut event.peer] {
                if name.as_ref().is_some_and(is_called) {
                    *name = Some("erased".to_owned());
                }
            }
        }
        let is_it = |address: &Address| address == principal || names.contains(address);
        self.aliases.retain(|_, entry| entry.principal != *principal);
        self.publications.retain(|(of, _), _| of != principal);
        self.subscriptions.retain(|(watcher, presentity), _| watcher != principal && !is_it(presentity));
        self.blocks.retain(|(owner, blocked), _| owner != principal && !is_it(blocked));
        self.messages.retain(|(inbox, sender, _), _| inbox != principal && !names.contains(sender));
        self.history.retain(|_, row| row.principal != *principal && !names.contains(&row.peer));
        self.history_exceptions.remove(principal);
        self.soft.retain(|(_, key), _| names.iter().all(|name| name.as_str() != key));
        self.principals.remove(principal);
    }
}

fn contradiction(finding: String) -> StoreError {
    StoreError::Contradiction { finding }
}
