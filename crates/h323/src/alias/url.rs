//! The user and the host in a url-ID.

use super::{AliasError, Zone};
use model::Address;
use model::address::{Domain, h323, im_pres, sip, tel, wv, xmpp_uri};

/// Whether a url-ID that begins with this scheme, in lower case, may name somebody.
pub(super) fn is_known_scheme(scheme: &str) -> bool {
    matches!(scheme, "h323" | "sip" | "sips" | "im" | "pres" | "xmpp" | "mailto" | "wv" | "tel")
}

/// The scheme of a url-ID, in lower case, and what follows it; `None` for text that only has an `@`.
pub(super) fn divide(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    (is_known_scheme(&scheme) || rest.starts_with("//")).then_some((scheme, rest))
}

/// The address that a URL names (interworking b.2): the user unescaped as its scheme escapes, the host without port;
/// parameters, headers, a resource and a password are no part of it. The first `@` divides, since a URL escapes any
/// that belongs to the user.
///
/// An `h323:` URL without a host names somebody of the zone (RFC 3508, section 4).
pub(super) fn address(scheme: &str, rest: &str, zone: &Zone) -> Result<Address, AliasError> {
    if scheme == "tel" {
        return Ok(tel::address(&format!("tel:{rest}"), &zone.domain)?);
    }
    let (user, host) = match rest.split_once('@') {
        Some((user, host)) => (user, Some(host)),
        None if scheme == "h323" => (rest.split(';').next().unwrap_or(rest), None),
        None => return Err(AliasError::NamesNobody),
    };
    let local = match scheme {
        "h323" => h323::unescape(user)?,
        "sip" | "sips" => sip::unescape(user.split(':').next().unwrap_or(user))?,
        "im" | "pres" | "mailto" => im_pres::unescape(user)?,
        "xmpp" => xmpp_uri::unescape(user)?,
        "wv" => wv::unescape(user)?,
        _ => return Err(AliasError::NamesNobody),
    };
    match host {
        Some(host) => Ok(Address::new(&local, &Domain::parse(without_tail(host))?)?),
        None => Ok(Address::new(&local, &zone.domain)?),
    }
}

/// The host name of a host with port, parameters, headers, path or fragment.
fn without_tail(host: &str) -> &str {
    host.split([':', ';', '?', '/', '#']).next().unwrap_or(host)
}

/// Typed text without the port that people put after a host.
pub(super) fn without_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((rest, port)) if rest.contains('@') && port.parse::<u16>().is_ok() => rest,
        _ => text,
    }
}
