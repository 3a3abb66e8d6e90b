//! What a link wants done.

use crate::ChannelId;
use model::{CallDetailRecord, Request};
use std::net::SocketAddr;

/// How much an event matters (the levels of the log).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Someone must act.
    Error,
    /// It healed by itself.
    Warn,
    /// It is about the node's life.
    Info,
    /// It is about one request.
    Debug,
}

/// One thing a link wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a datagram.
    Datagram {
        /// On which channel.
        channel: ChannelId,
        /// To whom.
        peer: SocketAddr,
        /// Its content.
        octets: Vec<u8>,
    },
    /// Ask the engine.
    Request(Request),
    /// Write the account of a call.
    Call(CallDetailRecord),
    /// Tell the operator's log.
    Event {
        /// How much it matters.
        level: Level,
        /// A stable name from the catalogue of events, for example `endpoint.lost`.
        name: &'static str,
        /// One sentence, without secrets and message bodies.
        text: String,
    },
}
