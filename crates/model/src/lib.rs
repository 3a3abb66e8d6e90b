//! The words of Herald: what every other crate means when it says address, principal, presence or request.
//!
//! Types and pure functions only: no IO, no clock, no lock, no knowledge of any protocol's bytes. Gateways
//! translate their network's words into these; the engine reasons in them; the store keeps them.

#![warn(missing_docs)]

pub mod address;
mod audit;
mod call;
mod erasure;
mod evidence;
mod extension;
mod fact;
mod group;
mod history;
mod identity;
mod inbox;
mod message;
mod network;
mod presence;
mod publication;
mod request;
mod rule;
mod subscription;
mod time;
mod user;

pub use address::Address;
pub use audit::{AuditEvent, AuditOutcome, AuditRecord};
pub use call::{CallDetailRecord, CallEnd};
pub use erasure::Erasure;
pub use evidence::{Evidence, EvidenceKey, Source};
pub use extension::{EXTENSIONS_MAX, EXTENSIONS_OCTETS_MAX, Extension, ExtensionKind, ExtensionPlace};
pub use fact::{AliasEntry, Batch, Fact, SoftRecord};
pub use group::{
    Conference, FailureReports, GroupChange, GroupRecord, GroupRefusal, GroupRole, GroupSource, MemberRecord,
    Occupant, Writers,
};
pub use history::{HistoryOutcome, HistoryRecord};
pub use identity::{AgentId, GatewayId, Ticket, WatcherId};
pub use inbox::{DeliverTo, InboxRecord, InboxRules};
pub use message::{
    Delivery, DeliveryOutcome, InstantMessage, MessageContent, MessageFailure, MessageId, Receipt,
    ReceiptKind, ReceiptsWanted,
};
pub use network::Network;
pub use presence::{Availability, Basic, PresenceDocument, PresenceState, PresenceTuple, Version};
pub use publication::{Capability, Location, Note, Publication};
pub use request::{Claim, Effect, OperatorAct, Refusal, Request};
pub use rule::{Amount, Handling, Hours, Level, Rule, RuleError, RuleKey, Service, Subject, Times};
pub use subscription::{
    BlockRecord, Contact, ContactCard, ContactChange, ContactStatus, Decided, Listing, NamedAddress,
    SubscriptionId, SubscriptionRecord, SubscriptionRequest, Symmetry,
};
pub use time::{Instant, Millis, Now, Timestamp};
pub use user::{
    Credential, DirectoryState, DirectoryUser, PASSWORD_MAX, Password, PasswordKey, SealedPassword, Strength,
    USER_NAME_MAX, UserRecord,
};
