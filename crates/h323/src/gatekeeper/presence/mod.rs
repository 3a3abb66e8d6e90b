//! Presence over RAS, as deployed endpoints speak it.
//!
//! `feature` negotiates it; `contents` takes it out of requests and `wish` says what it asks of the engine; `received`
//! confirms a request when all it asked for is done. `state` holds the tables of states, `presentity` translates what
//! people publish, `contact` whom they watch. `outbox` holds what an endpoint is still to be told, `indication` makes
//! datagrams of it, and `told` sends them.

mod contact;
mod contents;
mod feature;
mod indication;
mod outbox;
mod presentity;
mod received;
mod state;
mod told;
mod wish;

pub(super) use contents::{Contents, descriptors};
pub(super) use feature::Offer;
pub(super) use outbox::Outboxes;
pub(super) use received::{Confirmation, Received};
