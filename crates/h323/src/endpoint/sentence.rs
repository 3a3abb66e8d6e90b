//! Events as sentences, for people.

use super::event::{CallStatus, ContactStatus, Event, RequestStatus, Side, Way};
use model::{Location, Note};
use std::fmt;
use std::net::SocketAddr;

/// One or more sentences.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { aliases, ras_address, call_signal_address } => {
                let names = aliases.join(", ");
                write!(f, "I am {names}; RAS at {ras_address}, calls at {call_signal_address}.")
            }
            Self::Discovered { .. }
            | Self::Registered { .. }
            | Self::RegistrationRejected { .. }
            | Self::Unregistered { .. }
            | Self::GatekeeperLost { .. } => self.write_registration(f),
            Self::Calling { .. }
            | Self::Alerting { .. }
            | Self::Incoming { .. }
            | Self::Connected { .. }
            | Self::Ended { .. }
            | Self::AdmissionRejected { .. } => self.write_call(f),
            Self::Confirmed { .. }
            | Self::Refused { .. }
            | Self::Unanswered { .. }
            | Self::Contact { .. }
            | Self::SubscriptionRequest { .. }
            | Self::Presence { .. }
            | Self::Contacts { .. } => self.write_presence(f),
            Self::Message { .. }
            | Self::Carbon { .. }
            | Self::Sending { .. }
            | Self::Receipt { .. }
            | Self::Typing { .. }
            | Self::Delivered { .. }
            | Self::NotDelivered { .. }
            | Self::SessionOpened { .. }
            | Self::SessionClosed { .. }
            | Self::SessionFailed { .. } => self.write_message(f),
            Self::Status { endpoint_identifier, gatekeeper, calls, .. } => {
                match (endpoint_identifier, gatekeeper) {
                    (Some(identifier), Some(gatekeeper)) => {
                        write!(f, "Registered with {gatekeeper} as {identifier}.")
                    }
                    _ => f.write_str("Not registered."),
                }?;
                calls.iter().try_for_each(|call| {
                    let CallStatus { call_identifier, remote, direction, state } = call;
                    write!(f, "\n  {direction} {state} {remote} ({call_identifier})")
                })
            }
            Self::Error { message } => f.write_str(message),
        }
    }
}

