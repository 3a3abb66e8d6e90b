//! The command line.

use crate::directory::DirectoryVerb;
use crate::endpoint::{self, EndpointArguments};
use crate::group::{self, GroupVerb};
use crate::inbox::{self, InboxVerb};
use crate::rules::{RulesCommand, WatchersArguments};
use crate::user::UserCommand;
use crate::wire::WireCommand;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use h323::gatekeeper::Network;
use server::settings::{ListenAddress, LogFormat, LogLevel, Written};
use std::path::PathBuf;

/// The version; whoever builds it may add of what (`HERALD_VERSION`), as the measurements do.
const VERSION: &str = match option_env!("HERALD_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// Presence for H.323: who can be reached, who is in a call, and why we think so
///
/// `herald serve` is the server, a gatekeeper that endpoints register with. The other verbs ask it, through a
/// socket in its data directory, or work on files.
#[derive(Debug, Parser)]
#[command(version = VERSION, after_help = EXAMPLES, disable_help_subcommand = true, max_term_width = 100)]
pub struct Arguments {
    /// The server's data directory
    #[arg(long, global = true, value_name = "DIR", env = "HERALD_DATA", default_value = "herald-data")]
    pub data: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  herald serve                        start a gatekeeper on UDP port 1719
  herald endpoint --alias alice       register an endpoint to try with
  herald watch                        see presence change
  herald presence room4               how one is, by any of its names
  herald why room4@example.com        the evidence behind it
  herald send room4 'Hello.'          write to somebody
  herald trace room4                  what passes between an endpoint and the server
  herald calls --history --json       accounts of calls, for a program

Exit status: 0 done, 1 failed, 2 wrong usage, 3 no server runs there, 4 no such name.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the server until it is told to stop (SIGTERM or Ctrl-C)
    ///
    /// Needs no configuration and no root. State is kept in the data directory, so that a restart resumes.
    #[command(after_help = "\
Examples:
  herald serve
  herald serve --listen 192.0.2.1 --trust 192.0.2.0/24
  herald --data /var/lib/herald serve --config /etc/herald.toml --log-format json")]
    Serve(ServeArguments),
    /// Be an H.323 endpoint in this terminal, to try a gatekeeper with
    #[command(after_help = endpoint::AFTER_HELP)]
    Endpoint(Box<EndpointArguments>),
    /// Work on single messages
    #[command(subcommand)]
    Wire(WireCommand),
    /// Measure a gatekeeper under load, beside a bare UDP echo
    ///
    /// Plays endpoints from addresses of this machine's loopback. A server with rate limits must have none for them:
    /// start Herald with `--trust 127.0.0.0/8`. Names that the endpoints register stay known to the server: use a data
    /// directory that may be thrown away.
    #[command(subcommand)]
    Bench(::bench::BenchCommand),
    /// Show how the server is
    Status(StatusArguments),
    /// List the registered endpoints
    #[command(after_help = "\
Examples:
  herald endpoints
  herald endpoints room               only those with `room` in a name")]
    Endpoints(EndpointsArguments),
    /// Show the presence of everybody, or of one with its devices
    ///
    /// Any name will do: an address, an alias, digits. What has no domain is in the zone's.
    #[command(after_help = "\
Examples:
  herald presence
  herald presence room4
  herald presence room4 --pidf        the document that other networks are sent (RFC 3863)")]
    Presence(PresenceArguments),
    /// Print a line whenever presence changes
    ///
    /// Runs until Ctrl-C. With --json each line is the whole document, and those in force come first.
    #[command(after_help = "\
Examples:
  herald watch
  herald watch room4
  herald watch --json | jq -r 'select(.availability == \"offline\").presentity'")]
    Watch(WatchArguments),
    /// Explain why somebody is shown as they are: the evidence, and which of it decides
    #[command(after_help = "\
Example:
  herald why room4@example.com")]
    Why(WhyArguments),
    /// Send a message, as the server or in somebody's name
    ///
    /// It is accepted when it is durable. A recipient who is away gets it later.
    #[command(after_help = "\
Examples:
  herald send room4 'The fire alarm is tested at noon.'
  herald send --from caretaker room4 'Please close the windows.'
  fortune | herald send alice -")]
    Send(SendArguments),
    /// Say who may watch and write to whom, and how much is shown
    ///
    /// Owners decide for themselves, by their endpoints or here; the operator's rules (--operator) stand above. The rule
    /// that names somebody most closely decides: a name before a group, a group before a domain, and so on.
    #[command(
        subcommand,
        after_help = "\
Examples:
  herald rules allow room4 domain:example.org --shows activity
  herald rules polite-block alice mallory
  herald rules block --for messages room4 everybody --hours '18:00-08:00'
  herald rules allow --operator everybody reception
  herald rules explain room4 bob
  herald rules approve room4 bob"
    )]
    Rules(RulesCommand),
    /// Say who may register what, and by which password
    ///
    /// A user owns addresses. Nobody else may register them, and who does must sign with the user's password (H.235).
    /// Passwords are asked for, or read from a file, and never shown.
    #[command(
        subcommand,
        after_help = "\
Examples:
  herald user add alice
  herald user add room4 --address room4 --address 4004 --password-file room4.password
  herald user add old-codec --legacy
  herald user passwd alice
  herald user list"
    )]
    User(UserCommand),
    /// List who watches somebody, or has asked to
    Watchers(WatchersArguments),
    /// Read people and groups from the directory (LDAP), and check passwords there
    #[command(subcommand)]
    Directory(DirectoryVerb),
    /// Keep groups, which rules name and members write to
    #[command(subcommand, after_help = group::AFTER_HELP)]
    Group(GroupVerb),
    /// Show what waits for somebody, and decide to which devices it goes and how much may wait
    #[command(subcommand, after_help = inbox::AFTER_HELP)]
    Inbox(InboxVerb),
    /// Show every message from and to an endpoint, decoded, as it happens
    ///
    /// The endpoint is named by one of its aliases, whether it is registered yet or not. Runs until Ctrl-C. The texts
    /// of messages are shown too: follow people only with their consent.
    #[command(after_help = "\
