//! Escapes in the values of headers (RFC 3862, section 2.3.1).

/// Reads a value: its escapes resolved. An escape that is not defined stands for the character after the backslash, a
/// backslash at the end for nothing; two escaped surrogates are one character.
pub(super) fn read(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    let mut high: Option<u32> = None;
    while let Some(character) = characters.next() {
        let unit = match character {
            '\\' => match characters.next() {
                None => break,
                Some('b') => 0x08,
                Some('t') => 0x09,
                Some('n') => 0x0a,
                Some('r') => 0x0d,
                Some('u') => match hexadecimal(characters.as_str()) {
                    Some(unit) => {
                        characters.nth(3);
                        unit
                    }
                    None => u32::from('u'),
                },
                Some(other) => u32::from(other),
            },
            other => u32::from(other),
        };
        push(&mut text, &mut high, unit);
    }
    text.extend(high.map(|_| char::REPLACEMENT_CHARACTER));
    text
}

/// Adds a unit of UTF-16 or a character; a high surrogate waits for a low one.
fn push(text: &mut String, high: &mut Option<u32>, unit: u32) {
    match (high.take(), unit) {
        (Some(first), 0xdc00..=0xdfff) => {
            text.extend(char::from_u32(0x10000 + ((first - 0xd800) << 10) + (unit - 0xdc00)));
            return;
        }
        (Some(_), _) => text.push(char::REPLACEMENT_CHARACTER),
        (None, _) => {}
    }
    match unit {
        0xd800..=0xdbff => *high = Some(unit),
        unit => text.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
}

fn hexadecimal(rest: &str) -> Option<u32> {
    let digits = rest.get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// Writes a value: backslashes and control characters are escaped, and the quote where it stands in quotes; nothing else.
pub(super) fn write(text: &str, in_quotes: bool) -> String {
    let mut value = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => value.push_str("\\\\"),
            '"' if in_quotes => value.push_str("\\\""),
            '\u{8}' => value.push_str("\\b"),
            '\t' => value.push_str("\\t"),
            '\n' => value.push_str("\\n"),
            '\r' => value.push_str("\\r"),
            control if control.is_control() => value.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // covers: C-17
    #[test]
    fn every_escape_is_read_and_an_unknown_one_is_its_character() {
        for (value, text) in [
            (r#"a\\b\"c\'d\be\tf\ng\rh"#, "a\\b\"c'd\u{8}e\tf\ng\rh"),
            (r"\u00e4\u20AC", "\u{e4}\u{20ac}"),
            (r"\uD83D\uDE00", "\u{1f600}"),
            (r"\uD83Dx \uDE00", "\u{fffd}x \u{fffd}"),
            (r"\uD83D", "\u{fffd}"),
            (r"\u12", "u12"),
            (r"\u12g4", "u12g4"),
            ("\\u\u{20ac}\u{20ac}", "u\u{20ac}\u{20ac}"),
            (r"\q\.\", "q."),
            ("\u{20ac}", "\u{20ac}"),
        ] {
            assert_eq!(read(value), text, "{value}");
        }
        assert_eq!(
            write("a\\\"'\u{8}\t\r\n\u{0}\u{85}\u{e4}", false),
            "a\\\\\"'\\b\\t\\r\\n\\u0000\\u0085\u{e4}"
        );
        assert_eq!(write("say \"a\"", true), "say \\\"a\\\"");
    }

    proptest! {
        // covers: C-17
        #[test]
        fn what_is_written_is_read_again(text in any::<String>(), in_quotes: bool) {
            let value = write(&text, in_quotes);
            prop_assert!(!value.contains(char::is_control));
            prop_assert_eq!(read(&value), text);
        }
    }
}
