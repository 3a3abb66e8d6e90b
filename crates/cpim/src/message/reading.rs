//! From octets to a reading of them. One pass; the only searches are in the names that a message declares, and bounded.

use super::header::{Header, Mailbox, Parameter};
use super::names::{Name, Scope, is_known, is_name};
use super::{Message, mime};
use crate::namespaces::CPIM_HEADERS;
use std::ops::Range;

/// How much of a message is read. What exceeds one limit is refused whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MessageLimits {
    /// Octets of the object. Default 65,536.
    pub octets_max: usize,
    /// Message headers, and headers of the content. Default 128 each.
    pub headers_max: usize,
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self { octets_max: 65_536, headers_max: 128 }
    }
}

/// Why a message could not be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("octet {at}: {cause}")]
pub struct MessageError {
    /// The octet where it is wrong, from 0.
    pub at: usize,
    /// What is wrong there.
    pub cause: Cause,
}

/// What is wrong with a message.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Cause {
    /// It is larger than it may be.
    #[error("longer than {most} octets")]
    TooLong {
        /// The limit.
        most: usize,
    },
    /// There are too many headers.
    #[error("more than {most} headers")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// It ends before its content begins.
    #[error("it ends before the empty line after {what}")]
    Unfinished {
        /// After what.
        what: &'static str,
    },
    /// A line of headers is not UTF-8, has a control character or a line end that is not CRLF.
    #[error("a header line {what}")]
    Line {
        /// What is wrong with it.
        what: &'static str,
    },
    /// What stands before the colon is no name.
    #[error("{name:?} is no name of a header")]
    Name {
        /// What it is, cut.
        name: String,
    },
    /// A parameter is none.
    #[error("a parameter of {header} is not name=value")]
    Parameter {
        /// Of which header.
        header: String,
    },
    /// A value is none of its kind.
    #[error("the value of {header} is not {expected}")]
    Value {
        /// Of which header.
        header: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A header stands twice that may stand once.
    #[error("{header} stands twice")]
    Twice {
        /// Which.
        header: String,
    },
    /// It requires what nobody here understands.
    #[error("it requires {name}, which is not understood")]
    NotUnderstood {
        /// The name as it is written.
        name: String,
    },
}

impl Message {
    /// Reads the body of a Message/CPIM: message headers, content headers, content.
    ///
    /// # Errors
    /// The first thing that is wrong; also what it requires and Herald does not understand.
    pub fn read(octets: &[u8], limits: &MessageLimits) -> Result<Self, MessageError> {
        Self::read_counting(octets, limits, &mut 0)
    }

    /// Reads a whole MIME entity, `Content-Type: Message/CPIM` and perhaps other headers first. They are not part of what
    /// the message keeps.
    ///
    /// # Errors
    /// As [`Message::read`]; [`Cause::Value`] where the entity is another.
    pub fn read_entity(octets: &[u8], limits: &MessageLimits) -> Result<Self, MessageError> {
        let mut steps = 0;
        let (headers, body) = mime::read(octets, 0, limits, &mut steps)?;
        let is_cpim = mime::content_type(&headers).is_some_and(|kind| kind.is("message", "cpim"));
        let cause = || Cause::Value { header: "Content-Type".to_owned(), expected: "Message/CPIM" };
        if !is_cpim || !headers.iter().any(|header| header.name.eq_ignore_ascii_case("Content-Type")) {
            return Err(MessageError { at: 0, cause: cause() });
        }
        let shifted = |error: MessageError| MessageError { at: error.at + body, ..error };
        Self::read(&octets[body..], limits).map_err(shifted)
    }

    /// Reads as [`Message::read`] and counts the steps: octets and names looked at.
    ///
    /// # Errors
    /// As [`Message::read`].
    pub fn read_counting(
        octets: &[u8],
        limits: &MessageLimits,
        steps: &mut u64,
    ) -> Result<Self, MessageError> {
        if octets.len() > limits.octets_max {
            return Err(MessageError { at: 0, cause: Cause::TooLong { most: limits.octets_max } });
        }
        let mut scope = Scope::default();
        let mut headers: Vec<Header> = Vec::new();
        let mut at = 0;
        loop {
            let Some(range) = line(octets, at, steps)? else {
                return Err(MessageError {
                    at: octets.len(),
                    cause: Cause::Unfinished { what: "the message headers" },
                });
            };
            let next = range.end + 2;
            let here = |cause| MessageError { at, cause };
            if range.is_empty() {
                at = next;
                break;
            }
            if headers.len() >= limits.headers_max {
                return Err(here(Cause::TooMany { most: limits.headers_max }));
            }
            let text = text(&octets[range]).map_err(here)?;
            headers.push(header(text, &mut scope).map_err(here)?);
            at = next;
        }
        check(&headers)?;
        *steps += scope.comparisons;
        let (mime, content) = mime::read(octets, at, limits, steps)?;
        Ok(Self { octets: octets.into(), headers, mime, content: content..octets.len() })
    }
}

