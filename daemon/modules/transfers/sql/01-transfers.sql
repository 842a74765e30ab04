CREATE TABLE transfers (
  id             TEXT    NOT NULL PRIMARY KEY,  -- base32 of 16 random bytes, 26 characters
  kind           TEXT    NOT NULL,              -- 'import', 'export'
  state          TEXT    NOT NULL,              -- 'running' goes on after a restart; 'done', 'failed', 'cancelled'
  vault_id       TEXT    NOT NULL,
  host_path      TEXT    NOT NULL,              -- absolute
  vault_path     TEXT    NOT NULL,
  existing       TEXT    NOT NULL,              -- 'replace', 'skip'
  files          INTEGER NOT NULL DEFAULT 0,    -- this and the rest: as it ended
  bytes          INTEGER NOT NULL DEFAULT 0,
  files_skipped  INTEGER NOT NULL DEFAULT 0,
  files_failed   INTEGER NOT NULL DEFAULT 0,
  error          TEXT,
  started_ms     INTEGER NOT NULL,              -- Unix milliseconds, UTC
  ended_ms       INTEGER
) STRICT;
