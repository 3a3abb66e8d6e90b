//! What links ask of the engine, and what the engine asks of links.

use crate::{Address, AgentId, Evidence, EvidenceKey, PresenceDocument, Ticket, Timestamp, WatcherId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One name an agent registered, in canonical and in original form (D-28).
#[derive(Clone, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
pub struct ClaimedAlias {
    /// The canonical address it stands for.
    pub address: Address,
    /// The kind of alias in its protocol's own word, for example `h323-ID`.
    pub kind: String,
    /// The alias exactly as it was registered.
    pub original: String,
}

/// An agent's claim to names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Who claims.
    pub agent: AgentId,
    /// The names, the one that names the presentity first.
    pub aliases: Vec<ClaimedAlias>,
    /// Whether presence is inferred for this agent (D-18).
    pub inferred: bool,
    /// In a few words what the agent is, for people: product and version, transport address.
    pub description: String,
}

/// What a link asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// An agent claims names; answered by [`Effect::Claimed`] or [`Effect::ClaimRefused`] with the ticket, after
    /// new names are durable.
    Claim {
        /// Comes back with the answer.
        ticket: Ticket,
        /// The claim.
        claim: Claim,
    },
    /// Something was learnt about an agent that holds a claim.
    Observe {
        /// About whom.
        agent: AgentId,
        /// What.
        evidence: Evidence,
    },
    /// A piece of evidence no longer holds.
    Withdraw {
        /// About whom.
        agent: AgentId,
        /// Which piece.
        key: EvidenceKey,
        /// Since when it does not.
        at: Timestamp,
    },
    /// An agent is gone; its claim ends and `reason` is kept as the evidence for its absence.
    Depart {
        /// Who.
        agent: AgentId,
        /// Since when.
        at: Timestamp,
        /// In a few words why, for people.
        reason: String,
    },
    /// A watcher subscribes to one presentity, or to all where the address is `None` (an operator's view).
    Subscribe {
        /// Who watches.
        watcher: WatcherId,
        /// Whom.
        presentity: Option<Address>,
    },
    /// A watcher ends all its subscriptions.
    Unsubscribe {
        /// Who.
        watcher: WatcherId,
    },
}

/// Why a claim or a subscription was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The claim holds no name, so there is no presentity to belong to.
    #[error("a claim needs at least one name")]
    Nameless,
    /// A table is full or the store is not writing.
    #[error("the server can't take more at present: {limit}")]
    Unavailable {
        /// What is exhausted.
        limit: &'static str,
    },
}

/// What the engine asks a link or the server to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The claim holds; the presentity it belongs to.
    Claimed {
        /// Of the request.
        ticket: Ticket,
        /// To whom.
        agent: AgentId,
        /// The address of the presentity.
        presentity: Address,
    },
    /// The claim was refused.
    ClaimRefused {
        /// Of the request.
        ticket: Ticket,
        /// To whom.
        agent: AgentId,
        /// Why.
        refusal: Refusal,
    },
    /// The subscription was refused; other subscriptions of the watcher stay as they are.
    SubscriptionRefused {
        /// Who wanted to watch.
        watcher: WatcherId,
        /// Whom; `None`: all.
        presentity: Option<Address>,
        /// Why.
        refusal: Refusal,
    },
    /// A presentity's newest document, for a watcher.
    Notify {
        /// Who is told.
        watcher: WatcherId,
        /// What.
        document: Arc<PresenceDocument>,
    },
}
