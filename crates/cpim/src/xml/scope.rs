//! Which prefix stands for which namespace where (Namespaces in XML 1.0).

use super::XML;
use super::reading::Fault;
use std::sync::Arc;

/// The declarations in force, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope {
    bindings: Vec<(Box<str>, Arc<str>)>,
    /// How many bindings there were before each open element.
    marks: Vec<usize>,
    /// Comparisons of prefixes so far: what a search costs.
    pub(super) comparisons: u64,
}

/// The namespace of namespace declarations, which nothing else may have.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

impl Scope {
    /// An element begins.
    pub(super) fn enter(&mut self) {
        self.marks.push(self.bindings.len());
    }

    /// The innermost element ends.
    pub(super) fn leave(&mut self) {
        let before = self.marks.pop().unwrap_or(0);
        self.bindings.truncate(before);
    }

    /// The innermost element declares a prefix; the empty one is the default.
    pub(super) fn declare(&mut self, prefix: &str, namespace: &str, most: usize) -> Result<(), Fault> {
        let is_reserved = prefix == "xmlns" || namespace == XMLNS || (prefix == "xml") != (namespace == XML);
        if is_reserved || (namespace.is_empty() && !prefix.is_empty()) {
            return Err(Fault::Declaration { prefix: prefix.to_owned() });
        }
        if self.bindings.len() >= most {
            return Err(Fault::TooMany { what: "declarations of namespaces", most });
        }
        let since = self.marks.last().copied().unwrap_or(0);
        self.comparisons += (self.bindings.len() - since) as u64;
        if self.bindings[since..].iter().any(|(declared, _)| **declared == *prefix) {
            return Err(Fault::Twice { name: format!("xmlns:{prefix}") });
        }
        self.bindings.push((prefix.into(), namespace.into()));
        Ok(())
    }

    /// What a prefix stands for; `None` where it is not declared. The empty prefix without a default is no namespace.
    pub(super) fn namespace(&mut self, prefix: &str) -> Option<Arc<str>> {
        if prefix == "xml" {
            return Some(XML.into());
        }
        for (declared, namespace) in self.bindings.iter().rev() {
            self.comparisons += 1;
            if **declared == *prefix {
                return Some(Arc::clone(namespace));
            }
        }
        prefix.is_empty().then(|| "".into())
    }
}
