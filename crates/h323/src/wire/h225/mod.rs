//! H.225.0 version 7 (12/2009): RAS and the User-User part of call signalling, complete.
//!
//! Each file holds the types of one operation, in the notation of the `codec` macros, which follow the ASN.1 line
//! by line: the name there, the name here, the type. Where the recommendation changed a spelling
//! (`dialledDigits`, `h245Tunnelling`), the newer one is used.

mod address;
mod admission;
mod bandwidth;
mod capacity;
mod discovery;
mod disengage;
mod endpoint;
mod facility;
mod generic;
mod information;
mod location;
mod progress;
mod ras;
mod registration;
mod release;
mod resources;
mod security;
mod service_control;
mod setup;
mod unregistration;
mod usage;
mod user_information;

pub use address::*;
pub use admission::*;
pub use bandwidth::*;
pub use capacity::*;
pub use discovery::*;
pub use disengage::*;
pub use endpoint::*;
pub use facility::*;
pub use generic::*;
pub use information::*;
pub use location::*;
pub use progress::*;
pub use ras::*;
pub use registration::*;
pub use release::*;
pub use resources::*;
pub use security::*;
pub use service_control::*;
pub use setup::*;
pub use unregistration::*;
pub use usage::*;
pub use user_information::*;
