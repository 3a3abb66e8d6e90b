//! The load generator behind `herald bench`.
//!
//! It plays many endpoints towards any gatekeeper, and beside them, in the same run, sends datagrams of the same sizes
//! to a bare UDP echo: what it says is a ratio. It shares the machine with the server, so it is cheap: messages are
//! encoded once and patched, many datagrams leave and come in one system call, and one thread does it all. It believes
//! nothing: every confirm is compared with what was asked, and what is lost, late, double or foreign is counted.
//!
//! ```text
//! let report = bench::run(&command)?;      // BenchCommand is the command line
//! ```

mod acquaintance;
mod admission;
mod arguments;
mod chats;
mod comeback;
mod command;
mod discovery;
mod echo;
mod endpoints;
mod error;
mod exchange;
mod flights;
mod im;
mod indication;
mod interrupt;
mod line;
mod memory;
mod presence;
mod progress;
mod publishing;
mod ras;
mod reply;
mod report;
mod settle;
mod signalling;
mod soak;
mod socket;
mod status;
mod streams;
mod tally;
mod template;

pub use arguments::{
    BenchCommand, CommonArguments, EchoArguments, MessageArguments, PresenceArguments, RasArguments,
};
pub use command::run;
pub use error::BenchError;
pub use report::{Phase, Report};
pub use socket::Buffers;
pub use tally::{Figures, Percentiles};
