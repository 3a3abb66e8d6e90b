//! Presence documents: PIDF (RFC 3863) with persons and devices (RFC 4479) and what other documents add to them.

mod composed;
mod element;
mod kind;
mod pieces;
mod published;
mod reading;
mod rpid;
mod tables;
mod tag;
mod writing;

pub use composed::{DeviceContact, Inbox, compose};
pub use kind::kind;
pub use published::{PublicationError, publication};
pub use reading::PidfError;
pub use rpid::{Activity, Reading, Span, read as reading};
pub use tables::{ACTIVITIES, Encoded, SHOWS, Said, activity, decode, encode};

use crate::xml::{Attribute, Element};
use model::{Basic, Note, Timestamp};

/// A presence document.
///
/// Elements that RFC 3863 and RFC 4479 do not define are in the `elements` of where they stood, whole and in order;
/// [`reading()`] tells what Herald knows of them. Attributes in other namespaces are kept too.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Presence {
    /// Whose: a URI, `pres:` and the address in documents of Herald.
    pub entity: String,
    /// Its tuples, in order.
    pub tuples: Vec<Tuple>,
    /// Its notes.
    pub notes: Vec<Note>,
    /// Its persons; a document of Herald has one.
    pub persons: Vec<Person>,
    /// Its devices.
    pub devices: Vec<Device>,
    /// What else stands in it.
    pub elements: Vec<Element>,
    /// Attributes of other namespaces.
    pub attributes: Vec<Attribute>,
}

/// A tuple: a way to reach somebody.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tuple {
    /// Its name in the document, an `xs:ID`.
    pub id: String,
    /// Open or closed, where it says so.
    pub basic: Option<Basic>,
    /// What else stands in its status.
    pub status: Vec<Element>,
    /// Attributes of other namespaces of its status.
    pub status_attributes: Vec<Attribute>,
    /// Where it leads.
    pub contact: Option<Contact>,
    /// Its notes.
    pub notes: Vec<Note>,
    /// When it last changed.
    pub timestamp: Option<Timestamp>,
    /// What else stands in it.
    pub elements: Vec<Element>,
    /// Attributes of other namespaces.
    pub attributes: Vec<Attribute>,
    /// Whether it has an element that whoever reads it must understand, and Herald does not: it says nothing to us
    /// (RFC 3863, `mustUnderstand`), and is passed on as it is.
    pub is_beyond_us: bool,
}

/// An address for contact.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Contact {
    /// A URI.
    pub uri: String,
    /// How much it is preferred, in thousandths from 0 to 1,000.
    pub priority: Option<u16>,
    /// Attributes of other namespaces.
    pub attributes: Vec<Attribute>,
}

/// What is said of the person (RFC 4479).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Person {
    /// Its name in the document, an `xs:ID`.
    pub id: String,
    /// What is said: activities and the like.
    pub elements: Vec<Element>,
    /// Its notes.
    pub notes: Vec<Note>,
    /// When it last changed.
    pub timestamp: Option<Timestamp>,
    /// Attributes of other namespaces.
    pub attributes: Vec<Attribute>,
}

/// What is said of a device (RFC 4479).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Device {
    /// Its name in the document, an `xs:ID`.
    pub id: String,
    /// What is said: capabilities and the like.
    pub elements: Vec<Element>,
    /// The URN by which tuples name it.
    pub device_id: Option<String>,
    /// Its notes.
    pub notes: Vec<Note>,
    /// When it last changed.
    pub timestamp: Option<Timestamp>,
    /// Attributes of other namespaces.
    pub attributes: Vec<Attribute>,
}
