//! Characters that differ only in how they are drawn.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{EmojiModifier, ExtendedPictographic, GeneralCategory, VariationSelector};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Replaces wide and narrow forms by the ordinary ones and every space by that of ASCII (RFC 8264, section 5.2.1;
/// RFC 8265, section 4.2.2), and drops what only chooses a glyph.
///
/// Dropped are variation selectors, and the joiners and tags that follow an emoji: many devices neither type nor
/// show them, so that with them a name would have several addresses that look alike.
pub(super) fn map(text: &str) -> String {
    let mut mapped = String::with_capacity(text.len());
    for character in text.chars() {
        if !chooses_a_glyph(mapped.chars().next_back(), character) {
            push(&mut mapped, character);
        }
    }
    mapped
}

fn chooses_a_glyph(previous: Option<char>, character: char) -> bool {
    match character {
        '\u{200d}' | '\u{e0020}'..='\u{e007f}' => previous.is_some_and(is_emoji),
        _ => CodePointSetData::new::<VariationSelector>().contains(character),
    }
}

fn is_emoji(character: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(character)
        || CodePointSetData::new::<EmojiModifier>().contains(character)
}

fn push(mapped: &mut String, character: char) {
    match character {
        // NFKC would go on to a space with an accent.
        '\u{ffe3}' => mapped.push('\u{af}'),
        '\u{ff01}'..='\u{ff9f}' | '\u{ffe0}'..='\u{ffee}' => {
            let nfkc = ComposingNormalizerBorrowed::new_nfkc();
            mapped.push_str(&nfkc.normalize(character.encode_utf8(&mut [0; 4])));
        }
        '\u{ffa1}'..='\u{ffdc}' => mapped.push(wide_hangul(character).unwrap_or(character)),
        _ if is_space(character) => mapped.push(' '),
        _ => mapped.push(character),
    }
}

fn is_space(character: char) -> bool {
    CodePointMapData::<GeneralCategory>::new().get(character) == GeneralCategory::SpaceSeparator
}

/// The ordinary form of a half-width hangul letter. NFKC would go on to the jamo, which no local part may have.
fn wide_hangul(character: char) -> Option<char> {
    let (first, _, wide) =
        HANGUL.into_iter().find(|(first, last, _)| (*first..=*last).contains(&character))?;
    char::from_u32(u32::from(wide) + (u32::from(character) - u32::from(first)))
}

/// Runs of half-width hangul letters, first and last, with the ordinary form of the first.
const HANGUL: [(char, char, char); 5] = [
    ('\u{ffa1}', '\u{ffbe}', '\u{3131}'),
    ('\u{ffc2}', '\u{ffc7}', '\u{314f}'),
    ('\u{ffca}', '\u{ffcf}', '\u{3155}'),
    ('\u{ffd2}', '\u{ffd7}', '\u{315b}'),
    ('\u{ffda}', '\u{ffdc}', '\u{3161}'),
];
