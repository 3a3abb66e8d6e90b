//! Instant messages: written once, emptied when they leave their inbox, removed when their ids may be forgotten.

use crate::StoreError;
use crate::readers::Readers;
use model::{Address, InstantMessage, MessageContent, MessageId, ReceiptsWanted, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

/// How a message is to be handled; it has a column of its own, as text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handling {
    language: Option<String>,
    max_forwards: u8,
    thread: Option<[u8; 16]>,
    wanted: ReceiptsWanted,
    in_session: bool,
    is_report: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_ignored: bool,
}

/// Puts a message in an inbox. One of the same sender and id that was there before is replaced: whoever writes knows
/// that it is forgotten.
pub(crate) fn insert(
    connection: &Connection,
    inbox: &Address,
    place: u64,
    message: &InstantMessage,
) -> rusqlite::Result<()> {
    let handling = Handling {
        language: message.language.clone(),
        max_forwards: message.max_forwards,
        thread: message.thread,
        wanted: message.wanted,
        in_session: message.in_session,
        is_report: message.is_report,
        is_ignored: message.is_ignored,
    };
    let handling = serde_json::to_string(&handling)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let written = connection.prepare_cached(INSERT)?.execute(params![
        inbox.as_str(),
        place,
        message.sender.as_str(),
        message.id.0,
        message.recipient.as_str(),
        message.sent_at.0,
        message.expires_at.map(|moment| moment.0),
        message.text,
        message.content.as_ref().map(|content| &content.media_type),
        message.content.as_ref().map(|content| &content.body),
        handling,
    ]);
    written.map(|_| ())
}

/// Empties a message that has left its inbox; its id stays.
pub(crate) fn settle(
    connection: &Connection,
    inbox: &Address,
    sender: &Address,
    id: MessageId,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let parameters = params![at.0, inbox.as_str(), sender.as_str(), id.0];
    connection.prepare_cached(SETTLE)?.execute(parameters).map(|_| ())
}

/// Removes the ids of messages that left before a moment.
pub(crate) fn forget(connection: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    connection.prepare_cached(FORGET)?.execute([before.0]).map(|_| ())
}

impl Readers {
    pub(crate) fn messages(
        &self,
        mut each: impl FnMut(Address, u64, InstantMessage),
    ) -> Result<u64, StoreError> {
        self.rows(WAITING, [], |row| {
            let inbox = self.address(row, 0, "messages.inbox")?;
            let sender = self.address(row, 2, "messages.sender")?;
            let recipient = self.address(row, 4, "messages.recipient")?;
            let (place, message) = read(row, sender, recipient).map_err(|error| self.fail(&error))?;
            each(inbox, place, message);
            Ok(())
        })
    }

    pub(crate) fn settled(
        &self,
        mut each: impl FnMut(Address, Address, MessageId, Timestamp),
    ) -> Result<u64, StoreError> {
        self.rows(SETTLED, [], |row| {
            let inbox = self.address(row, 0, "messages.inbox")?;
            let sender = self.address(row, 1, "messages.sender")?;
            let id = row.get(2).map_err(|error| self.fail(&error))?;
            let at = row.get(3).map_err(|error| self.fail(&error))?;
            each(inbox, sender, MessageId(id), Timestamp(at));
            Ok(())
        })
    }
}

fn read(row: &Row<'_>, sender: Address, recipient: Address) -> rusqlite::Result<(u64, InstantMessage)> {
    const HANDLING: usize = 10;
    let unreadable = |error: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(HANDLING, Type::Text, error.into())
    };
    let handling: Handling = serde_json::from_str(row.get_ref(HANDLING)?.as_str()?).map_err(unreadable)?;
    let content = match row.get::<_, Option<String>>(8)? {
        Some(media_type) => Some(MessageContent { media_type, body: row.get(9)? }),
        None => None,
    };
    let message = InstantMessage {
        id: MessageId(row.get(3)?),
        sender,
        recipient,
        text: row.get(7)?,
        content,
        language: handling.language,
        sent_at: Timestamp(row.get(5)?),
        expires_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        max_forwards: handling.max_forwards,
        thread: handling.thread,
        wanted: handling.wanted,
        in_session: handling.in_session,
        is_report: handling.is_report,
        is_ignored: handling.is_ignored,
    };
    Ok((row.get(1)?, message))
}

const INSERT: &str = "INSERT INTO messages (inbox, place, sender, id, recipient, sent_at, expires_at, text,
    media_type, body, handling) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (inbox, sender, id) DO UPDATE SET place = excluded.place, recipient = excluded.recipient,
    sent_at = excluded.sent_at, expires_at = excluded.expires_at, text = excluded.text,
    media_type = excluded.media_type, body = excluded.body, handling = excluded.handling, settled_at = NULL";

const SETTLE: &str = "UPDATE messages SET settled_at = $1, text = '', media_type = NULL, body = NULL,
    handling = '{}' WHERE inbox = $2 AND sender = $3 AND id = $4";

const FORGET: &str = "DELETE FROM messages WHERE settled_at < $1";

const WAITING: &str =
    "SELECT inbox, place, sender, id, recipient, sent_at, expires_at, text, media_type, body,
    handling FROM messages WHERE settled_at IS NULL ORDER BY inbox, place";

const SETTLED: &str = "SELECT inbox, sender, id, settled_at FROM messages WHERE settled_at IS NOT NULL
    ORDER BY settled_at, inbox, place";
