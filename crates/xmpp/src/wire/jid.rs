//! JIDs (RFC 7622), and the addresses they stand for (XEP-0106, RFC 7247).

use model::Address;
use model::address::{AddressError, Domain, xmpp};
use std::fmt;
use std::str::FromStr;

/// `local@domain/resource`, of which only the domain is always there.
///
/// The domain is in the form in which domains are compared. The local part and the resource are kept as they were
/// written, within the limits of RFC 7622: it is for their own server to say what is the same there.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub struct Jid {
    text: Box<str>,
    /// Where the domain begins: after the `@`, or at the start.
    domain: u16,
    /// Where it ends.
    resource: u16,
}

/// Why a text is no JID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JidError {
    /// The local part is empty, too long or has characters that none has.
    #[error("the part before the @ is no local part of a JID")]
    Local,
    /// The domain is none.
    #[error("the domain is none")]
    Domain,
    /// The resource is empty, too long or has control characters.
    #[error("the part after the / is no resource")]
    Resource,
}

impl Jid {
    /// That of an address.
    #[must_use]
    pub fn of(address: &Address) -> Self {
        Self::assemble(Some(&xmpp::escape(address.local())), address.domain(), None)
    }

    /// That of a domain.
    #[must_use]
    pub fn of_domain(domain: &str) -> Self {
        Self::assemble(None, domain, None)
    }

    fn assemble(local: Option<&str>, domain: &str, resource: Option<&str>) -> Self {
        let mut text = String::with_capacity(64);
        if let Some(local) = local {
            text.push_str(local);
            text.push('@');
        }
        let start = text.len();
        text.push_str(domain);
        let end = text.len();
        if let Some(resource) = resource {
            text.push('/');
            text.push_str(resource);
        }
        let place = |at| u16::try_from(at).unwrap_or(u16::MAX);
        Self { text: text.into(), domain: place(start), resource: place(end) }
    }

    /// The part before the `@`, escaped as it is.
    #[must_use]
    pub fn local(&self) -> Option<&str> {
        self.text.get(..usize::from(self.domain).checked_sub(1)?)
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.text.get(usize::from(self.domain)..usize::from(self.resource)).unwrap_or_default()
    }

    /// The part after the `/`.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.text.get(usize::from(self.resource) + 1..)
    }

    /// It without a resource.
    #[must_use]
    pub fn bare(&self) -> Self {
        match self.resource() {
            None => self.clone(),
            Some(_) => Self { text: self.bare_text().into(), ..*self },
        }
    }

    /// Its text without the resource.
    #[must_use]
    pub fn bare_text(&self) -> &str {
        self.text.get(..usize::from(self.resource)).unwrap_or_default()
    }

    /// It with this local part, which must be one.
    #[must_use]
    pub fn with_local(&self, local: &str) -> Self {
        Self::assemble(Some(local), self.domain(), self.resource())
    }

    /// It with this resource.
    #[must_use]
    pub fn with_resource(&self, resource: &str) -> Self {
        Self::assemble(self.local(), self.domain(), Some(resource))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address it stands for, whatever the resource is; `None`: it is that of a domain.
    ///
    /// # Errors
    /// No address has such a local part.
    pub fn address(&self) -> Option<Result<Address, AddressError>> {
        let local = self.local()?;
        Some(xmpp::unescape(local).and_then(|local| {
            let domain = Domain::parse(self.domain())?;
            Address::new(&local, &domain)
        }))
    }
}

impl FromStr for Jid {
    type Err = JidError;

    fn from_str(text: &str) -> Result<Self, JidError> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        let is_local = |local: &str| {
            let forbidden = |c: char| " \"&'/:<>@".contains(c) || c.is_control();
            !local.is_empty() && local.len() <= PART_OCTETS_MAX && !local.contains(forbidden)
        };
        let is_resource = |resource: &str| {
            !resource.is_empty()
                && resource.len() <= PART_OCTETS_MAX
                && !resource.chars().any(char::is_control)
        };
        if !local.is_none_or(is_local) {
            return Err(JidError::Local);
        }
        if !resource.is_none_or(is_resource) {
            return Err(JidError::Resource);
        }
        let domain = Domain::parse(domain).map_err(|_| JidError::Domain)?;
        Ok(Self::assemble(local, domain.as_str(), resource))
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// The most octets of each part (RFC 7622 section 3).
const PART_OCTETS_MAX: usize = 1023;
