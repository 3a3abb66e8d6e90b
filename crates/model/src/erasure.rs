//! What is to be removed of a principal.

use crate::Address;

/// Who is to be removed from all that is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Erasure {
    /// The address it is filed under.
    pub principal: Address,
    /// Its names, that address among them unless it is somebody else's now.
    pub names: Vec<Address>,
    /// Its names as they were registered.
    pub originals: Vec<String>,
}