/// The line that begins at an octet, without its end; `None` where there is no line end.
pub(super) fn line(octets: &[u8], at: usize, steps: &mut u64) -> Result<Option<Range<usize>>, MessageError> {
    let found = octets[at..].iter().position(|octet| matches!(octet, b'\r' | b'\n'));
    *steps += found.unwrap_or(octets.len() - at) as u64 + 1;
    let Some(length) = found else { return Ok(None) };
    let end = at + length;
    if octets[end] == b'\r' && octets.get(end + 1) == Some(&b'\n') {
        return Ok(Some(at..end));
    }
    Err(MessageError { at: end, cause: Cause::Line { what: "ends otherwise than by CRLF" } })
}

/// The text of a line.
fn text(line: &[u8]) -> Result<&str, Cause> {
    let text = std::str::from_utf8(line).map_err(|_| Cause::Line { what: "is not UTF-8" })?;
    if text.contains(|character: char| character.is_ascii_control()) {
        return Err(Cause::Line { what: "has a control character" });
    }
    if text.starts_with(' ') {
        return Err(Cause::Line { what: "is folded, or begins with a space" });
    }
    Ok(text)
}

/// Reads `Name:;parameter=value Value`.
fn header(text: &str, scope: &mut Scope) -> Result<Header, Cause> {
    let cut = |text: &str| text.chars().take(64).collect::<String>();
    let (written, rest) = text.split_once(':').ok_or_else(|| Cause::Name { name: cut(text) })?;
    let (prefix, local) =
        written.split_once('.').map_or((None, written), |(prefix, local)| (Some(prefix), local));
    if !is_name(local) || prefix.is_some_and(|prefix| !is_name(prefix)) {
        return Err(Cause::Name { name: cut(written) });
    }
    let name = scope.resolve(written);
    let (parameters, value) = parameters(rest).ok_or_else(|| Cause::Parameter { header: cut(written) })?;
    let value = value.ok_or(Cause::Line { what: "has no space after the colon" })?;
    if value.starts_with(' ') || value.ends_with(' ') {
        return Err(Cause::Line { what: "has more than one space after the colon, or one at its end" });
    }
    let mut header = Header {
        written: written.to_owned(),
        name,
        parameters,
        value: value.to_owned(),
        required: Vec::new(),
    };
    let wrong = |expected| Err(Cause::Value { header: written.to_owned(), expected });
    if header.name.namespace.as_deref() != Some(CPIM_HEADERS) {
        return Ok(header);
    }
    match &*header.name.local {
        "NS" if !scope.declare(value) => return wrong("a prefix and <a URI>"),
        "From" | "To" | "cc" if Mailbox::read(value).is_none() => return wrong("a name and <a URI>"),
        "DateTime" if crate::time::moment(value).is_none() => return wrong("a moment as RFC 3339 writes it"),
        "Require" => header.required = required(value, scope)?,
        _ => {}
    }
    Ok(header)
}

/// What stands between the colon and the value, and the value.
fn parameters(mut rest: &str) -> Option<(Vec<Parameter>, Option<&str>)> {
    let mut parameters = Vec::new();
    while let Some(after) = rest.strip_prefix(';') {
        let (name, after) = after.split_once('=')?;
        let end = match after.strip_prefix('"') {
            Some(quoted) => quoted.find('"')? + 2,
            None => after.find([';', ' '])?,
        };
        let (value, after) = after.split_at(end);
        if !is_name(name) {
            return None;
        }
        parameters.push(Parameter { name: name.to_owned(), value: value.trim_matches('"').to_owned() });
        rest = after;
    }
    Some((parameters, rest.strip_prefix(' ')))
}

/// The names in a `Require` header; each must be understood.
fn required(value: &str, scope: &mut Scope) -> Result<Vec<Name>, Cause> {
    let names = value.split(',').map(str::trim).map(|written| {
        let name = scope.resolve(written);
        if is_known(&name) {
            Ok(name)
        } else {
            Err(Cause::NotUnderstood { name: written.chars().take(64).collect() })
        }
    });
    names.collect()
}

/// Refuses headers that stand twice and may not.
fn check(headers: &[Header]) -> Result<(), MessageError> {
    for once in ["From", "DateTime"] {
        if headers.iter().filter(|header| header.name.is(CPIM_HEADERS, once)).count() > 1 {
            return Err(MessageError { at: 0, cause: Cause::Twice { header: once.to_owned() } });
        }
    }
    Ok(())
}
