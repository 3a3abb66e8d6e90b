//! Checks of the database file: a short one at start, a full one beside the running server.

use crate::{Integrity, Status, StoreError, clock, connection};
use rusqlite::{Connection, ErrorCode};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How many steps of SQLite lie between two questions whether to give up.
const STEPS_BETWEEN_QUESTIONS: i32 = 50;

/// How far a check went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extent {
    /// Everything was looked at.
    Whole,
    /// It was given up before the end; what was looked at is sound.
    Part,
}

/// Looks for damage for at most `patience`: structure of the pages, not the agreement of indices and rows.
pub(crate) fn check_at_start(
    connection: &mut Connection,
    file: &Path,
    patience: Duration,
) -> Result<Extent, StoreError> {
    if patience.is_zero() {
        return Ok(Extent::Part);
    }
    let started = Instant::now();
    check(connection, file, "PRAGMA quick_check(1)", move || started.elapsed() > patience)
}

/// Looks at everything: pages, rows, indices.
pub(crate) fn check_fully(
    connection: &mut Connection,
    file: &Path,
    give_up: impl FnMut() -> bool + Send + 'static,
) -> Result<Extent, StoreError> {
    check(connection, file, "PRAGMA integrity_check(1)", give_up)
}

fn check(
    connection: &mut Connection,
    file: &Path,
    pragma: &str,
    give_up: impl FnMut() -> bool + Send + 'static,
) -> Result<Extent, StoreError> {
    let ask = |connection: &mut Connection| {
        connection.progress_handler(STEPS_BETWEEN_QUESTIONS, Some(give_up))?;
        let finding = connection.query_row(pragma, [], |row| row.get::<_, String>(0));
        connection.progress_handler(0, None::<fn() -> bool>)?;
        finding
    };
    match ask(connection) {
        Ok(finding) if finding == "ok" => Ok(Extent::Whole),
        Ok(finding) => {
            let finding = name_table(connection, finding.replace('\n', "; "));
            Err(StoreError::Corrupt { file: file.to_path_buf(), finding })
        }
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if failure.code == ErrorCode::OperationInterrupted =>
        {
            Ok(Extent::Part)
        }
        Err(error) => Err(StoreError::from_sqlite(file, &error)),
    }
}

/// SQLite names damaged pages by the number of their tree; says which table or index that is, where this can be read.
fn name_table(connection: &Connection, finding: String) -> String {
    let tree = finding.split_once("Tree ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<u32>().ok());
    let named = tree.and_then(|tree| {
        let sql = "SELECT type || ' ' || name FROM sqlite_schema WHERE rootpage = $1";
        connection.query_row(sql, [tree], |row| row.get::<_, String>(0)).ok()
    });
    match named {
        Some(named) => format!("{named}: {finding}"),
        None => finding,
    }
}

/// The full check in its own thread; at most one at a time.
#[derive(Debug, Default)]
pub(crate) struct BackgroundCheck {
    thread: Mutex<Option<JoinHandle<()>>>,
    stop: Arc<AtomicBool>,
}

impl BackgroundCheck {
    /// Starts the check; `done` is called in its thread with `Ok` for a sound database.
    pub(crate) fn start(
        &self,
        file: PathBuf,
        status: Arc<Mutex<Status>>,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let mut running = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stop.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        if running.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Err(StoreError::Busy { what: "the integrity of the database is being checked already" });
        }
        set(&status, Integrity::Running);
        let stop = Arc::clone(&self.stop);
        let thread_of = file.clone();
        let work = move || {
            let outcome = run(&file, &stop, &status);
            done(outcome);
        };
        let thread = thread::Builder::new()
            .name("store-check".to_owned())
            .spawn(work)
            .map_err(|error| StoreError::from_io("start a thread to check", &thread_of, &error))?;
        *running = Some(thread);
        Ok(())
    }

    /// Stops a running check and waits for its thread; none starts after this.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let running = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = running {
            // A panic in `done` was the caller's and has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

fn run(file: &Path, stop: &Arc<AtomicBool>, status: &Mutex<Status>) -> Result<(), StoreError> {
    let started = Instant::now();
    let stop = Arc::clone(stop);
    let outcome = connection::open_reader(file)
        .and_then(|mut reader| check_fully(&mut reader, file, move || stop.load(Ordering::Relaxed)));
    let (integrity, outcome) = match outcome {
        Ok(Extent::Whole) => (Integrity::Sound { checked_at: clock::now(), took: started.elapsed() }, Ok(())),
        Ok(Extent::Part) => (Integrity::NotChecked, Err(StoreError::Closed)),
        Err(error @ StoreError::Corrupt { .. }) => (Integrity::Damaged { error: error.clone() }, Err(error)),
        Err(error) => (Integrity::NotChecked, Err(error)),
    };
    set(status, integrity);
    outcome
}

fn set(status: &Mutex<Status>, integrity: Integrity) {
    status.lock().unwrap_or_else(PoisonError::into_inner).integrity = integrity;
}
