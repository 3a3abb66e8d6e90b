//! Patterns of operators for names of many endpoints.

/// Whether a text matches a pattern in which `*` stands for any text, upper and lower case alike.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_with_any_text_in_place_of_each_star() {
        for (pattern, text, expected) in [
            ("mcu*", "MCU-1", true),
            ("*@lab.example.com", "room4@lab.example.com", true),
            ("gw-*-test*", "gw-7-test", true),
            ("room4", "room4", true),
            ("room4", "room42", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
