//! Decisions: what the presentity's principal says to a request, or time, or what it is.

use crate::alias_book::NameId;
use crate::consequences::Consequences;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use crate::refusal::{AGREED, DENIED, IN_TURN, OVER, RULED_IN, SILENT, UNDECIDED, UNHEARD};
use crate::roster::{Details, Relation};
use crate::settings::Treatment;
use model::{
    AgentId, Amount, AuditOutcome, Contact, ContactStatus, Decided, Fact, Millis, Now, Refusal, Service,
    SubscriptionId, Symmetry, Ticket,
};

impl Engine {
    /// An agent decides a request to watch its principal, or takes a decision back.
    pub(crate) fn decide(
        &mut self,
        ticket: Ticket,
        agent: AgentId,
        what: &Decided,
        decision: Decision,
        effects: &mut Effects,
    ) {
        let mut consequences = Consequences::default();
        let decider = self.agents.get(agent).map(|id| self.principals[id].identity);
        let done = decider.ok_or(Refusal::Stranger).and_then(|decider| {
            let id = self.decided(decider, what).ok_or(Refusal::NoSuchRequest)?;
            self.judge(decider, id, decision, &mut consequences)
        });
        if let Err(refusal) = &done {
            let event = self.refusal("decide", Some(agent), None, refusal.to_string());
            consequences.audited.push(event);
        }
        self.answer(ticket, agent, done, consequences, effects);
    }

    pub(crate) fn judge(
        &mut self,
        decider: NameId,
        id: SubscriptionId,
        decision: Decision,
        consequences: &mut Consequences,
    ) -> Result<(), Refusal> {
        let Some(watcher) = self.asker(decider, id) else {
            let ends = !decision.is_approved;
            if let Some(presentity) = self.asked(decider, id).filter(|_| ends) {
                self.sever(decider, presentity, decision.symmetry != Symmetry::Never, consequences);
                return Ok(());
            }
            // Endpoints repeat decisions.
            let is_repeated = ends && self.roster.was_denied(id, decider);
            return if is_repeated { Ok(()) } else { Err(Refusal::NoSuchRequest) };
        };
        if !decision.is_approved {
            self.roster.deny(id, decider);
            self.refuse_watcher(watcher, decider, DENIED, consequences);
            match decision.symmetry {
                Symmetry::Never => self.sever(watcher, decider, false, consequences),
                Symmetry::Ask | Symmetry::Auto => self.sever(decider, watcher, true, consequences),
            }
        } else if !self.watches(watcher, decider) {
            let symmetry = self.symmetry(decision.symmetry, decider, watcher);
            let contacts = self.roster.tally(decider).contacts as usize;
            let is_new = symmetry != Symmetry::Never && self.roster.get(decider, watcher).is_none();
            if is_new && contacts >= self.settings.limits.contacts_per_principal_max {
                return Err(Refusal::Unavailable { limit: "contacts_per_principal_max" });
            }
            // Where there is no room for it, the presentity is watched all the same, and may ask another time.
            let asks =
                is_new && symmetry == Symmetry::Ask && self.admit_request(decider, Some(watcher)).is_ok();
            if asks {
                self.ask_in_turn(decider, watcher, id, consequences);
            }
            self.approve(watcher, decider, symmetry == Symmetry::Auto, None, consequences);
            if asks {
                self.ask_deciders(decider, watcher, consequences);
            }
        } else if self.roster.consent(watcher, decider) {
            self.note_subscription(AuditOutcome::Done, watcher, decider, AGREED, consequences);
            self.store_subscription(watcher, decider, consequences);
        }
        Ok(())
    }

    fn decided(&self, decider: NameId, what: &Decided) -> Option<SubscriptionId> {
        match what {
            Decided::Subscription(id) => Some(*id),
            Decided::Watcher(watcher) => {
                let party = match self.book.owner_of(watcher) {
                    Some(id) => self.principals[id].identity,
                    None => self.book.id(watcher)?,
                };
                self.roster.get(party, decider).map(|relation| relation.id)
            }
        }
    }

    /// Who watches the decider, or has asked to, by a relation of this id. One that it has blocked, and a request that is
    /// hidden from it, is not there for it.
    fn asker(&self, decider: NameId, id: SubscriptionId) -> Option<NameId> {
        let (one, other) = self.roster.named(id)?;
        let watcher = if other == decider { one } else { other };
        let is_there =
            |relation: &Relation| relation.id == id && (relation.is_active || !relation.is_hidden());
        let is_blocked = self.roster.block_of(decider, watcher).is_some();
        (self.roster.get(watcher, decider).is_some_and(is_there) && !is_blocked).then_some(watcher)
    }

    /// Whom a watcher watches, or has asked to, by a relation of this id: it may end that.
    fn asked(&self, watcher: NameId, id: SubscriptionId) -> Option<NameId> {
        let (one, other) = self.roster.named(id)?;
        let presentity = if one == watcher { other } else { one };
        let is_named_so = self.roster.get(watcher, presentity).is_some_and(|relation| relation.id == id);
        is_named_so.then_some(presentity)
    }

