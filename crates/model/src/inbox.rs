//! Rules of an inbox: to which devices its messages go, and how much it holds.

use crate::Address;
use serde::{Deserialize, Serialize};

/// To which devices of a principal a message goes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliverTo {
    /// To all that take messages.
    #[default]
    All,
    /// To the most available one; to the next where that one does not take it.
    MostAvailable,
}

/// What is decided about an inbox; `None`: as for everybody.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InboxRules {
    /// To which devices its messages go.
    pub deliver: DeliverTo,
    /// The most messages that wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_max: Option<u32>,
    /// The most octets that wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub octets_max: Option<u32>,
    /// How many seconds a message waits at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_max: Option<u32>,
    /// Whether what its owner writes on one device is not shown on the others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_carbons: bool,
}

/// The rules of an inbox as they are stored.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxRecord {
    /// The address of the principal.
    pub principal: Address,
    /// What is decided; the default is not stored.
    pub rules: InboxRules,
}
