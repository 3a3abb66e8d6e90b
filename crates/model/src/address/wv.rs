//! The user part of `wv:` addresses.

use super::{AddressError, percent};
use std::borrow::Cow;

/// Writes a local part as the user of a `wv:` address: printable ASCII without `/`, `@` and `+`, which divide it.
///
/// A local part of `+` and digits is a user by number and stays as it is.
#[must_use]
pub fn escape(local: &str) -> Cow<'_, str> {
    if is_number(local) {
        return Cow::Borrowed(local);
    }
    percent::escape(local, |_, octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet))
}

/// Reads the user of a `wv:` address.
///
/// # Errors
/// [`AddressError::Forbidden`] for `/`, which makes it the address of a list or a group, and for `@`;
/// [`AddressError::BrokenEscape`] and [`AddressError::NotUtf8`].
pub fn unescape(user: &str) -> Result<Cow<'_, str>, AddressError> {
    match user.chars().find(|c| matches!(c, '/' | '@')) {
        Some(character) => Err(AddressError::Forbidden { character }),
        None => percent::unescape(user),
    }
}

fn is_number(local: &str) -> bool {
    local
        .strip_prefix('+')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit()))
}
