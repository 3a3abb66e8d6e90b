//! The local part of a Matrix user id.

use super::{AddressError, percent};
use std::borrow::Cow;
use std::fmt::Write;

/// The most octets of a whole user id, `@`, local part, `:` and server name together; who joins them checks it.
pub const USER_ID_OCTETS_MAX: usize = 255;

/// Whether the homeserver knows `+` in a user id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Plus {
    /// It does: version 1.8 of the specification and later.
    Plain,
    /// It does not: `+` is written `=2b`.
    Escaped,
}

/// Writes a local part for a Matrix user id, by the mapping that the appendix of the specification recommends.
///
/// The prefix of the bridge's name space (`h323_`) is put before the result and taken off by the caller. Case
/// survives. Lossless; at most three times as long.
#[must_use]
pub fn escape(local: &str, plus: Plus) -> Cow<'_, str> {
    let is_plain = |octet: u8| match octet {
        b'+' => plus == Plus::Plain,
        _ => octet.is_ascii_lowercase() || octet.is_ascii_digit() || b".-/".contains(&octet),
    };
    if local.bytes().all(is_plain) {
        return Cow::Borrowed(local);
    }
    let mut escaped = String::with_capacity(local.len() * 3);
    for octet in local.bytes() {
        match octet {
            _ if is_plain(octet) => escaped.push(char::from(octet)),
            b'_' => escaped.push_str("__"),
            b'A'..=b'Z' => escaped.extend(['_', char::from(octet.to_ascii_lowercase())]),
            _ => write!(escaped, "={octet:02x}").expect("a String takes all that is written"),
        }
    }
    Cow::Owned(escaped)
}

/// Reads what [`escape`] wrote, with either way of writing `+`.
///
/// # Errors
/// [`AddressError::Forbidden`] for a character that a user id can't have, [`AddressError::BrokenEscape`] for an
/// `_` or `=` that begins nothing known, [`AddressError::NotUtf8`].
pub fn unescape(localpart: &str) -> Result<Cow<'_, str>, AddressError> {
    let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=-/+".contains(c);
    if let Some(character) = localpart.chars().find(|c| !is_known(*c)) {
        return Err(AddressError::Forbidden { character });
    }
    if !localpart.contains(['_', '=']) {
        return Ok(Cow::Borrowed(localpart));
    }
    let cased = unescape_case(localpart)?;
    let lower_digit = |octet: u8| char::from(octet).to_digit(16).filter(|_| !octet.is_ascii_uppercase());
    let octets = percent::unescape_octets(&cased, b'=', lower_digit)?;
    String::from_utf8(octets).map(Cow::Owned).map_err(|_| AddressError::NotUtf8)
}

/// Reads the escapes that begin with `_`. It makes no `=`, and the digits after a `=` are lower case, so that
/// nothing it makes is mistaken for an escaped octet.
fn unescape_case(localpart: &str) -> Result<String, AddressError> {
    let mut cased = String::with_capacity(localpart.len());
    let mut rest = localpart.char_indices();
    while let Some((at, character)) = rest.next() {
        cased.push(match character {
            '_' => match rest.next() {
                Some((_, '_')) => '_',
                Some((_, letter @ 'a'..='z')) => letter.to_ascii_uppercase(),
                _ => return Err(AddressError::BrokenEscape { at }),
            },
            _ => character,
        });
    }
    Ok(cased)
}
