//! Review: what was granted is looked at again when rules change or turn, so that what they forbid ends at once.

use super::book::Whose;
use super::restrict::offline;
use crate::alias_book::NameId;
use crate::consequences::Consequences;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use crate::refusal::{RULE_ENDED, RULED_OUT};
use model::{Amount, AuditOutcome, Effect, Handling, Instant, PresenceState, Service, Subject, Timestamp};
use std::sync::Arc;

/// A review of everybody that is under way: until it has come to somebody, what is kept of his watchers is not relied on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sweep {
    /// How many principals have been looked at.
    done: usize,
}

impl Engine {
    /// Looks again at all who watch a party or have asked to.
    pub(crate) fn review(&mut self, presentity: NameId, consequences: &mut Consequences) {
        for watcher in Vec::from_iter(self.roster.watchers_of(presentity)) {
            self.review_one(watcher, presentity, consequences);
        }
    }

    fn review_one(&mut self, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        let verdict = self.verdict(watcher, presentity, Service::Presence);
        let (handling, is_forbidden) = (verdict.handling, verdict.is_forbidden());
        let Some(relation) = self.roster.get(watcher, presentity) else { return };
        let (is_active, by_rule, before) = (relation.is_active, relation.by_rule, relation.shows);
        if is_forbidden {
            self.refuse_watcher(watcher, presentity, RULED_OUT, consequences);
            return self.sever(watcher, presentity, false, consequences);
        }
        let contacts =
            if is_active { Default::default() } else { self.contacts_of_both(watcher, presentity) };
        let amount = self.amount(watcher, presentity);
        if is_active && amount != before {
            self.note_shows(watcher, presentity, amount);
            if amount == Amount::Nothing || before == Amount::Nothing {
                self.store_subscription(watcher, presentity, consequences);
            }
        }
        self.roster.set_shows(watcher, presentity, amount);
        match handling {
            Handling::Allow if !is_active && !self.is_foreign(presentity) => {
                self.grant(watcher, presentity, consequences)
            }
            Handling::Confirm if is_active && by_rule => {
                self.suspend(watcher, presentity, consequences);
            }
            _ if is_active && amount != before => self.show_anew(watcher, presentity),
            // A request that was hidden from its decider, or is now.
            _ if !is_active && (amount == Amount::Nothing) != (before == Amount::Nothing) => {
                self.tell_difference(watcher, presentity, contacts, consequences);
                if amount != Amount::Nothing {
                    self.ask_deciders(watcher, presentity, consequences);
                }
            }
            _ => {}
        }
    }

    /// Notes how much a watcher is shown from now on; where that is nothing, since when.
    pub(crate) fn note_shows(&mut self, watcher: NameId, presentity: NameId, amount: Amount) {
        let known = self.roster.hidden_since(watcher, presentity);
        let since =
            (amount == Amount::Nothing).then(|| known.unwrap_or_else(|| self.looks_gone_since(presentity)));
        self.roster.set_shows(watcher, presentity, amount);
        self.roster.hide(watcher, presentity, since);
    }

    /// Since when somebody who hides from a watcher from now on looks offline to it: since he is, or from now on.
    pub(crate) fn looks_gone_since(&self, presentity: NameId) -> Timestamp {
        let view = self.book.filed(presentity).map(|id| self.view(id));
        view.filter(|view| view.state == PresenceState::Offline).map_or(self.now.wall, |view| view.since)
    }

    /// What a rule had granted waits for its owner's decision.
    fn suspend(&mut self, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        let before = self.contacts_of_both(watcher, presentity);
        let Some(mut relation) = self.roster.remove(watcher, presentity) else { return };
        self.note_subscription(AuditOutcome::Begun, watcher, presentity, RULE_ENDED, consequences);
        (relation.is_active, relation.by_rule, relation.asked_at) = (false, false, self.now.wall);
        self.roster.insert(watcher, presentity, relation);
        self.contact_changed(watcher, presentity);
        let expires = self.now.instant.after(self.settings.request_expires);
        self.roster.expire_at(watcher, presentity, expires);
        self.store_subscription(watcher, presentity, consequences);
        self.darken(watcher, presentity, consequences);
        self.tell_difference(watcher, presentity, before, consequences);
        self.ask_deciders(watcher, presentity, consequences);
    }

    /// The last that a watcher is told of somebody whom it may not see any more: a lamp must not go on showing what was.
    fn darken(&mut self, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        let Some(id) = self.book.filed(presentity) else { return };
        let version = &mut self.principals[id].version;
        *version = version.saturating_add(1);
        let view = self.view(id);
        let since = self.looks_gone_since(presentity);
        let (contact, document) = (self.contact_name(presentity, None), Arc::new(offline(&view, since)));
        let informed = self.presence_agents(watcher).into_iter();
        consequences.told.extend(informed.map(|agent| {
            let (contact, document) = (contact.clone(), Arc::clone(&document));
            Effect::Inform { agent, contact, document }
        }));
    }

    /// Somebody is a contact of an owner now, or no more: where the owner has rules for contacts, another verdict may hold.
    pub(crate) fn contact_changed(&mut self, owner: NameId, contact: NameId) {
        if self.rules.of(owner).iter().any(|rule| rule.key.who == Subject::Contacts) {
            self.rechecks.push((contact, owner));
        }
    }

    /// Somebody has other names than before, or comes through another gateway: rules may name him otherwise.
    pub(crate) fn recheck(&mut self, id: PrincipalId) {
        if self.rules.len() == 0 {
            return;
        }
        let party = self.principals[id].identity;
        let watchers = self.roster.watchers_of(party).map(|watcher| (watcher, party));
        let watched = self.roster.watched_by(party).map(|presentity| (party, presentity));
        self.rechecks.extend(watchers.chain(watched));
    }

    /// Looks again at everybody, a part in each batch.
    pub(crate) fn review_all(&mut self) {
        self.sweep = Some(Sweep::default());
    }

    /// Does a part of the review of everybody, and looks again at those whose rules have turned.
    pub(crate) fn tend_rules(&mut self, effects: &mut Effects) {
        let (now, mut consequences) = (self.now, Consequences::default());
        for _ in 0..REVIEWS_PER_TURN {
            let due = self.rules.first_turn().filter(|(at, _)| *at <= now.wall);
            let Some((_, whose)) = due else { break };
            self.rules.set_turn(whose, now.wall, &self.settings.time_zone);
            match whose {
                Whose::Operator => self.review_all(),
                Whose::Owner(owner) => self.review(owner, &mut consequences),
            }
        }
        if let Some(Sweep { done }) = self.sweep {
            for id in self.principals.ids_after(done).take(REVIEWS_PER_TURN) {
                self.review(self.principals[id].identity, &mut consequences);
            }
            let done = done + REVIEWS_PER_TURN;
            self.sweep = Some(Sweep { done }).filter(|_| done < self.principals.numbers());
        }
        while let Some((watcher, presentity)) = self.rechecks.pop() {
            self.review_one(watcher, presentity, &mut consequences);
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
