//! Names that nobody can guess, from a secret seed.

use sha2::{Digest, Sha256};

#[derive(Debug)]
pub(crate) struct Random {
    seed: [u8; 32],
    drawn: u64,
}

impl Random {
    pub(crate) const fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    pub(crate) fn octets(&mut self) -> [u8; 16] {
        self.drawn += 1;
        let digest = Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes()).finalize();
        let mut octets = [0; 16];
        octets.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        octets
    }

    /// A name for a stanza.
    pub(crate) fn identifier(&mut self) -> String {
        self.octets().iter().take(8).map(|octet| format!("{octet:02x}")).collect()
    }
}
