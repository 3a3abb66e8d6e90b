//! What the server says of itself, where it is Herald and its data directory is known.

use server::control::{Answer, Client, Question, Status};
use std::net::SocketAddr;
use std::path::Path;

/// The status of the server of a data directory; `None` where none runs there, or it does not listen at the target.
pub(crate) fn of(data: &Path, target: SocketAddr) -> Option<Status> {
    let mut client = Client::connect(data).ok()?;
    client.ask(&Question::Status).ok()?;
    let Answer::Status(status) = client.next_answer().ok()? else { return None };
    let listens = |address: SocketAddr| {
        address == target || address.ip().is_unspecified() && address.port() == target.port()
    };
    status.heard.listening.iter().any(|one| listens(one.address)).then_some(*status)
}

/// The value of a counter.
pub(crate) fn counter(status: &Status, name: &str) -> u64 {
    status.counters.iter().find(|counter| counter.name == name).map_or(0, |counter| counter.value)
}
