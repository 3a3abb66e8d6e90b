//! Lines of bounded length.

use std::io::{self, BufRead, BufReader, Read};

/// The longest line that is taken: enough for the JSON reading of the largest message, not more than a machine
/// can spare.
pub const LINE_MAX: usize = 16 * 1024 * 1024;

/// A line without its end, and without white space around it.
pub enum Line<'a> {
    /// Its octets.
    Text(&'a [u8]),
    /// It is longer than [`LINE_MAX`] and was passed over.
    TooLong,
}

/// The lines of an input. Holds one line at a time.
pub struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

impl<R: Read> Lines<R> {
    /// The lines of `input`.
    pub fn new(input: R) -> Self {
        Self { reader: BufReader::new(input), line: Vec::new(), number: 0 }
    }

    /// Reads the next line; `None` after the last.
    ///
    /// # Errors
    /// The input fails.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut length = 0;
        loop {
            let available = self.reader.fill_buf()?;
            if available.is_empty() && length == 0 {
                return Ok(None);
            }
            let end = available.iter().position(|octet| *octet == b'\n');
            let used = end.map_or(available.len(), |end| end + 1);
            length += used;
            if length <= LINE_MAX {
                self.line.extend_from_slice(&available[..used]);
            }
            let is_last = available.is_empty();
            self.reader.consume(used);
            if end.is_some() || is_last {
                break;
            }
        }
        self.number += 1;
        Ok(Some(if length <= LINE_MAX { Line::Text(self.line.trim_ascii()) } else { Line::TooLong }))
    }

    /// Whether the next line has to be waited for, so that output should be flushed first.
    pub fn would_wait(&self) -> bool {
        !self.reader.buffer().contains(&b'\n')
    }

    /// The number of the line read last, from 1.
    pub const fn number(&self) -> u64 {
        self.number
    }
}
