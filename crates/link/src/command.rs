//! What operators ask of a link, and what they are shown.

use model::{Address, AgentId, Credential, Timestamp};
use serde::{Deserialize, Serialize};

/// What an operator asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Show the registered endpoints, in order of registration.
    Endpoints {
        /// Only those with an alias that contains this text; all where it is empty.
        filter: String,
        /// At most so many.
        limit: usize,
    },
    /// Show the calls in progress, the oldest first.
    Calls {
        /// At most so many.
        limit: usize,
    },
    /// End a call, named by its identifier, or all calls of an endpoint, named by one of its aliases.
    Disconnect {
        /// The name.
        call: String,
    },
    /// Unregister an endpoint, named by one of its aliases or its identifier.
    Unregister {
        /// The name.
        endpoint: String,
    },
    /// Follow an endpoint: every message from and to it comes as [`Output::Traced`](crate::Output::Traced).
    Trace {
        /// A number for it, to end it by.
        trace: u64,
        /// One of its aliases, whether it is registered yet or not.
        endpoint: String,
    },
    /// Follow it no more.
    Untrace {
        /// Its number.
        trace: u64,
    },
    /// Show the counters.
    Counters,
    /// Show who is limited, or was a short time ago.
    Limited,
    /// A user is known from now on by this, and by nothing that was before.
    SetUser(Box<Credential>),
    /// A user is known no more.
    RemoveUser {
        /// The user's name.
        name: String,
    },
    /// A user may not register any more, nor may anybody else under the user's addresses; who is registered under one is
    /// not any more. [`Command::SetUser`] and [`Command::RemoveUser`] end it.
    DisableUser {
        /// The user's name.
        name: String,
        /// The user's addresses.
        addresses: Box<[Address]>,
    },
}

/// What came of a command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Of [`Command::Endpoints`].
    Endpoints(Vec<EndpointSummary>),
    /// Of [`Command::Calls`].
    Calls(Vec<CallSummary>),
    /// Of [`Command::Disconnect`] and [`Command::Unregister`]: how many were ended.
    Ended(usize),
    /// Of [`Command::Trace`] and [`Command::Untrace`].
    Tracing,
    /// Of [`Command::Counters`].
    Counters(Vec<Counter>),
    /// Of [`Command::Limited`].
    Limited(Vec<LimitedSummary>),
    /// Of [`Command::SetUser`], [`Command::RemoveUser`] and [`Command::DisableUser`].
    Known,
}

/// A message from or to an endpoint that is followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traced {
    /// For which of the traces.
    pub trace: u64,
    /// When.
    pub at: Timestamp,
    /// Whether it came to us; else we sent it.
    pub is_received: bool,
    /// The protocol, for example `RAS` or `H.225.0`.
    pub protocol: String,
    /// The other side.
    pub peer: String,
    /// The name of the message, for example `registrationRequest`.
    pub name: String,
    /// The message, decoded, in the reading that `herald wire` gives.
    pub reading: serde_json::Value,
}

/// Why a command can't be done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CommandError {
    /// There is no such call.
    #[error("there is no call {0}, and no endpoint of that name in a call; `herald calls` lists them")]
    NoCall(String),
    /// There is no such endpoint.
    #[error("no endpoint {0} is registered; `herald endpoints` lists them")]
    NoEndpoint(String),
    /// Enough are followed already.
    #[error("as many endpoints are followed as may be; end another `herald trace` first")]
    TracesExhausted,
    /// This link has no such thing.
    #[error("this gateway can't do that")]
    Unsupported,
}

/// A registered endpoint as operators see it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSummary {
    /// Herald's number for it.
    pub agent: AgentId,
    /// The identifier it was given, in the protocol's own form.
    pub identifier: String,
    /// Its aliases as it registered them, as `kind` and text.
    pub aliases: Vec<(String, String)>,
    /// The address of its presentity, once known.
    pub presentity: Option<String>,
    /// `terminal`, `gateway`, `mcu` or `gatekeeper`.
    pub kind: String,
    /// Product and version as it tells them.
    pub product: Option<String>,
    /// Where its RAS messages come from.
    pub ras_address: String,
    /// Where it takes calls.
    pub call_signal_addresses: Vec<String>,
    /// Since when it is registered.
    pub registered_at: Timestamp,
    /// When it was heard last.
    pub heard_at: Timestamp,
    /// When its registration ends unless it is heard again.
    pub expires_at: Timestamp,
    /// `registered`, or `probing` while the server asks whether it is still there.
    pub state: String,
    /// The generic features it offered.
    pub features: Vec<String>,
    /// Its calls in progress.
    pub calls: usize,
}

/// A call in progress as operators see it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallSummary {
    /// Its identifier, 32 hexadecimal digits.
    pub call_identifier: String,
    /// The calling side.
    pub caller: String,
    /// The called side.
    pub callee: String,
    /// `admitted` until it is known to be answered, then `answered`.
    pub state: String,
    /// When it was admitted.
    pub admitted_at: Timestamp,
    /// When it was answered, as far as known.
    pub answered_at: Option<Timestamp>,
    /// How the answer was learnt.
    pub evidence: Option<String>,
    /// Bandwidth granted, in units of 100 bit/s.
    pub bandwidth: u32,
}

/// A source of requests that is over a limit, or was a short time ago.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitedSummary {
    /// An address, or a network as address and prefix.
    pub source: String,
    /// What is limited, in words.
    pub limit: String,
    /// How many were refused.
    pub refused: u64,
    /// When the first was.
    pub since: Timestamp,
    /// When the last was.
    pub last: Timestamp,
    /// Whether none has been for a minute.
    pub is_over: bool,
}

/// A number that only grows, or a size.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    /// Its stable name.
    pub name: String,
    /// Its value.
    pub value: u64,
    /// In a few words what is counted.
    pub help: String,
}
