-- Access and delivery rules: one for each key. `level` is who made it (operator or owner); the subjects are written as
-- people write them; `rule` is the whole as JSON text.
CREATE TABLE rules (
    level   TEXT NOT NULL,
    whom    TEXT NOT NULL,
    who     TEXT NOT NULL,
    service TEXT NOT NULL,
    rule    TEXT NOT NULL,
    PRIMARY KEY (level, whom, who, service)
);

-- Whether a rule has agreed to it, and nobody was asked; since when the presentity has looked offline to the watcher, where
-- a rule hides it.
ALTER TABLE subscriptions ADD COLUMN by_rule INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN hidden_since BIGINT;
