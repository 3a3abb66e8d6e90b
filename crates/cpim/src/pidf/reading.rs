//! From a tree to a presence document.

use super::element::{basic, contact, foreign, is_structure, must_be_understood, note, timestamp, trimmed};
use super::rpid::is_understood;
use super::{Device, Person, Presence, Tuple};
use crate::namespaces::{DATA_MODEL, PIDF};
use crate::xml::{self, Element, Limits, XmlError, is_ncname};
use std::collections::HashSet;

/// Why a presence document could not be read.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PidfError {
    /// It is no XML that is read.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// It is another document.
    #[error("the root element is {{{namespace}}}{local}, not presence of PIDF")]
    Root {
        /// The namespace of its root.
        namespace: String,
        /// The name of its root.
        local: String,
    },
    /// It does not say whose it is.
    #[error("presence has no entity")]
    NoEntity,
    /// An identifier is absent or is none.
    #[error("{element} has no id that is an xs:ID")]
    Id {
        /// Of which element.
        element: &'static str,
    },
    /// Two elements have one identifier.
    #[error("the id {id:?} stands twice")]
    TwoOfOneId {
        /// Which.
        id: String,
    },
    /// A tuple without status, or an element of the format stands where it has no place, or twice.
    #[error("{element} {cause}")]
    Structure {
        /// Which.
        element: String,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// A value is none of its kind.
    #[error("{element}: {cause}")]
    Value {
        /// Of which element.
        element: &'static str,
        /// What it is not.
        cause: Cause,
    },
    /// An element of the document itself must be understood and is not.
    #[error("{{{namespace}}}{local} must be understood and is not")]
    NotUnderstood {
        /// Its namespace.
        namespace: String,
        /// Its name.
        local: String,
    },
}

/// What a value is not.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Cause {
    /// Neither open nor closed.
    #[error("neither open nor closed")]
    NotOpenOrClosed,
    /// No moment.
    #[error("not a moment as RFC 3339 writes it, with its zone")]
    NotRfc3339,
    /// No priority.
    #[error("priority is not from 0 to 1 with at most three decimals")]
    NotPriority,
}

impl PidfError {
    pub(super) const fn value(element: &'static str, cause: Cause) -> Self {
        Self::Value { element, cause }
    }

    fn structure(element: &Element, cause: &'static str) -> Self {
        Self::Structure { element: element.local.to_string(), cause }
    }
}

const MISPLACED: &str = "has no place there";
const TWICE: &str = "stands twice";

impl Presence {
    /// Reads a document.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(octets: &[u8], limits: &Limits) -> Result<Self, PidfError> {
        Self::from_element(&xml::read(octets, limits)?)
    }

    /// Reads a document from its tree.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_element(root: &Element) -> Result<Self, PidfError> {
        if !root.is(PIDF, "presence") {
            return Err(PidfError::Root {
                namespace: root.namespace.to_string(),
                local: root.local.to_string(),
            });
        }
        let entity = root.attribute("", "entity").map(str::trim).filter(|entity| !entity.is_empty());
        let mut presence = Self {
            entity: entity.ok_or(PidfError::NoEntity)?.to_owned(),
            attributes: foreign(root),
            ..Self::default()
        };
        for element in root.elements() {
            match (&*element.namespace, &*element.local) {
                (PIDF, "tuple") => presence.tuples.push(tuple(element)?),
                (PIDF, "note") => presence.notes.push(note(element)),
                (DATA_MODEL, "person") => presence.persons.push(person(element)?),
                (DATA_MODEL, "device") => presence.devices.push(device(element)?),
                _ if is_structure(element) => return Err(PidfError::structure(element, MISPLACED)),
                _ if must_be_understood(element) && !is_understood(element) => {
                    let (namespace, local) = (element.namespace.to_string(), element.local.to_string());
                    return Err(PidfError::NotUnderstood { namespace, local });
                }
                _ => presence.elements.push(element.clone()),
            }
        }
        presence.check_ids()?;
        Ok(presence)
    }

    fn check_ids(&self) -> Result<(), PidfError> {
        let tuples = self.tuples.iter().map(|tuple| &tuple.id);
        let persons = self.persons.iter().map(|person| &person.id);
        let ids = tuples.chain(persons).chain(self.devices.iter().map(|device| &device.id));
        let mut seen = HashSet::new();
        for id in ids {
            if !seen.insert(id) {
                return Err(PidfError::TwoOfOneId { id: id.clone() });
            }
        }
        Ok(())
    }
}

