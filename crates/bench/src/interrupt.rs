//! Ctrl-C: what was measured so far is shown.

use nix::sys::signal::{SigSet, Signal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

static HAPPENED: AtomicBool = AtomicBool::new(false);

/// Listens to SIGINT and SIGTERM from now on; the second one ends the process at once.
pub(crate) fn listen() {
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
    // Without it Ctrl-C ends the program without figures, which is no reason not to measure.
    if signals.thread_block().is_err() {
        return;
    }
    let _ = thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if signals.wait().is_ok() {
            HAPPENED.store(true, Ordering::Relaxed);
        }
        if let Ok(signal) = signals.wait() {
            std::process::exit(128 + signal as i32);
        }
    });
}

/// Whether somebody wants the end.
pub(crate) fn happened() -> bool {
    HAPPENED.load(Ordering::Relaxed)
}
