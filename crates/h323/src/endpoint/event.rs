//! What an endpoint tells: as JSON for scripts, as a sentence for people.

use super::counter::Counters;
use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;

/// Who did it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// This endpoint.
    Endpoint,
    /// The gatekeeper.
    Gatekeeper,
    /// The other side of the call.
    Remote,
    /// Nobody: a connection broke, or time ran out.
    Network,
}

/// What an endpoint tells. The serialized form has the name in `event`; call identifiers have 32 hexadecimal digits.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The endpoint takes messages and calls.
    Listening {
        /// Its names.
        aliases: Vec<String>,
        /// Where it takes RAS messages.
        ras_address: SocketAddr,
        /// Where it takes calls.
        call_signal_address: SocketAddr,
    },
    /// A gatekeeper answered.
    Discovered {
        /// Where it takes RAS messages.
        gatekeeper: SocketAddr,
        /// What it calls itself.
        gatekeeper_identifier: Option<String>,
    },
    /// The gatekeeper accepted the registration.
    Registered {
        /// What the gatekeeper calls this endpoint.
        endpoint_identifier: String,
        /// Where it takes RAS messages.
        gatekeeper: SocketAddr,
        /// What it calls itself.
        gatekeeper_identifier: Option<String>,
        /// For how many seconds; for ever where there is none.
        time_to_live: Option<u32>,
        /// The names it accepted, where it lists them.
        aliases: Vec<String>,
    },
    /// The gatekeeper refused to be found or to register this endpoint.
    RegistrationRejected {
        /// Why, in the words of H.225.0.
        reason: String,
    },
    /// The registration ended.
    Unregistered {
        /// Who ended it.
        by: Side,
        /// Why, in the words of H.225.0, where the gatekeeper says.
        reason: Option<String>,
    },
    /// A call is being set up.
    Calling {
        /// Which.
        call_identifier: String,
        /// To whom.
        to: String,
    },
    /// The other side rings.
    Alerting {
        /// Which call.
        call_identifier: String,
        /// Who.
        remote: String,
    },
    /// A call rings here.
    Incoming {
        /// Which.
        call_identifier: String,
        /// From whom.
        from: String,
    },
    /// A call is answered.
    Connected {
        /// Which.
        call_identifier: String,
        /// With whom.
        remote: String,
    },
    /// A call is over.
    Ended {
        /// Which.
        call_identifier: String,
        /// With whom.
        remote: String,
        /// Who ended it.
        by: Side,
        /// Why, in the words of H.225.0 or Q.850.
        reason: String,
        /// The cause value of Q.850, where there is one.
        cause: Option<u8>,
    },
    /// The gatekeeper does not allow a call.
    AdmissionRejected {
        /// Which.
        call_identifier: String,
        /// Why, in the words of H.225.0.
        reason: String,
    },
    /// The gatekeeper does not answer.
    GatekeeperLost {
        /// Which; none where none was found.
        gatekeeper: Option<SocketAddr>,
        /// The alternate that is tried instead.
        next: Option<SocketAddr>,
    },
    /// How things stand.
    Status {
        /// What the gatekeeper calls this endpoint, while registered.
        endpoint_identifier: Option<String>,
        /// Where the gatekeeper takes RAS messages, once known.
        gatekeeper: Option<SocketAddr>,
        /// The calls.
        calls: Vec<CallStatus>,
        /// What was counted.
        counters: Counters,
    },
    /// Something could not be done.
    Error {
        /// A sentence that says what and why.
        message: String,
    },
}

/// How a call stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallStatus {
    /// Which.
    pub call_identifier: String,
    /// With whom.
    pub remote: String,
    /// `outgoing` or `incoming`.
    pub direction: &'static str,
    /// `admitting`, `opening`, `calling`, `proceeding`, `alerting` or `connected`.
    pub state: &'static str,
}

impl Event {
    /// One line of JSON, without the line end.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("an event has only text, numbers and lists of them")
    }
}

/// One or more sentences.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { aliases, ras_address, call_signal_address } => {
                let names = aliases.join(", ");
                write!(f, "I am {names}; RAS at {ras_address}, calls at {call_signal_address}.")
            }
            Self::Discovered { gatekeeper, gatekeeper_identifier } => {
                write!(f, "Gatekeeper {} answers.", Name(gatekeeper_identifier, gatekeeper))
            }
            Self::Registered {
                endpoint_identifier, gatekeeper, gatekeeper_identifier, time_to_live, ..
            } => {
                let name = Name(gatekeeper_identifier, gatekeeper);
                write!(f, "Registered with {name} as {endpoint_identifier}")?;
                time_to_live.map_or(Ok(()), |seconds| write!(f, " for {seconds} s"))?;
                f.write_str(".")
            }
            Self::RegistrationRejected { reason } => write!(f, "The gatekeeper refuses: {reason}."),
            Self::Unregistered { by: Side::Endpoint, .. } => f.write_str("Unregistered."),
            Self::Unregistered { reason, .. } => {
                let reason = reason.as_deref().unwrap_or("no reason given");
                write!(f, "The gatekeeper ended the registration: {reason}.")
            }
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
            Self::GatekeeperLost { gatekeeper, next } => {
                match gatekeeper {
                    Some(address) => write!(f, "The gatekeeper at {address} does not answer."),
                    None => f.write_str("No gatekeeper was found."),
                }?;
                next.map_or(Ok(()), |next| write!(f, " Trying {next}."))
            }
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

/// The digits of a call identifier.
pub(super) fn digits(identifier: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(identifier))
}
