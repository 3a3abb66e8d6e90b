//! Contact lists: asking to watch, watching no more, blocking.

use crate::alias_book::NameId;
use crate::consequences::Consequences;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::refusal::{ASKED, BLOCKED, REFUSED_BY_DEFAULT, RULED_IN, RULED_OUT, SILENT};
use crate::roster::{Block, Details, Relation};
use crate::rules::Ground;
use crate::settings::Treatment;
use model::{
    Address, AgentId, Amount, AuditOutcome, BlockRecord, Contact, ContactCard, ContactChange, ContactStatus,
    Effect, Fact, Handling, NamedAddress, Now, Refusal, Service, SubscriptionId, Symmetry, Ticket,
};

/// What an agent wants of a contact.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) change: ContactChange,
    pub(crate) contact: NamedAddress,
    pub(crate) card: ContactCard,
    /// The name of the subscription, should it be a new one.
    pub(crate) id: SubscriptionId,
    pub(crate) symmetry: Symmetry,
}

/// The word of the audit log for a change.
const fn act(change: ContactChange) -> &'static str {
    match change {
        ContactChange::Subscribe => "subscribe",
        ContactChange::Unsubscribe => "unsubscribe",
        ContactChange::Block => "block",
        ContactChange::Unblock => "unblock",
    }
}

impl Engine {
    /// An agent changes the contact list of its principal.
    pub(crate) fn change_contact(
        &mut self,
        now: Now,
        ticket: Ticket,
        agent: AgentId,
        wish: Wish,
        effects: &mut Effects,
    ) {
        let mut consequences = Consequences::default();
        let (act, contact) = (act(wish.change), wish.contact.address.clone());
        let done = match self.agents.get(agent) {
            Some(id) => self.change(now, self.principals[id].identity, wish, &mut consequences),
            None => Err(Refusal::Stranger),
        };
        if let Err(refusal) = &done {
            let event = self.refusal(act, Some(agent), Some(&contact), refusal.to_string());
            consequences.audited.push(event);
        }
        self.answer(ticket, agent, done, consequences, effects);
    }

    pub(crate) fn change(
        &mut self,
        now: Now,
        owner: NameId,
        wish: Wish,
        consequences: &mut Consequences,
    ) -> Result<(), Refusal> {
        let address = &wish.contact.address;
        match wish.change {
            ContactChange::Subscribe => self.ask(now, owner, wish, consequences),
            ContactChange::Block => self.block(owner, wish, consequences),
            ContactChange::Unsubscribe => {
                match self.known_contact(owner, address) {
                    Some(other) if self.contact(owner, other).is_some() || self.watches(other, owner) => {
                        // A request of the contact ends with it; what a blocked one is left with does not.
                        let reverse = (wish.symmetry != Symmetry::Never || !self.watches(other, owner))
                            && self.roster.block_of(owner, other).is_none();
                        self.sever(owner, other, reverse, consequences);
                        self.release(other);
                    }
                    _ => self.tell_gone(owner, wish, ContactStatus::Removed, consequences),
                }
                Ok(())
            }
            ContactChange::Unblock => {
                match self.known_contact(owner, address) {
                    Some(other) if self.roster.block_of(owner, other).is_some() => {
                        self.unblock(owner, other, consequences);
                        self.release(other);
                    }
                    // Who is not blocked may be on the list all the same.
                    Some(other) if self.contact(owner, other).is_some() => {
                        self.list(owner, self.contact(owner, other), consequences);
                    }
                    _ => self.tell_gone(owner, wish, ContactStatus::Unblocked, consequences),
                }
                Ok(())
            }
        }
    }

