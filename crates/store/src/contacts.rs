//! What persons published, whom they watch, whom they have blocked, and the rules.

use crate::StoreError;
use crate::readers::Readers;
use model::{
    Address, BlockRecord, ContactCard, Publication, Rule, RuleKey, SubscriptionId, SubscriptionRecord,
    Timestamp,
};
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What was published through one device, as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicationRecord {
    /// The address of the principal.
    pub principal: Address,
    /// The name of the device.
    pub device: String,
    /// What.
    pub publication: Publication,
}

pub(crate) fn published(
    connection: &Connection,
    principal: &Address,
    device: &str,
    publication: &Publication,
) -> rusqlite::Result<()> {
    // The state as one word; its JSON form is that word in quotes.
    let state = json(&publication.state)?;
    let values =
        params![principal.as_str(), device, publication.at.0, state.trim_matches('"'), json(publication)?];
    connection.prepare_cached(PUBLISHED)?.execute(values).map(|_| ())
}

pub(crate) fn publication_ended(
    connection: &Connection,
    principal: &Address,
    device: &str,
) -> rusqlite::Result<()> {
    connection.prepare_cached(PUBLICATION_ENDED)?.execute([principal.as_str(), device]).map(|_| ())
}

pub(crate) fn subscription(connection: &Connection, record: &SubscriptionRecord) -> rusqlite::Result<()> {
    let (kind, written) = record.written.as_ref().map(|(kind, written)| (kind, written)).unzip();
    let values = params![
        record.id.0,
        record.watcher.as_str(),
        record.presentity.as_str(),
        record.is_active,
        record.asked_at.0,
        kind,
        written,
        json(&record.card)?,
        record.by_rule,
        record.hidden_since.map(|since| since.0),
    ];
    connection.prepare_cached(SUBSCRIPTION)?.execute(values).map(|_| ())
}

pub(crate) fn subscription_ended(
    connection: &Connection,
    watcher: &Address,
    presentity: &Address,
) -> rusqlite::Result<()> {
    let values = [watcher.as_str(), presentity.as_str()];
    connection.prepare_cached(SUBSCRIPTION_ENDED)?.execute(values).map(|_| ())
}

pub(crate) fn block(connection: &Connection, record: &BlockRecord) -> rusqlite::Result<()> {
    let (kind, written) = record.written.as_ref().map(|(kind, written)| (kind, written)).unzip();
    let values = params![
        record.owner.as_str(),
        record.blocked.as_str(),
        record.since.0,
        kind,
        written,
        json(&record.card)?,
    ];
    connection.prepare_cached(BLOCK)?.execute(values).map(|_| ())
}

pub(crate) fn block_ended(
    connection: &Connection,
    owner: &Address,
    blocked: &Address,
) -> rusqlite::Result<()> {
    connection.prepare_cached(BLOCK_ENDED)?.execute([owner.as_str(), blocked.as_str()]).map(|_| ())
}

pub(crate) fn rule(connection: &Connection, rule: &Rule) -> rusqlite::Result<()> {
    let [level, whom, who, service] = columns(&rule.key);
    connection.prepare_cached(RULE)?.execute(params![level, whom, who, service, json(rule)?]).map(|_| ())
}

pub(crate) fn rule_ended(connection: &Connection, key: &RuleKey) -> rusqlite::Result<()> {
    connection.prepare_cached(RULE_ENDED)?.execute(columns(key)).map(|_| ())
}

fn columns(RuleKey { level, whom, who, service }: &RuleKey) -> [String; 4] {
    [level.to_string(), whom.to_string(), who.to_string(), service.to_string()]
}

impl Readers {
    pub(crate) fn publications(&self, mut each: impl FnMut(PublicationRecord)) -> Result<u64, StoreError> {
        self.rows("SELECT principal, device, publication FROM publications", [], |row| {
            each(PublicationRecord {
                principal: self.address(row, 0, "publications.principal")?,
                device: self.text(row, 1)?.to_owned(),
                publication: self.json(row, 2, "publications.publication")?,
            });
            Ok(())
        })
    }

