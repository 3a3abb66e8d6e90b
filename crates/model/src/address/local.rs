//! The local part of an address.

use super::{AddressError, bidi, identifier};
use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;

/// The most octets of a canonical local part in UTF-8, as in XMPP (RFC 7622, section 3.3.1).
pub const LOCAL_OCTETS_MAX: usize = 1023;

/// The most octets of a local part as it is read; full-width forms shrink threefold.
const LOCAL_INPUT_OCTETS_MAX: usize = 3 * LOCAL_OCTETS_MAX;

/// Normalises a local part: the form in which local parts are compared (interworking b.1).
///
/// This is the profile UsernameCaseMapped of RFC 8265, section 3.3, for a user name of several userparts
/// separated by spaces, which section 3.1 allows: width mapping, lower case, NFC, then for each userpart the Bidi
/// Rule and the IdentifierClass of RFC 8264 (which has all of the printable ASCII). Spaces at both ends are
/// dropped, spaces inside are kept as they are, the ideographic space counts as one. Idempotent.
///
/// # Errors
/// [`AddressError::EmptyLocal`], [`AddressError::LocalTooLong`], [`AddressError::Forbidden`] and
/// [`AddressError::MixedDirections`].
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
    let narrow = map_width(local);
    let lower = narrow.trim_matches(' ').to_lowercase();
    let normal = ComposingNormalizerBorrowed::new_nfc().normalize(&lower).into_owned();
    for word in normal.split(' ') {
        identifier::check(word)?;
        bidi::check(word)?;
    }
    Ok(normal)
}

/// Replaces full-width and half-width characters by their ordinary forms (RFC 8264, section 5.2.1).
///
/// Of the half-width forms only the katakana are mapped: what the others (hangul letters, symbols) decompose to
/// is outside the IdentifierClass, so they may as well be refused as they are.
fn map_width(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let mut mapped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{3000}' => mapped.push(' '),
            '\u{ff01}'..='\u{ff5e}' | '\u{ff65}'..='\u{ff9f}' => {
                mapped.push_str(&nfkc.normalize(character.encode_utf8(&mut [0; 4])));
            }
            _ => mapped.push(character),
        }
    }
    mapped
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
