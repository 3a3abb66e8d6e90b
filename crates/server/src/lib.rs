//! A Herald node: the sockets, threads, queues and files around the state machines.
//!
//! The crate owns everything that does IO. A driver thread feeds a [`link::Link`] with datagrams, a shard thread
//! feeds the [`engine`] with what links ask, the [`store`] makes facts durable, and operators ask over a socket in
//! the data directory. It decides nothing about presence and knows no message of any protocol.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = server::Settings::default();
//! let node = server::Node::start(&settings, "herald-data".as_ref())?;
//! println!("listening on {:?}", node.heard().listening);
//! node.run()?; // until SIGTERM or SIGINT
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

mod accounts;
mod audit;
mod clock;
mod containment;
pub mod control;
mod counters;
mod driver;
mod gateway;
pub mod import;
mod node;
mod report;
mod resolver;
mod secrets;
pub mod settings;
pub mod shard;
mod signals;
mod soft;
mod state;
mod synchroniser;
pub mod telemetry;
mod tls;
mod vault;

pub use driver::OpenError;
pub use node::{Node, RunError, StartError};
pub use settings::Settings;
pub use state::StateMachines;
pub use tls::{TlsError, TlsFiles};
