-- Bytes of random salt, for a vault with a password: what sealed_key then holds under the master key is
-- no key but a box, which the Argon2id of the password opens.
ALTER TABLE vaults ADD COLUMN key_salt BLOB;

ALTER TABLE vaults ADD COLUMN roles INTEGER NOT NULL DEFAULT 3;  -- 1 store, 2 scan, 4 pin, 8 read only
ALTER TABLE vaults ADD COLUMN s3_alias TEXT;                     -- name of a bucket, or none

CREATE UNIQUE INDEX vaults_by_alias ON vaults (s3_alias) WHERE s3_alias IS NOT NULL;

-- How large each vault was at the end of each day on which the daemon ran.
CREATE TABLE vaults_history (
  vault_id      TEXT    NOT NULL,
  day           INTEGER NOT NULL,  -- since 1970, UTC
  ts_ms         INTEGER NOT NULL,  -- when it was looked at last, Unix milliseconds
  files         INTEGER NOT NULL,
  bytes         INTEGER NOT NULL,
  stored_bytes  INTEGER NOT NULL,
  PRIMARY KEY (vault_id, day)
) STRICT, WITHOUT ROWID;
