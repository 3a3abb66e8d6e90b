//! What rules come to: pure, and indifferent to their order.
//!
//! The operator's rules are looked at before those of the owner, and of one level those that name their subject most
//! closely: a person before who is not authenticated, him before a group, a group before a domain, and so on to everybody. Of rules that are equally close the
//! strongest of RFC 5025 decides (F-01), with the most that any of equal strength shows; only groups, of which somebody
//! may be in several, can be equally close. Where no rule matches, the default of the server does.

use model::{Amount, Handling, Level, Rule, Service, Subject};
use std::cmp::Reverse;

/// What is to become of a watcher or sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Verdict<'a> {
    pub(crate) handling: Handling,
    pub(crate) amount: Amount,
    pub(crate) ground: Ground<'a>,
}

/// Why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ground<'a> {
    /// The owner has blocked it, on a contact list.
    Blocked,
    Rule(&'a Rule),
    /// There is no rule that matches.
    Default,
}

impl Verdict<'_> {
    /// Whether a rule forbids it; what only the default forbids the owner may still agree to.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.handling == Handling::Block && self.ground != Ground::Default
    }
}

/// How close a rule is; the lowest decides.
fn closeness(rule: &Rule) -> (Level, u8, u8, Service) {
    (rule.key.level, class(&rule.key.who), class(&rule.key.whom), rule.key.service)
}

fn class(subject: &Subject) -> u8 {
    match subject {
        Subject::Address(_) => 0,
        Subject::Unauthenticated => 1,
        Subject::Group(_) => 2,
        Subject::Domain(_) => 3,
        Subject::Gateway(_) => 4,
        Subject::Contacts => 5,
        Subject::Anonymous => 6,
        Subject::Everybody => 7,
    }
}

/// The verdict of the rules that match; `None` where there is none.
pub(crate) fn decide<'a>(matching: impl Iterator<Item = &'a Rule>) -> Option<Verdict<'a>> {
    let weight =
        |rule: &&Rule| (Reverse(closeness(rule)), rule.handling, rule.amount, Reverse(rule.key.clone()));
    let rule = matching.max_by_key(weight)?;
    Some(Verdict { handling: rule.handling, amount: rule.amount, ground: Ground::Rule(rule) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{RuleKey, Times, Timestamp};

    fn rule(level: Level, who: &str, handling: Handling) -> Rule {
        let whom = "bob@example.com".parse().unwrap();
        let key = RuleKey { level, whom, who: who.parse().unwrap(), service: Service::All };
        Rule { key, handling, amount: Amount::Everything, times: Times::default(), since: Timestamp(0) }
    }

    fn handling(rules: &[Rule]) -> Option<Handling> {
        let forwards = decide(rules.iter()).map(|verdict| verdict.handling);
        assert_eq!(decide(rules.iter().rev()).map(|verdict| verdict.handling), forwards, "in any order");
        forwards
    }

    // covers: F-01
    #[test]
    fn of_equally_close_rules_the_strongest_decides() {
        use Handling::{Allow, Block, Confirm, PoliteBlock};
        for one in [Block, Confirm, PoliteBlock, Allow] {
            for other in [Block, Confirm, PoliteBlock, Allow] {
                let rules = [
                    rule(Level::Owner, "group:a@example.com", one),
                    rule(Level::Owner, "group:b@example.com", other),
                ];
                assert_eq!(handling(&rules), Some(one.max(other)));
            }
        }
    }

    // covers: F-04
    #[test]
    fn the_closest_rule_decides_and_the_operators_before_all() {
        let names = [
            "alice@example.org",
            "unauthenticated",
            "group:a@example.com",
            "domain:example.org",
            "gateway:h323",
            "contacts",
            "anonymous",
            "everybody",
        ];
        for (at, name) in names.iter().enumerate() {
            let mut rules = vec![rule(Level::Owner, name, Handling::Block)];
            rules.extend(names[at + 1..].iter().map(|name| rule(Level::Owner, name, Handling::Allow)));
            assert_eq!(handling(&rules), Some(Handling::Block), "{name}");
            rules.push(rule(Level::Operator, "everybody", Handling::Confirm));
            assert_eq!(handling(&rules), Some(Handling::Confirm), "{name}");
        }
        assert_eq!(handling(&[]), None);
    }

    #[test]
    fn a_rule_for_one_service_is_closer_than_one_for_all() {
        let all = rule(Level::Owner, "everybody", Handling::Block);
        let mut messages = rule(Level::Owner, "everybody", Handling::Allow);
        messages.key.service = Service::Messages;
        assert_eq!(handling(&[all, messages]), Some(Handling::Allow));
    }
}
