//! What an element tells of its person, by its name.

use super::element::is_structure;
use crate::namespaces::{CAPS, CIPID, DATA_MODEL, GEOPRIV, GML, HERALD, JABBER, RPID, TIMED};
use crate::xml::Element;
use model::ExtensionKind;

/// The kind of an element of a presence document.
///
/// Whatever has a location object in it is of kind location, wherever it stands and whoever wrote it.
pub fn kind(element: &Element) -> ExtensionKind {
    if element.has_namespace(&is_location) {
        return ExtensionKind::Location;
    }
    let name = &*element.local;
    let found =
        KINDS.iter().find(|(namespace, local, _)| *namespace == &*element.namespace && *local == name);
    match (found, &*element.namespace) {
        (Some((_, _, kind)), _) => *kind,
        (None, CAPS) => ExtensionKind::Capability,
        (None, CIPID) => ExtensionKind::Contact,
        (None, TIMED | JABBER) => ExtensionKind::Activity,
        (None, DATA_MODEL) => ExtensionKind::Other,
        (None, _) if is_structure(element) => match name {
            "contact" => ExtensionKind::Contact,
            _ => ExtensionKind::Activity,
        },
        (None, _) => ExtensionKind::Other,
    }
}

/// Whether a namespace is one of locations: of location objects, of the civic addresses below it, of geography.
fn is_location(namespace: &str) -> bool {
    let is_below = |above: &str| {
        namespace.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    };
    is_below(GEOPRIV) || is_below(GML) || is_below("http://www.opengis.net/pidflo")
}

use ExtensionKind::{Activity, Contact, Location, Other};

/// Kinds by name, where the namespace alone does not tell.
const KINDS: [(&str, &str, ExtensionKind); 22] = [
    (RPID, "activities", Activity),
    (RPID, "mood", Activity),
    (RPID, "sphere", Activity),
    (RPID, "status-icon", Activity),
    (RPID, "user-input", Activity),
    // Noise and light, not where.
    (RPID, "place-is", Activity),
    (RPID, "privacy", Activity),
    // "hospital", and the hours that one's clock is off, give the place away.
    (RPID, "place-type", Location),
    (RPID, "time-offset", Location),
    (RPID, "relationship", Contact),
    (RPID, "service-class", Contact),
    (RPID, "class", Other),
    // The address of a map that shows where somebody is.
    (CIPID, "map", Location),
    (DATA_MODEL, "note", Activity),
    (DATA_MODEL, "timestamp", Activity),
    (DATA_MODEL, "deviceID", Other),
    (HERALD, "state", Activity),
    (HERALD, "feature", ExtensionKind::Capability),
    (HERALD, "place", Location),
    (HERALD, "attributes", Other),
    (JABBER, "show", Activity),
    (TIMED, "timed-status", Activity),
];
