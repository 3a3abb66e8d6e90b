//! What may be asked of the engine between two batches.

use crate::counts::Counts;
use crate::engine::Engine;
use crate::publication;
use model::{Address, AliasEntry, Contact, PresenceDocument, SubscriptionRecord, Timestamp};
use serde::Serialize;
use std::ops::Bound;
use std::sync::Arc;

impl Engine {
    /// The address of the presentity that a name belongs to.
    #[must_use]
    pub fn resolve(&self, name: &Address) -> Option<&Address> {
        let id = self.book.owner_of(name)?;
        publication::presentity(&self.book, &self.principals[id], id)
    }

    /// The newest document of the presentity that a name belongs to; as of the last settled batch.
    #[must_use]
    pub fn document(&self, name: &Address) -> Option<Arc<PresenceDocument>> {
        let id = self.book.owner_of(name)?;
        Some(Arc::clone(&self.principals[id].document))
    }

    /// The documents of all presentities by address, `limit` at a time: those after the address `after`.
    ///
    /// This is the first picture for who watches everybody: subscribe first, then page through; of two documents
    /// about one presentity the higher version counts.
    #[must_use]
    pub fn documents(&self, after: Option<&Address>, limit: usize) -> Vec<Arc<PresenceDocument>> {
        let start = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.as_str()));
        let documents = self.book.owned_from(start).filter_map(|(name, id)| {
            let document = &self.principals[id].document;
            (document.presentity == *name).then(|| Arc::clone(document))
        });
        documents.take(limit).collect()
    }

    /// All names of the presentity that a name belongs to, as they were registered first (D-28), in order.
    #[must_use]
    pub fn aliases(&self, name: &Address) -> Vec<AliasEntry> {
        let Some(id) = self.book.owner_of(name) else { return Vec::new() };
        let principal = &self.principals[id];
        let identity = self.book.address(principal.identity);
        let mut entries = Vec::from_iter(principal.names.iter().map(|name| self.book.entry(*name, identity)));
        entries.sort_by(|one, other| one.address.cmp(&other.address));
        entries
    }

    /// The contact list of the principal that a name belongs to, in order.
    #[must_use]
    pub fn contacts(&self, name: &Address) -> Vec<Contact> {
        let Some(id) = self.book.owner_of(name) else { return Vec::new() };
        self.ordered_contacts(self.principals[id].identity).into_iter().map(|(_, contact)| contact).collect()
    }

    /// Who watches the principal that a name belongs to, or has asked to, in order; also where it belongs to nobody.
    #[must_use]
    pub fn subscriptions_to(&self, name: &Address) -> Vec<SubscriptionRecord> {
        let owner = self.book.owner_of(name).map(|id| self.principals[id].identity);
        let Some(presentity) = owner.or_else(|| self.book.id(name)) else { return Vec::new() };
        let watchers = self.roster.watchers_of(presentity);
        let mut records =
            Vec::from_iter(watchers.filter_map(|watcher| self.subscription_record(watcher, presentity)));
        records.sort_by(|one, other| one.watcher.cmp(&other.watcher));
        records
    }

    /// What one principal sees of another, each named by any of its names; `None`: it may not watch it. As of the last
    /// settled batch.
    #[must_use]
    pub fn seen_by(&self, watcher: &Address, presentity: &Address) -> Option<Arc<PresenceDocument>> {
        let id = self.book.owner_of(presentity)?;
        let watcher = self.principals[self.book.owner_of(watcher)?].identity;
        let mut views = self.views(id, self.view(id));
        let (_, document) = self.seen(watcher, self.principals[id].identity, &mut views)?;
        Some(document)
    }

    /// Names like `text`, for "did you mean": first those that begin with it, then those that contain it among
    /// the first [`FIND_SCAN_MAX`]; at most `limit`.
    #[must_use]
    pub fn find(&self, text: &str, limit: usize) -> Vec<Address> {
        let text = text.trim().to_lowercase();
        let from = self.book.owned_from(Bound::Included(&text));
        let begins = from.map(|(name, _)| name).take_while(|name| name.as_str().starts_with(&text));
        let all = self.book.owned_from(Bound::Unbounded).map(|(name, _)| name).take(FIND_SCAN_MAX);
        // A name that begins with the text and contains it once more has been found already.
        let contains = all.filter(|name| name.as_str().contains(&text) && !name.as_str().starts_with(&text));
        begins.chain(contains).take(limit).cloned().collect()
    }

    /// What waits for the principal that a name belongs to; `None` where nobody has that name.
    #[must_use]
    pub fn inbox(&self, name: &Address) -> Option<InboxSummary> {
        let id = self.book.owner_of(name)?;
        let Some(inbox) = self.inboxes.get(id) else { return Some(InboxSummary::default()) };
        let lanes = inbox.lanes.iter().filter(|(_, lane)| lane.shown().next().is_some());
        let first = inbox.lanes.values().filter_map(|lane| lane.shown().next());
        Some(InboxSummary {
            waiting: inbox.waiting,
            octets: inbox.octets,
            oldest: first.min_by_key(|first| first.place).map(|first| first.delivery.message.sent_at),
            senders: lanes.map(|(sender, lane)| (sender.clone(), lane.shown().count())).collect(),
        })
    }

    /// The sizes of the tables, and the counters.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            principals: self.principals.len(),
            names: self.book.owned_len(),
            agents: self.agents.len(),
            watchers: self.watchers.len(),
            subscriptions: self.watchers.subscriptions(),
            unknown_names: self.unknown_names(),
            groups: self.groups.len(),
            group_members: self.groups.members_len(),
            messages_waiting: self.inboxes.waiting_len(),
            contacts: self.roster.relations_len(),
            blocks: self.roster.blocks_len(),
            rules: self.rules.len(),
            publications: self.publications.len(),
            ..self.counts
        }
    }
}

/// What waits for a principal, for operators.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxSummary {
    /// How many messages wait, those under way among them.
    pub waiting: usize,
    /// The octets of their texts and contents.
    pub octets: usize,
    /// When the one that has waited longest was written.
    pub oldest: Option<Timestamp>,
    /// Who wrote, in order, and how many of each wait.
    pub senders: Vec<(Address, usize)>,
}

/// The most names that one [`Engine::find`] looks through for a text in their middle.
pub const FIND_SCAN_MAX: usize = 250_000;
