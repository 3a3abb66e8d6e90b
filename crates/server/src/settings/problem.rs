//! What can be wrong with a configuration, each with its place.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The table; empty for what concerns the file.
    pub table: String,
    /// The field; empty for what concerns the table.
    pub field: String,
    /// The line of the file, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and what would be right.
    pub text: String,
}

impl Problem {
    /// A problem with a field that was read.
    pub(super) fn at(table: &str, field: &str, text: String) -> Self {
        Self { table: table.to_owned(), field: field.to_owned(), line: None, text }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match (self.table.as_str(), self.field.as_str()) {
            ("", _) => {}
            (table, "") => write!(f, "[{table}]: ")?,
            (table, field) => write!(f, "{field} in [{table}]: ")?,
        }
        f.write_str(&self.text)
    }
}

/// Why a configuration can't be used.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file can't be read.
    #[error("can't read {}: {error}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// The file is larger than any configuration.
    #[error("{} is larger than {limit} octets, which no configuration needs", file.display())]
    TooLarge {
        /// Which.
        file: PathBuf,
        /// How large it may be.
        limit: u64,
    },
    /// Something in it is wrong.
    #[error("{} can't be used:{}", file.display(), list(problems))]
    Wrong {
        /// Which.
        file: PathBuf,
        /// All that is wrong, in the order of the file as far as known.
        problems: Vec<Problem>,
    },
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}
