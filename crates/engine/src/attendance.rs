//! Attendance: the whole contact list for an agent that has registered, and its parts as they are told.

use crate::alias_book::NameId;
use crate::consequences::Consequences;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::publication;
use crate::roster::{Details, Relation};
use model::{
    Address, AgentId, Contact, ContactCard, ContactStatus, Effect, Fact, NamedAddress, SubscriptionRecord,
    SubscriptionRequest,
};
use std::collections::BTreeSet;

impl Engine {
    /// An agent wants all that concerns it; it gets it when the batch is settled.
    pub(crate) fn attend(&mut self, agent: AgentId) {
        match self.agents.get(agent).is_some() {
            true => self.showing.attend(agent),
            false => self.counts.strays += 1,
        }
    }

    /// Tells an agent its whole contact list, then the states of those it watches, then the requests that wait.
    pub(crate) fn show_everything(&mut self, agent: AgentId, effects: &mut Effects) {
        let Some(id) = self.agents.get(agent) else { return };
        let owner = self.principals[id].identity;
        if !self.principals[id].device_mut(agent).is_some_and(|device| device.has_presence) {
            return;
        }
        let parties = self.ordered_contacts(owner);
        let contacts = Vec::from_iter(parties.iter().map(|(_, contact)| contact.clone()));
        if !contacts.is_empty() {
            effects.answer(Effect::Listed { agent, contacts });
        }
        for (party, _) in parties {
            let Some(id) = self.book.filed(party) else { continue };
            let mut views = self.views(id, self.view(id));
            let Some((contact, document)) = self.seen(owner, party, &mut views) else { continue };
            self.counts.notifications += 1;
            effects.answer(Effect::Inform { agent, contact, document });
        }
        let mut requests =
            Vec::from_iter(self.roster.waiting_for(owner).filter_map(|watcher| self.request(watcher, owner)));
        requests.sort_by(|one, other| {
            one.asked_at.cmp(&other.asked_at).then_with(|| one.watcher.address.cmp(&other.watcher.address))
        });
        for request in requests {
            effects.answer(Effect::Asked { agent, request: Box::new(request) });
        }
        self.show_watchers(agent, owner, effects);
    }

    /// The contact list of a party, in order, with whom each entry is about.
    pub(crate) fn ordered_contacts(&self, owner: NameId) -> Vec<(NameId, Contact)> {
        let roster = &self.roster;
        let others =
            roster.watched_by(owner).chain(roster.waiting_for(owner)).chain(roster.blocked_by(owner));
        let others = BTreeSet::from_iter(others);
        let entries = others.into_iter().filter_map(|other| Some((other, self.contact(owner, other)?)));
        let mut entries = Vec::from_iter(entries);
        entries.sort_by(|(_, one), (_, other)| order(one).cmp(&order(other)));
        entries
    }

    /// An entry of a party's contact list; `None`: the other is not on it.
    pub(crate) fn contact(&self, owner: NameId, other: NameId) -> Option<Contact> {
        let of = |details: &Option<Box<Details>>| {
            let Details { written, card } = details.as_deref().cloned().unwrap_or_default();
            (self.contact_name(other, written.as_ref()), card)
        };
        let roster = &self.roster;
        let ((name, card), status) = if let Some(block) = roster.block_of(owner, other) {
            (of(&block.details), ContactStatus::Blocked)
        } else if let Some(relation) = roster.get(owner, other) {
            let status = if relation.is_active { ContactStatus::Subscribed } else { ContactStatus::Pending };
            (of(&relation.details), status)
        } else {
            let is_put = |request: &&Relation| !request.is_active && !request.is_hidden();
            let request = roster.get(other, owner).filter(is_put)?;
            ((self.contact_name(other, None), card_of(&request.details)), ContactStatus::Pending)
        };
        // What a watcher wrote of itself is for the other's eyes. The name of a card is its writer's own.
        let theirs = roster.get(other, owner).map(|relation| card_of(&relation.details));
        let theirs = theirs.unwrap_or_default();
        let card = ContactCard {
            display: theirs.display,
            avatar: card.avatar.or(theirs.avatar),
            category: card.category.or(theirs.category),
        };
        Some(Contact { name, status, card })
    }

    /// A request as it is put to the presentity.
    pub(crate) fn request(&self, watcher: NameId, presentity: NameId) -> Option<SubscriptionRequest> {
        let is_put = |relation: &&Relation| !relation.is_active && !relation.is_hidden();
        let relation = self.roster.get(watcher, presentity).filter(is_put)?;
        let written = relation.details.as_ref().and_then(|details| details.written.as_ref());
        Some(SubscriptionRequest {
            id: relation.id,
            presentity: self.name_asked_for(presentity, written),
            watcher: self.contact_name(watcher, None),
            card: card_of(&relation.details),
            asked_at: relation.asked_at,
        })
    }

    /// Has a relation stored as it is now.
    pub(crate) fn store_subscription(
        &self,
        watcher: NameId,
        presentity: NameId,
        consequences: &mut Consequences,
    ) {
        let record = self.subscription_record(watcher, presentity).map(Box::new);
        consequences.facts.extend(record.map(Fact::Subscription));
    }

    /// A relation as it is stored.
    pub(crate) fn subscription_record(
        &self,
        watcher: NameId,
        presentity: NameId,
    ) -> Option<SubscriptionRecord> {
        let relation = self.roster.get(watcher, presentity)?;
        let Details { written, card } = relation.details.as_deref().cloned().unwrap_or_default();
        Some(SubscriptionRecord {
            id: relation.id,
            watcher: self.book.address(watcher).clone(),
            presentity: self.book.address(presentity).clone(),
            is_active: relation.is_active,
            by_rule: relation.by_rule,
            hidden_since: self.roster.hidden_since(watcher, presentity),
            asked_at: relation.asked_at,
            written,
            card,
        })
    }

    /// The name of a party as the owner of a list wrote it, or else as it registered.
    pub(crate) fn contact_name(&self, party: NameId, written: Option<&(String, String)>) -> NamedAddress {
        let address = self.contact_address(party);
        match (written, self.book.id(&address)) {
            (Some((kind, original)), _) => {
                NamedAddress { address, kind: kind.clone(), original: original.clone() }
            }
            (None, name) => self.of_its_network(self.book.named(name.unwrap_or(party))),
        }
    }

    /// The address under which a party is shown.
    pub(crate) fn contact_address(&self, party: NameId) -> Address {
        let filed = self.book.filed(party);
        let presentity = filed.and_then(|id| publication::presentity(&self.book, &self.principals[id], id));
        presentity.unwrap_or_else(|| self.book.address(party)).clone()
    }

    /// The name of a presentity that a watcher wrote, where it is one of its names; else that it is shown under.
    fn name_asked_for(&self, presentity: NameId, written: Option<&(String, String)>) -> Address {
        let names = self.book.filed(presentity).map_or(&[][..], |id| &self.principals[id].names);
        let written = written.map(|(_, original)| original.to_lowercase());
        let asked_for = names
            .iter()
            .map(|name| self.book.named(*name))
            .find(|name| Some(name.original.to_lowercase()) == written);
        asked_for.map_or_else(|| self.contact_address(presentity), |name| name.address)
    }
}

fn card_of(details: &Option<Box<Details>>) -> ContactCard {
    details.as_ref().map(|details| details.card.clone()).unwrap_or_default()
}

fn order(contact: &Contact) -> (&Address, &str) {
    (&contact.name.address, &contact.name.original)
}
