//! The engine as its driver sees it, in virtual time.

// A scene that does not play as written fails its test.
#![allow(clippy::unwrap_used)]

mod claims;
mod correspondence;
mod explanation;
mod fates;
mod inbox;
mod inference;
mod messages;
mod properties;
mod receipts;
mod restart;
mod scene;
mod watchers;
