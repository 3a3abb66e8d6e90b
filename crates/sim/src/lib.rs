//! A simulated world: the engine, the promises and the gatekeeper of the server as they are, over a store on a simulated
//! disk; endpoints that people use; and between them a network without sockets and a clock that jumps from deadline to
//! deadline.
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

mod calamity;
mod check;
mod disk;
mod fault;
mod journal;
mod network;
mod operator;
mod people;
pub mod play;
mod random;
mod run;
mod seam;
mod server_side;
mod tables;
mod terminal;
mod world;

pub use check::{Checker, Violation};
pub use disk::{Disk, SimStore};
pub use fault::Fault;
pub use run::{Report, Run, Tally, run};
pub use world::World;
