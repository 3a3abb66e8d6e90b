//! Names of headers and the namespaces they are in (RFC 3862, section 3.4).

use crate::namespaces::{CPIM_HEADERS, HERALD, IMDN};
use std::sync::Arc;

/// A name, resolved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Name {
    /// Its namespace; `None` where its prefix is not declared.
    pub namespace: Option<Arc<str>>,
    /// Its name there; upper and lower case differ.
    pub local: String,
}

impl Name {
    /// Whether it is this one.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace.as_deref() == Some(namespace)
    }
}

/// Whether Herald understands a header that is required.
pub fn is_known(name: &Name) -> bool {
    let known: &[&str] = match name.namespace.as_deref() {
        Some(CPIM_HEADERS) => &["From", "To", "cc", "DateTime", "Subject", "NS", "Require"],
        Some(IMDN) => &["Message-ID", "Disposition-Notification"],
        Some(HERALD) => &["Thread"],
        _ => &[],
    };
    known.contains(&&*name.local)
}

/// The declarations before a header.
#[derive(Debug)]
pub(super) struct Scope {
    declared: Vec<(String, Arc<str>)>,
    default: Arc<str>,
    /// Comparisons so far.
    pub(super) comparisons: u64,
}

impl Default for Scope {
    fn default() -> Self {
        Self { declared: Vec::new(), default: CPIM_HEADERS.into(), comparisons: 0 }
    }
}

impl Scope {
    /// Resolves a name as it is written.
    pub(super) fn resolve(&mut self, written: &str) -> Name {
        let Some((prefix, local)) = written.split_once('.') else {
            return Name { namespace: Some(Arc::clone(&self.default)), local: written.to_owned() };
        };
        let mut searched = 0;
        let namespace = self.declared.iter().rev().find(|(declared, _)| {
            searched += 1;
            declared == prefix
        });
        self.comparisons += searched;
        Name { namespace: namespace.map(|(_, namespace)| Arc::clone(namespace)), local: local.to_owned() }
    }

    /// Declares what the value of an `NS` header says; `false` where it is none.
    pub(super) fn declare(&mut self, value: &str) -> bool {
        let (prefix, rest) = value.split_once(' ').map_or(("", value), |(prefix, rest)| (prefix, rest));
        let Some(uri) = rest.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else { return false };
        if uri.is_empty() || uri.contains(['<', '>', ' ']) || !(prefix.is_empty() || is_name(prefix)) {
            return false;
        }
        if prefix.is_empty() {
            self.default = uri.into();
        } else {
            self.declared.push((prefix.to_owned(), uri.into()));
        }
        true
    }
}

/// Whether a text is a name or a prefix.
pub(super) fn is_name(text: &str) -> bool {
    let is_name_character = |character: char| match character {
        '!' | '#'..='\'' | '*' | '+' | '-' | '^' | '_' | '`' | '|' | '~' => true,
        other => other.is_ascii_alphanumeric() || !other.is_ascii(),
    };
    !text.is_empty() && text.chars().all(is_name_character)
}
