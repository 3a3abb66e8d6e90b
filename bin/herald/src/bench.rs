//! `herald bench`: load on a gatekeeper.

use crate::exit::Failure;
use crate::print;
use ::bench::BenchCommand;

/// Measures, and prints what was found.
pub fn run(command: &BenchCommand) -> Result<(), Failure> {
    print::text(&::bench::run(command).map_err(Failure::new)?)
}
