//! Passwords that must be kept as they are, because a method needs them: encrypted with a key that lies beside the store.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) with a random nonce; the name of the user goes into the tag, so that what
//! is sealed for one opens for nobody else. Who has the database, or a backup of it, but not the key has no password.

use crate::secrets;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use model::{Password, SealedPassword};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The name of the key in the data directory.
const KEY_FILE: &str = "secret.key";

/// The octets of a nonce, which stands before what it was used for.
const NONCE: usize = 24;

/// Where passwords are sealed and opened. The key is read each time: users change rarely.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    file: PathBuf,
}

/// Why a password can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    /// The file of the key can't be used.
    #[error("the key of passwords can't be used: {}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// Others than its owner may read it.
    #[error("others may read the key of passwords; make it so that only its owner can: chmod 600 {}", .0.display())]
    Open(PathBuf),
    /// It is not 32 octets.
    #[error("{} is no key of passwords: it must have 32 octets", .0.display())]
    Length(PathBuf),
    /// It was sealed with another key, or changed.
    #[error("a password does not open with this key; set it again with `herald user passwd`")]
    Sealed,
}

impl Vault {
    /// The vault whose key is in this file, or in the data directory.
    pub fn new(data: &Path, file: Option<&Path>) -> Self {
        Self { file: file.map_or_else(|| data.join(KEY_FILE), Path::to_owned) }
    }

    /// Encrypts a password of a user; the key is made where there is none yet.
    pub fn seal(&self, user: &str, password: &Password) -> Result<SealedPassword, VaultError> {
        let key = match self.key() {
            Err(VaultError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                self.make_key().map_err(|error| self.failed(error))?
            }
            key => key?,
        };
        let random = secrets::random().map_err(|error| self.failed(error))?;
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&random[..NONCE]);
        let payload = Payload { msg: password.as_str().as_bytes(), aad: user.as_bytes() };
        let cipher = XChaCha20Poly1305::new(&Key::from(key));
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Sealed)?;
        Ok(SealedPassword([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts a password of a user.
    pub fn open(&self, user: &str, sealed: &SealedPassword) -> Result<Password, VaultError> {
        let key = self.key()?;
        let (nonce, sealed) = sealed.0.split_first_chunk::<NONCE>().ok_or(VaultError::Sealed)?;
        let payload = Payload { msg: sealed, aad: user.as_bytes() };
        let opened = XChaCha20Poly1305::new(&Key::from(key)).decrypt(&XNonce::from(*nonce), payload);
        let text = opened.ok().and_then(|octets| String::from_utf8(octets).ok());
        text.and_then(|text| Password::new(&text)).ok_or(VaultError::Sealed)
    }

    fn key(&self) -> Result<[u8; 32], VaultError> {
        let octets = fs::read(&self.file).map_err(|error| self.failed(error))?;
        let metadata = fs::metadata(&self.file).map_err(|error| self.failed(error))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(VaultError::Open(self.file.clone()));
        }
        octets.try_into().map_err(|_| VaultError::Length(self.file.clone()))
    }

    /// Makes a key, which is on disk when this returns.
    fn make_key(&self) -> io::Result<[u8; 32]> {
        let key = secrets::random()?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.file)?;
        file.write_all(&key)?;
        file.sync_all()?;
        if let Some(directory) = self.file.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::File::open(directory)?.sync_all()?;
        }
        Ok(key)
    }

    fn failed(&self, error: io::Error) -> VaultError {
        VaultError::File { file: self.file.clone(), error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: F-18
    #[test]
    fn a_sealed_password_opens_with_its_key_and_user_only() {
        let place = tempfile::tempdir().unwrap();
        let vault = Vault::new(place.path(), None);
        let password = Password::new("correct horse").unwrap();
        let sealed = vault.seal("alice", &password).unwrap();
        assert_eq!(vault.open("alice", &sealed).unwrap(), password);
        assert!(vault.open("bob", &sealed).is_err());
        let mut changed = sealed.clone();
        changed.0[30] ^= 1;
        assert!(vault.open("alice", &changed).is_err());
        assert!(vault.open("alice", &SealedPassword(vec![1; 5])).is_err());
        assert!(!sealed.0.windows(5).any(|octets| octets == b"horse"));
        assert_ne!(vault.seal("alice", &password).unwrap(), sealed, "a nonce is used once");
        let other = tempfile::tempdir().unwrap();
        let other = Vault::new(other.path(), None);
        other.seal("alice", &password).unwrap();
        assert!(other.open("alice", &sealed).is_err());
    }

    // covers: F-18
    #[test]
    fn the_key_is_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let vault = Vault::new(place.path(), None);
        let password = Password::new("correct horse").unwrap();
        let sealed = vault.seal("alice", &password).unwrap();
        let file = place.path().join(KEY_FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(vault.open("alice", &sealed), Err(VaultError::Open(_))));
        assert!(matches!(vault.seal("alice", &password), Err(VaultError::Open(_))));
    }
}
