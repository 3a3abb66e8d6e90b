//! The engine as its driver sees it, in virtual time.

// A scene that does not play as written fails its test.
#![allow(clippy::unwrap_used)]

mod attendance;
mod blocks;
mod claims;
mod contact_properties;
mod decisions;
mod explanation;
mod inference;
mod people;
mod properties;
mod published;
mod restart;
mod roster;
mod scene;
mod watchers;
