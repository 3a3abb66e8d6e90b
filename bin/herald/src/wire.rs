//! `herald wire`: messages as JSON and back, for people who read captures and write tests.
//!
//! The two verbs are inverse to each other, octet for octet: `herald wire decode | herald wire encode` gives back
//! every line that could be read. Neither needs a configuration or a running server.

mod capture;
mod document;
mod frame;
mod lines;
mod output;
mod stream;

use clap::{Args, Subcommand};
use h323::wire::reading;
use lines::{LINE_MAX, Line, Lines};
use output::{Output, failure};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Work on single messages.
#[derive(Debug, Subcommand)]
pub enum WireCommand {
    /// Show H.323 messages as JSON, one line for each
    ///
    /// Reads a capture (pcap or pcapng, told by its first octets) or lines of hexadecimal digits, one RAS datagram
    /// or TPKT packet on each line; spaces, colons and 0x between the octets are passed over. Out of a capture come
    /// the RAS datagrams (ports 1718 and 1719, addresses that messages name as RAS addresses, and --ras-port) and
    /// the call signalling packets (TCP port 1720, and streams that start like call signalling), each with its
    /// frame, time, source and destination.
    ///
    /// What can't be read becomes a line {"error": …, "line" or "frame": n, "hex": …} and the rest goes on.
    /// Exit status: 0 when everything was read, 1 when there were such lines, 2 when the input can't be opened.
    Decode(DecodeArguments),
    /// Write H.323 messages from JSON, one line of hexadecimal digits for each
    ///
    /// Reads what `decode` wrote, perhaps edited: the member "decoded" is the message. A message that was not
    /// edited comes out as it came in, even where its sender encoded it in an unusual way (the member "exact").
    ///
    /// What can't be written becomes a line {"error": …, "line": n} and the rest goes on.
    /// Exit status: 0 when everything was written, 1 when there were such lines, 2 when the input can't be opened.
    Encode(EncodeArguments),
    /// Show a presence document (PIDF, RFC 3863) as JSON
    ///
    /// Reads one document and prints what Herald understands of it: the state that it means, tuples, persons and devices, and
    /// of every element its kind, which rules go by. What can't be read becomes a line {"error": …} that says where.
    /// Exit status: 0 when it was read, 1 when it could not be, 2 when the input can't be opened.
    Pidf(DocumentArguments),
    /// Show a message of Message/CPIM (RFC 3862) as JSON
    ///
    /// Reads one object, with or without the header `Content-Type: Message/CPIM` before it, and prints its headers, their
    /// namespaces resolved, and what its content is. What can't be read becomes a line {"error": …} that says where.
    /// Exit status: 0 when it was read, 1 when it could not be, 2 when the input can't be opened.
    Cpim(DocumentArguments),
}

/// What `herald wire pidf` and `herald wire cpim` are told.
#[derive(Args, Debug)]
pub struct DocumentArguments {
    /// The document; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// What `herald wire decode` is told.
#[derive(Args, Debug)]
pub struct DecodeArguments {
    /// A capture or hexadecimal lines; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// A further UDP port that carries RAS; may be given several times
    #[arg(long = "ras-port", value_name = "PORT")]
    ras_ports: Vec<u16>,
}

/// What `herald wire encode` is told.
#[derive(Args, Debug)]
pub struct EncodeArguments {
    /// JSON lines; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// Runs `herald wire`: reads the file or standard input, writes to standard output.
pub fn run(command: &WireCommand) -> ExitCode {
    let mut output = Output::new(io::stdout().lock());
    let (file, outcome) = match command {
        WireCommand::Decode(DecodeArguments { file, ras_ports }) => {
            (file, open(file).and_then(|input| decode(input, &mut output, ras_ports)))
        }
        WireCommand::Encode(EncodeArguments { file }) => {
            (file, open(file).and_then(|input| encode(input, &mut output)))
        }
        WireCommand::Pidf(DocumentArguments { file }) => {
            (file, open(file).and_then(|input| document::pidf(input, &mut output)))
        }
        WireCommand::Cpim(DocumentArguments { file }) => {
            (file, open(file).and_then(|input| document::cpim(input, &mut output)))
        }
    };
    match outcome.and_then(|()| output.flush()) {
        Ok(()) if output.errors() == 0 => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(1),
        // The reader of our output has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("herald wire stopped at {}: {error}.", file.display());
            ExitCode::from(2)
        }
    }
}

type Input = Box<dyn Read + Send>;

fn open(file: &PathBuf) -> io::Result<Input> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(file)?))
}

fn decode(mut input: Input, output: &mut Output<impl Write>, ras_ports: &[u16]) -> io::Result<()> {
    let mut start = Vec::new();
    input.by_ref().take(capture::MAGIC as u64).read_to_end(&mut start)?;
    if capture::is_capture(&start) {
        return capture::decode(start, input, output, ras_ports);
    }
    decode_lines(Box::new(Cursor::new(start).chain(input)), output)
}

fn decode_lines(input: Input, output: &mut Output<impl Write>) -> io::Result<()> {
    each_line(input, output, |text| {
        let octets = octets(text).ok_or_else(|| {
            json!({ "error": "expected pairs of hexadecimal digits", "hex": String::from_utf8_lossy(text) })
        })?;
        let reading = reading::read(&octets);
        reading.map_err(|error| json!({ "error": error.to_string(), "hex": hex(&octets) }))
    })
}

fn encode(input: Input, output: &mut Output<impl Write>) -> io::Result<()> {
    each_line(input, output, |text| {
        let reading = serde_json::from_slice::<Value>(text).map_err(|error| error.to_string());
        let octets = reading.and_then(|reading| reading::write(&reading).map_err(|error| error.to_string()));
        octets.map(|octets| hex(&octets)).map_err(|error| json!({ "error": error }))
    })
}

/// Writes what `convert` makes of each line that is not blank, and an error for each that it refuses.
fn each_line<T: std::fmt::Display>(
    input: Input,
    output: &mut Output<impl Write>,
    convert: impl Fn(&[u8]) -> Result<T, Value>,
) -> io::Result<()> {
    let mut lines = Lines::new(input);
    loop {
        if lines.would_wait() {
            output.flush()?;
        }
        let converted = match lines.next()? {
            None => return Ok(()),
            Some(Line::Text([])) => continue,
            Some(Line::Text(text)) => convert(text),
            Some(Line::TooLong) => Err(json!({ "error": format!("longer than {LINE_MAX} octets") })),
        };
        match converted {
            Ok(converted) => output.line(&converted)?,
            Err(error) => output.error(failure(error, [("line", lines.number().into())]))?,
        }
    }
}

/// The octets of hexadecimal digits; white space, colons, commas and `0x` may stand between octets.
fn octets(text: &[u8]) -> Option<Vec<u8>> {
    let groups = text.split(|octet| octet.is_ascii_whitespace() || matches!(octet, b':' | b','));
    let mut octets = Vec::with_capacity(text.len() / 2);
    for group in groups {
        let digits = group.strip_prefix(b"0x").or_else(|| group.strip_prefix(b"0X")).unwrap_or(group);
        let pairs = digits.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return None;
        }
        for pair in pairs {
            let digit = |octet: u8| char::from(octet).to_digit(16);
            octets.push((digit(pair[0])? << 4 | digit(pair[1])?) as u8);
        }
    }
    Some(octets)
}

fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(*octet)]).collect()
}

#[cfg(test)]
mod tests;
