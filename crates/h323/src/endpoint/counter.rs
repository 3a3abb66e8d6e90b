//! What an endpoint counts.

use serde::Serialize;

/// Numbers that only grow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Datagrams that are not RAS messages, and messages that could not be read inside.
    pub malformed_datagrams: u64,
    /// Replies to nothing that was asked.
    pub stray_replies: u64,
    /// Requests from someone other than the gatekeeper.
    pub strangers: u64,
    /// Messages in the gatekeeper's name that were not signed, or with another password.
    pub unsigned: u64,
    /// Requests sent again for want of an answer.
    pub retransmissions: u64,
    /// Requests that were never answered.
    pub unanswered: u64,
    /// Connections refused because there are too many.
    pub refused_connections: u64,
    /// Connections closed because what came over them was no call signalling, too slow or none.
    pub broken_connections: u64,
    /// Call signalling messages that could not be read or did not belong to the call.
    pub ignored_messages: u64,
    /// Texts said twice by the other side's software.
    pub doubles: u64,
    /// Indications that came again, and were confirmed again without being read again.
    pub repeated_indications: u64,
    /// Presence elements and descriptors that could not be read.
    pub malformed_elements: u64,
    /// Contacts, requests and commands beyond what is remembered.
    pub overflows: u64,
    /// Messages of ours that could not be encoded.
    pub unwritable: u64,
}
