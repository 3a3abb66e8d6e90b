-- The audit log. Rows are numbered without a gap, and each has a hash over itself and the hash of the one before, so that
-- one that was altered or removed is found. A row names people by number: the hash covers the commitment (a hash of salt
-- and name) and not the name, so that a name can be erased and the chain still be verified.
CREATE TABLE audit_names (
    id         INTEGER NOT NULL PRIMARY KEY,
    commitment BLOB    NOT NULL,
    salt       BLOB,
    name       TEXT    UNIQUE,
    CHECK ((salt IS NULL) = (name IS NULL))
);
CREATE TABLE audit (
    number  INTEGER NOT NULL PRIMARY KEY,
    at      BIGINT  NOT NULL,
    last_at BIGINT  NOT NULL,
    count   BIGINT  NOT NULL,
    actor   INTEGER REFERENCES audit_names (id),
    act     TEXT    NOT NULL,
    object  INTEGER REFERENCES audit_names (id),
    target  INTEGER REFERENCES audit_names (id),
    outcome TEXT    NOT NULL,
    reason  TEXT,
    gateway BIGINT,
    peer    INTEGER REFERENCES audit_names (id),
    hash    BLOB    NOT NULL
);
CREATE INDEX audit_by_moment ON audit (at);
CREATE INDEX audit_by_actor ON audit (actor) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_object ON audit (object) WHERE object IS NOT NULL;
CREATE INDEX audit_by_target ON audit (target) WHERE target IS NOT NULL;
CREATE INDEX audit_by_peer ON audit (peer) WHERE peer IS NOT NULL;

-- The last row, and the last one that was removed because of its age or number.
CREATE TABLE audit_head (
    only_row     INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    number       BIGINT  NOT NULL,
    hash         BLOB    NOT NULL,
    removed      BIGINT  NOT NULL,
    removed_hash BLOB    NOT NULL
);
INSERT INTO audit_head VALUES (1, 0, zeroblob(32), 0, zeroblob(32));

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_removed_by_age_alone BEFORE DELETE ON audit
    WHEN OLD.number > (SELECT removed FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_names_are_erased_alone BEFORE UPDATE ON audit_names
    WHEN NEW.id IS NOT OLD.id OR NEW.commitment IS NOT OLD.commitment OR NEW.name IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a name in the audit log can be erased and not changed'); END;

-- What is kept of messages for those whose domain does that, once for each of the two parties.
CREATE TABLE history (
    number     INTEGER NOT NULL PRIMARY KEY,
    principal  TEXT    NOT NULL REFERENCES principals (address),
    peer       TEXT    NOT NULL,
    is_sent    INTEGER NOT NULL,
    thread     BLOB,
    at         BIGINT  NOT NULL,
    id         BLOB    NOT NULL,
    text       TEXT    NOT NULL,
    media_type TEXT,
    body       BLOB,
    outcome    TEXT    NOT NULL,
    UNIQUE (principal, is_sent, peer, id)
);
CREATE INDEX history_by_principal ON history (principal, number);
CREATE INDEX history_by_peer ON history (peer);
CREATE INDEX history_by_message ON history (id);
CREATE INDEX history_by_moment ON history (at);

-- Of whom nothing is kept all the same.
CREATE TABLE history_exceptions (
    principal TEXT NOT NULL PRIMARY KEY REFERENCES principals (address)
) WITHOUT ROWID;
