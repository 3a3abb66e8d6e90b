//! Text between Herald and the UTF-16 of BMPString.

/// The text of code units: surrogate pairs joined, lone surrogates and U+FFFF as U+FFFD, NULs at the end dropped.
///
/// h323plus writes U+FFFF for any character beyond the BMP, and terminates some strings with NUL.
pub(super) fn read(units: &[u16]) -> String {
    let text: String = char::decode_utf16(units.iter().copied())
        .map(|character| match character {
            Ok('\u{ffff}') | Err(_) => char::REPLACEMENT_CHARACTER,
            Ok(character) => character,
        })
        .collect();
    text.trim_end_matches('\0').to_owned()
}

/// The code units of a text in parts of at most `units_max`, no surrogate pair divided; none for an empty text. A part
/// ends with a paragraph, a sentence or a word where that leaves it half full (interworking d.6).
pub(super) fn parts(text: &str, units_max: usize) -> Vec<Vec<u16>> {
    let units_max = units_max.max(2);
    let mut parts: Vec<Vec<u16>> = Vec::new();
    for character in text.chars() {
        let mut buffer = [0; 2];
        let units = character.encode_utf16(&mut buffer);
        match parts.last_mut() {
            Some(part) if part.len() + units.len() <= units_max => part.extend_from_slice(units),
            Some(part) => {
                let mut rest = part.split_off(end(part));
                rest.extend_from_slice(units);
                parts.push(rest);
            }
            None => parts.push(units.to_vec()),
        }
    }
    parts
}

/// Where a part had best end.
fn end(part: &[u16]) -> usize {
    let is =
        |unit: Option<&u16>, of: &str| unit.is_some_and(|unit| of.encode_utf16().any(|one| one == *unit));
    let ends: [&dyn Fn(usize) -> bool; 3] =
        [&|at| is(part.get(at), "\n\r"), &|at| is(part.get(at), " ") && is(part.get(at - 1), ".!?"), &|at| {
            is(part.get(at), " \t")
        }];
    let places = || (part.len().div_ceil(2).max(1)..part.len()).rev();
    let found = ends.iter().find_map(|is_end| places().find(|at| is_end(*at)));
    found.map_or(part.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: Q21, K-10
    #[test]
    fn pairs_are_joined_and_what_is_no_character_is_replaced() {
        let units = [0x61, 0xd83d, 0xde00, 0xd800, 0x62, 0xdc00, 0xffff, 0x0a, 0x20ac];
        assert_eq!(read(&units), "a\u{1f600}\u{fffd}b\u{fffd}\u{fffd}\n\u{20ac}");
        assert_eq!(read(&[0x61, 0, 0x62, 0, 0]), "a\0b");
        assert_eq!(read(&[0xd83d]), "\u{fffd}");
    }

    // covers: K-10
    #[test]
    fn parts_are_as_long_as_may_be_and_divide_no_pair() {
        assert_eq!(parts("", 3), Vec::<Vec<u16>>::new());
        let text = "ab\u{1f600}c";
        let divided = parts(text, 3);
        assert_eq!(divided.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3]);
        let joined: Vec<u16> = divided.concat();
        assert_eq!(read(&joined), text);
    }

    #[test]
    fn parts_end_where_something_ends() {
        let divided =
            |text: &str, units_max| parts(text, units_max).iter().map(|part| read(part)).collect::<Vec<_>>();
        assert_eq!(divided("one two three", 8), ["one two ", "three"]);
        assert_eq!(divided("I came. I saw it", 10), ["I came. ", "I saw it"]);
        assert_eq!(divided("a line\nand one more", 10), ["a line\n", "and one ", "more"]);
        assert_eq!(divided("a bcdefghijklm", 8), ["a bcdefg", "hijklm"], "half empty is too early");
    }
}