    /// Lets a watcher watch; in both directions where that is meant, with `details` for the new one.
    pub(crate) fn approve(
        &mut self,
        watcher: NameId,
        presentity: NameId,
        is_mutual: bool,
        details: Option<Box<Details>>,
        consequences: &mut Consequences,
    ) {
        let before = self.contacts_of_both(watcher, presentity);
        let Some(request) = self.roster.remove(watcher, presentity) else { return };
        let (id, asked_at) = (request.id, request.asked_at);
        let reason = if self.is_silent(presentity) { UNHEARD } else { AGREED };
        self.note_subscription(AuditOutcome::Done, watcher, presentity, reason, consequences);
        self.activate(watcher, presentity, request, consequences);
        // Who agrees to be watched wants to watch; a rule may forbid it.
        if is_mutual && !self.verdict(presentity, watcher, Service::Presence).is_forbidden() {
            self.note_subscription(AuditOutcome::Done, presentity, watcher, IN_TURN, consequences);
            let reverse = self.roster.remove(presentity, watcher);
            let details = reverse.map_or(details, |reverse| reverse.details);
            let reverse =
                Relation { id, asked_at, is_active: true, by_rule: false, shows: Amount::Nothing, details };
            self.activate(presentity, watcher, reverse, consequences);
        }
        self.tell_difference(watcher, presentity, before, consequences);
    }

    /// Lets somebody watch who has just asked, because a rule says so.
    pub(crate) fn grant_at_once(
        &mut self,
        now: Now,
        watcher: NameId,
        presentity: NameId,
        id: SubscriptionId,
        details: Option<Box<Details>>,
        consequences: &mut Consequences,
    ) {
        let before = self.contacts_of_both(watcher, presentity);
        let shows = Amount::Nothing;
        let relation = Relation { id, asked_at: now.wall, is_active: true, by_rule: true, shows, details };
        self.activate(watcher, presentity, relation, consequences);
        self.tell_difference(watcher, presentity, before, consequences);
    }

    /// Lets somebody watch who has asked before, because a rule says so now.
    pub(crate) fn grant(&mut self, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        let before = self.contacts_of_both(watcher, presentity);
        let Some(request) = self.roster.remove(watcher, presentity) else { return };
        self.note_subscription(AuditOutcome::Done, watcher, presentity, RULED_IN, consequences);
        self.activate(watcher, presentity, Relation { by_rule: true, ..request }, consequences);
        self.tell_difference(watcher, presentity, before, consequences);
    }

    fn activate(
        &mut self,
        watcher: NameId,
        presentity: NameId,
        relation: Relation,
        consequences: &mut Consequences,
    ) {
        let shows = self.amount(watcher, presentity);
        self.roster.insert(watcher, presentity, Relation { is_active: true, shows, ..relation });
        self.note_shows(watcher, presentity, shows);
        self.contact_changed(watcher, presentity);
        self.store_subscription(watcher, presentity, consequences);
        self.showing.owe(watcher, presentity);
        self.tell_watched(watcher, presentity, true, consequences);
    }

    /// Ends that `one` watches `other` or has asked to, and the reverse where that is meant.
    pub(crate) fn sever(
        &mut self,
        one: NameId,
        other: NameId,
        reverse: bool,
        consequences: &mut Consequences,
    ) {
        let before = self.contacts_of_both(one, other);
        self.end(one, other, consequences);
        if reverse {
            self.end(other, one, consequences);
        }
        self.tell_difference(one, other, before, consequences);
    }

    pub(crate) fn end(&mut self, watcher: NameId, presentity: NameId, consequences: &mut Consequences) {
        if let Some(ended) = self.roster.remove(watcher, presentity) {
            if ended.is_active {
                self.note_subscription(AuditOutcome::Ended, watcher, presentity, OVER, consequences);
            }
            self.contact_changed(watcher, presentity);
            self.tell_watched(watcher, presentity, false, consequences);
            let address = |party| self.book.address(party).clone();
            let (watcher, presentity) = (address(watcher), address(presentity));
            consequences.facts.push(Fact::SubscriptionEnded { watcher, presentity });
        }
    }

    /// The entries of two parties about each other.
    pub(crate) fn contacts_of_both(&self, one: NameId, other: NameId) -> [Option<Contact>; 2] {
        [self.contact(one, other), self.contact(other, one)]
    }

    /// Tells both parties how their entries about each other differ from what they were.
    pub(crate) fn tell_difference(
        &self,
        one: NameId,
        other: NameId,
        before: [Option<Contact>; 2],
        consequences: &mut Consequences,
    ) {
        let after = self.contacts_of_both(one, other);
        for ((owner, before), after) in [one, other].into_iter().zip(before).zip(after) {
            if before != after {
                let removed = before.map(|entry| Contact { status: ContactStatus::Removed, ..entry });
                self.list(owner, after.or(removed), consequences);
            }
        }
    }

