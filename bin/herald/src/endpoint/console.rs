//! Lines in, events out.

use super::AFTER_HELP;
use super::input::Input;
use h323::endpoint::Event;
use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::SyncSender;

/// The most octets of a line, which may hold a text longer than any message; the rest of a longer one is passed over.
const LINE_MAX: u64 = 64 * 1024;

/// Where events go.
#[derive(Debug)]
pub struct Console {
    json: bool,
}

impl Console {
    /// Events as JSON, or as sentences.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Shows an event.
    ///
    /// # Errors
    /// Nobody reads the output any more.
    pub fn show(&self, event: &Event) -> io::Result<()> {
        let text = if self.json { event.json() } else { event.to_string() };
        let mut output = io::stdout().lock();
        writeln!(output, "{text}")?;
        output.flush()
    }

    /// Shows the commands.
    ///
    /// # Errors
    /// Nobody reads the output any more.
    pub fn help(&self) -> io::Result<()> {
        let commands = AFTER_HELP.split("\n\nEvents").next().unwrap_or_default();
        if self.json {
            let help = serde_json::json!({ "event": "help", "text": commands });
            return writeln!(io::stdout(), "{help}");
        }
        writeln!(io::stdout(), "{commands}")
    }
}

/// Reads lines until the end of input, which is the wish to quit.
pub fn read_lines(inputs: &SyncSender<Input>) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        match input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) if line.ends_with(b"\n") => {}
            // The end of input, or a line too long.
            Ok(_) => drop(input.skip_until(b'\n')),
        }
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        if !text.is_empty() && inputs.send(Input::Line(text)).is_err() {
            return;
        }
    }
    // Nobody waits for it when the endpoint has ended.
    let _ = inputs.send(Input::Quit);
}
