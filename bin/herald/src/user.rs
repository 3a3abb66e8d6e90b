//! `herald user`: who may register what, and by which password.

use crate::exit::Failure;
use crate::{ask, print, time};
use clap::{Args, Subcommand};
use model::{DirectoryState, Network};
use serde_json::json;
use server::control::{Answer, Question, Secret, UserQuestion, UserView};
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};

/// The most octets that are read for a password.
const PASSWORD_OCTETS_MAX: u64 = 1024;

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user, who owns addresses from then on
    Add(AddArguments),
    /// Give a user another password, which holds at once
    Passwd(PasswdArguments),
    /// Remove a user; the addresses are anybody's again
    Remove(RemoveArguments),
    /// List the users, without anything that is secret
    List(ListArguments),
}

/// What `herald user add` is told.
#[derive(Args, Debug)]
pub struct AddArguments {
    /// The name that the endpoint signs with
    pub name: String,
    /// A name that only this user may register; may be given again. Without it, what NAME stands for
    #[arg(long = "address", value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// A network like 10.1.0.0/16 whose endpoints register, with this one password, every name that is nobody's; may be
    /// given again
    #[arg(long = "network", value_name = "NETWORK")]
    pub networks: Vec<Network>,
    /// The endpoint can do only MD5 or CAT: its password is kept, encrypted
    #[arg(long)]
    pub legacy: bool,
    #[command(flatten)]
    pub password: PasswordArguments,
}

/// What `herald user passwd` is told.
#[derive(Args, Debug)]
pub struct PasswdArguments {
    /// The user
    pub name: String,
    #[command(flatten)]
    pub password: PasswordArguments,
}

/// What `herald user remove` is told.
#[derive(Args, Debug)]
pub struct RemoveArguments {
    /// The user
    pub name: String,
}

/// What `herald user list` is told.
#[derive(Args, Debug)]
pub struct ListArguments {
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// Where a password comes from. It is never an argument, which others could read.
#[derive(Args, Debug)]
pub struct PasswordArguments {
    /// Read the password from the first line of a file; `-`: standard input. Without it you are asked
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// Makes, changes, removes or lists users.
pub fn run(data: &Path, command: &UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add(AddArguments { name, addresses, networks, legacy, password }) => {
            let (name, addresses, is_legacy) = (name.clone(), addresses.clone(), *legacy);
            let networks = networks.clone();
            let password = password.read()?;
            change(data, UserQuestion::Add { name, addresses, networks, password, is_legacy })
        }
        UserCommand::Passwd(PasswdArguments { name, password }) => {
            change(data, UserQuestion::Change { name: name.clone(), password: password.read()? })
        }
        UserCommand::Remove(RemoveArguments { name }) => {
            change(data, UserQuestion::Remove { name: name.clone() })
        }
        UserCommand::List(arguments) => list(data, arguments),
    }
}

fn change(data: &Path, question: UserQuestion) -> Result<(), Failure> {
    let done = ask::one(data, &Question::Users(question), |answer| match answer {
        Answer::Done(done) => Some(done),
        _ => None,
    })?;
    print::line(&done)
}

fn list(data: &Path, arguments: &ListArguments) -> Result<(), Failure> {
    ask::each(data, &Question::Users(UserQuestion::List), |answer| match answer {
        Answer::User(user) if arguments.json => print::json(&json!(user)),
        Answer::User(user) => {
            let addresses = user.addresses.iter().map(ToString::to_string);
            let owned = Vec::from_iter(addresses.chain(user.networks.iter().map(ToString::to_string)));
            print::line(&format!("{:20} {:40} {}", user.name, owned.join(", "), known_by(&user)))
        }
        _ => Ok(()),
    })
}

/// How a user is known, and what the directory says of it.
fn known_by(user: &UserView) -> String {
    let methods = match user.methods.as_slice() {
        [] => "no password".to_owned(),
        methods => format!("{}, since {}", methods.join(", "), time::moment(user.since)),
    };
    let Some(directory) = &user.directory else { return methods };
    let title = directory.title.as_ref().map_or_else(String::new, |title| format!(" as {title}"));
    let state = match directory.state {
        DirectoryState::Enabled => "in the directory",
        DirectoryState::Disabled => "DISABLED in the directory",
        DirectoryState::Gone => "DISABLED, no more in the directory",
    };
    format!("{methods}; {state}{title}")
}

impl PasswordArguments {
    /// A new password, which is asked for twice.
    pub fn read(&self) -> Result<Secret, Failure> {
        let password = self.read_or(prompt)?;
        match password.0.is_empty() {
            true => Err(Failure::new("there is no password on the first line")),
            false => Ok(password),
        }
    }

    /// A password that there is already.
    pub fn read_once(&self) -> Result<Secret, Failure> {
        self.read_or(|| rpassword::prompt_password("Password: ").map(Secret).map_err(Failure::from))
    }

    fn read_or(&self, prompt: impl FnOnce() -> Result<Secret, Failure>) -> Result<Secret, Failure> {
        match &self.password_file {
            Some(file) if file.as_os_str() != "-" => {
                let opened = File::open(file).map_err(|error| format!("{}: {error}", file.display()));
                first_line(opened.map_err(Failure::new)?)
            }
            None if io::stdin().is_terminal() => prompt(),
            _ => first_line(io::stdin().lock()),
        }
    }
}

fn prompt() -> Result<Secret, Failure> {
    let ask = |what| rpassword::prompt_password(what).map(Secret).map_err(Failure::from);
    let password = ask("Password: ")?;
    if ask("Again: ")? != password {
        return Err(Failure::new("the two passwords differ; nothing was changed"));
    }
    Ok(password)
}

fn first_line(input: impl Read) -> Result<Secret, Failure> {
    let mut line = String::new();
    BufReader::new(input.take(PASSWORD_OCTETS_MAX)).read_line(&mut line)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(Secret(line))
}