impl Event {
    fn write_registration(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discovered { gatekeeper, gatekeeper_identifier } => {
                write!(f, "Gatekeeper {} answers.", Name(gatekeeper_identifier, gatekeeper))
            }
            Self::Registered {
                endpoint_identifier,
                gatekeeper,
                gatekeeper_identifier,
                time_to_live,
                presence,
                messages,
                ..
            } => {
                let name = Name(gatekeeper_identifier, gatekeeper);
                write!(f, "Registered with {name} as {endpoint_identifier}")?;
                time_to_live.map_or(Ok(()), |seconds| write!(f, " for {seconds} s"))?;
                match (presence, messages) {
                    (true, true) => f.write_str(", with presence and messages over RAS."),
                    (true, false) => f.write_str(", with presence."),
                    (false, true) => f.write_str(", with messages over RAS."),
                    (false, false) => f.write_str("."),
                }
            }
            Self::RegistrationRejected { reason } => write!(f, "The gatekeeper refuses: {reason}."),
            Self::Unregistered { by: Side::Endpoint, .. } => f.write_str("Unregistered."),
            Self::Unregistered { reason, .. } => {
                let reason = reason.as_deref().unwrap_or("no reason given");
                write!(f, "The gatekeeper ended the registration: {reason}.")
            }
            Self::GatekeeperLost { gatekeeper, next } => {
                match gatekeeper {
                    Some(address) => write!(f, "The gatekeeper at {address} does not answer."),
                    None => f.write_str("No gatekeeper was found."),
                }?;
                next.map_or(Ok(()), |next| write!(f, " Trying {next}."))
            }
            _ => Ok(()),
        }
    }

    fn write_call(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calling { to, .. } => write!(f, "Calling {to}."),
            Self::Alerting { remote, .. } => write!(f, "It rings at {remote}."),
            Self::Incoming { from, call_identifier } => {
                write!(f, "{from} calls ({call_identifier}). `answer` takes the call, `hangup` refuses it.")
            }
            Self::Connected { remote, .. } => write!(f, "Connected with {remote}."),
            Self::Ended { remote, by, reason, .. } => match by {
                Side::Remote => write!(f, "{remote} ended the call: {reason}."),
                Side::Gatekeeper => write!(f, "The gatekeeper ended the call with {remote}: {reason}."),
                Side::Endpoint | Side::Network => write!(f, "The call with {remote} ended: {reason}."),
            },
            Self::AdmissionRejected { reason, .. } => {
                write!(f, "The gatekeeper does not allow the call: {reason}.")
            }
            _ => Ok(()),
        }
    }

    fn write_presence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirmed { command, alias } => write!(f, "Confirmed: {}.", Asked(command, alias)),
            Self::Refused { command, alias, reason } => {
                write!(f, "The gatekeeper refuses `{}`: {}.", Asked(command, alias), Words(reason))
            }
            Self::Unanswered { command, alias } => {
                write!(f, "The gatekeeper does not answer to `{}`.", Asked(command, alias))
            }
            Self::Contact { alias, relation, name, .. } => {
                let who = Person(alias, name);
                match *relation {
                    "subscribed" => write!(f, "{who} is on the contact list."),
                    "pending" => write!(f, "{who} is on the contact list; a decision is awaited."),
                    "unsubscribed" => write!(f, "{who} is no longer on the contact list."),
                    "blocked" => write!(f, "{who} is blocked."),
                    _ => write!(f, "{who} is no longer blocked."),
                }
            }
            Self::SubscriptionRequest { from, to, name, .. } => {
                let who = Person(from, name);
                write!(
                    f,
                    "{who} asks to see when {to} is there. `approve {from}` allows it, `deny {from}` does not."
                )
            }
            Self::Presence { alias, .. } => write!(f, "{alias} is {}.", self.state_sentence()),
            Self::Contacts { contacts, requests } if contacts.is_empty() && requests.is_empty() => {
                f.write_str("There are no contacts.")
            }
            Self::Contacts { contacts, requests } => {
                f.write_str("Contacts:")?;
                contacts.iter().try_for_each(|contact| {
                    let ContactStatus { alias, relation, state } = contact;
                    let state = state.as_deref().unwrap_or("state not told");
                    write!(f, "\n  {alias}: {relation}, {state}")
                })?;
                requests.iter().try_for_each(|request| {
                    let RequestStatus { from, name, .. } = request;
                    write!(f, "\n  {} asks to watch", Person(from, name))
                })
            }
            _ => Ok(()),
        }
    }

    /// The state with all that belongs to it, in words; empty for other events.
    pub(super) fn state_sentence(&self) -> String {
        let Self::Presence { state, texts, notes, features, location, .. } = self else {
            return String::new();
        };
        let mut sentence = if texts.is_empty() { Words(state).to_string() } else { joined(texts) };
        if !notes.is_empty() {
            sentence += &format!(" ({})", joined(notes));
        }
        if !features.is_empty() {
            sentence += &format!(", with {}", features.join(", "));
        }
        if let Some(location) = location {
            sentence += &format!(", at {}", place(location));
        }
        sentence
    }

    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { from, text, way, sent_at, delayed, group, .. } => {
                let way = match way {
                    Way::Single | Way::Ras => "",
                    Way::Session => " (session)",
                    Way::Call => " (call)",
                };
                match group {
                    Some(group) => write!(f, "{from} in {group}{way}: {text}")?,
                    None => write!(f, "{from}{way}: {text}")?,
                }
                match sent_at {
                    Some(at) if *delayed => write!(f, " [written {at}]"),
                    _ => Ok(()),
                }
            }
            Self::Carbon { to, text, .. } => write!(f, "You wrote to {to} on another device: {text}"),
            Self::Sending { to, .. } => write!(f, "Sending to {to}."),
            Self::Receipt { to, receipt: "accepted", .. } => write!(f, "On its way to {to}."),
            Self::Receipt { to, receipt: "stored", .. } => {
                write!(f, "{to} is away and will get it later.")
            }
            Self::Receipt { to, .. } => write!(f, "{to} has seen it."),
            Self::Typing { from, composing: true } => write!(f, "{from} is writing."),
            Self::Typing { from, .. } => write!(f, "{from} stopped writing."),
            Self::Delivered { to, .. } => write!(f, "Delivered to {to}."),
            Self::NotDelivered { to, reason, .. } => write!(f, "Not delivered to {to}: {}.", Words(reason)),
            Self::SessionOpened { with, by: Side::Remote, .. } => {
                write!(f, "{with} opened a session. `say {with} TEXT` answers, `close {with}` ends it.")
            }
            Self::SessionOpened { with, .. } => {
                write!(
                    f,
                    "The session with {with} is open. `say {with} TEXT` writes, `close {with}` ends it."
                )
            }
            Self::SessionClosed { with, by, reason, .. } => {
                match by {
                    Side::Remote => write!(f, "{with} closed the session"),
                    _ => write!(f, "The session with {with} is closed"),
                }?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {}", Words(reason)))?;
                f.write_str(".")
            }
            Self::SessionFailed { with, reason, unsaid, .. } => {
                write!(f, "The session with {with} could not be opened: {}.", Words(reason))?;
                if *unsaid > 0 { write!(f, " Texts not said: {unsaid}.") } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}

/// What a command asked.
struct Asked<'a>(&'a str, &'a Option<String>);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        self.1.as_ref().map_or(Ok(()), |alias| write!(f, " {alias}"))
    }
}

/// Somebody by the name people use, where there is one.
struct Person<'a>(&'a str, &'a Option<String>);

impl fmt::Display for Person<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(alias, Some(name)) => write!(f, "{name} ({alias})"),
            Self(alias, None) => f.write_str(alias),
        }
    }
}

/// A name of H.225.0 or Q.850 as words: `calledPartyNotRegistered` is "called party not registered".
struct Words<'a>(&'a str);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            'A'..='Z' => write!(f, " {}", character.to_ascii_lowercase()),
            other => write!(f, "{other}"),
        })
    }
}

/// Texts, each behind its language where there are several.
fn joined(texts: &[Note]) -> String {
    let text = |note: &Note| match &note.language {
        Some(language) if texts.len() > 1 => format!("{language}: {}", note.text),
        _ => note.text.clone(),
    };
    texts.iter().map(text).collect::<Vec<_>>().join(" / ")
}

fn place(location: &Location) -> String {
    let Location { locale, region, country, country_code, latitude, longitude, elevation } = location;
    let members = [locale, region, country, country_code, latitude, longitude, elevation];
    members.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// A gatekeeper as people are shown it.
struct Name<'a>(&'a Option<String>, &'a SocketAddr);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Some(name), address) => write!(f, "{name} ({address})"),
            Self(None, address) => address.fmt(f),
        }
    }
}