    /// Ends requests that nobody has decided in time, a bounded number at a time.
    pub(crate) fn end_requests(&mut self, now: Now, effects: &mut Effects) {
        let mut consequences = Consequences::default();
        for _ in 0..REQUESTS_PER_TURN {
            let due = self.roster.first_expiry().filter(|(expires, ..)| *expires <= now.instant);
            let Some((_, watcher, presentity)) = due else { break };
            if self.is_unclaimed(watcher) {
                // It has no contact list that would show it later, so it must be there to be told.
                self.summon(watcher);
                self.roster.expire_at(watcher, presentity, now.instant.after(UNCLAIMED));
                continue;
            }
            self.counts.requests_expired += 1;
            self.refuse_watcher(watcher, presentity, UNDECIDED, &mut consequences);
            self.sever(watcher, presentity, false, &mut consequences);
            self.release(presentity);
        }
        consequences.join(effects);
    }

    /// A principal that nobody can be asked for has claimed: what waited for a decision is decided by the rule.
    pub(crate) fn decide_for_silent(&mut self, id: PrincipalId, effects: &mut Effects) {
        let presentity = self.principals[id].identity;
        if !self.principals[id].is_silent || self.roster.tally(presentity).waiting == 0 {
            return;
        }
        let mut consequences = Consequences::default();
        for watcher in Vec::from_iter(self.roster.waiting_for(presentity)) {
            if self.roster.get(watcher, presentity).is_none_or(Relation::is_hidden) {
                continue;
            }
            match self.settings.silent_devices {
                Treatment::Allow => self.approve(watcher, presentity, false, None, &mut consequences),
                Treatment::Refuse => {
                    self.refuse_watcher(watcher, presentity, SILENT, &mut consequences);
                    self.sever(watcher, presentity, false, &mut consequences);
                }
            }
        }
        consequences.join(effects);
    }

    /// A name that belonged to nobody belongs to a principal now: what was asked of the name is asked of it.
    pub(crate) fn adopt(&mut self, name: NameId, id: PrincipalId, effects: &mut Effects) {
        let heir = self.principals[id].identity;
        if name == heir || !self.roster.mentions(name) {
            return;
        }
        let mut consequences = Consequences::default();
        for watcher in Vec::from_iter(self.roster.watchers_of(name)) {
            self.pass_on_request(watcher, name, heir, &mut consequences);
        }
        for owner in Vec::from_iter(self.roster.blockers_of(name)) {
            self.pass_on_block(owner, name, heir, &mut consequences);
        }
        consequences.join(effects);
    }

    fn pass_on_request(
        &mut self,
        watcher: NameId,
        name: NameId,
        heir: NameId,
        consequences: &mut Consequences,
    ) {
        let refuses = self.verdict(watcher, heir, Service::Presence).is_forbidden();
        if watcher == heir || refuses || self.roster.get(watcher, heir).is_some() {
            return self.sever(watcher, name, false, consequences);
        }
        let expires = self.roster.expires(watcher, name);
        let Some(request) = self.roster.remove(watcher, name) else { return };
        let address = |party| self.book.address(party).clone();
        let (of, to) = (address(watcher), address(name));
        consequences.facts.push(Fact::SubscriptionEnded { watcher: of, presentity: to });
        let shows = self.amount(watcher, heir);
        self.roster.insert(watcher, heir, Relation { shows, ..request });
        if let Some(expires) = expires {
            self.roster.expire_at(watcher, heir, expires);
        }
        self.store_subscription(watcher, heir, consequences);
        if shows != Amount::Nothing {
            self.put(watcher, heir, consequences);
        }
    }

    fn pass_on_block(&mut self, owner: NameId, name: NameId, heir: NameId, consequences: &mut Consequences) {
        let address = |party| self.book.address(party).clone();
        let fact = Fact::BlockEnded { owner: address(owner), blocked: address(name) };
        let entry = self.contact(owner, name);
        let Some(block) = self.roster.unblock(owner, name) else { return };
        consequences.facts.push(fact);
        if owner == heir || self.roster.block_of(owner, heir).is_some() {
            let status = ContactStatus::Unblocked;
            return self.list(owner, entry.map(|entry| Contact { status, ..entry }), consequences);
        }
        self.enforce(owner, heir, block, consequences);
    }
}

/// What an agent says to a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Decision {
    pub(crate) is_approved: bool,
    pub(crate) symmetry: Symmetry,
}

/// Time until a request of somebody whom no gateway stands for is looked at again.
const UNCLAIMED: Millis = Millis::seconds(1);

/// The most requests that are ended in one batch because nobody decided them.
const REQUESTS_PER_TURN: usize = 4096;
