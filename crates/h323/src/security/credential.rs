//! What is kept of a password.

use super::Method;
use model::Address;
use sha1::{Digest, Sha1};
use std::fmt;
use std::sync::Arc;

/// The most characters of a password: H.235.0 `Password` has room for 128, and deployed endpoints end it with a NUL.
pub const PASSWORD_MAX: usize = 127;

/// The key of procedure I: SHA-1 of the octets of the password (H.235.1 clause 7). Whoever has it can sign, but does not
/// know the password.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct PasswordKey([u8; 20]);

impl PasswordKey {
    /// The key of a password.
    pub fn of(password: &Password) -> Self {
        Self(Sha1::digest(password.as_str().as_bytes()).into())
    }

    /// The key that was kept.
    pub const fn from_octets(octets: [u8; 20]) -> Self {
        Self(octets)
    }

    /// The key itself, to be kept or to sign with.
    pub const fn octets(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Debug for PasswordKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordKey(..)")
    }
}

/// A password of 1 to 127 UTF-16 units without control characters. It is never written anywhere.
#[derive(Clone, Eq, PartialEq)]
pub struct Password(Arc<str>);

impl Password {
    /// The password with this text; `None` where it is empty, too long, or has control characters.
    pub fn new(text: &str) -> Option<Self> {
        let units = text.encode_utf16().count();
        ((1..=PASSWORD_MAX).contains(&units) && !text.chars().any(char::is_control))
            .then(|| Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(..)")
    }
}

/// A user as the gatekeeper knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credential {
    /// The name that tokens have, compared exactly.
    pub name: Arc<str>,
    /// What the user may register, the principal first; at least one. No two users have the same.
    pub addresses: Box<[Address]>,
    /// The key of procedure I.
    pub key: PasswordKey,
    /// The password, only where MD5 or CAT is enabled for the user.
    pub password: Option<Password>,
}

impl Credential {
    /// Whether the user can be known by this method.
    pub const fn can(&self, method: Method) -> bool {
        !method.needs_password() || self.password.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: F-18
    #[test]
    fn the_key_is_the_sha_1_of_the_octets_and_nothing_shows_it_or_the_password() {
        let password = Password::new("Passwörter").unwrap();
        let key = PasswordKey::of(&password);
        // hashlib.sha1('Passwörter'.encode()).hexdigest()
        let hex: String = key.octets().iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hex, "259c85dcae23d1b7b2fd05055a6cebea68495e4b");
        let credential = Credential {
            name: "alice".into(),
            addresses: Box::default(),
            key,
            password: Some(password.clone()),
        };
        let shown = format!("{credential:?} {password:?} {key:?}");
        assert!(!shown.contains("Passw\u{f6}rter") && !shown.contains(&hex[..6]), "{shown}");
    }

    #[test]
    fn a_password_that_no_endpoint_could_send_is_none() {
        for wrong in ["", "line\n", "\0", &"x".repeat(128)] {
            assert_eq!(Password::new(wrong), None, "{wrong:?}");
        }
        assert!(Password::new(&"x".repeat(127)).is_some());
    }
}
