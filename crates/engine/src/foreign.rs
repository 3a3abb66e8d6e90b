//! People of other networks: principals of a domain that is not served here, whose agents a gateway claims.
//!
//! A gateway is summoned where there is something for somebody for whom no agent is there. What such people publish is
//! never stored, since their own servers tell it again. They themselves are stored as soon as something stored
//! is theirs; who comes and goes without that leaves nothing behind.

use crate::alias_book::{NameId, UNREGISTERED};
use crate::consequences::Consequences;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use model::{
    Address, AgentId, Amount, Effect, Fact, GatewayId, Handling, MessageFailure, NamedAddress, Now, Refusal,
    Service, Ticket,
};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Engine {
    /// The gateway to the network that an address belongs to; `None`: it is served here, or nobody leads there.
    pub(crate) fn gateway_to(&self, address: &Address) -> Option<GatewayId> {
        self.settings.elsewhere.filter(|_| !self.is_own_domain(address))
    }

    /// Whether a party is somebody of another network.
    pub(crate) fn is_foreign(&self, party: NameId) -> bool {
        self.gateway_to(self.book.address(party)).is_some()
    }

    /// A name that nobody registered is one of the network that it belongs to.
    pub(crate) fn of_its_network(&self, name: NamedAddress) -> NamedAddress {
        let gateway = self.gateway_to(&name.address).filter(|_| name.kind == UNREGISTERED);
        let mut gateways = self.settings.gateways.iter();
        match gateways.find(|(id, _)| Some(*id) == gateway) {
            Some((_, kind)) => NamedAddress { kind: kind.clone(), ..name },
            None => name,
        }
    }

    /// Has the gateway claim somebody of another network who is not there.
    pub(crate) fn summon(&mut self, party: NameId) {
        if self.is_unclaimed(party) {
            self.summoned.insert(party);
        }
    }

    /// Whether somebody of another network is not claimed by its gateway, so that nothing can be told there.
    pub(crate) fn is_unclaimed(&self, party: NameId) -> bool {
        let is_there = |id: PrincipalId| !self.principals[id].devices.is_empty();
        self.is_foreign(party) && !self.book.filed(party).is_some_and(is_there)
    }

    /// Has the gateway claim all of other networks with whom there is something to do, after a start.
    pub(crate) fn summon_all(&mut self) {
        let mut parties: BTreeSet<NameId> = self.roster.parties().collect();
        parties.extend(self.inboxes.all().into_iter().map(|id| self.principals[id].identity));
        parties.into_iter().for_each(|party| self.summon(party));
    }

    /// Makes room for somebody of another network who is written to and of whom nothing is known.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn expect_foreigner(&mut self, address: &Address, now: Now) -> Result<(), MessageFailure> {
        if self.gateway_to(address).is_none() || self.book.owner_of(address).is_some() {
            return Ok(());
        }
        if self.principals.len() >= self.settings.limits.principals_max {
            return Err(MessageFailure::Unavailable { limit: "principals_max" });
        }
        let identity = self.book.intern(address);
        self.create(identity, now.wall);
        Ok(())
    }

    /// Tells gateways whom they are to claim.
    pub(crate) fn settle_summons(&mut self, effects: &mut Effects) {
        for party in std::mem::take(&mut self.summoned) {
            let address = self.book.address(party).clone();
            if let Some(gateway) = self.gateway_to(&address) {
                effects.answer(Effect::Summon { gateway, address });
            }
        }
    }

    /// Puts before facts those on which they rest: that there are the people of other networks of whom they tell.
    pub(crate) fn store_foreigners(&mut self, effects: &mut Effects) {
        if self.settings.elsewhere.is_none() {
            return;
        }
        let mut first = Vec::new();
        for fact in &effects.facts {
            let owner = match fact {
                Fact::Subscription(record) => &record.watcher,
                Fact::Block(record) => &record.owner,
                Fact::Message { inbox, .. } => inbox,
                Fact::InboxRules(record) => &record.principal,
                _ => continue,
            };
            let Some(id) = self.book.id(owner).and_then(|name| self.book.filed(name)) else { continue };
            if std::mem::replace(&mut self.principals[id].is_stored, true) {
                continue;
            }
            let principal = &self.principals[id];
            first.push(Fact::Principal { address: owner.clone(), created_at: principal.created_at });
            let registered = principal.names.iter().filter(|name| self.book.is_registered(**name));
            first.extend(registered.map(|name| Fact::Alias(self.book.entry(*name, owner))));
        }
        effects.facts.splice(0..0, first);
    }

    /// Forgets those of other networks who have left and with whom nobody has to do.
    pub(crate) fn forget_foreigners(&mut self, now: Now, effects: &mut Effects) {
        for id in std::mem::take(&mut self.leaving) {
            if self.is_forgettable(id) {
                self.forget_foreigner(now, id, effects);
            }
        }
    }

    fn is_forgettable(&self, id: PrincipalId) -> bool {
        let principal = &self.principals[id];
        let is_named = |name: &NameId| !self.watchers.of(*name).is_empty() || self.groups.mentions(*name);
        !principal.is_stored
            && !principal.is_erased
            && principal.devices.is_empty()
            && !self.roster.mentions(principal.identity)
            && !principal.names.iter().any(is_named)
            && self.inboxes.get(id).is_none()
    }

    fn forget_foreigner(&mut self, now: Now, id: PrincipalId, effects: &mut Effects) {
        let identity = self.principals[id].identity;
        self.disarm(id);
        let names = std::mem::take(&mut self.principals[id].names);
        self.book.unfile(identity);
        for name in names {
            self.book.disown(name);
            self.release(name);
        }
        self.close(now.wall, id, effects);
        self.counts.leave(&self.principals[id].document);
        self.showing.forget_one(id);
        self.principals.vacate(id);
    }

    /// Tells the agents of somebody of another network who watches it, or does no more.
    pub(crate) fn tell_watched(
        &self,
        watcher: NameId,
        presentity: NameId,
        is_watching: bool,
        consequences: &mut Consequences,
    ) {
        if !self.is_foreign(presentity) {
            return;
        }
        let name = self.contact_name(watcher, None);
        let agents = self.presence_agents(presentity).into_iter();
        let tell = |agent| Effect::Watched { agent, watcher: name.clone(), is_watching };
        consequences.told.extend(agents.map(tell));
    }

    /// Tells an agent of another network who watches its principal.
    pub(crate) fn show_watchers(&self, agent: AgentId, presentity: NameId, effects: &mut Effects) {
        if !self.is_foreign(presentity) {
            return;
        }
        for watcher in self.roster.watchers_of(presentity) {
            if self.watches(watcher, presentity) {
                let watcher = self.contact_name(watcher, None);
                effects.answer(Effect::Watched { agent, watcher, is_watching: true });
            }
        }
    }

    /// Somebody shows itself to one of its watchers, or is offline for it.
    pub(crate) fn show_to(&mut self, agent: AgentId, watcher: &Address, is_shown: bool) {
        let Some(presentity) = self.agents.get(agent).map(|id| self.principals[id].identity) else {
            return self.counts.strays += 1;
        };
        let watcher = self.book.owner_of(watcher).map(|id| self.principals[id].identity);
        let Some(watcher) = watcher.filter(|watcher| self.watches(*watcher, presentity)) else { return };
        let before = self.roster.get(watcher, presentity).map(|relation| relation.shows);
        let amount = if is_shown { self.amount(watcher, presentity) } else { Amount::Nothing };
        if before != Some(amount) {
            self.note_shows(watcher, presentity, amount);
            self.show_anew(watcher, presentity);
        }
    }

    /// An agent wants to see somebody once.
    pub(crate) fn fetch(
        &mut self,
        ticket: Ticket,
        agent: AgentId,
        presentity: &Address,
        effects: &mut Effects,
    ) {
        let refusal = match self.fetched(agent, presentity) {
            Ok(effect) => return effects.immediate.extend(effect),
            Err(refusal) => refusal,
        };
        effects.audited.push(self.refusal("fetch", Some(agent), Some(presentity), refusal.to_string()));
        effects.immediate.push(Effect::Refused { ticket, agent, refusal });
    }

    /// `None`: it is shown when the batch is settled.
    fn fetched(&mut self, agent: AgentId, presentity: &Address) -> Result<Option<Effect>, Refusal> {
        let fetcher = self.agents.get(agent).ok_or(Refusal::Stranger)?;
        let fetcher = self.principals[fetcher].identity;
        let id = self.book.owner_of(presentity).ok_or(Refusal::NoSuchPrincipal)?;
        let party = self.principals[id].identity;
        if self.watches(fetcher, party) {
            self.showing.owe(fetcher, party);
            return Ok(None);
        }
        let verdict = self.verdict(fetcher, party, Service::Presence);
        if verdict.handling != Handling::Allow || self.is_foreign(party) {
            // Who asks before is told the same whether there is somebody or not.
            return Err(Refusal::NoSuchPrincipal);
        }
        let amount = verdict.amount;
        let mut views = self.views(id, self.view(id));
        let document = match amount {
            Amount::Nothing => return Err(Refusal::NoSuchPrincipal),
            amount => Arc::clone(views.of(amount)),
        };
        let contact = self.contact_name(party, None);
        Ok(Some(Effect::Inform { agent, contact, document }))
    }
}
