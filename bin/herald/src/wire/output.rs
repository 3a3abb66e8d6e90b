//! Lines of output, and a count of those that report an error.

use serde_json::{Map, Value};
use std::fmt::Display;
use std::io::{self, BufWriter, Write};

/// Buffered lines; whoever waits for input flushes first.
pub struct Output<W: Write> {
    writer: BufWriter<W>,
    errors: u64,
}

impl<W: Write> Output<W> {
    /// Lines that go to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer: BufWriter::new(writer), errors: 0 }
    }

    /// Writes a line.
    ///
    /// # Errors
    /// The writer fails.
    pub fn line(&mut self, line: &impl Display) -> io::Result<()> {
        writeln!(self.writer, "{line}")
    }

    /// Writes a line that reports an error, and counts it.
    ///
    /// # Errors
    /// The writer fails.
    pub fn error(&mut self, error: Value) -> io::Result<()> {
        self.errors += 1;
        self.line(&error)
    }

    /// Hands what is buffered to the writer.
    ///
    /// # Errors
    /// The writer fails.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// How many errors were reported.
    pub const fn errors(&self) -> u64 {
        self.errors
    }
}

/// An error report with `places` put after its member `error`.
pub fn failure<const N: usize>(error: Value, places: [(&str, Value); N]) -> Value {
    let Value::Object(error) = error else { return error };
    let mut members = error.into_iter();
    let first = members.next();
    let places = places.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Object(Map::from_iter(first.into_iter().chain(places).chain(members)))
}
