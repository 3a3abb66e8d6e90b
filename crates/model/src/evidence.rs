//! Evidence: what makes presence for endpoints that speak none, each piece with its source, rank and expiry.

use crate::{Instant, PresenceState, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a piece of evidence comes from. The order is the rank: a later source is never hidden by an earlier one
/// of the same device.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Nothing is known yet because the server has just started.
    Restart,
    /// How the last registration ended: unregistered, expired, replaced.
    Departure,
    /// The endpoint is registered.
    Registration,
    /// A call was admitted and answered.
    Call,
    /// A person published it of himself. An inferred call is laid over some of what is published (D-15).
    Publication,
}

impl Source {
    /// The rank; the higher wins.
    pub const fn rank(self) -> u8 {
        self as u8
    }
}

/// Names one piece of evidence of a device: a second piece with the same key replaces the first.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
pub struct EvidenceKey {
    /// Where it comes from.
    pub source: Source,
    /// Which one of that source: a call identifier, or empty where there is only one.
    pub id: String,
}

/// One piece of evidence about one device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evidence {
    /// Its name.
    pub key: EvidenceKey,
    /// What it says the device is.
    pub state: PresenceState,
    /// Since when it says so.
    pub since: Timestamp,
    /// When it stops counting unless repeated; the backstop against stuck states.
    pub expires: Option<Instant>,
    /// In a few words what was seen, for people. Kept with each piece, so words that are the same are best shared.
    pub detail: Arc<str>,
}
