//! From a tree to text: exclusive canonical XML, so that what was kept and what is written can be compared.

use super::{Element, Node};
use std::fmt::Write;

/// An element as exclusive canonical XML without comments, declaring what its contents quote as well.
///
/// It stands by itself: read alone it is the element again. Where no text or value looks like a name with a declared
/// prefix it is what [Exclusive XML Canonicalization](https://www.w3.org/TR/xml-exc-c14n/) asks for.
pub fn canonical(element: &Element) -> String {
    let mut text = String::new();
    write(&mut text, element, &mut Vec::new());
    text
}

/// Writes an element where the declarations `rendered` are in force. The depth of trees is bounded.
fn write<'a>(text: &mut String, element: &'a Element, rendered: &mut Vec<(&'a str, &'a str)>) {
    let before = rendered.len();
    let attributes = element.attributes.iter().filter(|attribute| !attribute.prefix.is_empty());
    let used = attributes.map(|attribute| (&*attribute.prefix, &*attribute.namespace));
    let quoted = element.quoted.iter().map(|(prefix, namespace)| (&**prefix, &**namespace));
    let mut wanted: Vec<_> = used.chain(quoted).chain([(&*element.prefix, &*element.namespace)]).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let _ = write!(text, "<{}", Qualified(&element.prefix, &element.local));
    for (prefix, namespace) in wanted {
        let in_force = rendered.iter().rev().find(|(declared, _)| *declared == prefix);
        let stands_for = in_force.map_or("", |(_, namespace)| *namespace);
        if prefix == "xml" || stands_for == namespace {
            continue;
        }
        text.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        text.push_str(prefix);
        value(text, namespace);
        rendered.push((prefix, namespace));
    }
    let mut attributes: Vec<_> = element.attributes.iter().collect();
    attributes.sort_by(|one, other| (&one.namespace, &one.local).cmp(&(&other.namespace, &other.local)));
    for attribute in attributes {
        let _ = write!(text, " {}", Qualified(&attribute.prefix, &attribute.local));
        value(text, &attribute.value);
    }
    text.push('>');
    for node in &element.nodes {
        match node {
            Node::Element(element) => write(text, element, rendered),
            Node::Text(content) => escape(text, content, false),
        }
    }
    let _ = write!(text, "</{}>", Qualified(&element.prefix, &element.local));
    rendered.truncate(before);
}

fn value(text: &mut String, value: &str) {
    text.push_str("=\"");
    escape(text, value, true);
    text.push('"');
}

fn escape(text: &mut String, content: &str, in_value: bool) {
    for character in content.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' if !in_value => text.push_str("&gt;"),
            '\r' => text.push_str("&#xD;"),
            '"' if in_value => text.push_str("&quot;"),
            '\t' if in_value => text.push_str("&#x9;"),
            '\n' if in_value => text.push_str("&#xA;"),
            _ => text.push(character),
        }
    }
}

/// A name with its prefix.
struct Qualified<'a>(&'a str, &'a str);

impl std::fmt::Display for Qualified<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(prefix, local) = self;
        if prefix.is_empty() { f.write_str(local) } else { write!(f, "{prefix}:{local}") }
    }
}
