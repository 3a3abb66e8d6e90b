//! All registered endpoints and the ways to find them.

use super::registration::{EndpointIdentifier, Peer, Registration};
use hashbrown::HashTable;
use model::Address;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::SocketAddr;

/// All registrations; every index is kept in step by [`Self::insert`] and [`Self::remove`].
#[derive(Debug, Default)]
pub(super) struct Registrations {
    slots: Slots,
    free: Vec<u32>,
    hasher: RandomState,
    by_number: Index,
    by_identifier: Index,
    /// Every holder of a name.
    by_address: Index,
    /// Of those that take calls at one address, the one that said so last.
    by_call_signal: Index,
    /// Of those behind one address, the one that came last.
    by_peer: Index,
    by_prefix: BTreeMap<String, Vec<u64>>,
    last_number: u64,
}

impl Registrations {
    pub fn len(&self) -> usize {
        self.slots.0.len() - self.free.len()
    }

    /// A number that no registration of this process had.
    pub fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Adds a registration, or puts it in the place of the one with its number.
    pub fn insert(&mut self, registration: Registration) {
        self.remove(registration.number);
        let number = registration.number;
        self.last_number = self.last_number.max(number);
        let slot = self.slots.fill(self.free.pop(), registration);
        let Self { slots, hasher, by_number, by_identifier, by_address, by_call_signal, by_peer, .. } = self;
        let Some(registration) = slots.get(slot) else { return };
        by_number.add(number_hash(number), slot);
        by_identifier.add(hash(hasher, &registration.identifier), slot);
        for (place, name) in registration.names.iter().enumerate() {
            if registration.names.iter().take(place).all(|other| other.address != name.address) {
                by_address.add(hash(hasher, &name.address), slot);
            }
        }
        for address in &registration.call_signal_addresses {
            by_call_signal.replace(hash(hasher, address), slot, |other| slots.takes_calls_at(other, address));
        }
        let peer = registration.peer.address;
        by_peer.replace(hash(hasher, &peer), slot, |other| slots.is_behind(other, peer));
        for prefix in &registration.prefixes {
            self.by_prefix.entry(prefix.clone()).or_default().push(number);
        }
    }

    pub fn remove(&mut self, number: u64) -> Option<Registration> {
        let slot = self.slot(number)?;
        let registration = self.slots.clear(slot)?;
        self.free.push(slot);
        self.by_number.remove(number_hash(number), slot);
        self.by_identifier.remove(hash(&self.hasher, &registration.identifier), slot);
        for name in &registration.names {
            self.by_address.remove(hash(&self.hasher, &name.address), slot);
        }
        for address in &registration.call_signal_addresses {
            self.by_call_signal.remove(hash(&self.hasher, address), slot);
        }
        self.by_peer.remove(hash(&self.hasher, &registration.peer.address), slot);
        for prefix in &registration.prefixes {
            if let Some(holders) = self.by_prefix.get_mut(prefix) {
                holders.retain(|holder| *holder != number);
                if holders.is_empty() {
                    self.by_prefix.remove(prefix);
                }
            }
        }
        Some(registration)
    }

    /// An endpoint that moved to another source port keeps its registration.
    pub fn move_peer(&mut self, number: u64, peer: Peer) {
        let Some(slot) = self.slot(number) else { return };
        let Some(registration) = self.slots.get_mut(slot) else { return };
        let before = std::mem::replace(&mut registration.peer, peer);
        // Behind address translation it takes calls where it is seen, and nowhere else.
        let mut moved = registration.offer.has_traversal.then(|| Box::from([peer.address]));
        if let Some(moved) = &mut moved {
            std::mem::swap(&mut registration.call_signal_addresses, moved);
        }
        let Self { slots, hasher, by_peer, by_call_signal, .. } = self;
        for address in moved.iter().flatten() {
            by_call_signal.remove(hash(hasher, address), slot);
            let now = hash(hasher, &peer.address);
            by_call_signal.replace(now, slot, |other| slots.takes_calls_at(other, &peer.address));
        }
        by_peer.remove(hash(hasher, &before.address), slot);
        by_peer.replace(hash(hasher, &peer.address), slot, |other| slots.is_behind(other, peer.address));
    }