    pub(crate) fn subscriptions(&self, mut each: impl FnMut(SubscriptionRecord)) -> Result<u64, StoreError> {
        self.rows(SUBSCRIPTIONS, [], |row| {
            each(SubscriptionRecord {
                id: SubscriptionId(row.get(0).map_err(|error| self.fail(&error))?),
                watcher: self.address(row, 1, "subscriptions.watcher")?,
                presentity: self.address(row, 2, "subscriptions.presentity")?,
                is_active: row.get(3).map_err(|error| self.fail(&error))?,
                asked_at: Timestamp(row.get(4).map_err(|error| self.fail(&error))?),
                written: written(row, 5).map_err(|error| self.fail(&error))?,
                card: self.json::<ContactCard>(row, 7, "subscriptions.card")?,
                by_rule: row.get(8).map_err(|error| self.fail(&error))?,
                hidden_since: row.get::<_, Option<i64>>(9).map_err(|error| self.fail(&error))?.map(Timestamp),
            });
            Ok(())
        })
    }

    pub(crate) fn blocks(&self, mut each: impl FnMut(BlockRecord)) -> Result<u64, StoreError> {
        self.rows(BLOCKS, [], |row| {
            each(BlockRecord {
                owner: self.address(row, 0, "blocks.owner")?,
                blocked: self.address(row, 1, "blocks.blocked")?,
                since: Timestamp(row.get(2).map_err(|error| self.fail(&error))?),
                written: written(row, 3).map_err(|error| self.fail(&error))?,
                card: self.json::<ContactCard>(row, 5, "blocks.card")?,
            });
            Ok(())
        })
    }

    pub(crate) fn rules(&self, mut each: impl FnMut(Rule)) -> Result<u64, StoreError> {
        self.rows("SELECT rule FROM rules ORDER BY level, whom, who, service", [], |row| {
            each(self.json::<Rule>(row, 0, "rules.rule")?);
            Ok(())
        })
    }

    fn json<T: DeserializeOwned>(&self, row: &Row<'_>, column: usize, name: &str) -> Result<T, StoreError> {
        serde_json::from_str(self.text(row, column)?)
            .map_err(|error| self.corrupt(format!("{name} can't be read: {error}")))
    }
}

/// A name as somebody wrote it, in two columns.
fn written(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<(String, String)>> {
    let kind: Option<String> = row.get(column)?;
    let text: Option<String> = row.get(column + 1)?;
    Ok(kind.zip(text))
}

fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

const PUBLISHED: &str = "INSERT INTO publications (principal, device, at, state, publication)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (principal, device) DO UPDATE
    SET at = excluded.at, state = excluded.state, publication = excluded.publication";

const PUBLICATION_ENDED: &str = "DELETE FROM publications WHERE principal = $1 AND device = $2";

const SUBSCRIPTION: &str = "INSERT INTO subscriptions
    (id, watcher, presentity, active, asked_at, written_kind, written, card, by_rule, hidden_since)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (watcher, presentity) DO UPDATE
    SET id = excluded.id, active = excluded.active, asked_at = excluded.asked_at,
    written_kind = excluded.written_kind, written = excluded.written, card = excluded.card,
    by_rule = excluded.by_rule, hidden_since = excluded.hidden_since";

const SUBSCRIPTION_ENDED: &str = "DELETE FROM subscriptions WHERE watcher = $1 AND presentity = $2";

const SUBSCRIPTIONS: &str =
    "SELECT id, watcher, presentity, active, asked_at, written_kind, written, card, by_rule, hidden_since
    FROM subscriptions";

const BLOCK: &str = "INSERT INTO blocks (owner, blocked, since, written_kind, written, card)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (owner, blocked) DO UPDATE SET since = excluded.since,
    written_kind = excluded.written_kind, written = excluded.written, card = excluded.card";

const BLOCK_ENDED: &str = "DELETE FROM blocks WHERE owner = $1 AND blocked = $2";

const BLOCKS: &str = "SELECT owner, blocked, since, written_kind, written, card FROM blocks";

const RULE: &str = "INSERT INTO rules (level, whom, who, service, rule) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (level, whom, who, service) DO UPDATE SET rule = excluded.rule";

const RULE_ENDED: &str = "DELETE FROM rules WHERE level = $1 AND whom = $2 AND who = $3 AND service = $4";
