//! The local part of a JID.

use super::AddressError;
use std::borrow::Cow;

/// The ten characters of XEP-0106 with the digits that stand for them after a backslash.
const ESCAPES: [(char, &str); 10] = [
    (' ', "20"),
    ('"', "22"),
    ('&', "26"),
    ('\'', "27"),
    ('/', "2f"),
    (':', "3a"),
    ('<', "3c"),
    ('>', "3e"),
    ('@', "40"),
    ('\\', "5c"),
];

/// Writes a canonical local part as the local part of a JID (XEP-0106, all ten characters; conflict N-5).
///
/// Spaces at the ends are dropped, as a JID can't have them there; a canonical local part has none. Otherwise
/// lossless; at most three times as long, so that the result may be over the 1023 octets of RFC 7622.
///
/// The ten characters are all that is escaped. A JID holds only what UsernameCaseMapped has (RFC 7622, section
/// 3.3.1), a canonical local part also symbols, punctuation, emoji and words of mixed direction: a strict server
/// refuses those, and what to do then is for the XMPP gateway to decide.
#[must_use]
pub fn escape(local: &str) -> Cow<'_, str> {
    let local = local.trim_matches(' ');
    if !local.contains(is_special) {
        return Cow::Borrowed(local);
    }
    let mut escaped = String::with_capacity(local.len() * 3);
    for (at, character) in local.char_indices() {
        let rest = local.get(at..).unwrap_or_default();
        match ESCAPES.iter().find(|(special, _)| *special == character) {
            Some((special, digits)) if *special != '\\' || escaped_character(rest).is_some() => {
                escaped.push('\\');
                escaped.push_str(digits);
            }
            _ => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// Reads the local part of a JID. Only the ten sequences are escapes, any other backslash is itself.
///
/// The case of the digits does not count, since that of a JID does not.
///
/// # Errors
/// [`AddressError::Forbidden`] for a character that no JID has there, and for an escaped space at either end.
pub fn unescape(local: &str) -> Result<Cow<'_, str>, AddressError> {
    if let Some(character) = local.chars().find(|c| *c != '\\' && is_special(*c)) {
        return Err(AddressError::Forbidden { character });
    }
    if !local.contains('\\') {
        return Ok(Cow::Borrowed(local));
    }
    let mut plain = String::with_capacity(local.len());
    let mut rest = local;
    while let Some(character) = rest.chars().next() {
        let (read, octets) = match escaped_character(rest) {
            Some(special) => (special, ESCAPE_OCTETS),
            None => (character, character.len_utf8()),
        };
        plain.push(read);
        rest = rest.get(octets..).unwrap_or_default();
    }
    if plain.starts_with(' ') || plain.ends_with(' ') {
        return Err(AddressError::Forbidden { character: ' ' });
    }
    Ok(Cow::Owned(plain))
}

fn is_special(character: char) -> bool {
    ESCAPES.iter().any(|(special, _)| *special == character)
}

/// The character for the escape sequence that a text begins with, if it does.
fn escaped_character(text: &str) -> Option<char> {
    let digits = text.strip_prefix('\\')?.get(..2)?;
    ESCAPES.iter().find(|(_, known)| known.eq_ignore_ascii_case(digits)).map(|(special, _)| *special)
}

/// How many octets an escape sequence has.
const ESCAPE_OCTETS: usize = 3;
