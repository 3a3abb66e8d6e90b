//! The words of Herald: what every other crate means when it says address, principal, presence or request.
//!
//! Types and pure functions only: no IO, no clock, no lock, no knowledge of any protocol's bytes. Gateways
//! translate their network's words into these; the engine reasons in them; the store keeps them.

#![warn(missing_docs)]

pub mod address;
mod call;
mod evidence;
mod fact;
mod identity;
mod presence;
mod request;
mod time;

pub use address::Address;
pub use call::{CallDetailRecord, CallEnd};
pub use evidence::{Evidence, EvidenceKey, Source};
pub use fact::{AliasEntry, Batch, Fact, SoftRecord};
pub use identity::{AgentId, GatewayId, Ticket, WatcherId};
pub use presence::{Availability, Basic, PresenceDocument, PresenceState, PresenceTuple, Version};
pub use request::{Claim, ClaimedAlias, Effect, Refusal, Request};
pub use time::{Instant, Millis, Now, Timestamp};
