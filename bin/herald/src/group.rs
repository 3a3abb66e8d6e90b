//! `herald group`: groups and their members.

use crate::exit::Failure;
use crate::{ask, print, time};
use clap::{Args, Subcommand, ValueEnum};
use model::{FailureReports, GroupRole, GroupSource, Writers};
use serde_json::json;
use server::control::{Answer, GroupOptions, GroupView, Question};
use std::path::Path;

pub const AFTER_HELP: &str = "\
Examples:
  herald group add board --title 'The board' --conversation yes
  herald group join board alice bob room4
  herald group join staff board       a group in a group
  herald group show board
  herald group list --of alice        the groups that somebody is in";

/// What to do with groups.
#[derive(Debug, Subcommand)]
pub enum GroupVerb {
    /// Make a group, without members
    Add(SetArguments),
    /// Change what is decided about a group
    Set(SetArguments),
    /// Give a group another title; its address stays
    Rename(RenameArguments),
    /// Remove a group; its members stay what they are otherwise
    Remove(GroupArguments),
    /// Let people, rooms, machines or groups into a group, or make members of it owners
    ///
    /// A name that nobody has yet counts as soon as somebody has it.
    Join(JoinArguments),
    /// Put members out of a group
    Leave(MembersArguments),
    /// List all groups, or those that somebody is in, directly or through other groups
    List(ListArguments),
    /// Show a group and its members
    Show(GroupArguments),
}