    /// A registration to change anything of that no index is made from.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut Registration> {
        let slot = self.slot(number)?;
        self.slots.get_mut(slot)
    }

    pub fn get(&self, number: u64) -> Option<&Registration> {
        self.slots.get(self.slot(number)?)
    }

    pub fn by_identifier(&self, identifier: &str) -> Option<&Registration> {
        let identifier = EndpointIdentifier::parse(identifier)?;
        let has = |slot| self.slots.get(slot).is_some_and(|one| one.identifier == identifier);
        self.slots.get(self.by_identifier.find(hash(&self.hasher, &identifier), has)?)
    }

    pub fn by_call_signal(&self, address: SocketAddr) -> Option<&Registration> {
        let takes_calls = |slot| self.slots.takes_calls_at(slot, &address);
        self.slots.get(self.by_call_signal.find(hash(&self.hasher, &address), takes_calls)?)
    }

    pub fn by_peer(&self, address: SocketAddr) -> Option<&Registration> {
        let is_behind = |slot| self.slots.is_behind(slot, address);
        self.slots.get(self.by_peer.find(hash(&self.hasher, &address), is_behind)?)
    }

    /// The registrations that hold a name, the one that registered first before the others.
    pub fn holders(&self, address: &Address) -> impl Iterator<Item = &Registration> + use<'_> {
        let slots = self.by_address.all(hash(&self.hasher, address)).filter_map(|slot| self.slots.get(slot));
        let mut holders: Vec<_> =
            slots.filter(|one| one.names.iter().any(|name| name.address == *address)).collect();
        holders.sort_unstable_by_key(|holder| holder.number);
        holders.into_iter()
    }

    /// The gateways with the longest prefix of these digits.
    pub fn by_prefix(&self, digits: &str) -> impl Iterator<Item = &Registration> {
        let longest = (1..=digits.len()).rev().find_map(|end| self.by_prefix.get(digits.get(..end)?));
        longest.into_iter().flatten().filter_map(|number| self.get(*number))
    }

    /// All of them in the order of their numbers.
    pub fn sorted(&self) -> Vec<&Registration> {
        let mut all: Vec<_> = self.slots.0.iter().flatten().map(Box::as_ref).collect();
        all.sort_unstable_by_key(|registration| registration.number);
        all
    }

    fn slot(&self, number: u64) -> Option<u32> {
        self.by_number
            .find(number_hash(number), |slot| self.slots.get(slot).is_some_and(|one| one.number == number))
    }
}

/// Where the registrations are; an empty slot is filled again.
#[derive(Debug, Default)]
struct Slots(Vec<Option<Box<Registration>>>);

impl Slots {
    fn fill(&mut self, free: Option<u32>, registration: Registration) -> u32 {
        let filled = Some(Box::new(registration));
        match free.and_then(|slot| Some((slot, self.0.get_mut(slot as usize)?))) {
            Some((slot, place)) => {
                *place = filled;
                slot
            }
            None => {
                self.0.push(filled);
                u32::try_from(self.0.len() - 1).expect("the limit on registrations is below 2^32")
            }
        }
    }

    fn clear(&mut self, slot: u32) -> Option<Registration> {
        self.0.get_mut(slot as usize)?.take().map(|registration| *registration)
    }

    fn get(&self, slot: u32) -> Option<&Registration> {
        self.0.get(slot as usize)?.as_deref()
    }

    fn get_mut(&mut self, slot: u32) -> Option<&mut Registration> {
        self.0.get_mut(slot as usize)?.as_deref_mut()
    }

