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

    /// The wait has ended because of us: takes what ended it.
    pub fn drain(&self) {
        let _ = (&self.waiting).read(&mut [0; 16]);
    }

    /// Lets what is given from now on end a wait. To be called after [`Self::drain`] and before the inputs are taken:
    /// what came before is among them. If this took what ends a wait as well, it could take that of an input that
    /// comes in between, and all further ones would think that the wait ends already.
    pub fn clear(&self) {
        self.is_woken.swap(false, Ordering::AcqRel);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waiting.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn no_input_is_overslept_however_the_threads_meet() {
        const INPUTS: u32 = 50_000;
        let waker = Arc::new(Waker::new().unwrap());
        let (inputs_in, inputs) = channel();
        let giving = {
            let waker = Arc::clone(&waker);
            thread::spawn(move || {
                for number in 0..INPUTS {
                    inputs_in.send(number).unwrap();
                    waker.wake();
                    // So that they meet at every place of the other's round.
                    (0..number % 97).for_each(|_| std::hint::spin_loop());
                }
            })
        };
        let mut taken = 0;
        while taken < INPUTS {
            waker.clear();
            taken += u32::try_from(inputs.try_iter().count()).unwrap();
            if taken < INPUTS {
                let mut descriptors = [PollFd::new(waker.as_fd(), PollFlags::POLLIN)];
                let woken = poll(&mut descriptors, PollTimeout::from(10_000u16)).unwrap();
                assert_eq!(woken, 1, "{taken} of {INPUTS} were taken when one was overslept");
                waker.drain();
            }
        }
        giving.join().unwrap();
    }
}
