//! `herald endpoint`: an H.323 endpoint for the terminal, for people and for scripts.
//!
//! The endpoint itself is [`h323::endpoint`], which does no IO. Here are its sockets, each with a thread that waits,
//! and one thread that feeds it from a bounded queue.

mod connection;
mod console;
mod drive;
mod input;
mod place;

use crate::exit::Failure;
use crate::user::PasswordArguments;
use clap::Args;
use console::Console;
use h323::alias::{Alias, AliasError};
use h323::endpoint::{CALLS_MAX, Credentials, read_feature, read_location};
use h323::security::Method;
use h323::wire::presence::{PresenceFeature, PresenceGeoLocation};
use model::Password;
use place::{GatekeeperName, Own, Place};
use server::control::Secret;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

/// How to be an endpoint.
#[derive(Debug, Args)]
pub struct EndpointArguments {
    /// A name of this endpoint; may be given several times
    ///
    /// Digits are dialled digits, text with @ is a url-ID, the prefixes h323:, sip:, xmpp:, tel:, url:, email: and
    /// e164: select a kind, anything else is an h323-ID.
    #[arg(long = "alias", required = true, value_name = "NAME", value_parser = alias)]
    pub aliases: Vec<Alias>,
    /// The gatekeeper; without it the first one is taken that answers multicast or broadcast
    #[arg(long, value_name = "HOST[:PORT]")]
    pub gatekeeper: Option<GatekeeperName>,
    /// Our address, and the port for RAS; without it the address that reaches the gatekeeper, and any port
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    pub bind: Option<Own>,
    /// The TCP port for calls; without it 1720, or any port where that is taken
    #[arg(long, value_name = "PORT")]
    pub signalling_port: Option<u16>,
    /// Sign as this user (H.235); without --password-file the password is asked for
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Read the password from the first line of a file
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// How to sign
    #[arg(long, value_name = "procedure1|md5|cat", requires = "user", default_value = "procedure1")]
    pub authentication: Method,
    /// The time to live to ask the gatekeeper for
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u32).range(1..))]
    pub ttl: u32,
    /// How many calls at once; one more is told that this endpoint is busy
    #[arg(long, value_name = "NUMBER", default_value = "1",
        value_parser = clap::value_parser!(u8).range(1..=CALLS_MAX as i64))]
    pub calls: u8,
    /// Answer calls as soon as they ring
    #[arg(long)]
    pub auto_answer: bool,
    /// Leave out every generic feature, like a room system of old
    #[arg(long)]
    pub plain: bool,
    /// Leave out presence
    #[arg(long)]
    pub no_presence: bool,
    /// Leave out messages by calls
    #[arg(long)]
    pub no_messaging: bool,
    /// Leave out Herald's own package: receipts, typing, messages without a call
    #[arg(long)]
    pub no_package: bool,
    /// Send messages by calls even where the gatekeeper takes them without
    #[arg(long)]
    pub by_call: bool,
    /// What published states say this device can do; may be given several times
    #[arg(long = "feature", value_name = "audio|video|data|extVideo", value_parser = read_feature)]
    pub features: Vec<PresenceFeature>,
    /// Where published states say this device is: locale, region, country, countryCode, latitude, longitude, elevation
    #[arg(long, value_name = "NAME=TEXT,...", value_parser = read_location)]
    pub location: Option<PresenceGeoLocation>,
    /// Write one JSON object a line for each event
    #[arg(long)]
    pub json: bool,
}

/// What `herald endpoint --help` shows after the options.
pub const AFTER_HELP: &str = "\
Commands, one a line on standard input; the end of input is `quit`:
  register            find the gatekeeper and register
  unregister          end every call and the registration
  call ALIAS          call somebody
  answer [CALL]       answer the call that rings, or the one with this call identifier
  hangup [CALL]       end or refuse every call, or the one with this call identifier
  status              the registration, the calls, and what was counted

  state STATE [TEXT]  publish a state: hidden available online offline onCall voiceMail notAvailable away,
                      or generic, which is its text alone
  subscribe ALIAS     ask to see somebody's state; unsubscribe ALIAS ends it
  approve ALIAS       allow somebody who asked to see ours; deny ALIAS refuses
  block ALIAS         show somebody nothing; unblock ALIAS undoes it
  contacts            the contact list, the last states, and who waits for a decision

  send ALIAS TEXT     write one message; ALIAS in double quotes where it has spaces
  typing ALIAS on     tell somebody that we write; typing ALIAS off that we stopped
  open ALIAS          open a session, inside a call that is up where there is one
  say ALIAS TEXT      write in the session or the call with somebody
  close ALIAS         close the session

  help                these lines
  quit                hang up, unregister, end

Events (with --json, the member `event`):
  listening discovered registered registrationRejected unregistered gatekeeperLost
  calling alerting incoming connected ended admissionRejected
  confirmed refused unanswered contact subscriptionRequest presence contacts
  message sending receipt delivered notDelivered typing
  sessionOpened sessionClosed sessionFailed
  status help error

Calls carry signalling only: they ring, are answered and end, without sound. Calls for messages are taken without
ringing, beside the calls of people. Without a registration ADDRESS:PORT and NAME@ADDRESS:PORT can be called and
written to.

Examples:
  herald endpoint --alias alice --gatekeeper 192.0.2.1
  herald endpoint --alias room4 --alias 4004 --plain --auto-answer
  herald endpoint --alias alice --user alice --password-file alice.password
  herald endpoint --alias bob --location 'country=Germany,locale=Koeln' --feature audio
  printf 'register\\ncall bob\\n' | cat - /dev/tty | herald endpoint --alias alice --json

Exit status: 0 it quit, 1 it could not start.";

/// Is an endpoint until it is told to quit.
pub fn run(arguments: &EndpointArguments) -> ExitCode {
    let credentials = match arguments.credentials() {
        Ok(credentials) => credentials,
        Err(failure) => return failure.report(),
    };
    let place = match Place::take(arguments) {
        Ok(place) => place,
        Err(error) => {
            eprintln!("herald: {error}");
            return ExitCode::FAILURE;
        }
    };
    match drive::run(place, arguments, credentials, Console::new(arguments.json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("herald: {error}");
            ExitCode::FAILURE
        }
    }
}

impl EndpointArguments {
    /// What to sign with, where a user is named. Commands come from standard input, so no password does.
    fn credentials(&self) -> Result<Option<Credentials>, Failure> {
        let Some(user) = self.user.clone() else { return Ok(None) };
        let from = PasswordArguments { password_file: self.password_file.clone() };
        if self.password_file.is_none() && !io::stdin().is_terminal() {
            return Err(Failure::new(
                "commands come from standard input; give the password by --password-file",
            ));
        }
        let Secret(text) = from.read()?;
        let password = Password::new(&text).ok_or_else(|| Failure::new("that is no password of H.323"))?;
        Ok(Some(Credentials { user, password, method: self.authentication }))
    }
}

fn alias(text: &str) -> Result<Alias, AliasError> {
    Alias::parse_typed(text)
}
