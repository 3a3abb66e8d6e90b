//! `herald rules`, `herald watchers`: access rules as the operator sees and changes them.

use super::answering::{Answered, ending, give_all, unavailable};
use super::listener::Answers;
use super::{Answer, Answering, Failure, FailureKind};
use model::{Address, Amount, Handling, Level, OperatorAct, Refusal, Rule, RuleKey, Service, Subject, Times};
use serde::{Deserialize, Serialize};
use store::AuditQuery;

/// What a client asks about access rules. Whom and who are any names, or subjects as [`model::Subject`] writes them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rules", rename_all = "camelCase", deny_unknown_fields)]
pub enum RuleQuestion {
    /// The rules of one, or those of the operator: [`Answer::Rule`]s in order.
    List {
        /// Any name of the one.
        of: Option<String>,
    },
    /// Makes a rule, in the place of the one of its key: one [`Answer::Done`].
    Set {
        /// Who makes it.
        level: Level,
        /// Whom it protects.
        whom: String,
        /// Whom it names.
        who: String,
        /// What for.
        service: Service,
        /// What becomes of them.
        handling: Handling,
        /// How much they see.
        amount: Amount,
        /// When it holds.
        times: Times,
    },
    /// Ends a rule: one [`Answer::Done`].
    End {
        /// Who made it.
        level: Level,
        /// Whom it protects.
        whom: String,
        /// Whom it names.
        who: String,
        /// What for.
        service: Service,
    },
    /// What the rules come to for somebody: an [`Answer::Explained`] for each service.
    Explain {
        /// Any name of whom he wants to watch or write to.
        whom: String,
        /// Any name of his.
        who: String,
    },
    /// Who watches somebody or has asked to: [`Answer::Watcher`]s in order.
    Watchers {
        /// Any name of his.
        of: String,
    },
    /// Who has asked to watch somebody, and what became of it: the last so many [`Answer::Audited`]s in order.
    WatcherHistory {
        /// Any name of his.
        of: String,
        /// How many.
        last: u32,
    },
    /// Decides a request to watch, or ends what it granted: one [`Answer::Done`].
    Decide {
        /// Any name of whom it is about.
        whom: String,
        /// Any name of the watcher.
        who: String,
        /// Whether he may watch.
        is_approved: bool,
    },
}

impl Answering {
    /// Answers a question about rules.
    pub(super) fn rules(&self, question: RuleQuestion, answers: &mut Answers<'_>) -> Answered<()> {
        let answered = match question {
            RuleQuestion::WatcherHistory { of, last } => match self.known(&of) {
                Ok(name) => {
                    let (object, act) = (Some(name.to_string()), Some(SUBSCRIBE.to_owned()));
                    let query = AuditQuery { object, act, ..AuditQuery::default() };
                    return self.audit(query, last, false, answers);
                }
                Err(failure) => Err(failure),
            },
            RuleQuestion::List { of } => self.list_rules(of.as_deref()),
            RuleQuestion::Watchers { of } => self.watchers(&of),
            RuleQuestion::Explain { whom, who } => self.explain(&whom, &who),
            RuleQuestion::Set { level, whom, who, service, handling, amount, times } => {
                self.key(level, &whom, &who, service).and_then(|key| {
                    let rule = Rule { key, handling, amount, times, since: self.clock.now().wall };
                    let done = format!("{} {} {}", handling, rule.key.who, about(&rule.key));
                    self.operate(OperatorAct::SetRule(rule), done)
                })
            }
            RuleQuestion::End { level, whom, who, service } => {
                self.key(level, &whom, &who, service).and_then(|key| {
                    let done = format!("no rule for {} {} any more", key.who, about(&key));
                    self.operate(OperatorAct::EndRule(key), done)
                })
            }
            RuleQuestion::Decide { whom, who, is_approved } => self.decide(&whom, &who, is_approved),
        };
        match answered {
            Ok(all) => give_all(answers, all.into_iter()),
            Err(failure) => Ok(Err(failure)),
        }
    }

