-- The scrub: one row.
CREATE TABLE storage_scrub (
  one              INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  running          INTEGER NOT NULL,  -- 1: goes on after a restart
  segment          INTEGER NOT NULL,  -- where it goes on
  started_ms       INTEGER NOT NULL,  -- Unix milliseconds, UTC; 0 for never, as below
  ended_ms         INTEGER NOT NULL,
  records          INTEGER NOT NULL,
  bytes            INTEGER NOT NULL,
  damaged_records  INTEGER NOT NULL
) STRICT;

INSERT INTO storage_scrub VALUES (1, 0, 0, 0, 0, 0, 0, 0);

-- Files that a pass found damaged.
CREATE TABLE storage_damage (
  vault_id  TEXT    NOT NULL,
  path      TEXT,              -- none while the key of the vault was never there
  why       TEXT    NOT NULL,
  found_ms  INTEGER NOT NULL,
  UNIQUE (vault_id, path)
) STRICT;
