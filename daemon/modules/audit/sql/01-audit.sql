-- Never edited after release; the next change is 02-….sql.
CREATE TABLE audit (
  seq     INTEGER NOT NULL PRIMARY KEY,  -- 1, 2, 3, … without a gap but for pruned ones
  ts_ms   INTEGER NOT NULL,              -- Unix milliseconds, UTC
  type    TEXT    NOT NULL,              -- for example auth.login
  actor   TEXT    NOT NULL,              -- user id, or empty
  ip      TEXT    NOT NULL,              -- address of the client, or "local"
  target  TEXT    NOT NULL,              -- what it was done to, or empty
  detail  TEXT    NOT NULL,              -- one line for people
  prev    BLOB    NOT NULL,              -- hash of the record before, 32 zero bytes for the first
  hash    BLOB    NOT NULL               -- SHA-256 (prev, canonical line)
) STRICT;

CREATE INDEX audit_by_time ON audit (ts_ms);
