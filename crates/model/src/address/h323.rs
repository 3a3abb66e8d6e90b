//! The user part of `h323:` URIs.

use super::{AddressError, sip};
use std::borrow::Cow;

/// Writes a local part as the user of an H.323 URI (RFC 3508), which is written as a SIP user is.
///
/// The result must not be shown to endpoints where it contains `%`: h323plus takes what stands before it for a
/// password.
#[must_use]
pub fn escape(local: &str) -> Cow<'_, str> {
    sip::escape(local)
}

/// Reads the user of an H.323 URI.
///
/// # Errors
/// [`AddressError::BrokenEscape`] and [`AddressError::NotUtf8`].
pub fn unescape(user: &str) -> Result<Cow<'_, str>, AddressError> {
    sip::unescape(user)
}
