//! From a presence document to XML.

use super::element::{word, write_contact, write_note, write_timestamp};
use super::{Device, Person, Presence, Tuple};
use crate::namespaces::{DATA_MODEL, PIDF};
use crate::xml::{Element, Node, canonical};

/// The most prefixes that are declared at the top; further ones are declared where they are used, so that what was read
/// within the limit of declarations is written within it.
const DECLARED_MAX: usize = 16;

/// The prefix of the data model in what Herald writes.
const DM: &str = "dm";

impl Presence {
    /// The document as text, with its XML declaration; equal documents are equal texts.
    ///
    /// Elements that RFC 3863 and RFC 4479 do not define come out as canonical XML, where they stood.
    pub fn write(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", canonical(&self.to_element()))
    }

    /// The document as a tree, indented where white space means nothing.
    pub fn to_element(&self) -> Element {
        let mut root = Element::new(PIDF, "", "presence").with_attribute("entity", &self.entity);
        root.attributes.extend_from_slice(&self.attributes);
        let mut children: Vec<_> = self.tuples.iter().map(tuple).collect();
        children.extend(self.notes.iter().map(|note| write_note(PIDF, "", note)));
        children.extend(self.persons.iter().map(person));
        children.extend(self.devices.iter().map(device));
        children.extend_from_slice(&self.elements);
        // Declared once at the top instead of at each element of persons and devices.
        root.quoted = declarations(&children);
        put(root, children, 0)
    }
}

/// Prefixes that mean the same wherever elements of the document use them.
fn declarations(children: &[Element]) -> Vec<(Box<str>, std::sync::Arc<str>)> {
    let mut declared: Vec<(Box<str>, std::sync::Arc<str>)> = Vec::new();
    let mut ambiguous = Vec::new();
    let all = children.iter().flat_map(|child| std::iter::once(child).chain(child.elements()));
    let all = all.flat_map(|child| std::iter::once(child).chain(child.elements()));
    for element in all.filter(|element| !element.prefix.is_empty() && &*element.prefix != "xml") {
        match declared.iter().find(|(prefix, _)| *prefix == element.prefix) {
            Some((_, namespace)) if *namespace == element.namespace => {}
            Some(_) => ambiguous.push(element.prefix.clone()),
            None if declared.len() >= DECLARED_MAX => {}
            None => declared.push((element.prefix.clone(), element.namespace.clone())),
        }
    }
    declared.retain(|(prefix, _)| !ambiguous.contains(prefix));
    declared
}

fn tuple(tuple: &Tuple) -> Element {
    let mut status = Element::new(PIDF, "", "status");
    status.attributes.clone_from(&tuple.status_attributes);
    let basic = tuple.basic.map(|basic| Element::new(PIDF, "", "basic").with_text(word(basic)));
    let status = put(status, basic.into_iter().chain(tuple.status.iter().cloned()).collect(), 2);
    let mut element = Element::new(PIDF, "", "tuple").with_attribute("id", &tuple.id);
    element.attributes.extend_from_slice(&tuple.attributes);
    let mut children = vec![status];
    children.extend_from_slice(&tuple.elements);
    children.extend(tuple.contact.as_ref().map(write_contact));
    children.extend(tuple.notes.iter().map(|note| write_note(PIDF, "", note)));
    children.extend(write_timestamp(PIDF, "", tuple.timestamp));
    put(element, children, 1)
}

fn person(person: &Person) -> Element {
    let mut element = Element::new(DATA_MODEL, DM, "person").with_attribute("id", &person.id);
    element.attributes.extend_from_slice(&person.attributes);
    let mut children = person.elements.clone();
    children.extend(person.notes.iter().map(|note| write_note(DATA_MODEL, DM, note)));
    children.extend(write_timestamp(DATA_MODEL, DM, person.timestamp));
    put(element, children, 1)
}

fn device(device: &Device) -> Element {
    let mut element = Element::new(DATA_MODEL, DM, "device").with_attribute("id", &device.id);
    element.attributes.extend_from_slice(&device.attributes);
    let mut children = device.elements.clone();
    children
        .extend(device.device_id.as_ref().map(|id| Element::new(DATA_MODEL, DM, "deviceID").with_text(id)));
    children.extend(device.notes.iter().map(|note| write_note(DATA_MODEL, DM, note)));
    children.extend(write_timestamp(DATA_MODEL, DM, device.timestamp));
    put(element, children, 1)
}

/// Puts elements into one that holds only elements, each on a line of its own.
fn put(mut parent: Element, children: Vec<Element>, depth: usize) -> Element {
    if children.is_empty() {
        return parent;
    }
    for child in children {
        parent.nodes.push(Node::Text(format!("\n{:width$}", "", width = 2 * (depth + 1))));
        parent.nodes.push(Node::Element(child));
    }
    parent.nodes.push(Node::Text(format!("\n{:width$}", "", width = 2 * depth)));
    parent
}
