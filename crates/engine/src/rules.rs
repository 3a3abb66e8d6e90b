//! Access rules: the book of them, and what they come to for one watcher or sender.

mod book;
mod change;
mod explain;
mod party;
mod restrict;
mod review;
mod times;
mod verdict;

pub use explain::{RuleExplanation, WatcherSummary};

pub(crate) use book::RuleBook;
pub(crate) use restrict::{Views, offline};
pub(crate) use review::Sweep;
pub(crate) use verdict::Ground;
