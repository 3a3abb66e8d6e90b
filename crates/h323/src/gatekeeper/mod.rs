//! The gatekeeper: RAS with endpoints (H.225.0 clause 7), call signalling with those that may write messages, what
//! follows from both for presence, and the presence that endpoints publish and watch.
//!
//! [`Gatekeeper`] is a [`Link`](::link::Link). Each operation has a file of its own; `registration` and `call` hold the two
//! tables, `outstanding` the requests of ours that wait for an answer, `presence` what deployed endpoints know as presence.

mod admission;
mod audit;
mod authorship;
mod bandwidth;
mod call;
mod candidate;
mod claims;
mod command;
mod conference;
mod counter;
mod discovery;
mod disengage;
mod evidence;
mod information;
mod limit;
mod link;
mod liveness;
mod location;
mod messaging;
mod naming;
mod outstanding;
mod package;
mod pattern;
mod presence;
mod proof;
mod register;
mod registration;
mod registrations;
mod reply_cache;
mod request;
mod security;
mod service_control;
mod settings;
mod signalling;
mod snapshot;
mod timer;
mod trace;
mod unregister;

pub use limit::Rate;
pub use link::Gatekeeper;
pub use security::{Authentication, AuthenticationSettings};
pub use settings::{AlternateGatekeeper, LimitSettings, Network, SecondDevice, Settings, SignallingSettings};
pub use snapshot::SOFT_TABLES;
