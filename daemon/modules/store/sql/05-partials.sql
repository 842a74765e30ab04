-- Uploads that come in pieces. What they have got so far are blocks like those of versions; they are
-- known to this index alone, so that one that is made anew begins without them.

CREATE TABLE partials (
  ref            INTEGER NOT NULL PRIMARY KEY,
  id             BLOB    NOT NULL UNIQUE,  -- 16 bytes
  vault          INTEGER NOT NULL,         -- vaults.ref
  path           TEXT    NOT NULL,
  size           INTEGER NOT NULL,         -- bytes that are to come, all together
  mtime_ms       INTEGER NOT NULL,
  if_match       TEXT,
  if_none_match  TEXT,
  offset         INTEGER NOT NULL DEFAULT 0,  -- bytes that are kept
  parts          INTEGER NOT NULL DEFAULT 0,  -- rows of partial_parts
  tail_size      INTEGER NOT NULL DEFAULT 0,  -- the last bytes of them, in a block that is not whole
  tail_id        BLOB,                        -- its id, and sealed what opens it
  tail_chunk     BLOB,
  created_ms     INTEGER NOT NULL,
  used_ms        INTEGER NOT NULL,            -- when something came last
  gone           INTEGER NOT NULL DEFAULT 0   -- 1: rows are being removed
) STRICT;

CREATE INDEX partials_by_vault ON partials (vault, created_ms, ref);
CREATE INDEX partials_unused ON partials (gone, used_ms);

CREATE TABLE partial_parts (
  session  INTEGER NOT NULL,  -- partials.ref
  number   INTEGER NOT NULL,  -- from 0
  ids      BLOB    NOT NULL,  -- of whole blocks, 32 bytes each, in order
  chunks   BLOB    NOT NULL,  -- sealed: what opens them
  PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;

-- Blocks that a session counts for: once each, as a version does.
CREATE TABLE partial_blocks (
  session  INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  whole    INTEGER NOT NULL,  -- 0: only as the tail
  PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;
