//! Publication: when a document is new, and who is owed it.

use crate::alias_book::AliasBook;
use crate::composition::{self, Spell};
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::{Principal, PrincipalId};
use model::{Address, Basic, Effect, PresenceDocument, PresenceState, PresenceTuple, Timestamp, Version};
use std::sync::Arc;

impl Engine {
    /// Composes a principal's document, and owes it to its watchers where it differs from the one before.
    pub(crate) fn publish(&mut self, now: Timestamp, id: PrincipalId, effects: &mut Effects) {
        self.principals[id].is_touched = false;
        let principal = &self.principals[id];
        let Some(presentity) = presentity(&self.book, principal, id).cloned() else {
            return self.close(now, id, effects);
        };
        let tuples = self.tuples(id, now);
        let Some((winner, basic)) = composition::compose(&tuples) else { return };
        let said = Spell { state: winner.state, since: winner.since };
        let note = winner.note.clone();
        let is_restart = winner.agent.is_none() && principal.restart(self.restart.as_ref()).is_some();
        // What was published before a restart is kept, to be gone on with when there is evidence again.
        let Spell { state, since } = if is_restart { said } else { self.follow(now, id, said, &tuples) };
        let before = &self.principals[id].document;
        let version = Version { epoch: self.epoch, version: self.principals[id].version };
        let document = PresenceDocument { presentity, version, state, basic, since, note, tuples };
        if **before == document {
            return;
        }
        if before.presentity != document.presentity {
            self.close(now, id, effects);
        }
        self.replace(id, document);
        for &name in &self.principals[id].names {
            self.owed.extend(self.watchers.of(name).iter().map(|watcher| (id, *watcher)));
        }
        self.owed.extend(self.watchers.of_all().map(|watcher| (id, watcher)));
    }

    /// The tuples of a principal as they are now.
    pub(crate) fn tuples(&self, id: PrincipalId, now: Timestamp) -> Vec<PresenceTuple> {
        if let Some(tuple) = self.conversation_tuple(id) {
            return vec![tuple];
        }
        let (published, always_win) = (self.publications.of(id), self.settings.published_wins);
        self.principals[id].tuples(self.restart.as_ref(), now, published, always_win)
    }

    /// The spell after the tuples say `said`; it and those of the devices are kept for the next composition.
    fn follow(&mut self, now: Timestamp, id: PrincipalId, said: Spell, tuples: &[PresenceTuple]) -> Spell {
        let principal = &mut self.principals[id];
        let spell = Spell::follow(Some(principal.spell), said, principal.ended_at, now);
        let mut differs = std::mem::replace(&mut principal.spell, spell) != spell;
        for tuple in tuples {
            let Some(device) = tuple.agent.and_then(|agent| principal.device_mut(agent)) else { continue };
            let spell = Some(Spell { state: tuple.state, since: tuple.since });
            differs |= std::mem::replace(&mut device.spell, spell) != spell;
        }
        if differs {
            self.outdate(id);
        }
        spell
    }

    /// Publishes a last document under a name that the principal has lost, for those who watch everybody: those who
    /// watch the name itself are told of its new owner.
    pub(crate) fn close(&mut self, now: Timestamp, id: PrincipalId, effects: &mut Effects) {
        let document = &self.principals[id].document;
        // Only such last documents are without any tuple: this one has been published.
        if document.tuples.is_empty() {
            return;
        }
        let presentity = document.presentity.clone();
        let heir = self.resolve(&presentity).map_or_else(|| "nobody".to_owned(), Address::to_string);
        let note = Some(format!("this name belongs to {heir} now"));
        let (state, basic, since) = (PresenceState::Offline, Basic::Closed, now);
        let version = Version::default();
        self.replace(
            id,
            PresenceDocument { presentity, version, state, basic, since, note, tuples: Vec::new() },
        );
        let document = &self.principals[id].document;
        for watcher in self.watchers.of_all() {
            self.counts.notifications += 1;
            effects.immediate.push(Effect::Notify { watcher, document: Arc::clone(document) });
        }
    }

    /// Puts a document in the place of the one before, as the next version.
    fn replace(&mut self, id: PrincipalId, mut document: PresenceDocument) {
        let principal = &mut self.principals[id];
        // At a hundred changes a second this would take more than a year to stand still, within one epoch.
        principal.version = principal.version.saturating_add(1);
        document.version = Version { epoch: self.epoch, version: principal.version };
        self.counts.leave(&principal.document);
        self.counts.enter(&document);
        self.counts.changes += 1;
        self.show(id, Arc::new(document));
    }
}

/// The name under which a principal is published: the one it is filed under, or if that has gone to another, the
/// first of those left by their text; `None` when it has none.
pub(crate) fn presentity<'a>(
    book: &'a AliasBook,
    principal: &Principal,
    id: PrincipalId,
) -> Option<&'a Address> {
    if book.owner(principal.identity) == Some(id) {
        return Some(book.address(principal.identity));
    }
    principal.names.iter().map(|name| book.address(*name)).min()
}
