//! People of other networks as an H.323 endpoint sees them.

use super::Alias;
use model::Address;
use model::address::{sip, xmpp_uri};

/// The scheme under which somebody of another network is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// Somebody reached by XMPP.
    Xmpp,
    /// Somebody reached by SIP.
    Sip,
}

impl Scheme {
    /// That of the network whose names are of a kind ([`NamedAddress`](model::NamedAddress)).
    #[must_use]
    pub fn of_kind(kind: &str) -> Option<Self> {
        match kind {
            "xmpp" => Some(Self::Xmpp),
            "sip" => Some(Self::Sip),
            _ => None,
        }
    }
}

/// The url-ID that shows a foreign address (interworking b.5), for example `xmpp:romeo@example.net`.
///
/// `None` where it would need a `%`, at which h323plus cuts a name, or is too long. Which of the two forms an
/// endpoint is shown is the one it used first; the caller remembers it.
#[must_use]
pub fn url_alias(scheme: Scheme, address: &Address) -> Option<Alias> {
    let (scheme, user) = match scheme {
        Scheme::Xmpp => ("xmpp", xmpp_uri::escape(address.local())),
        Scheme::Sip => ("sip", sip::escape(address.local())),
    };
    if user.contains('%') {
        return None;
    }
    let alias = Alias::UrlId(format!("{scheme}:{user}@{}", address.domain()));
    alias.check().ok().map(|()| alias)
}

/// The h323-ID that shows a foreign address, for example `romeo@example.net`.
///
/// `None` for a name with `%`, with characters outside the BMP, which not every endpoint takes, or too long. The
/// domain must be one that the zone knows, or the name will not be read back as this address.
#[must_use]
pub fn name_alias(address: &Address) -> Option<Alias> {
    let name = address.as_str();
    if name.contains('%') || name.chars().any(|c| u32::from(c) > 0xffff) {
        return None;
    }
    let alias = Alias::H323Id(name.to_owned());
    alias.check().ok().map(|()| alias)
}
