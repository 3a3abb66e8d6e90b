//! `herald send`: a message of the operator.

use crate::arguments::SendArguments;
use crate::exit::Failure;
use crate::{ask, print};
use serde_json::json;
use server::control::{Answer, Question, TEXT_OCTETS_MAX};
use std::io::{self, Read};
use std::path::Path;

/// Sends a message, and says what came of it.
pub fn run(data: &Path, arguments: &SendArguments) -> Result<(), Failure> {
    let text = match arguments.text.as_str() {
        "-" => read(io::stdin())?,
        text => text.to_owned(),
    };
    let question = Question::Send { from: arguments.from.clone(), to: arguments.to.clone(), text };
    let is_stored = ask::one(data, &question, |answer| match answer {
        Answer::Accepted { is_stored } => Some(is_stored),
        _ => None,
    })?;
    if arguments.json {
        return print::json(&json!({ "accepted": true, "stored": is_stored }));
    }
    print::line(if is_stored { "accepted, waits: the recipient is away" } else { "accepted" })
}

/// A text without the line end that editors and `echo` put behind it.
fn read(input: impl Read) -> Result<String, Failure> {
    let mut octets = Vec::new();
    // One octet more than may be sent, so that the server can tell that it is too much.
    let most = TEXT_OCTETS_MAX as u64 + 2;
    input
        .take(most)
        .read_to_end(&mut octets)
        .map_err(|error| Failure::new(format!("can't read the text: {error}")))?;
    let text = String::from_utf8(octets).map_err(|_| Failure::new("the text is not UTF-8"))?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_without_its_last_line_end() {
        let text = |input: &str| read(input.as_bytes()).map_err(|_| ());
        assert_eq!(text("one\ntwo\n"), Ok("one\ntwo".to_owned()));
        assert_eq!(text("one"), Ok("one".to_owned()));
        assert!(read(&[0xff, 0xfe][..]).is_err());
    }
}
