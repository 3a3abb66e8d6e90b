//! `herald bench`: load on a gatekeeper.

use crate::exit::Failure;
use crate::print;
use ::bench::BenchCommand;
use std::path::Path;

/// Measures, and prints what was found.
pub fn run(data: &Path, command: &BenchCommand) -> Result<(), Failure> {
    print::text(&::bench::run(command, data).map_err(Failure::new)?)
}
