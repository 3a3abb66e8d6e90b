//! Ends the wait of a thread that waits for sockets.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

/// A pair of sockets of which the waiting thread watches one.
#[derive(Debug)]
pub(crate) struct Waker {
    waiting: UnixStream,
    waking: UnixStream,
    /// Whether it was woken since it last cleared; saves a call to the system for each of many inputs.
    is_woken: AtomicBool,
}

impl Waker {
    pub fn new() -> io::Result<Self> {
        let (waiting, waking) = UnixStream::pair()?;
        waiting.set_nonblocking(true)?;
        waking.set_nonblocking(true)?;
        Ok(Self { waiting, waking, is_woken: AtomicBool::new(false) })
    }

    /// Ends the wait that is or the one that comes.
    pub fn wake(&self) {
        if !self.is_woken.swap(true, Ordering::AcqRel) {
            // A full socket wakes as well.
            let _ = (&self.waking).write(&[1]);
        }
    }

    /// Makes the next wait a real one. To be called before the inputs are taken, or one could be overslept.
    pub fn clear(&self) {
        if self.is_woken.swap(false, Ordering::AcqRel) {
            let _ = (&self.waiting).read(&mut [0; 16]);
        }
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waiting.as_fd()
    }
}
