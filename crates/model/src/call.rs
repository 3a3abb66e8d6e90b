//! Calls as the accounts show them.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How a call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallEnd {
    /// Both sides reported the end.
    Disengaged,
    /// One side reported the end; the other never did.
    OneSided,
    /// A side is gone.
    EndpointLost,
    /// Neither side knew the call any more when asked.
    Vanished,
    /// The operator ended it.
    Disconnected,
}

/// The account of one call, written once when it has ended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallDetailRecord {
    /// The H.225.0 call identifier (32 hexadecimal digits), or what the network has in its place.
    pub call_identifier: String,
    /// The conference identifier, where there is one.
    pub conference_identifier: Option<String>,
    /// The calling side as it named itself.
    pub caller: String,
    /// Whom it called.
    pub callee: String,
    /// Transport address of the calling side's signalling, where known.
    pub caller_address: Option<String>,
    /// Transport address of the called side's signalling, where known.
    pub callee_address: Option<String>,
    /// When the call was admitted.
    pub admitted_at: Timestamp,
    /// When it was answered; `None`: never.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it ended.
    pub end: CallEnd,
    /// The reason in the network's own word, for example `normalDrop`.
    pub reason: Option<String>,
    /// Bandwidth granted, in units of 100 bit/s.
    pub bandwidth: u32,
}
