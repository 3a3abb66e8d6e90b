-- Instant messages: those that wait in inboxes, and those that have left (settled_at is set), of which everything they
-- said is gone and the id is kept for a while, so that a repeat is known. The inbox is the address of a principal; places only grow within it.
CREATE TABLE messages (
    inbox      TEXT   NOT NULL REFERENCES principals (address),
    place      BIGINT NOT NULL,
    sender     TEXT   NOT NULL,
    id         BLOB   NOT NULL,
    recipient  TEXT   NOT NULL,
    sent_at    BIGINT NOT NULL,
    expires_at BIGINT,
    text       TEXT   NOT NULL,
    media_type TEXT,
    body       BLOB,
    -- The rest of the message as JSON text: how it is to be handled, nothing of what it says.
    handling   TEXT   NOT NULL,
    settled_at BIGINT,
    PRIMARY KEY (inbox, place),
    UNIQUE (inbox, sender, id)
);
CREATE INDEX messages_settled ON messages (settled_at) WHERE settled_at IS NOT NULL;
