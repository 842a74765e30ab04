CREATE TABLE vaults (
  id          TEXT    NOT NULL PRIMARY KEY,  -- base32 of 16 random bytes, 26 characters
  name        TEXT    NOT NULL UNIQUE,       -- UTF-8, 1..128 bytes
  copies      INTEGER NOT NULL,              -- wanted replicas, 1..16
  sealed_key  BLOB    NOT NULL,              -- 32 bytes in a box under the master key, bound to the id
  created_ms  INTEGER NOT NULL               -- Unix milliseconds, UTC
) STRICT;
