//! The file: JSON lines.

use super::ImportError;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line, in octets: room for a contact list at its limit.
const LINE_OCTETS_MAX: u64 = 8 * 1024 * 1024;

/// One person, room or machine as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    /// The names, the first of which it is filed under unless it is known already.
    pub names: Vec<String>,
    /// Whom it watches.
    #[serde(default)]
    pub watches: Vec<String>,
    /// Whom it has blocked.
    #[serde(default)]
    pub blocks: Vec<String>,
}

/// The lines of a file with their numbers, empty ones left out.
pub(super) struct Lines {
    file: PathBuf,
    reader: BufReader<File>,
    number: u64,
}

impl Lines {
    pub fn of(file: &Path) -> Result<Self, ImportError> {
        let opened = File::open(file).map_err(|error| ImportError::File { file: file.to_owned(), error })?;
        Ok(Self { file: file.to_owned(), reader: BufReader::new(opened), number: 0 })
    }
}

impl Iterator for Lines {
    type Item = Result<(u64, Person), ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut text = Vec::new();
            let read = (&mut self.reader).take(LINE_OCTETS_MAX).read_until(b'\n', &mut text);
            let length = match read {
                Ok(0) => return None,
                Ok(length) => length,
                Err(error) => return Some(Err(ImportError::File { file: self.file.clone(), error })),
            };
            self.number += 1;
            let line = self.number;
            if length as u64 == LINE_OCTETS_MAX && text.last() != Some(&b'\n') {
                let problem = format!("it is longer than {LINE_OCTETS_MAX} octets");
                return Some(Err(ImportError::Line { line, problem }));
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            return Some(match serde_json::from_slice(&text) {
                Ok(person) => Ok((line, person)),
                Err(error) => Err(ImportError::Line { line, problem: error.to_string() }),
            });
        }
    }
}