    /// A watcher asks to watch.
    fn ask(
        &mut self,
        now: Now,
        watcher: NameId,
        wish: Wish,
        consequences: &mut Consequences,
    ) -> Result<(), Refusal> {
        let known = self.target(watcher, &wish.contact.address)?;
        if let Some(presentity) = known.filter(|known| self.roster.get(watcher, *known).is_some()) {
            self.ask_again(watcher, presentity, wish, consequences);
            return Ok(());
        }
        self.admit_contact(watcher, known, &wish)?;
        let presentity = known.unwrap_or_else(|| self.book.intern(&wish.contact.address));
        // Who wants to watch somebody blocks it no more.
        self.lift(watcher, presentity, consequences);
        let details = self.details(presentity, &wish);
        let is_asked = self.roster.get(presentity, watcher).is_some_and(|other| !other.is_active);
        let is_agreed = is_asked && self.symmetry(wish.symmetry, watcher, presentity) == Symmetry::Auto;
        match self.reception(watcher, presentity) {
            Reception::Refused(reason) => {
                self.refuse_watcher(watcher, presentity, reason, consequences);
                self.tell_gone(watcher, wish, ContactStatus::Removed, consequences);
            }
            Reception::Deceived { reason, is_granted } => {
                self.refuse_watcher(watcher, presentity, reason, consequences);
                if is_granted {
                    self.grant_at_once(now, watcher, presentity, wish.id, details, consequences);
                } else {
                    self.file(now, watcher, presentity, wish.id, details, consequences);
                    self.list(watcher, self.contact(watcher, presentity), consequences);
                }
            }
            _ if is_agreed => self.approve(presentity, watcher, true, details, consequences),
            Reception::Granted => {
                self.note_subscription(AuditOutcome::Done, watcher, presentity, RULED_IN, consequences);
                self.grant_at_once(now, watcher, presentity, wish.id, details, consequences);
            }
            Reception::Unheard => {
                self.file(now, watcher, presentity, wish.id, details, consequences);
                self.approve(watcher, presentity, false, None, consequences);
            }
            Reception::Asked => {
                self.note_subscription(AuditOutcome::Begun, watcher, presentity, ASKED, consequences);
                self.file(now, watcher, presentity, wish.id, details, consequences);
                self.list(watcher, self.contact(watcher, presentity), consequences);
                self.put(watcher, presentity, consequences);
            }
        }
        self.release(presentity);
        Ok(())
    }

    /// Who has just agreed to be watched asks to watch in turn, by the same id. The other one is asked later.
    pub(crate) fn ask_in_turn(
        &mut self,
        watcher: NameId,
        presentity: NameId,
        id: SubscriptionId,
        consequences: &mut Consequences,
    ) {
        match self.reception(watcher, presentity) {
            Reception::Refused(_) => {}
            Reception::Deceived { reason, is_granted } => {
                self.refuse_watcher(watcher, presentity, reason, consequences);
                match is_granted {
                    true => self.grant_at_once(self.now, watcher, presentity, id, None, consequences),
                    false => self.file(self.now, watcher, presentity, id, None, consequences),
                }
            }
            Reception::Granted => {
                self.note_subscription(AuditOutcome::Done, watcher, presentity, RULED_IN, consequences);
                self.grant_at_once(self.now, watcher, presentity, id, None, consequences);
            }
            Reception::Unheard => {
                self.file(self.now, watcher, presentity, id, None, consequences);
                self.approve(watcher, presentity, false, None, consequences);
            }
            Reception::Asked => {
                self.note_subscription(AuditOutcome::Begun, watcher, presentity, ASKED, consequences);
                self.file(self.now, watcher, presentity, id, None, consequences);
            }
        }
    }

    /// What a wish about one direction means for the other, between these two.
    pub(crate) fn symmetry(&self, wanted: Symmetry, one: NameId, other: NameId) -> Symmetry {
        let is_own = |party| self.is_own_domain(&self.contact_address(party));
        let is_near = is_own(one) && is_own(other) && self.share_a_gateway(one, other);
        if wanted == Symmetry::Auto && !is_near { Symmetry::Ask } else { wanted }
    }

