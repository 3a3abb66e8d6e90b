//! The headers of the content (RFC 2045), as far as they tell what it is.

use super::reading::{Cause, MessageError, MessageLimits, line};

/// A header of the content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MimeHeader {
    /// Its name; upper and lower case are the same.
    pub name: String,
    /// Its value, its lines joined.
    pub value: String,
}

/// A media type with its parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContentType {
    /// The type, in lower case.
    pub kind: String,
    /// The subtype, in lower case.
    pub subtype: String,
    /// Its parameters in order, their names in lower case.
    pub parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Whether it is this type.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// The character set, in lower case; of a text without one `us-ascii`.
    pub fn charset(&self) -> Option<String> {
        let told = self.parameter("charset").map(str::to_ascii_lowercase);
        told.or_else(|| (self.kind == "text").then(|| "us-ascii".to_owned()))
    }

    /// Reads the value of a `Content-Type` header.
    pub fn read(value: &str) -> Option<Self> {
        let (kind, rest) = value.trim().split_once('/')?;
        let (subtype, mut rest) = rest.find(';').map_or((rest, ""), |at| rest.split_at(at));
        let (kind, subtype) = (kind.trim_end(), subtype.trim_end());
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut parameters = Vec::new();
        while let Some(after) = rest.trim_start().strip_prefix(';') {
            if after.trim().is_empty() {
                break;
            }
            let (name, after) = after.split_once('=')?;
            let after = after.trim_start();
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted_string(quoted)?,
                None => {
                    let (value, after) = after.find(';').map_or((after, ""), |at| after.split_at(at));
                    (value.trim_end().to_owned(), after)
                }
            };
            let name = name.trim();
            if !is_token(name) {
                return None;
            }
            parameters.push((name.to_ascii_lowercase(), value));
            rest = after;
        }
        let is_end = rest.trim().trim_start_matches(';').trim().is_empty();
        is_end.then(|| Self {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            parameters,
        })
    }
}

/// A quoted string from after its first quote, and what follows it.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn is_token(text: &str) -> bool {
    let is_token_character = |octet: u8| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet);
    !text.is_empty() && text.bytes().all(is_token_character)
}

/// Reads headers from an octet on: they, and where what comes after the empty line begins.
pub(super) fn read(
    octets: &[u8],
    from: usize,
    limits: &MessageLimits,
    steps: &mut u64,
) -> Result<(Vec<MimeHeader>, usize), MessageError> {
    let mut headers: Vec<MimeHeader> = Vec::new();
    let mut at = from;
    loop {
        let Some(range) = line(octets, at, steps)? else {
            return Err(MessageError {
                at: octets.len(),
                cause: Cause::Unfinished { what: "the content headers" },
            });
        };
        let (start, next) = (at, range.end + 2);
        let here = |cause| MessageError { at: start, cause };
        if range.is_empty() {
            return Ok((headers, next));
        }
        let text =
            std::str::from_utf8(&octets[range]).map_err(|_| here(Cause::Line { what: "is not UTF-8" }))?;
        if text.contains(|character: char| character.is_ascii_control() && character != '\t') {
            return Err(here(Cause::Line { what: "has a control character" }));
        }
        at = next;
        if let Some(header) = headers.last_mut().filter(|_| text.starts_with([' ', '\t'])) {
            header.value.push(' ');
            header.value.push_str(text.trim());
            continue;
        }
        if headers.len() >= limits.headers_max {
            return Err(here(Cause::TooMany { most: limits.headers_max }));
        }
        let name = text.split_once(':').filter(|(name, _)| is_token(name));
        let (name, value) =
            name.ok_or_else(|| here(Cause::Name { name: text.chars().take(64).collect() }))?;
        headers.push(MimeHeader { name: name.to_owned(), value: value.trim().to_owned() });
    }
}

/// The value of a header.
pub(super) fn value<'a>(headers: &'a [MimeHeader], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| &*header.value)
}

/// The type that headers tell.
pub(super) fn content_type(headers: &[MimeHeader]) -> Option<ContentType> {
    match value(headers, "Content-Type") {
        Some(value) => ContentType::read(value),
        None => Some(ContentType { kind: "text".into(), subtype: "plain".into(), parameters: Vec::new() }),
    }
}
