//! The local part of `xmpp:` URIs.

use super::{AddressError, percent, xmpp};
use std::borrow::Cow;

/// Writes a canonical local part for an `xmpp:` URI: first as in a JID, then percent-encoded (RFC 5122,
/// section 2.2).
#[must_use]
pub fn escape(local: &str) -> Cow<'_, str> {
    let is_plain = |_, octet: u8| octet.is_ascii_alphanumeric() || b"-._~!$()*+,;=".contains(&octet);
    match xmpp::escape(local) {
        Cow::Borrowed(jid) => percent::escape(jid, is_plain),
        Cow::Owned(jid) => Cow::Owned(percent::escape(&jid, is_plain).into_owned()),
    }
}

/// Reads the local part of an `xmpp:` URI.
///
/// # Errors
/// [`AddressError::BrokenEscape`] and [`AddressError::NotUtf8`], then those of [`xmpp::unescape`].
pub fn unescape(local: &str) -> Result<Cow<'_, str>, AddressError> {
    match percent::unescape(local)? {
        Cow::Borrowed(jid) => xmpp::unescape(jid),
        Cow::Owned(jid) => Ok(Cow::Owned(xmpp::unescape(&jid)?.into_owned())),
    }
}
