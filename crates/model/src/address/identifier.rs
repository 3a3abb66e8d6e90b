//! The characters of a userpart.

use super::AddressError;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, GeneralCategory, HangulSyllableType, JoiningType,
    NoncharacterCodePoint, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Checks that a userpart has only characters of the IdentifierClass (RFC 8264, section 4.2).
pub(super) fn check(word: &str) -> Result<(), AddressError> {
    for (offset, character) in word.char_indices() {
        let allowed = match Class::of(character) {
            Class::Valid => true,
            Class::Disallowed => false,
            Class::ByContext => is_allowed_in_context(word, offset, character),
        };
        if !allowed {
            return Err(AddressError::Forbidden { character });
        }
    }
    Ok(())
}

/// What the derived property of RFC 8264, section 8, says for the IdentifierClass.
enum Class {
    Valid,
    ByContext,
    Disallowed,
}

impl Class {
    /// The algorithm in the order that the section prescribes, with the Unicode of the tables linked in.
    fn of(character: char) -> Self {
        match character {
            '!'..='~' => return Self::Valid,
            // Exceptions, section 9.6.
            'ß' | 'ς' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => return Self::Valid,
            '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' => return Self::ByContext,
            '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => return Self::ByContext,
            '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
                return Self::Disallowed;
            }
            // Join controls, section 9.8.
            ZERO_WIDTH_NON_JOINER | ZERO_WIDTH_JOINER => return Self::ByContext,
            _ => {}
        }
        let is_left_out = is_old_hangul(character)
            || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
            || CodePointSetData::new::<NoncharacterCodePoint>().contains(character)
            || has_compatibility_form(character);
        if !is_left_out && is_letter_or_digit(character) { Self::Valid } else { Self::Disallowed }
    }
}

/// Section 9.1; whatever it does not name (unassigned, controls, spaces, symbols, punctuation) is not allowed.
fn is_letter_or_digit(character: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(character),
        GeneralCategory::LowercaseLetter
            | GeneralCategory::UppercaseLetter
            | GeneralCategory::OtherLetter
            | GeneralCategory::DecimalNumber
            | GeneralCategory::ModifierLetter
            | GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
    )
}

/// Section 9.9.
fn is_old_hangul(character: char) -> bool {
    matches!(
        CodePointMapData::<HangulSyllableType>::new().get(character),
        HangulSyllableType::LeadingJamo | HangulSyllableType::VowelJamo | HangulSyllableType::TrailingJamo
    )
}

/// Section 9.17.
fn has_compatibility_form(character: char) -> bool {
    !ComposingNormalizerBorrowed::new_nfkc().is_normalized(character.encode_utf8(&mut [0; 4]))
}

/// The contextual rules of RFC 5892, appendix A, for the character at an offset of a word.
fn is_allowed_in_context(word: &str, offset: usize, character: char) -> bool {
    let (before, rest) = word.split_at(offset);
    let mut after = rest.chars();
    after.next();
    let previous = before.chars().next_back();
    let next = after.clone().next();
    let script = |neighbour: Option<char>| neighbour.map(|c| CodePointMapData::<Script>::new().get(c));
    match character {
        ZERO_WIDTH_NON_JOINER => follows_virama(previous) || joins(before, after.as_str()),
        ZERO_WIDTH_JOINER => follows_virama(previous),
        '\u{b7}' => previous == Some('l') && next == Some('l'),
        '\u{375}' => script(next) == Some(Script::Greek),
        '\u{5f3}' | '\u{5f4}' => script(previous) == Some(Script::Hebrew),
        '\u{30fb}' => word
            .chars()
            .any(|c| matches!(script(Some(c)), Some(Script::Hiragana | Script::Katakana | Script::Han))),
        '\u{660}'..='\u{669}' => !word.chars().any(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        '\u{6f0}'..='\u{6f9}' => !word.chars().any(|c| matches!(c, '\u{660}'..='\u{669}')),
        _ => false,
    }
}

fn follows_virama(previous: Option<char>) -> bool {
    let table = CodePointMapData::<CanonicalCombiningClass>::new();
    previous.is_some_and(|c| table.get(c) == CanonicalCombiningClass::Virama)
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
