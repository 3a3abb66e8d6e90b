//! Text of messages between Unicode and the 16-bit units of the wire.

use codec::per::BmpString;

/// The most 16-bit units of one text on the wire. More than about 8150 do not fit the open type around them, whose
/// length the deployed stacks can't divide; 8100 are known to pass.
pub(super) const TEXT_UNITS_MAX: usize = 8100;

/// What stands for a character that can't be read.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// The text of units: surrogate pairs joined; lone surrogates, and U+FFFF, which the deployed sender writes for every
/// character beyond it, as U+FFFD.
pub(super) fn read(units: &[u16]) -> String {
    let characters = char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or(REPLACEMENT));
    characters.map(|character| if character == '\u{ffff}' { REPLACEMENT } else { character }).collect()
}

/// A text in pieces of at most `max` units, no character divided; none for an empty one.
pub(super) fn pieces(text: &str, max: usize) -> Vec<BmpString> {
    let mut pieces = Vec::new();
    let mut units = Vec::new();
    for character in text.chars() {
        if units.len() + character.len_utf16() > max {
            pieces.extend(BmpString::from_units(std::mem::take(&mut units)));
        }
        units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
    }
    if !units.is_empty() {
        pieces.extend(BmpString::from_units(units));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    // Quirk Q21, as an endpoint meets it.
    #[test]
    fn pairs_are_joined_and_what_is_no_character_is_replaced() {
        let smile: Vec<u16> = "a 😀 b".encode_utf16().collect();
        assert_eq!(read(&smile), "a 😀 b");
        assert_eq!(read(&[0x61, 0xd83d, 0x62]), "a\u{fffd}b");
        assert_eq!(read(&[0xde00, 0x61]), "\u{fffd}a");
        assert_eq!(read(&[0xffff]), "\u{fffd}");
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_nothing_is_lost() {
        let text = "😀".repeat(10);
        let cut = pieces(&text, 5);
        assert_eq!(cut.iter().map(|piece| piece.units().len()).collect::<Vec<_>>(), [4, 4, 4, 4, 4]);
        assert_eq!(cut.iter().map(|piece| read(piece.units())).collect::<String>(), text);
        assert_eq!(pieces("", 5), []);
    }
}
