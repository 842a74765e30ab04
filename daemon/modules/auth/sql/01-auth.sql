-- Never edited after release; the next change is 02-….sql.
CREATE TABLE users (
  id          TEXT    NOT NULL PRIMARY KEY,  -- "owner", or 32 hexadecimal digits
  name        TEXT    NOT NULL UNIQUE,       -- login name
  role        TEXT    NOT NULL,              -- owner, admin, user or viewer
  realms      INTEGER NOT NULL,              -- bits of MhRealms
  created_ms  INTEGER NOT NULL               -- Unix milliseconds, UTC
) STRICT;

-- A realm without a row of its own accepts the owner's row for realm 1 (mesh).
CREATE TABLE credentials (
  user_id     TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  realm       INTEGER NOT NULL,              -- one bit of MhRealms
  hash        TEXT    NOT NULL,              -- Argon2id in PHC format
  changed_ms  INTEGER NOT NULL,              -- Unix milliseconds, UTC
  PRIMARY KEY (user_id, realm)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  id          TEXT    NOT NULL PRIMARY KEY,  -- hexadecimal SHA-256 of the token
  user_id     TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind        TEXT    NOT NULL,              -- password, ticket, cli, jwt, …
  realms      INTEGER NOT NULL,              -- bits of MhRealms
  csrf        TEXT    NOT NULL,              -- secret for the double-submit check
  address     TEXT    NOT NULL,              -- of the client that logged in
  created_ms  INTEGER NOT NULL,              -- Unix milliseconds, UTC
  expires_ms  INTEGER NOT NULL               -- Unix milliseconds, UTC
) STRICT, WITHOUT ROWID;

CREATE TABLE auth_keys (
  name        TEXT    NOT NULL PRIMARY KEY,  -- for example jwt
  sealed      BLOB    NOT NULL               -- the key in a box of the master key
) STRICT, WITHOUT ROWID;
