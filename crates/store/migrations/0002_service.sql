-- The names of persons, rooms and machines are those under which their principals are filed; a presentity or a
-- blocked one may be a name that belongs to nobody yet.

-- What persons published, by the device through which they did; `publication` is JSON text.
CREATE TABLE publications (
    principal   TEXT   NOT NULL REFERENCES principals (address),
    device      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    publication TEXT   NOT NULL,
    PRIMARY KEY (principal, device)
);

-- Who watches whom (active = 1), or has asked to. Both directions of a mutual subscription have one id. `written` is
-- how the watcher writes the presentity, where that is not as it registered; `card` is JSON text.
CREATE TABLE subscriptions (
    id           BLOB    NOT NULL,
    watcher      TEXT    NOT NULL REFERENCES principals (address),
    presentity   TEXT    NOT NULL,
    active       INTEGER NOT NULL,
    asked_at     BIGINT  NOT NULL,
    written_kind TEXT,
    written      TEXT,
    card         TEXT    NOT NULL,
    PRIMARY KEY (watcher, presentity)
);
CREATE INDEX subscriptions_by_presentity ON subscriptions (presentity);

-- Who has blocked whom. `since` is since when the owner looks offline to the blocked one; the rest as above.
CREATE TABLE blocks (
    owner        TEXT   NOT NULL REFERENCES principals (address),
    blocked      TEXT   NOT NULL,
    since        BIGINT NOT NULL,
    written_kind TEXT,
    written      TEXT,
    card         TEXT   NOT NULL,
    PRIMARY KEY (owner, blocked)
);
CREATE INDEX blocks_by_blocked ON blocks (blocked);
