//! The local part of `im:` and `pres:` URIs.

use super::{AddressError, percent};
use std::borrow::Cow;

/// Writes a local part for an `im:` or `pres:` URI (RFC 3859, RFC 3860): always a dot-atom of RFC 2822, never a
/// quoted string.
///
/// A dot at either end or after another dot is escaped, since a dot-atom has none there.
#[must_use]
pub fn escape(local: &str) -> Cow<'_, str> {
    let octets = local.as_bytes();
    percent::escape(local, |at, octet| match octet {
        b'.' => {
            let follows_a_dot = at.checked_sub(1).and_then(|before| octets.get(before)) == Some(&b'.');
            at > 0 && at + 1 < octets.len() && !follows_a_dot
        }
        _ => octet.is_ascii_alphanumeric() || b"!$'*+-_~".contains(&octet),
    })
}

/// Reads the local part of an `im:` or `pres:` URI.
///
/// # Errors
/// [`AddressError::BrokenEscape`] and [`AddressError::NotUtf8`].
pub fn unescape(local: &str) -> Result<Cow<'_, str>, AddressError> {
    percent::unescape(local)
}
