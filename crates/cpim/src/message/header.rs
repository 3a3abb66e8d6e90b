//! One header of a message.

use super::escape;
use super::names::Name;

/// A message header as it stands: name, parameters, value with its escapes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Its name as it is written, with its prefix.
    pub written: String,
    /// Its name as the declarations before it resolve it.
    pub name: Name,
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// Its value, not unescaped.
    pub value: String,
    /// What it requires, where it is `Require`.
    pub required: Vec<Name>,
}

impl Header {
    /// Its value with its escapes resolved.
    pub fn text(&self) -> String {
        escape::read(&self.value)
    }
}

/// A parameter of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value as it is written.
    pub value: String,
}

/// A name for people and an address.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mailbox {
    /// The name; empty for none.
    pub formal_name: String,
    /// The URI.
    pub uri: String,
}

impl Mailbox {
    /// Reads `"Alice" <im:alice@example.com>`, the name quoted, in words or absent.
    pub(super) fn read(value: &str) -> Option<Self> {
        let (name, rest) = match value.strip_prefix('"') {
            Some(rest) => {
                let end = closing_quote(rest)?;
                (escape::read(&rest[..end]), &rest[end + 1..])
            }
            None => {
                let start = value.find('<')?;
                (escape::read(value[..start].trim()), &value[start..])
            }
        };
        let uri = rest.trim_start().strip_prefix('<')?.trim_end().strip_suffix('>')?;
        let is_uri = uri.contains(':') && !uri.contains(['<', '>', ' ', '"']);
        is_uri.then(|| Self { formal_name: name, uri: uri.to_owned() })
    }

    /// Writes it, the name quoted.
    pub(super) fn write(&self) -> String {
        let Self { formal_name, uri } = self;
        if formal_name.is_empty() {
            return format!("<{uri}>");
        }
        format!("\"{}\" <{uri}>", escape::write(formal_name, true))
    }
}

/// The place of the quote that ends a string.
fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|octet| {
        let closes = octet == b'"' && !is_escaped;
        is_escaped = octet == b'\\' && !is_escaped;
        closes
    })
}
