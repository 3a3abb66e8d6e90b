//! The alias book: every name, and whose it is.

use crate::principal::PrincipalId;
use crate::table::Table;
use model::{Address, AliasEntry, NamedAddress};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

/// A name, interned. Numbers of names that nobody needs any more are used again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub(crate) struct NameId(u32);

impl NameId {
    /// No name has a lower number.
    pub(crate) const FIRST: Self = Self(0);
    /// No name has a higher number.
    pub(crate) const LAST: Self = Self(u32::MAX);
}

/// Every name that belongs to a principal, and every name that is watched in vain so far.
#[derive(Debug, Default)]
pub(crate) struct AliasBook {
    ids: BTreeMap<Address, NameId>,
    names: Table<Name>,
    free: Vec<NameId>,
    /// The words for kinds, each kept once.
    kinds: BTreeSet<Arc<str>>,
    owned: usize,
}

/// One name.
#[derive(Debug)]
struct Name {
    address: Address,
    /// Whose it is now.
    owner: Option<PrincipalId>,
    /// Which principal is filed under it, whoever owns the name now.
    identity_of: Option<PrincipalId>,
    /// How it was registered; `None` for a principal's own address that no agent has claimed yet.
    registered: Option<Registered>,
}

/// How a name was registered first by its owner.
#[derive(Debug)]
struct Registered {
    kind: Arc<str>,
    original: Box<str>,
}

impl AliasBook {
    /// The number of a name, new where it is not in the book.
    pub(crate) fn intern(&mut self, address: &Address) -> NameId {
        let place = match self.ids.entry(address.clone()) {
            Entry::Occupied(known) => return *known.get(),
            Entry::Vacant(place) => place,
        };
        let name = Name { address: address.clone(), owner: None, identity_of: None, registered: None };
        let id = match self.free.pop() {
            Some(id) => {
                self.names[id.0 as usize] = name;
                id
            }
            None => {
                self.names.push(name);
                NameId(u32::try_from(self.names.len() - 1).expect("the limits on names are below 2^32"))
            }
        };
        *place.insert(id)
    }

    /// Files a principal under a name. The name becomes its own unless it has an owner.
    pub(crate) fn file(&mut self, id: NameId, principal: PrincipalId) {
        self.names[id.0 as usize].identity_of = Some(principal);
        if self.owner(id).is_none() {
            self.names[id.0 as usize].owner = Some(principal);
            self.owned += 1;
        }
    }

    /// Files nobody under a name any more.
    pub(crate) fn unfile(&mut self, id: NameId) {
        self.names[id.0 as usize].identity_of = None;
    }

    /// Gives a name to a principal, in the form in which it registered it.
    pub(crate) fn give(&mut self, id: NameId, principal: PrincipalId, kind: &str, original: &str) {
        let kind = self.kind(kind);
        let name = &mut self.names[id.0 as usize];
        self.owned += usize::from(name.owner.is_none());
        name.owner = Some(principal);
        name.registered = Some(Registered { kind, original: original.into() });
    }

    /// Takes a name from whoever owns it, and forgets how it was registered.
    pub(crate) fn disown(&mut self, id: NameId) {
        let name = &mut self.names[id.0 as usize];
        self.owned -= usize::from(name.owner.is_some());
        (name.owner, name.registered) = (None, None);
    }

    /// Takes a name that nobody owns, and that names no principal, out of the book.
    pub(crate) fn release(&mut self, id: NameId) {
        let name = &self.names[id.0 as usize];
        if name.owner.is_none() && name.identity_of.is_none() && self.ids.remove(&name.address).is_some() {
            self.free.push(id);
        }
    }

    fn kind(&mut self, kind: &str) -> Arc<str> {
        if let Some(known) = self.kinds.get(kind) {
            return known.clone();
        }
        let kind: Arc<str> = kind.into();
        if self.kinds.len() < KINDS_MAX {
            self.kinds.insert(kind.clone());
        }
        kind
    }

    /// The number of a name in the book.
    pub(crate) fn id(&self, address: &Address) -> Option<NameId> {
        self.ids.get(address).copied()
    }

    /// The number of a name in the book, by its canonical text.
    pub(crate) fn id_of_text(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }

    /// The text of a name.
    pub(crate) fn address(&self, id: NameId) -> &Address {
        &self.names[id.0 as usize].address
    }

    /// Whose a name is.
    pub(crate) fn owner(&self, id: NameId) -> Option<PrincipalId> {
        self.names[id.0 as usize].owner
    }

    /// Whose a name is, by its text.
    pub(crate) fn owner_of(&self, address: &Address) -> Option<PrincipalId> {
        self.owner(self.id(address)?)
    }

    /// Which principal is filed under a name.
    pub(crate) fn filed(&self, id: NameId) -> Option<PrincipalId> {
        self.names[id.0 as usize].identity_of
    }

    /// Whether an agent has registered this name for its owner.
    pub(crate) fn is_registered(&self, id: NameId) -> bool {
        self.names[id.0 as usize].registered.is_some()
    }

    /// A name as it was registered, or else as an address.
    pub(crate) fn named(&self, id: NameId) -> NamedAddress {
        let name = &self.names[id.0 as usize];
        let (kind, original) = match &name.registered {
            Some(registered) => (&*registered.kind, &*registered.original),
            None => (UNREGISTERED, name.address.as_str()),
        };
        NamedAddress { address: name.address.clone(), kind: kind.to_owned(), original: original.to_owned() }
    }

    /// The entry of a name; `principal` is the address under which its owner is filed.
    pub(crate) fn entry(&self, id: NameId, principal: &Address) -> AliasEntry {
        let NamedAddress { address, kind, original } = self.named(id);
        AliasEntry { address, kind, original, principal: principal.clone() }
    }

    /// The names that have an owner, in the order of their text, from `start` on.
    pub(crate) fn owned_from(&self, start: Bound<&str>) -> impl Iterator<Item = (&Address, PrincipalId)> {
        let named = self.ids.range::<str, _>((start, Bound::Unbounded));
        named.filter_map(|(address, id)| Some((address, self.owner(*id)?)))
    }

    /// How many names have an owner.
    pub(crate) fn owned_len(&self) -> usize {
        self.owned
    }

    /// How many names have none.
    pub(crate) fn unknown_len(&self) -> usize {
        self.ids.len() - self.owned
    }
}

/// Words for kinds that are kept once; further ones are kept with each name.
const KINDS_MAX: usize = 256;

/// The kind of a name that no agent has registered.
pub(crate) const UNREGISTERED: &str = "address";

#[cfg(test)]
mod tests {
    use super::{AliasBook, Name};
    use model::Address;

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Name>(), 56);
    }

    #[test]
    fn a_released_number_is_used_again() {
        let mut book = AliasBook::default();
        let [one, other] = ["a@x.example", "b@x.example"].map(|text| Address::parse(text).unwrap());
        let id = book.intern(&one);
        book.release(id);
        assert_eq!((book.id(&one), book.intern(&other)), (None, id));
        assert_eq!(book.address(id), &other);
    }
}