    /// What becomes of somebody who begins to ask to watch another.
    fn reception(&self, watcher: NameId, presentity: NameId) -> Reception {
        let verdict = self.verdict(watcher, presentity, Service::Presence);
        let reason = match verdict.ground {
            Ground::Blocked => BLOCKED,
            Ground::Rule(_) => RULED_OUT,
            Ground::Default => REFUSED_BY_DEFAULT,
        };
        match verdict.handling {
            Handling::Block => Reception::Refused(reason),
            Handling::PoliteBlock => {
                Reception::Deceived { reason, is_granted: self.is_granted_by_default(watcher, presentity) }
            }
            // Whatever is ruled here, it is for the other network to ask its people.
            Handling::Allow | Handling::Confirm if self.is_foreign(presentity) => Reception::Asked,
            Handling::Allow => Reception::Granted,
            Handling::Confirm if verdict.ground == Ground::Default && self.is_silent(presentity) => {
                match self.settings.silent_devices {
                    Treatment::Allow => Reception::Unheard,
                    Treatment::Refuse => Reception::Refused(SILENT),
                }
            }
            Handling::Confirm => Reception::Asked,
        }
    }

    /// Whether a watcher of whom no rule says anything would be granted what it asks for at once.
    fn is_granted_by_default(&self, watcher: NameId, presentity: NameId) -> bool {
        let is_granted_silently =
            self.is_silent(presentity) && self.settings.silent_devices == Treatment::Allow;
        match self.default_verdict(&self.contact_address(watcher), Service::Presence).handling {
            Handling::Allow => true,
            Handling::Confirm => is_granted_silently,
            Handling::Block | Handling::PoliteBlock => false,
        }
    }

    /// A watcher asks for what it has, or has asked for: it is told how that stands, and nobody else is asked again.
    fn ask_again(
        &mut self,
        watcher: NameId,
        presentity: NameId,
        wish: Wish,
        consequences: &mut Consequences,
    ) {
        let before = self.roster.get(watcher, presentity).and_then(|relation| relation.details.clone());
        let mut details = self.details(presentity, &wish);
        if wish.card == ContactCard::default()
            && let Some(before) = &before
        {
            let written = details.and_then(|details| details.written);
            details = Details::of(written, before.card.clone());
        }
        if details != before {
            self.roster.describe(watcher, presentity, details);
            self.store_subscription(watcher, presentity, consequences);
        }
        if self.watches(watcher, presentity) {
            self.showing.owe(watcher, presentity);
        }
        self.list(watcher, self.contact(watcher, presentity), consequences);
    }

    /// An owner blocks a party.
    fn block(&mut self, owner: NameId, wish: Wish, consequences: &mut Consequences) -> Result<(), Refusal> {
        let known = self.target(owner, &wish.contact.address)?;
        let before = known.and_then(|blocked| self.roster.block_of(owner, blocked)).map(|block| block.since);
        if before.is_none() {
            self.admit_block(owner, known)?;
        }
        let blocked = known.unwrap_or_else(|| self.book.intern(&wish.contact.address));
        let details = self.details(blocked, &wish);
        let hidden = self.roster.hidden_since(blocked, owner);
        let since = before.or(hidden).unwrap_or_else(|| self.looks_gone_since(owner));
        self.enforce(owner, blocked, Block { since, details }, consequences);
        Ok(())
    }

    /// Sets a block up and ends what it forbids.
    pub(crate) fn enforce(
        &mut self,
        owner: NameId,
        blocked: NameId,
        block: Block,
        consequences: &mut Consequences,
    ) {
        let before = self.contacts_of_both(owner, blocked);
        self.end(owner, blocked, consequences);
        if self.roster.get(blocked, owner).is_some() {
            self.refuse_watcher(blocked, owner, BLOCKED, consequences);
        }
        if !self.settings.polite_block {
            self.end(blocked, owner, consequences);
        }
        self.roster.block(owner, blocked, block);
        self.roster.set_shows(blocked, owner, Amount::Nothing);
        consequences.facts.extend(self.block_record(owner, blocked).map(Box::new).map(Fact::Block));
        if before[0] == self.contact(owner, blocked) {
            // Who blocks again wants to know how it stands.
            self.list(owner, before[0].clone(), consequences);
        }
        self.tell_difference(owner, blocked, before, consequences);
        self.show_anew(blocked, owner);
    }

