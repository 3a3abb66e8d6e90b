-- Rows in the order of their keys, in one tree each: a table of SQLite is else two, the rows by a hidden number and the
-- keys once more. These are the tables of which there may be millions of rows.

CREATE TABLE principals_new (
    address    TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO principals_new SELECT address, created_at FROM principals;
DROP TABLE principals;
ALTER TABLE principals_new RENAME TO principals;

-- Nobody asks the disk for the names of one principal.
CREATE TABLE aliases_new (
    address   TEXT NOT NULL PRIMARY KEY,
    kind      TEXT NOT NULL,
    original  TEXT NOT NULL,
    principal TEXT NOT NULL REFERENCES principals (address)
) WITHOUT ROWID;
INSERT INTO aliases_new SELECT address, kind, original, principal FROM aliases;
DROP TABLE aliases;
ALTER TABLE aliases_new RENAME TO aliases;

CREATE TABLE subscriptions_new (
    id           BLOB    NOT NULL,
    watcher      TEXT    NOT NULL REFERENCES principals (address),
    presentity   TEXT    NOT NULL,
    active       INTEGER NOT NULL,
    asked_at     BIGINT  NOT NULL,
    written_kind TEXT,
    written      TEXT,
    card         TEXT    NOT NULL,
    PRIMARY KEY (watcher, presentity)
) WITHOUT ROWID;
INSERT INTO subscriptions_new
    SELECT id, watcher, presentity, active, asked_at, written_kind, written, card FROM subscriptions;
DROP TABLE subscriptions;
ALTER TABLE subscriptions_new RENAME TO subscriptions;
CREATE INDEX subscriptions_by_presentity ON subscriptions (presentity);

CREATE TABLE soft_new (
    owner_table TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    value       TEXT   NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (owner_table, key)
) WITHOUT ROWID;
INSERT INTO soft_new SELECT owner_table, key, value, updated_at FROM soft;
DROP TABLE soft;
ALTER TABLE soft_new RENAME TO soft;
