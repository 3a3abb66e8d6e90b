//! The common formats as whoever uses the crate sees them.

#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in the tests themselves, but not in what they share"
)]

mod composing;
mod documents;
mod hostile;
mod messages;
mod namespaces;
mod tables;
mod xml;
