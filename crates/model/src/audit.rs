//! The audit log: who was refused what, and what operators did. It holds names, words of ours and numbers, never what
//! anybody wrote, a password or a key (F-18, F-19).

use crate::{GatewayId, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What is worth a record, as its source tells it; the server adds the moment.
#[derive(Clone, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// What was asked or done: a word of ours, for example `message` or `unregister`.
    pub act: Cow<'static, str>,
    /// Who asked or did it: the address of a principal, or the operator.
    pub actor: Option<String>,
    /// Whom or what it is about, as a rule an address.
    pub object: Option<String>,
    /// What else it is about, for example a file.
    pub target: Option<String>,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// Why, in words of ours. Never a text that somebody else wrote: the reason is not erased with a person's data.
    pub reason: Option<Cow<'static, str>>,
    /// Through which gateway; `None`: the control socket, or the server itself.
    pub gateway: Option<GatewayId>,
    /// Where it came from: an address without its port, or a process.
    pub peer: Option<String>,
}

/// A record of the audit log.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// When it happened; the first time where it happened more than once.
    pub at: Timestamp,
    /// When it happened last.
    pub last_at: Timestamp,
    /// How often.
    pub count: u64,
    /// What.
    #[serde(flatten)]
    pub event: AuditEvent,
}

/// What came of something that was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuditOutcome {
    /// It was refused.
    Refused,
    /// It is about to be done, or waits; what came of it is in a record of its own.
    Begun,
    /// It was done.
    Done,
    /// It was tried, and failed.
    Failed,
    /// It had been done, and is over.
    Ended,
}

impl AuditOutcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Refused, Self::Begun, Self::Done, Self::Failed, Self::Ended];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Ended => "ended",
        }
    }
}

impl AuditEvent {
    /// Something that happened, about which nothing else is known yet.
    #[must_use]
    pub fn new(act: &'static str, outcome: AuditOutcome) -> Self {
        Self {
            act: act.into(),
            actor: None,
            object: None,
            target: None,
            outcome,
            reason: None,
            gateway: None,
            peer: None,
        }
    }

    /// Something that was refused, and why.
    #[must_use]
    pub fn refused(act: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Some(reason.into()), ..Self::new(act, AuditOutcome::Refused) }
    }
}

impl AuditRecord {
    /// The record of something that happened once.
    #[must_use]
    pub const fn once(at: Timestamp, event: AuditEvent) -> Self {
        Self { at, last_at: at, count: 1, event }
    }
}
