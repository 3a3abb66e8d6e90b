//! `herald serve`: the server.

use crate::arguments::ServeArguments;
use crate::configuration;
use crate::exit::Failure;
use crate::print;
use server::settings::LogFormat;
use server::{Node, Settings, telemetry};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, absolute};

/// Runs the server until it is told to stop.
pub fn run(data: &Path, arguments: &ServeArguments) -> Result<(), Failure> {
    let settings = configuration::settings(data, arguments)?;
    telemetry::start(settings.log.level, settings.log.format);
    let node = Node::start(&settings, data).map_err(Failure::new)?;
    if settings.log.format == LogFormat::Human {
        // A server that nobody looks at serves all the same.
        let _ = print::text(&welcome(data, &settings, &node));
    }
    node.run().map_err(Failure::new)
}

/// What runs where, and what to try next.
fn welcome(data: &Path, settings: &Settings, node: &Node) -> String {
    let list = |protocol: &str, addresses: &[SocketAddr]| {
        addresses.iter().map(|address| format!("{protocol} {address}")).collect::<Vec<_>>().join(", ")
    };
    let discovery = match &*node.heard().discovery {
        [] => "off; endpoints must be told the address".to_owned(),
        addresses => list("udp", addresses),
    };
    let signalling = match (&*node.heard().signalling, &*node.heard().tls_signalling) {
        ([], []) => "off; all calls are direct, and there are no messages in calls".to_owned(),
        (addresses, []) => list("tcp", addresses),
        ([], secured) => list("tls", secured),
        (addresses, secured) => [list("tcp", addresses), list("tls", secured)].join(", "),
    };
    let heard = node.heard();
    let xmpp = match [list("tcp", &heard.xmpp), list("tls", &heard.tls_xmpp)].join(", ") {
        none if none.len() <= 2 => String::new(),
        some => format!("  XMPP       {}\n", some.trim_matches([',', ' '])),
    };
    let directory = absolute(data).unwrap_or_else(|_| data.to_owned());
    let with_data = match data.to_str() {
        Some("herald-data") | None => String::new(),
        Some(data) => format!(" --data {data}"),
    };
    format!(
        "Herald {} is ready.\n  \
           RAS        {}\n  \
           discovery  {discovery}\n  \
           signalling {signalling}\n{xmpp}  \
           zone       {}\n  \
           data       {}\n\n\
         Next, in another terminal:\n  \
           herald endpoint --alias alice{}    register an endpoint to try with\n  \
           herald{with_data} watch            see presence change\n  \
           herald{with_data} why alice        ask why somebody is shown as they are\n\n",
        env!("CARGO_PKG_VERSION"),
        list("udp", &ras(node)),
        settings.zone.domain,
        directory.display(),
        gatekeeper_hint(node),
    )
}

/// How an endpoint on this machine is told where we are, unless it finds us by itself.
fn gatekeeper_hint(node: &Node) -> String {
    let listening = ras(node);
    let Some(address) = listening.iter().find(|address| address.is_ipv4()).or(listening.first()) else {
        return String::new();
    };
    let is_everywhere = address.is_ipv4() && address.ip().is_unspecified();
    if is_everywhere && !node.heard().discovery.is_empty() {
        return String::new();
    }
    let ip = if is_everywhere { Ipv4Addr::LOCALHOST.into() } else { address.ip() };
    format!(" --gatekeeper {}", SocketAddr::new(ip, address.port()))
}

/// Where RAS is heard.
fn ras(node: &Node) -> Vec<SocketAddr> {
    node.heard().listening.iter().map(|one| one.address).collect()
}
