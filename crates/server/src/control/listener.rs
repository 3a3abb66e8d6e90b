//! The server's side of the control socket: one thread for each client.

use super::{Answer, Answering, Failure, FailureKind, LINE_OCTETS_MAX, Operator, Question, SOCKET};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a client may take to read what it asked for before it is cut off.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// How long a client may be silent between two questions.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// How long the thread pauses that found no room for a client's file, so that it does not turn in a circle.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The control socket.
pub(crate) struct Listener {
    path: PathBuf,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens in a directory that the caller holds the lock of.
    pub fn start(directory: &Path, clients_max: usize, answering: Answering) -> io::Result<Self> {
        let path = directory.join(SOCKET);
        // What a killed process left behind; a living one would hold the lock.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let is_stopping = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&is_stopping);
        let clients = Arc::new(AtomicUsize::new(0));
        let thread = thread::Builder::new().name("control".to_owned()).spawn(move || {
            let mut is_failing = false;
            for stream in listener.incoming() {
                if stops.load(Ordering::Relaxed) {
                    return;
                }
                match stream {
                    Ok(stream) => {
                        is_failing = false;
                        accept(stream, clients_max, &clients, &answering);
                    }
                    Err(error) => {
                        // It is told once: a lack of descriptors lasts, and a log of it would fill the disk as well.
                        if !std::mem::replace(&mut is_failing, true) {
                            tracing::warn!(event = "control.refused", %error, "Clients can't be accepted; they wait.");
                        }
                        thread::sleep(ACCEPT_PAUSE);
                    }
                }
            }
        })?;
        Ok(Self { path, is_stopping, thread: Some(thread) })
    }

    /// Accepts nobody more. Clients that are being answered are cut off when the process ends.
    pub fn stop(mut self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        // A connection of our own ends the wait for one.
        let is_woken = UnixStream::connect(&self.path).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| is_woken) {
            let _ = thread.join();
        }
        let _ = fs::remove_file(&self.path);
    }
}

fn accept(stream: UnixStream, clients_max: usize, clients: &Arc<AtomicUsize>, answering: &Answering) {
    if clients.load(Ordering::Relaxed) >= clients_max {
        let text = format!("the server has {clients_max} clients already (clients_max); try again later");
        let _ = write(&mut &stream, &Answer::Failed(Failure::new(FailureKind::Unavailable, text)));
        return;
    }
    clients.fetch_add(1, Ordering::Relaxed);
    let place = Place(Arc::clone(clients));
    let answering = answering.clone();
    let spawned = thread::Builder::new().name("control-client".to_owned()).spawn(move || {
        let _place = place;
        // A client that hangs up or is silent is no event.
        let _ = converse(&stream, &answering);
    });
    if let Err(error) = spawned {
        tracing::warn!(event = "control.refused", %error, "There is no thread for a client.");
    }
}

/// A client's place, free again when dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn converse(stream: &UnixStream, answering: &Answering) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_MAX))?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    let operator = Operator::of(stream);
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        if reader.by_ref().take(LINE_OCTETS_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let mut answers = Answers { stream, cut: &answering.report.clients_cut };
        let outcome = match serde_json::from_slice::<Question>(&line) {
            Ok(question) => answering.answer(question, &operator, &mut answers)?,
            Err(error) => Err(Failure::new(FailureKind::Malformed, format!("not a question: {error}"))),
        };
        answers.give(&outcome.map_or_else(Answer::Failed, |()| Answer::End))?;
    }
}

/// Where answers go.
pub(crate) struct Answers<'a> {
    stream: &'a UnixStream,
    /// Counts the clients that did not read.
    cut: &'a AtomicU64,
}

impl Answers<'_> {
    /// Writes one answer.
    pub fn give(&mut self, answer: &Answer) -> io::Result<()> {
        write(&mut self.stream, answer).inspect_err(|error| {
            if error.kind() == io::ErrorKind::WouldBlock {
                self.cut.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// Whether the client has hung up.
    pub fn is_gone(&self) -> bool {
        let mut descriptors = [PollFd::new(self.stream.as_fd(), PollFlags::POLLIN)];
        let is_ready = poll(&mut descriptors, PollTimeout::ZERO).is_ok_and(|ready| ready > 0);
        // While it watches or follows a client has nothing to say, so whatever it does is the end.
        is_ready
    }
}

fn write(stream: &mut &UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    stream.write_all(&line)
}