Examples:
  herald trace room4
  herald trace room4 --full
  herald trace room4 --json | jq .reading.decoded")]
    Trace(TraceArguments),
    /// List the calls in progress, or those that have ended
    #[command(after_help = "\
Examples:
  herald calls
  herald calls --history --since 2h
  herald calls --history --since 2026-11-01T00:00:00Z --limit 10000 --json")]
    Calls(CallsArguments),
    /// Show the audit log: who was refused what, and what operators did
    ///
    /// The newest rows come last. A name may be a whole address, or what is before its domain.
    #[command(after_help = "\
Examples:
  herald audit
  herald audit --object room4 --since 7d
  herald audit --actor mallory@example.com --act message --json
  herald audit --follow
  herald audit --verify               whether the log is as it was written")]
    Audit(AuditArguments),
    /// Show the messages that were kept of one, or say whether any are to be
    ///
    /// Nothing is kept unless the configuration says so, in its table `history`. Who reads it is in the audit log.
    #[command(after_help = "\
Examples:
  herald history alice --with bob --since 7d
  herald history alice --search 'fire alarm'
  herald history alice --off          keep nothing of her from now on")]
    History(HistoryArguments),
    /// Write everything that is stored about one as a JSON document
    #[command(after_help = "\
Example:
  herald export alice --output alice.json")]
    Export(ExportArguments),
    /// Remove everything that is stored about one, for good
    ///
    /// Its endpoints are unregistered, and whoever had it as a contact is told that it is gone.
    Erase(EraseArguments),
    /// End a call, or all calls of an endpoint
    Disconnect(DisconnectArguments),
    /// Unregister an endpoint; it is told, and may register again
    Unregister(UnregisterArguments),
    /// Write a checked copy of the database to a file, beside a running server or without one
    #[command(after_help = "\
Example:
  herald backup /backup/herald-$(date +%F).db")]
    Backup(BackupArguments),
    /// Put a backup in the place of the database; the server must not run
    ///
    /// The database that was there is kept under another name.
    Restore(BackupArguments),
    /// Bring people with their names and contact lists from another system; the server must not run
    ///
    /// FILE has a line of JSON for each person, room or machine, its names as an endpoint registers them. Who is known by
    /// one of them gets the others too; whoever watches is taken to have been allowed to. First the whole file is checked;
    /// a second import of the same file changes nothing.
    #[command(after_help = "\
