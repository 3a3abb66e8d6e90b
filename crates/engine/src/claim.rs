//! Claims: an agent becomes a device of the principal that its names belong to.

use crate::alias_book::NameId;
use crate::device::Device;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::{Departure, PrincipalId};
use crate::publication;
use model::{Claim, Effect, Fact, NamedAddress, Now, Refusal, Ticket};

impl Engine {
    /// Gives an agent its names and its principal: the one known under the most preferred name that anybody has,
    /// or else a new one filed under the first name.
    ///
    /// Names that were another principal's move; the link has made sure that no registered endpoint holds them. A
    /// name that the agent claimed before and claims no more stays with its principal.
    pub(crate) fn claim(&mut self, now: Now, ticket: Ticket, claim: Claim, effects: &mut Effects) {
        let (agent, has_messaging) = (claim.agent, claim.has_messaging);
        let Admitted { id, known, new_names } = match self.admit(&claim) {
            Ok(admitted) => admitted,
            Err(refusal) => {
                self.counts.claims_refused += 1;
                return effects.immediate.push(Effect::ClaimRefused { ticket, agent, refusal });
            }
        };
        let intern = |(known, alias): (Option<NameId>, &NamedAddress)| {
            known.unwrap_or_else(|| self.book.intern(&alias.address))
        };
        let names = Box::from_iter(known.into_iter().zip(&claim.aliases).map(intern));
        let identity = names[0];
        let id = id.unwrap_or_else(|| {
            self.owed.extend(
                self.watchers.of(identity).iter().map(|watcher| (self.principals.next_id(), *watcher)),
            );
            let id = self.create(identity, now.wall);
            if self.principals[id].is_stored {
                let address = self.book.address(identity).clone();
                effects.facts.push(Fact::Principal { address, created_at: now.wall });
            }
            id
        });
        for (name, alias) in names.iter().zip(&claim.aliases) {
            self.give(id, *name, alias, effects);
        }
        let device = self.principals[id].device_mut(agent);
        let gains_messaging = has_messaging && device.is_some_and(|device| !device.has_messaging);
        self.place(now, id, names, claim);
        self.principals[id].listen();
        let presentity = publication::presentity(&self.book, &self.principals[id], id);
        let presentity = presentity.unwrap_or_else(|| self.book.address(identity)).clone();
        effects.answer(Effect::Claimed { ticket, agent, presentity, new_names });
        // A new device attends when its registration is confirmed.
        if gains_messaging {
            self.attend_inbox(agent, effects);
        }
        self.decide_for_silent(id, effects);
    }

    /// Whether there is room for a claim.
    fn admit(&self, claim: &Claim) -> Result<Admitted, Refusal> {
        let limits = &self.settings.limits;
        let full = |limit| Err(Refusal::Unavailable { limit });
        if claim.aliases.is_empty() {
            return Err(Refusal::Nameless);
        }
        let known = Vec::from_iter(claim.aliases.iter().map(|alias| self.book.id(&alias.address)));
        if known.iter().flatten().any(|name| self.groups.get(*name).is_some()) {
            return Err(Refusal::NameOfGroup);
        }
        let owner = |name: &Option<NameId>| name.and_then(|name| self.book.owner(name));
        let id = known.iter().find_map(owner);
        let new_names = known.iter().filter(|name| owner(name).is_none()).count();
        let new_to_it = known.iter().filter(|name| id.is_none() || owner(name) != id).count();
        if id.is_none() && self.principals.len() >= limits.principals_max {
            return full("principals_max");
        }
        let held = id.map_or(0, |id| self.principals[id].names.len());
        if claim.aliases.len() > limits.names_per_principal_max
            || held + new_to_it > limits.names_per_principal_max
        {
            return full("names_per_principal_max");
        }
        if self.book.owned_len() + new_names > limits.names_max {
            return full("names_max");
        }
        let joins = id.filter(|id| self.agents.get(claim.agent) != Some(*id));
        if joins.is_some_and(|id| self.principals[id].devices.len() >= limits.agents_per_principal_max) {
            return full("agents_per_principal_max");
        }
        Ok(Admitted { id, known, new_names })
    }

    /// Gives one name to a principal, unless it has it already as an agent registered it.
    fn give(&mut self, id: PrincipalId, name: NameId, alias: &NamedAddress, effects: &mut Effects) {
        let before = self.book.owner(name);
        if before == Some(id) && self.book.is_registered(name) {
            return;
        }
        if let Some(loser) = before.filter(|before| *before != id) {
            self.principals[loser].names.retain(|other| *other != name);
            // What those who watch this name are told from now on must be newer than all they were told.
            self.principals[id].version = self.principals[id].version.max(self.principals[loser].version + 1);
            self.recheck(loser);
            self.touch(loser);
        }
        self.book.give(name, id, &alias.kind, &alias.original);
        let principal = &mut self.principals[id];
        if principal.is_stored {
            let entry = self.book.entry(name, self.book.address(principal.identity));
            effects.facts.push(Fact::Alias(entry));
        }
        if before != Some(id) {
            principal.names.push(name);
            self.owed.extend(self.watchers.of(name).iter().map(|watcher| (id, *watcher)));
            self.recheck(id);
            self.touch(id);
        }
        if before.is_none() {
            self.adopt(name, id, effects);
        }
    }

    /// Makes the agent a device of the principal, or brings the device it is up to date.
    fn place(&mut self, now: Now, id: PrincipalId, names: Box<[NameId]>, claim: Claim) {
        let agent = claim.agent;
        let before = self.agents.insert(agent, id);
        let strength = self.principals[id].device_mut(agent).map(|device| device.strength);
        if self.rules.name_ways() && (before != Some(id) || strength != Some(claim.strength)) {
            self.recheck(id);
        }
        let device = match before.filter(|before| *before != id) {
            Some(before) => self.uproot(now, before, &claim),
            None if before.is_none() => Some(Device::new(agent, self.take_restored(agent))),
            None => None,
        };
        if let Some(device) = device {
            self.arm(id, device.deadline());
            self.principals[id].add_device(device);
            self.touch(id);
        }
        let Some(device) = self.principals[id].device_mut(agent) else { return };
        device.names = names;
        device.has_messaging = claim.has_messaging;
        device.has_presence = claim.has_presence;
        device.strength = claim.strength;
        if *device.name != *claim.device {
            device.name = claim.device.into();
            self.touch(id);
        }
        let Some(device) = self.principals[id].device_mut(agent) else { return };
        if *device.description != *claim.description {
            device.description = claim.description.into();
        }
        if std::mem::replace(&mut device.inferred, claim.inferred) != claim.inferred {
            self.touch(id);
        }
    }

    /// Takes a device away from the principal it belonged to under its former names.
    fn uproot(&mut self, now: Now, before: PrincipalId, claim: &Claim) -> Option<Device> {
        let name = claim.aliases.first().map_or("another name", |alias| alias.address.as_str());
        let reason = format!("its device goes by {name} now").into();
        let departure = Departure { agent: Some(claim.agent), at: now.wall, reason };
        self.outdate(before);
        self.touch(before);
        self.leave_inbox(now, before, claim.agent);
        self.principals[before].remove_device(claim.agent, departure)
    }
}

/// What is found of a claim for which there is room.
struct Admitted {
    /// The principal, where there is one.
    id: Option<PrincipalId>,
    /// Those of its names that are in the book, each in its place.
    known: Vec<Option<NameId>>,
    /// How many of its names are nobody's.
    new_names: usize,
}
