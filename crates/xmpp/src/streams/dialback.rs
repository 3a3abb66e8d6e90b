//! Dialback (XEP-0220): keys, and its words.

use crate::wire::Condition;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The namespace of its elements.
pub(super) const DIALBACK: &str = "jabber:server:dialback";

/// The key of a stream (XEP-0185): whoever knows the secret can tell that it is ours.
pub(super) fn key(secret: &[u8; 32], receiving: &str, originating: &str, stream: &str) -> String {
    let secret = hexadecimal(&Sha256::digest(secret));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let Ok(mut mac) = mac else { return String::new() };
    mac.update(format!("{receiving} {originating} {stream}").as_bytes());
    hexadecimal(&mac.finalize().into_bytes())
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// One of its elements, with its prefix, which some servers look for.
pub(super) fn element(
    name: &str,
    from: &str,
    to: &str,
    (id, kind): (Option<&str>, Option<&str>),
    content: Option<Content<'_>>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"<db:");
    out.extend_from_slice(name.as_bytes());
    for (attribute, value) in [("from", Some(from)), ("to", Some(to)), ("id", id), ("type", kind)] {
        if let Some(value) = value {
            crate::wire::write_attribute(attribute, value, &mut out);
        }
    }
    out.push(b'>');
    match content {
        Some(Content::Key(key)) => crate::wire::write_escaped(key, &mut out),
        Some(Content::Error(condition)) => condition.element().write(&mut out),
        None => {}
    }
    out.extend_from_slice(b"</db:");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
    out
}

/// What is in one of its elements.
pub(super) enum Content<'a> {
    Key(&'a str),
    Error(Condition),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_one_stream_between_two_domains() {
        let secret = [7; 32];
        let one = key(&secret, "xmpp.example", "h323.example", "D60000229F");
        assert_eq!(one.len(), 64);
        assert_eq!(one, key(&secret, "xmpp.example", "h323.example", "D60000229F"));
        assert_ne!(one, key(&secret, "xmpp.example", "h323.example", "D60000229E"));
        assert_ne!(one, key(&secret, "h323.example", "xmpp.example", "D60000229F"));
        assert_ne!(one, key(&[8; 32], "xmpp.example", "h323.example", "D60000229F"));
    }
}