    fn list_rules(&self, of: Option<&str>) -> Result<Vec<Answer>, Failure> {
        let rules = match of {
            Some(typed) => {
                let name = self.known(typed)?;
                self.shard.look(move |engine| engine.rules_of(&name)).flatten()
            }
            None => self.shard.look(engine::Engine::rules_of_operator),
        };
        Ok(rules.ok_or_else(ending)?.into_iter().map(Box::new).map(Answer::Rule).collect())
    }

    fn watchers(&self, of: &str) -> Result<Vec<Answer>, Failure> {
        let name = self.known(of)?;
        let watchers =
            self.shard.look(move |engine| engine.watchers_of(&name)).flatten().ok_or_else(ending)?;
        let watchers = watchers.into_iter().map(|watcher| serde_json::to_value(watcher).map(Answer::Watcher));
        watchers.collect::<Result<_, _>>().map_err(|error| unavailable(&error))
    }

    fn explain(&self, whom: &str, who: &str) -> Result<Vec<Answer>, Failure> {
        let (whom, who) = (self.known(whom)?, self.address(who)?);
        let explained =
            self.shard.look(move |engine| engine.explain_rules(&who, &whom)).flatten().ok_or_else(ending)?;
        let explained = explained.into_iter().map(|it| serde_json::to_value(it).map(Answer::Explained));
        explained.collect::<Result<_, _>>().map_err(|error| unavailable(&error))
    }

    fn decide(&self, whom: &str, who: &str, is_approved: bool) -> Result<Vec<Answer>, Failure> {
        let (presentity, watcher) = (self.known(whom)?, self.address(who)?);
        let verb = if is_approved { "may watch" } else { "may not watch" };
        let done = format!("{watcher} {verb} {presentity}");
        let symmetry = self.symmetric;
        self.operate(OperatorAct::Decide { presentity, watcher, is_approved, symmetry }, done)
    }

    fn operate(&self, act: OperatorAct, done: String) -> Result<Vec<Answer>, Failure> {
        match self.shard.operate(act).map_err(|error| unavailable(&error))? {
            Ok(()) => Ok(vec![Answer::Done(done)]),
            Err(refusal) => Err(Failure::new(kind(&refusal), refusal)),
        }
    }

    fn key(
        &self,
        level: model::Level,
        whom: &str,
        who: &str,
        service: model::Service,
    ) -> Result<RuleKey, Failure> {
        Ok(RuleKey { level, whom: self.subject(whom)?, who: self.subject(who)?, service })
    }

    /// Whom a typed text names: a subject, or any name of somebody. What has no domain is in the zone's.
    fn subject(&self, typed: &str) -> Result<Subject, Failure> {
        let malformed = |error: String| Failure::new(FailureKind::Malformed, error);
        match typed.split_once(':') {
            Some(("group", group)) => self.address(group).map(Subject::Group),
            Some(("domain" | "gateway", _)) => typed.parse().map_err(malformed),
            _ if matches!(typed, "contacts" | "unauthenticated" | "anonymous" | "everybody") => {
                typed.parse().map_err(malformed)
            }
            _ => self.address(typed).map(Subject::Address),
        }
    }

    /// The address that somebody has who is known by a name, or else the likeliest: what may be done with it is for the
    /// engine to say.
    pub(super) fn address(&self, typed: &str) -> Result<Address, Failure> {
        let unknown = match self.known(typed) {
            Ok(known) => return Ok(known),
            Err(failure) => failure,
        };
        if unknown.kind != FailureKind::NotFound {
            return Err(unknown);
        }
        self.names.readings(typed)?.into_iter().next().ok_or(unknown)
    }
}

/// The act of the audit log under which the engine tells of subscriptions.
const SUBSCRIBE: &str = "subscribe";

fn about(key: &RuleKey) -> String {
    format!(
        "to {}'s {}",
        key.whom,
        match key.service {
            model::Service::Presence => "presence",
            model::Service::Messages => "inbox",
            model::Service::All => "presence and inbox",
        }
    )
}

const fn kind(refusal: &Refusal) -> FailureKind {
    match refusal {
        Refusal::NoSuchPrincipal | Refusal::NoSuchRule | Refusal::NoSuchRequest => FailureKind::NotFound,
        Refusal::Unavailable { .. } => FailureKind::Unavailable,
        _ => FailureKind::Malformed,
    }
}
