//! The common formats of presence and instant messaging: presence documents (PIDF, RFC 3863, with the data model, RPID,
//! CIPID, timed presence and capabilities) and Message/CPIM (RFC 3862), between octets and the words of `model`.
//!
//! Pure functions: no IO, no clock, no state. What a document or a message holds beyond what Herald reads is kept as it
//! is, and nothing that is only passed on is written anew.
//!
//! ```
//! let octets = br#"<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="pres:room4@example.com">
//!     <tuple id="a"><status><basic>open</basic></status></tuple></presence>"#;
//! let presence = cpim::pidf::Presence::read(octets, &cpim::xml::Limits::default()).unwrap();
//! assert_eq!(presence.tuples[0].basic, Some(model::Basic::Open));
//! ```

#![warn(missing_docs)]

pub mod message;
pub mod namespaces;
pub mod pidf;
pub mod time;
pub mod xml;
