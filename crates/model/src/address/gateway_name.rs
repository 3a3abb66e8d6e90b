//! Names of closed networks as local parts at a gateway's domain (interworking b.5).
//!
//! Such a name is shown as `name@msn.example.com`, and a name that has a host itself as
//! `name!host@msn.example.com`. `!` and not `%`, because h323plus cuts a name at `%`; people who are used to `%`
//! may write it all the same.

use super::{AddressError, Domain};

/// A network whose users have addresses at a gateway's domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Network {
    /// AIM and ICQ: screen names, of which case and spaces do not count, and numbers.
    Oscar,
    /// MSN: passports, always with a host.
    Msn,
    /// Yahoo: names with or without a host.
    Yahoo,
    /// Matrix: user ids, always with a server name.
    Matrix,
}

/// Writes a network's name as a local part at its gateway's domain.
///
/// # Errors
/// [`AddressError::NoForm`] for a name that the network does not have, that has a `%`, that begins or ends with a
/// space, or a Matrix user id with upper-case letters (old ones; another user may have it in lower case).
pub fn escape(network: Network, name: &str) -> Result<String, AddressError> {
    let (user, host) = match network {
        Network::Matrix => {
            let (user, host) = name
                .strip_prefix('@')
                .and_then(|name| name.split_once(':'))
                .filter(|(user, _)| !user.contains(|c: char| c.is_ascii_uppercase()))
                .ok_or(AddressError::NoForm)?;
            (user.to_owned(), Some(host))
        }
        Network::Oscar => {
            let (user, host) = divide_at(name, &['@']);
            (user.replace(' ', "").to_lowercase(), host)
        }
        Network::Msn | Network::Yahoo => {
            let (user, host) = divide_at(name, &['@']);
            (user.to_lowercase(), host)
        }
    };
    let host = host.map(|host| network.read_host(host)).transpose()?;
    if !network.has_form(&user, host.as_deref()) || user.contains('%') {
        return Err(AddressError::NoForm);
    }
    Ok(match host {
        Some(host) => format!("{user}!{host}"),
        None => user,
    })
}

/// Reads a local part at a gateway's domain as the network's name: the last `!` or `%` divides.
///
/// # Errors
/// [`AddressError::NoForm`] for a name that the network does not have.
pub fn unescape(network: Network, local: &str) -> Result<String, AddressError> {
    let (user, host) = divide_at(local, &['!', '%']);
    let host = host.map(|host| network.read_host(host)).transpose()?;
    if !network.has_form(user, host.as_deref()) {
        return Err(AddressError::NoForm);
    }
    Ok(match (network, host) {
        (Network::Matrix, Some(host)) => format!("@{user}:{host}"),
        (_, Some(host)) => format!("{user}@{host}"),
        (_, None) => user.to_owned(),
    })
}

impl Network {
    fn has_form(self, user: &str, host: Option<&str>) -> bool {
        let needs_host = matches!(self, Self::Msn | Self::Matrix);
        let has_user = !user.is_empty() && user.trim_matches(' ') == user && !user.contains('@');
        let divides_again = host.is_none() && user.contains('!');
        has_user && !divides_again && (host.is_some() || !needs_host)
    }

    /// The host as the network compares it. That of Matrix may have a port.
    fn read_host(self, host: &str) -> Result<String, AddressError> {
        let (name, port) = match self {
            Self::Matrix => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
            _ => (host, None),
        };
        let name = Domain::parse(name).map_err(|_| AddressError::NoForm)?;
        match port {
            None => Ok(name.to_string()),
            Some(port) if port.parse::<u16>().is_ok() => Ok(format!("{name}:{port}")),
            Some(_) => Err(AddressError::NoForm),
        }
    }
}

fn divide_at<'a>(text: &'a str, marks: &[char]) -> (&'a str, Option<&'a str>) {
    text.rsplit_once(marks).map_or((text, None), |(user, host)| (user, Some(host)))
}
