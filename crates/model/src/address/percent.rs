//! Percent-encoding of UTF-8 octets (RFC 3986, section 2.1), which several networks share.

use super::AddressError;
use std::borrow::Cow;
use std::fmt::Write;

/// Escapes every octet that is not plain, with upper-case digits. Lossless; at most three times as long.
///
/// `is_plain` is asked with the octet's offset, and must never call `%` or an octet outside ASCII plain.
pub(super) fn escape(text: &str, is_plain: impl Fn(usize, u8) -> bool) -> Cow<'_, str> {
    if text.bytes().enumerate().all(|(at, octet)| is_plain(at, octet)) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() * 3);
    for (at, octet) in text.bytes().enumerate() {
        if is_plain(at, octet) {
            escaped.push(char::from(octet));
        } else {
            write!(escaped, "%{octet:02X}").expect("a String takes all that is written");
        }
    }
    Cow::Owned(escaped)
}

/// Reads escaped text; what is not escaped stays as it is.
///
/// # Errors
/// [`AddressError::BrokenEscape`] for a `%` without two hexadecimal digits, [`AddressError::NotUtf8`] where
/// the octets are not UTF-8 (interworking b.3).
pub(super) fn unescape(text: &str) -> Result<Cow<'_, str>, AddressError> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let octets = unescape_octets(text, b'%', |digit| char::from(digit).to_digit(16))?;
    String::from_utf8(octets).map(Cow::Owned).map_err(|_| AddressError::NotUtf8)
}

/// Replaces a mark and the two digits after it by the octet they stand for.
pub(super) fn unescape_octets(
    text: &str,
    mark: u8,
    digit: impl Fn(u8) -> Option<u32>,
) -> Result<Vec<u8>, AddressError> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes().enumerate();
    while let Some((at, octet)) = rest.next() {
        if octet != mark {
            octets.push(octet);
            continue;
        }
        let mut value = 0;
        for _ in 0..2 {
            let next = rest.next().and_then(|(_, octet)| digit(octet));
            value = value * 16 + next.ok_or(AddressError::BrokenEscape { at })?;
        }
        octets.push(u8::try_from(value).map_err(|_| AddressError::BrokenEscape { at })?);
    }
    Ok(octets)
}
