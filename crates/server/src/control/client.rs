//! The client's side of the control socket.

use super::{Answer, LINE_OCTETS_MAX, Question, SOCKET};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// A connection to a running server.
pub struct Client {
    stream: BufReader<UnixStream>,
}

/// Why a server can't be asked.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no server.
    #[error("no server runs on the data directory {}; start one with `herald serve`, or name its directory with `--data`", data.display())]
    NotRunning {
        /// Where one was looked for.
        data: PathBuf,
    },
    /// The socket belongs to someone else.
    #[error("you may not ask the server of {}; run this as the user that the server runs as", data.display())]
    Forbidden {
        /// Whose server.
        data: PathBuf,
    },
    /// The connection ended in the middle.
    #[error("the server hung up: it ended, has too many clients, or we read too slowly")]
    HungUp,
    /// The server said something that this program does not understand.
    #[error("the server's answer can't be read ({0}); are `herald` and the server of one version?")]
    Unreadable(String),
    /// The system refused.
    #[error("can't talk to the server: {0}")]
    Io(#[from] io::Error),
}

impl Client {
    /// Connects to the server of a data directory.
    pub fn connect(data: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(data.join(SOCKET)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ClientError::NotRunning { data: data.to_owned() }
            }
            io::ErrorKind::PermissionDenied => ClientError::Forbidden { data: data.to_owned() },
            _ => ClientError::Io(error),
        })?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks; the answers are then [read](Self::next_answer) one by one.
    pub fn ask(&mut self, question: &Question) -> Result<(), ClientError> {
        let mut line =
            serde_json::to_vec(question).map_err(|error| ClientError::Unreadable(error.to_string()))?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line).map_err(hung_up)
    }

    /// The next answer; waits for it.
    pub fn next_answer(&mut self) -> Result<Answer, ClientError> {
        let mut line = Vec::new();
        let read =
            self.stream.by_ref().take(LINE_OCTETS_MAX).read_until(b'\n', &mut line).map_err(hung_up)?;
        if read == 0 {
            return Err(ClientError::HungUp);
        }
        serde_json::from_slice(&line).map_err(|error| ClientError::Unreadable(error.to_string()))
    }
}

fn hung_up(error: io::Error) -> ClientError {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => ClientError::HungUp,
        _ => ClientError::Io(error),
    }
}
