//! Random octets, and the one secret that must outlive the process.

use model::SoftRecord;
use model::address::PseudonymKey;
use std::fs::File;
use std::io::{self, Read};
use store::{Storage, StoreError};

/// The table of the node's own soft state. The secret lies in the store and not in a file of its own, so that a
/// backup has it: names made with another secret would be the names of strangers.
const TABLE: &str = "node.secret";
const PSEUDONYM_KEY: &str = "pseudonymKey";

/// Random octets from the system.
pub(crate) fn random() -> io::Result<[u8; 32]> {
    let mut octets = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut octets)?;
    Ok(octets)
}

/// The key of pseudonyms: that of the runs before, or `new` on the first.
pub(crate) fn pseudonym_key(store: &impl Storage, new: [u8; 32]) -> Result<PseudonymKey, StoreError> {
    let mut kept: Option<[u8; 32]> = None;
    store.soft(TABLE, |key, value, _| {
        if key == PSEUDONYM_KEY {
            kept = serde_json::from_str(value).ok();
        }
    })?;
    if let Some(kept) = kept {
        return Ok(PseudonymKey::new(kept));
    }
    let value = serde_json::to_string(&new).ok();
    store.submit_soft(vec![SoftRecord { table: TABLE, key: PSEUDONYM_KEY.to_owned(), value }])?;
    Ok(PseudonymKey::new(new))
}
