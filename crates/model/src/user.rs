//! Users: who may register what, and what is kept of their passwords.

use crate::{Address, Network, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The most characters of a password: H.235.0 `Password` has room for 128, and deployed endpoints end it with a NUL.
pub const PASSWORD_MAX: usize = 127;

/// The key of procedure I: SHA-1 of the octets of the password (H.235.1 clause 7). Whoever has it can sign, but does not
/// know the password.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq, Serialize)]
pub struct PasswordKey([u8; 20]);

impl PasswordKey {
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

/// How surely somebody is who he says he is, as the gateway that he comes through has it (A-5.1.12, F-14). Nothing on the way
/// makes it more.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// He only says so.
    #[default]
    Claimed,
    /// A network that is trusted says so.
    Network,
    /// He has shown that he knows the password.
    Password,
    /// He has shown that he has the key of a certificate.
    Certificate,
    /// He has signed what he says.
    Signature,
}

/// A user as gateways know it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credential {
    /// The name that tokens have, compared exactly.
    pub name: Arc<str>,
    /// What the user may register, the principal first. No two users have the same.
    pub addresses: Box<[Address]>,
    /// Whose endpoints register with this password what belongs to nobody; of several the one that says most.
    pub networks: Box<[Network]>,
    /// The key of procedure I.
    pub key: PasswordKey,
    /// The password, only where MD5 or CAT is enabled for the user.
    pub password: Option<Password>,
}

/// The most octets of a user's name.
pub const USER_NAME_MAX: usize = 128;

/// A user as the store keeps it: what is secret is derived or sealed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRecord {
    /// The name that tokens have; 1 to 128 octets.
    pub name: String,
    /// What the user may register, the principal first.
    pub addresses: Vec<Address>,
    /// Whose endpoints register with this password what belongs to nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    /// The key of procedure I; `None` for somebody of a directory to whom nobody has given a password yet.
    pub key: Option<PasswordKey>,
    /// The password as only this server can read it, where a method needs it.
    pub sealed_password: Option<SealedPassword>,
    /// Since when the user has this password.
    pub since: Timestamp,
    /// What a directory says of the user; `None` where none has ever known one of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryUser>,
}

impl UserRecord {
    /// Whether the user may not register.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.directory.as_ref().is_some_and(|user| user.state != DirectoryState::Enabled)
    }
}

/// What a directory says of a user.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryUser {
    /// The distinguished name of the entry.
    pub dn: String,
    /// The name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where else the person is reached: URIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// Whether the account may be used.
    pub state: DirectoryState,
    /// Whether the addresses of the user follow the directory. Not so where an operator made the user.
    pub owns_addresses: bool,
}

/// Whether an account of a directory may be used.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DirectoryState {
    /// It may.
    Enabled,
    /// The directory says that it may not.
    Disabled,
    /// The directory has no such account any more.
    Gone,
}

/// An encrypted password. How is the business of who has the key.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct SealedPassword(pub Vec<u8>);

impl fmt::Debug for SealedPassword {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SealedPassword(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: F-18
    #[test]
    fn nothing_that_is_shown_has_a_secret_in_it() {
        let (key, text) = (PasswordKey::from_octets([0xab; 20]), "secret7");
        let password = Password::new(text);
        let credential = Credential {
            name: "alice".into(),
            addresses: Box::default(),
            networks: Box::default(),
            key,
            password,
        };
        let sealed = SealedPassword(vec![0xab; 40]);
        let shown = format!("{credential:?} {sealed:?} {key:?}").to_lowercase();
        for secret in [text, "ab, ab", "171", "abab"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_password_that_no_endpoint_could_send_is_none() {
        for wrong in ["", "line\n", "\0", &"x".repeat(128)] {
            assert_eq!(Password::new(wrong), None, "{wrong:?}");
        }
        assert!(Password::new(&"x".repeat(127)).is_some());
    }
}
