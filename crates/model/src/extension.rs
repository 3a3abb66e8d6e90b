//! What a publication says beyond the words of this crate, kept as it came (RFC 3863, extensibility).

use serde::{Deserialize, Serialize};

/// The most pieces that the extensions of a publication have.
pub const EXTENSIONS_MAX: usize = 256;

/// The most octets that the extensions of a publication have together.
pub const EXTENSIONS_OCTETS_MAX: usize = 16_384;

/// What a piece tells of its person, so that rules can keep it back without reading it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExtensionKind {
    /// How to reach somebody, or who it is: addresses, cards, names, pictures.
    Contact,
    /// What somebody does or feels, open and closed, notes.
    Activity,
    /// What a service or a device can do.
    Capability,
    /// Where somebody is, or what gives it away.
    Location,
    /// Anything else, also what nobody here knows.
    Other,
}

/// Where in a presence document a piece stands; the names are those that the publication gave its parts.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExtensionPlace {
    /// In the document itself.
    Presence,
    /// In what is said of the person.
    Person(Box<str>),
    /// In what is said of a device.
    Device(Box<str>),
    /// In a tuple.
    Tuple(Box<str>),
    /// In the status of a tuple.
    Status(Box<str>),
}

/// One piece: an element of a presence document with all that is in it.
#[derive(Clone, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    /// Where it stands.
    pub place: ExtensionPlace,
    /// What it tells.
    pub kind: ExtensionKind,
    /// The element as canonical XML that stands by itself; nobody but the crate of the format reads it.
    pub element: Box<str>,
}

impl Extension {
    /// What it counts against [`EXTENSIONS_OCTETS_MAX`].
    pub fn octets(&self) -> usize {
        use ExtensionPlace::{Device, Person, Presence, Status, Tuple};
        let name = match &self.place {
            Presence => "",
            Person(name) | Device(name) | Tuple(name) | Status(name) => name,
        };
        self.element.len() + name.len()
    }
}
