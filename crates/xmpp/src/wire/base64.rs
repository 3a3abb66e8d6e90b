//! Base 64 (RFC 4648 section 4), as XMPP has it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Writes octets, with padding.
#[must_use]
pub fn write(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// Reads octets; `None`: it is something else.
#[must_use]
pub fn read(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim()).ok()
}
