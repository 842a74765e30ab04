-- Versions that were removed, as a rule or somebody said so, and that another version had replaced. Other
-- machines are told, so that what they still have of them is no conflict, and does not come back.

CREATE TABLE gone (
  ref     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  vault   INTEGER NOT NULL,         -- vaults.ref
  hash    BLOB    NOT NULL UNIQUE,
  purged  INTEGER NOT NULL          -- 1: somebody wanted it to be gone, so it goes everywhere
) STRICT;

CREATE INDEX gone_by_vault ON gone (vault, ref);