    pub(crate) fn unblock(&mut self, owner: NameId, blocked: NameId, consequences: &mut Consequences) {
        let entry = self.contact(owner, blocked);
        self.lift(owner, blocked, consequences);
        let status = ContactStatus::Unblocked;
        self.list(owner, entry.map(|entry| Contact { status, ..entry }), consequences);
        if self.roster.get(blocked, owner).is_some_and(|relation| !relation.is_active) {
            self.put(blocked, owner, consequences);
        }
    }

    /// Ends a block, where there is one.
    fn lift(&mut self, owner: NameId, blocked: NameId, consequences: &mut Consequences) {
        let Some(block) = self.roster.unblock(owner, blocked) else { return };
        let address = |party| self.book.address(party).clone();
        consequences.facts.push(Fact::BlockEnded { owner: address(owner), blocked: address(blocked) });
        let amount = self.amount(blocked, owner);
        if amount == Amount::Nothing && self.watches(blocked, owner) {
            self.roster.hide(blocked, owner, Some(block.since));
        }
        self.note_shows(blocked, owner, amount);
        self.show_anew(blocked, owner);
    }

    /// Files a request.
    fn file(
        &mut self,
        now: Now,
        watcher: NameId,
        presentity: NameId,
        id: SubscriptionId,
        details: Option<Box<Details>>,
        consequences: &mut Consequences,
    ) {
        let expires = now.instant.after(self.settings.request_expires);
        let shows = self.amount(watcher, presentity);
        let relation = Relation { id, asked_at: now.wall, is_active: false, by_rule: false, shows, details };
        self.roster.insert(watcher, presentity, relation);
        self.roster.expire_at(watcher, presentity, expires);
        self.store_subscription(watcher, presentity, consequences);
    }

    /// Puts a request to those who can decide it.
    pub(crate) fn put(&mut self, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        self.list(presentity, self.contact(presentity, watcher), consequences);
        self.ask_deciders(watcher, presentity, consequences);
    }

    /// Asks those who can decide a request.
    pub(crate) fn ask_deciders(
        &mut self,
        watcher: NameId,
        presentity: NameId,
        consequences: &mut Consequences,
    ) {
        self.summon(presentity);
        for agent in self.presence_agents(presentity) {
            let asked = self
                .request(watcher, presentity)
                .map(|request| Effect::Asked { agent, request: Box::new(request) });
            consequences.told.extend(asked);
        }
    }

    /// Tells an owner how a contact stands to its agents that take part in presence.
    pub(crate) fn list(&self, owner: NameId, contact: Option<Contact>, consequences: &mut Consequences) {
        let Some(contact) = contact else { return };
        for agent in self.presence_agents(owner) {
            consequences.told.push(Effect::Listed { agent, contacts: vec![contact.clone()] });
        }
    }

    /// Tells an owner of a contact that is not on its list, in its own words.
    fn tell_gone(&self, owner: NameId, wish: Wish, status: ContactStatus, consequences: &mut Consequences) {
        let contact = Contact { name: wish.contact, status, card: ContactCard::default() };
        self.list(owner, Some(contact), consequences);
    }

    /// The party that a name stands for, where there is one; not oneself.
    fn target(&self, owner: NameId, address: &Address) -> Result<Option<NameId>, Refusal> {
        let party = match self.book.owner_of(address) {
            Some(id) => Some(self.principals[id].identity),
            None => self.book.id(address),
        };
        if party == Some(owner) { Err(Refusal::Oneself) } else { Ok(party) }
    }

    /// The contact of an owner that a name stands for: of whoever has the name, or else of the principal that is
    /// filed under it, with whom the owner may still have to do.
    fn known_contact(&self, owner: NameId, address: &Address) -> Option<NameId> {
        let of_owner = self.target(owner, address).ok().flatten();
        let filed = self.book.id(address).filter(|name| self.book.filed(*name).is_some());
        let is_listed = |party: &NameId| self.contact(owner, *party).is_some() || self.watches(*party, owner);
        of_owner.into_iter().chain(filed).find(is_listed).or(of_owner)
    }

