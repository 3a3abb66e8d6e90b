//! Telephone numbers as addresses, and `tel:` URIs (RFC 3966).

use super::{Address, AddressError, Domain};

/// The most digits of an international number (E.164, section 6).
pub const E164_DIGITS_MAX: usize = 15;

/// Makes the local part of an international number, `+` and digits, of digits with the country code.
///
/// `None` where they can't be one: none, more than 15, not all digits, or a zero first, which no country code has.
#[must_use]
pub fn international(digits: &str) -> Option<String> {
    is_international(digits).then(|| format!("+{digits}"))
}

/// Writes an address as a `tel:` URI.
///
/// `+` and digits is an international number; digits alone are a local number in the context of the domain
/// (D-31). `None` for a name that is no number, and for service codes.
#[must_use]
pub fn uri(address: &Address) -> Option<String> {
    let local = address.local();
    if let Some(digits) = local.strip_prefix('+') {
        return is_international(digits).then(|| format!("tel:{local}"));
    }
    is_digits(local).then(|| format!("tel:{local};phone-context={}", address.domain()))
}

/// Reads a `tel:` URI as an address: an international number lies in the domain `home`, a local one in the domain
/// that is its context. Visual separators are dropped, as are parameters that don't change who is meant.
///
/// # Errors
/// [`AddressError::NumberWithoutContext`] for a local number whose context is absent or is itself a number: which
/// number that makes only the dial plan there knows. [`AddressError::NotNumber`] for anything else that is not
/// such a URI, and for an extension or a subaddress, which is another subscriber.
pub fn address(uri: &str, home: &Domain) -> Result<Address, AddressError> {
    let (scheme, rest) = uri.split_once(':').ok_or(AddressError::NotNumber)?;
    if !scheme.eq_ignore_ascii_case("tel") {
        return Err(AddressError::NotNumber);
    }
    let mut parts = rest.split(';');
    let number: String = parts.next().unwrap_or_default().chars().filter(|c| !"-.()".contains(*c)).collect();
    let mut context = None;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.to_ascii_lowercase().as_str() {
            "phone-context" => context = Some(value),
            "ext" | "isub" => return Err(AddressError::NotNumber),
            _ => {}
        }
    }
    match (number.strip_prefix('+'), context) {
        (Some(digits), None) if is_international(digits) => Address::new(&number, home),
        (None, _) if !is_digits(&number) => Err(AddressError::NotNumber),
        (None, Some(domain)) if !domain.starts_with('+') => Address::new(&number, &Domain::parse(domain)?),
        (None, _) => Err(AddressError::NumberWithoutContext),
        (Some(_), _) => Err(AddressError::NotNumber),
    }
}

fn is_international(digits: &str) -> bool {
    digits.len() <= E164_DIGITS_MAX && is_digits(digits) && !digits.starts_with('0')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}