Example of a line:
  {\"names\": [\"room4\", \"7004\"], \"watches\": [\"alice\", \"bob\"], \"blocks\": [\"mallory\"]}")]
    Import(ImportArguments),
    /// Read the configuration, say what is wrong, and start nothing
    Check(CheckArguments),
    /// Write the reference of the configuration, or an example file
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Write a completion script for a shell
    #[command(after_help = "\
Example:
  herald completions bash > ~/.local/share/bash-completion/completions/herald")]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Where the configuration is.
#[derive(Args, Debug)]
pub struct ConfigurationArguments {
    /// The configuration file; without it `herald.toml` in the data directory is read where there is one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What `herald serve` is told.
#[derive(Args, Debug)]
pub struct ServeArguments {
    #[command(flatten)]
    pub configuration: ConfigurationArguments,
    /// Listen here instead of where the configuration says; may be given several times
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    pub listen: Vec<Written<ListenAddress>>,
    /// A network without rate limits, in addition to those of the configuration; may be given several times
    #[arg(long, value_name = "NETWORK")]
    pub trust: Vec<Written<Network>>,
    /// The least important messages to log: error, warn, info or debug
    #[arg(long, value_name = "LEVEL", value_parser = word::<LogLevel>)]
    pub log_level: Option<LogLevel>,
    /// How to log: human or json
    #[arg(long, value_name = "FORMAT", value_parser = word::<LogFormat>)]
    pub log_format: Option<LogFormat>,
}

/// What `herald status` is told.
#[derive(Args, Debug)]
pub struct StatusArguments {
    /// Show everything that is counted, too
    #[arg(long)]
    pub counters: bool,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald endpoints` is told.
#[derive(Args, Debug)]
pub struct EndpointsArguments {
    /// Only those with this text in a name
    #[arg(default_value = "", hide_default_value = true)]
    pub filter: String,
    /// At most so many
    #[arg(long, default_value_t = 1000)]
    pub limit: usize,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// What `herald presence` is told.
#[derive(Args, Debug)]
pub struct PresenceArguments {
    /// Any name of one; without it everybody
    pub address: Option<String>,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
    /// Print the one as a presence document: XML with all that its devices published, before any rule takes something out
    #[arg(long, requires = "address", conflicts_with = "json")]
    pub pidf: bool,
}

/// What `herald watch` is told.
#[derive(Args, Debug)]
pub struct WatchArguments {
    /// Any name of one; without it everybody
    pub address: Option<String>,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// What `herald why` is told.
#[derive(Args, Debug)]
pub struct WhyArguments {
    /// Any name
    pub address: String,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald send` is told.
#[derive(Args, Debug)]
pub struct SendArguments {
    /// Any name of the recipient
    pub to: String,
    /// The text; `-` reads it from standard input
    pub text: String,
    /// Whom it comes from; without it `herald` in the zone's domain
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald trace` is told.
#[derive(Args, Debug)]
pub struct TraceArguments {
    /// One of its aliases
    pub alias: String,
    /// Print the whole reading below each line
    #[arg(long)]
    pub full: bool,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// What `herald calls` is told.
#[derive(Args, Debug)]
pub struct CallsArguments {
    /// Those that have ended, the last first
    #[arg(long)]
    pub history: bool,
    /// Only those that ended since: a moment like 2026-11-01T00:00:00Z, or a time ago like 2h or 7d
    #[arg(long, requires = "history", value_parser = crate::time::moment_or_ago)]
    pub since: Option<model::Timestamp>,
    /// At most so many
    #[arg(long, default_value_t = 1000)]
    pub limit: u32,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// What `herald audit` is told.
#[derive(Args, Debug)]
pub struct AuditArguments {
    /// Only what happened since: a moment like 2026-11-01T00:00:00Z, or a time ago like 2h or 7d
    #[arg(long, value_parser = crate::time::moment_or_ago)]
    pub since: Option<model::Timestamp>,
    /// Only what happened before: a moment, or a time ago
    #[arg(long, value_parser = crate::time::moment_or_ago)]
    pub until: Option<model::Timestamp>,
    /// Only what this one asked or did
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Only what is about this one
    #[arg(long, value_name = "ADDRESS")]
    pub object: Option<String>,
    /// Only this act, for example message, register or disconnect
    #[arg(long)]
    pub act: Option<String>,
    /// At most so many, the last ones
    #[arg(long, default_value_t = 1000)]
    pub limit: u32,
    /// Go on with those that come, until Ctrl-C
    #[arg(long)]
    pub follow: bool,
    /// Look whether the log is as it was written
    #[arg(long, conflicts_with_all = ["since", "until", "actor", "object", "act", "limit", "follow"])]
    pub verify: bool,
    /// A head that --verify printed earlier, which must be in the log
    #[arg(long, value_name = "NUMBER:HASH", requires = "verify", value_parser = crate::audit::head)]
    pub head: Option<store::AuditHead>,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// What `herald history` is told.
#[derive(Args, Debug)]
pub struct HistoryArguments {
    /// Any name
    pub address: String,
    /// Only those to and from this one
    #[arg(long, value_name = "ADDRESS")]
    pub with: Option<String>,
    /// Only those of this conversation, 32 hexadecimal digits
    #[arg(long, value_parser = crate::history::thread)]
    pub thread: Option<[u8; 16]>,
    /// Only those since: a moment like 2026-11-01T00:00:00Z, or a time ago like 2h or 7d
    #[arg(long, value_parser = crate::time::moment_or_ago)]
    pub since: Option<model::Timestamp>,
    /// Only those before: a moment, or a time ago
    #[arg(long, value_parser = crate::time::moment_or_ago)]
    pub until: Option<model::Timestamp>,
    /// Only those with this text in them, in capitals or not
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// At most so many, the newest ones
    #[arg(long, default_value_t = 1000)]
    pub limit: u32,
    /// Keep a history of this one from now on, if its domain does
    #[arg(long, conflicts_with_all = ["off", "with", "thread", "since", "until", "search", "limit", "json"])]
    pub on: bool,
    /// Keep nothing more of this one
    #[arg(long, conflicts_with_all = ["with", "thread", "since", "until", "search", "limit", "json"])]
    pub off: bool,
    /// Print a line of JSON for each
    #[arg(long)]
    pub json: bool,
}

/// What `herald export` is told.
#[derive(Args, Debug)]
pub struct ExportArguments {
    /// Any name
    pub address: String,
    /// Write to this file, which must not exist, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What `herald erase` is told.
#[derive(Args, Debug)]
pub struct EraseArguments {
    /// Any name
    pub address: String,
    /// Don't ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald disconnect` is told.
#[derive(Args, Debug)]
pub struct DisconnectArguments {
    /// The call's identifier, or any name of an endpoint
    pub call: String,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald unregister` is told.
#[derive(Args, Debug)]
pub struct UnregisterArguments {
    /// Any name of the endpoint
    pub endpoint: String,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald backup` and `herald restore` are told.
#[derive(Args, Debug)]
pub struct BackupArguments {
    /// The backup
    pub file: PathBuf,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald import` is told.
#[derive(Args, Debug)]
pub struct ImportArguments {
    #[command(flatten)]
    pub configuration: ConfigurationArguments,
    /// The file
    pub file: PathBuf,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What `herald check` is told.
#[derive(Args, Debug)]
pub struct CheckArguments {
    #[command(flatten)]
    pub configuration: ConfigurationArguments,
    /// Have the running server check its whole database as well
    #[arg(long)]
    pub database: bool,
}

/// What to write about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Every field with what it does, default, unit and range, in Markdown
    Reference,
    /// A file with every field at its default
    Example,
}

/// Reads one of the words that the configuration has for a choice.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let deserializer = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    T::deserialize(deserializer).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_words_of_a_choice_are_read_and_others_refused() {
        assert_eq!(word::<LogFormat>("json"), Ok(LogFormat::Json));
        assert!(word::<LogLevel>("loud").unwrap_err().contains("`debug`"));
    }
}
