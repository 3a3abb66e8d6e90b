//! `herald inbox`: what waits for somebody, and by which rules.

use crate::exit::Failure;
use crate::{ask, print, time};
use clap::{Args, Subcommand, ValueEnum};
use model::{DeliverTo, InboxRules};
use server::control::{Answer, InboxView, Question};
use std::path::Path;

pub const AFTER_HELP: &str = "\
Examples:
  herald inbox show alice
  herald inbox set alice --deliver most-available
  herald inbox set room4 --messages-max 50 --age-max 86400
  herald inbox set room4 --reset      as everybody's";

/// What to do with an inbox.
#[derive(Debug, Subcommand)]
pub enum InboxVerb {
    /// Show how much waits, and by which rules
    Show(ShowArguments),
    /// Decide about an inbox; what is not named stays as it is
    Set(SetArguments),
}

/// Whose inbox.
#[derive(Args, Debug)]
pub struct ShowArguments {
    /// Any name
    pub address: String,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Whose inbox, and what is decided.
#[derive(Args, Debug)]
pub struct SetArguments {
    /// Any name
    pub address: String,
    /// Forget all that was decided before
    #[arg(long)]
    pub reset: bool,
    /// To which devices messages go
    #[arg(long, value_name = "WHICH")]
    pub deliver: Option<Deliver>,
    /// The most messages that wait, instead of as many as for everybody
    #[arg(long, value_name = "COUNT")]
    pub messages_max: Option<u32>,
    /// The most octets that wait
    #[arg(long, value_name = "OCTETS")]
    pub octets_max: Option<u32>,
    /// How long a message waits at most
    #[arg(long, value_name = "SECONDS")]
    pub age_max: Option<u32>,
    /// Whether what its owner writes on one device is shown on the others that can tell it from a message
    #[arg(long, value_name = "YES|NO")]
    pub carbons: Option<crate::group::YesNo>,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// To which devices.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Deliver {
    All,
    MostAvailable,
}

/// Does it.
pub fn run(data: &Path, verb: &InboxVerb) -> Result<(), Failure> {
    match verb {
        InboxVerb::Show(arguments) => show(&inbox(data, &arguments.address)?, arguments.json),
        InboxVerb::Set(arguments) => {
            let before = if arguments.reset { None } else { Some(inbox(data, &arguments.address)?.rules) };
            let rules = decide(before.unwrap_or_default(), arguments);
            let question = Question::SetInbox { address: arguments.address.clone(), rules };
            show(&view(data, &question)?, arguments.json)
        }
    }
}

fn inbox(data: &Path, address: &str) -> Result<InboxView, Failure> {
    view(data, &Question::Inbox { address: address.to_owned() })
}

fn view(data: &Path, question: &Question) -> Result<InboxView, Failure> {
    ask::one(data, question, |answer| match answer {
        Answer::Inbox(view) => Some(*view),
        _ => None,
    })
}

fn decide(before: InboxRules, arguments: &SetArguments) -> InboxRules {
    let deliver = arguments.deliver.map(|deliver| match deliver {
        Deliver::All => DeliverTo::All,
        Deliver::MostAvailable => DeliverTo::MostAvailable,
    });
    let no_carbons = arguments.carbons.map(|carbons| carbons == crate::group::YesNo::No);
    InboxRules {
        deliver: deliver.unwrap_or(before.deliver),
        messages_max: arguments.messages_max.or(before.messages_max),
        octets_max: arguments.octets_max.or(before.octets_max),
        age_max: arguments.age_max.or(before.age_max),
        no_carbons: no_carbons.unwrap_or(before.no_carbons),
    }
}

fn show(view: &InboxView, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print::json(view);
    }
    let InboxView { presentity, rules, waiting, octets, since } = view;
    let since = since.map(|since| format!(", the oldest since {}", time::moment(since)));
    print::line(&format!(
        "{presentity}  {waiting} messages wait, {octets} octets{}",
        since.unwrap_or_default()
    ))?;
    let deliver = match rules.deliver {
        DeliverTo::All => "to all devices",
        DeliverTo::MostAvailable => "to the most available device",
    };
    print::line(&format!("  delivered {deliver}"))?;
    let limits =
        [("messages", rules.messages_max), ("octets", rules.octets_max), ("seconds for each", rules.age_max)];
    for (what, limit) in limits {
        if let Some(limit) = limit {
            print::line(&format!("  at most {limit} {what}"))?;
        }
    }
    if rules.no_carbons { print::line("  no copies of what is sent to the other devices") } else { Ok(()) }
}
