-- Users: who may register what, and what is kept of their passwords.
CREATE TABLE users (
    name   TEXT NOT NULL PRIMARY KEY,
    -- All that is known of it, as JSON text; what is secret in it is derived or sealed.
    record TEXT NOT NULL
) WITHOUT ROWID;
