-- Groups: addresses with members. A conversation is a principal too.
CREATE TABLE groups (
    address TEXT NOT NULL PRIMARY KEY,
    -- All that is known of it but its members, as JSON text.
    record  TEXT NOT NULL
) WITHOUT ROWID;

-- Who is in which group: any name of a principal, known or not, or the address of another group.
CREATE TABLE group_members (
    group_address TEXT NOT NULL REFERENCES groups (address),
    member        TEXT NOT NULL,
    role          TEXT NOT NULL,
    PRIMARY KEY (group_address, member)
) WITHOUT ROWID;

-- What is decided about single inboxes; `rules` is JSON text.
CREATE TABLE inbox_rules (
    principal TEXT NOT NULL PRIMARY KEY REFERENCES principals (address),
    rules     TEXT NOT NULL
) WITHOUT ROWID;