fn id(element: &Element, what: &'static str) -> Result<String, PidfError> {
    let id = element.attribute("", "id").map(str::trim).filter(|id| is_ncname(id));
    id.map(str::to_owned).ok_or(PidfError::Id { element: what })
}

fn tuple(element: &Element) -> Result<Tuple, PidfError> {
    let mut tuple = Tuple { id: id(element, "tuple")?, attributes: foreign(element), ..Tuple::default() };
    let mut has_status = false;
    for child in element.elements() {
        match (&*child.namespace, &*child.local) {
            (PIDF, "status") => {
                if std::mem::replace(&mut has_status, true) {
                    return Err(PidfError::structure(child, TWICE));
                }
                status(&mut tuple, child)?;
            }
            (PIDF, "contact") => once(&mut tuple.contact, contact(child)?, child)?,
            (PIDF, "note") => tuple.notes.push(note(child)),
            (PIDF, "timestamp") => once(&mut tuple.timestamp, timestamp(child)?, child)?,
            // The data model says of a tuple which device it is on; what it says else is not for tuples.
            (DATA_MODEL, "deviceID") => tuple.elements.push(child.clone()),
            _ if is_structure(child) => return Err(PidfError::structure(child, MISPLACED)),
            _ => {
                tuple.is_beyond_us |= must_be_understood(child) && !is_understood(child);
                tuple.elements.push(child.clone());
            }
        }
    }
    if has_status { Ok(tuple) } else { Err(PidfError::structure(element, "has no status")) }
}

fn status(tuple: &mut Tuple, element: &Element) -> Result<(), PidfError> {
    tuple.status_attributes = foreign(element);
    for child in element.elements() {
        match (&*child.namespace, &*child.local) {
            (PIDF, "basic") => once(&mut tuple.basic, basic(child)?, child)?,
            _ if is_structure(child) => return Err(PidfError::structure(child, MISPLACED)),
            _ => {
                tuple.is_beyond_us |= must_be_understood(child) && !is_understood(child);
                tuple.status.push(child.clone());
            }
        }
    }
    Ok(())
}

fn person(element: &Element) -> Result<Person, PidfError> {
    let mut person = Person { id: id(element, "person")?, attributes: foreign(element), ..Person::default() };
    for child in element.elements() {
        match (&*child.namespace, &*child.local) {
            (DATA_MODEL, "note") => person.notes.push(note(child)),
            (DATA_MODEL, "timestamp") => once(&mut person.timestamp, timestamp(child)?, child)?,
            _ if is_structure(child) => return Err(PidfError::structure(child, MISPLACED)),
            _ => person.elements.push(child.clone()),
        }
    }
    Ok(person)
}

fn device(element: &Element) -> Result<Device, PidfError> {
    let mut device = Device { id: id(element, "device")?, attributes: foreign(element), ..Device::default() };
    for child in element.elements() {
        match (&*child.namespace, &*child.local) {
            (DATA_MODEL, "deviceID") => once(&mut device.device_id, trimmed(child), child)?,
            (DATA_MODEL, "note") => device.notes.push(note(child)),
            (DATA_MODEL, "timestamp") => once(&mut device.timestamp, timestamp(child)?, child)?,
            _ if is_structure(child) => return Err(PidfError::structure(child, MISPLACED)),
            _ => device.elements.push(child.clone()),
        }
    }
    Ok(device)
}

fn once<T>(place: &mut Option<T>, value: T, element: &Element) -> Result<(), PidfError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(PidfError::structure(element, TWICE)),
    }
}
