//! The user part of `sip:` and `sips:` URIs.

use super::{AddressError, percent};
use std::borrow::Cow;

/// Writes a local part as the user of a SIP URI (RFC 3261, section 25.1; RFC 7247, section 6).
#[must_use]
pub fn escape(local: &str) -> Cow<'_, str> {
    percent::escape(local, |_, octet| octet.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&octet))
}

/// Reads the user of a SIP URI, without a password; characters that should have been escaped are taken as they are.
///
/// # Errors
/// [`AddressError::BrokenEscape`] and [`AddressError::NotUtf8`].
pub fn unescape(user: &str) -> Result<Cow<'_, str>, AddressError> {
    percent::unescape(user)
}
