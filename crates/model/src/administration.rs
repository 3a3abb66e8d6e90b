//! What operators have done to a principal.

use crate::Address;

/// What an operator wants done to a principal, which any of its names stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Administration {
    /// A history of its messages is kept, where its domain keeps any, or is not.
    KeepHistory {
        /// Whose.
        principal: Address,
        /// Whether.
        is_kept: bool,
    },
    /// Everything about it is removed: it is as if it had never been.
    Erase {
        /// Who.
        principal: Address,
    },
}

impl Administration {
    /// Whom it is about.
    pub const fn principal(&self) -> &Address {
        match self {
            Self::KeepHistory { principal, .. } | Self::Erase { principal } => principal,
        }
    }
}

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
