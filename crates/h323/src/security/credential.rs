//! What the methods make of a password.

use super::Method;
use model::{Credential, Password, PasswordKey};
use sha1::{Digest, Sha1};

/// The key of procedure I: SHA-1 of the octets of the password (H.235.1 clause 7).
pub fn key_of(password: &Password) -> PasswordKey {
    PasswordKey::from_octets(Sha1::digest(password.as_str().as_bytes()).into())
}

/// Whether a user can be known by a method.
pub const fn can(credential: &Credential, method: Method) -> bool {
    !method.needs_password() || credential.password.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_sha_1_of_the_octets() {
        let key = key_of(&Password::new("Passw\u{f6}rter").unwrap());
        let hex: String = key.octets().iter().map(|octet| format!("{octet:02x}")).collect();
        // hashlib.sha1('Passw\xf6rter'.encode()).hexdigest()
        assert_eq!(hex, "259c85dcae23d1b7b2fd05055a6cebea68495e4b");
    }
}
