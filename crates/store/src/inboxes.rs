//! Rules of inboxes.

use crate::StoreError;
use crate::readers::Readers;
use model::{InboxRecord, InboxRules};
use rusqlite::{Connection, params};

/// Writes the rules of an inbox; those that are as for everybody are removed.
pub(crate) fn rules(connection: &Connection, record: &InboxRecord) -> rusqlite::Result<()> {
    let principal = record.principal.as_str();
    if record.rules == InboxRules::default() {
        return connection.prepare_cached(REMOVED)?.execute([principal]).map(|_| ());
    }
    let rules = serde_json::to_string(&record.rules)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection.prepare_cached(RULES)?.execute(params![principal, rules]).map(|_| ())
}

impl Readers {
    pub(crate) fn inbox_rules(&self, mut each: impl FnMut(InboxRecord)) -> Result<u64, StoreError> {
        self.rows(ALL, [], |row| {
            let rules = serde_json::from_str(self.text(row, 1)?);
            let rules =
                rules.map_err(|error| self.corrupt(format!("inbox_rules.rules can't be read: {error}")))?;
            each(InboxRecord { principal: self.address(row, 0, "inbox_rules.principal")?, rules });
            Ok(())
        })
    }
}

const RULES: &str = "INSERT INTO inbox_rules (principal, rules) VALUES ($1, $2)
    ON CONFLICT (principal) DO UPDATE SET rules = excluded.rules";

const REMOVED: &str = "DELETE FROM inbox_rules WHERE principal = $1";

const ALL: &str = "SELECT principal, rules FROM inbox_rules ORDER BY principal";
