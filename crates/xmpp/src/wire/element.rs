//! Elements: the XML of stanzas, with names resolved.

use super::namespaces::{CLIENT, COMPONENT, STANZAS};

/// An element and all that is in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Element {
    namespace: Box<str>,
    name: Box<str>,
    /// By namespace, which nearly always is empty, and name.
    attributes: Vec<Attribute>,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Attribute {
    namespace: Box<str>,
    name: Box<str>,
    value: Box<str>,
}

/// What is in an element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// A text; never two in a row.
    Text(String),
}

/// The namespace of `xml:lang`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

impl Element {
    /// An empty element.
    #[must_use]
    pub fn new(name: &str, namespace: &str) -> Self {
        let namespace = if matches!(namespace, CLIENT | COMPONENT) { STANZAS } else { namespace };
        Self { namespace: namespace.into(), name: name.into(), attributes: Vec::new(), nodes: Vec::new() }
    }

    /// The element with an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.set(name, value.as_ref());
        self
    }

    /// The element with an attribute, where there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The element with its language.
    #[must_use]
    pub fn with_language(mut self, language: Option<&str>) -> Self {
        if let Some(language) = language {
            self.set_in(XML, "lang", language);
        }
        self
    }

    /// The element with another in it.
    #[must_use]
    pub fn with_child(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    /// The element with others in it.
    #[must_use]
    pub fn with_children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().for_each(|child| self.push(child));
        self
    }

    /// The element with a text in it.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.push_text(text);
        self
    }

    /// Sets an attribute without a namespace.
    pub fn set(&mut self, name: &str, value: &str) {
        self.set_in("", name, value);
    }

    pub(super) fn set_in(&mut self, namespace: &str, name: &str, value: &str) {
        let known = self.attributes.iter_mut();
        match known.into_iter().find(|one| *one.name == *name && *one.namespace == *namespace) {
            Some(known) => known.value = value.into(),
            None => self.attributes.push(Attribute {
                namespace: namespace.into(),
                name: name.into(),
                value: value.into(),
            }),
        }
    }

    /// Adds an element.
    pub fn push(&mut self, child: Self) {
        self.nodes.push(Node::Element(child));
    }

    pub(super) fn push_text(&mut self, text: &str) {
        match self.nodes.last_mut() {
            _ if text.is_empty() => {}
            Some(Node::Text(last)) => last.push_str(text),
            _ => self.nodes.push(Node::Text(text.to_owned())),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether it is what is called so.
    #[must_use]
    pub fn is(&self, name: &str, namespace: &str) -> bool {
        *self.name == *name && *self.namespace == *namespace
    }

    /// The value of an attribute without a namespace.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|one| *one.name == *name && one.namespace.is_empty());
        found.map(|one| &*one.value)
    }

    /// Its language, where it says so itself.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        let found = self.attributes.iter().find(|one| *one.name == *"lang" && *one.namespace == *XML);
        found.map(|one| &*one.value).filter(|language| !language.is_empty())
    }

    /// The elements in it.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// What is in it.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The first element in it that is called so.
    #[must_use]
    pub fn child(&self, name: &str, namespace: &str) -> Option<&Self> {
        self.children().find(|child| child.is(name, namespace))
    }

    /// All elements in it that are called so.
    pub fn children_named<'a>(&'a self, name: &'a str, namespace: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children().filter(move |child| child.is(name, namespace))
    }

    /// Its own text.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// Writes it as it stands in a stream: without prefixes, and a stanza without a namespace.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_in(STANZAS, out);
    }

    fn write_in(&self, around: &str, out: &mut Vec<u8>) {
        out.push(b'<');
        out.extend_from_slice(self.name.as_bytes());
        if *self.namespace != *around {
            write_attribute("xmlns", &self.namespace, out);
        }
        for attribute in &self.attributes {
            match &*attribute.namespace {
                "" => write_attribute(&attribute.name, &attribute.value, out),
                XML => write_attribute(&format!("xml:{}", attribute.name), &attribute.value, out),
                // None that is spoken here has such.
                _ => {}
            }
        }
        if self.nodes.is_empty() {
            return out.extend_from_slice(b"/>");
        }
        out.push(b'>');
        for node in &self.nodes {
            match node {
                Node::Element(element) => element.write_in(&self.namespace, out),
                Node::Text(text) => write_escaped(text, out),
            }
        }
        out.extend_from_slice(b"</");
        out.extend_from_slice(self.name.as_bytes());
        out.push(b'>');
    }
}

/// Writes ` name='value'`.
pub fn write_attribute(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"='");
    write_escaped(value, out);
    out.push(b'\'');
}

/// Writes a text as it stands in an element or in an attribute; what XML can't hold becomes U+FFFD.
pub fn write_escaped(text: &str, out: &mut Vec<u8>) {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        let escaped = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\'' => "&apos;",
            '"' => "&quot;",
            '\r' => "&#13;",
            '\n' | '\t' => continue,
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}",
            _ => continue,
        };
        out.extend_from_slice(text.get(plain..at).unwrap_or_default().as_bytes());
        out.extend_from_slice(escaped.as_bytes());
        plain = at + character.len_utf8();
    }
    out.extend_from_slice(text.get(plain..).unwrap_or_default().as_bytes());
}
