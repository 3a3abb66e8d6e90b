//! The signals that end the server.

use nix::sys::signal::{SigSet, Signal};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// How long after the first signal another one counts as impatience. Supervisors and shells send the same signal
/// twice at once, to the process and to its group.
const PATIENCE: Duration = Duration::from_secs(2);

/// Calls `stop` on the first SIGTERM or SIGINT, and ends the process at once on a later one.
///
/// To be called before any other thread is started, because threads inherit which signals they leave alone.
pub(crate) fn on_stop(stop: impl FnOnce(&'static str) + Send + 'static) -> io::Result<()> {
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
    signals.thread_block()?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let Ok(first) = signals.wait() else { return };
        stop(first.as_str());
        let stopping_since = Instant::now();
        while let Ok(signal) = signals.wait() {
            if stopping_since.elapsed() >= PATIENCE {
                std::process::exit(128 + signal as i32);
            }
        }
    })?;
    Ok(())
}
