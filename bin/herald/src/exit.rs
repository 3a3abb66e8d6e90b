//! How the program ends: exit statuses and the words for failures.

use server::control::{ClientError, FailureKind};
use std::io::{self, ErrorKind};
use std::process::ExitCode;

/// Why a verb failed.
#[derive(Debug)]
pub struct Failure {
    status: u8,
    text: String,
}

/// Something failed.
const FAILED: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;
/// No server runs on the data directory.
const NOT_RUNNING: u8 = 3;
/// There is no such name.
const NOT_FOUND: u8 = 4;

impl Failure {
    /// A failure in a sentence.
    pub fn new(text: impl ToString) -> Self {
        Self { status: FAILED, text: text.to_string() }
    }

    /// Whether there is no server to ask.
    pub const fn is_not_running(&self) -> bool {
        self.status == NOT_RUNNING
    }

    /// Tells the failure; the status to exit with. Whoever reads our output and stops early is content.
    pub fn report(self) -> ExitCode {
        if self.text.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("herald: {}", self.text);
        ExitCode::from(self.status)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let status = if matches!(error, ClientError::NotRunning { .. }) { NOT_RUNNING } else { FAILED };
        Self { status, text: error.to_string() }
    }
}

impl From<server::control::Failure> for Failure {
    fn from(failure: server::control::Failure) -> Self {
        let status = match failure.kind {
            FailureKind::NotFound => NOT_FOUND,
            FailureKind::Malformed => USAGE,
            FailureKind::Unavailable => FAILED,
        };
        Self { status, text: failure.text }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let text = match error.kind() {
            ErrorKind::BrokenPipe => String::new(),
            _ => format!("can't write the output: {error}"),
        };
        Self { status: FAILED, text }
    }
}
