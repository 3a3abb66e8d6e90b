//! `herald rules` and `herald watchers`: who may see and reach whom.

use crate::exit::Failure;
use crate::{ask, print, time};
use clap::{Args, Subcommand};
use model::{Amount, AuditOutcome, AuditRecord, Handling, Hours, Level, Rule, Service, Times, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use server::control::{Answer, Question, RuleQuestion};
use std::path::Path;

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules of somebody, or those of the operator
    List(ListArguments),
    /// Let somebody watch and write
    Allow(RuleArguments),
    /// Have the owner asked; who only writes must be somebody whom the owner watches or lets watch
    Confirm(RuleArguments),
    /// Refuse somebody without his knowing: he sees an owner who is always away
    PoliteBlock(RuleArguments),
    /// Refuse somebody
    Block(RuleArguments),
    /// End a rule, or a block of the owner's contact list
    Remove(KeyArguments),
    /// Show what the rules come to for somebody, and which of them decides
    Explain(PairArguments),
    /// Grant a request to watch in the place of the owner, who may have no keyboard
    Approve(PairArguments),
    /// Deny a request to watch, or end what it granted
    Deny(PairArguments),
}

/// What `herald rules list` is told.
#[derive(Args, Debug)]
pub struct ListArguments {
    /// Any name of the owner; without it the operator's rules
    pub address: Option<String>,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// Which rule.
#[derive(Args, Debug)]
pub struct KeyArguments {
    /// Any name of the owner; of a rule of the operator also `everybody`, `group:NAME` or `domain:NAME`
    pub whom: String,
    /// Any name of somebody, or `group:NAME`, `domain:NAME`, `gateway:NAME`, `contacts`, `unauthenticated`, `anonymous`, `everybody`
    pub who: String,
    /// Only for watching (presence) or only for writing (messages)
    #[arg(long = "for", value_name = "SERVICE", default_value_t = Service::All)]
    pub service: Service,
    /// A rule of the operator, which stands above those of owners
    #[arg(long)]
    pub operator: bool,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What a rule says.
#[derive(Args, Debug)]
pub struct RuleArguments {
    #[command(flatten)]
    pub key: KeyArguments,
    /// How much is shown: nothing, basic, activity, everything or location
    #[arg(long, value_name = "AMOUNT", default_value_t = Amount::Everything)]
    pub shows: Amount,
    /// Only at these hours of the zone, like 'mon-fri 08:00-18:00'
    #[arg(long)]
    pub hours: Option<Hours>,
    /// Only from this moment on, like 2026-12-24T00:00:00Z
    #[arg(long, value_name = "MOMENT", value_parser = time::moment_or_ago)]
    pub from: Option<Timestamp>,
    /// Only until before this moment
    #[arg(long, value_name = "MOMENT", value_parser = time::moment_or_ago)]
    pub until: Option<Timestamp>,
}

/// Two people.
#[derive(Args, Debug)]
pub struct PairArguments {
    /// Any name of the owner
    pub whom: String,
    /// Any name of who wants to watch or write
    pub who: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald watchers` is told.
#[derive(Args, Debug)]
pub struct WatchersArguments {
    /// Any name of who is watched
    pub address: String,
    /// Show who has ever asked to watch it, and what became of that, as far back as the audit log goes
    #[arg(long)]
    pub history: bool,
    /// Of the history at most so many, the last ones
    #[arg(long, default_value_t = 1000, requires = "history")]
    pub limit: u32,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// Lists, makes, ends or explains rules.
pub fn run(data: &Path, command: &RulesCommand) -> Result<(), Failure> {
    match command {
        RulesCommand::List(arguments) => list(data, arguments),
        RulesCommand::Allow(arguments) => set(data, Handling::Allow, arguments),
        RulesCommand::Confirm(arguments) => set(data, Handling::Confirm, arguments),
        RulesCommand::PoliteBlock(arguments) => set(data, Handling::PoliteBlock, arguments),
        RulesCommand::Block(arguments) => set(data, Handling::Block, arguments),
        RulesCommand::Remove(key) => {
            let (whom, who) = (key.whom.clone(), key.who.clone());
            let question = RuleQuestion::End { level: level(key), whom, who, service: key.service };
            change(data, question, key.json)
        }
        RulesCommand::Explain(pair) => explain(data, pair),
        RulesCommand::Approve(pair) => decide(data, pair, true),
        RulesCommand::Deny(pair) => decide(data, pair, false),
    }
}

/// Lists who watches somebody, or has asked to.
pub fn watchers(data: &Path, arguments: &WatchersArguments) -> Result<(), Failure> {
    if arguments.history {
        return history(data, arguments);
    }
    let question = Question::Rules(RuleQuestion::Watchers { of: arguments.address.clone() });
    ask::each(data, &question, |answer| match answer {
        Answer::Watcher(watcher) if arguments.json => print::json(&watcher),
        Answer::Watcher(watcher) => {
            let Watcher { watcher, state, by_rule, shows, at } = read(watcher)?;
            let how = match (state.as_str(), by_rule) {
                ("active", true) => format!("sees {shows}, by a rule"),
                ("active", false) => format!("sees {shows}"),
                _ => "waits for a decision".to_owned(),
            };
            print::line(&format!("{watcher:40} {how:28} since {}", time::moment(at)))
        }
        _ => Ok(()),
    })
}

fn history(data: &Path, arguments: &WatchersArguments) -> Result<(), Failure> {
    let of = arguments.address.clone();
    let question = Question::Rules(RuleQuestion::WatcherHistory { of, last: arguments.limit });
    ask::each(data, &question, |answer| match answer {
        Answer::Audited(row) if arguments.json => print::json(&row),
        Answer::Audited(row) => {
            let AuditRecord { at, event, .. } = row.record;
            let what = match event.outcome {
                AuditOutcome::Begun => "waits",
                AuditOutcome::Done => "may watch",
                AuditOutcome::Refused | AuditOutcome::Failed => "is refused",
                AuditOutcome::Ended => "watches no more",
            };
            let (who, why) = (event.actor.unwrap_or_default(), event.reason.unwrap_or_default());
            print::line(&format!("{}  {who:40} {what}: {why}", time::moment(at)))
        }
        _ => Ok(()),
    })
}

#[derive(Deserialize)]
struct Watcher {
    watcher: String,
    state: String,
    #[serde(rename = "byRule")]
    by_rule: bool,
    shows: Amount,
    at: Timestamp,
}

fn list(data: &Path, arguments: &ListArguments) -> Result<(), Failure> {
    let question = Question::Rules(RuleQuestion::List { of: arguments.address.clone() });
    ask::each(data, &question, |answer| match answer {
        Answer::Rule(rule) if arguments.json => print::json(&json!(rule)),
        Answer::Rule(rule) => print::line(&line(&rule)),
        _ => Ok(()),
    })
}

fn line(rule: &Rule) -> String {
    let Rule { key, handling, amount, times, .. } = rule;
    let whom = if key.level == Level::Operator { format!(" to {}", key.whom) } else { String::new() };
    let shows = match handling {
        Handling::Allow | Handling::Confirm if key.service != Service::Messages => {
            format!(", shows {amount}")
        }
        _ => String::new(),
    };
    let service = match key.service {
        Service::All => String::new(),
        service => format!(", only {service}"),
    };
    let hours = times.hours.map(|hours| format!(", {hours}")).unwrap_or_default();
    let from = times.from.map(|from| format!(", from {}", time::moment(from))).unwrap_or_default();
    let until = times.until.map(|until| format!(", until {}", time::moment(until))).unwrap_or_default();
    format!("{handling:12} {}{whom}{service}{shows}{hours}{from}{until}", key.who)
}

fn set(data: &Path, handling: Handling, arguments: &RuleArguments) -> Result<(), Failure> {
    let RuleArguments { key, shows, hours, from, until } = arguments;
    let question = RuleQuestion::Set {
        level: level(key),
        whom: key.whom.clone(),
        who: key.who.clone(),
        service: key.service,
        handling,
        amount: *shows,
        times: Times { from: *from, until: *until, hours: *hours },
    };
    change(data, question, key.json)
}

const fn level(key: &KeyArguments) -> Level {
    if key.operator { Level::Operator } else { Level::Owner }
}

fn decide(data: &Path, pair: &PairArguments, is_approved: bool) -> Result<(), Failure> {
    let (whom, who) = (pair.whom.clone(), pair.who.clone());
    change(data, RuleQuestion::Decide { whom, who, is_approved }, pair.json)
}

fn change(data: &Path, question: RuleQuestion, as_json: bool) -> Result<(), Failure> {
    let done = ask::one(data, &Question::Rules(question), |answer| match answer {
        Answer::Done(done) => Some(done),
        _ => None,
    })?;
    if as_json { print::json(&json!({ "done": done })) } else { print::line(&done) }
}

#[derive(Deserialize)]
struct Explained {
    service: Service,
    handling: Handling,
    shows: Amount,
    #[serde(rename = "isBlocked")]
    is_blocked: bool,
    rule: Option<Rule>,
}

fn explain(data: &Path, pair: &PairArguments) -> Result<(), Failure> {
    let question = Question::Rules(RuleQuestion::Explain { whom: pair.whom.clone(), who: pair.who.clone() });
    ask::each(data, &question, |answer| match answer {
        Answer::Explained(explained) if pair.json => print::json(&explained),
        Answer::Explained(explained) => {
            let Explained { service, handling, shows, is_blocked, rule } = read(explained)?;
            let why = match (&rule, is_blocked) {
                (Some(rule), _) => format!("rule of the {}: {}", rule.key.level, line(rule)),
                (None, true) => "it is blocked on the owner's contact list".to_owned(),
                (None, false) => "no rule says anything: the default".to_owned(),
            };
            let now =
                if service == Service::Presence { format!(", sees {shows} now") } else { String::new() };
            print::line(&format!("{service:9} {handling:12} {why}{now}"))
        }
        _ => Ok(()),
    })
}

fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| Failure::new(format!("the answer can't be read: {error}")))
}
