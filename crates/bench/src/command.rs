//! From a command line to what is printed.

use crate::arguments::BenchCommand;
use crate::error::BenchError;
use crate::{echo, im, interrupt, presence, ras};
use std::path::Path;

/// Does what the command line says; the text to print. `data` is the data directory of the server, which is asked for
/// its counters where it is the target.
///
/// # Errors
/// The target does not answer, or something else is in the way; see [`BenchError`].
pub fn run(command: &BenchCommand, data: &Path) -> Result<String, BenchError> {
    let (mut report, json) = match command {
        BenchCommand::Echo(arguments) => {
            echo::serve(arguments)?;
            return Ok(String::new());
        }
        BenchCommand::Ras(arguments) => {
            interrupt::listen();
            (ras::run(arguments, data)?, arguments.common.json)
        }
        BenchCommand::Im(arguments) => {
            interrupt::listen();
            (im::run(arguments, data)?, arguments.common.json)
        }
        BenchCommand::Presence(arguments) => {
            interrupt::listen();
            (presence::run(arguments)?, arguments.common.json)
        }
    };
    report.interrupted = interrupt::happened();
    match json {
        true => serde_json::to_string(&report)
            .map(|line| line + "\n")
            .map_err(|error| BenchError::Template(error.to_string())),
        false => Ok(report.text()),
    }
}
