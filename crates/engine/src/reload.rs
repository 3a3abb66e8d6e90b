//! What the store gives back of contact lists.

use crate::alias_book::NameId;
use crate::engine::Engine;
use crate::restart::LoadError;
use crate::roster::{Block, Details, Relation};
use model::{Address, Amount, BlockRecord, Now, SubscriptionRecord};

impl Engine {
    /// Takes a subscription from the store, after the principals and aliases and before [`Self::resume`].
    ///
    /// # Errors
    /// [`LoadError::PartyUnknown`]: nobody is filed under the watcher; the engine is unchanged.
    pub fn load_subscription(&mut self, record: SubscriptionRecord) -> Result<(), LoadError> {
        let watcher = self.filed_party(&record.watcher)?;
        let presentity = self.party(&record.presentity);
        let SubscriptionRecord { id, is_active, by_rule, hidden_since, asked_at, written, card, .. } = record;
        let details = Details::of(written, card);
        let is_blocked = self.roster.block_of(presentity, watcher).is_some();
        let is_hidden = is_blocked || hidden_since.is_some();
        let shows = if is_hidden { Amount::Nothing } else { Amount::default() };
        let relation = Relation { id, asked_at, is_active, by_rule, shows, details };
        self.roster.insert(watcher, presentity, relation);
        self.roster.hide(watcher, presentity, hidden_since);
        Ok(())
    }

    /// Takes a block from the store; as [`Self::load_subscription`].
    ///
    /// # Errors
    /// [`LoadError::PartyUnknown`]: nobody is filed under the owner; the engine is unchanged.
    pub fn load_block(&mut self, record: BlockRecord) -> Result<(), LoadError> {
        let owner = self.filed_party(&record.owner)?;
        let blocked = self.party(&record.blocked);
        let details = Details::of(record.written, record.card);
        self.roster.block(owner, blocked, Block { since: record.since, details });
        self.roster.set_shows(blocked, owner, Amount::Nothing);
        Ok(())
    }

    /// Lets the requests that were loaded expire when they are due.
    pub(crate) fn resume_requests(&mut self, now: Now) {
        let waiting = self.roster.requests().map(|(watcher, presentity, request)| {
            let expires = now.instant_of(request.asked_at.after(self.settings.request_expires));
            (watcher, presentity, expires)
        });
        for (watcher, presentity, expires) in Vec::from_iter(waiting) {
            self.roster.expire_at(watcher, presentity, expires);
        }
    }

    /// The party at an address: the principal that is filed under it or else has it, or else the name itself.
    fn party(&mut self, address: &Address) -> NameId {
        let name = self.book.intern(address);
        match self.book.owner(name) {
            Some(id) if self.book.filed(name).is_none() => self.principals[id].identity,
            _ => name,
        }
    }

    fn filed_party(&self, address: &Address) -> Result<NameId, LoadError> {
        let filed = self.book.id(address).filter(|name| self.book.filed(*name).is_some());
        filed.ok_or_else(|| LoadError::PartyUnknown { party: address.clone() })
    }
}
