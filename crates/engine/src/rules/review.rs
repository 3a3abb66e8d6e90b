//! Review: what was granted is looked at again when rules change or turn, so that what they forbid ends at once.

use super::book::Whose;
use super::restrict::offline;
use crate::alias_book::NameId;
use crate::consequences::Consequences;
use crate::effects::Effects;
use crate::engine::Engine;
use model::{
    Amount, Contact, ContactCard, ContactStatus, Effect, Fact, Handling, Instant, Now, PresenceState, Service,
};
use std::sync::Arc;

/// A review of everybody that is under way: until it has come to somebody, what is kept of his watchers is not relied on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sweep {
    /// How many principals have been looked at.
    done: usize,
}

impl Engine {
    /// Looks again at all who watch a party or have asked to.
    pub(crate) fn review(&mut self, now: Now, presentity: NameId, consequences: &mut Consequences) {
        for watcher in Vec::from_iter(self.roster.watchers_of(presentity)) {
            self.review_one(now, watcher, presentity, consequences);
        }
    }

    fn review_one(&mut self, now: Now, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        let verdict = self.verdict(watcher, presentity, Service::Presence);
        let (handling, is_forbidden) = (verdict.handling, verdict.is_forbidden());
        let Some(relation) = self.roster.get(watcher, presentity) else { return };
        let (is_active, by_rule, before) = (relation.is_active, relation.by_rule, relation.shows);
        if is_forbidden {
            return self.sever(watcher, presentity, false, consequences);
        }
        let amount = self.amount(watcher, presentity);
        self.roster.set_shows(watcher, presentity, amount);
        match handling {
            Handling::Allow if !is_active => self.grant(watcher, presentity, consequences),
            Handling::Confirm if is_active && by_rule => {
                self.suspend(now, watcher, presentity, consequences);
            }
            _ if is_active && amount != before => self.show_anew(watcher, presentity),
            // A request that was hidden from its decider, or is now.
            _ if !is_active && (amount == Amount::Nothing) != (before == Amount::Nothing) => {
                if amount == Amount::Nothing {
                    self.withdraw_request(watcher, presentity, consequences);
                } else {
                    self.put(watcher, presentity, consequences);
                }
            }
            _ => {}
        }
    }

    /// What a rule had granted waits for its owner's decision.
    fn suspend(&mut self, now: Now, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        let before = self.contacts_of_both(watcher, presentity);
        let Some(mut relation) = self.roster.remove(watcher, presentity) else { return };
        (relation.is_active, relation.by_rule, relation.asked_at) = (false, false, now.wall);
        self.roster.insert(watcher, presentity, relation);
        let expires = now.instant.after(self.settings.request_expires);
        self.roster.expire_at(watcher, presentity, expires);
        let record = self.subscription_record(watcher, presentity).map(Box::new);
        consequences.facts.extend(record.map(Fact::Subscription));
        self.darken(now, watcher, presentity, consequences);
        self.tell_difference(watcher, presentity, before, consequences);
        self.ask_deciders(watcher, presentity, consequences);
    }

    /// The last that a watcher is told of somebody whom it may not see any more: a lamp must not go on showing what was.
    fn darken(&self, now: Now, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        let Some(id) = self.book.filed(presentity) else { return };
        let view = self.view(id);
        let since = if view.state == PresenceState::Offline { view.since } else { now.wall };
        let (contact, document) = (self.contact_name(presentity, None), Arc::new(offline(&view, since)));
        let informed = self.presence_agents(watcher).into_iter();
        consequences.told.extend(informed.map(|agent| {
            let (contact, document) = (contact.clone(), Arc::clone(&document));
            Effect::Inform { agent, contact, document }
        }));
    }

    /// A request that its decider was asked about is not to be seen by it any more.
    fn withdraw_request(&self, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        let name = self.contact_name(watcher, None);
        let gone = Contact { name, status: ContactStatus::Removed, card: ContactCard::default() };
        self.list(presentity, Some(gone), consequences);
    }

    /// Looks again at everybody, a part in each batch.
    pub(crate) fn review_all(&mut self) {
        self.sweep = Some(Sweep::default());
    }

    /// Does a part of the review of everybody, and looks again at those whose rules have turned.
    pub(crate) fn tend_rules(&mut self, now: Now, effects: &mut Effects) {
        let mut consequences = Consequences::default();
        for _ in 0..REVIEWS_PER_TURN {
            let due = self.rules.first_turn().filter(|(at, _)| *at <= now.wall);
            let Some((_, whose)) = due else { break };
            self.rules.set_turn(whose, now.wall, &self.settings.time_zone);
            match whose {
                Whose::Operator => self.review_all(),
                Whose::Owner(owner) => self.review(now, owner, &mut consequences),
            }
        }
        if let Some(Sweep { done }) = self.sweep {
            for id in self.principals.ids_after(done).take(REVIEWS_PER_TURN) {
                self.review(now, self.principals[id].identity, &mut consequences);
            }
            let done = done + REVIEWS_PER_TURN;
            self.sweep = Some(Sweep { done }).filter(|_| done < self.principals.len());
        }
        self.rules_due = self.rules.first_turn().map(|(at, _)| now.instant_of(at).max(now.instant));
        consequences.join(effects);
    }

    /// When [`Self::tend_rules`] has something to do.
    pub(crate) fn rules_deadline(&self) -> Option<Instant> {
        self.sweep.map(|_| Instant(0)).or(self.rules_due)
    }

    /// How much a watcher is shown, from what is kept of it where that can be relied on.
    pub(crate) fn shows(&self, watcher: NameId, presentity: NameId, kept: Amount) -> Amount {
        let Some(Sweep { done }) = self.sweep else { return kept };
        match self.book.filed(presentity) {
            Some(id) if id.place() >= done => self.amount(watcher, presentity),
            _ => kept,
        }
    }
}

/// The most principals that are looked at again in one batch.
const REVIEWS_PER_TURN: usize = 1024;
