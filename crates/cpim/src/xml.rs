//! XML as presence documents use it: a bounded tree with names resolved, read without a DTD and written canonically.

mod limits;
mod reading;
mod scope;
mod writing;

pub use limits::Limits;
pub(crate) use reading::is_ncname;
pub use reading::{Fault, Steps, XmlError, read, read_counting};
pub use writing::canonical;

use std::sync::Arc;

/// The namespace of `xml:lang`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// An element, complete in itself: it holds every namespace that it needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Element {
    /// The prefix it is written with; empty for none.
    pub prefix: Box<str>,
    /// Its namespace; empty for none.
    pub namespace: Arc<str>,
    /// Its name there.
    pub local: Box<str>,
    /// Its attributes, without declarations of namespaces.
    pub attributes: Vec<Attribute>,
    /// Prefixes that its texts and values seem to use as names (`xsi:type="caps:audio"`), so that they stay declared.
    pub quoted: Vec<(Box<str>, Arc<str>)>,
    /// What is in it, in order.
    pub nodes: Vec<Node>,
}

/// An attribute.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attribute {
    /// The prefix it is written with; empty for none.
    pub prefix: Box<str>,
    /// Its namespace; empty where it has no prefix.
    pub namespace: Arc<str>,
    /// Its name there.
    pub local: Box<str>,
    /// Its value.
    pub value: Box<str>,
}

/// What is in an element. Comments and processing instructions are passed over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// A text; never two in a row.
    Text(String),
}

impl Element {
    /// An empty element.
    pub fn new(namespace: &str, prefix: &str, local: &str) -> Self {
        Self {
            prefix: prefix.into(),
            namespace: namespace.into(),
            local: local.into(),
            attributes: Vec::new(),
            quoted: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// The element with a text in it; characters that XML can't hold become U+FFFD.
    pub fn with_text(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.nodes.push(Node::Text(writable(text)));
        }
        self
    }

    /// The element with an attribute without namespace.
    pub fn with_attribute(mut self, local: &str, value: &str) -> Self {
        let (prefix, namespace) = (Box::default(), "".into());
        self.attributes.push(Attribute {
            prefix,
            namespace,
            local: local.into(),
            value: writable(value).into(),
        });
        self
    }

    /// The element with `xml:lang`.
    pub fn with_language(mut self, language: Option<&str>) -> Self {
        if let Some(language) = language {
            let value = writable(language).into();
            self.attributes.push(Attribute {
                prefix: "xml".into(),
                namespace: XML.into(),
                local: "lang".into(),
                value,
            });
        }
        self
    }

    /// The element with another in it.
    pub fn with(mut self, element: Self) -> Self {
        self.nodes.push(Node::Element(element));
        self
    }

    /// Whether it has this name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        &*self.local == local && &*self.namespace == namespace
    }

    /// The value of an attribute; without namespace where that is empty.
    pub fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let found =
            attributes.find(|attribute| &*attribute.local == local && &*attribute.namespace == namespace);
        found.map(|attribute| &*attribute.value)
    }

    /// The elements in it.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element in it of a name.
    pub fn child(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.elements().find(|element| element.is(namespace, local))
    }

    /// Its own texts, one after the other.
    pub fn text(&self) -> String {
        self.nodes.iter().map(|node| if let Node::Text(text) = node { text.as_str() } else { "" }).collect()
    }

    /// Whether it or anything in it has a namespace for which `is_it` holds.
    pub fn has_namespace(&self, is_it: &impl Fn(&str) -> bool) -> bool {
        is_it(&self.namespace) || self.elements().any(|element| element.has_namespace(is_it))
    }
}

/// A text with U+FFFD in the place of each character that XML 1.0 can't hold (interworking d.6).
fn writable(text: &str) -> String {
    text.chars().map(|character| if is_character(character) { character } else { '\u{fffd}' }).collect()
}

/// Whether XML 1.0 can hold a character (section 2.2).
const fn is_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
