//! The contract between a protocol and Herald.
//!
//! A [`Link`] holds all conversations of one gateway and does no IO: the server feeds it one input, drains
//! [`Link::poll`] until it gives `None`, and comes back with the next input or at [`Link::deadline`]. Everything a
//! link wants done, from sending octets to asking the engine, comes out of `poll` as an [`Output`].
//!
//! ```text
//! link.receive(now, channel, Input::Datagram { .. });   // or apply, timeout, command
//! while let Some(output) = link.poll() { .. }
//! sleep_until(link.deadline());
//! ```

#![warn(missing_docs)]

mod channel;
mod command;
mod output;
mod resolving;
mod tls;

pub use channel::{ChannelId, Closure, Input};
pub use command::{
    CallSummary, Command, CommandError, Counter, EndpointSummary, LimitedSummary, Outcome, Traced,
};
pub use output::{Level, Output};
pub use resolving::{ResolveError, ServiceName, Target};
pub use tls::{PeerCertificate, Tls};

use model::{Effect, Instant, Now, SoftRecord};

/// All conversations of one gateway on one shard of it, without IO.
pub trait Link: Send {
    /// Takes one input from a channel. Malformed input is answered by the protocol's own means, counted, and never
    /// an error here.
    fn receive(&mut self, now: Now, channel: ChannelId, input: Input<'_>);

    /// Takes what came of an [`Output::Resolve`]: servers in the order in which they are to be tried.
    fn resolved(&mut self, _now: Now, _query: u64, _found: Result<Vec<Target>, ResolveError>) {}

    /// Whether more octets of a connection may come now. While not, the server leaves them to the system, where its
    /// peer feels it; it asks again after each turn.
    fn takes(&self, _channel: ChannelId) -> bool {
        true
    }

    /// Takes what the engine asks of this link or replies to it.
    fn apply(&mut self, now: Now, effect: Effect);

    /// Does what is due at [`Self::deadline`]; harmless when called early.
    fn timeout(&mut self, now: Now);

    /// Does what an operator asks.
    ///
    /// # Errors
    /// It can't be done; the error says why.
    fn command(&mut self, now: Now, command: Command) -> Result<Outcome, CommandError>;

    /// The next thing this link wants done; `None` when it wants nothing more for now.
    fn poll(&mut self) -> Option<Output>;

    /// When [`Self::timeout`] is to be called; `None` when nothing is pending.
    fn deadline(&self) -> Option<Instant>;

    /// The soft state that changed since the last call, at most `limit` records; what is left over comes next
    /// time. The server writes it every few seconds and at shutdown.
    fn snapshot(&mut self, now: Now, limit: usize) -> Vec<SoftRecord>;

    /// Takes back a record of an earlier process, before the first input. The link offers the engine again what
    /// follows from it. A record that can't be read is counted and dropped.
    fn restore(&mut self, now: Now, record: SoftRecord);
}
