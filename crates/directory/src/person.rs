//! People: what an entry says of one.

use crate::entry::Entry;
use crate::settings::{H235_ENDPOINT_ID, H235_PASSWORD, Settings};
use model::Password;

/// The most octets of a name; what is longer is left out.
const NAME_OCTETS_MAX: usize = 256;

/// The most aliases of one person; those beyond are left out.
const ALIASES_MAX: usize = 64;

/// A person of the directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// The distinguished name.
    pub dn: String,
    /// The name that the person signs in with, in lower case: directories do not tell case apart there.
    pub user: String,
    /// The same name as the directory writes it: tokens of H.235 are compared exactly.
    pub signs_as: String,
    /// The name for people.
    pub title: Option<String>,
    /// Aliases as people would type them, in the order of the settings, each once.
    pub aliases: Vec<String>,
    /// Where else the person is reached: URIs.
    pub contacts: Vec<String>,
    /// The password of H.235, where the directory keeps one and the settings have it taken.
    pub password: Option<Password>,
    /// Whether the account may not be used.
    pub is_disabled: bool,
    /// The distinguished names of groups that the person says it is in.
    pub(crate) member_of: Vec<String>,
}

impl Person {
    /// The person that an entry is; `None` where it has no name to sign in with, or one that can't be used.
    #[must_use]
    pub fn read(entry: &Entry, settings: &Settings) -> Option<Self> {
        let token_name = entry.first(H235_ENDPOINT_ID).filter(|_| settings.takes_passwords);
        let user =
            token_name.or_else(|| entry.first(&settings.user_attribute)).filter(|name| is_usable(name))?;
        let mut aliases: Vec<String> = Vec::new();
        let addresses =
            settings.address_attributes.iter().flat_map(|name| entry.values(name)).map(str::to_owned);
        let numbers =
            settings.number_attributes.iter().flat_map(|name| entry.values(name)).filter_map(number);
        for alias in addresses.filter(|alias| is_usable(alias)).chain(numbers).take(ALIASES_MAX) {
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        let title = settings.title_attributes.iter().find_map(|name| entry.first(name));
        let mail = entry.values("mail").filter(|mail| is_usable(mail)).map(|mail| format!("mailto:{mail}"));
        let telephone =
            entry.values("telephoneNumber").filter_map(digits).map(|number| format!("tel:{number}"));
        let password = entry.first(H235_PASSWORD).filter(|_| settings.takes_passwords);
        Some(Self {
            dn: entry.dn.clone(),
            user: user.to_lowercase(),
            signs_as: user.to_owned(),
            title: title.filter(|title| is_usable(title)).map(str::to_owned),
            aliases,
            contacts: mail.chain(telephone).take(ALIASES_MAX).collect(),
            password: password.and_then(Password::new),
            is_disabled: is_disabled(entry),
            member_of: entry.values("memberOf").map(str::to_owned).collect(),
        })
    }
}

/// Whether the account of an entry may not be used, in the words of the directories that have any.
fn is_disabled(entry: &Entry) -> bool {
    // Active Directory: ACCOUNTDISABLE.
    let control = entry.first("userAccountControl").and_then(|value| value.parse::<i64>().ok());
    // 389 Directory Server.
    let lock = entry.first("nsAccountLock").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    // draft-behera-ldap-password-policy clause 5.3.3: for ever. Another moment is a lock that ends by itself, which anybody can
    // cause by wrong passwords.
    let is_locked = entry.first("pwdAccountLockedTime") == Some("000001010000Z");
    control.is_some_and(|control| control & 2 != 0) || lock || is_locked
}

/// Whether a name may be kept and shown.
pub(crate) fn is_usable(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_OCTETS_MAX && !name.chars().any(char::is_control)
}

/// A telephone number as an alias.
fn number(text: &str) -> Option<String> {
    let digits = digits(text)?;
    Some(if digits.starts_with('+') { format!("e164:{digits}") } else { digits })
}

/// A telephone number without what makes it readable (RFC 3966: visual separators); `None` where it is none.
fn digits(text: &str) -> Option<String> {
    let digits: String =
        text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}')).collect();
    let bare = digits.strip_prefix('+').unwrap_or(&digits);
    (!bare.is_empty() && bare.len() <= 64 && bare.bytes().all(|octet| octet.is_ascii_digit()))
        .then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Kind;

    pub(crate) fn entry(dn: &str, attributes: &[(&str, &[&str])]) -> Entry {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Entry::new(dn.to_owned(), attributes.iter().map(|(name, values)| ((*name).to_owned(), owned(values))))
    }

    #[test]
    fn the_attributes_of_h350_are_aliases_and_are_taken_once() {
        let settings = Settings { takes_passwords: true, ..Settings::default() };
        let entry = entry(
            "uid=Bob,dc=example",
            &[
                ("UID", &["Bob"]),
                ("cn", &["Bob B."]),
                ("mail", &["bob@example.com"]),
                ("h323Identityh323-ID", &["Bob", "bob desk"]),
                ("h323IdentitydialedDigits", &["4004"]),
                ("h235IdentityEndpointID", &["Bob-Desk"]),
                ("h235IdentityPassword", &["secret"]),
                ("telephoneNumber", &["+49 (89) 123-4", "ask reception"]),
            ],
        );
        let person = Person::read(&entry, &settings).unwrap();
        assert_eq!((person.user.as_str(), person.signs_as.as_str()), ("bob-desk", "Bob-Desk"));
        assert_eq!(person.aliases, ["Bob", "bob@example.com", "bob desk", "4004"]);
        assert_eq!(person.contacts, ["mailto:bob@example.com", "tel:+49891234"]);
        assert_eq!(person.title.as_deref(), Some("Bob B."));
        assert_eq!(person.password, Password::new("secret"));
        let not_taken = Person::read(&entry, &Settings::default()).unwrap();
        assert_eq!((not_taken.user.as_str(), not_taken.password), ("bob", None));
    }

    #[test]
    fn active_directory_says_by_a_bit_that_an_account_is_disabled() {
        let settings = Settings::of(Kind::ActiveDirectory);
        for (control, is_disabled) in [("512", false), ("514", true), ("66050", true), ("no number", false)] {
            let entry = entry(
                "CN=Bob,DC=example",
                &[
                    ("sAMAccountName", &["Bob"]),
                    ("userAccountControl", &[control]),
                    ("ipPhone", &["40 04", "+1-2"]),
                ],
            );
            let person = Person::read(&entry, &settings).unwrap();
            assert_eq!(person.is_disabled, is_disabled, "{control}");
            assert_eq!(person.aliases, ["Bob", "4004", "e164:+12"]);
        }
    }

    #[test]
    fn a_lock_that_ends_by_itself_takes_nothing_away() {
        for (moment, is_disabled) in [("000001010000Z", true), ("20260101120000Z", false)] {
            let entry = entry("uid=bob,dc=x", &[("uid", &["bob"]), ("pwdAccountLockedTime", &[moment])]);
            assert_eq!(Person::read(&entry, &Settings::default()).unwrap().is_disabled, is_disabled);
        }
    }

    #[test]
    fn who_has_no_name_to_sign_in_with_is_nobody() {
        let long = "x".repeat(300);
        for name in [None, Some(""), Some("a\nb"), Some(long.as_str())] {
            let values = Vec::from_iter(name);
            let entry = entry("uid=bob,dc=x", &[("uid", &values)]);
            assert_eq!(Person::read(&entry, &Settings::default()), None, "{name:?}");
        }
    }
}
