//! The characters of a local part.

use super::AddressError;
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup,
    HangulSyllableType, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Checks that a local part, already mapped and in NFC, has only characters of the FreeformClass (RFC 8264,
/// section 4.3).
pub(super) fn check(local: &str) -> Result<(), AddressError> {
    for (offset, character) in local.char_indices() {
        let allowed = match character {
            ' '..='~' => true,
            ZERO_WIDTH_NON_JOINER | ZERO_WIDTH_JOINER => may_join(local, offset, character),
            // The two sets of Arabic digits look alike (RFC 5892, appendices A.8 and A.9).
            '\u{660}'..='\u{669}' => !local.chars().any(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
            _ => is_in_class(character),
        };
        if !allowed {
            return Err(AddressError::Forbidden { character });
        }
    }
    Ok(())
}

/// What the derived property of RFC 8264, section 8, says for the FreeformClass, with the Unicode of the tables
/// linked in.
///
/// Two differences. Middle dots and the Greek and Hebrew marks, which the section allows in some scripts only, are
/// punctuation like all other. U+FFFD is refused, since unreadable names would become one by it.
fn is_in_class(character: char) -> bool {
    match character {
        // Exceptions, section 9.6.
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => false,
        char::REPLACEMENT_CHARACTER => false,
        _ => {
            ALLOWED.contains(CodePointMapData::<GeneralCategory>::new().get(character))
                && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
                && !is_old_hangul(character)
        }
    }
}

/// Sections 9.1 and 9.15 to 9.18; what is left out is unassigned, a control, private or a line break.
const ALLOWED: GeneralCategoryGroup = GeneralCategoryGroup::Letter
    .union(GeneralCategoryGroup::Mark)
    .union(GeneralCategoryGroup::Number)
    .union(GeneralCategoryGroup::Punctuation)
    .union(GeneralCategoryGroup::Symbol);

/// Section 9.9.
fn is_old_hangul(character: char) -> bool {
    matches!(
        CodePointMapData::<HangulSyllableType>::new().get(character),
        HangulSyllableType::LeadingJamo | HangulSyllableType::VowelJamo | HangulSyllableType::TrailingJamo
    )
}

/// The contextual rules of RFC 5892, appendices A.1 and A.2, for the joiner at an offset.
fn may_join(local: &str, offset: usize, joiner: char) -> bool {
    let (before, rest) = local.split_at(offset);
    let after = rest.strip_prefix(joiner).unwrap_or_default();
    follows_virama(before) || (joiner == ZERO_WIDTH_NON_JOINER && joins(before, after))
}

fn follows_virama(before: &str) -> bool {
    let table = CodePointMapData::<CanonicalCombiningClass>::new();
    before.chars().next_back().is_some_and(|c| table.get(c) == CanonicalCombiningClass::Virama)
}

/// Whether a letter that joins to its right side stands before and one that joins to its left side after.
fn joins(before: &str, after: &str) -> bool {
    let table = CodePointMapData::<JoiningType>::new();
    let is_solid = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let left = before.chars().rev().map(|c| table.get(c)).find(is_solid);
    let right = after.chars().map(|c| table.get(c)).find(is_solid);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
