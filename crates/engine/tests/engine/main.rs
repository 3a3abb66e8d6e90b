//! The engine as its driver sees it, in virtual time.

// A scene that does not play as written fails its test.
#![allow(clippy::unwrap_used)]

mod claims;
mod explanation;
mod inference;
mod properties;
mod restart;
mod scene;
mod watchers;
