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

-- Whether a rule has agreed to it, and nobody was asked.
ALTER TABLE subscriptions ADD COLUMN by_rule INTEGER NOT NULL DEFAULT 0;
