//! What a link wants done.

use crate::{ChannelId, ServiceName, Tls, Traced};
use model::{AuditEvent, CallDetailRecord, Request};
use std::net::{IpAddr, SocketAddr};

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
    /// Open a connection; answered by [`Input::Connected`](crate::Input::Connected) or
    /// [`Input::Closed`](crate::Input::Closed). Octets sent before it is there wait.
    Open {
        /// Its channel, a number that the link has not used before, not below
        /// [`ChannelId::OPENED`](crate::ChannelId::OPENED).
        channel: ChannelId,
        /// To whom.
        peer: SocketAddr,
        /// The address of ours to come from; `None`: as the system chooses.
        local: Option<IpAddr>,
        /// How it is to be secured by TLS; it is there when that is done, and never without.
        tls: Option<Tls>,
    },
    /// Secure a connection by TLS after what was sent on it; answered by [`Input::Secured`](crate::Input::Secured) or
    /// [`Input::Closed`](crate::Input::Closed). Octets sent before it is done wait. What the peer has sent before its first
    /// octet of TLS ends the connection.
    Secure {
        /// Which.
        channel: ChannelId,
        /// How.
        tls: Tls,
    },
    /// Look up where the servers of a name are; answered by [`Link::resolved`](crate::Link::resolved).
    Resolve {
        /// Comes back with the answer.
        query: u64,
        /// The name.
        name: String,
        /// The services to look for (RFC 2782), all of equal worth; where there is none of them: the name itself.
        services: Vec<ServiceName>,
        /// The port of the name itself.
        port: u16,
    },
    /// Send octets on a connection; nothing happens where it is gone.
    Octets {
        /// On which channel.
        channel: ChannelId,
        /// The octets.
        octets: Vec<u8>,
    },
    /// Close a connection after what was sent on it; nothing happens where it is gone.
    Close {
        /// Which.
        channel: ChannelId,
    },
    /// A message from or to an endpoint that an operator follows ([`Command::Trace`](crate::Command::Trace)).
    Traced(Box<Traced>),
    /// Ask the engine.
    Request(Request),
    /// Write the account of a call.
    Call(CallDetailRecord),
    /// Tell the audit log.
    Audited(Box<AuditEvent>),
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
