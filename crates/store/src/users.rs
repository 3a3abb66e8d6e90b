//! Users.

use crate::StoreError;
use crate::readers::Readers;
use model::UserRecord;
use rusqlite::{Connection, params};

/// Writes a user, in the place of the one of that name.
pub(crate) fn user(connection: &Connection, record: &UserRecord) -> rusqlite::Result<()> {
    let json = serde_json::to_string(record);
    let json = json.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection.prepare_cached(USER)?.execute(params![record.name, json]).map(|_| ())
}

pub(crate) fn removed(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(USER_REMOVED)?.execute([name]).map(|_| ())
}

impl Readers {
    pub(crate) fn users(&self, mut each: impl FnMut(UserRecord)) -> Result<u64, StoreError> {
        self.rows(USERS, [], |row| {
            // What can't be read may have a secret in it, so the failure says only where.
            let record = serde_json::from_str(self.text(row, 0)?);
            each(record.map_err(|error| {
                let column = error.column();
                self.corrupt(format!("users.record can't be read at column {column}"))
            })?);
            Ok(())
        })
    }
}

const USER: &str = "INSERT INTO users (name, record) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET record = excluded.record";

const USER_REMOVED: &str = "DELETE FROM users WHERE name = $1";

const USERS: &str = "SELECT record FROM users ORDER BY name";
