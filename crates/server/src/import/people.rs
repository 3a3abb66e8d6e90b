//! What the lines mean: names become addresses and these principals, lists become facts.

use super::lines::Person;
use engine::Limits;
use h323::alias::{Alias, Zone, canonical};
use model::{
    Address, AliasEntry, BlockRecord, ContactCard, Fact, NamedAddress, SubscriptionId, SubscriptionRecord,
    Timestamp,
};
use std::collections::{HashMap, HashSet};
use store::{Store, StoreError};

/// What the store has already.
pub(super) struct Known {
    /// By name, the address that its principal is filed under.
    owners: HashMap<Address, Address>,
    /// Watcher and presentity; both directions may be there.
    subscriptions: HashMap<(Address, Address), SubscriptionId>,
    /// Owner and blocked.
    blocks: HashSet<(Address, Address)>,
}

impl Known {
    pub fn of(store: &Store) -> Result<Self, StoreError> {
        let mut known =
            Self { owners: HashMap::new(), subscriptions: HashMap::new(), blocks: HashSet::new() };
        store.principals(|principal| {
            known.owners.insert(principal.address.clone(), principal.address);
        })?;
        store.aliases(|entry| {
            known.owners.insert(entry.address, entry.principal);
        })?;
        store.subscriptions(|record| {
            known.subscriptions.insert((record.watcher, record.presentity), record.id);
        })?;
        store.blocks(|record| {
            known.blocks.insert((record.owner, record.blocked));
        })?;
        Ok(known)
    }
}

/// Everybody: those whom the store has and those of the file.
pub(super) struct People {
    zone: Zone,
    limits: Limits,
    known: Known,
    /// Names of the file that the store does not have, and to whom they belong.
    new: HashMap<Address, Address>,
    now: Timestamp,
}

impl People {
    pub fn new(zone: Zone, limits: Limits, known: Known) -> Self {
        Self { zone, limits, known, new: HashMap::new(), now: crate::clock::wall() }
    }

    /// Learns the names of a line. Fails where they belong to several, where one can't be registered here, and where
    /// there are too many.
    pub fn learn(&mut self, person: &Person) -> Result<(), String> {
        let names = self.names(person)?;
        let mut owners = Vec::from_iter(names.iter().filter_map(|name| self.owner(&name.address)).cloned());
        owners.sort_unstable();
        owners.dedup();
        if let [one, other, ..] = &owners[..] {
            return Err(format!("its names belong to {one} and to {other}"));
        }
        let principal = owners.pop().or_else(|| names.first().map(|name| name.address.clone()));
        let Some(principal) = principal else { return Err("it has no names".to_owned()) };
        for name in names {
            if self.owner(&name.address).is_none() {
                self.new.insert(name.address, principal.clone());
            }
        }
        Ok(())
    }

    /// What a line adds to the store, once all names are learnt.
    pub fn facts(&self, person: &Person) -> Result<Vec<Fact>, String> {
        let names = self.names(person)?;
        let first = names.first().and_then(|name| self.owner(&name.address));
        let Some(principal) = first.cloned() else { return Err("it has no names".to_owned()) };
        let mut facts = Vec::new();
        if !self.known.owners.contains_key(&principal) {
            facts.push(Fact::Principal { address: principal.clone(), created_at: self.now });
        }
        for NamedAddress { address, kind, original } in names {
            if self.new.contains_key(&address) {
                let principal = principal.clone();
                facts.push(Fact::Alias(AliasEntry { address, kind, original, principal }));
            }
        }
        let max = self.limits.contacts_per_principal_max;
        if person.watches.len() + person.blocks.len() > max {
            return Err(format!("it has more than {max} contacts (contacts_per_principal_max)"));
        }
        for contact in &person.watches {
            facts.extend(self.subscription(&principal, contact)?);
        }
        for contact in &person.blocks {
            facts.extend(self.block(&principal, contact)?);
        }
        Ok(facts)
    }

    fn subscription(&self, watcher: &Address, contact: &str) -> Result<Option<Fact>, String> {
        let (presentity, written) = self.contact(watcher, contact)?;
        let subscriptions = &self.known.subscriptions;
        if subscriptions.contains_key(&(watcher.clone(), presentity.clone())) {
            return Ok(None);
        }
        let reverse = subscriptions.get(&(presentity.clone(), watcher.clone()));
        let id = reverse.copied().unwrap_or_else(|| self.subscription_id(watcher, &presentity));
        Ok(Some(Fact::Subscription(Box::new(SubscriptionRecord {
            id,
            watcher: watcher.clone(),
            presentity,
            is_active: true,
            by_rule: false,
            hidden_since: None,
            asked_at: self.now,
            written,
            card: ContactCard::default(),
        }))))
    }

    fn block(&self, owner: &Address, contact: &str) -> Result<Option<Fact>, String> {
        let (blocked, written) = self.contact(owner, contact)?;
        if self.known.blocks.contains(&(owner.clone(), blocked.clone())) {
            return Ok(None);
        }
        let (owner, since, card) = (owner.clone(), self.now, ContactCard::default());
        Ok(Some(Fact::Block(Box::new(BlockRecord { owner, blocked, since, written, card }))))
    }

    /// Both directions of a mutual subscription have one name: it comes from the two and a secret (C-03).
    fn subscription_id(&self, watcher: &Address, presentity: &Address) -> SubscriptionId {
        let (one, other) = (watcher.min(presentity), watcher.max(presentity));
        SubscriptionId(self.zone.pseudonym_key.identifier(&format!("subscription\n{one}\n{other}")))
    }

    /// Whom a contact means; how it is written is kept for one who has no name here that could be shown.
    fn contact(&self, of: &Address, text: &str) -> Result<(Address, Option<(String, String)>), String> {
        let NamedAddress { address, kind, original } = self.name(text)?;
        match self.owner(&address) {
            Some(owner) if owner == of => Err(format!("{text:?} is itself")),
            Some(owner) => Ok((owner.clone(), None)),
            None => Ok((address, Some((kind, original)))),
        }
    }

    fn names(&self, person: &Person) -> Result<Vec<NamedAddress>, String> {
        let max = self.limits.names_per_principal_max;
        if person.names.len() > max {
            return Err(format!("it has more than {max} names (names_per_principal_max)"));
        }
        let served = |text: &String| {
            let name = self.name(text)?;
            match self.zone.serves(&name.address) {
                true => Ok(name),
                false => Err(format!("{text:?} is {}, which is not of this zone", name.address)),
            }
        };
        person.names.iter().map(served).collect()
    }

    fn name(&self, text: &str) -> Result<NamedAddress, String> {
        let named = Alias::parse_typed(text).and_then(|alias| {
            let address = canonical(&alias, &self.zone)?;
            Ok(NamedAddress { address, kind: alias.kind().to_owned(), original: alias.text() })
        });
        named.map_err(|error| format!("{text:?} is no name: {error}"))
    }

    fn owner(&self, name: &Address) -> Option<&Address> {
        self.known.owners.get(name).or_else(|| self.new.get(name))
    }
}
