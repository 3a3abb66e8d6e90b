//! The gatekeeper with scripted endpoints, an engine that says yes, and a clock that tests move.

mod admission;
mod bad_input;
mod calls;
mod liveness;
mod registration;
mod restart;
mod world;