/// A group, and what is decided about it.
#[derive(Args, Debug)]
pub struct SetArguments {
    /// Its address; what has no domain is in the zone's
    pub group: String,
    /// Its name for people
    #[arg(long)]
    pub title: Option<String>,
    /// Whether it is a conversation: what one writes to it all members get
    #[arg(long, value_name = "YES|NO")]
    pub conversation: Option<YesNo>,
    /// Who may write to it
    #[arg(long, value_name = "WHO")]
    pub writers: Option<Who>,
    /// Whether its members are told who joins and leaves
    #[arg(long, value_name = "YES|NO")]
    pub announce: Option<YesNo>,
    /// Who is told that a message did not reach a member
    #[arg(long, value_name = "WHO")]
    pub reports: Option<Told>,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// A group and its title.
#[derive(Args, Debug)]
pub struct RenameArguments {
    /// Its address
    pub group: String,
    /// Its new title
    pub title: String,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// A group.
#[derive(Args, Debug)]
pub struct GroupArguments {
    /// Its address
    pub group: String,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// A group and who joins it.
#[derive(Args, Debug)]
pub struct JoinArguments {
    #[command(flatten)]
    pub members: MembersArguments,
    /// As owners, who may let others in and put them out; without it, members that are owners are so no more
    #[arg(long)]
    pub owner: bool,
}

/// A group and members of it.
#[derive(Args, Debug)]
pub struct MembersArguments {
    /// Its address
    pub group: String,
    /// Any names
    #[arg(required = true)]
    pub members: Vec<String>,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// Which groups to list.
#[derive(Args, Debug)]
pub struct ListArguments {
    /// Only those that this one is in
    #[arg(long, value_name = "ADDRESS")]
    pub of: Option<String>,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// A choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum YesNo {
    Yes,
    No,
}

/// Who may write.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Who {
    Members,
    Anybody,
}

/// Who is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Told {
    Sender,
    Owners,
    Nobody,
}

/// Does it.
pub fn run(data: &Path, verb: &GroupVerb) -> Result<(), Failure> {
    match verb {
        GroupVerb::Add(arguments) => {
            let (group, options) = (arguments.group.clone(), options(arguments));
            done(data, &Question::AddGroup { group, options }, arguments.json)
        }
        GroupVerb::Set(arguments) => {
            let (group, options) = (arguments.group.clone(), options(arguments));
            done(data, &Question::SetGroup { group, options }, arguments.json)
        }
        GroupVerb::Rename(arguments) => {
            let options = GroupOptions { title: Some(arguments.title.clone()), ..GroupOptions::default() };
            done(data, &Question::SetGroup { group: arguments.group.clone(), options }, arguments.json)
        }
        GroupVerb::Remove(arguments) => {
            done(data, &Question::RemoveGroup { group: arguments.group.clone() }, arguments.json)
        }
        GroupVerb::Join(JoinArguments { members, owner }) => {
            of_each(data, members, |group, member| Question::JoinGroup { group, member, is_owner: *owner })
        }
        GroupVerb::Leave(members) => {
            of_each(data, members, |group, member| Question::LeaveGroup { group, member })
        }
        GroupVerb::List(arguments) => list(data, arguments),
        GroupVerb::Show(arguments) => show(data, arguments),
    }
}

fn options(arguments: &SetArguments) -> GroupOptions {
    let is_yes = |choice: YesNo| choice == YesNo::Yes;
    GroupOptions {
        title: arguments.title.clone(),
        is_conversation: arguments.conversation.map(is_yes),
        writers: arguments.writers.map(|who| match who {
            Who::Members => Writers::Members,
            Who::Anybody => Writers::Anybody,
        }),
        announces: arguments.announce.map(is_yes),
        reports: arguments.reports.map(|told| match told {
            Told::Sender => FailureReports::Sender,
            Told::Owners => FailureReports::Owners,
            Told::Nobody => FailureReports::Nobody,
        }),
    }
}

/// Asks about each member in turn, and stops at the first that is refused.
fn of_each(
    data: &Path,
    arguments: &MembersArguments,
    question: impl Fn(String, String) -> Question,
) -> Result<(), Failure> {
    let mut members = arguments.members.iter();
    members
        .try_for_each(|member| done(data, &question(arguments.group.clone(), member.clone()), arguments.json))
}

fn done(data: &Path, question: &Question, as_json: bool) -> Result<(), Failure> {
    let sentence = ask::one(data, question, |answer| match answer {
        Answer::Done(sentence) => Some(sentence),
        _ => None,
    })?;
    if as_json { print::json(&json!({ "done": sentence })) } else { print::line(&format!("{sentence}.")) }
}

fn list(data: &Path, arguments: &ListArguments) -> Result<(), Failure> {
    let question = match &arguments.of {
        Some(party) => Question::GroupsOf { party: party.clone() },
        None => Question::Groups,
    };
    let mut rows = Vec::new();
    ask::each(data, &question, |answer| {
        let Answer::Group(view) = answer else { return Ok(()) };
        if arguments.json {
            return print::json(&view);
        }
        rows.push([view.group.address.to_string(), words(&view), view.group.title.clone()]);
        Ok(())
    })?;
    match rows.is_empty() {
        _ if arguments.json => Ok(()),
        true => print::line("There are no such groups."),
        false => print::table(["group", "kind", "title"], &rows),
    }
}

fn show(data: &Path, arguments: &GroupArguments) -> Result<(), Failure> {
    let question = Question::Group { group: arguments.group.clone() };
    let view = ask::one(data, &question, |answer| match answer {
        Answer::Group(view) => Some(view),
        _ => None,
    })?;
    if arguments.json {
        return print::json(&view);
    }
    let group = &view.group;
    print::line(&format!("{}  {}  since {}", group.address, words(&view), time::moment(group.created_at)))?;
    print::line(&format!("  {}", group.title))?;
    let members = view.members.as_deref().unwrap_or_default();
    let reached = view.reached.unwrap_or_default();
    print::line(&format!(
        "  {} joined; {reached} known persons, rooms and machines are reached",
        members.len()
    ))?;
    members.iter().try_for_each(|member| {
        let role = if member.role == GroupRole::Owner { "  owner" } else { "" };
        print::line(&format!("  {}{role}", member.member))
    })
}

/// `conversation, written to by anybody, kept by the operator`
fn words(view: &GroupView) -> String {
    let group = &view.group;
    let kept = match group.source {
        GroupSource::Operator => "kept by the operator",
        GroupSource::Directory => "kept by the directory",
    };
    match (group.is_conversation, group.writers) {
        (false, _) => kept.to_owned(),
        (true, Writers::Members) => format!("conversation of its members, {kept}"),
        (true, Writers::Anybody) => format!("conversation open to anybody, {kept}"),
    }
}
