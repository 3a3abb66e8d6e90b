//! Who holds a port that we want, as far as the system lets us see.

use std::fs;
use std::path::Path;

/// The most processes that are looked at.
const PROCESSES_MAX: usize = 65_536;

/// Of which protocol a port is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    Udp,
    Tcp,
}

/// The state of a TCP socket that listens, in the system's table.
const LISTENS: &str = "0A";

/// The name and number of the process that has bound a UDP port or listens on a TCP port, for example
/// `gnugk (process 814)`.
///
/// A process of another user can be seen by root only; then, and where there is no `/proc`, this is `None`.
pub(super) fn owner_of_port(protocol: Protocol, port: u16) -> Option<String> {
    let (tables, state) = match protocol {
        Protocol::Udp => (["/proc/net/udp", "/proc/net/udp6"], None),
        Protocol::Tcp => (["/proc/net/tcp", "/proc/net/tcp6"], Some(LISTENS)),
    };
    let inodes: Vec<String> = tables
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| sockets_on(&table, port, state))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").ok()?.flatten().take(PROCESSES_MAX);
    processes.filter(|process| has_open(&process.path(), &inodes)).find_map(|process| {
        let number: u32 = process.file_name().to_str()?.parse().ok()?;
        let name = fs::read_to_string(process.path().join("comm")).ok()?;
        Some(format!("{} (process {number})", name.trim()))
    })
}

/// The inodes of the sockets on a port and in a state, from the system's table: the second column is `address:port` in
/// hexadecimal digits, the fourth the state, the tenth the inode.
fn sockets_on(table: &str, port: u16, state: Option<&str>) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .filter_map(|line| {
            let columns: Vec<_> = line.split_whitespace().collect();
            let is_meant = columns.get(1)?.ends_with(&suffix)
                && state.is_none_or(|state| columns.get(3) == Some(&state));
            is_meant.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
        })
        .collect()
}

fn has_open(process: &Path, sockets: &[String]) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
    files
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};

    #[test]
    fn a_port_of_our_own_is_found_to_be_ours() {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let ports = [(Protocol::Udp, socket.local_addr()), (Protocol::Tcp, listener.local_addr())];
        for (protocol, address) in ports {
            let owner = owner_of_port(protocol, address.unwrap().port()).unwrap();
            assert!(owner.ends_with(&format!("(process {})", std::process::id())), "{owner}");
        }
    }
}
