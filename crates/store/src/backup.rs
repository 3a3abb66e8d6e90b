//! Copies of the database that can be trusted: made while it is written, checked before they have their name.

use crate::connection::{self, DATABASE};
use crate::lock::{DATA_DIRECTORY_LOCK, Lock};
use crate::{StoreError, check, log, migration};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Held while a backup of this data directory is made.
const BACKUP_LOCK: &str = "backup.lock";

/// Writes a checked copy of the database in `data_dir` to the file `to`, replacing an older backup there.
///
/// Works beside a running server and without one; the server goes on writing, and the copy is the state of one
/// moment. The copy holds no deleted rows, is one file, and appears under its name only when it is complete,
/// sound and on the disk: an interrupted backup leaves the older one untouched (and `<to>.partial`, which the
/// next one removes). One backup of a directory at a time.
pub fn backup(data_dir: &Path, to: &Path) -> Result<(), StoreError> {
    let database = data_dir.join(DATABASE);
    refuse_own_files(data_dir, to)?;
    let _lock = Lock::take(data_dir, BACKUP_LOCK).map_err(|error| match error {
        StoreError::Locked { .. } => {
            StoreError::Busy { what: "another backup of this data directory is running" }
        }
        error => error,
    })?;
    // A running server has checked the log itself, and writes it.
    if let Ok(_free) = Lock::take(data_dir, DATA_DIRECTORY_LOCK) {
        log::check(&database)?;
    }
    let partial = with_suffix(to, ".partial");
    copy(&database, &partial)?;
    rename(&partial, to)
}

/// Copies a database to a new file, checks the copy fully and makes it durable; removes it where that fails.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    remove_if_there(to)?;
    let outcome = copy_content(from, to).and_then(|()| verify(to)).and_then(|()| {
        File::open(to)
            .and_then(|file| file.sync_all())
            .map_err(|error| StoreError::from_io("sync", to, &error))
    });
    if outcome.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(to);
    }
    outcome
}

/// Fails unless the file is a complete and sound database of Herald of a version this build knows.
pub(crate) fn verify(file: &Path) -> Result<(), StoreError> {
    let mut reader = connection::open_reader(file)?;
    if migration::version(&reader, file)? == 0 {
        return Err(StoreError::NotHerald { file: file.to_path_buf() });
    }
    check::check_fully(&mut reader, file, || false).map(|_| ())
}

/// Gives a file its final name, durably.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|error| StoreError::from_io("rename a file to", to, &error))?;
    to.parent().map_or(Ok(()), connection::sync_directory)
}

/// The path with something added to its file name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// `VACUUM INTO` reads one snapshot and writes a compact file without the content of deleted rows.
fn copy_content(from: &Path, to: &Path) -> Result<(), StoreError> {
    let reader = connection::open_reader(from)?;
    if migration::version(&reader, from)? == 0 {
        return Err(StoreError::NotHerald { file: from.to_path_buf() });
    }
    connection::create_file(to)?;
    let name = to.to_str().ok_or_else(|| {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "its name is not UTF-8");
        StoreError::from_io("write", to, &error)
    })?;
    reader.execute("VACUUM INTO $1", [name]).map(|_| ()).map_err(|error| {
        match StoreError::from_sqlite(from, &error) {
            damaged @ StoreError::Corrupt { .. } => damaged,
            // Everything else SQLite meets here, it meets where it writes.
            _ => StoreError::from_sqlite(to, &error),
        }
    })
}

fn refuse_own_files(data_dir: &Path, to: &Path) -> Result<(), StoreError> {
    let resolve = |path: &Path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        path.canonicalize().map_err(|error| StoreError::from_io("find the directory", path, &error))
    };
    let directory = resolve(to.parent().unwrap_or(to))?;
    let is_ours = to.file_name().is_none_or(|name| {
        [DATABASE, "herald.db-wal", "herald.db-shm", "herald.lock", BACKUP_LOCK]
            .iter()
            .any(|ours| name == *ours)
    });
    if is_ours && directory == resolve(data_dir)? {
        return Err(StoreError::TargetInUse { path: to.to_path_buf() });
    }
    Ok(())
}

fn remove_if_there(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::from_io("remove", file, &error))
        }
        _ => Ok(()),
    }
}
