//! The log: to standard error, for people or as JSON.
//!
//! Every event has a stable name in the field `event`: those of this crate begin with `node.`, `step.`, `store.`,
//! `snapshot.`, `calls.`, `control.`, `discovery.` or `datagram.`, those of a gateway with what they are about.

use crate::settings::{LogFormat, LogLevel};
use std::io::{self, IsTerminal};
use std::panic;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// Starts the log of this process; a second call does nothing.
pub fn start(level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let builder = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(level)
        .with_target(false)
        // Where the log can't be written, for example on a full disk, that can't be told on the same stream either:
        // the attempt would be a panic, and so would the report of that.
        .log_internal_errors(false);
    // The only failure is that a log was started before.
    let _ = match format {
        LogFormat::Human => {
            let is_terminal = io::stderr().is_terminal();
            tracing::subscriber::set_global_default(
                builder.with_timer(LocalTime).with_ansi(is_terminal).finish(),
            )
        }
        LogFormat::Json => tracing::subscriber::set_global_default(
            builder.json().flatten_event(true).with_current_span(false).with_timer(UtcTime).finish(),
        ),
    };
    panic::set_hook(Box::new(|panicked| {
        let payload = panicked.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let message =
            text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        let place = panicked.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(event = "node.panic", place, "A fault in herald: {message}");
    }));
}

/// RFC 3339, UTC, for programs.
struct UtcTime;

impl FormatTime for UtcTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{:.3}", jiff::Timestamp::now())
    }
}

/// Local time with its distance from UTC, for people.
struct LocalTime;

impl FormatTime for LocalTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S%.3f%:z"))
    }
}
