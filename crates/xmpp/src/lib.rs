//! XMPP (RFC 6120, RFC 6121) as a gateway of Herald: it federates with servers, or is a component of one.
//!
//! Like every gateway it does no IO: the server feeds octets and the engine's effects, and carries out what comes out.

#![warn(missing_docs)]

mod counter;
pub mod gateway;
mod link;
mod random;
pub mod streams;
pub mod translation;
pub mod wire;

pub use self::link::Xmpp;
