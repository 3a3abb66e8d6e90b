//! The engine as its driver sees it, in virtual time.

// A scene that does not play as written fails its test.
#![allow(clippy::unwrap_used)]

mod attendance;
mod blocks;
mod claims;
mod contact_properties;
mod conversations;
mod correspondence;
mod decisions;
mod explanation;
mod fates;
mod groups;
mod inbox;
mod inference;
mod messages;
mod people;
mod properties;
mod published;
mod receipts;
mod restart;
mod roster;
mod ruling;
mod scene;
mod watchers;
