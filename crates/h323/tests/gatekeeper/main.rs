//! The gatekeeper with scripted endpoints, an engine that says yes, and a clock that tests move.

// A test that meets what it does not expect should stop there.
#![allow(clippy::unwrap_used)]

mod admission;
mod audit;
mod bad_input;
mod calls;
mod conferences;
mod limits;
mod liveness;
mod package;
mod presence;
mod registration;
mod restart;
mod security;
mod signalling;
mod trace;
mod world;
