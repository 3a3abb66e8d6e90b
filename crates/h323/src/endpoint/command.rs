//! What a person or a script asks of an endpoint.

use super::presence::ContactChange;
use super::presentity;
use crate::alias::{Alias, AliasError};
use crate::wire::presence::Presentity;
use std::str::FromStr;

/// What a person or a script asks of an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Find the gatekeeper and register with it.
    Register,
    /// End every call and unregister.
    Unregister,
    /// Call somebody.
    Call(Alias),
    /// Answer the call with this identifier, else the one that rings longest.
    Answer(Option<[u8; 16]>),
    /// End the call with this identifier, else every call.
    HangUp(Option<[u8; 16]>),
    /// Tell how things stand here. What is not said of features and location is taken from the settings.
    Publish(Box<Presentity>),
    /// Change the contact list.
    ChangeContact(ContactChange, Alias),
    /// Decide whether somebody who asked may watch.
    Decide {
        /// Who asked.
        who: Alias,
        /// Whether it is allowed.
        approved: bool,
    },
    /// Tell the contact list, the last states, and the requests that wait.
    Contacts,
    /// Write one message.
    Send {
        /// To whom.
        to: Alias,
        /// What.
        text: String,
    },
    /// Open a session.
    Open(Alias),
    /// Say something in a session, or in a call.
    Say {
        /// To whom.
        to: Alias,
        /// What.
        text: String,
    },
    /// Close a session.
    Close(Alias),
    /// Tell somebody that we write, or stopped.
    Typing {
        /// Whom.
        to: Alias,
        /// Whether we write.
        is_composing: bool,
    },
    /// Tell how things stand.
    Status,
    /// End every call, unregister, and finish.
    Quit,
}

/// Why a line is not a command.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CommandError {
    /// There is no such command.
    #[error("there is no command {0:?}; `help` lists them")]
    Unknown(String),
    /// The command needs something after it.
    #[error("{0} needs to be followed by {1}")]
    Incomplete(&'static str, &'static str),
    /// The command stands alone.
    #[error("{0} takes nothing after it")]
    Excess(&'static str),
    /// What follows is no state.
    #[error("{0}")]
    State(String),
    /// What follows is not an alias.
    #[error(transparent)]
    Alias(#[from] AliasError),
    /// What follows is not a call identifier.
    #[error("{0:?} is not a call identifier, which has 32 hexadecimal digits")]
    CallIdentifier(String),
}

/// Reads one line. An alias may have spaces inside; where text follows it, it is then put in double quotes.
impl FromStr for Command {
    type Err = CommandError;

    fn from_str(line: &str) -> Result<Self, CommandError> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let alone =
            |name, command| if rest.is_empty() { Ok(command) } else { Err(CommandError::Excess(name)) };
        let one = |name| match unquoted(rest) {
            "" => Err(CommandError::Incomplete(name, "an alias")),
            alias => Ok(Alias::parse_typed(alias)?),
        };
        let change = |change: ContactChange| Ok(Self::ChangeContact(change, one(change.name())?));
        match word {
            "register" => alone("register", Self::Register),
            "unregister" => alone("unregister", Self::Unregister),
            "call" => one("call").map(Self::Call),
            "state" => state(rest),
            "subscribe" => change(ContactChange::Subscribe),
            "unsubscribe" => change(ContactChange::Unsubscribe),
            "block" => change(ContactChange::Block),
            "unblock" => change(ContactChange::Unblock),
            "approve" => Ok(Self::Decide { who: one("approve")?, approved: true }),
            "deny" => Ok(Self::Decide { who: one("deny")?, approved: false }),
            "contacts" => alone("contacts", Self::Contacts),
            "send" => alias_and_text("send", rest).map(|(to, text)| Self::Send { to, text }),
            "typing" => typing(rest),
            "open" => one("open").map(Self::Open),
            "say" => alias_and_text("say", rest).map(|(to, text)| Self::Say { to, text }),
            "close" => one("close").map(Self::Close),
            "answer" => call_identifier(rest).map(Self::Answer),
            "hangup" => call_identifier(rest).map(Self::HangUp),
            "status" => alone("status", Self::Status),
            "quit" => alone("quit", Self::Quit),
            other => Err(CommandError::Unknown(other.to_owned())),
        }
    }
}

