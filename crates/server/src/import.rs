//! Import: people, their names and their contact lists from a file into a data directory that no server uses.
//!
//! The file is read three times: for the names, to check all the rest, and to write. So a mistake in the last line
//! leaves the store as it was, a line may name people of later lines, and no more of the file is in memory than its
//! names. It is written in parts, since a million people do not fit one commit; interrupted in between it is repeated,
//! and what is there already is left alone.

mod lines;
mod people;
mod writing;

use crate::control::audit_record;
use crate::secrets;
use crate::settings::Settings;
use lines::Lines;
use model::{AuditEvent, AuditOutcome, AuditRecord, Fact};
use people::{Known, People};
use std::path::{Path, PathBuf};
use store::{Store, StoreError};
use writing::Writing;

/// What an import did; what was there already does not count.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct Imported {
    /// Lines read; each is a person, a room or a machine.
    pub lines: u64,
    /// Principals that are new.
    pub principals: u64,
    /// Names that are new.
    pub names: u64,
    /// Subscriptions that are new.
    pub subscriptions: u64,
    /// Blocks that are new.
    pub blocks: u64,
}

/// Why nothing, or not everything, was imported.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be read.
    #[error("can't read {}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// A line can't be used; nothing was written.
    #[error("line {line}: {problem}; nothing was imported")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The configuration contradicts itself.
    #[error("the configuration can't be used: {0}")]
    Settings(String),
    /// No random numbers are to be had.
    #[error("the system refused to give random numbers: {0}")]
    Random(std::io::Error),
    /// The data directory can't be used, or not be written to.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports a file of JSON lines; `progress` is told after each how many are written.
///
/// A line is a person, room or machine: `{"names": ["room4", "7004"], "watches": ["alice"], "blocks": ["mallory"]}`, the
/// names as [`h323::alias::Alias::parse_typed`] reads them. Whoever has one of the names already gets the others too.
/// A subscription counts as agreed to.
///
/// # Errors
/// See [`ImportError`]; after one of the store, what was written before it stays.
pub fn import(
    settings: &Settings,
    data: &Path,
    file: &Path,
    mut progress: impl FnMut(u64),
) -> Result<Imported, ImportError> {
    let store = Store::open(data, settings.store_options())?;
    let key = secrets::pseudonym_key(&store, secrets::random().map_err(ImportError::Random)?)?;
    let zone = settings.zone.zone(key).map_err(ImportError::Settings)?;
    let mut people = People::new(zone, settings.engine().limits, Known::of(&store)?);
    let each = |take: &mut dyn FnMut(lines::Person) -> Result<(), Trouble>| -> Result<(), ImportError> {
        for entry in Lines::of(file)? {
            let (line, person) = entry?;
            take(person).map_err(|trouble| match trouble {
                Trouble::Line(problem) => ImportError::Line { line, problem },
                Trouble::Store(error) => ImportError::Store(error),
            })?;
        }
        Ok(())
    };
    each(&mut |person| Ok(people.learn(&person)?))?;
    each(&mut |person| people.facts(&person).map(drop).map_err(Trouble::Line))?;
    let mut imported = Imported::default();
    let mut writing = Writing::new(store.writer());
    let record = |outcome, count| {
        let record = AuditRecord { count, ..audit_record("import", file) };
        let event = AuditEvent { outcome, ..record.event };
        vec![Fact::Audited(Box::new(AuditRecord { event, ..record }))]
    };
    writing.write(record(AuditOutcome::Begun, 1))?;
    each(&mut |person| {
        let facts = people.facts(&person)?;
        imported.count(&facts);
        writing.write(facts).map_err(Trouble::Store)?;
        progress(imported.lines);
        Ok(())
    })?;
    writing.write(record(AuditOutcome::Done, imported.lines.max(1)))?;
    writing.finish()?;
    store.close()?;
    Ok(imported)
}

impl Imported {
    fn count(&mut self, facts: &[model::Fact]) {
        self.lines += 1;
        for fact in facts {
            match fact {
                model::Fact::Principal { .. } => self.principals += 1,
                model::Fact::Alias(_) => self.names += 1,
                model::Fact::Subscription(_) => self.subscriptions += 1,
                model::Fact::Block(_) => self.blocks += 1,
                _ => {}
            }
        }
    }
}

/// What can be wrong with one line or its writing.
enum Trouble {
    Line(String),
    Store(StoreError),
}

impl From<String> for Trouble {
    fn from(problem: String) -> Self {
        Self::Line(problem)
    }
}

#[cfg(test)]
mod tests;
