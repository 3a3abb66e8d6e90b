//! What may be asked of rules and watchers.

use super::verdict::Ground;
use crate::alias_book::NameId;
use crate::engine::Engine;
use model::{Address, Amount, Handling, Rule, Service, Subject, Timestamp};
use serde::Serialize;

/// What the rules come to for one who wants something of another.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleExplanation {
    /// What for.
    pub service: Service,
    /// What becomes of it.
    pub handling: Handling,
    /// How much is shown now, with the owner's consent where it needs that.
    pub shows: Amount,
    /// Whether it is a contact's block that decides.
    pub is_blocked: bool,
    /// The rule that decides; `None`: a block, or the default.
    pub rule: Option<Rule>,
}

/// One who watches a presentity or has asked to (RFC 3857).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WatcherSummary {
    /// Who.
    pub watcher: Address,
    /// `active`, or `pending` while nobody has decided.
    pub state: &'static str,
    /// Whether a rule has agreed, and the owner was not asked.
    pub by_rule: bool,
    /// How much it is shown.
    pub shows: Amount,
    /// Since when it has asked.
    pub at: Timestamp,
}

impl Engine {
    /// The rules of the owner that a name belongs to, in order, and the blocks of its contact list as rules; `None` where
    /// nobody has that name.
    #[must_use]
    pub fn rules_of(&self, name: &Address) -> Option<Vec<Rule>> {
        let owner = self.identity_of(name)?;
        let blocks = self.roster.blocked_by(owner).filter_map(|blocked| self.block_as_rule(owner, blocked));
        let mut rules = Vec::from_iter(self.rules.of(owner).iter().cloned().chain(blocks));
        rules.sort_by(|one, other| one.key.cmp(&other.key));
        Some(rules)
    }

    /// The rules of the operator, in order.
    #[must_use]
    pub fn rules_of_operator(&self) -> Vec<Rule> {
        self.rules.all_of_operator().cloned().collect()
    }

    /// What one who wants to watch another, or to write to it, may do, and why; `None` where nobody has the second name.
    #[must_use]
    pub fn explain_rules(&self, who: &Address, whom: &Address) -> Option<Vec<RuleExplanation>> {
        let whom = self.identity_of(whom)?;
        // Somebody of whom nothing is known is as good as anybody of his domain.
        let who = self.identity_of(who).or_else(|| self.book.id(who));
        let explain = |service| {
            let verdict = match who {
                Some(who) => self.verdict(who, whom, service),
                None => return None,
            };
            let relation =
                who.and_then(|who| self.roster.get(who, whom)).filter(|relation| relation.is_active);
            let shows = match (service, who, relation) {
                (Service::Presence, Some(who), Some(relation)) => self.shows(who, whom, relation.shows),
                _ => Amount::Nothing,
            };
            let (rule, is_blocked) = match verdict.ground {
                Ground::Rule(rule) => (Some(rule.clone()), false),
                Ground::Blocked => (None, true),
                Ground::Default => (None, false),
            };
            Some(RuleExplanation { service, handling: verdict.handling, shows, is_blocked, rule })
        };
        [Service::Presence, Service::Messages].into_iter().map(explain).collect()
    }

    /// Who watches the principal that a name belongs to, or has asked to, in order; `None` where nobody has that name.
    #[must_use]
    pub fn watchers_of(&self, name: &Address) -> Option<Vec<WatcherSummary>> {
        let presentity = self.identity_of(name)?;
        let summary = |watcher: NameId| {
            let relation = self.roster.get(watcher, presentity)?;
            Some(WatcherSummary {
                watcher: self.contact_address(watcher),
                state: if relation.is_active { "active" } else { "pending" },
                by_rule: relation.by_rule,
                shows: match relation.is_active {
                    true => self.shows(watcher, presentity, relation.shows),
                    false => Amount::Nothing,
                },
                at: relation.asked_at,
            })
        };
        let mut watchers = Vec::from_iter(self.roster.watchers_of(presentity).filter_map(summary));
        watchers.sort_by(|one, other| one.watcher.cmp(&other.watcher));
        Some(watchers)
    }

    fn identity_of(&self, name: &Address) -> Option<NameId> {
        self.book.owner_of(name).map(|id| self.principals[id].identity)
    }

    fn block_as_rule(&self, owner: NameId, blocked: NameId) -> Option<Rule> {
        let block = self.roster.block_of(owner, blocked)?;
        let subject = |party| Subject::Address(self.book.address(party).clone());
        Some(Rule {
            key: model::RuleKey {
                level: model::Level::Owner,
                whom: subject(owner),
                who: subject(blocked),
                service: Service::All,
            },
            handling: if self.settings.polite_block { Handling::PoliteBlock } else { Handling::Block },
            amount: Amount::default(),
            times: model::Times::default(),
            since: block.since,
        })
    }
}
