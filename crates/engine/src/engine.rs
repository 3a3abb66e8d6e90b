//! The engine: what goes in, and what comes out.

use crate::agents::Agents;
use crate::alias_book::{AliasBook, NameId};
use crate::composition::Spell;
use crate::conference::Conferences;
use crate::contacts::Wish;
use crate::counts::Counts;
use crate::decision::Decision;
use crate::device::{FOREVER, Observed, Withdrawn};
use crate::effects::Effects;
use crate::groups::Groups;
use crate::inbox::Inboxes;
use crate::principal::{Departure, NEVER_REGISTERED, Principal, PrincipalId, Principals, UNHEARD_OF};
use crate::published::Publications;
use crate::restart::Restart;
use crate::rooms::Rooms;
use crate::roster::Roster;
use crate::rules::{RuleBook, Sweep};
use crate::settings::Settings;
use crate::view::Showing;
use crate::watcher::Watchers;
use model::{
    Address, AgentId, Basic, Effect, Evidence, EvidenceKey, InboxRules, Instant, Now, PresenceDocument,
    PresenceState, PresenceTuple, Refusal, Request, Timestamp, Version, WatcherId,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Presence of the principals of one shard.
#[derive(Debug)]
pub struct Engine {
    pub(crate) settings: Settings,
    pub(crate) epoch: u32,
    pub(crate) book: AliasBook,
    pub(crate) principals: Principals,
    pub(crate) agents: Agents,
    pub(crate) watchers: Watchers,
    pub(crate) publications: Publications,
    pub(crate) roster: Roster,
    pub(crate) rules: RuleBook,
    /// A review of everybody that is under way.
    pub(crate) sweep: Option<Sweep>,
    /// When rules turn next.
    pub(crate) rules_due: Option<Instant>,
    /// Pairs of watcher and presentity whose verdict may be another, since one is a contact of the other now, or no more.
    pub(crate) rechecks: Vec<(NameId, NameId)>,
    /// When the last input came.
    pub(crate) now: Now,
    pub(crate) showing: Showing,
    /// When to come back to which principal: one entry for each, moved only when it is due or must come earlier,
    /// so that a refresh costs nothing here.
    deadlines: BTreeSet<(Instant, PrincipalId)>,
    /// Principals whose document may be out of date.
    touched: Vec<PrincipalId>,
    /// Who is to be told of whom when the batch is settled.
    pub(crate) owed: Vec<(PrincipalId, WatcherId)>,
    /// Principals whose soft record is out of date, the longest first.
    pub(crate) unsaved: VecDeque<PrincipalId>,
    pub(crate) restart: Option<Restart>,
    /// What was published of agents before the restart, until they claim again.
    pub(crate) restored: HashMap<AgentId, Spell>,
    pub(crate) inboxes: Inboxes,
    pub(crate) groups: Groups,
    pub(crate) rooms: Rooms,
    pub(crate) conferences: Conferences,
    /// Of whom no history is kept though their domain keeps one.
    pub(crate) history_exceptions: HashSet<PrincipalId>,
    /// Whom gateways are to claim.
    pub(crate) summoned: BTreeSet<NameId>,
    /// Whose last agent may have gone, and who may be forgotten then.
    pub(crate) leaving: Vec<PrincipalId>,
    /// Of the inboxes that have their own.
    pub(crate) inbox_rules: BTreeMap<PrincipalId, InboxRules>,
    pub(crate) counts: Counts,
}

impl Engine {
    /// An engine that knows nobody. `epoch` must be higher than that of any engine before it over the same store.
    #[must_use]
    pub fn new(settings: Settings, epoch: u32) -> Self {
        Self {
            settings,
            epoch,
            book: AliasBook::default(),
            principals: Principals::default(),
            agents: Agents::default(),
            watchers: Watchers::default(),
            publications: Publications::default(),
            roster: Roster::default(),
            rules: RuleBook::default(),
            sweep: None,
            rules_due: None,
            rechecks: Vec::new(),
            now: Now::default(),
            showing: Showing::default(),
            deadlines: BTreeSet::new(),
            touched: Vec::new(),
            owed: Vec::new(),
            unsaved: VecDeque::new(),
            restart: None,
            restored: HashMap::new(),
            inboxes: Inboxes::new(epoch),
            groups: Groups::default(),
            rooms: Rooms::default(),
            conferences: Conferences::default(),
            history_exceptions: HashSet::new(),
            summoned: BTreeSet::new(),
            leaving: Vec::new(),
            inbox_rules: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Takes one request of a batch. Documents and notifications follow when the batch is [settled](Self::settle).
    pub fn handle(&mut self, now: Now, request: Request, effects: &mut Effects) {
        self.now = now;
        match request {
            Request::Claim { ticket, claim } => self.claim(now, ticket, claim, effects),
            Request::Observe { agent, evidence } => self.observe(agent, evidence),
            Request::Withdraw { agent, key, at } => self.withdraw(now, agent, &key, at),
            Request::Depart { agent, at, reason, is_farewell } => {
                if is_farewell {
                    self.take_leave(agent, effects);
                }
                self.depart(now, agent, at, &reason);
            }
            Request::Publish { ticket, agent, publication } => {
                self.take_publication(ticket, agent, *publication, effects);
            }
            Request::ChangeContact { ticket, agent, change, contact, card, id, symmetry } => {
                let wish = Wish { change, contact, card: *card, id, symmetry };
                self.change_contact(now, ticket, agent, wish, effects);
            }
            Request::Decide { ticket, agent, what, is_approved, symmetry } => {
                self.decide(ticket, agent, &what, Decision { is_approved, symmetry }, effects);
            }
            Request::Show { agent, watcher, is_shown } => self.show_to(agent, &watcher, is_shown),
            Request::Browse { ticket, agent, text, groups, after, limit } => {
                let page = self.browse(ticket, agent, (&text, groups, after.as_ref(), limit));
                effects.immediate.push(page);
            }
            Request::Explain { ticket, agent, presentity, is_operator } => {
                let told = self.explain(now, agent, &presentity, is_operator);
                effects.immediate.push(match told {
                    Some(lines) => Effect::Explained { ticket, agent, lines },
                    None => Effect::Refused { ticket, agent, refusal: Refusal::NoSuchPrincipal },
                });
            }
            Request::Fetch { ticket, agent, presentity } => self.fetch(ticket, agent, &presentity, effects),
            Request::Attend { agent } => {
                self.attend(agent);
                self.attend_inbox(agent, effects);
            }
            Request::Route { ticket, agent, recipient } => self.route(ticket, agent, &recipient, effects),
            Request::Send { ticket, agent, message } => self.send(now, ticket, agent, *message, effects),
            Request::Retract { inbox, sender, message } => self.retract(&inbox, sender, message, effects),
            Request::Conclude { agent, sender, message, outcome } => {
                self.conclude(now, agent, (sender, message), outcome, effects);
            }
            Request::Compose { agent, recipient, is_composing, thread } => {
                self.compose(agent, &recipient, is_composing, thread, effects);
            }
            Request::EndSession { agent, peer } => self.end_session(agent, &peer, effects),
            Request::Subscribe { watcher, presentity } => self.subscribe(watcher, presentity, effects),
            Request::Unsubscribe { watcher } => self.unsubscribe(watcher),
            Request::Operate { ticket, act } => self.operate(ticket, *act, effects),
            Request::RuleInbox { ticket, agent, principal, rules } => {
                self.rule_inbox(ticket, agent, &principal, rules, effects);
            }
            Request::ChangeGroup { ticket, agent, change } => {
                self.change_group(now, ticket, agent, *change, effects);
            }
            Request::Enter { ticket, agent, group, nick } => self.enter(ticket, agent, &group, nick),
            Request::Exit { agent, group } => self.exit(agent, &group),
            Request::Convene { agent, at, conferences } => self.convene(agent, at, &conferences),
        }
    }

    /// Drops what has expired by `now`; to be called at [`Self::deadline`], after the requests that wait, and before
    /// [`Self::settle`]. It does a bounded piece of work; while more is due the deadline stays in the past.
    pub fn timeout(&mut self, now: Now) {
        for _ in 0..EXPIRIES_PER_TURN {
            let Some(&(at, id)) = self.deadlines.first() else { break };
            if at > now.instant {
                break;
            }
            self.deadlines.pop_first();
            self.principals[id].armed = FOREVER;
            self.expire(now, id);
            self.arm(id, self.principals[id].deadline());
        }
        self.end_restart(now);
    }

    /// Ends a batch: composes each document once that its requests may have changed, and notifies each watcher at
    /// most once of each presentity, with the newest document. What is due in inboxes is done here too.
    pub fn settle(&mut self, now: Now, effects: &mut Effects) {
        self.now = now;
        self.tend_inboxes(now, effects);
        self.tend_rules(effects);
        self.end_requests(now, effects);
        let mut touched = std::mem::take(&mut self.touched);
        for id in touched.drain(..) {
            self.publish(now.wall, id, effects);
        }
        self.touched = touched;
        self.owed.sort_unstable();
        self.owed.dedup();
        self.counts.notifications += self.owed.len() as u64;
        effects.immediate.reserve(self.owed.len());
        for (id, watcher) in self.owed.drain(..) {
            let document = Arc::clone(&self.principals[id].document);
            effects.immediate.push(Effect::Notify { watcher, document });
        }
        self.settle_showing(effects);
        self.settle_rooms(effects);
        self.settle_summons(effects);
        self.store_foreigners(effects);
        self.forget_foreigners(now, effects);
    }

    /// When [`Self::timeout`] is to be called; `None` when nothing is pending.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let evidence = self.deadlines.first().map(|(at, _)| *at);
        let restart = self.restart.as_ref().map(|restart| restart.expires);
        let request = self.roster.first_expiry().map(|(at, ..)| at);
        let rules = self.rules_deadline();
        evidence.into_iter().chain(restart).chain(request).chain(rules).chain(self.inboxes.deadline()).min()
    }

    fn observe(&mut self, agent: AgentId, evidence: Evidence) {
        let Some(id) = self.agents.get(agent) else { return self.counts.strays += 1 };
        let expires = evidence.expires.unwrap_or(FOREVER);
        let principal = &mut self.principals[id];
        let Some(device) = principal.device_mut(agent) else { return };
        match device.observe(evidence, self.settings.limits.evidence_per_agent_max) {
            Observed::Full => self.counts.evidence_dropped += 1,
            observed => {
                principal.is_unsettled = false;
                self.arm(id, expires);
                if observed == Observed::Changed {
                    self.touch(id);
                }
            }
        }
    }

    fn withdraw(&mut self, now: Now, agent: AgentId, key: &EvidenceKey, at: Timestamp) {
        let Some(id) = self.agents.get(agent) else { return self.counts.strays += 1 };
        let principal = &mut self.principals[id];
        let Some(device) = principal.device_mut(agent) else { return };
        // The gap is counted from the end of the call, not from when word of it came.
        let hold_until = now.instant_of(at).min(now.instant).after(self.settings.call_gap);
        match device.withdraw(key, at, Some(hold_until).filter(|until| *until > now.instant)) {
            Withdrawn::Unknown => {}
            Withdrawn::Held(until) => self.arm(id, until),
            Withdrawn::Ended => {
                principal.ended_at = principal.ended_at.max(at);
                self.touch(id);
            }
            Withdrawn::Lost => {
                principal.depart(Departure { agent: Some(agent), at, reason: WITHDRAWN.into() });
                self.outdate(id);
                self.touch(id);
            }
        }
    }

    pub(crate) fn depart(&mut self, now: Now, agent: AgentId, at: Timestamp, reason: &str) {
        let Some(id) = self.agents.remove(agent) else { return self.counts.strays += 1 };
        self.showing.leave(agent);
        self.exit_all(agent);
        self.adjourn(agent);
        let departure = Departure { agent: Some(agent), at, reason: reason.into() };
        self.principals[id].remove_device(agent, departure);
        self.leave_inbox(now, id, agent);
        self.outdate(id);
        self.touch(id);
        if self.rules.name_ways() {
            self.recheck(id);
        }
        self.leaving.push(id);
    }

    fn subscribe(&mut self, watcher: WatcherId, presentity: Option<Address>, effects: &mut Effects) {
        if let Err(limit) = self.admit_subscription(presentity.as_ref()) {
            self.counts.subscriptions_refused += 1;
            let event = self.refusal("watch", None, presentity.as_ref(), limit);
            effects.audited.push(event);
            let refusal = Refusal::Unavailable { limit };
            effects.immediate.push(Effect::SubscriptionRefused { watcher, presentity, refusal });
            return;
        }
        let Some(address) = presentity else { return self.watchers.add_to_all(watcher) };
        let name = self.book.intern(&address);
        self.watchers.add(watcher, name);
        self.owed.extend(self.book.owner(name).map(|id| (id, watcher)));
    }

    fn admit_subscription(&self, presentity: Option<&Address>) -> Result<(), &'static str> {
        let limits = &self.settings.limits;
        if self.watchers.subscriptions() >= limits.subscriptions_max {
            return Err("subscriptions_max");
        }
        let is_new_name = presentity.is_some_and(|address| self.book.id(address).is_none());
        if is_new_name && self.unknown_names() >= limits.unknown_names_max {
            return Err("unknown_names_max");
        }
        Ok(())
    }

    fn unsubscribe(&mut self, watcher: WatcherId) {
        self.owed.retain(|(_, owed)| *owed != watcher);
        for name in self.watchers.remove(watcher) {
            self.release(name);
        }
    }

    fn expire(&mut self, now: Now, id: PrincipalId) {
        let principal = &mut self.principals[id];
        let mut lost = None;
        for device in &mut principal.devices {
            if let Some(at) = device.expire(now) {
                lost = Some(Departure { agent: Some(device.agent), at, reason: EXPIRED.into() });
            }
            principal.ended_at = principal.ended_at.max(device.ended_at);
        }
        if let Some(departure) = lost {
            principal.depart(departure);
            self.outdate(id);
        }
        self.touch(id);
    }

    /// Files a new principal under a name, without a device.
    pub(crate) fn create(&mut self, identity: NameId, created_at: Timestamp) -> PrincipalId {
        let id = self.principals.next_id();
        let is_foreign = self.is_foreign(identity);
        let (state, note) = match is_foreign {
            true => (PresenceState::Unknown, UNHEARD_OF),
            false => (PresenceState::Offline, NEVER_REGISTERED),
        };
        let (basic, note) = (Basic::Closed, Some(note.to_owned()));
        let tuple = PresenceTuple {
            agent: None,
            state,
            basic,
            since: created_at,
            note: note.clone(),
            publication: None,
        };
        // Who was told of one that was erased drops what seems older.
        let before = self.book.filed(identity).map_or(0, |before| self.principals[before].version);
        let document = PresenceDocument {
            presentity: self.book.address(identity).clone(),
            version: Version { epoch: self.epoch, version: before.saturating_add(1) },
            state,
            basic,
            since: created_at,
            note,
            tuples: vec![tuple],
        };
        self.counts.enter(&document);
        let mut principal = Principal::new(identity, created_at, Arc::new(document));
        (principal.is_foreign, principal.is_stored) = (is_foreign, !is_foreign);
        self.book.file(identity, id);
        if self.book.owner(identity) == Some(id) {
            principal.names.reserve_exact(1);
            principal.names.push(identity);
        }
        self.principals.push(principal);
        id
    }

    /// Marks a document as possibly out of date.
    pub(crate) fn touch(&mut self, id: PrincipalId) {
        let principal = &mut self.principals[id];
        if !principal.is_touched {
            principal.is_touched = true;
            self.touched.push(id);
        }
    }

    /// Marks a soft record as out of date.
    pub(crate) fn outdate(&mut self, id: PrincipalId) {
        let principal = &mut self.principals[id];
        if !principal.is_unsaved && principal.is_stored {
            principal.is_unsaved = true;
            self.unsaved.push_back(id);
        }
    }

    /// Lets the engine come back to a principal no more.
    pub(crate) fn disarm(&mut self, id: PrincipalId) {
        let armed = std::mem::replace(&mut self.principals[id].armed, FOREVER);
        self.deadlines.remove(&(armed, id));
    }

    /// Makes sure that the engine comes back to a principal at `due` or earlier.
    pub(crate) fn arm(&mut self, id: PrincipalId, due: Instant) {
        let armed = &mut self.principals[id].armed;
        if due < *armed {
            self.deadlines.remove(&(*armed, id));
            *armed = due;
            self.deadlines.insert((due, id));
        }
    }
}

/// The most principals whose evidence is looked through in one call of [`Engine::timeout`].
const EXPIRIES_PER_TURN: usize = 4096;

/// The reason where a registration was withdrawn without a departure.
const WITHDRAWN: &str = "its registration was withdrawn";

/// The reason where a registration was not renewed and no link said why.
const EXPIRED: &str = "its registration was not renewed in time";
