//! `[audit]`: the log of refusals and of what operators do.

use super::limit::IfSet;
use super::table::table;
use std::time::Duration;

table! {
    /// The audit log in the data directory: refusals, and what operators do (`herald audit`).
    AuditSettings as "audit" {
        /// Rows that are kept; the oldest go first.
        rows_max: u64 = 1_000_000, "", 1000..=1_000_000_000;
        /// How long rows are kept; not set: as long as `rows_max` allows.
        age_max: Option<u32> = None, "days", IfSet(1..=36_500);
        /// Refusals that differ in who, whom and why, and have records of their own, in a minute. What comes beyond is
        /// counted by what was asked and why, so that a flood does not fill the log.
        refusals_max: usize = 1024, "1/min", 16..=65_536;
    }
}

impl AuditSettings {
    /// Adds to what the store is told.
    pub fn into_options(&self, options: store::Options) -> store::Options {
        store::Options {
            audit_rows_max: self.rows_max,
            audit_age_max: self.age_max.map(|days| Duration::from_secs(u64::from(days) * 86_400)),
            ..options
        }
    }
}
