//! The domain of an address.

use super::AddressError;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The most octets of a domain, without a final dot (RFC 1035, section 2.3.4).
pub const DOMAIN_OCTETS_MAX: usize = 253;

/// The most octets of a domain as it is read; IDNA mapping shortens a domain at most threefold.
const DOMAIN_INPUT_OCTETS_MAX: usize = 4 * DOMAIN_OCTETS_MAX;

/// A domain in the form in which domains are compared: lower-case A-labels of IDNA (UTS 46, non-transitional),
/// without a final dot. Cheap to clone.
///
/// An IPv4 address in dotted form passes as a host name; an IPv6 address does not.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct Domain(Arc<str>);

impl Domain {
    /// Reads a domain as a person or a network writes it: any case, U-labels or A-labels.
    ///
    /// # Errors
    /// [`AddressError::Domain`] where it is no host name.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > DOMAIN_INPUT_OCTETS_MAX {
            return Err(AddressError::Domain);
        }
        let ascii = Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::STD3,
                Hyphens::CheckFirstLast,
                DnsLength::VerifyAllowRootDot,
            )
            .map_err(|_| AddressError::Domain)?;
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        if name.is_empty() {
            return Err(AddressError::Domain);
        }
        Ok(Self(name.into()))
    }

    /// The domain as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Domain {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl AsRef<str> for Domain {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
