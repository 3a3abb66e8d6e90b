//! The engine as its driver sees it, in virtual time.

// A scene that does not play as written fails its test.
#![allow(clippy::unwrap_used)]

mod attendance;
mod blocks;
mod claims;
mod conferences;
mod contact_properties;
mod conversations;
mod correspondence;
mod decisions;
mod explanation;
mod fates;
mod foreign;
mod groups;
mod inbox;
mod inbox_rules;
mod inference;
mod messages;
mod people;
mod personal;
mod properties;
mod published;
mod receipts;
mod refusals;
mod restart;
mod rooms;
mod roster;
mod rule_properties;
mod rules;
mod scene;
mod symmetry;
mod watchers;
