//! A simulated world: the engine, the gatekeeper and the store of the server, endpoints that people use, and between
//! them a network without sockets and a clock that jumps from deadline to deadline.
//!
//! A [`play`] is a scene in plain text that the world acts out.
//!
//! ```text
//! alice: register
//! bob: register
//! alice: subscribe bob
//! bob sees: alice wants to see your presence
//! ```

#![warn(missing_docs)]

pub mod play;
mod server_side;
mod terminal;
mod world;

pub use world::World;
