//! What principals are shown of each other: who may see whom, and who is told of what.

use crate::alias_book::NameId;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use crate::restart::Restart;
use crate::rules::{Views, offline};
use model::{
    AgentId, Amount, Effect, NamedAddress, PresenceDocument, PresenceState, PresenceTuple, Publication,
    Timestamp, Version,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Who is to be shown what when the batch is settled.
#[derive(Debug, Default)]
pub(crate) struct Showing {
    /// Presentities and the watchers who are owed the newest of them; and whether because of a relation that is new,
    /// which is told as a promise and to a blocked one too.
    owed: Vec<(NameId, NameId, bool)>,
    /// Agents that are shown everything.
    attending: BTreeSet<AgentId>,
    /// Since when those who hide have looked offline, until they are seen again. Never iterated.
    unseen: HashMap<PrincipalId, Timestamp>,
}

impl Showing {
    /// Owes a watcher the newest document, as part of a promise.
    pub(crate) fn owe(&mut self, watcher: NameId, presentity: NameId) {
        self.owed.push((presentity, watcher, true));
    }

    /// Shows an agent everything.
    pub(crate) fn attend(&mut self, agent: AgentId) {
        self.attending.insert(agent);
    }

    /// Shows an agent nothing any more.
    pub(crate) fn leave(&mut self, agent: AgentId) {
        self.attending.remove(&agent);
    }

    /// Forgets what is owed.
    pub(crate) fn forget(&mut self) {
        self.owed = Vec::new();
    }

    /// Forgets since when somebody has looked offline.
    pub(crate) fn forget_one(&mut self, id: PrincipalId) {
        self.unseen.remove(&id);
    }

    /// Since when a principal that hides, or has not been seen since, has looked offline.
    pub(crate) fn unseen_since(&self, id: PrincipalId) -> Option<Timestamp> {
        self.unseen.get(&id).copied()
    }

    /// Takes that back after a restart.
    pub(crate) fn hide(&mut self, id: PrincipalId, since: Timestamp) {
        self.unseen.insert(id, since);
    }
}

impl Engine {
    /// The newest document of a principal as those may see it who watch it.
    ///
    /// Who hides is not to be told from who is offline (D-16): both are shown without reason, devices or what was
    /// published, since when they were last seen. Of who is there, a device that hides is left out.
    pub(crate) fn view(&self, id: PrincipalId) -> Arc<PresenceDocument> {
        let principal = &self.principals[id];
        let document = &principal.document;
        let version = Version { version: principal.version, ..document.version };
        if self.looks_offline(id) {
            let since = self.showing.unseen_since(id).unwrap_or(document.since);
            let mut seen = PresenceDocument { version, ..offline(document, since) };
            if let Some(tuple) = seen.tuples.first_mut() {
                tuple.publication = farewell(document, since).map(Box::new);
            }
            return Arc::new(seen);
        }
        let hides = |tuple: &PresenceTuple| tuple.state == PresenceState::Hidden;
        if document.version == version && !document.tuples.iter().any(hides) {
            return Arc::clone(document);
        }
        let mut seen = PresenceDocument { version, ..PresenceDocument::clone(document) };
        seen.tuples.retain(|tuple| !hides(tuple));
        Arc::new(seen)
    }

    /// Owes a watcher that a block hides a presentity from, or hides no more, what it sees now: as a newer version,
    /// though nobody else sees a difference.
    pub(crate) fn show_anew(&mut self, watcher: NameId, presentity: NameId) {
        if let Some(id) = self.book.filed(presentity).filter(|_| self.watches(watcher, presentity)) {
            let version = &mut self.principals[id].version;
            *version = version.saturating_add(1);
            self.showing.owe(watcher, presentity);
        }
    }

    fn looks_offline(&self, id: PrincipalId) -> bool {
        match self.principals[id].document.state {
            PresenceState::Offline | PresenceState::Hidden => true,
            // After a clean stop those who were offline stay so; so do those who looked so.
            PresenceState::Unknown => {
                let restart = self.principals[id].restart(self.restart.as_ref());
                restart.is_some_and(Restart::is_clean) && self.showing.unseen_since(id).is_some()
            }
            _ => false,
        }
    }

    /// Puts a new document in the place of a principal's, and owes it to those who watch it where they can see a
    /// difference.
    pub(crate) fn show(&mut self, id: PrincipalId, document: Arc<PresenceDocument>) {
        let identity = self.principals[id].identity;
        let is_watched = self.roster.watchers_of(identity).next().is_some();
        let hides = document.state == PresenceState::Hidden;
        let before = (is_watched || hides).then(|| self.view(id));
        let looked_offline = self.looks_offline(id);
        let since = document.since;
        self.principals[id].document = document;
        if hides {
            let last_seen = before.as_ref().filter(|_| looked_offline).map_or(since, |before| before.since);
            self.showing.unseen.entry(id).or_insert(last_seen);
        } else if !self.looks_offline(id) && self.principals[id].restart(self.restart.as_ref()).is_none() {
            self.showing.unseen.remove(&id);
        }
        let Some(before) = before.filter(|_| is_watched) else { return };
        let after = self.view(id);
        let after = Arc::new(PresenceDocument { version: before.version, ..(*after).clone() });
        if after == before {
            return;
        }
        let (mut before, mut after) = (self.views(id, before), self.views(id, after));
        let is_shown = |watcher: &NameId| {
            let relation = self.roster.get(*watcher, identity).filter(|relation| relation.is_active);
            let amount = relation.map(|relation| self.shows(*watcher, identity, relation.shows));
            amount.is_some_and(|amount| amount != Amount::Nothing && after.of(amount) != before.of(amount))
        };
        let watchers = Vec::from_iter(self.roster.watchers_of(identity).filter(is_shown));
        self.showing.owed.extend(watchers.into_iter().map(|watcher| (identity, watcher, false)));
    }

    /// Tells watchers what they are owed, each once, and those who attend everything.
    pub(crate) fn settle_showing(&mut self, effects: &mut Effects) {
        let mut owed = std::mem::take(&mut self.showing.owed);
        owed.sort_unstable();
        for of_presentity in owed.chunk_by(|one, other| one.0 == other.0) {
            let Some(id) = of_presentity.first().and_then(|(presentity, ..)| self.book.filed(*presentity))
            else {
                continue;
            };
            let mut views = self.views(id, self.view(id));
            for of_watcher in of_presentity.chunk_by(|one, other| one.1 == other.1) {
                let Some(&(presentity, watcher, is_promise)) = of_watcher.last() else { continue };
                self.inform(watcher, presentity, &mut views, is_promise, effects);
            }
            self.counts.compositions += views.made() as u64;
        }
        for agent in std::mem::take(&mut self.showing.attending) {
            self.show_everything(agent, effects);
        }
    }

    /// Tells a watcher the newest of a presentity, if it may see it.
    fn inform(
        &mut self,
        watcher: NameId,
        presentity: NameId,
        views: &mut Views,
        is_promise: bool,
        effects: &mut Effects,
    ) {
        let Some((contact, document)) = self.seen(watcher, presentity, views) else { return };
        for agent in self.presence_agents(watcher) {
            // Who attends is told in its turn.
            if self.showing.attending.contains(&agent) {
                continue;
            }
            self.counts.notifications += 1;
            let (contact, document) = (contact.clone(), Arc::clone(&document));
            let effect = Effect::Inform { agent, contact, document };
            if is_promise {
                effects.answer(effect);
            } else {
                effects.immediate.push(effect);
            }
        }
    }

    /// A document of a principal as each class of watchers may see it.
    pub(crate) fn views(&self, id: PrincipalId, document: Arc<PresenceDocument>) -> Views {
        Views::new(document, self.principals[id].created_at)
    }

    /// What a watcher sees of a presentity with these views, and under which name; `None`: it may not watch it.
    pub(crate) fn seen(
        &self,
        watcher: NameId,
        presentity: NameId,
        views: &mut Views,
    ) -> Option<(NamedAddress, Arc<PresenceDocument>)> {
        let relation = self.roster.get(watcher, presentity).filter(|relation| relation.is_active)?;
        let written = relation.details.as_ref().and_then(|details| details.written.as_ref());
        let document = match self.shows(watcher, presentity, relation.shows) {
            Amount::Nothing => Arc::new(offline(views.whole(), self.hidden_since(watcher, presentity))),
            amount => Arc::clone(views.of(amount)),
        };
        Some((self.contact_name(presentity, written), document))
    }

    /// Since when a presentity has looked offline to a watcher from whom it is hidden.
    fn hidden_since(&self, watcher: NameId, presentity: NameId) -> Timestamp {
        let blocked = self.roster.block_of(presentity, watcher).map(|block| block.since);
        let hidden = blocked.or_else(|| self.roster.hidden_since(watcher, presentity));
        hidden.unwrap_or_else(|| self.looks_gone_since(presentity))
    }

    /// The agents of a party that take part in presence.
    pub(crate) fn presence_agents(&self, party: NameId) -> Vec<AgentId> {
        let Some(id) = self.book.filed(party) else { return Vec::new() };
        let devices = self.principals[id].devices.iter().filter(|device| device.has_presence);
        devices.map(|device| device.agent).collect()
    }
}

/// What somebody said with going offline; who hides says nothing.
fn farewell(document: &PresenceDocument, at: Timestamp) -> Option<Publication> {
    let said = document.deciding().filter(|tuple| tuple.state == PresenceState::Offline)?;
    let said = said.publication.as_deref().filter(|said| said.state == PresenceState::Offline)?;
    Some(Publication {
        state: PresenceState::Offline,
        qualifier: None,
        custom: Vec::new(),
        notes: said.notes.clone(),
        capabilities: None,
        location: None,
        extensions: Box::default(),
        at,
    })
    .filter(|said| !said.notes.is_empty())
}
