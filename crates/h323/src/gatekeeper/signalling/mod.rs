//! Call signalling over TCP (H.225.0 clause 7.3): calls that are relayed, and instant messages, which are calls too.
//!
//! `connection` holds the table and what any connection may bring; `setup` decides what a call is. An ordinary call
//! is passed on by `relay`. Who connects to whom is said in `traversal`. An IM call is a [`conversation`] with one endpoint: `answered` where the endpoint called,
//! `placed` where Herald did; `commit` gives what was read to the engine, `delivery` takes what is to be written from
//! it, `session` is what both have in common once they are open. `pdu`, `text` and `refusal` are pure.

mod answered;
mod commit;
mod connection;
mod conversation;
mod delivery;
mod pdu;
mod placed;
mod refusal;
mod relay;
mod session;
mod setup;
mod text;
mod traversal;

pub(super) use commit::{Waiting, WaitingAdmission};
pub(super) use connection::Signalling;
pub(super) use refusal::Release;
