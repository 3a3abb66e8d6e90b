//! What endpoints are still to be told: for each the newest of every contact, request and state.

use model::{
    Address, Contact, ContactStatus, Instant, NamedAddress, PresenceDocument, SubscriptionId,
    SubscriptionRequest, Version,
};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// The most entries that wait, of all endpoints together.
const ENTRIES_MAX: usize = 4_000_000;

/// The most entries of one datagram: deployed endpoints take no more.
const BATCH_MAX: usize = 10;

/// The most datagrams to one endpoint that are not confirmed.
const UNCONFIRMED_MAX: usize = 16;

/// Of so many contacts it is remembered which edition of their state an endpoint has confirmed. The engine speaks out of
/// turn only while the disk writes nothing, and what is then late is of few contacts.
const TOLD_MAX: usize = 16;

/// One thing that an endpoint is to be told.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Contact(Contact),
    Request(SubscriptionRequest),
    State { contact: NamedAddress, document: Arc<PresenceDocument> },
}

/// What an entry is about. The kinds are told in this order: who is on the list before how he is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Key {
    Contact(Address),
    Request(SubscriptionId),
    State(Address),
}

impl Entry {
    pub fn key(&self) -> Key {
        match self {
            Self::Contact(contact) => Key::Contact(contact.name.address.clone()),
            Self::Request(request) => Key::Request(request.id),
            Self::State { contact, .. } => Key::State(contact.address.clone()),
        }
    }

    /// The contact whose state it is, and which edition of it.
    fn edition(&self) -> Option<(&Address, Version)> {
        match self {
            Self::State { contact, document } => Some((&contact.address, document.version)),
            _ => None,
        }
    }

    /// Whether two entries may go in one message: of one kind, and requests for one name.
    fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Contact(_), Self::Contact(_)) | (Self::State { .. }, Self::State { .. }) => true,
            (Self::Request(one), Self::Request(other)) => one.presentity == other.presentity,
            _ => false,
        }
    }
}

impl Key {
    const fn kind(&self) -> u8 {
        match self {
            Self::Contact(_) => 0,
            Self::Request(_) => 1,
            Self::State(_) => 2,
        }
    }
}

/// What one endpoint is still to be told.
///
/// Of each [`Key`] one entry waits at most, the newest, and one datagram at most is unconfirmed; what comes in
/// meanwhile is held back. What was never confirmed lags until the endpoint is heard again.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// By kind and then by place in the order of arrival.
    waiting: BTreeMap<(u8, i64), Entry>,
    places: HashMap<Key, (u8, i64)>,
    held: HashMap<Key, Entry>,
    lagging: BTreeMap<Key, Entry>,
    unconfirmed: HashMap<u16, Vec<Entry>>,
    under_way: HashSet<Key>,
    /// The states confirmed last, each contact once, the newest at the back.
    told: VecDeque<(Address, Version)>,
    last_place: i64,
    first_place: i64,
    /// The datagram that was sent last, while it is not confirmed.
    last_sent: Option<u16>,
    /// When the next datagram may leave.
    pub next_at: Instant,
    /// So many datagrams in a row may stay without a confirmation before no more are sent; zero: as many as may be.
    pub lost_max: u8,
    /// So many have, since the endpoint confirmed one.
    lost: u8,
}

