//! Two endpoints and a small gatekeeper in one process and virtual time.

// Helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

mod calls;
mod conversations;
mod gatekeeper;
mod package;
mod presence;
mod registration;
mod robustness;
mod scripted;
mod security;
mod world;
