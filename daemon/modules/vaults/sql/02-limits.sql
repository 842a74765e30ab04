ALTER TABLE vaults ADD COLUMN hard_quota INTEGER NOT NULL DEFAULT 0;      -- bytes, 0 for none
ALTER TABLE vaults ADD COLUMN keep_versions INTEGER NOT NULL DEFAULT 30;  -- newest of a file, at least 1
ALTER TABLE vaults ADD COLUMN keep_days INTEGER NOT NULL DEFAULT 90;

-- Deleted vaults that the store may not have forgotten yet, or knows again from a new index.
CREATE TABLE vaults_deleted (
  id TEXT NOT NULL PRIMARY KEY
) STRICT;
