//! The local part of an address.

use super::{AddressError, freeform, mapping};
use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;

/// The most octets of a canonical local part in UTF-8, as in XMPP (RFC 7622, section 3.3.1).
pub const LOCAL_OCTETS_MAX: usize = 1023;

/// The most octets of a local part as it is read; full-width forms shrink threefold.
const LOCAL_INPUT_OCTETS_MAX: usize = 3 * LOCAL_OCTETS_MAX;

/// Normalises a local part: the form in which local parts are compared (interworking b.1).
///
/// A profile of PRECIS (RFC 8264) with the mappings of UsernameCaseMapped (RFC 8265, section 3.3) and the characters
/// of the FreeformClass: width mapping, every space to that of ASCII, lower case, NFC, then the class, which has all
/// letters, digits, punctuation, symbols and emoji. Idempotent.
///
/// - Spaces at both ends are dropped, spaces inside are kept as they are.
/// - Variation selectors are dropped, as are joiners and tags after an emoji, so that no two addresses differ in
///   what many devices do not show. Joiners between letters are kept where RFC 5892 allows them.
/// - There is no Bidi Rule, as in the other profiles of this class: names of several words, with digits and
///   brackets, break it.
/// - Refused are controls, line breaks, private, unassigned and all other invisible characters, old hangul jamo,
///   Arabic digits of both sets together, and U+FFFD, which stands for a lone surrogate.
///
/// # Errors
/// [`AddressError::EmptyLocal`], [`AddressError::LocalTooLong`] and [`AddressError::Forbidden`].
pub fn normalise(local: &str) -> Result<Cow<'_, str>, AddressError> {
    limit(local, LOCAL_INPUT_OCTETS_MAX)?;
    let normal = match in_ascii(local) {
        Some(normal) => normal,
        None => Cow::Owned(in_unicode(local)?),
    };
    if normal.is_empty() {
        return Err(AddressError::EmptyLocal);
    }
    limit(&normal, LOCAL_OCTETS_MAX)?;
    Ok(normal)
}

/// The whole rule for printable ASCII, which nearly all names are; `None` for any other text.
fn in_ascii(local: &str) -> Option<Cow<'_, str>> {
    if !local.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return None;
    }
    let trimmed = local.trim_matches(' ');
    let is_lower = !trimmed.bytes().any(|octet| octet.is_ascii_uppercase());
    Some(if is_lower { Cow::Borrowed(trimmed) } else { Cow::Owned(trimmed.to_ascii_lowercase()) })
}

fn in_unicode(local: &str) -> Result<String, AddressError> {
    let mapped = mapping::map(local);
    let lower = mapped.trim_matches(' ').to_lowercase();
    let normal = ComposingNormalizerBorrowed::new_nfc().normalize(&lower).into_owned();
    freeform::check(&normal)?;
    Ok(normal)
}

fn limit(local: &str, limit: usize) -> Result<(), AddressError> {
    match local.len() {
        octets if octets > limit => Err(AddressError::LocalTooLong { octets, limit }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{in_ascii, in_unicode, normalise};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_for_ascii_gives_what_the_long_way_gives(local in "[ -~]{0,40}") {
            let short = in_ascii(&local).map(|normal| normal.into_owned());
            prop_assert_eq!(short, in_unicode(&local).ok());
        }

        #[test]
        fn normalising_twice_changes_nothing_more(local in "\\PC{0,12}") {
            if let Ok(once) = normalise(&local) {
                prop_assert_eq!(normalise(&once), Ok(once.clone()));
            }
        }
    }

    #[test]
    fn every_character_that_is_allowed_alone_normalises_to_a_fixed_point() {
        for character in char::MIN..=char::MAX {
            let local = format!("a{character}a");
            if let Ok(once) = normalise(&local) {
                assert_eq!(normalise(&once).as_deref(), Ok(&*once), "U+{:04X}", u32::from(character));
            }
        }
    }
}
