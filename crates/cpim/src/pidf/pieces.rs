//! Presence documents in pieces, each an element by itself, and together again. So they go through the engine, which
//! reads no XML, and rules can take pieces out by their kind.

use super::Presence;
use super::kind::kind;
use super::reading::PidfError;
use crate::namespaces::{DATA_MODEL, HERALD, PIDF};
use crate::xml::{self, Element, Limits, Node, canonical};
use model::{Extension, ExtensionPlace};

/// Everything in a document as pieces, in order.
pub(super) fn take_apart(presence: &Presence) -> Vec<Extension> {
    let root = presence.to_element();
    let mut pieces = Vec::new();
    attributes(&root, &ExtensionPlace::Presence, &mut pieces);
    for element in root.elements() {
        let id = || element.attribute("", "id").unwrap_or_default().into();
        let before = pieces.len();
        let place = match (&*element.namespace, &*element.local) {
            (PIDF, "tuple") => ExtensionPlace::Tuple(id()),
            (DATA_MODEL, "person") => ExtensionPlace::Person(id()),
            (DATA_MODEL, "device") => ExtensionPlace::Device(id()),
            _ => {
                pieces.push(piece(element, ExtensionPlace::Presence));
                continue;
            }
        };
        attributes(element, &place, &mut pieces);
        for child in element.elements() {
            if child.is(PIDF, "status") {
                let status = ExtensionPlace::Status(id());
                attributes(child, &status, &mut pieces);
                pieces.extend(child.elements().map(|child| piece(child, status.clone())));
            } else {
                pieces.push(piece(child, place.clone()));
            }
        }
        if pieces.len() == before {
            // A part that says nothing is there all the same.
            pieces.push(piece(&Element::new(HERALD, "herald", ATTRIBUTES), place));
        }
    }
    pieces
}

/// The name of the element that carries attributes of the part it stands in.
const ATTRIBUTES: &str = "attributes";

fn piece(element: &Element, place: ExtensionPlace) -> Extension {
    Extension { place, kind: kind(element), element: canonical(element).into() }
}

/// The attributes of other namespaces that a part has, on an element of their own.
fn attributes(part: &Element, place: &ExtensionPlace, pieces: &mut Vec<Extension>) {
    let foreign = part.attributes.iter().filter(|attribute| !attribute.namespace.is_empty());
    let mut element = Element::new(HERALD, "herald", ATTRIBUTES);
    element.attributes.extend(foreign.cloned());
    if !element.attributes.is_empty() {
        pieces.push(piece(&element, place.clone()));
    }
}

/// The limits of a piece: it declares on one element what its document declared around it, beside the attributes.
const PIECE: Limits = Limits { attributes_max: 256, namespaces_max: 256, ..Limits::DEFAULT };

/// The document that pieces come to, perhaps without some of those that were taken apart.
pub(super) fn put_together(entity: &str, pieces: &[Extension]) -> Result<Presence, PidfError> {
    let mut root = Element::new(PIDF, "", "presence").with_attribute("entity", entity);
    // Few: a publication has a bounded number of pieces.
    let mut parts: Vec<((Part, &str), Element)> = Vec::new();
    for Extension { place, element, .. } in pieces {
        let element = xml::read(element.as_bytes(), &PIECE)?;
        let (name, is_status) = match place {
            ExtensionPlace::Presence => {
                put(&mut root, element);
                continue;
            }
            ExtensionPlace::Tuple(id) => ((Part::Tuple, &**id), false),
            ExtensionPlace::Status(id) => ((Part::Tuple, &**id), true),
            ExtensionPlace::Person(id) => ((Part::Person, &**id), false),
            ExtensionPlace::Device(id) => ((Part::Device, &**id), false),
        };
        let known = parts.iter().position(|(part, _)| *part == name);
        let index = known.unwrap_or_else(|| {
            parts.push((name, name.0.element(name.1)));
            parts.len() - 1
        });
        let part = &mut parts[index].1;
        match part.nodes.first_mut() {
            Some(Node::Element(status)) if is_status => put(status, element),
            _ => put(part, element),
        }
    }
    root.nodes.extend(parts.into_iter().map(|(_, part)| Node::Element(part)));
    Presence::from_element(&root)
}

/// What has an id.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Part {
    Tuple,
    Person,
    Device,
}

impl Part {
    /// It with nothing in it; a tuple has a status, which comes first.
    fn element(self, id: &str) -> Element {
        match self {
            Self::Tuple => {
                let tuple = Element::new(PIDF, "", "tuple").with_attribute("id", id);
                tuple.with(Element::new(PIDF, "", "status"))
            }
            Self::Person => Element::new(DATA_MODEL, "dm", "person").with_attribute("id", id),
            Self::Device => Element::new(DATA_MODEL, "dm", "device").with_attribute("id", id),
        }
    }
}

/// Puts an element into a part, or its attributes where that is all that it carries.
fn put(part: &mut Element, element: Element) {
    if element.is(HERALD, ATTRIBUTES) {
        part.attributes.extend(element.attributes);
    } else {
        part.nodes.push(Node::Element(element));
    }
}
