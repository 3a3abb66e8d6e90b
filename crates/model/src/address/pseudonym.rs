//! Names for those that have none of their own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// How many characters of five bits follow the `t-` of a pseudonym.
///
/// Among a million names two share 60 bits with a probability of 4 in 10 million; with 40 bits it
/// would be one in three.
pub const PSEUDONYM_CHARS: usize = 12;

/// The secret behind pseudonyms; the same key gives the same names after a restart and on every node.
#[derive(Clone, Eq, PartialEq)]
pub struct PseudonymKey([u8; 32]);

impl PseudonymKey {
    /// Takes 32 random octets.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The local part that stands for a name which must not be shown: `t-` and base32 (Crockford's digits, lower
    /// case, as no letter of it is taken for a digit) of HMAC-SHA-256.
    ///
    /// Keyed, because transport addresses are few enough to try them all.
    #[must_use]
    pub fn pseudonym(&self, hidden: &str) -> String {
        let bits = self.digest(hidden).iter().take(8).fold(0u64, |bits, octet| bits << 8 | u64::from(*octet));
        let digits = (1..=PSEUDONYM_CHARS).map(|place| {
            let digit = (bits >> (64 - 5 * place)) & 0x1f;
            char::from(DIGITS[usize::try_from(digit).expect("five bits fit")])
        });
        "t-".chars().chain(digits).collect()
    }

    /// An identifier that nobody can guess and that is the same whenever it is made of the same text.
    #[must_use]
    pub fn identifier(&self, text: &str) -> [u8; 16] {
        let digest = self.digest(text);
        std::array::from_fn(|place| digest[place])
    }

    /// A key for another purpose, of which nothing can be concluded about this one.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        // No name has a zero in it.
        self.digest(&format!("\0{purpose}"))
    }

    fn digest(&self, text: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(secret)")
    }
}

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