    /// Whether there is room for one more request of this name.
    fn admit_contact(&self, watcher: NameId, presentity: Option<NameId>, wish: &Wish) -> Result<(), Refusal> {
        if self.roster.named(wish.id).is_some() {
            return Err(Refusal::Unavailable { limit: "subscription_ids" });
        }
        self.admit_request(watcher, presentity)
    }

    /// Whether there is room for one more request.
    pub(crate) fn admit_request(&self, watcher: NameId, presentity: Option<NameId>) -> Result<(), Refusal> {
        let limits = &self.settings.limits;
        let full = |limit| Err(Refusal::Unavailable { limit });
        let (asking, asked) =
            (self.roster.tally(watcher), presentity.map(|it| self.roster.tally(it)).unwrap_or_default());
        if asking.pending as usize >= limits.pending_per_watcher_max {
            return full("pending_per_watcher_max");
        }
        if asked.waiting as usize >= limits.waiting_per_presentity_max {
            return full("waiting_per_presentity_max");
        }
        self.admit_block(watcher, presentity)
    }

    /// Whether there is room for one more entry of a list.
    fn admit_block(&self, owner: NameId, contact: Option<NameId>) -> Result<(), Refusal> {
        let limits = &self.settings.limits;
        let full = |limit| Err(Refusal::Unavailable { limit });
        let entries = self.roster.relations_len() + self.roster.blocks_len();
        if self.roster.tally(owner).contacts as usize >= limits.contacts_per_principal_max {
            return full("contacts_per_principal_max");
        }
        if self.watchers.subscriptions() + entries >= limits.subscriptions_max {
            return full("subscriptions_max");
        }
        if contact.is_none() && self.unknown_names() >= limits.unknown_names_max {
            return full("unknown_names_max");
        }
        Ok(())
    }

    /// Takes a name that nobody has and nobody watches any more out of the book.
    pub(crate) fn release(&mut self, name: NameId) {
        if self.watchers.of(name).is_empty() && !self.roster.mentions(name) && !self.groups.mentions(name) {
            self.book.release(name);
        }
    }

    /// Whether nobody can be asked to decide for a party.
    pub(crate) fn is_silent(&self, party: NameId) -> bool {
        self.book.filed(party).is_some_and(|id| self.principals[id].is_silent)
    }

    /// Whether one party watches another, with its consent.
    pub(crate) fn watches(&self, watcher: NameId, presentity: NameId) -> bool {
        self.roster.get(watcher, presentity).is_some_and(|relation| relation.is_active)
    }

    /// What is kept with a new entry.
    fn details(&self, party: NameId, wish: &Wish) -> Option<Box<Details>> {
        let written = &wish.contact;
        let registered = self.book.named(party);
        let is_registered_so = *written == registered && self.contact_address(party) == registered.address;
        let written = (!is_registered_so).then(|| (written.kind.clone(), written.original.clone()));
        Details::of(written, wish.card.clone())
    }

    /// A block as it is stored.
    pub(crate) fn block_record(&self, owner: NameId, blocked: NameId) -> Option<BlockRecord> {
        let block = self.roster.block_of(owner, blocked)?;
        let Details { written, card } = block.details.as_deref().cloned().unwrap_or_default();
        let address = |party| self.book.address(party).clone();
        Some(BlockRecord {
            owner: address(owner),
            blocked: address(blocked),
            since: block.since,
            written,
            card,
        })
    }
}

/// What becomes of somebody who asks to watch.
#[derive(Clone, Copy, Debug)]
enum Reception {
    /// He may not, and is told.
    Refused(&'static str),
    /// He may not, and is not to know: it looks granted where others are granted it without asking, else as if nobody
    /// were there to decide.
    Deceived { reason: &'static str, is_granted: bool },
    /// A rule agrees.
    Granted,
    /// Nobody can be asked, which counts as agreed.
    Unheard,
    /// The presentity is asked.
    Asked,
}
