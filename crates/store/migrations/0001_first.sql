-- Moments are milliseconds since 1970-01-01T00:00:00Z.

-- Facts about this database itself: epoch, last_shutdown.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Who has presence: one row for each person, room or machine.
CREATE TABLE principals (
    address    TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- The alias book: every name of every principal.
CREATE TABLE aliases (
    address   TEXT NOT NULL PRIMARY KEY,
    kind      TEXT NOT NULL,
    original  TEXT NOT NULL,
    principal TEXT NOT NULL REFERENCES principals (address)
);
CREATE INDEX aliases_by_principal ON aliases (principal);

-- The account of each call that has ended; bandwidth in units of 100 bit/s.
CREATE TABLE calls (
    call_identifier       TEXT    NOT NULL,
    conference_identifier TEXT,
    caller                TEXT    NOT NULL,
    callee                TEXT    NOT NULL,
    caller_address        TEXT,
    callee_address        TEXT,
    admitted_at           BIGINT  NOT NULL,
    answered_at           BIGINT,
    ended_at              BIGINT  NOT NULL,
    outcome               TEXT    NOT NULL,
    reason                TEXT,
    bandwidth             BIGINT  NOT NULL,
    PRIMARY KEY (admitted_at, call_identifier)
);
CREATE INDEX calls_by_end ON calls (ended_at, call_identifier);

-- What a restart resumes from: JSON text, each table of its owner under its own name.
CREATE TABLE soft (
    owner_table TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    value       TEXT   NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (owner_table, key)
);
