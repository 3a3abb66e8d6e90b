//! Addresses: the canonical form that every network's names map to, and the way each network writes it.
//!
//! [`Address`] is `local@domain`, normalised once at the edge. The other modules are pure functions, one for
//! each network, that write a local part as that network allows it (`escape`) and read it back (`unescape`).
//! Nothing here knows which networks are configured, and nothing is looked up.

mod bidi;
mod canonical;
mod domain;
mod error;
mod identifier;
mod local;

pub use canonical::Address;
pub use domain::{DOMAIN_OCTETS_MAX, Domain};
pub use error::AddressError;
pub use local::{LOCAL_OCTETS_MAX, normalise};