/// A state, perhaps with a text.
fn state(rest: &str) -> Result<Command, CommandError> {
    let (state, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if state.is_empty() {
        return Err(CommandError::Incomplete("state", "a state"));
    }
    let presentity = presentity::typed(state, text.trim()).map_err(CommandError::State)?;
    Ok(Command::Publish(Box::new(presentity)))
}

/// An alias, in double quotes where it has spaces inside, and a text.
fn alias_and_text(name: &'static str, rest: &str) -> Result<(Alias, String), CommandError> {
    let (alias, text) = match rest.strip_prefix('"') {
        Some(rest) => rest.split_once('"').unwrap_or_default(),
        None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
    };
    let text = text.trim();
    if alias.is_empty() || text.is_empty() {
        return Err(CommandError::Incomplete(name, "an alias and a text"));
    }
    Ok((Alias::parse_typed(alias)?, text.to_owned()))
}

/// Whom, and `on` or `off`.
fn typing(rest: &str) -> Result<Command, CommandError> {
    let incomplete = CommandError::Incomplete("typing", "an alias and on or off");
    let (to, word) = alias_and_text("typing", rest).map_err(|_| incomplete.clone())?;
    match word.as_str() {
        "on" => Ok(Command::Typing { to, is_composing: true }),
        "off" => Ok(Command::Typing { to, is_composing: false }),
        _ => Err(incomplete),
    }
}

/// A text without the double quotes around it.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The call identifier in `text`, where there is any text.
fn call_identifier(text: &str) -> Result<Option<[u8; 16]>, CommandError> {
    let is_identifier = text.len() == 32 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    match text {
        "" => Ok(None),
        text if is_identifier => Ok(u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)),
        text => Err(CommandError::CallIdentifier(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_people_type_it() {
        assert_eq!("  register ".parse(), Ok(Command::Register));
        assert_eq!("call Meeting Room 4".parse(), Ok(Command::Call(Alias::H323Id("Meeting Room 4".into()))));
        assert_eq!("call 4711".parse(), Ok(Command::Call(Alias::DialedDigits("4711".into()))));
        assert_eq!("answer".parse(), Ok(Command::Answer(None)));
        let one = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!("hangup 00000000000000000000000000000001".parse(), Ok(Command::HangUp(Some(one))));
    }

    #[test]
    fn an_alias_with_spaces_stands_in_quotes_where_a_text_follows() {
        let room = Alias::H323Id("Meeting Room 4".into());
        let text = "two words".to_owned();
        let send = Command::Send { to: room.clone(), text: text.clone() };
        assert_eq!("send \"Meeting Room 4\"  two words ".parse(), Ok(send));
        let say = Command::Say { to: Alias::H323Id("bob".into()), text };
        assert_eq!("say bob two words".parse(), Ok(say));
        assert_eq!("close \"Meeting Room 4\"".parse(), Ok(Command::Close(room.clone())));
        assert_eq!("close Meeting Room 4".parse(), Ok(Command::Close(room)));
    }

    #[test]
    fn a_line_that_is_no_command_says_why() {
        let error = |line: &str| line.parse::<Command>().unwrap_err().to_string();
        assert_eq!(error("dance"), "there is no command \"dance\"; `help` lists them");
        assert_eq!(error("call"), "call needs to be followed by an alias");
        assert_eq!(error("quit now"), "quit takes nothing after it");
        assert_eq!(error("send bob"), "send needs to be followed by an alias and a text");
        assert_eq!(error("send \"bob hello"), "send needs to be followed by an alias and a text");
        assert_eq!(error("typing bob maybe"), "typing needs to be followed by an alias and on or off");
        assert_eq!(
            error("state lunch"),
            "there is no state \"lunch\"; there are hidden, available, online, offline, onCall, voiceMail, \
             notAvailable, away, generic"
        );
        assert_eq!(error("state generic"), "the state generic needs a text");
        let long = format!("state away {}", "x".repeat(129));
        assert_eq!(error(&long), "a text beside a state has at most 128 characters; this one has 129");
        assert_eq!(
            error("answer 12+4"),
            "\"12+4\" is not a call identifier, which has 32 hexadecimal digits"
        );
    }
}
