//! The lock that gives one process a data directory for itself.

use crate::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The lock file of a server, or of a restore.
pub(crate) const DATA_DIRECTORY_LOCK: &str = "herald.lock";

/// An exclusive lock on a file, held until dropped and released by the operating system when the process dies.
///
/// The file stays: removing it would let two processes hold locks on two files of the same name.
///
/// The lock belongs to the open file, not to the descriptor: a child process that is being started holds a copy of the
/// descriptor until its program begins, and with it the lock. So the end of a lock is said, not left to the close.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock `name` in `directory` without waiting.
    ///
    /// The process number is left in the file for the error text of the next one who tries; a full disk must not
    /// keep the server from starting, so a failure to write it is passed over.
    pub(crate) fn take(directory: &Path, name: &str) -> Result<Self, StoreError> {
        let path = directory.join(name);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| StoreError::from_io("open the lock file", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {
                let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => {
                Err(StoreError::Locked { directory: directory.to_path_buf(), holder: holder(&file) })
            }
            Err(TryLockError::Error(error)) => Err(StoreError::from_io("lock", &path, &error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Where this fails, the close of the descriptor does the same, only later if a child has a copy.
        let _ = self.file.unlock();
    }
}

/// The process number a holder left in the file.
fn holder(file: &File) -> Option<u32> {
    const NUMBER_OCTETS_MAX: u64 = 16;
    let mut text = String::new();
    file.take(NUMBER_OCTETS_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_when_it_is_dropped_although_a_child_process_still_has_a_copy_of_the_descriptor() {
        let directory = tempfile::tempdir().unwrap();
        let lock = Lock::take(directory.path(), DATA_DIRECTORY_LOCK).unwrap();
        assert!(Lock::take(directory.path(), DATA_DIRECTORY_LOCK).is_err());
        let copy = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(Lock::take(directory.path(), DATA_DIRECTORY_LOCK).is_ok());
        drop(copy);
    }
}
