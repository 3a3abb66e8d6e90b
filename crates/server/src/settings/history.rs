//! `[history]`: whether messages are kept after they were delivered.

use super::limit::AtMost;
use super::problem::Problem;
use super::table::table;
use engine::HistoryDomains;
use model::address::Domain;
use std::time::Duration;

table! {
    /// The history of messages, with their texts. Nothing is kept unless a domain is named here.
    HistorySettings as "history" {
        /// The domains for whose people it is kept, for example `["example.com"]`; `["*"]`: for all of them. `herald history
        /// ADDRESS --off` makes an exception of one.
        domains: Vec<String> = Vec::new(), "", AtMost(1024, "domain names");
        /// How long a message is kept.
        age_max: u32 = 365, "days", 1..=36_500;
        /// Messages that are kept, each counted once for either party; the oldest go first.
        rows_max: u64 = 10_000_000, "", 0..=1_000_000_000;
    }
}

impl HistorySettings {
    pub(super) fn check_together(&self) -> Option<Problem> {
        self.domains().err().map(|problem| Problem::at("history", "domains", problem))
    }

    /// Whose history is kept.
    ///
    /// # Errors
    /// One of the domains is none; which and why.
    pub fn domains(&self) -> Result<HistoryDomains, String> {
        match self.domains.as_slice() {
            [] => Ok(HistoryDomains::None),
            [all] if all == "*" => Ok(HistoryDomains::All),
            some => {
                let parsed = some.iter().map(|domain| {
                    Domain::parse(domain).map_err(|error| format!("{domain:?} is not a domain: {error}"))
                });
                parsed.collect::<Result<_, _>>().map(HistoryDomains::Of)
            }
        }
    }

    /// Adds to what the store is told.
    pub fn into_options(&self, options: store::Options) -> store::Options {
        store::Options {
            history_rows_max: self.rows_max,
            history_age_max: Some(Duration::from_secs(u64::from(self.age_max) * 86_400)),
            ..options
        }
    }
}
