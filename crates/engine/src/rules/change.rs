//! Changing the rules: what the operator does, also on behalf of others.

use super::book::Whose;
use crate::alias_book::NameId;
use crate::consequences::Consequences;
use crate::contacts::Wish;
use crate::decision::Decision;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use crate::restart::LoadError;
use model::{
    Address, ContactCard, ContactChange, Effect, Fact, Handling, Level, Now, OperatorAct, Refusal, Rule,
    RuleKey, Service, Subject, SubscriptionId, Symmetry, Ticket,
};

impl Engine {
    /// The operator acts.
    pub(crate) fn operate(&mut self, ticket: Ticket, act: OperatorAct, effects: &mut Effects) {
        let mut consequences = Consequences::default();
        let outcome = match act {
            OperatorAct::SetRule(rule) => self.set_rule(rule, &mut consequences),
            OperatorAct::EndRule(key) => self.end_rule(key, &mut consequences),
            OperatorAct::Decide { presentity, watcher, is_approved, symmetry } => {
                let decision = Decision { is_approved, symmetry };
                self.decide_for(&presentity, &watcher, decision, &mut consequences)
            }
            OperatorAct::KeepHistory { principal, is_kept } => {
                self.called_so(&principal).map(|id| self.keep_history(id, is_kept, effects))
            }
            OperatorAct::Erase { principal } => {
                self.called_so(&principal).map(|id| self.erase(self.now, id, effects))
            }
        };
        if outcome.is_ok() {
            effects.facts.append(&mut consequences.facts);
        }
        effects.answer(Effect::Operated { ticket, outcome: outcome.clone() });
        if outcome.is_ok() {
            consequences.join(effects);
        }
    }

    fn called_so(&self, name: &Address) -> Result<PrincipalId, Refusal> {
        self.book.owner_of(name).ok_or(Refusal::NoSuchPrincipal)
    }

    fn set_rule(&mut self, rule: Rule, consequences: &mut Consequences) -> Result<(), Refusal> {
        rule.check().map_err(Refusal::Rule)?;
        let key = self.filed_key(rule.key.clone());
        let owner = self.owner_of_rule(&key).ok_or(Refusal::NoSuchPrincipal)?;
        if let (Level::Owner, Subject::Address(who)) = (key.level, &key.who)
            && self.book.id(who) == Some(owner)
        {
            return Err(Refusal::Oneself);
        }
        self.admit_rule(owner, &key)?;
        if key.service == Service::All
            && let (Level::Owner, Subject::Address(who)) = (key.level, &key.who)
        {
            if rule.handling == Handling::Block && rule.times.is_always() {
                // On the contact list, where the owner's endpoint sees it.
                self.forget_rule(owner, &key, consequences);
                self.change_list(owner, ContactChange::Block, who, consequences)?;
                self.review(owner, consequences);
                return Ok(());
            }
            if let Some(who) = self.book.id(who).filter(|who| self.roster.block_of(owner, *who).is_some()) {
                self.unblock(owner, who, consequences);
            }
        }
        let rule = Rule { key, since: self.now.wall, ..rule };
        consequences.facts.push(Fact::Rule(Box::new(rule.clone())));
        let level = rule.key.level;
        self.rules.insert(owner, rule);
        self.rules_changed(level, owner, consequences);
        Ok(())
    }

    fn end_rule(&mut self, key: RuleKey, consequences: &mut Consequences) -> Result<(), Refusal> {
        key.check().map_err(Refusal::Rule)?;
        let key = self.filed_key(key);
        let owner = self.owner_of_rule(&key).ok_or(Refusal::NoSuchPrincipal)?;
        let block = match (&key.who, key.level, key.service) {
            (Subject::Address(who), Level::Owner, Service::All) => {
                self.book.id(who).filter(|who| self.roster.block_of(owner, *who).is_some())
            }
            _ => None,
        };
        if let Some(who) = block {
            self.unblock(owner, who, consequences);
            self.release(who);
            self.review(owner, consequences);
            return Ok(());
        }
        if !self.forget_rule(owner, &key, consequences) {
            return Err(Refusal::NoSuchRule);
        }
        self.rules_changed(key.level, owner, consequences);
        Ok(())
    }

    fn forget_rule(&mut self, owner: NameId, key: &RuleKey, consequences: &mut Consequences) -> bool {
        let was_there = self.rules.remove(owner, key).is_some();
        if was_there {
            consequences.facts.push(Fact::RuleEnded(Box::new(key.clone())));
        }
        was_there
    }

