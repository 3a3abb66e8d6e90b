//! The rules of the operator as anybody can read them: which are certainly in force, and what they come to.

use crate::people;
use model::{
    Amount, Handling, Level, OperatorAct, PresenceDocument, PresenceState, Rule, RuleKey, Service, Subject,
    Ticket,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The rules, as far as they were confirmed.
#[derive(Default)]
pub(super) struct Book {
    /// With the number of the request after which each was confirmed.
    certain: BTreeMap<RuleKey, (Rule, u64)>,
    /// What was asked for and not answered, or answered with a failure: nobody can tell.
    doubtful: BTreeSet<RuleKey>,
    pending: HashMap<Ticket, OperatorAct>,
}

impl Book {
    pub(super) fn asked(&mut self, ticket: Ticket, act: &OperatorAct) {
        self.doubtful.extend(key(act).cloned());
        self.pending.insert(ticket, act.clone());
    }

    pub(super) fn told(&mut self, ticket: Ticket, is_done: bool, requests: u64) {
        let Some(act) = self.pending.remove(&ticket) else { return };
        let (true, Some(key)) = (is_done, key(&act)) else { return };
        if self.pending.values().all(|other| self::key(other) != Some(key)) {
            self.doubtful.remove(key);
        }
        match act {
            OperatorAct::SetRule(rule) => drop(self.certain.insert(rule.key.clone(), (rule, requests))),
            OperatorAct::EndRule(key) => drop(self.certain.remove(&key)),
            _ => {}
        }
    }

    /// A new run counts its tickets anew: what was not answered stays in doubt.
    pub(super) fn restarted(&mut self) {
        self.pending.clear();
    }

    /// The rule that decides about one who wants something of another; the outer `None`: nobody can tell.
    pub(super) fn verdict(&self, who: usize, whom: usize, service: Service) -> Option<Option<&(Rule, u64)>> {
        let is = |subject: &Subject, number| match subject {
            Subject::Everybody => true,
            Subject::Address(address) => people::of_address(address) == Some(number),
            _ => false,
        };
        let concerns = |key: &RuleKey| key.service == service && is(&key.who, who) && is(&key.whom, whom);
        // Two names of one rule: the same place in the order.
        let closeness =
            |key: &RuleKey| (key.level, key.who == Subject::Everybody, key.whom == Subject::Everybody);
        if self.doubtful.iter().any(concerns) {
            return None;
        }
        let matching = self.certain.iter().filter(|(key, _)| concerns(key));
        Some(matching.min_by_key(|(key, _)| closeness(key)).map(|(_, rule)| rule))
    }
}

fn key(act: &OperatorAct) -> Option<&RuleKey> {
    match act {
        OperatorAct::SetRule(rule) => Some(&rule.key),
        OperatorAct::EndRule(key) => Some(key),
        _ => None,
    }
}

/// What a rule says to a document that somebody was told: `None`: it says nothing of it.
pub(super) fn permits(rule: &Rule, document: &PresenceDocument) -> Option<bool> {
    if document.state == PresenceState::Offline {
        return Some(true);
    }
    match (rule.handling, rule.amount) {
        (Handling::Block | Handling::PoliteBlock, _) | (Handling::Allow, Amount::Nothing) => Some(false),
        (Handling::Allow, Amount::Basic) => {
            Some(matches!(document.state, PresenceState::Online | PresenceState::Unknown))
        }
        (Handling::Allow, Amount::Activity) => {
            Some(document.tuples.iter().all(|tuple| tuple.agent.is_none()))
        }
        (Handling::Allow, _) => Some(true),
        (Handling::Confirm, _) => None,
    }
}

/// Whether a rule is one that stands above what people decide.
pub(super) fn stands_above(rule: &Rule) -> bool {
    rule.key.level == Level::Operator
}
