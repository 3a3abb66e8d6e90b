//! `herald import`.

use crate::arguments::ImportArguments;
use crate::exit::Failure;
use crate::{configuration, print};
use server::import::{self, Imported};
use std::io::IsTerminal;
use std::path::Path;

/// Lines between two words of progress.
const PROGRESS_LINES: u64 = 100_000;

/// Brings people with their names and contact lists.
pub fn run(data: &Path, arguments: &ImportArguments) -> Result<(), Failure> {
    let (settings, _) = configuration::read(data, &arguments.configuration)?;
    let is_watched = std::io::stderr().is_terminal();
    let progress = |lines: u64| {
        if is_watched && lines.is_multiple_of(PROGRESS_LINES) {
            eprintln!("{lines} lines");
        }
    };
    let imported = import::import(&settings, data, &arguments.file, progress).map_err(Failure::new)?;
    if arguments.json {
        return print::json(&imported);
    }
    let Imported { lines, principals, names, subscriptions, blocks } = imported;
    print::line(&format!(
        "{lines} lines: {principals} new people, rooms and machines, {names} new names, {subscriptions} new \
         subscriptions and {blocks} new blocks."
    ))
}
