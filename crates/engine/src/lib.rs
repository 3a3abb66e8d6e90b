//! Presence as a pure state machine: who has which names, what is known of their devices, and who is told.
//!
//! Links offer [`Request`](model::Request)s, the engine answers with [`Effects`]. It infers presence from evidence,
//! composes one document for each principal, and hands the newest to the watchers. It keeps an inbox for each
//! principal, delivers what is in it, and tells senders what became of it. It never reads a clock, does IO, takes a
//! lock or draws a random number; equal inputs give equal outputs. It knows no protocol.
//!
//! ```text
//! load_principal.., load_alias.., load_.., restore.., resume(now, stop) // once, from the store
//! for request in batch { engine.handle(now, request, &mut effects) } // then engine.timeout(now) when due
//! engine.settle(now, &mut effects);                                  // one document and one notice per change
//! commit(effects.facts), then send effects.promised; send effects.immediate at once; effects.clear()
//! sleep_until(engine.deadline());
//! ```

#![warn(missing_docs)]

mod agents;
mod alias_book;
mod attendance;
mod browse;
mod claim;
mod composition;
mod conference;
mod consequences;
mod contacts;
mod conversation;
mod counts;
mod decision;
mod delivery;
mod device;
mod effects;
mod engine;
mod erasure;
mod explanation;
mod foreign;
mod groups;
mod history;
mod inbox;
mod inbox_rules;
mod inquiry;
mod membership;
mod message;
mod principal;
mod publication;
mod published;
mod receipt;
mod refusal;
mod reload;
mod restart;
mod rooms;
mod roster;
mod rules;
mod settings;
mod table;
mod view;
mod watcher;

pub use counts::Counts;
pub use effects::Effects;
pub use engine::Engine;
pub use explanation::{AgentExplanation, EvidenceExplanation, Explanation};
pub use history::HistoryDomains;
pub use inquiry::{FIND_SCAN_MAX, InboxSummary};
pub use membership::GroupSummary;
pub use restart::{LoadError, PRESENCE_TABLE, Stop};
pub use rules::{RuleExplanation, WatcherSummary};
pub use settings::{Defaults, Limits, MessageSettings, Settings, Treatment};
