//! The canonical address.

use super::{AddressError, Domain, local};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A canonical `local@domain`: the name of a presentity, an inbox or an alias (interworking b.1).
///
/// Two names are the same exactly when their canonical text is the same octet for octet. The local part is
/// normalised by [`normalise`](super::normalise), the domain by [`Domain`]. A local part may contain `@`, a
/// domain can't: the last `@` divides. The form that was registered first is kept in the directory, not here
/// (D-28). Cheap to clone.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct Address(Arc<str>);

impl Address {
    /// Makes the address of a local part at a domain.
    ///
    /// # Errors
    /// Where the local part has a character or a length that [`normalise`](super::normalise) refuses.
    pub fn new(local: &str, domain: &Domain) -> Result<Self, AddressError> {
        let local = local::normalise(local)?;
        Ok(Self([&*local, "@", domain.as_str()].concat().into()))
    }

    /// Reads `local@domain`; the last `@` divides.
    ///
    /// Nothing is unescaped: what one network escapes, its own module reads.
    ///
    /// # Errors
    /// Where there is no `@`, or one of the parts is not valid.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Undivided)?;
        Self::new(local, &Domain::parse(domain)?)
    }

    /// The local part, in canonical form and unescaped.
    #[must_use]
    pub fn local(&self) -> &str {
        self.parts().0
    }

    /// The domain, in canonical form.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.parts().1
    }

    /// Whether the address lies in this domain.
    #[must_use]
    pub fn is_in(&self, domain: &Domain) -> bool {
        self.domain() == domain.as_str()
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> (&str, &str) {
        self.0.rsplit_once('@').expect("both constructors join two parts by an @")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?})", &*self.0)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl AsRef<str> for Address {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A table keyed by addresses can be searched by canonical text.
impl Borrow<str> for Address {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_no_larger_than_a_reference_to_its_text() {
        assert_eq!(size_of::<Address>(), size_of::<&str>());
    }
}
