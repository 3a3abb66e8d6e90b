//! The signals that end the server.

use nix::sys::signal::{SigSet, Signal};
use std::io;
use std::thread;

/// Calls `stop` on the first SIGTERM or SIGINT, and ends the process at once on the second.
///
/// To be called before any other thread is started, because threads inherit which signals they leave alone.
pub(crate) fn on_stop(stop: impl FnOnce(&'static str) + Send + 'static) -> io::Result<()> {
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
    signals.thread_block()?;
    let mut stop = Some(stop);
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        while let Ok(signal) = signals.wait() {
            match stop.take() {
                Some(stop) => stop(signal.as_str()),
                None => std::process::exit(128 + signal as i32),
            }
        }
    })?;
    Ok(())
}
