//! Distinguished names (RFC 4514), as far as they must be compared.

use std::fmt::Write;

/// A distinguished name in the one form that equal names have: lower case, one space between words, and each special
/// character escaped in one way. `None` where it is no distinguished name.
///
/// Attributes are compared as if case never mattered, which is so for all that names are usually made of.
///
/// ```
/// assert_eq!(directory::normal("CN=Bob\\2C Jr. , DC=Example"), directory::normal("cn=bob\\, jr.,dc=example"));
/// ```
#[must_use]
pub fn normal(text: &str) -> Option<String> {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        let (part, separator, after) = next_part(rest)?;
        let equals = part.iter().position(|octet| matches!(octet, Octet::Plain(b'=')))?;
        let (kind, value) = (word(&part[..equals])?, word(&part[equals + 1..])?);
        let is_kind = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if kind.is_empty() || value.is_empty() || !kind.chars().all(is_kind) {
            return None;
        }
        normal.push_str(&kind);
        normal.push('=');
        for c in value.chars() {
            // Writing to a string can't fail.
            let _ = match c {
                c if c.is_control() => {
                    c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|octet| write!(normal, "\\{octet:02x}"))
                }
                ',' | '+' | '=' | '\\' | '"' | ';' | '<' | '>' | '#' => write!(normal, "\\{c}"),
                c => write!(normal, "{c}"),
            };
        }
        match separator {
            None => return Some(normal),
            Some(separator) => normal.push(separator),
        }
        rest = after;
    }
}

/// An octet, and whether it stands for itself.
#[derive(Clone, Copy)]
enum Octet {
    Plain(u8),
    Escaped(u8),
}

/// The octets up to the next separator, that, and what follows it.
fn next_part(text: &[u8]) -> Option<(Vec<Octet>, Option<char>, &[u8])> {
    let mut part = Vec::new();
    let mut at = 0;
    while let Some(octet) = text.get(at) {
        at += 1;
        match octet {
            b',' | b';' => return Some((part, Some(','), &text[at..])),
            b'+' => return Some((part, Some('+'), &text[at..])),
            b'\\' => {
                let first = *text.get(at)?;
                let hex =
                    |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                match (hex(first), text.get(at + 1).copied().and_then(hex)) {
                    (Some(high), Some(low)) => {
                        part.push(Octet::Escaped(high << 4 | low));
                        at += 2;
                    }
                    _ => {
                        part.push(Octet::Escaped(first));
                        at += 1;
                    }
                }
            }
            other => part.push(Octet::Plain(*other)),
        }
    }
    Some((part, None, &[]))
}

/// Octets as text in lower case, without spaces around it and with one between words.
fn word(octets: &[Octet]) -> Option<String> {
    let plain = octets.iter().map(|octet| match octet {
        Octet::Plain(octet) | Octet::Escaped(octet) => *octet,
    });
    let text = String::from_utf8(plain.collect()).ok()?.to_lowercase();
    Some(text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_equal_whatever_case_spaces_and_escapes_they_are_written_with() {
        let same = [
            "uid=bob,ou=People,dc=example",
            "UID=Bob, OU=people,DC=Example",
            "uid=b\\6fb,ou=people;dc=example",
        ];
        for name in same {
            assert_eq!(normal(name).as_deref(), Some("uid=bob,ou=people,dc=example"), "{name}");
        }
        assert_eq!(normal("cn=Lučić\\+1+sn=x").as_deref(), Some("cn=lučić\\+1+sn=x"));
        assert_eq!(normal("cn=Lu\\C4\\8Di\\C4\\87"), normal("cn=lučić"));
        assert_ne!(normal("cn=a\\,dc=b"), normal("cn=a,dc=b"));
        assert_ne!(normal("cn=a\\+sn=b"), normal("cn=a+sn=b"));
    }

    #[test]
    fn what_is_no_name_is_none() {
        for wrong in
            ["", "bob", "=bob", "uid=", "uid=bob,", "uid=bob\\", "uid=\\ff", "u d=bob", ",", "uid=bob,,dc=x"]
        {
            assert_eq!(normal(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_the_normal_form_is_its_own(text in "(cn=[\\x00-\\x7f]{1,10},?|\\PC{0,40})") {
            if let Some(once) = normal(&text) {
                prop_assert_eq!(normal(&once), Some(once));
            }
        }

        #[test]
        fn a_value_that_is_escaped_names_one_entry_and_no_other(value in "[^\\x00-\\x1f\\x7f]{1,20}") {
            let escaped = ldap3::dn_escape(value.as_str());
            let name = normal(&format!("cn={escaped},dc=example"));
            prop_assume!(!value.trim().is_empty());
            prop_assert!(name.clone().is_some_and(|name| name.ends_with(",dc=example")), "{:?}", name);
        }

        #[test]
        fn an_escaped_value_ends_no_filter(value in "\\PC{0,20}") {
            let filter = format!("(uid={})", ldap3::ldap_escape(value.as_str()));
            prop_assert!(ldap3::parse_filter(&filter).is_ok());
            prop_assert_eq!(filter.matches('(').count(), 1);
            prop_assert!(!filter.contains('*'));
        }
    }
}
