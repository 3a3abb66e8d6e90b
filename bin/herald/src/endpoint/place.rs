//! Where an endpoint is: its addresses and the sockets on them.

use super::EndpointArguments;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};
use std::str::FromStr;

/// The port of gatekeepers.
const GATEKEEPER_PORT: u16 = 1719;

/// The port for calls.
const SIGNALLING_PORT: u16 = 1720;

/// Where gatekeepers are looked for; the way there shows which address of ours to use.
const DISCOVERY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(224, 0, 1, 41)), 1718);

/// A gatekeeper as it is given: a name or an address, perhaps with a port.
#[derive(Clone, Debug)]
pub struct GatekeeperName {
    host: String,
    port: u16,
}

impl FromStr for GatekeeperName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(Own { ip, port }) = text.parse() {
            return Ok(Self { host: ip.to_string(), port: port.unwrap_or(GATEKEEPER_PORT) });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| format!("{port:?} is not a port"))?),
            None => (text, GATEKEEPER_PORT),
        };
        if host.is_empty() {
            return Err("the name of the host is missing".to_owned());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// An address of ours, perhaps with a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Own {
    ip: IpAddr,
    port: Option<u16>,
}

impl FromStr for Own {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { ip: address.ip(), port: Some(address.port()) });
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let ip = bare.parse().map_err(|_| "is not an IP address, alone or with a port".to_owned())?;
        Ok(Self { ip, port: None })
    }
}

/// Why an endpoint could not start.
#[derive(Debug)]
pub enum PlaceError {
    /// The name of the gatekeeper has no address.
    Gatekeeper(String, io::Error),
    /// No way leads to the gatekeeper.
    Way(SocketAddr, io::Error),
    /// A socket can't be had.
    Socket(&'static str, SocketAddr, io::Error),
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gatekeeper(host, error) => write!(f, "the gatekeeper {host} has no address: {error}"),
            Self::Way(to, error) => {
                write!(f, "no address of this machine reaches {to}: {error}; give one with --bind")
            }
            Self::Socket(what, address, error) => {
                write!(
                    f,
                    "can't take {what} at {address}: {error}; choose another with --bind or --signalling-port"
                )
            }
        }
    }
}

/// The sockets of an endpoint, and the gatekeeper it is to use.
#[derive(Debug)]
pub struct Place {
    pub gatekeeper: Option<SocketAddr>,
    pub ras: UdpSocket,
    pub ras_address: SocketAddr,
    pub signalling: TcpListener,
    pub signalling_address: SocketAddr,
}

impl Place {
    /// Finds the addresses and takes the sockets.
    ///
    /// # Errors
    /// A name has no address, or a socket can't be had.
    pub fn take(arguments: &EndpointArguments) -> Result<Self, PlaceError> {
        let bind = arguments.bind.filter(|own| !own.ip.is_unspecified());
        let gatekeeper = match &arguments.gatekeeper {
            Some(name) => Some(resolve(name, bind)?),
            None => None,
        };
        let ip = match bind {
            Some(own) => own.ip,
            None => own_address(gatekeeper.unwrap_or(DISCOVERY))?,
        };
        let at = SocketAddr::new(ip, arguments.bind.and_then(|own| own.port).unwrap_or(0));
        let failed = |what, at| move |error| PlaceError::Socket(what, at, error);
        let ras = UdpSocket::bind(at).map_err(failed("RAS messages", at))?;
        if ip.is_ipv4() {
            ras.set_broadcast(true).map_err(failed("RAS messages", at))?;
        }
        let ras_address = ras.local_addr().map_err(failed("RAS messages", at))?;
        let at = SocketAddr::new(ip, arguments.signalling_port.unwrap_or(SIGNALLING_PORT));
        let signalling = match TcpListener::bind(at) {
            Err(_) if arguments.signalling_port.is_none() => TcpListener::bind(SocketAddr::new(ip, 0)),
            other => other,
        };
        let signalling = signalling.map_err(failed("calls", at))?;
        let signalling_address = signalling.local_addr().map_err(failed("calls", at))?;
        Ok(Self { gatekeeper, ras, ras_address, signalling, signalling_address })
    }
}

/// The address of the gatekeeper, of the family of ours where that is known, else IPv4 where there is one.
fn resolve(name: &GatekeeperName, bind: Option<Own>) -> Result<SocketAddr, PlaceError> {
    let failed = |error| PlaceError::Gatekeeper(name.host.clone(), error);
    let wants_ipv4 = bind.is_none_or(|own| own.ip.is_ipv4());
    let found = (name.host.as_str(), name.port).to_socket_addrs().map_err(failed)?;
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|address| address.is_ipv4() != wants_ipv4);
    found.first().copied().ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

/// The address of ours from which datagrams to `peer` leave; nothing is sent.
fn own_address(peer: SocketAddr) -> Result<IpAddr, PlaceError> {
    let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let probe = UdpSocket::bind(any).and_then(|socket| {
        socket.connect(peer)?;
        socket.local_addr()
    });
    probe.map(|address| address.ip()).map_err(|error| PlaceError::Way(peer, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gatekeeper_is_a_name_or_an_address_with_or_without_a_port() {
        let read = |text: &str| text.parse::<GatekeeperName>().map(|name| (name.host, name.port));
        assert_eq!(read("gk.example.com"), Ok(("gk.example.com".into(), 1719)));
        assert_eq!(read("gk.example.com:2719"), Ok(("gk.example.com".into(), 2719)));
        assert_eq!(read("192.0.2.1"), Ok(("192.0.2.1".into(), 1719)));
        assert_eq!(read("[2001:db8::1]:2719"), Ok(("2001:db8::1".into(), 2719)));
        assert_eq!(read("2001:db8::1"), Ok(("2001:db8::1".into(), 1719)));
        assert!(read("gk.example.com:").is_err());
        assert!(read(":1719").is_err());
    }

    #[test]
    fn an_address_of_ours_is_not_a_name() {
        assert_eq!("127.0.0.9".parse(), Ok(Own { ip: IpAddr::from([127, 0, 0, 9]), port: None }));
        assert_eq!("127.0.0.9:5000".parse(), Ok(Own { ip: IpAddr::from([127, 0, 0, 9]), port: Some(5000) }));
        assert!("localhost".parse::<Own>().is_err());
    }
}
