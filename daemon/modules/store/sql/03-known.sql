-- Which blocks hold which content, so that content which is there already need not be compressed and
-- sealed to be found. A help, not a truth: a row may be missing, and its block may be gone.

CREATE TABLE known (
  tag  BLOB NOT NULL PRIMARY KEY,  -- 16 bytes of a keyed hash of the content, another in each vault
  id   BLOB NOT NULL,              -- of the block
  h    BLOB NOT NULL               -- SHA-256 of its codec and payload: what its key follows from
) STRICT, WITHOUT ROWID;
