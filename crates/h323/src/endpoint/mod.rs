//! The endpoint side of H.323: registration, calls without media, presence, messages, and what a gatekeeper asks.
//!
//! An [`Endpoint`] is what `herald endpoint` drives, and the other side of the gatekeeper in tests. It does no IO:
//! it takes a command, a datagram, what happened to a connection, or the passing of time, and gives back through
//! [`Endpoint::poll`] what is to be sent and what happened. It carries no media and opens no H.245 channel.
//!
//! ```text
//! let mut endpoint = Endpoint::new(settings, seed);
//! endpoint.command(now, Command::Register);       // or datagram, accept, opened, received, closed, timeout
//! while let Some(output) = endpoint.poll() { .. }
//! sleep_until(endpoint.deadline());
//! ```

mod admission;
mod call;
mod chat;
mod command;
mod connection;
mod contact;
mod conversation;
mod counter;
mod descriptor;
mod discovery;
mod event;
mod gatekeeper;
mod identity;
mod indication;
mod information;
mod machine;
mod message;
mod package;
mod presence;
mod presentity;
mod registration;
mod release;
mod request;
mod sentence;
mod settings;
mod signalling;
mod signature;
mod text;

pub use command::{Command, CommandError};
pub use connection::{CONNECTIONS_MAX, ConnectionId};
pub use counter::Counters;
pub use event::{CallStatus, ContactStatus, Event, RequestStatus, Side, Way};
pub use machine::{Endpoint, Output};
pub use presence::ContactChange;
pub use presentity::{read_feature, read_location};
pub use settings::{CALLS_MAX, MESSAGE_CALLS_MAX, Offers, Settings};
pub use signature::Credentials;