impl Outbox {
    /// How many entries are kept that are not under way.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.held.len() + self.lagging.len()
    }

    /// Puts an entry in the place of an older one about the same; a contact that is gone takes its state along. `false`
    /// for a state that is older than one that waits or was told, which is dropped.
    pub fn put(&mut self, entry: Entry) -> bool {
        if self.is_outdated(&entry) {
            return false;
        }
        if let Entry::Contact(contact) = &entry
            && contact.status == ContactStatus::Removed
        {
            self.drop_state(&contact.name.address);
        }
        let key = entry.key();
        self.lagging.remove(&key);
        if self.is_held_back(&key) {
            self.held.insert(key, entry);
        } else if let Some(place) = self.places.get(&key) {
            self.waiting.insert(*place, entry);
        } else {
            self.last_place += 1;
            let place = (key.kind(), self.last_place);
            self.places.insert(key, place);
            self.waiting.insert(place, entry);
        }
        true
    }

    /// What goes into the next datagram, at most [`BATCH_MAX`] entries that belong together; nothing while too many
    /// datagrams are unconfirmed.
    pub fn take(&mut self) -> Vec<Entry> {
        let mut batch: Vec<Entry> = Vec::new();
        while batch.len() < BATCH_MAX
            && self.unconfirmed.len() < self.window()
            && let Some(first) = self.waiting.first_entry()
            && batch.first().is_none_or(|head| head.goes_with(first.get()))
        {
            let entry = first.remove();
            self.places.remove(&entry.key());
            batch.push(entry);
        }
        batch
    }

    /// Entries that were taken and did not leave go to the front again.
    pub fn put_back(&mut self, entries: impl DoubleEndedIterator<Item = Entry>) {
        for entry in entries.rev() {
            let key = entry.key();
            self.first_place -= 1;
            let place = (key.kind(), self.first_place);
            self.places.insert(key, place);
            self.waiting.insert(place, entry);
        }
    }

    /// How many datagrams may be under way: one, to see whether it is confirmed, after others were not.
    const fn window(&self) -> usize {
        match self.lost {
            _ if self.lost_max == 0 => UNCONFIRMED_MAX,
            0 => UNCONFIRMED_MAX,
            lost if lost < self.lost_max => 1,
            _ => 0,
        }
    }

    /// Whether nothing is sent until the endpoint is heard.
    pub const fn is_silenced(&self) -> bool {
        self.window() == 0
    }

    /// These entries have left in a datagram.
    pub fn sent(&mut self, sequence: u16, entries: Vec<Entry>) {
        self.under_way.extend(entries.iter().map(Entry::key));
        self.unconfirmed.insert(sequence, entries);
        self.last_sent = Some(sequence);
    }

    /// A datagram is confirmed; if it was the last, the next one need not wait.
    pub fn confirmed(&mut self, sequence: u16) {
        let Some(entries) = self.unconfirmed.remove(&sequence) else { return };
        self.lost = 0;
        if self.last_sent == Some(sequence) {
            self.last_sent = None;
            self.next_at = Instant(0);
        }
        for (contact, version) in entries.iter().filter_map(Entry::edition) {
            self.told.retain(|(other, _)| other != contact);
            if self.told.len() >= TOLD_MAX {
                self.told.pop_front();
            }
            self.told.push_back((contact.clone(), version));
        }
        self.release(&entries);
    }

    /// A datagram was never confirmed; says how many of its entries now lag.
    pub fn unconfirmed(&mut self, sequence: u16) -> usize {
        let Some(entries) = self.unconfirmed.remove(&sequence) else { return 0 };
        self.lost = self.lost.saturating_add(1);
        let newest = |entry: &Entry| {
            let key = entry.key();
            !self.held.contains_key(&key)
        };
        let lagging: Vec<Entry> = entries.iter().filter(|entry| newest(entry)).cloned().collect();
        let count = lagging.len();
        self.lagging.extend(lagging.into_iter().map(|entry| (entry.key(), entry)));
        self.release(&entries);
        count
    }

    /// The endpoint is heard: what lags is told again, one datagram first where it has confirmed none for long.
    pub fn resume(&mut self) {
        self.lost = self.lost.min(self.lost_max.saturating_sub(1));
        for (_, entry) in std::mem::take(&mut self.lagging) {
            self.put(entry);
        }
    }

    /// Whether a datagram could leave, were it time.
    pub fn is_ready(&self) -> bool {
        !self.waiting.is_empty() && self.unconfirmed.len() < self.window()
    }

    /// The datagrams that are not confirmed.
    pub fn sequences(&self) -> impl Iterator<Item = u16> {
        self.unconfirmed.keys().copied()
    }

    /// Whether a newer state of the same contact is here, or was confirmed lately.
    fn is_outdated(&self, entry: &Entry) -> bool {
        let Some((contact, version)) = entry.edition() else { return false };
        let key = entry.key();
        let waiting = self.places.get(&key).and_then(|place| self.waiting.get(place));
        let kept = waiting.into_iter().chain(self.held.get(&key)).chain(self.lagging.get(&key));
        let is_under_way = self.under_way.contains(&key);
        let under_way = self.unconfirmed.values().filter(|_| is_under_way).flatten();
        let told = self.told.iter().map(|(other, version)| (other, *version));
        let mut known = kept.chain(under_way).filter_map(Entry::edition).chain(told);
        known.any(|(other, newer)| other == contact && newer > version)
    }

    /// A contact is told of only when no state of it is under way, whose repetition could come after it.
    fn is_held_back(&self, key: &Key) -> bool {
        let state = match key {
            Key::Contact(address) => Some(Key::State(address.clone())),
            _ => None,
        };
        self.under_way.contains(key) || state.is_some_and(|state| self.under_way.contains(&state))
    }

    /// What was held back for these entries waits again.
    fn release(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.under_way.remove(&entry.key());
        }
        for entry in entries {
            let key = entry.key();
            let contact = match &key {
                Key::State(address) => Some(Key::Contact(address.clone())),
                _ => None,
            };
            for key in [Some(key), contact].into_iter().flatten() {
                if let Some(held) = self.held.remove(&key) {
                    self.put(held);
                }
            }
        }
    }

    fn drop_state(&mut self, address: &Address) {
        let key = Key::State(address.clone());
        if let Some(place) = self.places.remove(&key) {
            self.waiting.remove(&place);
        }
        self.held.remove(&key);
        self.lagging.remove(&key);
        self.told.retain(|(other, _)| other != address);
    }
}

/// The outboxes of all endpoints, by the number of the registration.
#[derive(Debug, Default)]
pub(in crate::gatekeeper) struct Outboxes {
    by_number: HashMap<u64, Outbox>,
    entries: usize,
}

impl Outboxes {
    /// Whether an outbox takes one more entry.
    pub(super) fn has_room(&self, number: u64, outbox_max: usize) -> bool {
        self.entries < ENTRIES_MAX && self.by_number.get(&number).map_or(0, Outbox::len) < outbox_max
    }

    /// Does something with an outbox, which is made for it where there is none.
    pub(super) fn with<R>(&mut self, number: u64, act: impl FnOnce(&mut Outbox) -> R) -> R {
        let outbox = self.by_number.entry(number).or_default();
        let before = outbox.len();
        let result = act(outbox);
        self.entries = (self.entries + outbox.len()).saturating_sub(before);
        result
    }

    pub(super) fn get(&self, number: u64) -> Option<&Outbox> {
        self.by_number.get(&number)
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Outbox> {
        let outbox = self.by_number.remove(&number)?;
        self.entries = self.entries.saturating_sub(outbox.len());
        Some(outbox)
    }
}
