//! `herald directory`: people and groups from LDAP.

use crate::exit::Failure;
use crate::user::PasswordArguments;
use crate::{ask, print, time};
use clap::{Args, Subcommand};
use model::Timestamp;
use server::control::{Answer, DirectoryQuestion, DirectoryView, Question, as_json};
use std::fmt::Write;
use std::path::Path;

/// What to do with the directory.
#[derive(Debug, Subcommand)]
pub enum DirectoryVerb {
    /// Read the directory now and carry over what it says
    Sync(SyncArguments),
    /// Show when it was read, what it has, and what is wrong with it
    Status(StatusArguments),
    /// Ask the directory whether a password is right
    Check(CheckArguments),
}

/// What `herald directory sync` is told.
#[derive(Args, Debug)]
pub struct SyncArguments {
    /// Also carry out what is held back because too much would disappear
    #[arg(long)]
    pub force: bool,
}

/// What `herald directory status` is told.
#[derive(Args, Debug)]
pub struct StatusArguments {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald directory check` is told.
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// The name that somebody signs in with
    pub user: String,
    #[command(flatten)]
    pub password: PasswordArguments,
}

/// Asks the server about the directory.
pub fn run(data: &Path, verb: &DirectoryVerb) -> Result<(), Failure> {
    let question = match verb {
        DirectoryVerb::Sync(SyncArguments { force }) => DirectoryQuestion::Synchronise { is_forced: *force },
        DirectoryVerb::Status(_) => DirectoryQuestion::Status,
        DirectoryVerb::Check(CheckArguments { user, password }) => {
            DirectoryQuestion::Check { user: user.clone(), password: password.read_once()? }
        }
    };
    ask::each(data, &Question::Directory(question), |answer| match (answer, verb) {
        (Answer::Done(done), _) => print::line(&done),
        (Answer::Directory(view), DirectoryVerb::Status(StatusArguments { json: true })) => {
            print::json(&as_json(&view))
        }
        (Answer::Directory(view), _) => print::text(&show(&view)),
        _ => Ok(()),
    })
}

fn show(view: &DirectoryView) -> String {
    let moment = |at: Option<Timestamp>| {
        at.map_or_else(|| "never".to_owned(), |at| format!("{} ({})", time::moment(at), time::ago(at)))
    };
    let DirectoryView { people, disabled, groups, unusable, .. } = view;
    let mut text = format!("read       {}\ntried      {}\n", moment(view.read_at), moment(view.tried_at));
    // Writing to a string can't fail.
    let _ = writeln!(
        text,
        "has        {people} people ({disabled} disabled), {groups} groups, {unusable} unusable entries"
    );
    if let Some(failure) = &view.failure {
        let _ = writeln!(text, "FAILURE    {failure}");
    }
    for sentence in &view.held_back {
        let _ = writeln!(text, "HELD BACK  {sentence}");
    }
    for sentence in &view.left_out {
        let _ = writeln!(text, "left out   {sentence}");
    }
    text
}
