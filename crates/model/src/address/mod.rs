//! Addresses: the canonical form that every network's names map to, and the way each network writes it.
//!
//! [`Address`] is `local@domain`, normalised once at the edge. The other modules are pure functions, one for
//! each network, that write a local part as that network allows it (`escape`) and read it back (`unescape`).
//! Nothing here knows which networks are configured, and nothing is looked up.

mod canonical;
mod dial_plan;
mod domain;
mod error;
mod freeform;
pub mod gateway_name;
pub mod h323;
pub mod im_pres;
mod local;
mod mapping;
pub mod matrix;
mod percent;
mod pseudonym;
pub mod sip;
pub mod tel;
pub mod wv;
pub mod xmpp;
pub mod xmpp_uri;

pub use canonical::Address;
pub use dial_plan::{DIAL_RULES_MAX, DIALED_DIGITS_MAX, DialPlan, DialPlanError, DialRule};
pub use domain::{DOMAIN_OCTETS_MAX, Domain};
pub use error::AddressError;
pub use local::{LOCAL_OCTETS_MAX, normalise};
pub use pseudonym::{PSEUDONYM_CHARS, PseudonymKey};
