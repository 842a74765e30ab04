-- Blocks that are kept for vaults whose keys are not here. Each counts as a version that names it does;
-- their records say that they are such, so that a new index has them, too.

CREATE TABLE held (
  vault        INTEGER NOT NULL,            -- vaults.ref
  id           BLOB    NOT NULL,            -- blocks.id
  unwanted_ms  INTEGER NOT NULL DEFAULT 0,  -- since when nobody asks for it, Unix milliseconds; 0: somebody does
  PRIMARY KEY (vault, id)
) STRICT, WITHOUT ROWID;