    fn rules_changed(&mut self, level: Level, owner: NameId, consequences: &mut Consequences) {
        let zone = &self.settings.time_zone;
        match level {
            Level::Operator => {
                self.rules.set_turn(Whose::Operator, self.now.wall, zone);
                self.review_all();
            }
            Level::Owner => {
                self.rules.set_turn(Whose::Owner(owner), self.now.wall, zone);
                self.review(owner, consequences);
            }
        }
    }

    fn admit_rule(&self, owner: NameId, key: &RuleKey) -> Result<(), Refusal> {
        let limits = &self.settings.limits;
        let full = |limit| Err(Refusal::Unavailable { limit });
        let is_new = |mut rules: std::slice::Iter<'_, Rule>| !rules.any(|rule| rule.key == *key);
        match key.level {
            Level::Operator if !is_new(self.rules.of_operator(&key.who).iter()) => Ok(()),
            Level::Operator if self.rules.all_of_operator().count() >= limits.operator_rules_max => {
                full("operator_rules_max")
            }
            Level::Owner if !is_new(self.rules.of(owner).iter()) => Ok(()),
            Level::Owner if self.rules.of(owner).len() >= limits.rules_per_principal_max => {
                full("rules_per_principal_max")
            }
            _ if self.rules.len() >= limits.rules_max => full("rules_max"),
            _ => Ok(()),
        }
    }

    /// Decides a request for a presentity, or ends what it has granted.
    fn decide_for(
        &mut self,
        presentity: &Address,
        watcher: &Address,
        decision: Decision,
        consequences: &mut Consequences,
    ) -> Result<(), Refusal> {
        let party = |address| self.book.owner_of(address).map(|id| self.principals[id].identity);
        let presentity = party(presentity).ok_or(Refusal::NoSuchPrincipal)?;
        let watcher = party(watcher).or_else(|| self.book.id(watcher)).ok_or(Refusal::NoSuchRequest)?;
        let relation = self.roster.get(watcher, presentity).ok_or(Refusal::NoSuchRequest)?;
        self.judge(presentity, relation.id, decision, consequences)
    }

    /// Changes an owner's contact list as one of its agents could.
    fn change_list(
        &mut self,
        owner: NameId,
        change: ContactChange,
        contact: &Address,
        consequences: &mut Consequences,
    ) -> Result<(), Refusal> {
        let known = self.book.id(contact);
        let contact = known.map_or_else(|| self.name_of(contact), |known| self.contact_name(known, None));
        // A block is no subscription: its name is never used.
        let id = SubscriptionId([0; 16]);
        let wish = Wish { change, contact, card: ContactCard::default(), id, symmetry: Symmetry::Auto };
        self.change(self.now, owner, wish, consequences)
    }

    /// Forgets the rules of a principal that is erased, and those that name it; the store does the same.
    pub(crate) fn erase_rules(&mut self, id: PrincipalId) {
        let principal = &self.principals[id];
        let names = [principal.identity].into_iter().chain(principal.names.iter().copied());
        let names = Vec::from_iter(names.map(|name| Subject::Address(self.book.address(name).clone())));
        let owner = principal.identity;
        let touched = self.rules.forget(owner, |key| names.contains(&key.who) || names.contains(&key.whom));
        for party in touched {
            let watchers = Vec::from_iter(self.roster.watchers_of(party));
            self.rechecks.extend(watchers.into_iter().map(|watcher| (watcher, party)));
        }
    }

    /// Takes a rule from the store, after the principals and before [`Self::resume`].
    ///
    /// # Errors
    /// [`LoadError::PartyUnknown`]: nobody is filed under its owner; the engine is unchanged.
    pub fn load_rule(&mut self, rule: Rule) -> Result<(), LoadError> {
        let Some(owner) = self.owner_of_rule(&rule.key) else {
            let party = match rule.key.whom {
                Subject::Address(address) => address,
                _ => return Ok(()),
            };
            return Err(LoadError::PartyUnknown { party });
        };
        self.rules.insert(owner, rule);
        Ok(())
    }

    /// Looks at all that was loaded as the rules have it now: they may have turned meanwhile, and so may the settings.
    pub(crate) fn resume_rules(&mut self, now: Now) {
        self.now = now;
        let owners = Vec::from_iter(self.principals.ids_after(0).map(|id| self.principals[id].identity));
        let with_rules = owners.into_iter().filter(|owner| !self.rules.of(*owner).is_empty());
        for whose in Vec::from_iter(with_rules.map(Whose::Owner)).into_iter().chain([Whose::Operator]) {
            self.rules.set_turn(whose, now.wall, &self.settings.time_zone);
        }
        if self.rules.len() > 0 {
            self.review_all();
        }
    }
}