    fn takes_calls_at(&self, slot: u32, address: &SocketAddr) -> bool {
        self.get(slot).is_some_and(|one| one.call_signal_addresses.contains(address))
    }

    fn is_behind(&self, slot: u32, address: SocketAddr) -> bool {
        self.get(slot).is_some_and(|one| one.peer.address == address)
    }
}

/// The hash of a key that others may have chosen.
fn hash(hasher: &RandomState, key: &impl Hash) -> u32 {
    (hasher.hash_one(key) >> 32) as u32
}

/// The hash of a number that we gave: those of all registrations differ as they are.
const fn number_hash(number: u64) -> u32 {
    number as u32
}

/// The slots of registrations by a key that they have. The keys themselves are in the registrations only: a second copy
/// of each would be larger than all the rest.
#[derive(Debug, Default)]
struct Index(HashTable<Entry>);

/// A slot, with the hash of the key, so that a table that grows need not look for the key.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    slot: u32,
}

impl Entry {
    /// The hash as the table wants it: with something to tell entries by in its first bits and in its last.
    fn spread(&self) -> u64 {
        spread(self.hash)
    }
}

fn spread(hash: u32) -> u64 {
    let mixed = u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

impl Index {
    /// Adds a slot beside those that have the key.
    fn add(&mut self, hash: u32, slot: u32) {
        self.0.insert_unique(spread(hash), Entry { hash, slot }, Entry::spread);
    }

    /// Puts a slot in the place of the one that has the key.
    fn replace(&mut self, hash: u32, slot: u32, has_key: impl Fn(u32) -> bool) {
        let is_it = |other: &Entry| other.hash == hash && has_key(other.slot);
        match self.0.find_mut(spread(hash), is_it) {
            Some(other) => other.slot = slot,
            None => self.add(hash, slot),
        }
    }

    /// Takes a slot out, where it is the one that the key leads to.
    fn remove(&mut self, hash: u32, slot: u32) {
        let is_it = |other: &Entry| (other.hash, other.slot) == (hash, slot);
        if let Ok(found) = self.0.find_entry(spread(hash), is_it) {
            found.remove();
        }
    }

    fn find(&self, hash: u32, has_key: impl Fn(u32) -> bool) -> Option<u32> {
        let is_it = |other: &Entry| other.hash == hash && has_key(other.slot);
        self.0.find(spread(hash), is_it).map(|found| found.slot)
    }

    /// All slots that may have the key.
    fn all(&self, hash: u32) -> impl Iterator<Item = u32> {
        let same = self.0.iter_hash(spread(hash)).filter(move |other| other.hash == hash);
        same.map(|found| found.slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alias::Alias;
    use crate::gatekeeper::presence::Offer;
    use crate::gatekeeper::registration::{Kind, Liveness, Name};
    use link::ChannelId;
    use model::{Millis, Now, Strength, Timestamp};
    use proptest::prelude::*;

    fn socket(number: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, number], 1720))
    }

    fn name(number: u8) -> Name {
        let text = format!("room{number}");
        Name { address: Address::parse(&format!("{text}@example.com")).unwrap(), alias: Alias::H323Id(text) }
    }

    fn peer(address: SocketAddr) -> Peer {
        Peer { channel: ChannelId(0), address, local: socket(0) }
    }

    fn registration(number: u64, names: &[u8], call_signal: &[u8], from: u8) -> Registration {
        Registration {
            number,
            identifier: EndpointIdentifier::of_bits(number.into()),
            peer: peer(socket(from)),
            names: names.iter().copied().map(name).collect(),
            call_signal_addresses: call_signal.iter().copied().map(socket).collect(),
            kind: Kind::Terminal,
            prefixes: Box::default(),
            product: None,
            features: Box::default(),
            offer: Offer::default(),
            messaging: None,
            time_to_live: Millis(0),
            registered_at: Timestamp(0),
            heard_at: Now::default(),
            liveness: Liveness::Alive,
            presentity: None,
            claimed: false,
            almost_out_of_resources: false,
            is_proven: false,
            strength: Strength::Claimed,
            is_trusted: false,
            was_indicated: false,
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert { number: u64, names: Vec<u8>, call_signal: Vec<u8>, from: u8 },
        Remove(u64),
        Move(u64, u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let few = || prop::collection::vec(0..6u8, 0..4);
        prop_oneof![
            3 => (1..9u64, few(), few(), 0..6u8).prop_map(|(number, names, call_signal, from)| {
                Step::Insert { number, names, call_signal, from }
            }),
            1 => (1..9u64).prop_map(Step::Remove),
            1 => (1..9u64, 0..6u8).prop_map(|(number, from)| Step::Move(number, from)),
        ]
    }

    /// The last in this list that fits.
    fn last(known: &[(u64, Registration)], fits: impl Fn(&Registration) -> bool) -> Option<u64> {
        known.iter().rev().find(|(_, one)| fits(one)).map(|(number, _)| *number)
    }

    proptest! {
        #[test]
        fn every_index_finds_what_a_search_of_all_finds(steps in prop::collection::vec(step(), 0..60)) {
            let mut registrations = Registrations::default();
            let mut known: Vec<(u64, Registration)> = Vec::new();
            for step in steps {
                match step {
                    Step::Insert { number, names, call_signal, from } => {
                        let registration = registration(number, &names, &call_signal, from);
                        known.retain(|(other, _)| *other != number);
                        known.push((number, registration.clone()));
                        registrations.insert(registration);
                    }
                    Step::Remove(number) => {
                        let was_known = known.iter().any(|(other, _)| *other == number);
                        known.retain(|(other, _)| *other != number);
                        prop_assert_eq!(registrations.remove(number).is_some(), was_known);
                    }
                    Step::Move(number, from) => {
                        if let Some((_, one)) = known.iter_mut().find(|(other, _)| *other == number) {
                            one.peer = peer(socket(from));
                        }
                        registrations.move_peer(number, peer(socket(from)));
                    }
                }
                prop_assert_eq!(registrations.len(), known.len());
                for (number, one) in &known {
                    prop_assert_eq!(registrations.get(*number).map(|found| found.number), Some(*number));
                    let found = registrations.by_identifier(one.identifier.as_str());
                    prop_assert_eq!(found.map(|found| found.number), Some(*number));
                }
                for number in 0..6 {
                    let name = name(number).address;
                    let mut holders = Vec::from_iter(
                        known.iter().filter(|(_, one)| one.names.iter().any(|other| other.address == name)).map(|(number, _)| *number),
                    );
                    holders.sort_unstable();
                    let found = Vec::from_iter(registrations.holders(&name).map(|found| found.number));
                    prop_assert_eq!(found, holders);
                    let socket = socket(number);
                    // Who came last and is gone is forgotten with those that it replaced.
                    if let Some(found) = registrations.by_call_signal(socket) {
                        prop_assert!(found.call_signal_addresses.contains(&socket));
                    }
                    let taking_calls = last(&known, |one| one.call_signal_addresses.contains(&socket));
                    if taking_calls.is_none() {
                        prop_assert!(registrations.by_call_signal(socket).is_none());
                    }
                    if let Some(found) = registrations.by_peer(socket) {
                        prop_assert_eq!(found.peer.address, socket);
                    }
                }
            }
        }

        #[test]
        fn of_those_at_one_address_the_last_one_is_found(numbers in prop::collection::vec(1..9u64, 1..20)) {
            let mut registrations = Registrations::default();
            for number in numbers {
                registrations.insert(registration(number, &[], &[1], 1));
                prop_assert_eq!(registrations.by_call_signal(socket(1)).map(|found| found.number), Some(number));
                prop_assert_eq!(registrations.by_peer(socket(1)).map(|found| found.number), Some(number));
            }
        }
    }
}
