//! Erasure of one principal (F-20): it leaves the memory as it leaves the store, and whoever had to do with it is told.
//!
//! Its row in the table of principals stays empty, because rows are never taken out. Should its endpoint register again, it
//! is a new principal, of whom nothing is known.

use crate::alias_book::NameId;
use crate::consequences::Consequences;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::inbox::MessageKey;
use crate::principal::PrincipalId;
use model::{Address, Erasure, Fact, Now};

impl Engine {
    /// Removes everything about a principal. Its gateway is to unregister its endpoints before; where one is still
    /// there, it is gone from here.
    pub(crate) fn erase(&mut self, now: Now, id: PrincipalId, effects: &mut Effects) {
        let agents = Vec::from_iter(self.principals[id].devices.iter().map(|device| device.agent));
        for agent in agents {
            self.depart(now, agent, now.wall, ERASED);
        }
        let devices = self.publications.of(id).iter().map(|one| one.device.to_string());
        for device in Vec::from_iter(devices) {
            self.unpublish(id, &device, &mut effects.facts);
        }
        let identity = self.principals[id].identity;
        self.erase_rules(id);
        self.leave_groups(id);
        let mut consequences = Consequences::default();
        self.part(identity, &mut consequences);
        consequences.join(effects);
        let erasure = self.called_by(id);
        let names = std::mem::take(&mut self.principals[id].names);
        self.clear_inboxes(id, &erasure);
        self.history_exceptions.remove(&id);
        for name in &names {
            self.owed.extend(self.watchers.of(*name).iter().map(|watcher| (id, *watcher)));
            self.book.disown(*name);
            self.release(*name);
        }
        let principal = &mut self.principals[id];
        (principal.departure, principal.is_unsettled, principal.is_erased) = (None, false, true);
        self.showing.forget_one(id);
        self.outdate(id);
        self.touch(id);
        self.counts.principals_erased += 1;
        effects.facts.push(Fact::Erased(Box::new(erasure)));
    }

    /// What the principal that a name belongs to is called by, for whoever looks for all that is stored about it; `None`
    /// where nobody has that name.
    #[must_use]
    pub fn called(&self, name: &Address) -> Option<Erasure> {
        self.book.owner_of(name).map(|id| self.called_by(id))
    }

    fn called_by(&self, id: PrincipalId) -> Erasure {
        let principal = &self.principals[id];
        let names = &principal.names;
        Erasure {
            principal: self.book.address(principal.identity).clone(),
            names: names.iter().map(|name| self.book.address(*name).clone()).collect(),
            originals: names.iter().map(|name| self.book.named(*name).original).collect(),
        }
    }

    /// Ends all relations and blocks of a party; the others are told.
    fn part(&mut self, party: NameId, consequences: &mut Consequences) {
        let mut others = Vec::from_iter(self.roster.watched_by(party));
        others.extend(self.roster.watchers_of(party));
        others.sort_unstable();
        others.dedup();
        for other in others {
            self.sever(party, other, true, consequences);
            self.release(other);
        }
        // The log is to name it no more.
        consequences.audited.clear();
        for blocked in Vec::from_iter(self.roster.blocked_by(party)) {
            self.unblock(party, blocked, consequences);
            self.release(blocked);
        }
        for owner in Vec::from_iter(self.roster.blockers_of(party)) {
            self.unblock(owner, party, consequences);
        }
    }

    /// Drops the messages that wait for a principal, and those from it that wait for others. Nobody is told: to say
    /// that a message of somebody failed would be to keep it.
    fn clear_inboxes(&mut self, id: PrincipalId, erasure: &Erasure) {
        for inbox in self.inboxes.all() {
            let Some(held) = self.inboxes.get(inbox) else { continue };
            let lanes = held.lanes.iter().filter(|(from, _)| inbox == id || erasure.names.contains(from));
            let keys = lanes.flat_map(|(sender, lane)| {
                let key = move |id| MessageKey { inbox, sender: sender.clone(), id };
                lane.waiting.iter().map(|waiting| waiting.id()).map(key)
            });
            for key in Vec::from_iter(keys) {
                self.inboxes.take(&key);
                if let Some(lane) = self.inboxes.lane_mut(inbox, &key.sender) {
                    lane.attempts.retain(|attempt| attempt.message != key.id);
                }
                self.inboxes.tidy(inbox, &key.sender);
            }
        }
    }
}

/// Why its devices are gone.
const ERASED: &str = "it was erased";
