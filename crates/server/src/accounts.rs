//! `calls.jsonl`: the account of each call that has ended, one line of JSON, for programs that read files.
//!
//! A thread of its own writes it, because a slow disk must not hold up anybody's presence. The accounts are in the
//! store as well; what this file misses is not lost.

use crate::control::as_json;
use crate::settings::CallsSettings;
use crossbeam_channel::{Sender, bounded};
use model::CallDetailRecord;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

/// Accounts that may wait for a slow disk; what comes beyond is counted and left out.
const WAITING_MAX: usize = 4096;

/// The name of the file.
const FILE: &str = "calls.jsonl";

/// The way to the file; nothing is written where there is none.
pub(crate) struct Accounts {
    lines: Option<Sender<String>>,
    missed: Arc<AtomicU64>,
}

impl Accounts {
    /// Starts to write in a directory, if the settings say so. The thread ends when this is dropped.
    pub fn start(directory: &Path, settings: &CallsSettings) -> io::Result<(Self, Option<JoinHandle<()>>)> {
        let missed = Arc::default();
        if !settings.file {
            return Ok((Self { lines: None, missed }, None));
        }
        let (lines, waiting) = bounded::<String>(WAITING_MAX);
        let mut file = RotatingFile::new(directory.join(FILE), settings);
        let missing = Arc::clone(&missed);
        let thread = thread::Builder::new().name("accounts".to_owned()).spawn(move || {
            let mut is_failing = false;
            for line in waiting {
                let outcome = file.append(line.as_bytes());
                if let Err(error) = &outcome {
                    missing.fetch_add(1, Ordering::Relaxed);
                    if !is_failing {
                        let path = file.path.display();
                        tracing::warn!(
                            event = "calls.file_failed",
                            %error,
                            "{path} can't be written; accounts of calls are kept in the store only."
                        );
                    }
                }
                is_failing = outcome.is_err();
            }
        })?;
        Ok((Self { lines: Some(lines), missed }, Some(thread)))
    }

    /// Writes nothing, for tests of others.
    #[cfg(test)]
    pub fn nowhere() -> Self {
        Self { lines: None, missed: Arc::default() }
    }

    /// Hands in an account.
    pub fn write(&self, record: &CallDetailRecord) {
        let Some(lines) = &self.lines else { return };
        let handed_in = line(record).is_some_and(|line| lines.try_send(line).is_ok());
        if !handed_in {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts the accounts that are not in the file.
    pub fn missed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.missed)
    }
}

/// The account as JSON with moments as text.
fn line(record: &CallDetailRecord) -> Option<String> {
    let mut line = serde_json::to_string(&as_json(record)).ok()?;
    line.push('\n');
    Some(line)
}

/// A file that is set aside when it has reached a size.
struct RotatingFile {
    path: PathBuf,
    octets_max: u64,
    kept: u8,
    open: Option<(File, u64)>,
}

impl RotatingFile {
    fn new(path: PathBuf, settings: &CallsSettings) -> Self {
        let octets_max = u64::from(settings.file_size_max) * 1024 * 1024;
        Self { path, octets_max, kept: settings.files_kept, open: None }
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|(_, octets)| octets + line.len() as u64 > self.octets_max) {
            self.open = None;
            self.set_aside()?;
        }
        let (file, octets) = match &mut self.open {
            Some(open) => open,
            None => {
                let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
                let octets = file.metadata()?.len();
                self.open.insert((file, octets))
            }
        };
        match file.write_all(line) {
            Ok(()) => {
                *octets += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Opened again for the next line: the disk may have been exchanged.
                self.open = None;
                Err(error)
            }
        }
    }

    /// `calls.jsonl` becomes `.1`, `.1` becomes `.2`; the oldest is overwritten.
    fn set_aside(&self) -> io::Result<()> {
        if self.kept == 0 {
            return fs::remove_file(&self.path);
        }
        for number in (1..self.kept).rev() {
            match fs::rename(self.numbered(number), self.numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, self.numbered(1))
    }

    fn numbered(&self, number: u8) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_set_aside_and_the_oldest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        let mut file = RotatingFile { path: path.clone(), octets_max: 4, kept: 2, open: None };
        for line in ["aa\n", "bb\n", "cc\n", "dd\n"] {
            file.append(line.as_bytes()).unwrap();
        }
        let content = |suffix: &str| fs::read_to_string(format!("{}{suffix}", path.display())).ok();
        assert_eq!(content("").as_deref(), Some("dd\n"));
        assert_eq!(content(".1").as_deref(), Some("cc\n"));
        assert_eq!(content(".2").as_deref(), Some("bb\n"));
        assert_eq!(content(".3"), None);
    }

    #[test]
    fn a_line_after_a_restart_is_appended() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        for line in ["aa\n", "bb\n"] {
            let mut file = RotatingFile { path: path.clone(), octets_max: 100, kept: 2, open: None };
            file.append(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(path).unwrap(), "aa\nbb\n");
    }

    #[test]
    fn accounts_that_cannot_be_written_are_counted() {
        let (accounts, thread) =
            Accounts::start(Path::new("/nowhere/at/all"), &CallsSettings::default()).unwrap();
        let record = crate::control::tests::call_record();
        accounts.write(&record);
        let missed = accounts.missed();
        drop(accounts);
        thread.unwrap().join().unwrap();
        assert_eq!(missed.load(Ordering::Relaxed), 1);
    }
}
