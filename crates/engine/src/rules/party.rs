//! Which subjects somebody is, and the verdict on one who wants something of another.

use super::times;
use super::verdict::{Ground, Verdict, decide};
use crate::alias_book::NameId;
use crate::engine::Engine;
use model::address::Domain;
use model::{Address, Amount, Handling, Level, Rule, RuleKey, Service, Strength, Subject};

/// Somebody, as rules name him.
struct Party<'a> {
    id: NameId,
    /// All his addresses.
    names: Vec<&'a Address>,
    /// The one that he is shown under.
    shown: Address,
}

/// The domain of those who do not say who they are (RFC 3323; interworking table e.4).
const ANONYMOUS: &str = "anonymous.invalid";

impl Engine {
    /// What is to become of a party that wants to watch another, or to write to it.
    pub(crate) fn verdict(&self, who: NameId, whom: NameId, service: Service) -> Verdict<'_> {
        let block = self.roster.block_of(whom, who).map(|_| {
            let handling = if self.settings.polite_block { Handling::PoliteBlock } else { Handling::Block };
            Verdict { handling, amount: Amount::Nothing, ground: Ground::Blocked }
        });
        if self.rules.len() == 0 {
            return block.unwrap_or_else(|| self.default_verdict(&self.contact_address(who), service));
        }
        let (asking, asked) = (self.rule_party(who), self.rule_party(whom));
        let holds = |rule: &&Rule| {
            matches!(rule.key.service, Service::All).then_some(true).unwrap_or(rule.key.service == service)
                && times::holds(&rule.times, self.now.wall, &self.settings.time_zone)
        };
        let operator =
            self.candidates(&asking).into_iter().flat_map(|who| self.rules.of_operator(&who).iter());
        let operator = operator.filter(|rule| self.names(&rule.key.whom, &asked, None));
        if let Some(verdict) = decide(operator.filter(holds)) {
            return verdict;
        }
        let own = self.rules.of(whom).iter().filter(|rule| self.names(&rule.key.who, &asking, Some(whom)));
        let own = decide(own.filter(holds));
        // A block is a rule of its owner that names an address, for all services.
        let is_closer = own.is_some_and(|own| match own.ground {
            Ground::Rule(rule) => {
                matches!(rule.key.who, Subject::Address(_)) && rule.key.service != Service::All
            }
            _ => false,
        });
        match (block, own) {
            (Some(block), _) if !is_closer => block,
            (_, Some(own)) => own,
            _ => self.default_verdict(&asking.shown, service),
        }
    }

    pub(crate) fn default_verdict(&self, shown: &Address, service: Service) -> Verdict<'static> {
        let defaults = &self.settings.defaults;
        let handling = match service {
            _ if shown.domain() == ANONYMOUS => Handling::Block,
            Service::Messages => Handling::Allow,
            _ if self.is_own_domain(shown) => defaults.own_domain,
            _ => defaults.other_domains,
        };
        Verdict { handling, amount: Amount::Everything, ground: Ground::Default }
    }

    /// Whether an address is of a domain that is served here.
    pub(crate) fn is_own_domain(&self, address: &Address) -> bool {
        let domains = &self.settings.defaults.domains;
        domains.is_empty() || domains.iter().any(|domain| domain.as_str() == address.domain())
    }

    /// Whether two come through one gateway, as far as is known of both.
    pub(crate) fn share_a_gateway(&self, one: NameId, other: NameId) -> bool {
        let (one, other) = (Vec::from_iter(self.gateways_of(one)), Vec::from_iter(self.gateways_of(other)));
        one.is_empty() || other.is_empty() || one.iter().any(|name| other.contains(name))
    }

    fn rule_party(&self, id: NameId) -> Party<'_> {
        let owned = self.book.filed(id).map_or(&[][..], |principal| &self.principals[principal].names);
        let mut names = vec![self.book.address(id)];
        names.extend(owned.iter().filter(|name| **name != id).map(|name| self.book.address(*name)));
        Party { id, names, shown: self.contact_address(id) }
    }

    /// The subjects as which rules of the operator may name somebody.
    fn candidates(&self, party: &Party<'_>) -> Vec<Subject> {
        let mut subjects = vec![Subject::Everybody];
        subjects.extend(Domain::parse(party.shown.domain()).map(Subject::Domain));
        subjects.extend(party.names.iter().map(|name| Subject::Address((*name).clone())));
        subjects.extend(self.rules.groups_of_operator().filter(|it| self.names(it, party, None)).cloned());
        subjects.extend(self.gateways_of(party.id).map(Subject::Gateway));
        if self.is_unauthenticated(party.id) {
            subjects.push(Subject::Unauthenticated);
        }
        if party.shown.domain() == ANONYMOUS {
            subjects.push(Subject::Anonymous);
        }
        subjects
    }

    /// Whether a subject names a party; `owner` is whose contacts are meant.
    fn names(&self, subject: &Subject, party: &Party<'_>, owner: Option<NameId>) -> bool {
        match subject {
            Subject::Everybody => true,
            Subject::Address(address) => party.names.contains(&address),
            Subject::Unauthenticated => self.is_unauthenticated(party.id),
            Subject::Group(group) => self.is_member(group, self.book.address(party.id)),
            Subject::Domain(domain) => party.shown.domain() == domain.as_str(),
            Subject::Gateway(gateway) => self.gateways_of(party.id).any(|name| name == *gateway),
            Subject::Contacts => owner.is_some_and(|owner| self.watches(owner, party.id)),
            Subject::Anonymous => party.shown.domain() == ANONYMOUS,
        }
    }

    /// Whether somebody has a device that has not shown who it is.
    fn is_unauthenticated(&self, party: NameId) -> bool {
        let devices = self.book.filed(party).map_or(&[][..], |id| &self.principals[id].devices);
        devices.iter().any(|device| device.strength == Strength::Claimed)
    }

    /// The names of the gateways through which somebody comes, or came last.
    fn gateways_of(&self, party: NameId) -> impl Iterator<Item = String> {
        let principal = self.book.filed(party).map(|id| &self.principals[id]);
        let devices = principal.iter().flat_map(|it| it.devices.iter().map(|device| device.agent));
        let left = principal
            .and_then(|it| it.departure.as_ref()?.agent)
            .filter(|_| principal.is_some_and(|it| it.devices.is_empty()));
        let agents = Vec::from_iter(devices.chain(left));
        let named =
            self.settings.gateways.iter().filter(move |(id, _)| agents.iter().any(|it| it.gateway == *id));
        named.map(|(_, name)| name.clone())
    }

    /// A key as it is kept: people by the address under which they are filed.
    pub(crate) fn filed_key(&self, key: RuleKey) -> RuleKey {
        let filed = |subject: Subject| match subject {
            Subject::Address(address) => Subject::Address(match self.book.owner_of(&address) {
                Some(id) => self.book.address(self.principals[id].identity).clone(),
                None => address,
            }),
            other => other,
        };
        RuleKey { whom: filed(key.whom), who: filed(key.who), ..key }
    }

    /// The party that a rule of an owner protects; of the operator's any, for which it is not needed.
    pub(crate) fn owner_of_rule(&self, key: &RuleKey) -> Option<NameId> {
        match (&key.whom, key.level) {
            (Subject::Address(address), Level::Owner) => {
                self.book.id(address).filter(|name| self.book.filed(*name).is_some())
            }
            _ => Some(NameId::FIRST),
        }
    }

    /// How much of a presentity somebody is shown who watches it with its consent, or by a rule.
    pub(crate) fn amount(&self, watcher: NameId, presentity: NameId) -> Amount {
        let verdict = self.verdict(watcher, presentity, Service::Presence);
        match verdict.handling {
            Handling::Allow | Handling::Confirm => verdict.amount,
            Handling::Block if !verdict.is_forbidden() => verdict.amount,
            Handling::Block | Handling::PoliteBlock => Amount::Nothing,
        }
    }
}
